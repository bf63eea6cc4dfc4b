/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a CloudStack reply, refusals and broken JSON included.
 *
 * The server un-escapes "\u0026" and its like in finished JSON, so that a text which holds JSON
 * itself (a volume's chaininfo of a VM called "R&D") reaches us with "\&" in it. The character was
 * meant, the backslash was not.
 */
#include "ingest_priv.h"

#include "json_items.h"

#include "cleanup.h"

#include <string.h>

enum { SNIPPET_BYTES = 60, HTML_TITLE_BYTES_MAX = 120 };

/* --- JSON ------------------------------------------------------------------------------------- */

/* Printable text around @at, for messages. (owned) */
static char *
snippet(const char *text, size_t length, size_t at)
{
    size_t from = at > SNIPPET_BYTES / 2 ? at - SNIPPET_BYTES / 2 : 0;
    g_autofree char *piece = g_strndup(text + from, MIN(length - from, (size_t)SNIPPET_BYTES));
    for (char *c = piece; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    return g_utf8_make_valid(piece, -1);
}

static json_object *
parse_strictly(const char *text, size_t length, GError **error)
{
    g_autoptr(JsonTokener) tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    json_object *value = json_tokener_parse_ex(tokener, text, (int)length);
    enum json_tokener_error why = json_tokener_get_error(tokener);
    if (why == json_tokener_success)
        return value;
    json_object_put(value);
    size_t at = MIN(json_tokener_get_parse_end(tokener), length);
    g_autofree char *near = snippet(text, length, at);
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL, "%s at byte %zu of %zu, near '%s'",
        why == json_tokener_continue ? "the reply is cut off" : json_tokener_error_desc(why), at,
        length, near);
    return NULL;
}

/* After a backslash: does an escape follow that JSON knows? */
static bool
is_escape(const char *at, const char *end)
{
    if (at >= end || !*at || !strchr("\"\\/bfnrtu", *at))
        return false;
    if (*at != 'u')
        return true;
    for (int i = 1; i <= 4; i++)
        if (at + i >= end || !g_ascii_isxdigit(at[i]))
            return false;
    return true;
}

static GString *
repair(const char *text, size_t length, unsigned *ret_repairs)
{
    GString *fixed = g_string_sized_new(length + 64);
    bool is_inside = false;
    for (const char *at = text, *end = text + length; at < end; at++) {
        bool is_control = (unsigned char)*at < 0x20;
        if (*at == '"')
            is_inside = !is_inside;
        if (is_inside && *at == '\\' && is_escape(at + 1, end)) {
            g_string_append_c(fixed, *at++);
            g_string_append_c(fixed, *at);
        } else if (is_inside && *at == '\\' && at + 1 < end) {
            ++*ret_repairs;
        } else if (is_inside && is_control) {
            g_string_append_printf(fixed, "\\u%04x", (unsigned)(unsigned char)*at);
            ++*ret_repairs;
        } else {
            g_string_append_c(fixed, *at);
        }
    }
    if (!g_utf8_validate(fixed->str, (gssize)fixed->len, NULL)) {
        char *valid = g_utf8_make_valid(fixed->str, (gssize)fixed->len);
        g_string_assign(fixed, valid);
        g_free(valid);
        ++*ret_repairs;
    }
    return fixed;
}

json_object *
cloudstack_json_parse(const char *text, size_t length, unsigned *ret_repairs, GError **error)
{
    /* json-c lets some of these pass. */
    bool is_clean = g_utf8_validate(text, (gssize)length, NULL);
    for (size_t i = 0; i < length && is_clean; i++)
        is_clean = (unsigned char)text[i] >= 0x20 || strchr("\n\r\t", text[i]);
    g_autoptr(GError) first = NULL;
    json_object *value = is_clean ? parse_strictly(text, length, &first) : NULL;
    if (value)
        return value;
    unsigned repairs = 0;
    g_autoptr(GString) fixed = repair(text, length, &repairs);
    if (repairs == 0 && first) {
        g_propagate_error(error, g_steal_pointer(&first));
        return NULL;
    }
    value = parse_strictly(fixed->str, fixed->len, error);
    if (value)
        *ret_repairs += repairs;
    return value;
}

/* --- replies ---------------------------------------------------------------------------------- */

/* The <title> of an HTML page, or its first words. (owned) */
static char *
page_title(const char *body, size_t length)
{
    const char *title = g_strstr_len(body, (gssize)length, "<title>");
    if (!title)
        return snippet(body, length, 0);
    title += strlen("<title>");
    const char *end = g_strstr_len(title, (gssize)(body + length - title), "</title>");
    size_t size = (size_t)((end ? end : body + length) - title);
    g_autofree char *text = g_strndup(title, MIN(size, (size_t)HTML_TITLE_BYTES_MAX));
    return g_utf8_make_valid(g_strstrip(text), -1);
}

static const char *
page_remedy(int http_status)
{
    switch (http_status) {
    case 404:
        return ": there is no CloudStack API at this URL, it mostly ends in '/client/api'";
    case 401:
    case 403:
        return ": a web server or proxy before CloudStack refuses";
    case 407:
        return ": the proxy asks for a login";
    case 413:
    case 414:
    case 431:
        return ": the request is too large for the web server before CloudStack";
    case 502:
    case 503:
    case 504:
        return ": the management server is starting, stopping or in maintenance, or a proxy cannot "
               "reach it";
    default:
        return ": is this the URL of a CloudStack API, such as 'https://HOST/client/api'?";
    }
}

static int
page_code(int http_status)
{
    if (http_status == 502 || http_status == 503 || http_status == 504)
        return INGEST_ERROR_UNREACHABLE;
    if (http_status == 401 || http_status == 403 || http_status == 407)
        return INGEST_ERROR_AUTH;
    return INGEST_ERROR_PROTOCOL;
}

/* A reply that is no JSON: from a web server, a proxy, something else. */
static bool
refuse_page(int http_status, const char *body, size_t length, const char *why, GError **error)
{
    const char *at = body, *end = body + length, *remedy = page_remedy(http_status);
    int code = page_code(http_status);
    while (at < end && g_ascii_isspace(*at))
        at++;
    if (at == end)
        g_set_error(error, INGEST_ERROR, code, "HTTP %d with an empty body%s", http_status, remedy);
    else if (*at == '<' || http_status >= 300) {
        g_autofree char *title = page_title(at, (size_t)(end - at));
        g_set_error(error, INGEST_ERROR, code, "HTTP %d and no JSON but '%s'%s", http_status, title,
            remedy);
    } else
        g_set_error(error, INGEST_ERROR, code, "HTTP %d, not valid JSON: %s", http_status, why);
    return false;
}

/* A number, or digits in a text: old servers send either. */
static int
reply_number(json_object *reply, const char *name)
{
    json_object *value = json_object_object_get(reply, name);
    if (json_object_is_type(value, json_type_int))
        return json_object_get_int(value);
    if (json_object_is_type(value, json_type_string))
        return (int)g_ascii_strtoll(json_object_get_string(value), NULL, 10);
    return 0;
}

static int
refusal_code(int code)
{
    static const int of_access[] = {
        API_UNAUTHORIZED, API_NOT_FOR_ROLE, API_WITHOUT_2FA, API_ACCOUNT_ERROR};
    for (size_t i = 0; i < G_N_ELEMENTS(of_access); i++)
        if (code == of_access[i])
            return INGEST_ERROR_AUTH;
    return INGEST_ERROR_REFUSED;
}

static bool
refuse(const char *command, int http_status, json_object *reply, CloudStackFault *fault,
    GError **error)
{
    CloudStackFault found = {.http_status = http_status,
        .code = reply_number(reply, "errorcode"),
        .cs_code = reply_number(reply, "cserrorcode"),
        .repairs = fault->repairs};
    json_object *text = json_object_object_get(reply, "errortext");
    found.text = g_strdup(text ? json_object_get_string(text) : "(the server gave no text)");
    cloudstack_fault_clear(fault);
    *fault = found;
    g_autoptr(GString) message = g_string_new(NULL);
    g_string_printf(message, "%s: HTTP %d", command, http_status);
    if (found.code)
        g_string_append_printf(message, ", errorcode %d", found.code);
    if (found.cs_code)
        g_string_append_printf(message, ", cserrorcode %d", found.cs_code);
    int code = refusal_code(found.code ? found.code : http_status);
    g_set_error(error, INGEST_ERROR, code, "%s: %s", message->str, found.text);
    return false;
}

/* The value of the only member; errors and odd commands have names of their own for it. */
static json_object *
only_member(json_object *root, GError **error)
{
    if (json_object_is_type(root, json_type_object) && json_object_object_length(root) == 1) {
        struct json_object_iterator at = json_object_iter_begin(root);
        json_object *value = json_object_iter_peek_value(&at);
        if (json_object_is_type(value, json_type_object))
            return value;
    }
    const char *text = root ? json_object_to_json_string(root) : "null";
    g_autofree char *begin = snippet(text, strlen(text), 0);
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL,
        "the reply is no object with one object in it: '%s'%s", begin, page_remedy(200));
    return NULL;
}

bool
cloudstack_reply_read(const char *command, int http_status, const char *body, size_t length,
    CloudStackFault *fault, json_object **ret_reply, GError **error)
{
    fault->http_status = http_status;
    g_autoptr(GError) why = NULL;
    unsigned repairs = 0;
    g_autoptr(JsonObject) root = cloudstack_json_parse(body, length, &repairs, &why);
    if (why) {
        refuse_page(http_status, body, length, why->message, error);
        g_prefix_error(error, "%s: ", command);
        return false;
    }
    fault->repairs += repairs;
    json_object *reply = only_member(root, error);
    if (!reply) {
        g_prefix_error(error, "%s: HTTP %d: ", command, http_status);
        return false;
    }
    if (http_status >= 300 || json_object_object_get(reply, "errorcode"))
        return refuse(command, http_status, reply, fault, error);
    *ret_reply = json_object_get(reply);
    return true;
}
