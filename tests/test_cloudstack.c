/* SPDX-License-Identifier: Apache-2.0
 *
 * The CloudStack client over HTTP: against a server that answers by a script of raw replies, and
 * against the management server's stand-in, over TLS too.
 */
#include "ingest/ingest_priv.h"

#include "cleanup.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

/* --- a server by script ----------------------------------------------------------------------- */

enum { SCRIPT_MAX = 8, REQUEST_MAX = 65536 };

/* In place of a reply. */
#define CLOSE "close" /* the connection, without a byte */
#define HANG  "hang"  /* until the script ends */

typedef struct Script {
    const char *replies[SCRIPT_MAX]; /* in the order of requests; the last one again and again */
    size_t n_replies;
    size_t gzip_bytes; /* length of a reply that is no text, 0: text */
    int listener;
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock;
    atomic_size_t n_requests, n_connections;
    atomic_bool is_over;
    char *last_request;  /* owned */
    struct Script *next; /* all that were made */
} Script;

/* Scripts outlive their detached threads: they are kept to the end. */
static Script *scripts;

typedef struct Connection {
    Script *script;
    int fd;
} Connection;

/* One request with its body. False at the end of the connection. */
static bool
read_request(int fd, GString *request)
{
    g_string_truncate(request, 0);
    for (;;) {
        char *end = strstr(request->str, "\r\n\r\n");
        char *length = strcasestr(request->str, "content-length:");
        if (end && length) {
            size_t body = (size_t)g_ascii_strtoull(length + 15, NULL, 10);
            if (request->len >= (size_t)(end + 4 - request->str) + body)
                return true;
        }
        char piece[4096];
        ssize_t n = read(fd, piece, sizeof piece);
        if (n <= 0 || request->len > REQUEST_MAX)
            return false;
        g_string_append_len(request, piece, n);
    }
}

static const char *
next_reply(Script *script, const GString *request)
{
    pthread_mutex_lock(&script->lock);
    const char *reply = script->replies[MIN(script->n_requests, script->n_replies - 1)];
    script->n_requests++;
    g_free(script->last_request);
    script->last_request = g_strdup(request->str);
    pthread_mutex_unlock(&script->lock);
    return reply;
}

static void *
serve_connection(void *data)
{
    Connection *connection = data;
    Script *script = connection->script;
    g_autoptr(GString) request = g_string_new(NULL);
    while (read_request(connection->fd, request)) {
        const char *reply = next_reply(script, request);
        if (strcmp(reply, CLOSE) == 0)
            break;
        while (strcmp(reply, HANG) == 0 && !atomic_load(&script->is_over))
            usleep(10000);
        size_t length = script->gzip_bytes ? script->gzip_bytes : strlen(reply);
        if (write(connection->fd, reply, length) != (ssize_t)length ||
            strstr(reply, "Connection: close"))
            break;
    }
    close(connection->fd);
    g_free(connection);
    return NULL;
}

