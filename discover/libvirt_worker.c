/* SPDX-License-Identifier: Apache-2.0
 *
 * The process that reads one libvirt host.
 */
#include "libvirt_worker.h"

#include <malloc.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <libxml/parser.h>

#include "record.h"
#include "cleanup.h"

enum {
    REQUEST_BYTES_MAX = 64 * 1024,
    REQUESTS_MAX = 50, /* of one process */
    OUT_BUFFER_BYTES = 64 * 1024,
    KEEPALIVE_S = 5,
    KEEPALIVE_COUNT = 3,
};

/* --- talking to the parent -------------------------------------------------------------------- */

void
worker_put(Worker *worker, const char *word, const RecordType *type, const void *record)
{
    g_autoptr(GString) line = g_string_new("{\"");
    g_string_append(line, word);
    g_string_append(line, "\":");
    record_encode(type, record, line);
    g_string_append(line, "}\n");
    pthread_mutex_lock(&worker->out_lock);
    fwrite(line->str, 1, line->len, worker->out);
    pthread_mutex_unlock(&worker->out_lock);
}

void
worker_put_record(Worker *worker, RecordKind kind, void *record)
{
    *(Text *)record = text_known("-"); /* .source; the parent knows its name */
    worker_put(worker, inventory_record_words[kind], inventory_record_types[kind], record);
}

void
worker_flush(Worker *worker)
{
    pthread_mutex_lock(&worker->out_lock);
    fflush(worker->out);
    pthread_mutex_unlock(&worker->out_lock);
}

void
worker_problem(Worker *worker, const char *id, const char *about, const char *text,
    const char *remedy, const char *evidence, ...)
{
    va_list args;
    va_start(args, evidence);
    g_autofree char *said = g_strdup_vprintf(evidence, args);
    va_end(args);
    g_autofree char *whom =
        about ? g_strdup_printf("host '%s', %s", worker->request.label.value, about)
              : g_strdup_printf("host '%s'", worker->request.label.value);
    SourceProblem problem = {.source = text_known(""),
        .id = text_known(id),
        .about = text_known(whom),
        .text = text_known(text),
        .evidence = text_known(said),
        .remedy = text_known(remedy)};
    worker_put_record(worker, RECORD_PROBLEM, &problem);
}

static void
put_stage(Worker *worker, const char *name, size_t total, int64_t deadline_ms)
{
    WireStage stage = {text_known(name), int_known((int64_t)total), int_known(deadline_ms)};
    worker_put(worker, WIRE_STAGE, &wire_stage_type, &stage);
    worker_flush(worker);
}

/* --- errors of libvirt ------------------------------------------------------------------------ */

LibvirtError
libvirt_last_error(void)
{
    LibvirtError ret = {0};
    virErrorPtr last = virGetLastError();
    if (last)
        ret.code = last->code;
    g_autofree char *text = g_utf8_make_valid(
        last && last->message ? last->message : "no reason given (too large to be sent?)", -1);
    for (char *c = text; *c; c++)
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    g_snprintf(ret.text, sizeof ret.text, "%s (libvirt code %d)", g_strstrip(text), ret.code);
    virResetLastError();
    return ret;
}

