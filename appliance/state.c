/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the state folder is, what is kept in it, and what goes when it gets full.
 */
#include "state_priv.h"

#include <json-c/json.h>

#include "cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { KEPT_REPORTS = 30, RESERVE_SHARE = 20, RESERVE_MIB = 128 };

bool
state_fail(const char *path, const char *what, GError **error)
{
    g_set_error(
        error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s': %s: %s", path, what, g_strerror(errno));
    return false;
}

/* --- the folder ------------------------------------------------------------------------------- */

#define STATE_SYSTEM_FOLDER "/var/lib/vm-ingest"

char *
state_folder(const Config *config)
{
    const ConfigGroup *group = config ? config_find_group(config, "state", "") : NULL;
    const char *folder = group ? config_find(group, "folder") : NULL;
    struct stat st;
    if (folder)
        return g_strdup(folder);
    /* The system's is root's, and of the user that the package made for it. */
    if (!g_getenv("XDG_STATE_HOME") &&
        (geteuid() == 0 || (stat(STATE_SYSTEM_FOLDER, &st) == 0 && st.st_uid == geteuid())))
        return g_strdup(STATE_SYSTEM_FOLDER);
    return g_build_filename(g_get_user_state_dir(), "vm-ingest", NULL);
}

/* "128M"; the letter multiplies by a power of 1024. */
static bool
parse_size(const char *text, uint64_t *ret)
{
    static const char letters[] = "KMGT";
    char *end = NULL;
    guint64 number = g_ascii_isdigit(*text) ? g_ascii_strtoull(text, &end, 10) : 0;
    if (!end)
        return false;
    const char *letter = *end ? strchr(letters, g_ascii_toupper(*end)) : NULL;
    unsigned shift = letter ? 10 * (unsigned)(letter - letters + 1) : 0;
    if (end[letter ? 1 : 0] || number > UINT64_MAX >> shift)
        return false;
    *ret = number << shift;
    return true;
}

/* Of the file system that holds @folder, or will. */
static bool
stat_file_system(const char *folder, struct statvfs *ret, GError **error)
{
    g_autofree char *at = g_strdup(folder);
    while (statvfs(at, ret) != 0) {
        g_autofree char *parent = errno == ENOENT ? g_path_get_dirname(at) : NULL;
        if (!parent || strcmp(parent, at) == 0)
            return state_fail(folder, "cannot be examined", error);
        g_free(at);
        at = g_steal_pointer(&parent);
    }
    return true;
}

static bool
complain_value(
    const Config *config, const char *key, const char *value, const char *what, GError **error)
{
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "'%s': group [state]: key '%s': '%s' %s",
        config->path, key, value, what);
    return false;
}

bool
state_limits(const Config *config, const char *folder, StateLimits *ret_limits, GError **error)
{
    struct statvfs fs;
    if (!stat_file_system(folder, &fs, error))
        return false;
    const uint64_t size = (uint64_t)fs.f_blocks * fs.f_frsize;
    StateLimits limits = {KEPT_REPORTS, MIN(size / RESERVE_SHARE, (uint64_t)RESERVE_MIB << 20)};
    const ConfigGroup *group = config ? config_find_group(config, "state", "") : NULL;
    const char *reports = group ? config_find(group, "keep-reports") : NULL;
    const char *reserve = group ? config_find(group, "keep-free") : NULL;
    guint64 number = 0;
    if (reports && !g_ascii_string_to_unsigned(reports, 10, 1, 100000, &number, NULL))
        return complain_value(
            config, "keep-reports", reports, "is no number from 1 to 100000", error);
    if (reports)
        limits.n_reports = (unsigned)number;
    if (reserve && !parse_size(reserve, &limits.free_bytes))
        return complain_value(config, "keep-free", reserve,
            "is no number of bytes; it is like 128M (K, M, G, T)", error);
    if (limits.free_bytes > size / 2)
        return complain_value(config, "keep-free", reserve ? reserve : "",
            "is more than half of the file system", error);
    *ret_limits = limits;
    return true;
}

/* --- what is kept ----------------------------------------------------------------------------- */

static void
kept_report_free(gpointer data)
{
    KeptReport *report = data;
    g_free(report->name);
    g_free(report->folder);
    g_free(report->begun_at);
    g_free(report->reason);
    g_free(report);
}

static int64_t
number_member(json_object *object, const char *name)
{
    json_object *value = NULL;
    return json_object_object_get_ex(object, name, &value) &&
                   json_object_is_type(value, json_type_int)
               ? json_object_get_int64(value)
               : -1;
}

