/* SPDX-License-Identifier: Apache-2.0
 *
 * What the hosts of a libvirt source have, by one worker process each, several at a time: all of
 * it, or some instances, wherever they are now.
 */
#include <pthread.h>

#include "libvirt_priv.h"
#include "record.h"

enum {
    WORKERS_MAX = 16, /* at a time */
    ERRORS_SHOWN = 5,
};

/* --- one host --------------------------------------------------------------------------------- */

/* All hosts of a listing; .lock guards what they share. */
typedef struct Listing {
    Source *source;
    InventorySink *sink; /* under .lock */
    bool is_whole;       /* all instances, not only the ids of the runs */
    pthread_mutex_t lock;
    bool has_info;    /* under .lock */
    GHashTable *seen; /* "kind id" of records that were put, a host may be asked twice; .lock */
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
    GPtrArray *ids;       /* to be asked for; borrowed */
    KeptWorker *kept;     /* NULL: a worker for this listing alone */
    uint64_t requests;
    int64_t total;
    GError *error;
} HostRun;

/* Under the lock. */
static bool
is_put_before(Listing *listing, RecordKind kind, const void *record)
{
    const RecordHead *head = record;
    return kind != RECORD_PROBLEM &&
           !g_hash_table_add(listing->seen, g_strdup_printf("%d %s", (int)kind, head->id.value));
}

static bool
put_locked(Listing *listing, RecordKind kind, const void *record, GError **error)
{
    pthread_mutex_lock(&listing->lock);
    bool is_ok =
        is_put_before(listing, kind, record) || inventory_put(listing->sink, kind, record, error);
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
        return host_take_failed(value, error);
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
        run->requests += (uint64_t)done.requests.value;
        return true;
    }
    return take_record(run, word, value, error);
}

static void
read_host(HostRun *run)
{
    Listing *listing = run->listing;
    const HostAsk ask = {listing->is_whole ? "list" : "read", run->uri,
        listing->is_whole ? NULL : run->ids, run->kept};
    const WorkerHandler handler = {run, take_line};
    if (host_ask(listing->source, &ask, &handler, &run->error))
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
        if ((listing->is_whole || listing->hosts[i].ids->len) &&
            !source_is_cancelled(listing->source))
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
    listing->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    listing->hosts = g_new0(HostRun, listing->n_hosts);
    for (guint i = 0; i < listing->n_hosts; i++) {
        HostRun *run = &listing->hosts[i];
        run->listing = listing;
        run->uri = &g_array_index(state->hosts, HostUri, i);
        arena_init(&run->arena);
        run->instances = g_ptr_array_new();
        run->pending = g_hash_table_new(g_str_hash, g_str_equal);
        run->ids = g_ptr_array_new();
    }
}

static void
listing_release(Listing *listing)
{
    for (guint i = 0; i < listing->n_hosts; i++) {
        HostRun *run = &listing->hosts[i];
        g_ptr_array_unref(run->instances);
        g_hash_table_unref(run->pending);
        g_ptr_array_unref(run->ids);
        arena_release(&run->arena);
        g_clear_error(&run->error);
    }
    g_free(listing->hosts);
    g_hash_table_unref(listing->seen);
    pthread_mutex_destroy(&listing->lock);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Listing, listing_release)

static void
run_workers(Listing *listing)
{
    pthread_t threads[WORKERS_MAX];
    guint n = 0;
    atomic_store(&listing->next, 0);
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

bool
libvirt_list(Source *source, InventorySink *sink, GError **error)
{
    g_auto(Listing) listing = {0};
    listing_init(&listing, source, sink);
    listing.is_whole = true;
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

/* --- some instances --------------------------------------------------------------------------- */

/* Where it runs; where it only is defined, if it runs nowhere. NULL: on no host that answered. */
static const InstanceView *
find_found(const Listing *listing, const char *id, guint *ret_host)
{
    const InstanceView *found = NULL;
    for (guint i = 0; i < listing->n_hosts; i++)
        for (guint k = 0; k < listing->hosts[i].instances->len; k++) {
            const InstanceView *view = g_ptr_array_index(listing->hosts[i].instances, k);
            if (strcmp(view->id.value, id) != 0 || (found && is_off(view)))
                continue;
            found = view;
            *ret_host = i;
        }
    return found;
}

/* Asks the host that had it last, or all of them. */
static void
ask_first(Listing *listing, const LibvirtState *state, const char *id)
{
    guint place = GPOINTER_TO_UINT(g_hash_table_lookup(state->places, id));
    for (guint i = 0; i < listing->n_hosts; i++)
        if (place == 0 || place == i + 1)
            g_ptr_array_add(listing->hosts[i].ids, (gpointer)id);
}

/* What does not run where it was may run elsewhere by now. False: no more is to be asked. */
static bool
ask_others(Listing *listing, const LibvirtState *state, const SourceRead *read)
{
    bool is_asking = false;
    for (guint i = 0; i < listing->n_hosts; i++)
        g_ptr_array_set_size(listing->hosts[i].ids, 0);
    for (size_t k = 0; k < read->n_ids; k++) {
        guint host = 0, place = GPOINTER_TO_UINT(g_hash_table_lookup(state->places, read->ids[k]));
        const InstanceView *found = find_found(listing, read->ids[k], &host);
        if (place == 0 || (found && !is_off(found)))
            continue;
        for (guint i = 0; i < listing->n_hosts; i++)
            if (i + 1 != place) {
                g_ptr_array_add(listing->hosts[i].ids, (gpointer)read->ids[k]);
                is_asking = true;
            }
    }
    return is_asking;
}

/* Keeps where each is; what was found nowhere may be on a host that did not answer. */
static bool
settle(const Listing *listing, LibvirtState *state, SourceRead *read)
{
    bool is_all_found = true;
    for (size_t k = 0; k < read->n_ids; k++) {
        guint host = 0;
        if (find_found(listing, read->ids[k], &host)) {
            g_hash_table_replace(state->places, g_strdup(read->ids[k]), GUINT_TO_POINTER(host + 1));
            continue;
        }
        is_all_found = false;
        for (guint i = 0; i < listing->n_hosts; i++)
            if (listing->hosts[i].error) {
                g_autofree char *why = g_strdup_printf("host '%s': %s",
                    listing->hosts[i].uri->label, listing->hosts[i].error->message);
                source_read_note(read, read->ids[k], why);
            }
    }
    return is_all_found;
}

static bool
has_answer(const Listing *listing)
{
    for (guint i = 0; i < listing->n_hosts; i++)
        if (listing->hosts[i].requests)
            return true;
    return false;
}

bool
libvirt_read(Source *source, SourceRead *read, GError **error)
{
    LibvirtState *state = source->state;
    g_auto(Listing) listing = {0};
    listing_init(&listing, source, read->sink);
    for (guint i = 0; i < listing.n_hosts; i++)
        listing.hosts[i].kept = g_ptr_array_index(state->kept, i);
    for (size_t k = 0; k < read->n_ids; k++)
        ask_first(&listing, state, read->ids[k]);
    run_workers(&listing);
    if (ask_others(&listing, state, read))
        run_workers(&listing);
    for (guint i = 0; i < listing.n_hosts; i++)
        source->requests += listing.hosts[i].requests;
    if (source_is_cancelled(source)) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "interrupted");
        return false;
    }
    bool is_all_found = settle(&listing, state, read);
    if (!is_all_found && !has_answer(&listing) && !report_failures(&listing, error))
        return false;
    return put_info(&listing.hosts[0], NULL, error) && put_instances(&listing, error);
}