static void
quiet(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

static bool
mentions(const char *text, const char *const *parts)
{
    for (; *parts; parts++)
        if (strstr(text, *parts))
            return true;
    return false;
}

/* Why a connection failed, as far as the texts of libvirt and ssh let us know. */
static IngestErrorCode
classify(const Worker *worker, const LibvirtError *why, const char **ret_remedy)
{
    static const char *const login[] = {"Permission denied", "Unable to read TLS confirmation",
        "authentication failed", "Authentication failed", "Too many authentication", NULL};
    static const char *const identity[] = {"Host key verification failed", "certificate", NULL};
    static const char *const unread[] = {
        "Cannot read CA certificate", "Cannot read certificate", "Cannot read private key", NULL};
    static const char *const absent[] = {"virt-ssh-helper", "nc: ", "command not found", NULL};
    if (why->code == VIR_ERR_AUTH_FAILED || why->code == VIR_ERR_AUTH_CANCELLED ||
        why->code == VIR_ERR_AUTH_UNAVAILABLE || why->code == VIR_ERR_OPERATION_DENIED ||
        why->code == VIR_ERR_ACCESS_DENIED || mentions(why->text, login)) {
        *ret_remedy = "give a key or certificate that the host accepts, and an account that may "
                      "use libvirt";
        return INGEST_ERROR_AUTH;
    }
    if (!worker->connection && g_str_has_prefix(worker->request.uri.value, "test:")) {
        *ret_remedy = "check the file that the URI names: libvirt must take each domain in it";
        return INGEST_ERROR_INVALID;
    }
    if (mentions(why->text, unread)) {
        *ret_remedy = "set 'pkipath' to a folder with cacert.pem, clientcert.pem and clientkey.pem";
        return INGEST_ERROR_UNREACHABLE;
    }
    if (strstr(why->text, "Could not resolve hostname")) {
        *ret_remedy = "check the host's name in the URI, or your name server";
        return INGEST_ERROR_UNREACHABLE;
    }
    if (mentions(why->text, identity)) {
        *ret_remedy = "check the host's key or certificate, then set 'known-hosts' or 'pkipath'";
        return INGEST_ERROR_UNREACHABLE;
    }
    if (mentions(why->text, absent)) {
        *ret_remedy = "install libvirt's daemon and client tools on the host";
        return INGEST_ERROR_UNREACHABLE;
    }
    if (strstr(why->text, "keepalive") || strstr(why->text, "timed out")) {
        *ret_remedy = "see that the host and its libvirt daemon are alive";
        return INGEST_ERROR_TIMEOUT;
    }
    if (why->code == VIR_ERR_XML_ERROR || why->code == VIR_ERR_XML_DETAIL ||
        why->code == VIR_ERR_INVALID_ARG) {
        *ret_remedy = "check the URI and the file that it names";
        return INGEST_ERROR_INVALID;
    }
    *ret_remedy = "see that the host is up and its libvirt daemon runs and listens";
    return INGEST_ERROR_UNREACHABLE;
}

static int
fail(Worker *worker, const char *doing, const LibvirtError *why)
{
    const char *remedy = NULL;
    IngestErrorCode code = classify(worker, why, &remedy);
    g_autofree char *text = g_strdup_printf("%s: %s", doing, why->text);
    WireFailed failed = {int_known(code), text_known(text), text_known(remedy)};
    worker_put(worker, WIRE_FAILED, &wire_failed_type, &failed);
    worker_flush(worker);
    return 1;
}

/* --- stages in threads ------------------------------------------------------------------------ */

/* Shared with a thread that may outlive the wait: never freed then. */
typedef struct Bounded {
    Worker *worker;
    void *(*run)(Worker *worker);
    void *result;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool is_ended;
} Bounded;

static void *
run_bounded(void *data)
{
    Bounded *bounded = data;
    void *result = bounded->run(bounded->worker);
    pthread_mutex_lock(&bounded->lock);
    bounded->result = result;
    bounded->is_ended = true;
    pthread_cond_signal(&bounded->ended);
    pthread_mutex_unlock(&bounded->lock);
    return NULL;
}

static struct timespec
after_ms(int64_t ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += ms % 1000 * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

void *
worker_bounded(Worker *worker, void *(*run)(Worker *worker), int64_t ms)
{
    Bounded *bounded = g_new0(Bounded, 1);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&bounded->ended, &clock);
    pthread_mutex_init(&bounded->lock, NULL);
    bounded->worker = worker;
    bounded->run = run;
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_bounded, bounded) != 0)
        g_error("no thread for a stage");
    struct timespec until = after_ms(ms);
    pthread_mutex_lock(&bounded->lock);
    while (
        !bounded->is_ended && pthread_cond_timedwait(&bounded->ended, &bounded->lock, &until) == 0)
        ;
    bool is_ended = bounded->is_ended;
    pthread_mutex_unlock(&bounded->lock);
    if (!is_ended) {
        worker->is_left = true;
        pthread_detach(thread);
        return NULL;
    }
    pthread_join(thread, NULL);
    void *result = bounded->result;
    g_free(bounded);
    return result;
}