static void *
serve(void *data)
{
    Script *script = data;
    for (;;) {
        int fd = accept(script->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        pthread_mutex_lock(&script->lock);
        script->n_connections++;
        pthread_mutex_unlock(&script->lock);
        Connection *connection = g_new0(Connection, 1);
        *connection = (Connection){script, fd};
        pthread_t thread;
        g_assert_cmpint(pthread_create(&thread, NULL, serve_connection, connection), ==, 0);
        pthread_detach(thread);
    }
}

static Script *
script_new(const char *first, const char *second, const char *third)
{
    Script *script = g_new0(Script, 1);
    script->next = scripts;
    scripts = script;
    const char *const replies[] = {first, second, third};
    for (size_t i = 0; i < G_N_ELEMENTS(replies) && replies[i]; i++)
        script->replies[script->n_replies++] = replies[i];
    pthread_mutex_init(&script->lock, NULL);
    script->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    g_assert_cmpint(bind(script->listener, (struct sockaddr *)&address, size), ==, 0);
    g_assert_cmpint(listen(script->listener, 16), ==, 0);
    getsockname(script->listener, (struct sockaddr *)&address, &size);
    script->port = ntohs(address.sin_port);
    g_assert_cmpint(pthread_create(&script->thread, NULL, serve, script), ==, 0);
    return script;
}

static void
script_end(Script *script)
{
    atomic_store(&script->is_over, true);
    shutdown(script->listener, SHUT_RDWR);
    pthread_join(script->thread, NULL);
    close(script->listener);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Script, script_end)

enum { PATIENCE_S = 300 }; /* where the answer comes, on a busy machine too */

static CloudStackClient *
script_client(const Script *script, unsigned timeout_s)
{
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u", script->port);
    const CloudStackClientOptions options = {.url = url,
        .api_key = "KEY",
        .secret_key = "SECRET-NOT-TO-BE-SEEN",
        .timeout_s = timeout_s,
        .retry_delay_ms = 1};
    g_autoptr(GError) error = NULL;
    CloudStackClient *client = cloudstack_client_new(&options, &error);
    g_assert_no_error(error);
    return client;
}

static json_object *
call(CloudStackClient *client, const char *command, CloudStackFault *fault, GError **error)
{
    CloudStack *cs = cloudstack_client_seam(client);
    json_object *reply = NULL;
    bool is_ok = cs->call(cs, command, NULL, 0, 0, fault, &reply, error);
    g_assert_true(is_ok == (reply != NULL));
    return reply;
}

#define GOOD                                                                                       \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 22\r\n\r\n"              \
    "{\"listr\":{\"count\":7} }"
#define BUSY                                                                                       \
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n"    \
    "<h1>wait</h1>"
#define LIMITED                                                                                    \
    "HTTP/1.1 429 x\r\nContent-Length: 108\r\n\r\n{\"listr\":{\"errorcode\":429,\"errortext\":"    \
    "\"The given user has reached his/her limit, please retry after [30] ms.\"}}"

static void
assert_count(json_object *reply, int count)
{
    g_assert_nonnull(reply);
    g_assert_cmpint(json_object_get_int(json_object_object_get(reply, "count")), ==, count);
}

static void
test_request_form(void)
{
    g_autoptr(Script) script = script_new(GOOD, NULL, NULL);
    g_autoptr(CloudStackClient) client = script_client(script, PATIENCE_S);
    const CloudStackParam params[] = {{"name", "a b+c/\xc3\xbc&=*~"}, {"zoneid", NULL}};
    CloudStack *cs = cloudstack_client_seam(client);
    g_autoptr(JsonObject) reply = NULL;
    g_assert_true(cs->call(cs, "listThings", params, 2, 0, NULL, &reply, NULL));
    assert_count(reply, 7);
    const char *seen = script->last_request;
    g_assert_true(g_str_has_prefix(seen, "POST /client/api HTTP/1.1\r\n"));
    g_assert_nonnull(strstr(seen, "Content-Type: application/x-www-form-urlencoded"));
    static const char *const parts[] = {"apiKey=KEY&", "command=listThings&", "response=json&",
        "signatureVersion=3&", "&expires=2", "name=a%20b%2Bc%2F%C3%BC%26%3D*%7E&", "&signature="};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        g_assert_nonnull(strstr(seen, parts[i]));
    g_assert_null(strstr(seen, "SECRET"));
    g_assert_null(strstr(seen, "zoneid"));
}

static void
test_connection_is_kept(void)
{
    g_autoptr(Script) script = script_new(GOOD, NULL, NULL);
    g_autoptr(CloudStackClient) client = script_client(script, PATIENCE_S);
    for (int i = 0; i < 5; i++) {
        g_autoptr(JsonObject) reply = call(client, "listThings", NULL, NULL);
        assert_count(reply, 7);
    }
    g_assert_cmpuint(script->n_connections, ==, 1);
}

static void *
call_often(void *data)
{
    for (int i = 0; i < 25; i++) {
        g_autoptr(JsonObject) reply = call(data, "listThings", NULL, NULL);
        assert_count(reply, 7);
    }
    return NULL;
}

static void
test_many_threads(void)
{
    g_autoptr(Script) script = script_new(GOOD, NULL, NULL);
    g_autoptr(CloudStackClient) client = script_client(script, PATIENCE_S);
    pthread_t threads[6];
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        g_assert_cmpint(pthread_create(&threads[i], NULL, call_often, client), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
    g_assert_cmpuint(script->n_requests, ==, 150);
    g_assert_cmpuint(script->n_connections, <=, 6);
}

static void
test_reads_are_repeated(void)
{
    static const char *const first[] = {CLOSE, BUSY, LIMITED};
    for (size_t i = 0; i < G_N_ELEMENTS(first); i++) {
        g_autoptr(Script) script = script_new(first[i], first[i], GOOD);
        g_autoptr(CloudStackClient) client = script_client(script, PATIENCE_S);
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonObject) reply = call(client, "listThings", NULL, &error);
        g_assert_no_error(error);
        assert_count(reply, 7);
        g_assert_cmpuint(script->n_requests, ==, 3);
    }
}

static void
test_repetition_ends(void)
{
    g_autoptr(Script) script = script_new(BUSY, NULL, NULL);
    g_autoptr(CloudStackClient) client = script_client(script, PATIENCE_S);
    g_autoptr(GError) error = NULL;
    g_assert_null(call(client, "listThings", NULL, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_UNREACHABLE);
    g_assert_cmpuint(script->n_requests, ==, 5);
    g_assert_nonnull(strstr(error->message, "listThings: HTTP 503"));
}

/* A write may have been done although its reply was lost. */
static void
test_writes_are_never_repeated(void)
{
    static const char *const first[] = {CLOSE, BUSY, LIMITED};
    for (size_t i = 0; i < G_N_ELEMENTS(first); i++) {
        g_autoptr(Script) script = script_new(GOOD, first[i], GOOD);
        g_autoptr(CloudStackClient) client = script_client(script, PATIENCE_S);
        g_autoptr(JsonObject) before = call(client, "listThings", NULL, NULL);
        g_assert_null(call(client, "importThing", NULL, NULL));
        g_assert_cmpuint(script->n_requests, ==, 2);
        g_assert_cmpuint(script->n_connections, ==, 2); /* not on the kept one */
    }
}

static void
assert_fails(const char *raw, unsigned timeout_s, int code, const char *pattern)
{
    g_autoptr(Script) script = script_new(raw, NULL, NULL);
    g_autoptr(CloudStackClient) client = script_client(script, timeout_s);
    g_autoptr(GError) error = NULL;
    g_assert_null(call(client, "listThings", NULL, &error));
    g_assert_error(error, INGEST_ERROR, code);
    if (!g_regex_match_simple(pattern, error->message, 0, 0))
        g_test_message("'%s' does not match '%s'", error->message, pattern), g_test_fail();
}

static void
test_failures(void)
{
    assert_fails("HTTP/1.1 302 Found\r\nLocation: https://other.example/x\r\nContent-Length: 0\r\n"
                 "\r\n",
        PATIENCE_S, INGEST_ERROR_PROTOCOL, "HTTP 302, a redirect to 'https://other.example/x'");
    assert_fails("HTTP/1.1 200 OK\r\nContent-Length: 900\r\nConnection: close\r\n\r\n{\"listr\":",
        PATIENCE_S, INGEST_ERROR_PROTOCOL, "after 5 attempts: listThings: .*bytes");
    assert_fails("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"listr\":{", PATIENCE_S,
        INGEST_ERROR_PROTOCOL, "cut off at byte 10 of 10");
    assert_fails(
        "SSH-2.0-OpenSSH_9.2\r\n", PATIENCE_S, INGEST_ERROR_PROTOCOL, "listThings: .*HTTP/0.9");
    assert_fails(HANG, 1, INGEST_ERROR_TIMEOUT, "no complete reply within 1 s");
}

/* @chunk is packed @times over into a reply that is compressed. Kept to the end. */
static GString *
compressed_reply(const char *chunk, size_t length, size_t times)
{
    g_autofree unsigned char *out = g_malloc(1024 * 1024);
    g_autoptr(GString) body = g_string_new(NULL);
    z_stream stream = {0};
    deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    for (size_t i = 0; i < times; i++) {
        stream.next_in = (unsigned char *)chunk;
        stream.avail_in = (unsigned)length;
        stream.next_out = out;
        stream.avail_out = 1024 * 1024;
        int result = deflate(&stream, i + 1 < times ? Z_NO_FLUSH : Z_FINISH);
        g_assert_cmpint(result, ==, i + 1 < times ? Z_OK : Z_STREAM_END);
        g_string_append_len(body, (const char *)out, 1024 * 1024 - stream.avail_out);
    }
    deflateEnd(&stream);
    GString *reply = g_string_new(NULL);
    g_string_printf(reply,
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", body->len);
    g_string_append_len(reply, body->str, (gssize)body->len);
    return reply;
}

static void
test_compressed_reply(void)
{
    static GString *reply;
    static const char body[] = "{\"listr\":{\"count\":7}}";
    reply = compressed_reply(body, sizeof body - 1, 1);
    g_autoptr(Script) script = script_new(reply->str, NULL, NULL);
    script->gzip_bytes = reply->len;
    g_autoptr(CloudStackClient) client = script_client(script, PATIENCE_S);
    g_autoptr(JsonObject) answer = call(client, "listThings", NULL, NULL);
    assert_count(answer, 7);
    g_assert_nonnull(strstr(script->last_request, "Accept-Encoding: gzip"));
}

/* A small reply that unpacks to more than we take. */
static void
test_oversized_reply(void)
{
    static GString *reply;
    enum { CHUNK_BYTES = 1024 * 1024 };
    g_autofree char *chunk = g_malloc(CHUNK_BYTES);
    memset(chunk, ' ', CHUNK_BYTES);
    reply = compressed_reply(chunk, CHUNK_BYTES, REPLY_BYTES_MAX / CHUNK_BYTES + 2);
    g_autoptr(Script) script = script_new(reply->str, NULL, NULL);
    script->gzip_bytes = reply->len;
    g_autoptr(CloudStackClient) client = script_client(script, PATIENCE_S);
    g_autoptr(GError) error = NULL;
    g_assert_null(call(client, "listThings", NULL, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL);
    g_assert_cmpstr(error->message, ==, "listThings: the reply is larger than 256 MiB");
    g_assert_cmpuint(script->n_requests, ==, 1);
}

typedef struct Canceller {
    Script *script;
    atomic_bool is_cancelled;
} Canceller;

/* As soon as the request has come. */
static void *
cancel_midway(void *data)
{
    Canceller *canceller = data;
    for (size_t n = 0; n == 0; usleep(1000)) {
        pthread_mutex_lock(&canceller->script->lock);
        n = canceller->script->n_requests;
        pthread_mutex_unlock(&canceller->script->lock);
    }
    atomic_store(&canceller->is_cancelled, true);
    return NULL;
}

static void
test_interrupt(void)
{
    g_autoptr(Script) script = script_new(HANG, NULL, NULL);
    Canceller canceller = {.script = script};
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u", script->port);
    const CloudStackClientOptions options = {
        .url = url, .api_key = "K", .secret_key = "S", .is_cancelled = &canceller.is_cancelled};
    g_autoptr(CloudStackClient) client = cloudstack_client_new(&options, NULL);
    pthread_t thread;
    g_assert_cmpint(pthread_create(&thread, NULL, cancel_midway, &canceller), ==, 0);
    g_autoptr(GError) error = NULL;
    g_assert_null(call(client, "listThings", NULL, &error));
    pthread_join(thread, NULL);
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CANCELLED);
}

/* --- the management server's stand-in --------------------------------------------------------- */

typedef struct Sim {
    pid_t pid;
    char *url; /* owned */
} Sim;

/* @options: further words of its command line */
static Sim *
sim_new(const char *options)
{
    int out[2];
    g_assert_cmpint(pipe(out), ==, 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* it does not outlive a failed test */
        dup2(out[1], STDOUT_FILENO);
        close(out[0]), close(out[1]);
        g_autofree char *command =
            g_strdup_printf("exec tests/peers/cloudstack-sim --port 0 %s 2>/dev/null", options);
        execl("/bin/sh", "sh", "-c", command, NULL);
        _exit(127);
    }
    close(out[1]);
    g_autoptr(StdioFile) lines = fdopen(out[0], "r");
    char line[300] = "";
    while (!strstr(line, "listening on "))
        if (!fgets(line, sizeof line, lines))
            g_error("tests/peers/cloudstack-sim %s does not start", options);
    Sim *sim = g_new0(Sim, 1);
    sim->pid = pid;
    sim->url = g_strdup(g_strchomp(strstr(line, "http")));
    return sim;
}

static void
sim_end(Sim *sim)
{
    kill(sim->pid, SIGTERM);
    waitpid(sim->pid, NULL, 0);
    g_free(sim->url);
    g_free(sim);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sim, sim_end)

static CloudStackClientOptions
sim_options(const Sim *sim)
{
    return (CloudStackClientOptions){.url = sim->url,
        .api_key = "ADMIN-API-KEY",
        .secret_key = "ADMIN-SECRET-KEY",
        .timeout_s = 20,
        .retry_delay_ms = 10};
}

/* Calls once with a client of these options; the error's text or NULL. (owned) */
static char *
try_call(const CloudStackClientOptions *options, const char *command, int *ret_code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CloudStackClient) client = cloudstack_client_new(options, &error);
    g_assert_no_error(error);
    g_autoptr(JsonObject) reply = call(client, command, NULL, &error);
    *ret_code = error ? error->code : -1;
    return error ? g_strdup(error->message) : NULL;
}

static void
assert_matches(const char *text, const char *pattern)
{
    if (!text || !g_regex_match_simple(pattern, text, 0, 0))
        g_test_message("'%s' does not match '%s'", text, pattern), g_test_fail();
}

static void
test_401_told_apart(void)
{
    g_autoptr(Sim) sim = sim_new("");
    CloudStackClientOptions options = sim_options(sim);
    int code = 0;
    g_autofree char *good = try_call(&options, "listZones", &code);
    g_assert_null(good);
    g_autofree char *absent = try_call(&options, "noSuchCommand", &code);
    g_assert_cmpint(code, ==, INGEST_ERROR_AUTH);
    assert_matches(absent, "noSuchCommand: HTTP 401, errorcode 401: unable to verify.*the keys are "
                           "right.*does not have the API 'noSuchCommand'");
    options.secret_key = "WRONG-SECRET";
    g_autofree char *wrong = try_call(&options, "listZones", &code);
    g_assert_cmpint(code, ==, INGEST_ERROR_AUTH);
    assert_matches(
        wrong, "ruled out: an absent API.*clock.*left are a wrong API key or secret key");
    g_assert_null(strstr(wrong, "WRONG-SECRET"));
}

static void
test_clock_that_is_behind(void)
{
    g_autoptr(Sim) sim = sim_new("--fault expired-clock=3600");
    CloudStackClientOptions options = sim_options(sim);
    int code = 0;
    g_autofree char *text = try_call(&options, "listZones", &code);
    g_assert_cmpint(code, ==, INGEST_ERROR_AUTH);
    assert_matches(text, "the keys are right, the clocks are not.*set this machine's time");
}

static void
test_role_without_the_api(void)
{
    g_autoptr(Sim) sim = sim_new("");
    CloudStackClientOptions options = sim_options(sim);
    options.api_key = "ALICE-API-KEY", options.secret_key = "ALICE-SECRET-KEY";
    int code = 0;
    g_autofree char *text = try_call(&options, "listHosts", &code);
    g_assert_cmpint(code, ==, INGEST_ERROR_AUTH);
    assert_matches(text, "listHosts: HTTP 432, errorcode 432, cserrorcode 9999: The API "
                         "\\[listHosts\\] does not exist or is not available for the account "
                         "alice");
}

static void
test_rate_limit_of_a_catalog(void)
{
    g_autoptr(Sim) sim = sim_new("--fault rate-limit=40");
    CloudStackClientOptions options = sim_options(sim);
    g_autoptr(GError) error = NULL;
    g_autoptr(CloudStackClient) client = cloudstack_client_new(&options, &error);
    const CatalogFetchOptions fetch = {.name = "lab", .zone = "zone-1"};
    g_autoptr(Catalog) catalog = catalog_fetch(cloudstack_client_seam(client), &fetch, &error);
    g_assert_no_error(error);
    g_assert_cmpint(catalog->os_mappings.state, ==, FACT_KNOWN);
    g_assert_cmpuint(catalog->os_mappings.n, >, 1000);
    g_assert_cmpint(catalog->networks.state, ==, FACT_KNOWN);
    bool has_project = false, has_vlan = false;
    for (size_t i = 0; i < catalog->networks.n; i++) {
        has_project |= catalog->networks.items[i].projectid.value != NULL;
        has_vlan |= g_strcmp0(catalog->networks.items[i].broadcasturi.value, "vlan://101") == 0;
    }
    g_assert_true(has_project);
    g_assert_true(has_vlan);
}

/* --- doctor ----------------------------------------------------------------------------------- */

static void
note_hop(void *data, const char *hop, HopResult result, const char *detail, const char *remedy)
{
    static const char *const words[] = {"ok", "FAILED", "skipped"};
    g_string_append_printf(
        data, "%s %s (%s) [%s]\n", hop, words[result], detail, remedy ? remedy : "");
}

static char *
check_hops(const CloudStackClientOptions *options, bool *ret_is_ok)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CloudStackClient) client = cloudstack_client_new(options, &error);
    g_assert_no_error(error);
    GString *text = g_string_new(NULL);
    const HopSink hops = {text, note_hop};
    *ret_is_ok = cloudstack_client_check(client, &hops, &error);
    g_assert_no_error(error);
    return g_string_free(text, false);
}

