/* SPDX-License-Identifier: Apache-2.0
 *
 * The helper's requests and replies, and the side that asks.
 */
#include "appliance/helper.h"

#include <json-c/json.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void
assert_refused(const char *line, IngestErrorCode code, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_auto(HelperRequest) request = {0};
    g_assert_false(helper_parse(line, strlen(line), &request, &error));
    g_assert_null(request.verb);
    if (!g_error_matches(error, INGEST_ERROR, (int)code) || !strstr(error->message, words))
        g_error("'%s': %s", line, error->message);
}

static void
a_request_is_read(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(HelperRequest) request = {0};
    const char *line = "dry-run-start name=prod%2Deu";
    g_assert_true(helper_parse(line, strlen(line), &request, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(request.verb->name, ==, "dry-run-start");
    g_assert_cmpstr(helper_find_value(&request, "name"), ==, "prod-eu");
    g_assert_null(helper_find_value(&request, "nothing"));
}

static void
what_is_no_request_is_refused(void)
{
    assert_refused("", INGEST_ERROR_USAGE, "empty");
    assert_refused("sh", INGEST_ERROR_USAGE, "there are: ");
    assert_refused("Reboot", INGEST_ERROR_USAGE, "no verb");
    assert_refused("reboot now", INGEST_ERROR_USAGE, "no argument 'now'");
    assert_refused("reboot now=1", INGEST_ERROR_USAGE, "no argument 'now'");
    assert_refused("reboot ", INGEST_ERROR_USAGE, "no argument ''");
    assert_refused(" reboot", INGEST_ERROR_USAGE, "no verb ''");
    assert_refused("reboot\treboot", INGEST_ERROR_USAGE, "byte 7");
    assert_refused("reboot\r", INGEST_ERROR_USAGE, "byte 7");
    assert_refused("dry-run-start", INGEST_ERROR_USAGE, "'name' is missing");
    assert_refused("dry-run-start name", INGEST_ERROR_USAGE, "no '='");
    assert_refused("dry-run-start nam=x", INGEST_ERROR_USAGE, "no argument 'nam'");
    assert_refused("dry-run-start names=x", INGEST_ERROR_USAGE, "no argument 'names'");
    assert_refused("dry-run-start name=a name=a", INGEST_ERROR_USAGE, "twice");
    assert_refused("dry-run-start name=%", INGEST_ERROR_USAGE, "percent-encoded");
    assert_refused("dry-run-start name=%00", INGEST_ERROR_USAGE, "percent-encoded");
    assert_refused("dry-run-start name=%ff", INGEST_ERROR_USAGE, "percent-encoded");
}

static void
values_are_checked(void)
{
    const char *const bad[] = {"", ".", "..", ".x", "a/b", "a%2Fb", "a%20b", "a%0Ab", "%40",
        "a;reboot", "$(x)", "x.service%00", "%C3%A4"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *line = g_strconcat("dry-run-start name=", bad[i], NULL);
        g_auto(HelperRequest) request = {0};
        g_assert_false(helper_parse(line, strlen(line), &request, NULL));
    }
    g_autofree char *name = g_strnfill(65, 'x');
    g_autofree char *line = g_strconcat("dry-run-start name=", name, NULL);
    assert_refused(line, INGEST_ERROR_INVALID, "64 at most");
}

static void
a_long_request_is_refused(void)
{
    g_autofree char *line = g_strnfill(HELPER_REQUEST_BYTES_MAX + 1, 'x');
    assert_refused(line, INGEST_ERROR_USAGE, "bytes at most");
    g_autoptr(GString) many = g_string_new("dry-run-start");
    for (int i = 0; i < 1000; i++)
        g_string_append(many, " name=x");
    assert_refused(many->str, INGEST_ERROR_USAGE, "twice");
}

static void
a_reply_is_one_line(void)
{
    g_autoptr(GError) error =
        g_error_new(INGEST_ERROR, INGEST_ERROR_INVALID, "a \"quoted\"\nvalue");
    g_autofree char *bad = helper_format_reply(NULL, error);
    g_autofree char *good = helper_format_reply(NULL, NULL);
    g_assert_cmpstr(
        bad, ==, "{\"ok\":false,\"code\":\"invalid\",\"error\":\"a \\\"quoted\\\"\\nvalue\"}\n");
    g_assert_cmpstr(good, ==, "{\"ok\":true}\n");
}

/* --- the side that asks ----------------------------------------------------------------------- */

typedef struct Answer {
    int listener;
    const char *reply;
    char request[256];
} Answer;

static void *
answer_once(void *data)
{
    Answer *answer = data;
    int fd = accept(answer->listener, NULL, NULL);
    ssize_t n = read(fd, answer->request, sizeof answer->request - 1);
    answer->request[MAX(n, 0)] = '\0';
    g_assert_cmpint(write(fd, answer->reply, strlen(answer->reply)), ==, strlen(answer->reply));
    close(fd);
    return NULL;
}

static void
the_answer_is_taken(void)
{
    static const struct {
        const char *reply;
        int code; /* -1: it goes well */
        const char *words;
    } cases[] = {
        {"{\"ok\":true}\n", -1, NULL},
        {"{\"ok\":true,\"result\":{\"slot\":\"a\"}}\n", -1, "a"},
        {"{\"ok\":false,\"code\":\"conflict\",\"error\":\"a run\"}\n", INGEST_ERROR_CONFLICT,
            "a run"},
        {"{\"ok\":false,\"code\":\"never-heard\"}\n", INGEST_ERROR_FAILED, "no reason"},
        {"", INGEST_ERROR_PROTOCOL, "without an answer"},
        {"[]\n", INGEST_ERROR_PROTOCOL, "form"},
        {"{\"ok\":1}\n", INGEST_ERROR_PROTOCOL, "form"},
        {"{\"ok\":tr", INGEST_ERROR_PROTOCOL, "form"},
    };
    g_autofree char *folder = g_dir_make_tmp("vm-ingest-helper-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "socket", NULL);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(listener, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(listen(listener, 4), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        Answer answer = {.listener = listener, .reply = cases[i].reply};
        pthread_t thread;
        struct json_object *result = NULL, *slot = NULL;
        pthread_create(&thread, NULL, answer_once, &answer);
        bool is_ok = helper_call(
            path, "dry-run-start", (const char *const[]){"name", "a b%", NULL}, &result, &error);
        pthread_join(thread, NULL);
        g_assert_cmpstr(answer.request, ==, "dry-run-start name=a%20b%25\n");
        if (cases[i].code < 0) {
            g_assert_no_error(error);
            g_assert_true(is_ok);
            g_assert_true(!cases[i].words == !result);
            if (result && json_object_object_get_ex(result, "slot", &slot))
                g_assert_cmpstr(json_object_get_string(slot), ==, cases[i].words);
            json_object_put(result);
        } else {
            g_assert_error(error, INGEST_ERROR, cases[i].code);
            g_assert_nonnull(strstr(error->message, cases[i].words));
        }
    }
    close(listener);
    unlink(path);
    rmdir(folder);
}

static void
without_a_helper_the_error_says_what_to_start(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(helper_call("/no/such/socket", "reboot", NULL, NULL, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_UNREACHABLE);
    g_assert_nonnull(strstr(error->message, "vm-ingest-helper.socket"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/helper/request-is-read", a_request_is_read);
    g_test_add_func("/helper/what-is-no-request-is-refused", what_is_no_request_is_refused);
    g_test_add_func("/helper/values-are-checked", values_are_checked);
    g_test_add_func("/helper/long-request-is-refused", a_long_request_is_refused);
    g_test_add_func("/helper/reply-is-one-line", a_reply_is_one_line);
    g_test_add_func("/helper/answer-is-taken", the_answer_is_taken);
    g_test_add_func("/helper/without-one-the-error-says-what-to-start",
        without_a_helper_the_error_says_what_to_start);
    return g_test_run();
}