static void *
run_events(void *data)
{
    (void)data;
    while (virEventRunDefaultImpl() == 0)
        ;
    return NULL;
}

Arena *
stage_arena(void)
{
    Arena *arena = g_new0(Arena, 1);
    arena_init(arena);
    return arena;
}

const char *
record_id(const Worker *worker, Arena *arena, const char *kind, const char *name)
{
    g_autofree char *id = g_strdup_printf("%s#%s/%s", worker->request.label.value, kind, name);
    return arena_intern(arena, id);
}

/* --- connection ------------------------------------------------------------------------------- */

/* libvirt's default would ask at the terminal. */
static int
refuse_credentials(virConnectCredentialPtr credentials, unsigned n, void *data)
{
    (void)credentials;
    (void)n;
    (void)data;
    return -1;
}

static bool
worker_connect(Worker *worker, LibvirtError *ret_error)
{
    static int kinds[] = {VIR_CRED_AUTHNAME, VIR_CRED_PASSPHRASE};
    virConnectAuth auth = {kinds, G_N_ELEMENTS(kinds), refuse_credentials, NULL};
    pthread_t events;
    virSetErrorFunc(NULL, quiet);
    if (virInitialize() < 0 || virEventRegisterDefaultImpl() < 0 ||
        pthread_create(&events, NULL, run_events, NULL) != 0) {
        *ret_error = libvirt_last_error();
        return false;
    }
    pthread_detach(events);
    worker->connection = virConnectOpenAuth(worker->request.uri.value, &auth, VIR_CONNECT_RO);
    if (!worker->connection) {
        *ret_error = libvirt_last_error();
        return false;
    }
    worker->requests++;
    virConnectSetKeepAlive(worker->connection, KEEPALIVE_S, KEEPALIVE_COUNT);
    virResetLastError();
    return true;
}

/* --- the order of things ---------------------------------------------------------------------- */

static int64_t
left_ms(const Worker *worker)
{
    return MAX(0, (worker->deadline_us - g_get_monotonic_time()) / 1000);
}

/* NULL and a problem when the stage hung. */
static void *
run_stage(Worker *worker, const char *what, void *(*run)(Worker *worker), int64_t ms)
{
    void *result = worker_bounded(worker, run, MIN(ms, left_ms(worker)));
    if (!result)
        worker_problem(worker, "stage-silent", NULL, "a part of the host's facts could not be read",
            "see whether storage or a VM of the host hangs, then read again",
            "no answer in time when asked for %s", what);
    return result;
}

static void
read_parts(Worker *worker)
{
    worker->marks = run_stage(worker, "the lists of domains", worker_read_marks, STAGE_MS);
    worker->host = run_stage(worker, "its name and size", worker_read_host, STAGE_MS);
    worker->networks = run_stage(worker, "networks", worker_read_networks, STAGE_MS);
    worker->pools = run_stage(worker, "storage pools", worker_read_pools, STAGE_MS);
    worker->leases = run_stage(worker, "DHCP leases", worker_read_leases, STAGE_MS);
    worker_read_mounts(worker);
    worker_read_domains(worker);
    /* A frozen QEMU holds the first call; then it is known to be busy, and the second goes by. */
    worker->stats = worker_bounded(worker, worker_read_stats, STATS_MS);
    if (!worker->stats)
        worker->stats = run_stage(worker, "states and disk sizes", worker_read_stats, STATS_MS);
    worker->snapshots = run_stage(worker, "snapshots", worker_read_snapshots, STAGE_MS);
    worker->jobs = run_stage(worker, "jobs", worker_read_jobs, STAGE_MS);
    worker->interfaces = run_stage(worker, "bridges", worker_read_interfaces, STAGE_MS);
    worker->disks = run_stage(worker, "volumes of disks", worker_read_disks, STAGE_MS);
    worker_read_definitions(worker);
}

static int
done(Worker *worker)
{
    WireDone through = {int_known((int64_t)worker->requests)};
    worker_put(worker, WIRE_DONE, &wire_done_type, &through);
    worker_flush(worker);
    return 0;
}

