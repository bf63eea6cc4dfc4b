/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM hosts through libvirt: one worker process per host, several at a time.
 */
#include "source.h"

#include <glib/gstdio.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "libvirt_priv.h"
#include "record.h"

enum {
    WORKERS_MAX = 16, /* at a time */
    HOSTS_MAX = 4096,
    CONNECT_S = 15,
    AGENT_S = 5,
    TIMEOUT_MAX_S = 3600,
    ERRORS_SHOWN = 5,
};

typedef struct LibvirtState {
    GPtrArray *given; /* URIs as the operator wrote them */
    GArray *hosts;    /* HostUri, once open */
    char *keyfile, *known_hosts, *pkipath, *agent;
    int64_t timeout_s;
    char *folder, *ssh_command; /* private; gone after close */
} LibvirtState;

static void
clear_host(void *host)
{
    host_uri_clear(host);
}

static void *
libvirt_create(Source *source)
{
    (void)source;
    LibvirtState *state = g_new0(LibvirtState, 1);
    state->given = g_ptr_array_new_with_free_func(g_free);
    state->hosts = g_array_new(false, true, sizeof(HostUri));
    g_array_set_clear_func(state->hosts, clear_host);
    state->agent = g_strdup("auto");
    state->timeout_s = CONNECT_S;
    return state;
}

static void
libvirt_destroy(void *data)
{
    LibvirtState *state = data;
    g_ptr_array_unref(state->given);
    g_array_unref(state->hosts);
    g_free(state->keyfile);
    g_free(state->known_hosts);
    g_free(state->pkipath);
    g_free(state->agent);
    g_free(state);
}

/* --- config ----------------------------------------------------------------------------------- */

static bool
config_uris(LibvirtState *state, const char *value, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(value, ",", -1);
    for (char **part = parts; *part; part++) {
        g_auto(HostUri) uri = {0};
        UriOptions options = {0};
        if (!*g_strstrip(*part))
            continue;
        if (!libvirt_uri_build(*part, &options, &uri, error))
            return false;
        if (state->given->len == HOSTS_MAX) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
                "'uri': more than %d hosts; make several sources", HOSTS_MAX);
            return false;
        }
        g_ptr_array_add(state->given, g_strdup(*part));
    }
    return true;
}

static bool
config_file(char **ret, const char *key, const char *value, bool is_folder, GError **error)
{
    struct stat info;
    if (*value != '/' || stat(value, &info) != 0 ||
        (is_folder ? !S_ISDIR(info.st_mode) : !S_ISREG(info.st_mode))) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "'%s': '%s' is not the absolute path of a %s", key, value,
            is_folder ? "folder" : "file");
        return false;
    }
    g_free(*ret);
    *ret = g_strdup(value);
    return true;
}

static bool
libvirt_config(Source *source, const char *key, const char *value, GError **error)
{
    LibvirtState *state = source->state;
    if (strcmp(key, "uri") == 0)
        return config_uris(state, value, error);
    if (strcmp(key, "keyfile") == 0)
        return config_file(&state->keyfile, key, value, false, error);
    if (strcmp(key, "known-hosts") == 0 && strpbrk(value, "\"%\\")) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "'known-hosts': '%s' has a character (\" %% \\) that ssh takes for its own", value);
        return false;
    }
    if (strcmp(key, "known-hosts") == 0)
        return config_file(&state->known_hosts, key, value, false, error);
    if (strcmp(key, "pkipath") == 0)
        return config_file(&state->pkipath, key, value, true, error);
    if (strcmp(key, "agent") == 0) {
        if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0 && strcmp(value, "auto") != 0) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
                "'agent': '%s' is not one of yes, no, auto", value);
            return false;
        }
        g_free(state->agent);
        state->agent = g_strdup(value);
        return true;
    }
    uint64_t seconds = 0;
    if (!text_to_uint(value, TIMEOUT_MAX_S, &seconds) || seconds == 0) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "'timeout': '%s' is no number of seconds from 1 to %d", value, TIMEOUT_MAX_S);
        return false;
    }
    state->timeout_s = (int64_t)seconds;
    return true;
}

/* --- open ------------------------------------------------------------------------------------- */

/*
 * libvirt's ssh transport takes a program, but no options of ssh. This one never asks anything,
 * refuses unknown hosts, and does not wait for silent ones.
 */