static char *
text_member(json_object *object, const char *name)
{
    json_object *value = NULL;
    return json_object_object_get_ex(object, name, &value) &&
                   json_object_is_type(value, json_type_string)
               ? g_strdup(json_object_get_string(value))
               : NULL;
}

/* A file that is damaged or gone leaves what it would tell unknown. */
static KeptReport *
read_report(const char *name, const char *path)
{
    KeptReport *report = g_new0(KeptReport, 1);
    g_autoptr(JsonObject) run = json_object_from_file(path);
    json_object *verdicts = NULL;
    report->name = g_strdup(name);
    report->begun_at = text_member(run, "begun_at");
    report->reason = text_member(run, "reason");
    report->code = number_member(run, "exit_code");
    json_object_object_get_ex(run, "verdicts", &verdicts);
    for (int i = VERDICT_NONE + 1; i < VERDICT_N; i++)
        report->verdicts[i] = number_member(verdicts, verdict_words[i]);
    return report;
}

static uint64_t
folder_bytes(const char *path)
{
    uint64_t bytes = 0;
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    for (const char *name; folder && (name = g_dir_read_name(folder));) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        struct stat st;
        if (lstat(file, &st) == 0)
            bytes += (uint64_t)st.st_blocks * 512;
    }
    return bytes;
}

/* "2026-11-21T154400Z" */
static bool
is_report_name(const char *name)
{
    static const char form[] = "dddd-dd-ddTddddddZ";
    for (size_t i = 0; form[i]; i++)
        if (form[i] == 'd' ? !g_ascii_isdigit(name[i]) : name[i] != form[i])
            return false;
    return !name[sizeof form - 1];
}

static int
compare_newest_first(gconstpointer a, gconstpointer b)
{
    const KeptReport *left = *(KeptReport *const *)a, *right = *(KeptReport *const *)b;
    g_autofree char *left_time = g_path_get_basename(left->folder);
    g_autofree char *right_time = g_path_get_basename(right->folder);
    int by_time = strcmp(right_time, left_time);
    return by_time ? by_time : strcmp(left->name, right->name);
}

/* *ret stays NULL if there is no such folder. */
static bool
open_folder(const char *path, GDir **ret, GError **error)
{
    g_autoptr(GError) why = NULL;
    *ret = g_dir_open(path, 0, &why);
    if (*ret || g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT) ||
        g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOTDIR))
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "%s", why->message);
    return false;
}

/* Those of one name. */
static bool
list_reports(const char *reports, const char *name, GPtrArray *list, GError **error)
{
    g_autofree char *path = g_build_filename(reports, name, NULL);
    g_autoptr(GDir) folder = NULL;
    if (!open_folder(path, &folder, error))
        return false;
    for (const char *entry; folder && (entry = g_dir_read_name(folder));) {
        if (!is_report_name(entry))
            continue;
        g_autofree char *run = g_build_filename(path, entry, RUN_FILE, NULL);
        KeptReport *report = read_report(name, run);
        report->folder = g_build_filename(path, entry, NULL);
        g_ptr_array_add(list, report);
    }
    return true;
}

static GPtrArray *
list_names(const char *reports, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) folder = NULL;
    if (!open_folder(reports, &folder, error))
        return NULL;
    for (const char *name; folder && (name = g_dir_read_name(folder));)
        if (*name != '.')
            g_ptr_array_add(names, g_strdup(name));
    return g_steal_pointer(&names);
}

/* All that have a folder, newest first. (owned) */
static GPtrArray *
list_all(const char *folder, GError **error)
{
    g_autofree char *reports = g_build_filename(folder, REPORTS_FOLDER, NULL);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(kept_report_free);
    g_autoptr(GPtrArray) names = list_names(reports, error);
    for (unsigned i = 0; names && i < names->len; i++)
        if (!list_reports(reports, g_ptr_array_index(names, i), list, error))
            return NULL;
    g_ptr_array_sort(list, compare_newest_first);
    return names ? g_steal_pointer(&list) : NULL;
}