static void
test_hops(void)
{
    g_autoptr(Sim) sim = sim_new("");
    CloudStackClientOptions options = sim_options(sim);
    bool is_ok = false;
    g_autofree char *admin = check_hops(&options, &is_ok);
    g_assert_true(is_ok);
    assert_matches(admin, "(?s)name ok.*connection ok.*tls skipped \\(plain HTTP.*login ok.*rights "
                          "ok \\(root administrator");
    options.api_key = "DOMADMIN-API-KEY", options.secret_key = "DOMADMIN-SECRET-KEY";
    g_autofree char *other = check_hops(&options, &is_ok);
    g_assert_false(is_ok);
    assert_matches(other,
        "(?s)login ok.*rights FAILED \\(missing: .*importUnmanagedInstance.*not of "
        "a root administrator");
    options.secret_key = "x";
    g_autofree char *wrong = check_hops(&options, &is_ok);
    g_assert_false(is_ok);
    assert_matches(wrong, "(?s)connection ok.*login FAILED.*HTTP 401.*rights skipped");
    options.url = "http://127.0.0.1:1";
    g_autofree char *closed = check_hops(&options, &is_ok);
    assert_matches(closed, "(?s)name ok.*connection FAILED.*firewall.*tls skipped");
    options.url = "http://no-such-host.invalid";
    g_autofree char *nameless = check_hops(&options, &is_ok);
    assert_matches(nameless, "(?s)^name FAILED.*no-such-host.invalid.*connection skipped");
}

