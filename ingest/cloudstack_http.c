/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP(S) below the CloudStack client: a pool of libcurl handles, one per running call, each with
 * its connection kept open; TLS checked by CA and host name or by the certificate's fingerprint.
 *
 * CURLOPT_PINNEDPUBLICKEY pins the key, but what operators see and compare is the fingerprint of
 * the certificate; it is checked in OpenSSL's own verification callback.
 */
#include "ingest_priv.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>

#include "cleanup.h"

enum { CONNECT_TIMEOUT_MS = 10000, POOL_MAX = 16 };

struct HttpPool {
    char *url, *cacert, *proxy;
    unsigned char pin[FINGERPRINT_BYTES];
    bool has_pin, is_insecure;
    const atomic_bool *is_cancelled;
    pthread_mutex_t lock;
    GPtrArray *idle; /* owned HttpHandle */
};

/* A libcurl handle and where its running exchange goes. */
typedef struct HttpHandle {
    CURL *curl;
    HttpPool *pool;
    HttpReply *reply; /* of the running exchange */
    bool is_too_large;
    char why[CURL_ERROR_SIZE];
} HttpHandle;

/* --- the URL ---------------------------------------------------------------------------------- */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURLU, curl_url_cleanup)

static bool
url_has(CURLU *url, CURLUPart part)
{
    char *value = NULL;
    bool has = curl_url_get(url, part, &value, 0) == CURLUE_OK;
    curl_free(value);
    return has;
}

static char *
url_refuse(GError **error, const char *given, const char *why)
{
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
        "url '%s': %s; write it as 'https://HOST/client/api'", given, why);
    return NULL;
}

/* Completes the path: a host alone and ".../client" are taken for CloudStack's usual place. */
static void
url_complete_path(CURLU *url)
{
    char *path = NULL;
    if (curl_url_get(url, CURLUPART_PATH, &path, 0) != CURLUE_OK)
        path = NULL;
    g_autoptr(GString) full = g_string_new(path);
    curl_free(path);
    while (full->len && full->str[full->len - 1] == '/')
        g_string_truncate(full, full->len - 1);
    if (full->len == 0)
        g_string_assign(full, "/client/api");
    else if (g_str_has_suffix(full->str, "/client"))
        g_string_append(full, "/api");
    curl_url_set(url, CURLUPART_PATH, full->str, 0);
}

char *
cloudstack_url_parse(const char *given, GError **error)
{
    g_autoptr(CURLU) url = curl_url();
    /* An address with a password in it is not repeated in the message. */
    const char *host = strrchr(given, '@');
    if (host)
        return url_refuse(error, host + 1,
            "a user or password in the address is not used, keys come from the config");
    for (const char *c = given; *c; c++)
        if (g_ascii_isspace(*c) || g_ascii_iscntrl(*c))
            return url_refuse(error, given, "holds a blank or control character");
    if (!*given || curl_url_set(url, CURLUPART_URL, given,
                       CURLU_DEFAULT_SCHEME | CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        return url_refuse(error, given, "is not an address");
    char *scheme = NULL;
    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
    bool is_http = scheme && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    curl_free(scheme);
    if (!is_http)
        return url_refuse(error, given, "is neither https:// nor http://");
    if (url_has(url, CURLUPART_QUERY) || url_has(url, CURLUPART_FRAGMENT))
        return url_refuse(error, given, "has a '?' or '#' part");
    url_complete_path(url);
    char *full = NULL;
    if (curl_url_get(url, CURLUPART_URL, &full, 0) != CURLUE_OK)
        return url_refuse(error, given, "is not an address");
    char *copy = g_strdup(full);
    curl_free(full);
    return copy;
}

/* --- TLS -------------------------------------------------------------------------------------- */

static bool
parse_fingerprint(const char *text, unsigned char *ret_pin, GError **error)
{
    const char *at = g_ascii_strncasecmp(text, "sha256:", 7) == 0 ? text + 7 : text;
    unsigned char pin[FINGERPRINT_BYTES] = {0};
    size_t n = 0;
    for (; *at; at++) {
        if (*at == ':' || *at == ' ')
            continue;
        int digit = g_ascii_xdigit_value(*at);
        if (digit < 0 || n == sizeof pin * 2)
            break;
        pin[n / 2] = (unsigned char)(pin[n / 2] << 4 | digit);
        n++;
    }
    if (*at || n != sizeof pin * 2) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "fingerprint '%.100s': not the 64 hex digits of a certificate's SHA-256; see "
            "'openssl x509 -noout -fingerprint -sha256'",
            text);
        return false;
    }
    memcpy(ret_pin, pin, sizeof pin);
    return true;
}

static char *
fingerprint_text(const unsigned char *digest)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < FINGERPRINT_BYTES; i++)
        g_string_append_printf(text, i ? ":%02X" : "%02X", digest[i]);
    return g_string_free(text, false);
}

