/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal: what was noted is there after a kill, and a file that is not fit is left as it is.
 */
#include "journal.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "ingest/ingest_priv.h"

/* A folder of its own, and the journal in it. */
typedef struct Place {
    char *folder, *path;
    Arena arena;
} Place;

static void
place_make(Place *place, gconstpointer unused)
{
    (void)unused;
    place->folder = g_dir_make_tmp("journal-XXXXXX", NULL);
    place->path = g_build_filename(place->folder, "journal.sqlite", NULL);
    arena_init(&place->arena);
}

static void
place_drop(Place *place, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GDir) dir = g_dir_open(place->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(place->folder, name, NULL);
        g_remove(path);
    }
    g_rmdir(place->folder);
    arena_release(&place->arena);
    g_free(place->folder);
    g_free(place->path);
}

static Journal *
open_journal(const Place *place)
{
    g_autoptr(GError) error = NULL;
    Journal *journal = journal_open(place->path, JOURNAL_WRITE, &error);
    g_assert_no_error(error);
    return journal;
}

static const JournalNewItem two_items[] = {
    {.key = "network-1", .name = "vlan-1", .document = "{\"name\":\"vlan-1\"}"},
    {.key = "network-2"},
};

static int64_t
begin_run(Journal *journal, const char *document)
{
    const JournalNewRun begin = {.kind = "networks",
        .target = "http://cloud.example/client/api",
        .document = document,
        .tool_version = "0",
        .items = two_items,
        .n_items = G_N_ELEMENTS(two_items)};
    g_autoptr(GError) error = NULL;
    int64_t run = 0;
    journal_begin_run(journal, &begin, &run, &error);
    g_assert_no_error(error);
    return run;
}

static JournalItem
read_item(Place *place, Journal *journal, int64_t run, size_t at)
{
    JournalItems items;
    g_assert_true(journal_read_items(journal, run, &place->arena, &items, NULL));
    g_assert_cmpuint(items.n, ==, G_N_ELEMENTS(two_items));
    return items.items[at];
}

/* Opening for writing fails with @code and @text, and leaves each byte of the file. */
static void
assert_refused(const Place *place, int code, const char *text)
{
    g_autofree char *before = NULL, *after = NULL;
    gsize n_before = 0, n_after = 0;
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_get_contents(place->path, &before, &n_before, NULL));
    g_assert_null(journal_open(place->path, JOURNAL_WRITE, &error));
    g_assert_error(error, INGEST_ERROR, code);
    if (!strstr(error->message, text))
        g_error("'%s' is not in '%s'", text, error->message);
    g_assert_true(g_file_get_contents(place->path, &after, &n_after, NULL));
    g_assert_cmpmem(before, n_before, after, n_after);
}

/* --- the file --------------------------------------------------------------------------------- */