static bool
write_ssh_command(LibvirtState *state, GError **error)
{
    state->folder = g_dir_make_tmp("vm-ingest-XXXXXX", error);
    if (!state->folder)
        return false;
    state->ssh_command = g_build_filename(state->folder, "ssh", NULL);
    g_autofree char *known = state->known_hosts
                                 ? g_strdup_printf("UserKnownHostsFile=\"%s\"", state->known_hosts)
                                 : NULL;
    g_autofree char *quoted = known ? g_shell_quote(known) : NULL;
    g_autofree char *script =
        g_strdup_printf("#!/bin/sh\nexec ssh -o BatchMode=yes -o StrictHostKeyChecking=yes "
                        "-o ConnectTimeout=%d %s%s%s \"$@\"\n",
            (int)state->timeout_s, quoted ? "-o " : "", quoted ? quoted : "",
            quoted ? " -o GlobalKnownHostsFile=/dev/null" : "");
    if (!g_file_set_contents_full(
            state->ssh_command, script, -1, G_FILE_SET_CONTENTS_NONE, 0700, error))
        return false;
    return true;
}

static bool
libvirt_open(Source *source, GError **error)
{
    LibvirtState *state = source->state;
    if (state->given->len == 0) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "no 'uri': give one, such as 'qemu+ssh://USER@HOST/system'");
        return false;
    }
    if (!source->context->program) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_FAILED,
            "no worker program is known, so no libvirt host can be read");
        return false;
    }
    g_autoptr(GError) trouble = NULL;
    if (!write_ssh_command(state, &trouble)) {
        g_set_error(
            error, INGEST_ERROR, INGEST_ERROR_STORAGE, "no temporary folder: %s", trouble->message);
        return false;
    }
    UriOptions options = {state->keyfile, state->pkipath, state->ssh_command};
    for (guint i = 0; i < state->given->len; i++) {
        HostUri uri = {0};
        if (!libvirt_uri_build(g_ptr_array_index(state->given, i), &options, &uri, error))
            return false;
        for (guint k = 0; k < state->hosts->len; k++)
            if (strcmp(g_array_index(state->hosts, HostUri, k).label, uri.label) == 0) {
                g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "'uri': '%s' is given twice",
                    uri.label);
                host_uri_clear(&uri);
                return false;
            }
        g_array_append_val(state->hosts, uri);
    }
    return true;
}

static void
libvirt_close(Source *source)
{
    LibvirtState *state = source->state;
    g_array_set_size(state->hosts, 0);
    if (state->ssh_command)
        g_unlink(state->ssh_command);
    if (state->folder)
        g_rmdir(state->folder);
    g_clear_pointer(&state->ssh_command, g_free);
    g_clear_pointer(&state->folder, g_free);
}

/* --- one host --------------------------------------------------------------------------------- */

/* All hosts of a listing; .lock guards what they share. */
typedef struct Listing {
    Source *source;
    InventorySink *sink; /* under .lock */
    pthread_mutex_t lock;
    bool has_info; /* under .lock */
    atomic_uint next, n_instances;
    struct HostRun *hosts;
    guint n_hosts;
} Listing;

typedef struct HostRun {
    Listing *listing;
    const HostUri *uri;
    Arena arena;
    GPtrArray *instances; /* InstanceView in .arena, kept until all infrastructure is put */
    GHashTable *pending;  /* id -> index in .instances + 1 */
    uint64_t requests;
    int64_t total;
    GError *error;
} HostRun;

static bool
put_locked(Listing *listing, RecordKind kind, const void *record, GError **error)
{
    pthread_mutex_lock(&listing->lock);
    bool is_ok = inventory_put(listing->sink, kind, record, error);
    pthread_mutex_unlock(&listing->lock);
    return is_ok;
}

static bool
put_info(HostRun *run, const WireConnected *connected, GError **error)
{
    Listing *listing = run->listing;
    bool is_alone = listing->n_hosts == 1, is_ok = true;
    g_autofree char *hosts = g_strdup_printf("%u hosts", listing->n_hosts);
    SourceInfo info = {.kind = SOURCE_KIND_LIBVIRT,
        .url = text_known(is_alone ? run->uri->label : hosts),
        .is_cached = bool_known(false)};
    if (connected) {
        info.product = connected->product;
        info.api_version = connected->api_version;
        info.uuid = is_alone ? connected->uuid : text_absent();
    }
    pthread_mutex_lock(&listing->lock);
    if (!listing->has_info) {
        listing->has_info = true;
        is_ok = inventory_put(listing->sink, RECORD_SOURCE, &info, error);
    }
    pthread_mutex_unlock(&listing->lock);
    return is_ok;
}