/* OpenSSL asks this instead of its own chain check. */
static int
verify_certificate(X509_STORE_CTX *chain, void *data)
{
    HttpHandle *handle = data;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    X509 *certificate = X509_STORE_CTX_get0_cert(chain);
    if (!certificate || !X509_digest(certificate, EVP_sha256(), digest, &length))
        return 0;
    if (handle->reply) {
        g_free(handle->reply->fingerprint);
        handle->reply->fingerprint = fingerprint_text(digest);
    }
    if (handle->pool->is_insecure && !handle->pool->has_pin)
        return 1;
    if (!handle->pool->has_pin)
        return X509_verify_cert(chain);
    bool is_same = CRYPTO_memcmp(digest, handle->pool->pin, FINGERPRINT_BYTES) == 0;
    X509_STORE_CTX_set_error(chain, is_same ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
    return is_same;
}

static CURLcode
prepare_tls(CURL *curl, void *context, void *data)
{
    (void)curl;
    SSL_CTX_set_cert_verify_callback(context, verify_certificate, data);
    return CURLE_OK;
}

/* --- handles ---------------------------------------------------------------------------------- */

static size_t
on_body(char *data, size_t size, size_t n, void *userdata)
{
    HttpHandle *handle = userdata;
    size_t bytes = size * n;
    if (handle->reply->body->len + bytes > REPLY_BYTES_MAX) {
        handle->is_too_large = true;
        return 0;
    }
    g_string_append_len(handle->reply->body, data, (gssize)bytes);
    return bytes;
}

static size_t
on_header(char *data, size_t size, size_t n, void *userdata)
{
    HttpHandle *handle = userdata;
    g_autofree char *line = g_strndup(data, size * n);
    g_strstrip(line);
    if (g_ascii_strncasecmp(line, "date:", 5) == 0)
        handle->reply->date = curl_getdate(line + 5, NULL);
    if (g_ascii_strncasecmp(line, "location:", 9) == 0) {
        g_free(handle->reply->location);
        handle->reply->location = g_strdup(g_strstrip(line + 9));
    }
    return size * n;
}

static int
on_progress(void *userdata, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    const HttpHandle *handle = userdata;
    return handle->pool->is_cancelled && atomic_load(handle->pool->is_cancelled);
}

static void
handle_free(void *data)
{
    HttpHandle *handle = data;
    curl_easy_cleanup(handle->curl);
    g_free(handle);
}

static HttpHandle *
handle_new(HttpPool *pool)
{
    HttpHandle *handle = g_new0(HttpHandle, 1);
    handle->pool = pool;
    CURL *curl = handle->curl = curl_easy_init();
    g_assert(curl);
    curl_easy_setopt(curl, CURLOPT_URL, pool->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    /* One request at a time on a connection: no streams that libcurl would repeat by itself. */
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L); /* some calls are silent for minutes */
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handle->why);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "vm-ingest/" VM_INGEST_VERSION);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, handle);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, handle);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, handle);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, prepare_tls);
    curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, handle);
    if (pool->cacert)
        curl_easy_setopt(curl, CURLOPT_CAINFO, pool->cacert);
    if (pool->is_insecure)
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    if (pool->is_insecure || pool->has_pin)
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    if (pool->has_pin) /* the callback decides */
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    if (pool->proxy)
        curl_easy_setopt(curl, CURLOPT_PROXY, pool->proxy);
    return handle;
}

static HttpHandle *
pool_steal(HttpPool *pool)
{
    pthread_mutex_lock(&pool->lock);
    HttpHandle *handle =
        pool->idle->len ? g_ptr_array_steal_index_fast(pool->idle, pool->idle->len - 1) : NULL;
    pthread_mutex_unlock(&pool->lock);
    return handle ? handle : handle_new(pool);
}

static void
pool_take(HttpPool *pool, HttpHandle *handle)
{
    handle->reply = NULL;
    pthread_mutex_lock(&pool->lock);
    bool is_full = pool->idle->len >= POOL_MAX;
    if (!is_full)
        g_ptr_array_add(pool->idle, handle);
    pthread_mutex_unlock(&pool->lock);
    if (is_full)
        handle_free(handle);
}

/* --- one exchange ----------------------------------------------------------------------------- */

static IngestErrorCode
curl_error_code(CURLcode code)
{
    if (code == CURLE_OPERATION_TIMEDOUT)
        return INGEST_ERROR_TIMEOUT;
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return INGEST_ERROR_CANCELLED;
    if (code == CURLE_SSL_CACERT_BADFILE)
        return INGEST_ERROR_CONFIG;
    if (code == CURLE_PARTIAL_FILE || code == CURLE_WRITE_ERROR ||
        code == CURLE_BAD_CONTENT_ENCODING || code == CURLE_WEIRD_SERVER_REPLY ||
        code == CURLE_UNSUPPORTED_PROTOCOL)
        return INGEST_ERROR_PROTOCOL;
    return INGEST_ERROR_UNREACHABLE;
}

static bool
is_tls_code(CURLcode code)
{
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR ||
           code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CIPHER ||
           code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR;
}

