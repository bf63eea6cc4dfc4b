/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal's file: made, checked, locked, and its transactions.
 *
 * Whatever is wrong with a file is told before anything is written into it.
 */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "ingest_priv.h"
#include "cleanup.h"

enum {
    APPLICATION_ID = 0x564d4a4c, /* "VMJL" */
    SCHEMA_VERSION = 2,
    BUSY_TIMEOUT_MS = 30000,
};

/* Each step leads from one user_version to the next. */
static const char *const schema_steps[SCHEMA_VERSION] = {
    "CREATE TABLE run ("
    " number INTEGER PRIMARY KEY AUTOINCREMENT,"
    " kind TEXT NOT NULL, target TEXT NOT NULL, zoneid TEXT,"
    " sha256 TEXT NOT NULL, document TEXT NOT NULL, tool_version TEXT NOT NULL,"
    " state TEXT NOT NULL, begun_at TEXT NOT NULL, changed_at TEXT NOT NULL) STRICT;"
    "CREATE TABLE item ("
    " number INTEGER PRIMARY KEY,"
    " run INTEGER NOT NULL REFERENCES run, position INTEGER NOT NULL,"
    " key TEXT NOT NULL, name TEXT, state TEXT NOT NULL,"
    " is_made INTEGER NOT NULL DEFAULT 0 CHECK (is_made IN (0, 1)),"
    " object TEXT, note TEXT, record TEXT,"
    " UNIQUE (run, key), UNIQUE (run, position)) STRICT;"
    "CREATE TABLE step ("
    " number INTEGER PRIMARY KEY AUTOINCREMENT,"
    " item INTEGER NOT NULL REFERENCES item,"
    " purpose TEXT NOT NULL, command TEXT NOT NULL, request TEXT NOT NULL, job TEXT,"
    " intended_at TEXT NOT NULL, ended_at TEXT, outcome TEXT,"
    " code INTEGER, text TEXT, reply TEXT) STRICT;"
    "CREATE INDEX step_of_item ON step (item);",
    "ALTER TABLE run ADD COLUMN wish TEXT;"
    "ALTER TABLE run ADD COLUMN note TEXT;"
    "ALTER TABLE run ADD COLUMN settings TEXT;"
    "ALTER TABLE item ADD COLUMN step TEXT;"
    "ALTER TABLE item ADD COLUMN document TEXT;"
    "ALTER TABLE step ADD COLUMN subject TEXT;"
    "CREATE TABLE claim ("
    " key TEXT PRIMARY KEY, item INTEGER NOT NULL REFERENCES item) STRICT, WITHOUT ROWID;"
    "CREATE INDEX claim_of_item ON claim (item);",
};

/* --- errors ----------------------------------------------------------------------------------- */

/* Sets @error from what the database says. Returns false. */
static bool
fail(Journal *journal, GError **error)
{
    int code = sqlite3_extended_errcode(journal->database);
    IngestErrorCode kind = INGEST_ERROR_STORAGE;
    const char *remedy = NULL;
    switch (code & 0xff) {
    case SQLITE_FULL:
        remedy = "the disk is full: make room, then run the same command again";
        break;
    case SQLITE_IOERR: /* also when the index of the log cannot grow */
        remedy = "the disk is full or fails: make room or mend it, then run the same command again";
        break;
    case SQLITE_READONLY:
        remedy = "it cannot be written: correct its owner and mode, or name another with --journal";
        break;
    case SQLITE_BUSY:
        remedy = "another process keeps it busy";
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        kind = INGEST_ERROR_INVALID;
        remedy = "it is damaged or no journal, and is left as it is: put it aside or restore it "
                 "from a backup, or name another with --journal";
        break;
    default:
        break;
    }
    g_set_error(error, INGEST_ERROR, (int)kind, "journal '%s': %s%s%s", journal->path,
        sqlite3_errmsg(journal->database), remedy ? ": " : "", remedy ? remedy : "");
    return false;
}

G_GNUC_PRINTF(4, 5)
static bool
complain(const Journal *journal, GError **error, IngestErrorCode code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, INGEST_ERROR, (int)code, "journal '%s': %s", journal->path, text);
    return false;
}

/* --- statements ------------------------------------------------------------------------------- */

static bool
execute(Journal *journal, const char *sql, GError **error)
{
    return sqlite3_exec(journal->database, sql, NULL, NULL, NULL) == SQLITE_OK ||
           fail(journal, error);
}

static void
bind_one(sqlite3_stmt *statement, int at, char kind, va_list *args)
{
    if (kind == 'i') {
        sqlite3_bind_int64(statement, at, va_arg(*args, int64_t));
    } else if (kind == 'f') {
        Int fact = va_arg(*args, Int);
        if (fact.state == FACT_KNOWN)
            sqlite3_bind_int64(statement, at, fact.value);
    } else {
        sqlite3_bind_text(statement, at, va_arg(*args, const char *), -1, SQLITE_TRANSIENT);
    }
}

