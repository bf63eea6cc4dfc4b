/* SPDX-License-Identifier: Apache-2.0
 *
 * vm-ingest-helper: carries out one request that comes over the socket which is its standard input.
 *
 * systemd starts one for every connection (vm-ingest-helper.socket, Accept=yes). It asks the kernel
 * who is at the other end; what it did goes to the log, without the values of secrets.
 */
#include "helper_priv.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_SECONDS_MAX = 10 };

#define HELPER_USER "vm-ingest"

/* Root, and the user of the services. */
static bool
check_peer(struct ucred *ret_peer, GError **error)
{
    socklen_t length = sizeof *ret_peer;
    if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_PEERCRED, ret_peer, &length) != 0) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_FAILED,
            "the standard input is no socket (%s): systemctl start vm-ingest-helper.socket",
            g_strerror(errno));
        return false;
    }
    const struct passwd *user = getpwnam(HELPER_USER);
    if (ret_peer->uid == 0 || (user && ret_peer->uid == user->pw_uid))
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_AUTH,
        "user %u may not ask the helper: only root and " HELPER_USER " may", ret_peer->uid);
    return false;
}

/* A line, without its end; whoever sends nothing is not waited for. */
static bool
read_line(GString *line, GError **error)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const time_t end = now.tv_sec + REQUEST_SECONDS_MAX;
    for (;;) {
        char buffer[4096];
        struct pollfd poller = {.fd = STDIN_FILENO, .events = POLLIN};
        clock_gettime(CLOCK_MONOTONIC, &now);
        int ready = now.tv_sec < end ? poll(&poller, 1, (int)(end - now.tv_sec) * 1000) : 0;
        ssize_t n = ready > 0 ? read(STDIN_FILENO, buffer, sizeof buffer) : 0;
        if ((ready < 0 || n < 0) && errno == EINTR)
            continue;
        if (n > 0)
            g_string_append_len(line, buffer, n);
        explicit_bzero(buffer, sizeof buffer);
        char *line_end = memchr(line->str, '\n', line->len);
        if (line_end) {
            g_string_truncate(line, (gsize)(line_end - line->str));
            return true;
        }
        if (line->len > HELPER_REQUEST_BYTES_MAX) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_USAGE, "a request has %d bytes at most",
                HELPER_REQUEST_BYTES_MAX);
            return false;
        }
        if (n <= 0) {
            g_set_error(error, INGEST_ERROR, ready == 0 ? INGEST_ERROR_TIMEOUT : INGEST_ERROR_USAGE,
                ready == 0 ? "no request came within %d s" : "the request has no line end",
                REQUEST_SECONDS_MAX);
            return false;
        }
    }
}

/* One line for the log: who asked for what. */
static void
log_request(const struct ucred *peer, const HelperRequest *request, const GError *error)
{
    fprintf(stderr, "user %u, process %d: %s", peer->uid, peer->pid,
        request->verb ? request->verb->name : "no request");
    for (size_t i = 0; request->verb && i < HELPER_ARGS_MAX; i++) {
        const HelperArg *arg = &request->verb->args[i];
        if (!request->values[i])
            continue;
        g_autofree char *value = g_uri_escape_string(request->values[i], "/:, @", false);
        fprintf(stderr, " %s=%.256s", arg->name, arg->is_secret ? "(secret)" : value);
    }
    g_autofree char *outcome = g_strdup(error ? error->message : "done");
    for (char *at = outcome; *at; at++) /* it may quote a value */
        if (g_ascii_iscntrl(*at))
            *at = '?';
    fprintf(stderr, ": %s\n", outcome);
}

static bool
serve(HelperRequest *request, struct ucred *peer, json_object **ret_result, GError **error)
{
    if (!check_peer(peer, error))
        return false;
    /* Never moved, so that no copy of a secret stays behind. */
    g_autoptr(GString) line = g_string_sized_new(2 * HELPER_REQUEST_BYTES_MAX);
    bool is_ok = read_line(line, error) && helper_parse(line->str, line->len, request, error);
    explicit_bzero(line->str, line->len);
    return is_ok && request->verb->run(request, ret_result, error);
}

int
main(int argc, char **argv)
{
    if (argc > 2) {
        fputs("usage: vm-ingest-helper [SYSTEMCTL] with a socket as its standard input\n", stderr);
        return 2;
    }
    if (argc == 2)
        helper_systemctl = argv[1];
    g_autoptr(GError) error = NULL;
    g_auto(HelperRequest) request = {0};
    g_autoptr(JsonObject) result = NULL;
    struct ucred peer = {.uid = (uid_t)-1};
    serve(&request, &peer, &result, &error);
    log_request(&peer, &request, error);
    g_autofree char *reply = helper_format_reply(result, error);
    for (const char *at = reply; *at;) {
        ssize_t n = send(STDIN_FILENO, at, strlen(at), MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        at += n;
    }
    return error ? 1 : 0;
}