/* What the operator can do about it. (owned) */
static char *
curl_remedy(const HttpHandle *handle, CURLcode code)
{
    const char *shown = handle->reply->fingerprint;
    if (code == CURLE_COULDNT_RESOLVE_HOST)
        return g_strdup("check the host in 'url' and the name servers");
    if (code == CURLE_COULDNT_RESOLVE_PROXY)
        return g_strdup("check 'proxy' and http_proxy, https_proxy");
    if (code == CURLE_COULDNT_CONNECT)
        return g_strdup("check host and port in 'url', the firewall, and that the management "
                        "server runs");
    if (code == CURLE_SSL_CACERT_BADFILE)
        return g_strdup_printf("'cacert' must be a readable PEM file, it is '%s'",
            handle->pool->cacert ? handle->pool->cacert : "(the system's)");
    if (is_tls_code(code) && handle->pool->has_pin && shown)
        return g_strdup_printf("the server's certificate has the SHA-256 fingerprint %s, not the "
                               "one in 'fingerprint': if it was renewed, compare and change it",
            shown);
    if (is_tls_code(code) && shown)
        return g_strdup_printf("give its CA as 'cacert', or after comparing it on the server "
                               "'fingerprint' %s",
            shown);
    if (is_tls_code(code))
        return g_strdup("does this port speak TLS? 'http://' is plain HTTP");
    return NULL;
}

static bool
complain(const HttpHandle *handle, CURLcode code, unsigned timeout_s, GError **error)
{
    const char *why = *handle->why ? handle->why : curl_easy_strerror(code);
    if (handle->is_too_large)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL, "the reply is larger than %d MiB",
            REPLY_BYTES_MAX >> 20);
    else if (code == CURLE_OPERATION_TIMEDOUT && handle->reply->address)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_TIMEOUT,
            "no complete reply within %u s, %zu bytes came", timeout_s, handle->reply->body->len);
    else if (code == CURLE_ABORTED_BY_CALLBACK)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "interrupted");
    else {
        HttpReply *reply = handle->reply;
        reply->why = g_strdup(why);
        reply->remedy = curl_remedy(handle, code);
        g_set_error(error, INGEST_ERROR, (int)curl_error_code(code), "%s%s%s%s",
            is_tls_code(code) ? "TLS: " : "", why, reply->remedy ? "; " : "",
            reply->remedy ? reply->remedy : "");
    }
    return false;
}

bool
http_pool_post(HttpPool *pool, const GString *form, unsigned timeout_s, bool is_reading,
    HttpReply *reply, GError **error)
{
    HttpHandle *handle = pool_steal(pool);
    CURL *curl = handle->curl;
    http_reply_clear(reply);
    reply->body = g_string_new(NULL);
    handle->reply = reply;
    handle->is_too_large = false;
    *handle->why = '\0';
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)form->len);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, form->str);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_s * 1000);
    /* libcurl repeats a request when a kept connection turns out to be dead. A write must not be
     * sent twice, so it gets a connection of its own. */
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, is_reading ? 0L : 1L);
    CURLcode code = curl_easy_perform(curl);
    long status = 0, port = 0;
    char *ip = NULL;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_PRIMARY_IP, &ip);
    curl_easy_getinfo(curl, CURLINFO_PRIMARY_PORT, &port);
    if (ip && *ip)
        reply->address = g_strdup_printf("%s port %ld", ip, port);
    reply->status = (int)status;
    reply->curl_code = (int)code;
    bool is_ok = code == CURLE_OK || complain(handle, code, timeout_s, error);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, NULL);
    pool_take(pool, handle);
    return is_ok;
}

void
http_reply_clear(HttpReply *reply)
{
    if (reply->body)
        g_string_free(reply->body, true);
    g_free(reply->address);
    g_free(reply->fingerprint);
    g_free(reply->location);
    g_free(reply->why);
    g_free(reply->remedy);
    *reply = (HttpReply){.date = -1};
}

/* --- the pool --------------------------------------------------------------------------------- */

static void
init_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

HttpPool *
http_pool_new(const char *url, const CloudStackClientOptions *options, GError **error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_curl);
    unsigned char pin[FINGERPRINT_BYTES] = {0};
    if (options->fingerprint && !parse_fingerprint(options->fingerprint, pin, error))
        return NULL;
    HttpPool *pool = g_new0(HttpPool, 1);
    pool->url = g_strdup(url);
    pool->cacert = g_strdup(options->cacert);
    pool->proxy = g_strdup(options->proxy);
    memcpy(pool->pin, pin, sizeof pin);
    pool->has_pin = options->fingerprint != NULL;
    pool->is_insecure = options->is_insecure;
    pool->is_cancelled = options->is_cancelled;
    pthread_mutex_init(&pool->lock, NULL);
    pool->idle = g_ptr_array_new_with_free_func(handle_free);
    return pool;
}

void
http_pool_free(HttpPool *pool)
{
    if (!pool)
        return;
    g_ptr_array_unref(pool->idle);
    pthread_mutex_destroy(&pool->lock);
    g_free(pool->url);
    g_free(pool->cacert);
    g_free(pool->proxy);
    g_free(pool);
}