/* What was put stays; but a listing that lost its host on the way is not complete. */
static int
end_list(Worker *worker)
{
    size_t n_unread = 0;
    for (size_t i = 0; i < worker->n_domains; i++)
        n_unread += worker->domains[i].taken == DOMAIN_WAITING || worker->domains[i].is_lost;
    bool is_alive = virConnectIsAlive(worker->connection) == 1;
    virResetLastError();
    if (n_unread == 0 && is_alive)
        return done(worker);
    LibvirtError why = {0};
    g_snprintf(why.text, sizeof why.text, "%s; %zu of %zu instances were not read",
        is_alive ? "timed out" : "the connection was lost", n_unread, worker->n_domains);
    return fail(worker, "reading", &why);
}

static int
list(Worker *worker)
{
    LibvirtError why = {0};
    if (!worker_list_domains(worker, &why))
        return fail(worker, "listing the domains", &why);
    if (worker->n_domains == 0 && worker->request.ids.state == FACT_KNOWN)
        return end_list(worker); /* none of those is here: nothing else matters */
    int64_t inventory_ms =
        worker->request.inventory_ms.value + WIRE_DOMAIN_MS * (int64_t)worker->n_domains;
    worker->deadline_us = g_get_monotonic_time() + inventory_ms * 1000;
    put_stage(worker, "inventory", worker->n_domains, inventory_ms + STAGE_MS);

    read_parts(worker);
    worker_put_host(worker);
    worker_put_datastores(worker);
    worker_resolve_networks(worker);
    worker_put_domains(worker);

    size_t n_asked = 0;
    for (size_t i = 0; i < worker->n_domains; i++)
        n_asked += worker->domains[i].is_agent_asked;
    if (n_asked > 0) {
        int64_t rounds = (int64_t)((n_asked + AGENT_THREADS - 1) / AGENT_THREADS);
        /* Addresses, then names: at most two silences for one guest. */
        int64_t agent_ms = MIN(rounds * 2 * worker->request.agent_timeout_s.value * 1000 + 2000,
            worker->request.inventory_ms.value * 2);
        worker->deadline_us = g_get_monotonic_time() + agent_ms * 1000;
        put_stage(worker, "agent", n_asked, agent_ms + STAGE_MS / 2);
        worker_ask_agents(worker);
    }
    return end_list(worker);
}

static void
read_connected(Worker *worker)
{
    unsigned long hypervisor = 0, library = 0;
    const char *type = virConnectGetType(worker->connection);
    virConnectGetVersion(worker->connection, &hypervisor);
    virConnectGetLibVersion(worker->connection, &library);
    virResetLastError();
    worker->requests += 3;
    worker->libvirt_version = library;
    worker->is_test = g_ascii_strcasecmp(type ? type : "", "test") == 0;
    g_autofree char *product = g_strdup_printf("%s %lu.%lu.%lu, libvirt %lu.%lu.%lu",
        type ? type : "hypervisor", hypervisor / 1000000, hypervisor / 1000 % 1000,
        hypervisor % 1000, library / 1000000, library / 1000 % 1000, library % 1000);
    g_autofree char *version =
        g_strdup_printf("%lu.%lu.%lu", library / 1000000, library / 1000 % 1000, library % 1000);
    g_autofree char *capabilities = virConnectGetCapabilities(worker->connection);
    worker->requests++;
    const char *uuid = NULL;
    g_autoptr(xmlDoc) document = capabilities ? xml_walk_parse(capabilities, strlen(capabilities),
                                                    "capabilities", "capabilities", NULL)
                                              : NULL;
    if (document)
        uuid = xml_text(
            xml_child(xml_child(xmlDocGetRootElement(document), "host"), "uuid"), &worker->arena);
    /* For as long as the process lives. */
    worker->connected = (WireConnected){text_known(g_steal_pointer(&product)),
        text_known(g_steal_pointer(&version)), text_known(g_strdup(uuid))};
}

/* --- doctor ----------------------------------------------------------------------------------- */

static void
put_hop(
    Worker *worker, const char *name, const char *result, const char *detail, const char *remedy)
{
    WireHop hop = {text_known(name), text_known(result), text_known(detail),
        remedy ? text_known(remedy) : text_absent()};
    worker_put(worker, WIRE_HOP, &wire_hop_type, &hop);
    worker_flush(worker);
}

