/* SPDX-License-Identifier: Apache-2.0
 *
 * The CloudStack client: signed calls, repetition of reads, and what a 401 means.
 *
 * The server answers a wrong key, an expired request, a disabled user and an API that it does not
 * have with one and the same 401. Two more requests of listApis tell them apart.
 */
#include "ingest_priv.h"

#include <curl/curl.h>
#include <string.h>

#include "cleanup.h"

enum {
    TIMEOUT_S = 120,
    PROBE_TIMEOUT_S = 30, /* of a question of our own */
    EXPIRES_S = 600,      /* servers that enforce it allow 15 minutes at most */
    EXPIRES_FAR_S = 24 * 3600,
    RETRY_DELAY_MS = 500,
    RETRIES_MAX = 4,        /* of 503 and broken connections */
    LIMIT_RETRIES_MAX = 20, /* of 429, which names its own delay */
    LIMIT_DELAY_MS = 1000,  /* if the server names none */
    LIMIT_DELAY_MIN_MS = 10,
    LIMIT_DELAY_MAX_MS = 10000,
    DELAY_SLICE_MS = 50,
};

struct CloudStackClient {
    CloudStack seam; /* first: the seam's pointer is the client's */
    char *url, *api_key, *secret_key;
    HttpPool *pool;
    unsigned timeout_s, retry_delay_ms;
    bool is_unchecked; /* TLS */
    const atomic_bool *is_cancelled;
};

typedef struct Request {
    const char *command;
    const CloudStackParam *params;
    size_t n;
    unsigned timeout_s;
    int expires_s; /* from now */
    bool is_reading;
} Request;

static void
wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

/* --- one request ------------------------------------------------------------------------------ */

static void
append_pair(GString *form, const char *name, const char *value)
{
    if (form->len)
        g_string_append_c(form, '&');
    cloudstack_append_encoded(form, name);
    g_string_append_c(form, '=');
    cloudstack_append_encoded(form, value);
}

static void
format_expiry(time_t at, char *out, size_t size)
{
    struct tm utc;
    gmtime_r(&at, &utc);
    strftime(out, size, "%Y-%m-%dT%H:%M:%S+0000", &utc);
}

/* The signed form of a request. (owned) */
static GString *
build_form(const CloudStackClient *client, const Request *request)
{
    char expires[40];
    format_expiry(time(NULL) + request->expires_s, expires, sizeof expires);
    const CloudStackParam own[] = {{"apiKey", client->api_key}, {"command", request->command},
        {"expires", expires}, {"response", "json"}, {"signatureVersion", "3"}};
    size_t n = request->n + G_N_ELEMENTS(own);
    g_autofree CloudStackParam *all = g_new(CloudStackParam, n);
    memcpy(all, own, sizeof own);
    if (request->n)
        memcpy(all + G_N_ELEMENTS(own), request->params, request->n * sizeof *all);
    g_autofree char *signature = cloudstack_sign(client->secret_key, all, n);
    GString *form = g_string_new(NULL);
    for (size_t i = 0; i < n; i++)
        if (all[i].value)
            append_pair(form, all[i].name, all[i].value);
    append_pair(form, "signature", signature);
    return form;
}

static bool
is_cancelled(const CloudStackClient *client)
{
    return client->is_cancelled && atomic_load(client->is_cancelled);
}

static void
pause_ms(const CloudStackClient *client, unsigned ms)
{
    for (unsigned slept = 0; slept < ms && !is_cancelled(client); slept += DELAY_SLICE_MS) {
        unsigned slice = MIN((unsigned)DELAY_SLICE_MS, ms - slept);
        nanosleep(&(struct timespec){.tv_nsec = (long)slice * 1000000}, NULL);
    }
}

/* "..., please retry after [N] ms." */
static unsigned
limit_delay_ms(const HttpReply *reply)
{
    const char *at = strstr(reply->body->str, "retry after [");
    guint64 ms = at ? g_ascii_strtoull(at + strlen("retry after ["), NULL, 10) : LIMIT_DELAY_MS;
    return (unsigned)CLAMP(ms, LIMIT_DELAY_MIN_MS, LIMIT_DELAY_MAX_MS);
}

