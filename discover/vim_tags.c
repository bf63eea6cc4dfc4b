/* SPDX-License-Identifier: Apache-2.0
 *
 * vSphere tags. They are not part of the SOAP API: the vAPI tagging service tells them over REST,
 * with a session of its own, under the same certificate rules.
 *
 * To know the tags of each instance before the first one is read, the question is asked the other
 * way round: which objects hang on which tags, in batches. Names are fetched only of tags that an
 * instance carries, and of their categories.
 *
 * Source: vSphere Automation API, com.vmware.cis.tagging; /api since 7.0.2, /rest before it.
 */
#include <curl/curl.h>
#include <json-c/json.h>

#include "vim_priv.h"

#include "cleanup.h"

#include <pthread.h>
#include <string.h>

enum {
    TAGS_MAX = 20000,
    TAGS_BATCH = 200,
    JSON_DEPTH = 16,
    STATUS_OK = 200,
    STATUS_CREATED = 201,
    STATUS_UNAUTHORIZED = 401,
};

/* A tag on an object. */
typedef struct Hanging {
    const Tag *tag;
    struct Hanging *next;
} Hanging;

struct VimTagSet {
    Arena arena;
    GHashTable *by_object; /* id -> Hanging, all in the arena */
};

/* Paths of the two forms of the API. */
typedef struct VapiForm {
    const char *session, *tags, *tag, *category, *association;
} VapiForm;

static const VapiForm forms[] = {
    {"/api/session", "/api/cis/tagging/tag", "/api/cis/tagging/tag/", "/api/cis/tagging/category/",
        "/api/cis/tagging/tag-association?action=list-attached-objects-on-tags"},
    {"/rest/com/vmware/cis/session", "/rest/com/vmware/cis/tagging/tag",
        "/rest/com/vmware/cis/tagging/tag/id:", "/rest/com/vmware/cis/tagging/category/id:",
        "/rest/com/vmware/cis/tagging/tag-association?~action=list-attached-objects-on-tags"},
};

/* One session with the service. */
typedef struct Vapi {
    VimSession *session;
    CURL *curl;
    VimTrust trust;
    const VapiForm *form;
    char *base;           /* https://HOST:PORT */
    char *session_header; /* "vmware-api-session-id: ..." */
    GString *answer;
    GError *tls_error;
} Vapi;

/* --- requests --------------------------------------------------------------------------------- */

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void
init_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t
take_answer(char *data, size_t size, size_t n, void *user)
{
    Vapi *vapi = user;
    if (vapi->answer->len + size * n > VIM_PAGE_BYTES_MAX)
        return 0;
    g_string_append_len(vapi->answer, data, (gssize)(size * n));
    return size * n;
}

static int
check_cancel(void *user, curl_off_t a G_GNUC_UNUSED, curl_off_t b G_GNUC_UNUSED,
    curl_off_t c G_GNUC_UNUSED, curl_off_t d G_GNUC_UNUSED)
{
    const Vapi *vapi = user;
    return source_is_cancelled(vapi->session->source);
}

static CURLcode
set_up_tls(CURL *curl G_GNUC_UNUSED, void *context, void *user)
{
    Vapi *vapi = user;
    g_clear_error(&vapi->tls_error);
    return vim_trust_apply(&vapi->trust, context, &vapi->tls_error) ? CURLE_OK
                                                                    : CURLE_SSL_CACERT_BADFILE;
}

static void
vapi_init(Vapi *vapi, VimSession *session)
{
    const VimConfig *config = session->config;
    pthread_once(&curl_once, init_curl);
    *vapi = (Vapi){.session = session, .curl = curl_easy_init(), .answer = g_string_new(NULL)};
    g_assert(vapi->curl);
    vapi->trust = session->transport.trust;
    vapi->base = g_strdup_printf(strchr(config->host, ':') ? "https://[%s]:%d" : "https://%s:%d",
        config->host, config->port);
    CURL *curl = vapi->curl;
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* where SOAP goes, REST goes */
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)VIM_CONNECT_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)config->timeout_s * VIM_TRANSFER_FACTOR);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)config->timeout_s);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, vapi);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, check_cancel);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, vapi);
    /* Our own check replaces curl's; it holds names to the same rules, and knows fingerprints. */
    curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, set_up_tls);
    curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, vapi);
}

static void
vapi_release(Vapi *vapi)
{
    curl_easy_cleanup(vapi->curl);
    g_string_free(vapi->answer, true);
    g_free(vapi->base);
    g_free(vapi->session_header);
    g_clear_error(&vapi->tls_error);
}