static void
show_progress(HostRun *run)
{
    const SourceContext *context = run->listing->source->context;
    unsigned done = atomic_load(&run->listing->n_instances);
    if (context->progress)
        context->progress(context->progress_data, run->listing->source->name, "instances", done,
            run->listing->n_hosts == 1 ? (uint64_t)run->total : 0);
}

/* A pending view stands until the final one of that id replaces it. */
static bool
take_instance(HostRun *run, struct json_object *value, bool is_pending, GError **error)
{
    const RecordType *type = inventory_record_types[RECORD_INSTANCE];
    InstanceView *view = arena_new(&run->arena, InstanceView);
    if (!record_decode(type, value, RECORD_STRICT, "instance", &run->arena, view, error))
        return false;
    gpointer place = g_hash_table_lookup(run->pending, view->id.value);
    if (place && !is_pending) {
        g_ptr_array_index(run->instances, GPOINTER_TO_SIZE(place) - 1) = view;
        return true;
    }
    g_ptr_array_add(run->instances, view);
    atomic_fetch_add(&run->listing->n_instances, 1);
    if (is_pending)
        g_hash_table_insert(
            run->pending, (gpointer)view->id.value, GSIZE_TO_POINTER(run->instances->len));
    if (run->instances->len % 64 == 0)
        show_progress(run);
    return true;
}

static bool
take_record(HostRun *run, const char *word, struct json_object *value, GError **error)
{
    static const RecordKind kinds[] = {
        RECORD_HOST, RECORD_DATASTORE, RECORD_SWITCH, RECORD_PORTGROUP, RECORD_PROBLEM};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const RecordType *type = inventory_record_types[kinds[i]];
        if (strcmp(word, inventory_record_words[kinds[i]]) != 0)
            continue;
        g_autofree void *record = g_malloc0(type->size);
        return record_decode(type, value, RECORD_STRICT, word, &run->arena, record, error) &&
               put_locked(run->listing, kinds[i], record, error);
    }
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL, "the worker said '%.60s'", word);
    return false;
}

static bool
take_failed(HostRun *run, struct json_object *value, GError **error)
{
    WireFailed failed = {0};
    if (record_decode(
            &wire_failed_type, value, RECORD_STRICT, WIRE_FAILED, &run->arena, &failed, error))
        g_set_error(error, INGEST_ERROR, (int)failed.code.value, "%s%s%s", failed.text.value,
            failed.remedy.value ? "; " : "", failed.remedy.value ? failed.remedy.value : "");
    return false;
}

static bool
take_stage(HostRun *run, struct json_object *value, int64_t *deadline_ms, GError **error)
{
    WireStage stage = {0};
    if (!record_decode(
            &wire_stage_type, value, RECORD_STRICT, WIRE_STAGE, &run->arena, &stage, error))
        return false;
    *deadline_ms = stage.deadline_ms.value;
    run->total = stage.total.value;
    show_progress(run);
    return true;
}

static bool
take_line(
    void *data, const char *word, struct json_object *value, int64_t *deadline_ms, GError **error)
{
    HostRun *run = data;
    if (strcmp(word, inventory_record_words[RECORD_INSTANCE]) == 0)
        return take_instance(run, value, false, error);
    if (strcmp(word, WIRE_PENDING) == 0)
        return take_instance(run, value, true, error);
    if (strcmp(word, WIRE_STAGE) == 0)
        return take_stage(run, value, deadline_ms, error);
    if (strcmp(word, WIRE_FAILED) == 0)
        return take_failed(run, value, error);
    if (strcmp(word, WIRE_CONNECTED) == 0) {
        WireConnected connected = {0};
        return record_decode(&wire_connected_type, value, RECORD_STRICT, word, &run->arena,
                   &connected, error) &&
               put_info(run, &connected, error);
    }
    if (strcmp(word, WIRE_DONE) == 0) {
        WireDone done = {0};
        if (!record_decode(&wire_done_type, value, RECORD_STRICT, word, &run->arena, &done, error))
            return false;
        run->requests = (uint64_t)done.requests.value;
        return true;
    }
    return take_record(run, word, value, error);
}