/* How long to wait before sending a reading call again; 0 = not again. */
static unsigned
retry_delay_ms(
    const CloudStackClient *client, const HttpReply *reply, unsigned *limits, unsigned *failures)
{
    if (reply->curl_code == CURLE_OK && reply->status == API_LIMIT_EXCEEDED)
        return ++*limits > LIMIT_RETRIES_MAX ? 0 : limit_delay_ms(reply);
    bool is_broken = reply->curl_code == CURLE_RECV_ERROR || reply->curl_code == CURLE_SEND_ERROR ||
                     reply->curl_code == CURLE_GOT_NOTHING ||
                     reply->curl_code == CURLE_PARTIAL_FILE;
    if (!is_broken && (reply->curl_code != CURLE_OK || reply->status != 503))
        return 0;
    return ++*failures > RETRIES_MAX ? 0 : client->retry_delay_ms << (*failures - 1);
}

/* Sends a request until there is a reply worth reading. @reply is filled in any case. */
static bool
exchange(CloudStackClient *client, const Request *request, HttpReply *reply, GError **error)
{
    for (unsigned limits = 0, failures = 0;;) {
        g_autoptr(GString) form = build_form(client, request);
        g_autoptr(GError) why = NULL;
        bool is_ok = http_pool_post(
            client->pool, form, request->timeout_s, request->is_reading, reply, &why);
        unsigned delay =
            request->is_reading ? retry_delay_ms(client, reply, &limits, &failures) : 0;
        if (delay == 0 || is_cancelled(client)) {
            if (!is_ok) {
                g_propagate_prefixed_error(error, g_steal_pointer(&why), "%s: ", request->command);
                if (failures > 1)
                    g_prefix_error(error, "after %u attempts: ", failures);
            }
            return is_ok;
        }
        pause_ms(client, delay);
    }
}

static bool
check_redirect(const Request *request, const HttpReply *reply, GError **error)
{
    if (reply->status < 300 || reply->status >= 400)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL,
        "%s: HTTP %d, a redirect to '%s': give that address as 'url' if it is right",
        request->command, reply->status, reply->location ? reply->location : "(nowhere)");
    return false;
}

static bool
send_request(CloudStackClient *client, const Request *request, CloudStackFault *fault,
    time_t *ret_date, json_object **ret_reply, GError **error)
{
    HttpReply reply = {.date = -1};
    bool is_ok = exchange(client, request, &reply, error) &&
                 check_redirect(request, &reply, error) &&
                 cloudstack_reply_read(request->command, reply.status, reply.body->str,
                     reply.body->len, fault, ret_reply, error);
    *ret_date = reply.date;
    http_reply_clear(&reply);
    return is_ok;
}

/* --- what a 401 means ------------------------------------------------------------------------- */

/* What listApis answers when it is asked for one command. */
typedef enum Probe {
    PROBE_REFUSED, /* listApis itself was */
    PROBE_ABSENT,  /* the server has no such API, or not for this role */
    PROBE_OFFERED,
} Probe;

static Probe
probe(CloudStackClient *client, const char *command, int expires_s)
{
    const CloudStackParam params[] = {{"name", command}};
    const Request request = {.command = "listApis",
        .params = params,
        .n = 1,
        .timeout_s = PROBE_TIMEOUT_S,
        .expires_s = expires_s,
        .is_reading = true};
    CloudStackFault fault = {0};
    time_t date;
    g_autoptr(JsonObject) reply = NULL;
    bool is_ok = send_request(client, &request, &fault, &date, &reply, NULL);
    bool is_refused_by_role = fault.code == API_NOT_FOR_ROLE;
    cloudstack_fault_clear(&fault);
    if (!is_ok)
        return is_refused_by_role ? PROBE_ABSENT : PROBE_REFUSED;
    json_object *apis = json_object_object_get(reply, "api");
    bool is_listed = json_object_is_type(apis, json_type_array) && json_object_array_length(apis);
    return is_listed ? PROBE_OFFERED : PROBE_ABSENT;
}

