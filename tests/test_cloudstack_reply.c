/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading CloudStack's replies: refusals, pages of other servers, broken JSON.
 */
#include "ingest/ingest_priv.h"

#include "cleanup.h"

#include <string.h>

static json_object *
read_reply(int status, const char *body, CloudStackFault *fault, GError **error)
{
    json_object *reply = NULL;
    bool is_ok =
        cloudstack_reply_read("listThings", status, body, strlen(body), fault, &reply, error);
    g_assert_true(is_ok == (reply != NULL));
    return reply;
}

static void
test_value_of_the_only_member(void)
{
    CloudStackFault fault = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) reply =
        read_reply(200, "{\"anynameresponse\":{\"count\":3}}\n", &fault, &error);
    g_assert_no_error(error);
    g_assert_cmpint(json_object_get_int(json_object_object_get(reply, "count")), ==, 3);
    g_assert_cmpuint(fault.repairs, ==, 0);
}

static void
assert_text(const char *body, const char *expected, unsigned repairs)
{
    g_autofree char *whole = g_strdup_printf("{\"r\":{\"t\":\"%s\"}}", body);
    CloudStackFault fault = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) reply = read_reply(200, whole, &fault, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(json_object_get_string(json_object_object_get(reply, "t")), ==, expected);
    g_assert_cmpuint(fault.repairs, ==, repairs);
}

static void
test_broken_json_is_repaired(void)
{
    assert_text("R\\&D", "R&D", 1);
    assert_text("{\\\"c\\\": \\\"R\\&D/R\\&D.vmdk\\\"}", "{\"c\": \"R&D/R&D.vmdk\"}", 2);
    assert_text("a\\<b\\>c\\=d\\'e", "a<b>c=d'e", 4);
    assert_text("\\\\&", "\\&", 0);
    assert_text("\\\\\\&", "\\&", 1);
    assert_text("tab\x01here", "tab\x01here", 1);
    assert_text("\\u00zz", "u00zz", 1);
    assert_text("\xff", "\xef\xbf\xbd", 1);
    assert_text("caf\xc3\xa9 \\u00e9", "caf\xc3\xa9 \xc3\xa9", 0);
}

static void
assert_refused(int status, const char *body, int code, const char *pattern)
{
    CloudStackFault fault = {0};
    g_autoptr(GError) error = NULL;
    g_assert_null(read_reply(status, body, &fault, &error));
    g_assert_error(error, INGEST_ERROR, code);
    if (!g_regex_match_simple(pattern, error->message, 0, 0))
        g_test_message("'%s' does not match '%s'", error->message, pattern), g_test_fail();
    g_assert_cmpint(fault.http_status, ==, status);
    cloudstack_fault_clear(&fault);
}

