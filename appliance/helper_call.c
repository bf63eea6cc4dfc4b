/* SPDX-License-Identifier: Apache-2.0
 *
 * The side that asks the helper.
 */
#include "helper_priv.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CALL_SECONDS_MAX = 90 };

static int
connect_to(const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_USAGE, "'%s' is too long for a socket", path);
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_UNREACHABLE, "'%s': %s%s", path,
        g_strerror(errno),
        errno == EACCES ? ": only root and the user vm-ingest may ask the helper"
                        : ": is vm-ingest-helper.socket started?");
    if (fd >= 0)
        close(fd);
    return -1;
}

static char *
format_request(const char *verb, const char *const *args)
{
    g_autoptr(GString) line = g_string_new(verb);
    for (size_t i = 0; args && args[i]; i += 2) {
        g_autofree char *value = g_uri_escape_string(args[i + 1], NULL, false);
        g_string_append_printf(line, " %s=%s", args[i], value);
        explicit_bzero(value, strlen(value));
    }
    g_string_append_c(line, '\n');
    return g_string_free(g_steal_pointer(&line), false);
}

static bool
send_all(int fd, const char *text, GError **error)
{
    for (size_t length = strlen(text); length > 0;) {
        ssize_t n = send(fd, text, length, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            /* It may have refused us and gone; then it said why. */
            if (errno == EPIPE)
                return true;
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_UNREACHABLE,
                "the helper does not take the request: %s", g_strerror(errno));
            return false;
        }
        text += n;
        length -= (size_t)n;
    }
    return true;
}

/* Up to the end of the connection. */
static bool
receive_all(int fd, GString *text, GError **error)
{
    const time_t end = time(NULL) + CALL_SECONDS_MAX;
    while (text->len <= HELPER_REPLY_BYTES_MAX) {
        char buffer[4096];
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        time_t left = end - time(NULL);
        int ready = left > 0 ? poll(&poller, 1, (int)left * 1000) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_TIMEOUT,
                "the helper did not answer within %d s", CALL_SECONDS_MAX);
            return false;
        }
        ssize_t n = ready < 0 ? -1 : recv(fd, buffer, sizeof buffer, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0 || (n < 0 && errno == ECONNRESET))
            return true;
        if (n < 0) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_UNREACHABLE,
                "the helper's answer cannot be read: %s", g_strerror(errno));
            return false;
        }
        g_string_append_len(text, buffer, n);
    }
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL, "the helper's answer is too long");
    return false;
}

static const char *
text_member(json_object *reply, const char *name)
{
    json_object *value = NULL;
    return json_object_object_get_ex(reply, name, &value) &&
                   json_object_is_type(value, json_type_string)
               ? json_object_get_string(value)
               : NULL;
}

static bool
take_reply(const char *text, json_object **ret_result, GError **error)
{
    g_autoptr(JsonObject) reply = json_tokener_parse(text);
    json_object *ok = NULL, *result = NULL;
    if (!json_object_object_get_ex(reply, "ok", &ok) ||
        !json_object_is_type(ok, json_type_boolean)) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL,
            *text ? "the helper's answer is not of its form"
                  : "the helper ended without an answer; see: journalctl -u 'vm-ingest-helper@*'");
        return false;
    }
    if (!json_object_get_boolean(ok)) {
        const char *code = text_member(reply, "code"), *what = text_member(reply, "error");
        g_set_error(error, INGEST_ERROR, (int)helper_error_code(code ? code : "failed"), "%s",
            what ? what : "the helper says no reason");
        return false;
    }
    if (ret_result)
        *ret_result = json_object_object_get_ex(reply, "result", &result) && result
                          ? json_object_get(result)
                          : NULL;
    return true;
}

bool
helper_call(const char *path, const char *verb, const char *const *args, json_object **ret_result,
    GError **error)
{
    int fd = connect_to(path ? path : HELPER_SOCKET, error);
    if (fd < 0)
        return false;
    g_autofree char *request = format_request(verb, args);
    g_autoptr(GString) reply = g_string_new(NULL);
    bool is_ok = send_all(fd, request, error);
    explicit_bzero(request, strlen(request));
    is_ok = is_ok && receive_all(fd, reply, error);
    close(fd);
    return is_ok && take_reply(reply->str, ret_result, error);
}