static void
check_interfaces(Worker *worker)
{
    virInterfacePtr *interfaces = NULL;
    int n = virConnectListAllInterfaces(worker->connection, &interfaces, 0);
    if (n < 0) {
        LibvirtError why = libvirt_last_error();
        put_hop(worker, "interfaces", "failed", why.text,
            "install the interface driver (libvirt-daemon-driver-interface), or the VLANs of "
            "bridges stay unknown");
        return;
    }
    g_autofree char *detail = g_strdup_printf("%d interfaces", n);
    put_hop(worker, "interfaces", "ok", detail, NULL);
    for (int i = 0; i < n; i++)
        virInterfaceFree(interfaces[i]);
    free(interfaces);
}

static void
check_agent(Worker *worker)
{
    if (strcmp(worker->request.agent.value, "no") == 0) {
        put_hop(worker, "agent", "skipped", "guest agents are not asked (agent=no)", NULL);
        return;
    }
    virConnectPtr connection = virConnectOpen(worker->request.uri.value);
    if (connection) {
        put_hop(worker, "agent", "ok", "a read-write connection can be had", NULL);
        virConnectClose(connection);
        return;
    }
    LibvirtError why = libvirt_last_error();
    put_hop(worker, "agent", strcmp(worker->request.agent.value, "yes") == 0 ? "failed" : "skipped",
        why.text,
        "give an account with read-write access, or set agent=no: addresses of guests stay "
        "unknown");
}

static int
check(Worker *worker)
{
    LibvirtError why = {0};
    put_hop(worker, "login", "ok", "a read-only connection stands", NULL);
    if (!worker_list_domains(worker, &why)) {
        const char *remedy = NULL;
        classify(worker, &why, &remedy);
        put_hop(worker, "rights", "failed", why.text, remedy);
    } else {
        g_autofree char *detail = g_strdup_printf("%zu domains can be seen", worker->n_domains);
        put_hop(worker, "rights", "ok", detail, NULL);
        check_interfaces(worker);
        check_agent(worker);
    }
    return done(worker);
}

/* --- one domain ------------------------------------------------------------------------------- */

static int
put_power(Worker *worker)
{
    LibvirtError why = {0};
    return worker_put_power(worker, &why) ? done(worker)
                                          : fail(worker, "reading the power state", &why);
}

/* What libvirt says of the guest, not of the connection. */
static int
shutdown_guest(Worker *worker)
{
    static const struct {
        int code;
        IngestErrorCode means;
        const char *remedy;
    } answers[] = {
        {VIR_ERR_AGENT_UNRESPONSIVE, INGEST_ERROR_UNSUPPORTED,
            "see that the guest agent runs, or shut the guest down yourself"},
        {VIR_ERR_OPERATION_UNSUPPORTED, INGEST_ERROR_UNSUPPORTED,
            "it has neither an agent nor ACPI: shut the guest down yourself"},
        {VIR_ERR_CONFIG_UNSUPPORTED, INGEST_ERROR_UNSUPPORTED,
            "it has neither an agent nor ACPI: shut the guest down yourself"},
        {VIR_ERR_OPERATION_INVALID, INGEST_ERROR_REFUSED, "see in what state it is"},
        {VIR_ERR_OPERATION_TIMEOUT, INGEST_ERROR_REFUSED,
            "a job runs on it: wait for it, or cancel it"},
        {VIR_ERR_OPERATION_DENIED, INGEST_ERROR_AUTH, "give an account with read-write access"},
    };
    LibvirtError why = {0};
    if (worker_shutdown_guest(worker, &why))
        return done(worker);
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        if (why.code != answers[i].code)
            continue;
        g_autofree char *text = g_strdup_printf("asking the guest to shut down: %s", why.text);
        WireFailed failed = {
            int_known(answers[i].means), text_known(text), text_known(answers[i].remedy)};
        worker_put(worker, WIRE_FAILED, &wire_failed_type, &failed);
        worker_flush(worker);
        return 1;
    }
    return fail(worker, "asking the guest to shut down", &why);
}

/* --- the process ------------------------------------------------------------------------------ */