sqlite3_stmt *
journal_prepare(Journal *journal, GError **error, const char *sql, const char *format, ...)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(journal->database, sql, -1, &statement, NULL) != SQLITE_OK) {
        fail(journal, error);
        return NULL;
    }
    va_list args;
    va_start(args, format);
    for (int i = 0; format[i]; i++)
        bind_one(statement, i + 1, format[i], &args);
    va_end(args);
    return statement;
}

bool
journal_step(Journal *journal, sqlite3_stmt *statement, GError **error)
{
    int code = sqlite3_step(statement);
    return code == SQLITE_ROW || (code != SQLITE_DONE && fail(journal, error));
}

/* The one number that a pragma or query gives; -1 with an error if it cannot. */
static int64_t
read_number(Journal *journal, const char *sql, GError **error)
{
    GError *why = NULL;
    g_autoptr(SqliteStatement) statement = journal_prepare(journal, error, sql, "");
    if (!statement)
        return -1;
    bool is_row = journal_step(journal, statement, &why);
    if (why)
        g_propagate_error(error, why);
    return is_row ? sqlite3_column_int64(statement, 0) : why ? -1 : 0;
}

bool
journal_begin(Journal *journal, bool is_durable, GError **error)
{
    pthread_mutex_lock(&journal->lock);
    if (execute(journal, is_durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
            error) &&
        execute(journal, "BEGIN IMMEDIATE", error))
        return true;
    pthread_mutex_unlock(&journal->lock);
    return false;
}

bool
journal_end(Journal *journal, bool is_ok, GError **error)
{
    is_ok = is_ok && execute(journal, "COMMIT", error);
    /* Some errors have rolled it back already. */
    if (!is_ok && !sqlite3_get_autocommit(journal->database))
        sqlite3_exec(journal->database, "ROLLBACK", NULL, NULL, NULL);
    pthread_mutex_unlock(&journal->lock);
    return is_ok;
}

/* --- opening ---------------------------------------------------------------------------------- */

/* A new file's name has to last, too. */
static bool
sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return is_ok;
}

static bool
make_file(const Journal *journal, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(journal->path);
    if (g_mkdir_with_parents(folder, 0700) != 0)
        return complain(journal, error, INGEST_ERROR_STORAGE, "folder '%s' cannot be made: %s",
            folder, g_strerror(errno));
    int fd = open(journal->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return complain(journal, error, INGEST_ERROR_STORAGE,
            "cannot be opened for writing: %s: correct its owner and mode, or name another with "
            "--journal",
            g_strerror(errno));
    close(fd);
    return sync_folder(folder) ||
           complain(journal, error, INGEST_ERROR_STORAGE, "folder '%s' cannot be synced: %s",
               folder, g_strerror(errno));
}

static bool
open_database(Journal *journal, GError **error)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(journal->path, &journal->database, flags, NULL) != SQLITE_OK)
        return fail(journal, error);
    sqlite3_busy_timeout(journal->database, BUSY_TIMEOUT_MS);
    sqlite3_db_config(journal->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return execute(journal, "PRAGMA trusted_schema = OFF", error) &&
           execute(journal, "PRAGMA foreign_keys = ON", error);
}

/* What kind of file is it? @ret_version: 0 = an empty one. */
static bool
check_kind(Journal *journal, int64_t *ret_version, GError **error)
{
    int64_t tables = read_number(journal, "SELECT count(*) FROM sqlite_schema", error);
    if (tables < 0)
        return false;
    int64_t application = read_number(journal, "PRAGMA application_id", error);
    *ret_version = read_number(journal, "PRAGMA user_version", error);
    if (application < 0 || *ret_version < 0)
        return false;
    if (application != APPLICATION_ID && (tables || application || *ret_version))
        return complain(journal, error, INGEST_ERROR_INVALID,
            "is a database of another program, and is left as it is: name another file with "
            "--journal");
    if (*ret_version > SCHEMA_VERSION)
        return complain(journal, error, INGEST_ERROR_UNSUPPORTED,
            "was written by a newer vm-ingest (schema %d, this one knows %d), and is left as it "
            "is: use that release, or name another file with --journal",
            (int)*ret_version, SCHEMA_VERSION);
    return true;
}

static bool
check_whole(Journal *journal, GError **error)
{
    g_autoptr(SqliteStatement) statement =
        journal_prepare(journal, error, "PRAGMA quick_check(1)", "");
    GError *why = NULL;
    if (!statement)
        return false;
    if (!journal_step(journal, statement, &why)) {
        if (why)
            g_propagate_error(error, why);
        return !why;
    }
    const char *found = (const char *)sqlite3_column_text(statement, 0);
    if (g_strcmp0(found, "ok") != 0)
        return complain(journal, error, INGEST_ERROR_INVALID,
            "is damaged, and is left as it is: %s: restore it from a backup, or name another "
            "with --journal",
            found);
    g_autoptr(SqliteStatement) keys =
        journal_prepare(journal, error, "PRAGMA foreign_key_check", "");
    if (!keys)
        return false;
    if (journal_step(journal, keys, &why))
        return complain(journal, error, INGEST_ERROR_INVALID,
            "is damaged, and is left as it is: a row refers to one that is gone: restore it from "
            "a backup");
    if (why)
        g_propagate_error(error, why);
    return !why;
}