static char *
make_request(const Source *source, const HostUri *uri, const char *mode)
{
    const LibvirtState *state = source->state;
    g_autoptr(GString) text = g_string_new(NULL);
    WireRequest request = {
        .mode = text_known(mode),
        .uri = text_known(uri->uri),
        .label = text_known(uri->label),
        .agent = text_known(state->agent),
        .agent_timeout_s = int_known(AGENT_S),
        .inventory_ms = int_known(2 * state->timeout_s * 1000),
        .is_same_host = bool_known(uri->is_same_host),
    };
    record_encode(&wire_request_type, &request, text);
    return g_string_free(g_steal_pointer(&text), false);
}

static WorkerRun
make_run(const Source *source, const char *request)
{
    const LibvirtState *state = source->state;
    enum { STAGES = 10, TOTAL_MIN_S = 600 };
    return (WorkerRun){
        .program = source->context->program,
        .request = request,
        .is_cancelled = source->context->is_cancelled,
        .connect_ms = state->timeout_s * 1000,
        .total_ms = MAX(STAGES * state->timeout_s, TOTAL_MIN_S) * 1000,
    };
}

static void
read_host(HostRun *run)
{
    Listing *listing = run->listing;
    g_autofree char *request = make_request(listing->source, run->uri, "list");
    WorkerRun worker = make_run(listing->source, request);
    WorkerHandler handler = {run, take_line};
    if (worker_run(&worker, &handler, &run->error))
        return;
    /* The back end's own end; others' words stand as they are. */
    if (g_error_matches(run->error, INGEST_ERROR, INGEST_ERROR_CANCELLED))
        return;
    g_autofree char *about = g_strdup_printf("host '%s'", run->uri->label);
    g_autofree char *read = g_strdup_printf("%u instances were read", run->instances->len);
    SourceProblem problem = {.id = text_known("host-unread"),
        .about = text_known(about),
        .text = text_known(run->instances->len ? "the host could be read in part only"
                                               : "the host could not be read"),
        .evidence = text_known(run->error->message),
        .remedy = text_known("test the connection with 'vm-ingest doctor', then read again")};
    g_autoptr(GError) ignored = NULL; /* the error of the host is the one to tell */
    put_info(run, NULL, &ignored);
    if (!ignored)
        put_locked(listing, RECORD_PROBLEM, &problem, &ignored);
}

static void *
read_hosts(void *data)
{
    Listing *listing = data;
    for (guint i; (i = atomic_fetch_add(&listing->next, 1)) < listing->n_hosts;)
        if (!source_is_cancelled(listing->source))
            read_host(&listing->hosts[i]);
    return NULL;
}

/* --- the listing ------------------------------------------------------------------------------ */

static void
listing_init(Listing *listing, Source *source, InventorySink *sink)
{
    const LibvirtState *state = source->state;
    *listing = (Listing){.source = source, .sink = sink, .n_hosts = state->hosts->len};
    pthread_mutex_init(&listing->lock, NULL);
    listing->hosts = g_new0(HostRun, listing->n_hosts);
    for (guint i = 0; i < listing->n_hosts; i++) {
        HostRun *run = &listing->hosts[i];
        run->listing = listing;
        run->uri = &g_array_index(state->hosts, HostUri, i);
        arena_init(&run->arena);
        run->instances = g_ptr_array_new();
        run->pending = g_hash_table_new(g_str_hash, g_str_equal);
    }
}

static void
listing_release(Listing *listing)
{
    for (guint i = 0; i < listing->n_hosts; i++) {
        HostRun *run = &listing->hosts[i];
        g_ptr_array_unref(run->instances);
        g_hash_table_unref(run->pending);
        arena_release(&run->arena);
        g_clear_error(&run->error);
    }
    g_free(listing->hosts);
    pthread_mutex_destroy(&listing->lock);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Listing, listing_release)