static bool
read_request(Worker *worker, GError **error)
{
    g_autofree char *text = g_malloc0(REQUEST_BYTES_MAX + 1);
    const char *line = fgets(text, REQUEST_BYTES_MAX, stdin);
    g_autoptr(JsonObject) object = json_tokener_parse(line ? line : "null");
    if (!object) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_INVALID,
            "no request on stdin: 'libvirt-worker' is started by 'vm-ingest discover'");
        return false;
    }
    return record_decode(&wire_request_type, object, RECORD_STRICT, "request", &worker->arena,
        &worker->request, error);
}

/* What libraries print must not get between the lines for the parent. */
static FILE *
take_stdout(void)
{
    int fd = dup(STDOUT_FILENO);
    if (fd < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return NULL;
    FILE *out = fdopen(fd, "w");
    if (out)
        setvbuf(out, NULL, _IOFBF, OUT_BUFFER_BYTES);
    return out;
}

/* The parent is gone when nobody holds the other end of our stdin any more. */
static void *
watch_parent(void *data)
{
    struct pollfd stdin_fd = {.fd = STDIN_FILENO};
    (void)data;
    while (poll(&stdin_fd, 1, -1) < 0 || !(stdin_fd.revents & (POLLHUP | POLLERR)))
        ;
    _exit(0);
}

static int
serve(Worker *worker)
{
    static const struct {
        const char *mode;
        int (*run)(Worker *worker);
    } modes[] = {{"list", list}, {"read", list}, {"check", check}, {"power", put_power},
        {"shutdown", shutdown_guest}};
    LibvirtError why = {0};
    if (!worker->connection) {
        if (!worker_connect(worker, &why))
            return fail(worker, "connecting", &why);
        read_connected(worker);
    }
    worker_put(worker, WIRE_CONNECTED, &wire_connected_type, &worker->connected);
    worker_flush(worker);
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++)
        if (strcmp(worker->request.mode.value, modes[i].mode) == 0)
            return modes[i].run(worker);
    g_snprintf(why.text, sizeof why.text, "unknown mode '%s'", worker->request.mode.value);
    return fail(worker, "serving", &why);
}

/* (owned) Threads left behind may use a worker to the very end, so none is freed. */
static Worker *
next_worker(const Worker *before)
{
    Worker *worker = g_new0(Worker, 1);
    arena_init(&worker->arena);
    pthread_mutex_init(&worker->out_lock, NULL);
    if (!before)
        return worker;
    worker->connection = before->connection;
    worker->read_write = before->read_write;
    worker->libvirt_version = before->libvirt_version;
    worker->is_test = before->is_test;
    worker->connected = before->connected;
    worker->out = before->out;
    return worker;
}

/* What a request leaves in memory stays there; so the process does not serve for ever. */
static int
serve_all(Worker *worker)
{
    bool is_kept = is_true(worker->request.is_kept);
    pthread_t watch;
    if (is_kept && pthread_create(&watch, NULL, watch_parent, NULL) == 0)
        pthread_detach(watch);
    int status = serve(worker);
    for (int n = 1; is_kept && status == 0 && n < REQUESTS_MAX && !worker->is_left; n++) {
        worker = next_worker(worker);
        if (!read_request(worker, NULL))
            break;
        status = serve(worker);
    }
    fflush(worker->out);
    return status;
}

int
libvirt_worker_main(int argc, char **argv)
{
    (void)argv;
    Worker *worker = next_worker(NULL);
    g_autoptr(GError) error = NULL;
    mallopt(M_ARENA_MAX, XML_THREADS); /* each takes 64 MiB of address space */
    prctl(PR_SET_DUMPABLE, 0);
    xmlInitParser();
    if (argc > 1 && isatty(STDIN_FILENO))
        g_set_error_literal(
            &error, INGEST_ERROR, INGEST_ERROR_USAGE, "'libvirt-worker' takes no arguments");
    if (error || !read_request(worker, &error)) {
        fprintf(stderr, "vm-ingest: %s\n", error->message);
        return 2;
    }
    worker->out = take_stdout();
    if (!worker->out)
        return 1;
    _exit(serve_all(worker)); /* threads that hang would keep an orderly end */
}