static bool
fail_transfer(const Vapi *vapi, CURLcode code, GError **error)
{
    if (source_is_cancelled(vapi->session->source))
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "interrupted");
    else if (vapi->tls_error)
        g_set_error_literal(error, INGEST_ERROR, vapi->tls_error->code, vapi->tls_error->message);
    else
        g_set_error(error, INGEST_ERROR,
            code == CURLE_OPERATION_TIMEDOUT ? INGEST_ERROR_TIMEOUT : INGEST_ERROR_UNREACHABLE,
            "tagging service of '%s': %s", vapi->session->config->host, curl_easy_strerror(code));
    return false;
}

/* One request; the answer is in vapi->answer. @body: JSON to post, or NULL. */
static bool
vapi_perform(Vapi *vapi, const char *method, const char *path, const char *id, const char *body,
    long *ret_status, GError **error)
{
    g_autoptr(CurlList) headers = curl_slist_append(NULL, "Accept: application/json");
    g_autofree char *url = g_strconcat(vapi->base, path, id, NULL);
    if (vapi->session_header)
        headers = curl_slist_append(headers, vapi->session_header);
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    g_string_truncate(vapi->answer, 0);
    vapi->session->source->requests++;
    curl_easy_setopt(vapi->curl, CURLOPT_URL, url);
    curl_easy_setopt(vapi->curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(vapi->curl, CURLOPT_HTTPHEADER, headers);
    if (strcmp(method, "POST") == 0)
        curl_easy_setopt(vapi->curl, CURLOPT_COPYPOSTFIELDS, body ? body : "");
    else
        curl_easy_setopt(vapi->curl, CURLOPT_HTTPGET, 1L);
    CURLcode code = curl_easy_perform(vapi->curl);
    curl_easy_setopt(vapi->curl, CURLOPT_HTTPHEADER, NULL);
    if (code != CURLE_OK)
        return fail_transfer(vapi, code, error);
    curl_easy_getinfo(vapi->curl, CURLINFO_RESPONSE_CODE, ret_status);
    return true;
}

/*
 * The value of an answer without the wrapping of /rest, or NULL if it is no JSON. (owned) A list
 * with nothing in it comes as null from services that are written in Go.
 */
static JsonObject *
parse_answer(const GString *answer)
{
    g_autoptr(JsonTokener) tokener = json_tokener_new_ex(JSON_DEPTH);
    json_object *json = json_tokener_parse_ex(tokener, answer->str, (int)answer->len),
                *value = NULL;
    if (json_object_is_type(json, json_type_object) &&
        json_object_object_get_ex(json, "value", &value)) {
        json_object_get(value);
        json_object_put(json);
        json = value;
    }
    if (!json && json_tokener_get_error(tokener) == json_tokener_success)
        json = json_object_new_array();
    return json;
}

/* Takes the answer of a vapi_perform(): only HTTP 200 with a value of that type will do. */
static bool
take_json(Vapi *vapi, const char *path, long status, json_type type, JsonObject **ret_json,
    GError **error)
{
    g_autoptr(JsonObject) json = status == STATUS_OK ? parse_answer(vapi->answer) : NULL;
    if (json && json_object_is_type(json, type)) {
        *ret_json = g_steal_pointer(&json);
        return true;
    }
    g_set_error(error, INGEST_ERROR,
        status == STATUS_UNAUTHORIZED ? INGEST_ERROR_AUTH : INGEST_ERROR_PROTOCOL,
        status == STATUS_OK ? "tagging service of '%s': '%s' answered in an unknown form"
                            : "tagging service of '%s': '%s' answered HTTP %ld",
        vapi->session->config->host, path, status);
    return false;
}

static bool
vapi_get(Vapi *vapi, const char *path, const char *id, json_type type, JsonObject **ret_json,
    GError **error)
{
    long status = 0;
    return vapi_perform(vapi, "GET", path, id, NULL, &status, error) &&
           take_json(vapi, path, status, type, ret_json, error);
}

/* --- session ---------------------------------------------------------------------------------- */

static bool
vapi_login_form(Vapi *vapi, const VapiForm *form, long *ret_status, GError **error)
{
    g_autoptr(JsonObject) json = NULL;
    vapi->form = form;
    curl_easy_setopt(vapi->curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(vapi->curl, CURLOPT_USERNAME, vapi->session->config->username);
    curl_easy_setopt(vapi->curl, CURLOPT_PASSWORD, vapi->session->config->password);
    bool is_ok = vapi_perform(vapi, "POST", form->session, NULL, NULL, ret_status, error);
    curl_easy_setopt(vapi->curl, CURLOPT_USERNAME, NULL);
    curl_easy_setopt(vapi->curl, CURLOPT_PASSWORD, NULL);
    json = is_ok ? parse_answer(vapi->answer) : NULL;
    const char *id =
        json_object_is_type(json, json_type_string) ? json_object_get_string(json) : NULL;
    bool is_made = *ret_status == STATUS_OK || *ret_status == STATUS_CREATED;
    if (is_ok && is_made && id && *id && !strpbrk(id, "\r\n"))
        vapi->session_header = g_strdup_printf("vmware-api-session-id: %s", id);
    return is_ok;
}

static bool
vapi_login(Vapi *vapi, GError **error)
{
    long status = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        if (!vapi_login_form(vapi, &forms[i], &status, error))
            return false;
        if (vapi->session_header)
            return true;
        if (status == STATUS_UNAUTHORIZED) /* not tried again: accounts get locked */
            break;
    }
    g_set_error(error, INGEST_ERROR,
        status == STATUS_UNAUTHORIZED ? INGEST_ERROR_AUTH : INGEST_ERROR_UNSUPPORTED,
        "tagging service of '%s': login answered HTTP %ld", vapi->session->config->host, status);
    return false;
}

static void
vapi_logout(Vapi *vapi)
{
    long status = 0;
    if (!vapi->session_header)
        return;
    curl_easy_setopt(vapi->curl, CURLOPT_NOPROGRESS, 1L); /* also when cancelled */
    curl_easy_setopt(vapi->curl, CURLOPT_TIMEOUT, (long)VIM_CLOSE_TIMEOUT_S);
    vapi_perform(vapi, "DELETE", vapi->form->session, NULL, NULL, &status, NULL);
}

/* --- tags ------------------------------------------------------------------------------------- */

static const char *
member_text(json_object *object, const char *name)
{
    json_object *value = NULL;
    if (!json_object_object_get_ex(object, name, &value) ||
        !json_object_is_type(value, json_type_string))
        return NULL;
    return json_object_get_string(value);
}

static bool
fetch_category(Vapi *vapi, VimTagSet *set, GHashTable *names, const char *id, const char **ret_name,
    GError **error)
{
    g_autoptr(JsonObject) json = NULL;
    *ret_name = g_hash_table_lookup(names, id);
    if (*ret_name)
        return true;
    if (!vapi_get(vapi, vapi->form->category, id, json_type_object, &json, error))
        return false;
    const char *name = member_text(json, "name");
    *ret_name = arena_strdup(&set->arena, name ? name : id);
    g_hash_table_insert(names, g_strdup(id), (gpointer)*ret_name);
    return true;
}

static bool
fetch_tag(Vapi *vapi, VimTagSet *set, GHashTable *categories, const char *id, Tag *ret_tag,
    GError **error)
{
    g_autoptr(JsonObject) json = NULL;
    if (!vapi_get(vapi, vapi->form->tag, id, json_type_object, &json, error))
        return false;
    const char *name = member_text(json, "name"), *category = member_text(json, "category_id"),
               *category_name = NULL;
    if (category && !fetch_category(vapi, set, categories, category, &category_name, error))
        return false;
    *ret_tag = (Tag){.category = text_known(category_name),
        .name = text_known(arena_strdup(&set->arena, name ? name : id))};
    return true;
}

static void
hang_tag(VimTagSet *set, const char *object_id, const Tag *tag)
{
    Hanging *hanging = arena_new(&set->arena, Hanging);
    hanging->tag = tag;
    hanging->next = g_hash_table_lookup(set->by_object, object_id);
    g_hash_table_insert(set->by_object, (gpointer)object_id, hanging);
}

/* --- associations ----------------------------------------------------------------------------- */

/* The end of a JSON string that begins at the quote @at. */
static const char *
skip_string(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && at[1])
            at++;
    return *at ? at + 1 : at;
}