static void
run_workers(Listing *listing)
{
    pthread_t threads[WORKERS_MAX];
    guint n = 0;
    while (n < MIN((guint)WORKERS_MAX, listing->n_hosts) &&
           pthread_create(&threads[n], NULL, read_hosts, listing) == 0)
        n++;
    if (n == 0)
        read_hosts(listing);
    for (guint i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

static bool
is_off(const InstanceView *view)
{
    return view->power != POWER_ON && view->power != POWER_SUSPENDED;
}

/* The definition that a migration left behind on another host is not the instance. */
static bool
put_stale(Listing *listing, const InstanceView *view, const InstanceView *running, GError **error)
{
    g_autofree char *about =
        g_strdup_printf("instance '%s' (%s)", view->name.value, view->id.value);
    g_autofree char *evidence =
        g_strdup_printf("defined on '%s', runs on '%s'", view->host.value, running->host.value);
    SourceProblem problem = {.id = text_known("defined-twice"),
        .about = text_known(about),
        .text = text_known("a definition of it is left on a host where it does not run; the one "
                           "that runs is kept"),
        .evidence = text_known(evidence),
        .remedy = text_known("undefine the one that does not run")};
    return inventory_put(listing->sink, RECORD_PROBLEM, &problem, error);
}

static bool
put_instances(Listing *listing, GError **error)
{
    g_autoptr(GHashTable) running = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < listing->n_hosts; i++)
        for (guint k = 0; k < listing->hosts[i].instances->len; k++) {
            InstanceView *view = g_ptr_array_index(listing->hosts[i].instances, k);
            if (!is_off(view))
                g_hash_table_insert(running, (gpointer)view->id.value, view);
        }
    for (guint i = 0; i < listing->n_hosts; i++)
        for (guint k = 0; k < listing->hosts[i].instances->len; k++) {
            const InstanceView *view = g_ptr_array_index(listing->hosts[i].instances, k);
            const InstanceView *other = g_hash_table_lookup(running, view->id.value);
            bool is_stale = other && other != view && is_off(view);
            if (!(is_stale ? put_stale(listing, view, other, error)
                           : inventory_put(listing->sink, RECORD_INSTANCE, view, error)))
                return false;
        }
    return true;
}

static bool
report_failures(const Listing *listing, GError **error)
{
    const GError *first = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    guint n = 0;
    for (guint i = 0; i < listing->n_hosts; i++) {
        const HostRun *run = &listing->hosts[i];
        if (!run->error)
            continue;
        first = first ? first : run->error;
        if (n++ < ERRORS_SHOWN)
            g_string_append_printf(text, "%shost '%s': %s", text->len ? "; " : "", run->uri->label,
                run->error->message);
    }
    if (!first)
        return true;
    if (n > ERRORS_SHOWN)
        g_string_append_printf(text, "; and %u more", n - ERRORS_SHOWN);
    if (listing->n_hosts > 1)
        g_set_error(error, INGEST_ERROR, first->code, "%u of %u hosts could not be read: %s", n,
            listing->n_hosts, text->str);
    else
        g_set_error_literal(error, INGEST_ERROR, first->code, text->str);
    return false;
}

static bool
libvirt_list(Source *source, InventorySink *sink, GError **error)
{
    g_auto(Listing) listing = {0};
    listing_init(&listing, source, sink);
    run_workers(&listing);
    for (guint i = 0; i < listing.n_hosts; i++)
        source->requests += listing.hosts[i].requests;
    if (listing.has_info && !put_instances(&listing, error))
        return false;
    if (source_is_cancelled(source)) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "interrupted");
        return false;
    }
    return report_failures(&listing, error);
}

/* --- doctor ----------------------------------------------------------------------------------- */

typedef struct CheckRun {
    const HopSink *hops;
    const HostUri *uri;
    Arena arena;
    const char *remedy; /* what the worker advises, NULL: nothing */
    bool is_connected, is_failed;
} CheckRun;

static void
tell_hop(CheckRun *run, const char *name, HopResult result, const char *detail, const char *remedy)
{
    g_autofree char *text = g_strdup_printf("%s: %s", run->uri->label, detail ? detail : "");
    run->is_failed |= result == HOP_FAILED;
    run->hops->hop(run->hops->data, name, result, text, result == HOP_OK ? NULL : remedy);
}

