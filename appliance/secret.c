/* SPDX-License-Identifier: Apache-2.0
 *
 * Passwords and keys: read from where only we can read, kept out of dumps, wiped after use.
 */
#include "appliance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

void
secret_protect_process(void)
{
    /* A memory dump of this process may hold a password. */
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

void
secret_free(char *secret)
{
    if (!secret)
        return;
    explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

/* Cuts the line end off; NULL with an error when nothing is left or it was not one line. */
static char *
take_first_line(char *buffer, ssize_t length, const char *what, GError **error)
{
    buffer[length] = '\0';
    size_t line = strcspn(buffer, "\r\n");
    char *secret = NULL;
    if (memchr(buffer, '\0', (size_t)length))
        g_set_error(
            error, INGEST_ERROR, INGEST_ERROR_CONFIG, "%s: holds a zero byte: not a text", what);
    else if (line == 0)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "%s: its first line is empty", what);
    else if (line == SECRET_BYTES_MAX)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "%s: longer than %d bytes", what,
            SECRET_BYTES_MAX - 1);
    else
        secret = g_strndup(buffer, line);
    explicit_bzero(buffer, (size_t)length);
    return secret;
}

static char *
read_first_line(int fd, const char *what, GError **error)
{
    char buffer[SECRET_BYTES_MAX + 1];
    ssize_t length = 0;
    while (length < SECRET_BYTES_MAX) {
        ssize_t n = read(fd, buffer + length, (size_t)(SECRET_BYTES_MAX - length));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "%s: cannot be read: %s", what,
                g_strerror(errno));
            explicit_bzero(buffer, sizeof buffer);
            return NULL;
        }
        if (n == 0)
            break;
        length += n;
        if (memchr(buffer, '\n', (size_t)length))
            break;
    }
    return take_first_line(buffer, length, what, error);
}

/* Whether systemd passed the file to this service. */
static bool
is_credential(const char *path)
{
    const char *folder = g_getenv("CREDENTIALS_DIRECTORY");
    g_autofree char *in = g_path_get_dirname(path);
    return folder && strcmp(in, folder) == 0;
}

static bool
check_private(int fd, const char *path, GError **error)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "secret file '%s': %s", path,
            g_strerror(errno));
        return false;
    }
    if (!S_ISREG(st.st_mode)) {
        g_set_error(
            error, INGEST_ERROR, INGEST_ERROR_CONFIG, "secret file '%s': not a regular file", path);
        return false;
    }
    if (st.st_uid != geteuid() && st.st_uid != 0) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "secret file '%s': belongs to user %u, not to us: run: chown %u '%s'", path, st.st_uid,
            geteuid(), path);
        return false;
    }
    /* A credential is made readable for its user by an ACL: what looks like the group's rights is
     * the mask of that. */
    if (st.st_mode & (is_credential(path) ? 007 : 077)) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "secret file '%s': others may read it (mode %04o): run: chmod 600 '%s'", path,
            (unsigned)st.st_mode & 07777, path);
        return false;
    }
    return true;
}

char *
secret_from_file(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "secret file '%s': %s", path,
            g_strerror(errno));
        return NULL;
    }
    g_autofree char *what = g_strdup_printf("secret file '%s'", path);
    char *secret = check_private(fd, path, error) ? read_first_line(fd, what, error) : NULL;
    close(fd);
    return secret;
}

char *
secret_from_fd(const char *number, GError **error)
{
    char *end = NULL;
    long fd = strtol(number, &end, 10);
    if (!*number || *end || fd < 0 || fd > 65535 || fcntl((int)fd, F_GETFD) < 0) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "'%s' is not an open file descriptor",
            number);
        return NULL;
    }
    g_autofree char *what = g_strdup_printf("file descriptor %ld", fd);
    char *secret = read_first_line((int)fd, what, error);
    close((int)fd);
    return secret;
}

char *
secret_from_prompt(const char *question, GError **error)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios before, silent;
    if (fd < 0 || tcgetattr(fd, &before) != 0) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_AUTH, "no terminal to ask '%s' on", question);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(fd, TCSAFLUSH, &silent);
    dprintf(fd, "%s: ", question);
    char *secret = read_first_line(fd, "terminal", error);
    tcsetattr(fd, TCSAFLUSH, &before);
    dprintf(fd, "\n");
    close(fd);
    return secret;
}

char *
secret_from_environment(const char *name)
{
    char *value = getenv(name);
    if (!value)
        return NULL;
    char *secret = g_strdup(value);
    /* What is left of the variable can be read in /proc/PID/environ: overwrite it in place. */
    explicit_bzero(value, strlen(value));
    unsetenv(name);
    return secret;
}