/* How far off the clocks are, as an addition to a sentence. (owned) */
static char *
describe_clock(time_t date)
{
    if (date < 0)
        return g_strdup("");
    time_t off = time(NULL) - date;
    return g_strdup_printf("; this machine's clock is %ld s %s the server's", labs((long)off),
        off < 0 ? "behind" : "ahead of");
}

/* The likely cause of a 401, with what was ruled out. (owned) */
static char *
explain_401(CloudStackClient *client, const char *command, time_t date)
{
    bool is_probe_itself = strcmp(command, "listApis") == 0;
    Probe found = is_probe_itself ? PROBE_REFUSED : probe(client, command, EXPIRES_S);
    if (found == PROBE_ABSENT)
        return g_strdup_printf(
            "the keys are right (listApis answers), but the server does not have "
            "the API '%s' or does not offer it to this role",
            command);
    if (found == PROBE_OFFERED)
        return g_strdup_printf("the keys are right and listApis offers '%s': refused only this "
                               "once, or by a rule of the key pair",
            command);
    g_autofree char *clock = describe_clock(date);
    if (probe(client, "listApis", EXPIRES_FAR_S) != PROBE_REFUSED)
        return g_strdup_printf(
            "the keys are right, the clocks are not: a request that expires in "
            "10 minutes is refused, one that expires in a day is accepted%s; set "
            "this machine's time",
            clock);
    return g_strdup_printf(
        "ruled out: an absent API (listApis is refused too) and a clock that is less than a day "
        "behind the server's (a request that expires in a day is refused too)%s; left are a wrong "
        "API key or secret key, a disabled user or account, API access switched off for it, a "
        "source address that is not allowed, or, if the server limits expiry, a clock that is "
        "minutes ahead",
        clock);
}

/* --- the seam --------------------------------------------------------------------------------- */

/* Calls that change nothing, by CloudStack's own rule for GET. */
static bool
is_reading_command(const char *command)
{
    static const char *const verbs[] = {"list", "get", "query", "find"};
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
        if (g_str_has_prefix(command, verbs[i]))
            return true;
    return false;
}

static bool
client_call(CloudStack *self, const char *command, const CloudStackParam *params, size_t n,
    unsigned timeout_s, CloudStackFault *fault, json_object **ret_reply, GError **error)
{
    CloudStackClient *client = (CloudStackClient *)self;
    const Request request = {.command = command,
        .params = params,
        .n = n,
        .timeout_s = timeout_s ? timeout_s : client->timeout_s,
        .expires_s = EXPIRES_S,
        .is_reading = is_reading_command(command)};
    CloudStackFault own = {0};
    time_t date;
    g_autoptr(GError) why = NULL;
    bool is_ok = send_request(client, &request, &own, &date, ret_reply, &why);
    if (!is_ok && own.http_status == API_UNAUTHORIZED && why->code == INGEST_ERROR_AUTH) {
        g_autofree char *cause = explain_401(client, command, date);
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_AUTH, "%s: %s", why->message, cause);
    } else if (!is_ok)
        g_propagate_error(error, g_steal_pointer(&why));
    if (fault) {
        cloudstack_fault_clear(fault);
        *fault = own;
    } else
        cloudstack_fault_clear(&own);
    return is_ok;
}

static bool
check_key(const char *option, const char *key, GError **error)
{
    if (!key || !*key) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "%s is missing: make a key pair for a root administrator in CloudStack", option);
        return false;
    }
    for (const char *c = key; *c; c++) {
        if (g_ascii_isgraph(*c))
            continue;
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "%s holds a blank, control or non-ASCII character: was it copied whole and alone?",
            option);
        return false;
    }
    return true;
}