/* --- TLS -------------------------------------------------------------------------------------- */

typedef struct Certificates {
    char *folder, *cert, *key, *other; /* owned */
    char *fingerprint;                 /* owned, of cert */
} Certificates;

static void
make_certificate(const char *folder, const char *name, const char *host)
{
    g_autofree char *command = g_strdup_printf(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=%s "
        "-addext subjectAltName=%s -keyout %s/%s.key -out %s/%s.crt 2>/dev/null",
        name, host, folder, name, folder, name);
    g_assert_cmpint(system(command), ==, 0);
}

static Certificates *
certificates_new(const char *host)
{
    Certificates *made = g_new0(Certificates, 1);
    made->folder = g_dir_make_tmp("certs-XXXXXX", NULL);
    make_certificate(made->folder, "server", host);
    make_certificate(made->folder, "other", "IP:127.0.0.1");
    made->cert = g_strdup_printf("%s/server.crt", made->folder);
    made->key = g_strdup_printf("%s/server.key", made->folder);
    made->other = g_strdup_printf("%s/other.crt", made->folder);
    g_autofree char *command = g_strdup_printf(
        "openssl x509 -in %s -noout -fingerprint -sha256 | cut -d= -f2", made->cert);
    FILE *out = popen(command, "r");
    char line[200] = "";
    g_assert_nonnull(fgets(line, sizeof line, out));
    pclose(out);
    made->fingerprint = g_strdup(g_strchomp(line));
    return made;
}