static bool
take_check_line(
    void *data, const char *word, struct json_object *value, int64_t *deadline_ms, GError **error)
{
    CheckRun *run = data;
    if (strcmp(word, WIRE_CONNECTED) == 0) {
        WireConnected connected = {0};
        if (!record_decode(
                &wire_connected_type, value, RECORD_STRICT, word, &run->arena, &connected, error))
            return false;
        run->is_connected = true;
        *deadline_ms = CONNECT_S * 1000;
        tell_hop(run, "connection", HOP_OK, connected.product.value, NULL);
    } else if (strcmp(word, WIRE_HOP) == 0) {
        WireHop hop = {0};
        if (!record_decode(&wire_hop_type, value, RECORD_STRICT, word, &run->arena, &hop, error))
            return false;
        tell_hop(run, hop.name.value,
            strcmp(hop.result.value, "ok") == 0       ? HOP_OK
            : strcmp(hop.result.value, "failed") == 0 ? HOP_FAILED
                                                      : HOP_SKIPPED,
            hop.detail.value, hop.remedy.value);
    } else if (strcmp(word, WIRE_FAILED) == 0) {
        WireFailed failed = {0};
        if (record_decode(
                &wire_failed_type, value, RECORD_STRICT, word, &run->arena, &failed, error))
            g_set_error_literal(error, INGEST_ERROR, (int)failed.code.value, failed.text.value);
        run->remedy = failed.remedy.value;
        return false;
    }
    return true;
}

static const char *
remedy_for(const GError *error)
{
    if (error->code == INGEST_ERROR_AUTH)
        return "give a key or certificate that the host accepts, and an account that may use "
               "libvirt";
    if (error->code == INGEST_ERROR_TIMEOUT)
        return "see that the host is up, that no firewall drops the connection, and that its "
               "libvirt daemon is alive";
    return "see that the name, port and path are right and that the libvirt daemon runs";
}

static bool
check_host(Source *source, const HostUri *uri, const HopSink *hops)
{
    g_autofree char *request = make_request(source, uri, "check");
    g_autoptr(GError) trouble = NULL;
    CheckRun run = {.hops = hops, .uri = uri};
    arena_init(&run.arena);
    WorkerRun worker = make_run(source, request);
    WorkerHandler handler = {&run, take_check_line};
    if (!worker_run(&worker, &handler, &trouble))
        tell_hop(&run,
            trouble->code == INGEST_ERROR_AUTH ? "login"
            : run.is_connected                 ? "rights"
                                               : "connection",
            HOP_FAILED, trouble->message, run.remedy ? run.remedy : remedy_for(trouble));
    arena_release(&run.arena);
    return !run.is_failed;
}

static bool
libvirt_check(Source *source, const HopSink *hops, GError **error)
{
    LibvirtState *state = source->state;
    bool is_ok = libvirt_open(source, error);
    bool is_open = is_ok;
    for (guint i = 0; is_open && i < state->hosts->len && !source_is_cancelled(source); i++)
        is_ok &= check_host(source, &g_array_index(state->hosts, HostUri, i), hops);
    libvirt_close(source);
    return is_ok;
}

const SourceClass source_libvirt = {
    .type = "libvirt",
    .summary = "KVM hosts through libvirt, or an estate of its test driver",
    .config_help =
        "uri=URI          host: qemu:///system, qemu+ssh://USER@HOST/system,\n"
        "                 qemu+tls://HOST/system, qemu+unix:///system?socket=PATH,\n"
        "                 test:///FILE; several with commas, or the key several times\n"
        "keyfile=FILE     private key for qemu+ssh\n"
        "known-hosts=FILE host keys for qemu+ssh, instead of the user's own\n"
        "pkipath=FOLDER   cacert.pem, clientcert.pem and clientkey.pem for qemu+tls\n"
        "agent=yes|no|auto  ask guest agents for addresses; needs read-write access (auto)\n"
        "timeout=SECONDS  to connect to a host (15); its inventory gets twice as long",
    .can = SOURCE_CAN_VLAN | SOURCE_CAN_GUEST_IPS | SOURCE_CAN_SNAPSHOTS,
    .create = libvirt_create,
    .config = libvirt_config,
    .open = libvirt_open,
    .list = libvirt_list,
    .check = libvirt_check,
    .close = libvirt_close,
    .destroy = libvirt_destroy,
};
