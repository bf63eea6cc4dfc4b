/* SPDX-License-Identifier: Apache-2.0
 *
 * The helper's protocol: from a line to a request that was checked, and from its end to a line.
 */
#include "helper_priv.h"

#include <string.h>

/* --- names of error codes --------------------------------------------------------------------- */

static const struct {
    const char *word;
    IngestErrorCode code;
} error_words[] = {
    {"failed", INGEST_ERROR_FAILED},
    {"usage", INGEST_ERROR_USAGE},
    {"config", INGEST_ERROR_CONFIG},
    {"invalid", INGEST_ERROR_INVALID},
    {"auth", INGEST_ERROR_AUTH},
    {"unreachable", INGEST_ERROR_UNREACHABLE},
    {"timeout", INGEST_ERROR_TIMEOUT},
    {"refused", INGEST_ERROR_REFUSED},
    {"not-found", INGEST_ERROR_NOT_FOUND},
    {"conflict", INGEST_ERROR_CONFLICT},
    {"unsupported", INGEST_ERROR_UNSUPPORTED},
    {"storage", INGEST_ERROR_STORAGE},
};

static const char *
error_word(const GError *error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(error_words); i++)
        if (error->domain == INGEST_ERROR && (int)error_words[i].code == error->code)
            return error_words[i].word;
    return "failed";
}

IngestErrorCode
helper_error_code(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(error_words); i++)
        if (strcmp(error_words[i].word, word) == 0)
            return error_words[i].code;
    return INGEST_ERROR_FAILED;
}

/* --- a request -------------------------------------------------------------------------------- */

void
helper_request_release(HelperRequest *request)
{
    for (size_t i = 0; i < HELPER_ARGS_MAX; i++) {
        if (request->values[i])
            explicit_bzero(request->values[i], strlen(request->values[i]));
        g_free(request->values[i]);
    }
    *request = (HelperRequest){0};
}

const char *
helper_find_value(const HelperRequest *request, const char *name)
{
    for (size_t i = 0; i < HELPER_ARGS_MAX && request->verb->args[i].name; i++)
        if (strcmp(request->verb->args[i].name, name) == 0)
            return request->values[i];
    return NULL;
}

static const HelperVerb *
find_verb(const char *name)
{
    for (const HelperVerb *const *verb = helper_verbs; *verb; verb++)
        if (strcmp((*verb)->name, name) == 0)
            return *verb;
    return NULL;
}

static char *
list_verbs(void)
{
    g_autoptr(GString) list = g_string_new(NULL);
    for (const HelperVerb *const *verb = helper_verbs; *verb; verb++)
        g_string_append_printf(list, "%s%s", list->len ? ", " : "", (*verb)->name);
    return g_string_free(g_steal_pointer(&list), false);
}

G_GNUC_PRINTF(2, 3)
static bool
complain(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_USAGE, "%s", text);
    return false;
}

/* Takes "name=value" in. */
static bool
take_argument(HelperRequest *request, const char *word, GError **error)
{
    const HelperVerb *verb = request->verb;
    const size_t length = strcspn(word, "=");
    for (size_t i = 0; i < HELPER_ARGS_MAX && verb->args[i].name; i++) {
        const HelperArg *arg = &verb->args[i];
        if (strlen(arg->name) != length || strncmp(arg->name, word, length) != 0 || !word[length])
            continue;
        if (request->values[i])
            return complain(error, "%s: argument '%s' is given twice", verb->name, arg->name);
        char *value = g_uri_unescape_string(word + length + 1, NULL);
        if (!value || !g_utf8_validate(value, -1, NULL)) {
            g_free(value);
            return complain(
                error, "%s: argument '%s' is not percent-encoded UTF-8", verb->name, arg->name);
        }
        request->values[i] = value;
        return true;
    }
    return complain(error, "%s: there is no argument '%.*s'%s", verb->name, (int)MIN(length, 64),
        word, word[length] ? "" : ", or it has no '='");
}

static bool
check_arguments(const HelperRequest *request, GError **error)
{
    const HelperVerb *verb = request->verb;
    for (size_t i = 0; i < HELPER_ARGS_MAX && verb->args[i].name; i++) {
        const HelperArg *arg = &verb->args[i];
        if (!request->values[i] && arg->is_required)
            return complain(error, "%s: argument '%s' is missing", verb->name, arg->name);
        if (request->values[i] && !arg->check(request->values[i], error)) {
            g_prefix_error(error, "%s: %s: ", verb->name, arg->name);
            return false;
        }
    }
    return true;
}

static bool
parse_words(char *const *words, HelperRequest *request, GError **error)
{
    request->verb = find_verb(words[0]);
    if (!request->verb) {
        g_autofree char *known = list_verbs();
        return complain(error, "there is no verb '%.64s'; there are: %s", words[0], known);
    }
    for (char *const *word = words + 1; *word; word++)
        if (!take_argument(request, *word, error))
            return false;
    return check_arguments(request, error);
}

bool
helper_parse(const char *line, size_t length, HelperRequest *ret_request, GError **error)
{
    if (length > HELPER_REQUEST_BYTES_MAX)
        return complain(error, "a request has %d bytes at most", HELPER_REQUEST_BYTES_MAX);
    for (size_t i = 0; i < length; i++)
        if (!g_ascii_isprint(line[i]))
            return complain(error, "byte %zu of the request is no printable ASCII", i + 1);
    g_autofree char *text = g_strndup(line, length);
    g_auto(GStrv) words = g_strsplit(text, " ", HELPER_ARGS_MAX + 2);
    g_auto(HelperRequest) request = {0};
    bool is_ok =
        words[0] ? parse_words(words, &request, error) : complain(error, "the request is empty");
    explicit_bzero(text, length);
    if (is_ok) {
        *ret_request = request;
        request = (HelperRequest){0};
    }
    return is_ok;
}

/* --- a reply ---------------------------------------------------------------------------------- */

char *
helper_format_reply(json_object *result, const GError *error)
{
    g_autoptr(JsonObject) reply = json_object_new_object();
    json_object_object_add(reply, "ok", json_object_new_boolean(!error));
    if (error) {
        json_object_object_add(reply, "code", json_object_new_string(error_word(error)));
        json_object_object_add(reply, "error", json_object_new_string(error->message));
    }
    if (result)
        json_object_object_add(reply, "result", json_object_get(result));
    return g_strdup_printf("%s\n", json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN));
}