static void
test_refusals(void)
{
    CloudStackFault fault = {0};
    g_autoptr(GError) error = NULL;
    g_assert_null(read_reply(431,
        "{\"listthingsresponse\":{\"uuidList\":[],\"errorcode\":431,\"cserrorcode\":4350,"
        "\"errortext\":\"Page size can't exceed\"}}",
        &fault, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_REFUSED);
    g_assert_cmpstr(error->message, ==,
        "listThings: HTTP 431, errorcode 431, cserrorcode 4350: Page size can't exceed");
    g_assert_cmpint(fault.code, ==, 431);
    g_assert_cmpint(fault.cs_code, ==, 4350);
    g_assert_cmpstr(fault.text, ==, "Page size can't exceed");
    cloudstack_fault_clear(&fault);
    assert_refused(401, "{\"errorresponse\":{\"errorcode\":401,\"errortext\":\"unable\"}}",
        INGEST_ERROR_AUTH, "HTTP 401, errorcode 401: unable");
    assert_refused(432, "{\"errorresponse\":{\"errorcode\":\"432\",\"errortext\":\"no\"}}",
        INGEST_ERROR_AUTH, "errorcode 432: no");
    assert_refused(531, "{\"x\":{\"errorcode\":531}}", INGEST_ERROR_AUTH, "gave no text");
    assert_refused(530, "{\"x\":{}}", INGEST_ERROR_REFUSED, "HTTP 530: ");
}

static void
test_other_servers(void)
{
    assert_refused(404, "<html><head><title>Error 404 Not Found</title></head></html>",
        INGEST_ERROR_PROTOCOL, "'Error 404 Not Found'.*no CloudStack API at this URL");
    assert_refused(
        503, "<html>\n<h1>Starting</h1>", INGEST_ERROR_UNREACHABLE, "HTTP 503.*starting");
    assert_refused(431, "<h1>Bad Message 431</h1>", INGEST_ERROR_PROTOCOL, "request is too large");
    assert_refused(403, "<title>Forbidden</title>", INGEST_ERROR_AUTH, "'Forbidden': a web server");
    assert_refused(502, "", INGEST_ERROR_UNREACHABLE, "HTTP 502 with an empty body");
    assert_refused(200, "<?xml version=\"1.0\"?><r/>", INGEST_ERROR_PROTOCOL, "is this the URL");
    assert_refused(200, "[1,2]", INGEST_ERROR_PROTOCOL, "no object with one object");
    assert_refused(200, "{\"a\":{},\"b\":{}}", INGEST_ERROR_PROTOCOL, "no object with one object");
    assert_refused(200, "{\"a\":1}", INGEST_ERROR_PROTOCOL, "no object with one object");
}

static void
test_truly_broken(void)
{
    assert_refused(200, "{\"r\":{\"count\":3,\"a\":[{\"id\":\"x", INGEST_ERROR_PROTOCOL,
        "cut off at byte 29 of 29, near .*id");
    assert_refused(200, "{\"r\":{\"count\":,}}", INGEST_ERROR_PROTOCOL, "at byte 14");
    assert_refused(200, "{\"r\":{\"t\":\"\\&\"},}}x", INGEST_ERROR_PROTOCOL, "at byte");
    g_autoptr(GString) deep = g_string_new("{\"r\":");
    for (int i = 0; i < 200; i++)
        g_string_append(deep, "{\"a\":");
    assert_refused(200, deep->str, INGEST_ERROR_PROTOCOL, "max|depth|deep|nest");
}

/* --- what a real server said ------------------------------------------------------------------ */

/* The body's text as it came; those that are no JSON were recorded as text. */
static const char *
recorded_body(json_object *response)
{
    json_object *body = json_object_object_get(response, "body");
    return json_object_is_type(body, json_type_string)
               ? json_object_get_string(body)
               : json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN);
}

static void
check_refusal(json_object *response, const CloudStackFault *fault, const GError *error)
{
    json_object *body = json_object_object_get(response, "body"), *errorcode = NULL, *text = NULL;
    json_object_object_foreach(body, name, value)
    {
        (void)name;
        errorcode = json_object_object_get(value, "errorcode");
        text = json_object_object_get(value, "errortext");
    }
    g_assert_cmpint(fault->code, ==, json_object_get_int(errorcode));
    g_assert_cmpstr(fault->text, ==, json_object_get_string(text));
    g_assert_nonnull(strstr(error->message, json_object_get_string(text)));
    bool is_auth = fault->code == 401 || fault->code == 432 || fault->code == 531;
    g_assert_cmpint(error->code, ==, is_auth ? INGEST_ERROR_AUTH : INGEST_ERROR_REFUSED);
}

static void
check_recording(const char *path, size_t *n_replies)
{
    g_autoptr(JsonObject) root = json_object_from_file(path);
    json_object *response = json_object_object_get(root, "response");
    if (!response)
        return;
    int status = json_object_get_int(json_object_object_get(response, "status"));
    const char *body = recorded_body(response);
    CloudStackFault fault = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) reply = read_reply(status, body, &fault, &error);
    bool is_json = *body == '{';
    if ((reply != NULL) != (is_json && status == 200))
        g_error("%s: %s", path, error ? error->message : "read");
    if (is_json && !reply)
        check_refusal(response, &fault, error);
    g_assert_cmpuint(fault.repairs, ==, strstr(path, "INVALID-JSON") ? 2 : 0);
    cloudstack_fault_clear(&fault);
    ++*n_replies;
}

static void
walk_recordings(const char *folder, size_t *n_replies)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            walk_recordings(path, n_replies);
        else if (g_str_has_suffix(name, ".json"))
            check_recording(path, n_replies);
    }
    if (dir)
        g_dir_close(dir);
}

static void
test_recordings(void)
{
    size_t n_replies = 0;
    walk_recordings("tests/recordings", &n_replies);
    walk_recordings("tests/recordings-4.20.3", &n_replies);
    g_assert_cmpuint(n_replies, >, 390);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reply/the value of the only member", test_value_of_the_only_member);
    g_test_add_func("/reply/broken JSON is repaired and counted", test_broken_json_is_repaired);
    g_test_add_func("/reply/refusals keep code and text", test_refusals);
    g_test_add_func("/reply/pages of other servers are told apart", test_other_servers);
    g_test_add_func("/reply/everything that a real server said is read", test_recordings);
    g_test_add_func("/reply/truly broken JSON names the place", test_truly_broken);
    return g_test_run();
}