GPtrArray *
kept_list(const char *folder, const char *name, GError **error)
{
    g_autofree char *reports = g_build_filename(folder, REPORTS_FOLDER, NULL);
    g_autoptr(GPtrArray) all = list_all(folder, error);
    g_autoptr(GPtrArray) names = all ? list_names(reports, error) : NULL;
    if (!names)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(kept_report_free);
    for (unsigned i = 0; i < names->len; i++) {
        const char *of = g_ptr_array_index(names, i);
        g_autofree char *failed = g_build_filename(reports, of, FAILED_FILE, NULL);
        if ((!name || g_str_equal(name, of)) && access(failed, F_OK) == 0)
            g_ptr_array_add(list, read_report(of, failed));
    }
    while (all->len) {
        KeptReport *report = g_ptr_array_steal_index(all, 0);
        if (name && !g_str_equal(name, report->name)) {
            kept_report_free(report);
            continue;
        }
        report->bytes = folder_bytes(report->folder);
        g_ptr_array_add(list, report);
    }
    return g_steal_pointer(&list);
}

/* --- what goes -------------------------------------------------------------------------------- */

/* Of a folder of plain files: what else is in it stays, and so does the folder. */
bool
state_remove_folder(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        return state_fail(path, "cannot be read", error);
    bool is_ok = true;
    for (struct dirent *entry; is_ok && (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            is_ok = unlinkat(fd, entry->d_name, 0) == 0 || errno == ENOENT;
    int why = errno;
    closedir(dir);
    errno = why;
    return (is_ok && rmdir(path) == 0) || state_fail(path, "cannot be removed", error);
}

/* Under another name first, so that no half of a report is ever taken for one. */
static bool
remove_report(const KeptReport *report, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(report->folder);
    g_autofree char *base = g_path_get_basename(report->folder);
    g_autofree char *gone = g_strdup_printf("%s/.%s%s", parent, base, PARTIAL_SUFFIX);
    if (rename(report->folder, gone) != 0)
        return state_fail(report->folder, "cannot be removed", error);
    return state_remove_folder(gone, error);
}

/* The oldest one that is not the newest of its name; NULL: there is none. */
static KeptReport *
find_oldest(GPtrArray *list)
{
    for (unsigned i = list->len; i-- > 0;) {
        KeptReport *report = g_ptr_array_index(list, i);
        for (unsigned j = 0; j < i; j++)
            if (g_str_equal(((KeptReport *)g_ptr_array_index(list, j))->name, report->name))
                return report;
    }
    return NULL;
}

/* Removes the oldest from the disk and from @list. NOT_FOUND: none may go. */
static bool
remove_oldest(GPtrArray *list, GError **error)
{
    KeptReport *oldest = find_oldest(list);
    if (!oldest) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND,
            "no report is left to remove but the newest of each name");
        return false;
    }
    if (!remove_report(oldest, error))
        return false;
    g_ptr_array_remove(list, oldest);
    return true;
}

bool
state_remove_oldest(const char *folder, GError **error)
{
    g_autoptr(GPtrArray) list = list_all(folder, error);
    return list && remove_oldest(list, error);
}

/* Keeps the newest @n of each name. */
static bool
remove_surplus(GPtrArray *list, unsigned n, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < list->len;) {
        KeptReport *report = g_ptr_array_index(list, i);
        unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(seen, report->name));
        if (count == n) {
            if (!remove_report(report, error))
                return false;
            g_ptr_array_remove_index(list, i);
            continue;
        }
        g_hash_table_insert(seen, report->name, GUINT_TO_POINTER(count + 1));
        i++;
    }
    return true;
}

bool
state_prune(const char *folder, const StateLimits *limits, unsigned *ret_n, GError **error)
{
    g_autoptr(GPtrArray) list = list_all(folder, error);
    if (!list)
        return false;
    const unsigned before = list->len;
    if (!remove_surplus(list, limits->n_reports, error))
        return false;
    for (;;) {
        struct statvfs fs;
        if (!stat_file_system(folder, &fs, error))
            return false;
        const uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
        if (ret_n)
            *ret_n = before - list->len;
        if (free_bytes >= limits->free_bytes)
            return true;
        if (remove_oldest(list, error))
            continue;
        g_prefix_error(error,
            "'%s': %" G_GUINT64_FORMAT " MiB of the disk are free, and %" G_GUINT64_FORMAT
            " MiB are left to the journal (keep-free): make room or enlarge the disk: ",
            folder, free_bytes >> 20, limits->free_bytes >> 20);
        if (g_error_matches(*error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND))
            (*error)->code = INGEST_ERROR_STORAGE;
        return false;
    }
}

void
state_make_room(const Config *config)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = state_folder(config);
    StateLimits limits;
    if (!state_limits(config, folder, &limits, &error) ||
        !state_prune(folder, &limits, NULL, &error))
        message_warning("%s", error->message);
}