static bool
set_wal(Journal *journal, GError **error)
{
    g_autoptr(SqliteStatement) statement =
        journal_prepare(journal, error, "PRAGMA journal_mode = WAL", "");
    GError *why = NULL;
    if (!statement)
        return false;
    if (!journal_step(journal, statement, &why)) {
        if (why)
            g_propagate_error(error, why);
        return !why;
    }
    const char *mode = (const char *)sqlite3_column_text(statement, 0);
    return g_strcmp0(mode, "wal") == 0 || complain(journal, error, INGEST_ERROR_STORAGE,
                                              "cannot be kept in WAL mode here (%s): put it on a "
                                              "local file system",
                                              mode);
}

/* Another process may have done it meanwhile: the version is read again under the write lock. */
static bool
upgrade(Journal *journal, GError **error)
{
    if (!journal_begin(journal, true, error))
        return false;
    int64_t version = read_number(journal, "PRAGMA user_version", error);
    bool is_ok = version >= 0;
    for (; is_ok && version < SCHEMA_VERSION; version++) {
        g_autofree char *pragmas =
            g_strdup_printf("PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID,
                (int)version + 1);
        is_ok = execute(journal, schema_steps[version], error) && execute(journal, pragmas, error);
    }
    return journal_end(journal, is_ok, error);
}

static bool
open_checked(Journal *journal, JournalMode mode, GError **error)
{
    int64_t version = 0;
    if (mode == JOURNAL_WRITE && !make_file(journal, error))
        return false;
    if (mode == JOURNAL_READ && access(journal->path, F_OK) != 0)
        return complain(journal, error, INGEST_ERROR_NOT_FOUND, "%s", g_strerror(errno));
    if (!open_database(journal, error) || !check_kind(journal, &version, error) ||
        !check_whole(journal, error))
        return false;
    if (mode == JOURNAL_READ && !version)
        return complain(journal, error, INGEST_ERROR_NOT_FOUND, "is empty");
    if (mode == JOURNAL_READ && version == SCHEMA_VERSION)
        return true;
    if (sqlite3_db_readonly(journal->database, "main"))
        return complain(journal, error, INGEST_ERROR_STORAGE,
            "is read-only: correct its owner and mode, or name another with --journal");
    return set_wal(journal, error) && (version == SCHEMA_VERSION || upgrade(journal, error));
}

Journal *
journal_open(const char *path, JournalMode mode, GError **error)
{
    g_autoptr(Journal) journal = g_new0(Journal, 1);
    journal->path = g_strdup(path);
    journal->lock_file = -1;
    pthread_mutex_init(&journal->lock, NULL);
    return open_checked(journal, mode, error) ? g_steal_pointer(&journal) : NULL;
}

void
journal_close(Journal *journal)
{
    if (!journal)
        return;
    sqlite3_close(journal->database);
    if (journal->lock_file >= 0)
        close(journal->lock_file);
    pthread_mutex_destroy(&journal->lock);
    g_free(journal->path);
    g_free(journal);
}

/* --- who carries a run out -------------------------------------------------------------------- */

/* PATH-lock, one byte a run. -1: errno says why. */
static int
open_lock_file(Journal *journal)
{
    g_autofree char *path = g_strconcat(journal->path, "-lock", NULL);
    pthread_mutex_lock(&journal->lock);
    if (journal->lock_file < 0)
        journal->lock_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int fd = journal->lock_file, why = errno;
    pthread_mutex_unlock(&journal->lock);
    errno = why;
    return fd;
}

bool
journal_is_run_locked(Journal *journal, int64_t run)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = run, .l_len = 1};
    int fd = open_lock_file(journal);
    return fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* The byte of the run's number: the kernel gives it back when the process ends. */
bool
journal_lock_run(Journal *journal, int64_t run, GError **error)
{
    int fd = open_lock_file(journal), why = errno;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = run, .l_len = 1};
    if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return true;
    if (fd >= 0)
        why = errno;
    if (fd >= 0 && (why == EAGAIN || why == EACCES))
        return complain(journal, error, INGEST_ERROR_CONFLICT,
            "run %d is being carried out by another process: wait for it, or end it", (int)run);
    return complain(journal, error, INGEST_ERROR_STORAGE, "'%s-lock' cannot be locked: %s",
        journal->path, g_strerror(why));
}