/* The end of an object with no object in it, or NULL. */
static const char *
skip_flat_object(const char *at)
{
    for (at++; *at && *at != '}';) {
        if (*at == '{')
            return NULL;
        at = *at == '"' ? skip_string(at) : at + 1;
    }
    return *at ? at + 1 : NULL;
}

/* "vm-7" of {"id": "vm-7", "type": "VirtualMachine"}; "" of another object; NULL if it is none. */
static const char *
read_object_id(VimTagSet *set, const char *text, size_t length)
{
    g_autoptr(JsonTokener) tokener = json_tokener_new_ex(JSON_DEPTH);
    g_autoptr(JsonObject) object = json_tokener_parse_ex(tokener, text, (int)length);
    const char *id = object ? member_text(object, "id") : NULL,
               *type = object ? member_text(object, "type") : NULL;
    if (!id || !type)
        return NULL;
    return strcmp(type, "VirtualMachine") == 0 ? arena_intern(&set->arena, id) : "";
}

/*
 * An answer names each object of each tag: a DOM of it would outweigh all else that we hold. So
 * each object {"id", "type"} is read by itself and replaced by its place in @ids.
 */
static void
condense(VimTagSet *set, GString *answer, GPtrArray *ids)
{
    g_autoptr(GString) outer = g_string_new(NULL);
    for (const char *at = answer->str; *at;) {
        const char *end = *at == '"' ? skip_string(at) : *at == '{' ? skip_flat_object(at) : NULL;
        const char *id = end && *at == '{' ? read_object_id(set, at, (size_t)(end - at)) : NULL;
        if (id && *id) {
            g_string_append_printf(outer, "%u", ids->len);
            g_ptr_array_add(ids, (gpointer)id);
        } else if (id) {
            g_string_append(outer, "null");
        } else if (end) {
            g_string_append_len(outer, at, end - at);
        } else {
            g_string_append_c(outer, *at);
        }
        at = end ? end : at + 1;
    }
    g_string_assign(answer, outer->str);
}