CloudStackClient *
cloudstack_client_new(const CloudStackClientOptions *options, GError **error)
{
    if (!options->url) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "url is missing; write it as 'https://HOST/client/api'");
        return NULL;
    }
    g_autofree char *url = cloudstack_url_parse(options->url, error);
    if (!url || !check_key("the API key", options->api_key, error) ||
        !check_key("the secret key", options->secret_key, error))
        return NULL;
    HttpPool *pool = http_pool_new(url, options, error);
    if (!pool)
        return NULL;
    CloudStackClient *client = g_new0(CloudStackClient, 1);
    client->seam.call = client_call;
    client->seam.url = client->url = g_steal_pointer(&url);
    client->api_key = g_strdup(options->api_key);
    client->secret_key = g_strdup(options->secret_key);
    client->pool = pool;
    client->timeout_s = options->timeout_s ? options->timeout_s : TIMEOUT_S;
    client->retry_delay_ms = options->retry_delay_ms ? options->retry_delay_ms : RETRY_DELAY_MS;
    client->is_unchecked = options->is_insecure && !options->fingerprint;
    client->is_cancelled = options->is_cancelled;
    return client;
}

void
cloudstack_client_free(CloudStackClient *client)
{
    if (!client)
        return;
    http_pool_free(client->pool);
    g_free(client->url);
    wipe(client->api_key);
    wipe(client->secret_key);
    g_free(client);
}

CloudStack *
cloudstack_client_seam(CloudStackClient *client)
{
    return &client->seam;
}

/* --- doctor ----------------------------------------------------------------------------------- */

typedef struct Check {
    CloudStackClient *client;
    const HopSink *hops;
    bool is_ok;
} Check;

static bool
tell(Check *check, const char *hop, HopResult result, const char *detail, const char *remedy)
{
    check->hops->hop(check->hops->data, hop, result, detail, remedy);
    check->is_ok = check->is_ok && result != HOP_FAILED;
    return result == HOP_OK;
}

static void
skip_from(Check *check, size_t first)
{
    static const char *const hops[] = {"name", "connection", "tls", "login", "rights"};
    for (size_t i = first; i < G_N_ELEMENTS(hops); i++)
        tell(check, hops[i], HOP_SKIPPED, "not reached", NULL);
}

static void
tell_certificate(Check *check, const HttpReply *reply)
{
    g_autofree char *detail = g_strdup_printf("%s, SHA-256 fingerprint %s",
        check->client->is_unchecked ? "the certificate is not checked" : "certificate checked",
        reply->fingerprint ? reply->fingerprint : "not seen");
    tell(check, "tls", HOP_OK, detail,
        check->client->is_unchecked ? "set 'cacert' or 'fingerprint'" : NULL);
}

/* name, connection, tls: told from how far the first request came. */
static bool
tell_transport(Check *check, const HttpReply *reply, const GError *why)
{
    const char *url = check->client->url;
    int code = reply->curl_code;
    const char *text = reply->why ? reply->why : why ? why->message : "";
    if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY) {
        tell(check, "name", HOP_FAILED, text, reply->remedy);
        skip_from(check, 1);
        return false;
    }
    tell(check, "name", HOP_OK, url, NULL);
    if (!reply->address || code == CURLE_COULDNT_CONNECT) {
        tell(check, "connection", HOP_FAILED, text, reply->remedy);
        skip_from(check, 2);
        return false;
    }
    tell(check, "connection", HOP_OK, reply->address, NULL);
    if (g_str_has_prefix(url, "http://"))
        tell(check, "tls", HOP_SKIPPED,
            "plain HTTP: whoever sees the traffic can read the replies and repeat a request until "
            "it expires; the secret key itself is never sent",
            "use 'https://' in 'url'");
    else if (code != CURLE_OK)
        tell(check, "tls", HOP_FAILED, text, reply->remedy);
    else
        tell_certificate(check, reply);
    if (code != CURLE_OK)
        skip_from(check, 3);
    return code == CURLE_OK;
}

