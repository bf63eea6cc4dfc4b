/* SPDX-License-Identifier: Apache-2.0
 *
 * One dry run whose reports are kept: made under another name, then renamed, so that a report is
 * there whole or not at all.
 */
#include "state_priv.h"

#include "outfile.h"
#include "utc_text.h"

#include <json-c/json.h>

#include "cleanup.h"
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct KeptRun {
    StateLimits limits;
    char *state;  /* the state folder */
    char *parent; /* STATE/reports/NAME */
    char *name;   /* of the estate */
    char *made;   /* "2026-11-21T154400Z" */
    char *folder; /* being written, or committed */
    char *begun_at;
    int lock;
    bool is_committed;
};

enum { NAME_BYTES_MAX = 64 };

bool
kept_check_name(const char *name, GError **error)
{
    size_t length =
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    if (*name && *name != '.' && !name[length] && length <= NAME_BYTES_MAX)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_USAGE,
        "--keep '%s': is no name: letters, digits, '.', '_' and '-', %d at most, no '.' at its "
        "beginning",
        name, NAME_BYTES_MAX);
    return false;
}

const char *
kept_folder(const KeptRun *run)
{
    return run->folder;
}

bool
kept_is_committed(const KeptRun *run)
{
    return run->is_committed;
}

bool
kept_keep_room(const KeptRun *run, GError **error)
{
    return state_prune(run->state, &run->limits, NULL, error);
}

bool
kept_make_room(const KeptRun *run)
{
    return state_remove_oldest(run->state, NULL);
}

/* One at a time of each name; also keeps others from what is being written. */
static bool
lock_name(KeptRun *run, GError **error)
{
    g_autofree char *path = g_build_filename(run->parent, ".lock", NULL);
    if (g_mkdir_with_parents(run->parent, 0750) != 0)
        return state_fail(run->parent, "cannot be made", error);
    run->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (run->lock < 0)
        return state_fail(path, "cannot be made", error);
    if (flock(run->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno != EWOULDBLOCK)
        return state_fail(path, "cannot be locked", error);
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFLICT,
        "a dry run that is kept as '%s' is being made; wait for its end", run->name);
    return false;
}

/* Of runs that were killed. */
static bool
remove_leftovers(const KeptRun *run, GError **error)
{
    g_autoptr(GDir) folder = g_dir_open(run->parent, 0, NULL);
    for (const char *name; folder && (name = g_dir_read_name(folder));) {
        g_autofree char *path = g_build_filename(run->parent, name, NULL);
        if (*name == '.' && g_str_has_suffix(name, PARTIAL_SUFFIX) &&
            !state_remove_folder(path, error))
            return false;
    }
    return true;
}

/* Named by the second, which no other has: two are never made at a time. */
static bool
make_folder(KeptRun *run, GError **error)
{
    g_autofree char *taken = NULL;
    do {
        if (taken)
            g_usleep(G_USEC_PER_SEC / 10);
        time_t now = time(NULL);
        struct tm utc;
        char text[UTC_TEXT_BYTES], made[UTC_TEXT_BYTES];
        gmtime_r(&now, &utc);
        strftime(made, sizeof made, "%Y-%m-%dT%H%M%SZ", &utc);
        g_free(run->begun_at);
        g_free(run->made);
        g_free(taken);
        run->begun_at = g_strdup(utc_text(now, text));
        run->made = g_strdup(made);
        taken = g_build_filename(run->parent, made, NULL);
    } while (access(taken, F_OK) == 0);
    run->folder = g_strdup_printf("%s/.%s" PARTIAL_SUFFIX, run->parent, run->made);
    return mkdir(run->folder, 0750) == 0 || state_fail(run->folder, "cannot be made", error);
}