static void
certificates_free(Certificates *made)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", made->folder);
    g_assert_cmpint(system(command), ==, 0);
    g_free(made->folder), g_free(made->cert), g_free(made->key), g_free(made->other);
    g_free(made->fingerprint);
    g_free(made);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Certificates, certificates_free)

static Sim *
sim_new_tls(const Certificates *made)
{
    g_autofree char *options = g_strdup_printf("--tls-cert %s --tls-key %s", made->cert, made->key);
    return sim_new(options);
}

static void
test_tls_by_ca(void)
{
    g_autoptr(Certificates) made = certificates_new("IP:127.0.0.1");
    g_autoptr(Sim) sim = sim_new_tls(made);
    CloudStackClientOptions options = sim_options(sim);
    int code = 0;
    options.cacert = made->cert;
    g_autofree char *good = try_call(&options, "listZones", &code);
    g_assert_cmpstr(good, ==, NULL);
    options.cacert = made->other;
    g_autofree char *wrong = try_call(&options, "listZones", &code);
    g_assert_cmpint(code, ==, INGEST_ERROR_UNREACHABLE);
    assert_matches(wrong, "listZones: TLS: .*certificate.*'fingerprint' [0-9A-F:]{95}$");
    g_assert_nonnull(strstr(wrong, made->fingerprint));
    options.cacert = NULL;
    g_autofree char *unknown = try_call(&options, "listZones", &code);
    g_assert_cmpint(code, ==, INGEST_ERROR_UNREACHABLE);
    g_assert_nonnull(unknown);
    options.cacert = "/nonexistent.pem";
    g_autofree char *missing = try_call(&options, "listZones", &code);
    g_assert_cmpint(code, ==, INGEST_ERROR_CONFIG);
    assert_matches(missing, "'cacert' must be a readable PEM file.*/nonexistent.pem");
    options.cacert = NULL, options.is_insecure = true;
    g_autofree char *unchecked = try_call(&options, "listZones", &code);
    g_assert_cmpstr(unchecked, ==, NULL);
}

