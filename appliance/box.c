/* SPDX-License-Identifier: Apache-2.0
 *
 * Files and programs of the appliance's image.
 */
#include "box.h"

#include "cleanup.h"
#include "error.h"
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BOX_FILE_BYTES_MAX = 256 * 1024 };

char *
box_path(const char *root, const char *path)
{
    return g_strconcat(root, path, NULL);
}

static bool
fail(const char *path, const char *what, GError **error)
{
    g_set_error(
        error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s': %s: %s", path, what, g_strerror(errno));
    return false;
}

/* A group that is not there, as in tests, is none. */
static bool
set_access(int fd, mode_t mode, const char *group)
{
    const struct group *entry = group && geteuid() == 0 ? getgrnam(group) : NULL;
    return (!entry || fchown(fd, (uid_t)-1, entry->gr_gid) == 0) && fchmod(fd, mode) == 0;
}

bool
box_write(const char *root, const char *path, const char *text, mode_t mode, const char *group,
    GError **error)
{
    g_autofree char *full = box_path(root, path);
    g_autofree char *folder = g_path_get_dirname(full);
    if (g_mkdir_with_parents(folder, 0755) != 0)
        return fail(folder, "cannot be made", error);
    g_autoptr(OutFile) out = outfile_open(full, error);
    if (!out)
        return false;
    bool is_written = set_access(fileno(out->file), mode, group) && fputs(text, out->file) >= 0;
    if (!is_written)
        fail(full, "cannot be written", error);
    return outfile_finish(out, is_written, error);
}

char *
box_read(const char *root, const char *path, GError **error)
{
    g_autofree char *full = box_path(root, path);
    g_autoptr(StdioFile) file = fopen(full, "re");
    if (!file) {
        if (errno != ENOENT && errno != ENOTDIR)
            fail(full, "cannot be read", error);
        return NULL;
    }
    g_autofree char *text = g_malloc(BOX_FILE_BYTES_MAX + 1);
    size_t length = fread(text, 1, BOX_FILE_BYTES_MAX + 1, file);
    if (ferror(file)) {
        fail(full, "cannot be read", error);
        return NULL;
    }
    if (length > BOX_FILE_BYTES_MAX) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID, "'%s': longer than %d bytes", full,
            BOX_FILE_BYTES_MAX);
        return NULL;
    }
    text[length] = '\0';
    return g_steal_pointer(&text);
}

void
box_remove(const char *root, const char *path)
{
    g_autofree char *full = box_path(root, path);
    unlink(full);
}

bool
box_run(const char *const *argv, GError **error)
{
    pid_t pid = 0;
    int status = 0;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    int code = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_FAILED, "%s: %s", argv[0], g_strerror(code));
        return false;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_FAILED, "%s %s: ended with %s %d", argv[0],
        argv[1] ? argv[1] : "", WIFSIGNALED(status) ? "signal" : "code",
        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return false;
}