KeptRun *
kept_begin(const char *folder, const char *name, const StateLimits *limits, GError **error)
{
    if (!kept_check_name(name, error))
        return NULL;
    g_autoptr(KeptRun) run = g_new0(KeptRun, 1);
    run->limits = *limits;
    run->lock = -1;
    run->name = g_strdup(name);
    run->state = g_strdup(folder);
    run->parent = g_build_filename(folder, REPORTS_FOLDER, name, NULL);
    if (!lock_name(run, error) || !remove_leftovers(run, error) || !kept_keep_room(run, error) ||
        !make_folder(run, error))
        return NULL;
    return g_steal_pointer(&run);
}

/* --- about the run ---------------------------------------------------------------------------- */

static bool
write_about(const KeptRun *run, const char *path, ExitCode code, const Plan *plan,
    const char *reason, GError **error)
{
    char now[UTC_TEXT_BYTES];
    g_autoptr(JsonObject) about = json_object_new_object();
    json_object_object_add(about, "apiVersion", json_object_new_string(PLAN_API_VERSION));
    json_object_object_add(about, "kind", json_object_new_string("KeptRun"));
    json_object_object_add(about, "name", json_object_new_string(run->name));
    json_object_object_add(about, "begun_at", json_object_new_string(run->begun_at));
    json_object_object_add(about, "ended_at", json_object_new_string(utc_text(time(NULL), now)));
    json_object_object_add(about, "tool_version", json_object_new_string(VM_INGEST_VERSION));
    json_object_object_add(about, "exit_code", json_object_new_int(code));
    if (reason)
        json_object_object_add(about, "reason", json_object_new_string(reason));
    if (plan) {
        json_object *verdicts = json_object_new_object();
        for (int i = VERDICT_NONE + 1; i < VERDICT_N; i++)
            json_object_object_add(
                verdicts, verdict_words[i], json_object_new_int64((int64_t)plan->n_verdicts[i]));
        json_object_object_add(about, "verdicts", verdicts);
    }
    g_autoptr(OutFile) out = outfile_open(path, error);
    return out && outfile_finish(out, output_json(about, out->file, error), error);
}

static bool
sync_folder(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return is_ok || state_fail(path, "cannot be written", error);
}

static bool
point_latest(const KeptRun *run, GError **error)
{
    g_autofree char *latest = g_build_filename(run->parent, "latest", NULL);
    g_autofree char *next = g_build_filename(run->parent, ".latest", NULL);
    unlink(next);
    return (symlink(run->made, next) == 0 && rename(next, latest) == 0) ||
           state_fail(latest, "cannot be written", error);
}

static bool
rename_into_place(KeptRun *run, GError **error)
{
    char *path = g_build_filename(run->parent, run->made, NULL);
    if (rename(run->folder, path) != 0) {
        g_free(path);
        return state_fail(run->folder, "cannot be renamed", error);
    }
    run->is_committed = true;
    g_free(run->folder);
    run->folder = path;
    return point_latest(run, error);
}

bool
kept_commit(KeptRun *run, ExitCode code, const Plan *plan, GError **error)
{
    g_autofree char *about = g_build_filename(run->folder, RUN_FILE, NULL);
    g_autofree char *failed = g_build_filename(run->parent, FAILED_FILE, NULL);
    if (!write_about(run, about, code, plan, NULL, error) || !sync_folder(run->folder, error) ||
        !rename_into_place(run, error) || !sync_folder(run->parent, error))
        return false;
    unlink(failed);
    return kept_keep_room(run, error);
}

void
kept_fail(KeptRun *run, ExitCode code, const char *reason)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *failed = g_build_filename(run->parent, FAILED_FILE, NULL);
    if (!write_about(run, failed, code, NULL, reason, &error))
        message_warning("%s", error->message);
}

void
kept_free(KeptRun *run)
{
    if (!run)
        return;
    if (run->folder && !run->is_committed)
        state_remove_folder(run->folder, NULL);
    if (run->lock >= 0)
        close(run->lock);
    g_free(run->state);
    g_free(run->parent);
    g_free(run->name);
    g_free(run->made);
    g_free(run->folder);
    g_free(run->begun_at);
    g_free(run);
}