static void
test_tls_host_name(void)
{
    g_autoptr(Certificates) made = certificates_new("DNS:cloud.example");
    g_autoptr(Sim) sim = sim_new_tls(made);
    CloudStackClientOptions options = sim_options(sim);
    int code = 0;
    options.cacert = made->cert;
    g_autofree char *text = try_call(&options, "listZones", &code);
    g_assert_cmpint(code, ==, INGEST_ERROR_UNREACHABLE);
    assert_matches(text, "TLS: .*127.0.0.1");
}

static void
test_tls_by_fingerprint(void)
{
    g_autoptr(Certificates) made = certificates_new("DNS:other.example");
    g_autoptr(Sim) sim = sim_new_tls(made);
    CloudStackClientOptions options = sim_options(sim);
    int code = 0;
    options.fingerprint = made->fingerprint;
    g_autofree char *good = try_call(&options, "listZones", &code);
    g_assert_cmpstr(good, ==, NULL);
    g_autofree char *bare = g_ascii_strdown(made->fingerprint, -1);
    options.fingerprint = bare;
    g_autofree char *lower = try_call(&options, "listZones", &code);
    g_assert_cmpstr(lower, ==, NULL);
    g_autofree char *changed = g_strdup(made->fingerprint);
    changed[0] = changed[0] == 'A' ? 'B' : 'A';
    options.fingerprint = changed;
    options.is_insecure = true; /* a fingerprint that was given is checked all the same */
    g_autofree char *wrong = try_call(&options, "listZones", &code);
    g_assert_cmpint(code, ==, INGEST_ERROR_UNREACHABLE);
    assert_matches(wrong, "TLS: .*SHA-256 fingerprint [0-9A-F:]{95}, not the one in 'fingerprint'");
    bool is_ok = true;
    g_autofree char *hops = check_hops(&options, &is_ok);
    g_assert_false(is_ok);
    assert_matches(hops, "(?s)connection ok.*tls FAILED.*if it was renewed.*login skipped");
}