static bool
has_api(json_object *apis, const char *name)
{
    for (size_t i = 0; apis && i < json_object_array_length(apis); i++) {
        json_object *found = json_object_object_get(json_object_array_get_idx(apis, i), "name");
        if (found && strcmp(json_object_get_string(found), name) == 0)
            return true;
    }
    return false;
}

/* The type of the account that the keys belong to; -1 when it cannot be told. */
static int
fetch_account_type(CloudStackClient *client)
{
    g_autoptr(JsonObject) reply = NULL;
    if (!client_call(&client->seam, "listAccounts", NULL, 0, PROBE_TIMEOUT_S, NULL, &reply, NULL))
        return -1;
    json_object *accounts = json_object_object_get(reply, "account");
    if (!json_object_is_type(accounts, json_type_array) || json_object_array_length(accounts) != 1)
        return -1;
    json_object *type =
        json_object_object_get(json_object_array_get_idx(accounts, 0), "accounttype");
    return type ? json_object_get_int(type) : -1;
}

static void
tell_rights(Check *check, json_object *apis)
{
    static const char *const wanted[] = {
        "listUnmanagedInstances", "importUnmanagedInstance", "queryAsyncJobResult"};
    g_autoptr(GString) missing = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
        if (!has_api(apis, wanted[i]))
            g_string_append_printf(missing, "%s%s", missing->len ? ", " : "", wanted[i]);
    for (int i = 0; i < CATALOG_N_LISTS; i++) {
        const CatalogListSpec *spec = &catalog_list_specs[i];
        if (!spec->is_optional && !has_api(apis, spec->command))
            g_string_append_printf(missing, "%s%s", missing->len ? ", " : "", spec->command);
    }
    int type = fetch_account_type(check->client);
    bool is_other = type >= 0 && type != ACCOUNT_TYPE_ROOT_ADMIN;
    g_autofree char *detail = g_strdup_printf("%s%s%s%s", missing->len ? "missing: " : "",
        missing->str, missing->len && is_other ? "; " : "",
        is_other ? "the keys are not of a root administrator's account" : "");
    bool is_ok = !*detail;
    tell(check, "rights", is_ok ? HOP_OK : HOP_FAILED,
        is_ok ? (type == ACCOUNT_TYPE_ROOT_ADMIN ? "root administrator, all APIs" : "all APIs")
              : detail,
        is_ok ? NULL
              : "use the keys of a root administrator (account type Admin), and let its role have "
                "these APIs: CloudStack imports for no other account");
}

static void
tell_login(Check *check, const HttpReply *reply)
{
    CloudStackFault fault = {0};
    g_autoptr(JsonObject) answer = NULL;
    g_autoptr(GError) why = NULL;
    const Request request = {.command = "listApis"};
    bool is_ok = check_redirect(&request, reply, &why) &&
                 cloudstack_reply_read("listApis", reply->status, reply->body->str,
                     reply->body->len, &fault, &answer, &why);
    if (is_ok) {
        tell(check, "login", HOP_OK, "listApis answers", NULL);
        tell_rights(check, json_object_object_get(answer, "api"));
    } else {
        g_autofree char *cause =
            fault.http_status == API_UNAUTHORIZED && why->code == INGEST_ERROR_AUTH
                ? explain_401(check->client, "listApis", reply->date)
                : NULL;
        tell(check, "login", HOP_FAILED, why->message, cause ? cause : "check 'url' and the keys");
        skip_from(check, 4);
    }
    cloudstack_fault_clear(&fault);
}

bool
cloudstack_client_check(CloudStackClient *client, const HopSink *hops, GError **error)
{
    (void)error;
    Check check = {.client = client, .hops = hops, .is_ok = true};
    const Request request = {.command = "listApis",
        .timeout_s = client->timeout_s,
        .expires_s = EXPIRES_S,
        .is_reading = true};
    HttpReply reply = {.date = -1};
    g_autoptr(GError) why = NULL;
    exchange(client, &request, &reply, &why);
    if (tell_transport(&check, &reply, why))
        tell_login(&check, &reply);
    http_reply_clear(&reply);
    return check.is_ok;
}