/* One condensed entry of list-attached-objects-on-tags. */
static bool
take_association(Vapi *vapi, VimTagSet *set, GHashTable *categories, json_object *entry,
    const GPtrArray *ids, GError **error)
{
    json_object *objects = NULL;
    const char *tag_id = member_text(entry, "tag_id");
    if (!tag_id || !json_object_object_get_ex(entry, "object_ids", &objects) ||
        !json_object_is_type(objects, json_type_array))
        return true;
    Tag *tag = NULL;
    for (size_t i = 0; i < json_object_array_length(objects); i++) {
        json_object *place = json_object_array_get_idx(objects, i);
        int64_t at = json_object_is_type(place, json_type_int) ? json_object_get_int64(place) : -1;
        if (at < 0 || at >= ids->len)
            continue;
        if (!tag) {
            tag = arena_new(&set->arena, Tag);
            if (!fetch_tag(vapi, set, categories, tag_id, tag, error))
                return false;
        }
        hang_tag(set, ids->pdata[at], tag);
    }
    return true;
}

static bool
fetch_batch(Vapi *vapi, VimTagSet *set, GHashTable *categories, json_object *tag_ids, size_t begin,
    GError **error)
{
    g_autoptr(JsonObject) body = json_object_new_object();
    g_autoptr(JsonObject) answer = NULL;
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    json_object *batch = json_object_new_array();
    long status = 0;
    size_t end = MIN(begin + TAGS_BATCH, json_object_array_length(tag_ids));
    for (size_t i = begin; i < end; i++)
        json_object_array_add(batch, json_object_get(json_object_array_get_idx(tag_ids, i)));
    json_object_object_add(body, "tag_ids", batch);
    const char *path = vapi->form->association;
    if (!vapi_perform(vapi, "POST", path, NULL, json_object_to_json_string(body), &status, error))
        return false;
    condense(set, vapi->answer, ids);
    if (!take_json(vapi, path, status, json_type_array, &answer, error))
        return false;
    for (size_t i = 0; i < json_object_array_length(answer); i++)
        if (!take_association(
                vapi, set, categories, json_object_array_get_idx(answer, i), ids, error))
            return false;
    return true;
}

static bool
fetch_all(Vapi *vapi, VimTagSet *set, GError **error)
{
    g_autoptr(JsonObject) ids = NULL;
    g_autoptr(GHashTable) categories = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!vapi_get(vapi, vapi->form->tags, NULL, json_type_array, &ids, error))
        return false;
    size_t n = json_object_array_length(ids);
    if (n > TAGS_MAX) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_UNSUPPORTED,
            "tagging service of '%s': %zu tags, %d at most are read", vapi->session->config->host,
            n, TAGS_MAX);
        return false;
    }
    for (size_t i = 0; i < n; i += TAGS_BATCH)
        if (!fetch_batch(vapi, set, categories, ids, i, error))
            return false;
    return true;
}

bool
vim_tags_fetch(VimSession *session, VimTagSet **ret_tags, GError **error)
{
    Vapi vapi;
    VimTagSet *set = g_new0(VimTagSet, 1);
    arena_init(&set->arena);
    set->by_object = g_hash_table_new(g_str_hash, g_str_equal);
    vapi_init(&vapi, session);
    bool is_ok = vapi_login(&vapi, error) && fetch_all(&vapi, set, error);
    vapi_logout(&vapi);
    vapi_release(&vapi);
    if (is_ok)
        *ret_tags = set;
    else
        vim_tags_free(set);
    return is_ok;
}

void
vim_tags_free(VimTagSet *set)
{
    if (!set)
        return;
    g_hash_table_unref(set->by_object);
    arena_release(&set->arena);
    g_free(set);
}

Tag *
vim_tags_find(const VimTagSet *set, const char *id, Arena *arena, size_t *ret_n)
{
    const Hanging *hanging = g_hash_table_lookup(set->by_object, id);
    size_t n = 0;
    for (const Hanging *at = hanging; at; at = at->next)
        n++;
    Tag *tags = arena_new_n(arena, Tag, n);
    *ret_n = n;
    for (const Hanging *at = hanging; at; at = at->next)
        tags[--n] = *at->tag;
    return tags;
}