int
main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/client/a request is a signed form", test_request_form);
    g_test_add_func("/client/the connection is kept", test_connection_is_kept);
    g_test_add_func("/client/many threads at a time", test_many_threads);
    g_test_add_func("/client/reads are repeated", test_reads_are_repeated);
    g_test_add_func("/client/repetition ends", test_repetition_ends);
    g_test_add_func("/client/writes are never repeated", test_writes_are_never_repeated);
    g_test_add_func("/client/failures name what happened", test_failures);
    g_test_add_func("/client/a compressed reply", test_compressed_reply);
    g_test_add_func("/client/an oversized reply", test_oversized_reply);
    g_test_add_func("/client/an interrupt ends a running call", test_interrupt);
    g_test_add_func("/client/kinds of 401 are told apart", test_401_told_apart);
    g_test_add_func("/client/a clock that is behind", test_clock_that_is_behind);
    g_test_add_func("/client/a role without the API", test_role_without_the_api);
    g_test_add_func("/client/a rate limit slows a catalog down", test_rate_limit_of_a_catalog);
    g_test_add_func("/client/doctor tells hop by hop", test_hops);
    g_test_add_func("/client/TLS by CA", test_tls_by_ca);
    g_test_add_func("/client/TLS checks the host name", test_tls_host_name);
    g_test_add_func("/client/TLS by fingerprint", test_tls_by_fingerprint);
    return g_test_run();
}