static void
test_made(Place *place, gconstpointer unused)
{
    (void)unused;
    struct stat st;
    g_autofree char *folder = g_build_filename(place->folder, "deeper", NULL);
    g_autofree char *path = g_build_filename(folder, "j", NULL);
    g_autoptr(GError) error = NULL;
    Journal *journal = journal_open(path, JOURNAL_WRITE, &error);
    g_assert_no_error(error);
    begin_run(journal, "{}");
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
    g_autofree char *wal = g_strconcat(path, "-wal", NULL);
    g_assert_cmpint(stat(wal, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
    g_assert_cmpint(stat(folder, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0700);
    journal_close(journal);
    g_remove(path);
    g_rmdir(folder);
}

static void
test_absent(Place *place, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GError) error = NULL;
    g_assert_null(journal_open(place->path, JOURNAL_READ, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND);
    g_assert_cmpint(access(place->path, F_OK), !=, 0);
}

static void
test_newer(Place *place, gconstpointer unused)
{
    (void)unused;
    Journal *journal = open_journal(place);
    g_assert_cmpint(
        sqlite3_exec(journal->database, "PRAGMA user_version = 99", NULL, NULL, NULL), ==, 0);
    journal_close(journal);
    assert_refused(place, INGEST_ERROR_UNSUPPORTED, "newer vm-ingest (schema 99");
}

static void
test_garbage(Place *place, gconstpointer unused)
{
    (void)unused;
    g_file_set_contents(place->path, "This is a letter, not a journal.\n", -1, NULL);
    assert_refused(place, INGEST_ERROR_INVALID, "put it aside or restore it");
}

static void
test_foreign(Place *place, gconstpointer unused)
{
    (void)unused;
    sqlite3 *database = NULL;
    g_assert_cmpint(sqlite3_open(place->path, &database), ==, 0);
    g_assert_cmpint(sqlite3_exec(database, "CREATE TABLE run (a)", NULL, NULL, NULL), ==, 0);
    sqlite3_close(database);
    assert_refused(place, INGEST_ERROR_INVALID, "database of another program");
}

/* Bytes overwritten in each page in turn: told, or without effect, but never written over. */
static void
test_damaged(Place *place, gconstpointer unused)
{
    (void)unused;
    Journal *journal = open_journal(place);
    for (int i = 0; i < 200; i++) {
        g_autofree char *document = g_strdup_printf("{\"n\":%d}", i);
        begin_run(journal, document);
    }
    journal_close(journal);
    g_autofree char *whole = NULL;
    gsize length = 0;
    unsigned n_told = 0, n_pages = 0;
    g_assert_true(g_file_get_contents(place->path, &whole, &length, NULL));
    for (gsize at = 4096; at + 4096 <= length; at += 4096, n_pages++) {
        g_autofree char *damaged = g_memdup2(whole, length);
        memset(damaged + at, 0xff, 64);
        g_file_set_contents(place->path, damaged, (gssize)length, NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(Journal) opened = journal_open(place->path, JOURNAL_WRITE, &error);
        if (opened)
            continue;
        g_assert_error(error, INGEST_ERROR, INGEST_ERROR_INVALID);
        g_autofree char *after = NULL;
        g_assert_true(g_file_get_contents(place->path, &after, NULL, NULL));
        g_assert_cmpint(memcmp(after, damaged, length), ==, 0);
        n_told++;
    }
    g_assert_cmpuint(n_pages, >, 4);
    g_assert_cmpuint(n_told, ==, n_pages);
}

/* A child without root's rights, or as whoever runs the tests. */
static void
test_read_only(Place *place, gconstpointer unused)
{
    (void)unused;
    journal_close(open_journal(place));
    g_chmod(place->path, 0444);
    g_chmod(place->folder, 0555);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
            _exit(2);
        GError *error = NULL;
        Journal *journal = journal_open(place->path, JOURNAL_WRITE, &error);
        _exit(!journal && error->code == INGEST_ERROR_STORAGE && strstr(error->message, "--journal")
                  ? 0
                  : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    g_chmod(place->folder, 0755);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

static void
test_full(Place *place, gconstpointer unused)
{
    (void)unused;
    g_autoptr(Journal) journal = open_journal(place);
    int64_t run = begin_run(journal, "{}");
    JournalItem item = read_item(place, journal, run, 0);
    g_assert_cmpint(
        sqlite3_exec(journal->database, "PRAGMA max_page_count = 1", NULL, NULL, NULL), ==, 0);
    g_autofree char *large = g_strnfill(100000, 'x');
    const JournalStep step = {.purpose = text_known("call"),
        .command = text_known("createNetwork"),
        .request = text_known(large)};
    g_autoptr(GError) error = NULL;
    int64_t number = 0;
    item.state = ITEM_SUBMITTED;
    g_assert_false(journal_intend(journal, &item, &step, &number, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE);
    g_assert_nonnull(strstr(error->message, "the disk is full"));
    /* Nothing of the transaction is left, and the journal can be used further. */
    g_assert_cmpint(read_item(place, journal, run, 0).state, ==, ITEM_PLANNED);
    sqlite3_exec(journal->database, "PRAGMA max_page_count = 100000", NULL, NULL, NULL);
    g_assert_true(journal_intend(journal, &item, &step, &number, NULL));
}

/* --- rows ------------------------------------------------------------------------------------- */

static void
test_one_run_a_document(Place *place, gconstpointer unused)
{
    (void)unused;
    g_autoptr(Journal) journal = open_journal(place);
    int64_t run = begin_run(journal, "{\"a\":1}");
    g_assert_cmpint(begin_run(journal, "{\"a\":1}"), ==, run);
    g_assert_cmpint(begin_run(journal, "{\"a\":2}"), !=, run);
    g_autofree char *document = journal_read_document(journal, run, NULL);
    g_assert_cmpstr(document, ==, "{\"a\":1}");
    g_assert_true(journal_set_run_state(journal, run, RUN_UNDONE, NULL));
    int64_t again = begin_run(journal, "{\"a\":1}");
    g_assert_cmpint(again, !=, run);
    JournalRuns runs;
    g_assert_true(journal_read_runs(journal, &place->arena, &runs, NULL));
    g_assert_cmpuint(runs.n, ==, 3);
    g_assert_cmpint(runs.items[0].number, ==, again);
    g_assert_cmpint(runs.items[2].state, ==, RUN_UNDONE);
    g_assert_cmpstr(runs.items[0].kind.value, ==, "networks");
    g_autoptr(GError) error = NULL;
    JournalRun found;
    g_assert_false(journal_read_run(journal, 99, &place->arena, &found, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND);
}

static void
test_steps(Place *place, gconstpointer unused)
{
    (void)unused;
    g_autoptr(Journal) journal = open_journal(place);
    int64_t run = begin_run(journal, "{}"), number = 0;
    JournalItem item = read_item(place, journal, run, 1);
    JournalStep step = {.purpose = text_known("call"),
        .command = text_known("createNetwork"),
        .request = text_known("{\"name\":\"B\xc3\xbcro'; DROP TABLE run; --\"}"),
        .job = text_known("8b6b641f-2ded-4cef-947d-af17735612d6")};
    item.state = ITEM_SUBMITTED;
    g_assert_true(journal_intend(journal, &item, &step, &number, NULL));
    JournalSteps steps;
    g_assert_true(journal_read_steps(journal, item.number, &place->arena, &steps, NULL));
    g_assert_cmpint(steps.items[0].outcome, ==, OUTCOME_NONE);
    g_assert_cmpint(steps.items[0].ended_at.state, ==, FACT_ABSENT);
    step.number = number;
    step.outcome = OUTCOME_REFUSED;
    step.code = int_known(431);
    step.text = text_known("no");
    item.state = ITEM_FAILED;
    item.note = text_known("refused");
    g_assert_true(journal_conclude(journal, &step, &item, NULL));
    g_assert_true(journal_note_read(journal, &item,
        &(JournalStep){.purpose = text_known("look"),
            .command = text_known("listNetworks"),
            .outcome = OUTCOME_OK,
            .text = text_known("none")},
        NULL));
    g_assert_true(journal_read_steps(journal, item.number, &place->arena, &steps, NULL));
    g_assert_cmpuint(steps.n, ==, 2);
    g_assert_cmpstr(steps.items[0].request.value, ==, step.request.value);
    g_assert_cmpint(steps.items[0].code.value, ==, 431);
    g_assert_cmpint(steps.items[1].code.state, ==, FACT_UNKNOWN);
    g_assert_cmpstr(steps.items[1].request.value, ==, "{}");
    JournalItem found = read_item(place, journal, run, 1);
    g_assert_cmpint(found.state, ==, ITEM_FAILED);
    g_assert_cmpstr(found.note.value, ==, "refused");
    g_assert_false(found.is_made);
    g_assert_cmpint(read_item(place, journal, run, 0).state, ==, ITEM_PLANNED);
}

static void
test_foreign_keys(Place *place, gconstpointer unused)
{
    (void)unused;
    g_autoptr(Journal) journal = open_journal(place);
    const JournalItem nowhere = {.number = 4711, .state = ITEM_SUBMITTED};
    const JournalStep step = {.purpose = text_known("call"), .command = text_known("c")};
    int64_t number = 0;
    g_autoptr(GError) error = NULL;
    g_assert_false(journal_intend(journal, &nowhere, &step, &number, &error));
    g_assert_nonnull(strstr(error->message, "FOREIGN KEY"));
}

static void
test_locked(Place *place, gconstpointer unused)
{
    (void)unused;
    Journal *first = open_journal(place);
    g_autoptr(Journal) second = open_journal(place);
    g_autoptr(GError) error = NULL;
    int64_t run = begin_run(first, "{}"), other = begin_run(first, "{\"b\":1}");
    g_assert_true(journal_lock_run(first, run, NULL));
    g_assert_true(journal_lock_run(second, other, NULL));
    g_assert_false(journal_lock_run(second, run, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CONFLICT);
    journal_close(first);
    g_assert_true(journal_lock_run(second, run, NULL));
}

enum { WRITERS = 4, STEPS_OF_WRITER = 25 };

typedef struct Writer {
    Journal *journal;
    JournalItem item;
} Writer;

static void *
write_steps(void *data)
{
    Writer *writer = data;
    JournalStep step = {.purpose = text_known("call"), .command = text_known("c")};
    for (int i = 0; i < STEPS_OF_WRITER; i++) {
        g_assert_true(journal_intend(writer->journal, &writer->item, &step, &step.number, NULL));
        step.outcome = OUTCOME_OK;
        g_assert_true(journal_conclude(writer->journal, &step, &writer->item, NULL));
        step.outcome = OUTCOME_NONE;
    }
    return NULL;
}

/* Several threads of one process, and a second process's handle. */
static void
test_threads(Place *place, gconstpointer unused)
{
    (void)unused;
    g_autoptr(Journal) journal = open_journal(place);
    g_autoptr(Journal) other = open_journal(place);
    int64_t run = begin_run(journal, "{}");
    pthread_t threads[WRITERS];
    Writer writers[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (Writer){i % 2 ? journal : other, read_item(place, journal, run, 0)};
        g_assert_cmpint(pthread_create(&threads[i], NULL, write_steps, &writers[i]), ==, 0);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    JournalSteps steps;
    g_assert_true(journal_read_steps(journal, writers[0].item.number, &place->arena, &steps, NULL));
    g_assert_cmpuint(steps.n, ==, WRITERS * STEPS_OF_WRITER);
    for (size_t i = 0; i < steps.n; i++)
        g_assert_cmpint(steps.items[i].outcome, ==, OUTCOME_OK);
}

/* What a function has returned of is there, whenever the process is killed. */
static void
test_killed(Place *place, gconstpointer unused)
{
    (void)unused;
    int pipe_fds[2];
    g_assert_cmpint(pipe2(pipe_fds, O_CLOEXEC), ==, 0);
    pid_t child = fork();
    if (child == 0) {
        Journal *journal = journal_open(place->path, JOURNAL_WRITE, NULL);
        int64_t run = begin_run(journal, "{}"), number = 0;
        JournalItem item = read_item(place, journal, run, 0);
        const JournalStep step = {.purpose = text_known("call"), .command = text_known("c")};
        for (;;) {
            if (!journal_intend(journal, &item, &step, &number, NULL) ||
                write(pipe_fds[1], &number, sizeof number) != sizeof number)
                _exit(1);
        }
    }
    close(pipe_fds[1]);
    int64_t last = 0;
    for (int i = 0; i < 20; i++)
        g_assert_cmpint(read(pipe_fds[0], &last, sizeof last), ==, sizeof last);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    while (read(pipe_fds[0], &last, sizeof last) == sizeof last)
        ;
    close(pipe_fds[0]);
    g_autoptr(Journal) journal = open_journal(place);
    JournalSteps steps;
    JournalItem item = read_item(place, journal, 1, 0);
    g_assert_true(journal_read_steps(journal, item.number, &place->arena, &steps, NULL));
    g_assert_cmpint(steps.items[steps.n - 1].number, >=, last);
    g_assert_true(journal_lock_run(journal, 1, NULL));
}

/* --- claims, wishes, documents of items ------------------------------------------------------- */

static void
test_claim_is_one_items(Place *place, gconstpointer unused)
{
    (void)unused;
    g_autoptr(Journal) journal = open_journal(place);
    g_autoptr(Journal) other = open_journal(place);
    int64_t run = begin_run(journal, "a"), second = begin_run(other, "b");
    JournalItem mine = read_item(place, journal, run, 0);
    JournalItem theirs = read_item(place, other, second, 0);
    const char *const both[] = {"vm:z/c/web", "uuid:z/1"}, *const one[] = {"uuid:z/2", "uuid:z/1"};
    g_autoptr(GError) error = NULL;
    g_assert_true(journal_claim(journal, mine.number, both, 2, &error));
    g_assert_true(journal_claim(journal, mine.number, both, 2, &error));
    g_assert_false(journal_claim(other, theirs.number, one, 2, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CONFLICT);
    g_assert_nonnull(strstr(error->message, "run 1"));
    g_clear_error(&error);
    /* What could be had of it was not kept either. */
    g_assert_true(journal_claim(journal, mine.number, one, 1, &error));
    mine.state = ITEM_VERIFIED;
    g_assert_true(journal_set_item(journal, &mine, &error));
    g_assert_true(journal_claim(other, theirs.number, one, 2, &error));
}

static void
test_wish_and_document(Place *place, gconstpointer unused)
{
    (void)unused;
    g_autoptr(Journal) journal = open_journal(place);
    int64_t run = begin_run(journal, "a");
    g_autoptr(GError) error = NULL;
    JournalRun read;
    g_assert_true(journal_wish(journal, run, "pause", &error));
    g_assert_true(journal_set_run_note(journal, run, "why", &error));
    g_assert_true(journal_read_run(journal, run, &place->arena, &read, &error));
    g_assert_cmpstr(read.wish.value, ==, "pause");
    g_assert_cmpstr(read.note.value, ==, "why");
    g_assert_true(journal_wish(journal, run, NULL, &error));
    g_assert_true(journal_read_run(journal, run, &place->arena, &read, &error));
    g_assert_cmpint(read.wish.state, ==, FACT_ABSENT);
    g_autofree char *text =
        journal_read_item_document(journal, read_item(place, journal, run, 0).number, &error);
    g_assert_cmpstr(text, ==, "{\"name\":\"vlan-1\"}");
    g_assert_null(
        journal_read_item_document(journal, read_item(place, journal, run, 1).number, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND);
    g_assert_false(journal_is_run_locked(journal, run));
    g_autoptr(Journal) other = open_journal(place);
    g_clear_error(&error);
    g_assert_true(journal_lock_run(other, run, &error));
    g_assert_true(journal_is_run_locked(journal, run));
}

/* A journal as the release before left it: its rows stay, and what is new is unknown. */
static void
test_older_is_upgraded(Place *place, gconstpointer unused)
{
    (void)unused;
    sqlite3 *database = NULL;
    int64_t run = 0;
    {
        g_autoptr(Journal) journal = open_journal(place);
        run = begin_run(journal, "a");
    }
    g_assert_cmpint(sqlite3_open(place->path, &database), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(database,
                        "DROP TABLE claim; ALTER TABLE run DROP COLUMN wish;"
                        "ALTER TABLE run DROP COLUMN note; ALTER TABLE run DROP COLUMN settings;"
                        "ALTER TABLE item DROP COLUMN step;"
                        "ALTER TABLE item DROP COLUMN document;"
                        "ALTER TABLE step DROP COLUMN subject; PRAGMA user_version = 1",
                        NULL, NULL, NULL),
        ==, SQLITE_OK);
    sqlite3_close(database);
    g_autoptr(GError) error = NULL;
    g_autoptr(Journal) journal = journal_open(place->path, JOURNAL_READ, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(read_item(place, journal, run, 1).key.value, ==, "network-2");
    g_assert_cmpint(read_item(place, journal, run, 1).step.state, ==, FACT_ABSENT);
}

#define CASE(path, test) g_test_add("/journal/" path, Place, NULL, place_make, test, place_drop)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE("file/is-made-for-its-owner-only", test_made);
    CASE("file/absent-is-not-made-by-reading", test_absent);
    CASE("file/of-a-newer-release-is-left-alone", test_newer);
    CASE("file/that-is-none-is-left-alone", test_garbage);
    CASE("file/of-another-program-is-left-alone", test_foreign);
    CASE("file/damaged-is-told-and-left-alone", test_damaged);
    CASE("file/read-only-is-told", test_read_only);
    CASE("file/full-disk-leaves-what-was", test_full);
    CASE("run/one-a-document-until-it-is-undone", test_one_run_a_document);
    CASE("run/carried-out-by-one-process", test_locked);
    CASE("step/intent-and-outcome", test_steps);
    CASE("step/belongs-to-an-item", test_foreign_keys);
    CASE("step/several-threads-write", test_threads);
    CASE("step/an-intent-outlives-a-kill", test_killed);
    CASE("claim/is-of-one-item", test_claim_is_one_items);
    CASE("run/wish-note-and-document-are-read-back", test_wish_and_document);
    CASE("open/older-is-upgraded", test_older_is_upgraded);
    return g_test_run();
}
