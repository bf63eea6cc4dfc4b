/* SPDX-License-Identifier: Apache-2.0
 *
 * CloudStack's view of all clusters: asked for side by side, emitted in order.
 *
 * The call costs the server up to a second a VM, and a host that does not answer is left out
 * without a word. So clusters are asked for in parallel and with a long timeout, each reply is kept
 * in the cache as soon as it is there, and a host that CloudStack does not call Up before or after
 * is reported. A cluster that fails leaves the others.
 *
 * Source: CloudStack API: listClusters, listHosts, listUnmanagedInstances
 */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "discover_priv.h"
#include "error.h"
#include "utc_text.h"
#include "cleanup.h"

/* One cluster to be listed. Written by one worker until it is done, then read by the lister. */
typedef struct Task {
    SourceCluster cluster;
    const char *name;    /* the only instance that is asked for; NULL: all of the cluster */
    char *doubt;         /* (owned) why one that is not listed may be there all the same, or NULL */
    json_object *reply;  /* (owned) */
    GError *error;       /* (owned) why there is no reply */
    GError *cache_error; /* (owned) why the reply could not be kept */
    int64_t read_at_s;
    uint64_t requests; /* made for it */
    bool is_done;      /* under Listing.lock */
} Task;

typedef struct Listing {
    Source *source;
    const UnmanagedOptions *options;
    SourceRead *read; /* the instances that are asked for; NULL: all */
    GHashTable *ids;  /* of these; those that came are taken out */
    CloudStack *cloudstack;
    UnmanagedCache cache;
    Arena arena;          /* of the infrastructure */
    GArray *hosts;        /* ReplyPlace */
    GArray *tasks;        /* Task; fixed once workers run */
    GArray *others;       /* SourceCluster of hypervisors that are not listed */
    pthread_mutex_t lock; /* over Task.is_done, next, requests, is_stopped */
    pthread_cond_t done;
    guint next;      /* task to be taken */
    guint n_answers; /* clusters that were listed; the lister's */
    bool is_stopped; /* the rest will fail like what failed, or is not wanted */
} Listing;

/* --- infrastructure --------------------------------------------------------------------------- */

static bool
is_wanted_zone(const UnmanagedOptions *options, const ReplyPlace *place)
{
    return !options->zone || g_strcmp0(place->zonename.value, options->zone) == 0 ||
           g_strcmp0(place->zoneid.value, options->zone) == 0;
}

/* The API lists the instances of these two only. */
static bool
is_listable(const ReplyPlace *cluster)
{
    const char *hypervisor = cluster->hypervisortype.value;
    return hypervisor && (g_ascii_strcasecmp(hypervisor, "VMware") == 0 ||
                             g_ascii_strcasecmp(hypervisor, "KVM") == 0);
}

/* All entries of a list, into the listing's arena. (owned) */
static GArray *
fetch_places(Listing *listing, const char *command, const char *object, GError **error)
{
    PlaceQuery query = {
        .source = listing->source,
        .command = command,
        .object = object,
        .arena = &listing->arena,
    };
    GArray *places = cloudstack_fetch_places(&query, error);
    listing->source->requests += query.requests;
    return places;
}

static bool
fetch_clusters(Listing *listing, GError **error)
{
    g_autoptr(GArray) places = fetch_places(listing, "listClusters", "cluster", error);
    for (guint i = 0; places && i < places->len; i++) {
        const ReplyPlace *place = &g_array_index(places, ReplyPlace, i);
        SourceCluster cluster = {
            .id = place->id,
            .name = place->name,
            .datacenter = place->zonename,
            .hypervisor = place->hypervisortype,
        };
        if (!is_wanted_zone(listing->options, place))
            continue;
        if (is_listable(place))
            g_array_append_val(listing->tasks, ((Task){.cluster = cluster}));
        else
            g_array_append_val(listing->others, cluster);
    }
    if (!places)
        return false;
    if (!listing->options->zone || listing->tasks->len + listing->others->len)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND,
        "no cluster in a zone '%s': correct 'zone' or leave it out for all zones",
        listing->options->zone);
    return false;
}

static bool
fetch_hosts(Listing *listing, GError **error)
{
    g_autoptr(GArray) places = fetch_places(listing, "listHosts", "host", error);
    for (guint i = 0; places && i < places->len; i++) {
        const ReplyPlace *place = &g_array_index(places, ReplyPlace, i);
        if (is_wanted_zone(listing->options, place))
            g_array_append_val(listing->hosts, *place);
    }
    return places != NULL;
}

static bool
put_infrastructure(Listing *listing, InventorySink *sink, GError **error)
{
    for (guint i = 0; i < listing->tasks->len; i++)
        if (!inventory_put(
                sink, RECORD_CLUSTER, &g_array_index(listing->tasks, Task, i).cluster, error))
            return false;
    for (guint i = 0; i < listing->others->len; i++)
        if (!inventory_put(
                sink, RECORD_CLUSTER, &g_array_index(listing->others, SourceCluster, i), error))
            return false;
    for (guint i = 0; i < listing->hosts->len; i++) {
        const ReplyPlace *place = &g_array_index(listing->hosts, ReplyPlace, i);
        SourceHost host = place_host(place);
        if (!inventory_put(sink, RECORD_HOST, &host, error))
            return false;
    }
    return true;
}

static const char *
member_text(json_object *object, const char *name)
{
    json_object *value = NULL;
    json_object_object_get_ex(object, name, &value);
    return value ? json_object_get_string(value) : "";
}

/* --- workers ---------------------------------------------------------------------------------- */

/* Hosts that the server passes over go with the reply, so that a kept one still tells of them. A
 * host may fall silent while its cluster is listed, so they are looked at once more. */
static void
note_silent_hosts(const Listing *listing, Task *task)
{
    Arena arena;
    arena_init(&arena);
    PlaceQuery query = {
        .source = listing->source,
        .command = "listHosts",
        .object = "host",
        .cluster_id = task->cluster.id.value,
        .arena = &arena,
    };
    g_autoptr(GArray) after = cloudstack_fetch_places(&query, NULL);
    g_autoptr(GHashTable) named = g_hash_table_new(g_str_hash, g_str_equal);
    json_object *list = json_object_new_array();
    place_add_silent(listing->hosts, task->cluster.id.value, named, list);
    place_add_silent(after, task->cluster.id.value, named, list);
    json_object_object_add(task->reply, "silenthosts", list);
    if (json_object_array_length(list) > 0)
        task->doubt = g_strdup_printf("host '%s' of cluster '%s' does not answer CloudStack",
            member_text(json_object_array_get_idx(list, 0), "name"), task->cluster.name.value);
    task->requests += query.requests;
    arena_release(&arena);
}

/* What the config gives, or what is left of the session's time. */
static unsigned
call_timeout_s(const Listing *listing)
{
    int64_t timeout_s = listing->options->timeout_s, until_us = listing->source->deadline_us;
    if (until_us)
        timeout_s = MIN(timeout_s, (until_us - g_get_monotonic_time()) / G_USEC_PER_SEC + 1);
    return (unsigned)MAX(timeout_s, 1);
}

static void
run_task(Listing *listing, Task *task, bool is_stopped)
{
    CloudStack *cloudstack = listing->cloudstack;
    const CloudStackParam params[] = {{"clusterid", task->cluster.id.value}, {"name", task->name}};
    if (is_stopped || source_is_cancelled(listing->source)) {
        g_set_error_literal(
            &task->error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "not asked for any more");
        return;
    }
    int64_t begin_us = g_get_monotonic_time();
    task->read_at_s = time(NULL);
    task->requests = 1;
    if (!cloudstack->call(cloudstack, "listUnmanagedInstances", params, G_N_ELEMENTS(params),
            call_timeout_s(listing), NULL, &task->reply, &task->error))
        return;
    /* It goes with the reply, as the silent hosts do: a kept one still tells what it cost. */
    json_object_object_add(task->reply, "elapsedms",
        json_object_new_int64((g_get_monotonic_time() - begin_us) / 1000));
    note_silent_hosts(listing, task);
    if (!listing->read) /* what is read again is asked for because it must be fresh */
        unmanaged_cache_store(&listing->cache, task->cluster.id.value, task->read_at_s, task->reply,
            &task->cache_error);
}

/* Takes tasks until there are none. */
static void *
work(void *data)
{
    Listing *listing = data;
    pthread_mutex_lock(&listing->lock);
    while (listing->next < listing->tasks->len) {
        Task *task = &g_array_index(listing->tasks, Task, listing->next++);
        bool is_stopped = listing->is_stopped;
        if (task->is_done)
            continue;
        pthread_mutex_unlock(&listing->lock);
        run_task(listing, task, is_stopped);
        pthread_mutex_lock(&listing->lock);
        task->is_done = true;
        listing->source->requests += task->requests;
        if (g_error_matches(task->error, INGEST_ERROR, INGEST_ERROR_AUTH))
            listing->is_stopped = true;
        pthread_cond_broadcast(&listing->done);
    }
    pthread_mutex_unlock(&listing->lock);
    return NULL;
}

static void
wait_for_task(Listing *listing, const Task *task)
{
    pthread_mutex_lock(&listing->lock);
    while (!task->is_done)
        pthread_cond_wait(&listing->done, &listing->lock);
    pthread_mutex_unlock(&listing->lock);
}

/* --- emitting --------------------------------------------------------------------------------- */

static bool
put_problem(InventorySink *sink, const char *id, const char *about, const char *text,
    const char *evidence, const char *remedy, GError **error)
{
    SourceProblem problem = {
        .id = text_known(id),
        .about = text_known(about),
        .text = text_known(text),
        .evidence = text_known(evidence),
        .remedy = text_known(remedy),
    };
    return inventory_put(sink, RECORD_PROBLEM, &problem, error);
}

static bool
put_silent_hosts(const Task *task, InventorySink *sink, GError **error)
{
    json_object *list = NULL;
    if (!json_object_object_get_ex(task->reply, "silenthosts", &list) ||
        !json_object_is_type(list, json_type_array))
        return true;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *entry = json_object_array_get_idx(list, i);
        const char *name = member_text(entry, "name");
        g_autofree char *about =
            g_strdup_printf("host '%s' of cluster '%s'", name, task->cluster.name.value);
        g_autofree char *text = g_strdup_printf(
            "host '%s' did not answer: its VMs are missing from CloudStack's view", name);
        if (!put_problem(sink, "host-silent", about, text, member_text(entry, "evidence"),
                "bring the host up or end its maintenance, then read again", error))
            return false;
    }
    return true;
}

/* The server says nothing of a host that is Up and yet did not answer in time. It looks like one
 * without unmanaged VMs, so what is not known is said. */
static bool
put_empty_hosts(
    const Listing *listing, const Task *task, GHashTable *seen, InventorySink *sink, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < listing->hosts->len; i++) {
        const ReplyPlace *host = &g_array_index(listing->hosts, ReplyPlace, i);
        if (g_strcmp0(host->clusterid.value, task->cluster.id.value) == 0 &&
            !place_is_silent(host) && !g_hash_table_contains(seen, host->id.value))
            g_string_append_printf(names, "%s'%s'", names->len ? ", " : "", host->name.value);
    }
    if (!names->len)
        return true;
    g_autofree char *about = g_strdup_printf("cluster '%s'", task->cluster.name.value);
    g_autofree char *text =
        g_strdup_printf("CloudStack shows no unmanaged VM of %s: there is none, "
                        "or the host did not answer in time",
            names->str);
    return put_problem(sink, "host-empty", about, text,
        "listUnmanagedInstances: no entry with the host's id",
        "if VMs are expected there, see whether the host answers, then read again", error);
}

/* What a cluster's list holds. */
typedef struct Seen {
    GHashTable *hosts; /* their ids; owned */
    GHashTable *names; /* of instances, each with how often it stands there; borrowed */
} Seen;

static void
count_names(json_object *items, Seen *seen)
{
    for (size_t i = 0; items && i < json_object_array_length(items); i++) {
        const char *name = member_text(json_object_array_get_idx(items, i), "name");
        size_t n = GPOINTER_TO_SIZE(g_hash_table_lookup(seen->names, name)) + 1;
        g_hash_table_insert(seen->names, (gpointer)name, GSIZE_TO_POINTER(n));
    }
}

/* An entry that cannot be read is named; the others are not lost with it. */
static bool
put_entry(const Listing *listing, const Task *task, size_t index, json_object *item,
    const Seen *seen, Arena *arena, InventorySink *sink, GError **error)
{
    InstanceView view;
    g_autoptr(GError) trouble = NULL;
    if (unmanaged_decode(item, &task->cluster, arena, &view, &trouble)) {
        if (view.host.value)
            g_hash_table_add(seen->hosts, g_strdup(view.host.value));
        /* VMs of one name on two hosts: the host tells them apart. */
        if (GPOINTER_TO_SIZE(g_hash_table_lookup(seen->names, view.name.value)) > 1 &&
            view.host.value) {
            if (listing->ids && g_hash_table_contains(listing->ids, view.id.value))
                source_read_note(listing->read, view.id.value,
                    "CloudStack lists more than one instance of this name by now");
            view.id = text_known(arena_printf(arena, "%s/%s", view.id.value, view.host.value));
        }
        bool is_wanted = !listing->ids || g_hash_table_remove(listing->ids, view.id.value);
        return !is_wanted || inventory_put(sink, RECORD_INSTANCE, &view, error);
    }
    g_autofree char *about =
        g_strdup_printf("entry %zu of cluster '%s'", index + 1, task->cluster.name.value);
    return put_problem(sink, "instance-unread", about,
        "CloudStack's entry of an unmanaged instance could not be read", trouble->message,
        "look at the reply of listUnmanagedInstances for this cluster", error);
}

static bool
put_instances(const Listing *listing, const Task *task, InventorySink *sink, GError **error)
{
    json_object *items = NULL; /* an empty list has no member */
    if (json_object_object_get_ex(task->reply, "unmanagedinstance", &items) &&
        !json_object_is_type(items, json_type_array))
        return put_problem(sink, "cluster-unread", task->cluster.name.value,
            "CloudStack's list of this cluster is no list", "unmanagedinstance", NULL, error);
    g_autoptr(GHashTable) hosts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    Seen seen = {hosts, names};
    count_names(items, &seen);
    Arena arena;
    arena_init(&arena);
    bool is_ok = true;
    for (size_t i = 0; is_ok && items && i < json_object_array_length(items); i++) {
        json_object *item = json_object_array_get_idx(items, i);
        arena_reset(&arena);
        is_ok = put_entry(listing, task, i, item, &seen, &arena, sink, error);
    }
    arena_release(&arena);
    /* Of one name most hosts show nothing. */
    return is_ok && (task->name || put_empty_hosts(listing, task, hosts, sink, error));
}

/* Hosts that the server asked for this list. */
static int64_t
count_hosts(const Listing *listing, const Task *task)
{
    int64_t n = 0;
    for (guint i = 0; i < listing->hosts->len; i++) {
        const ReplyPlace *host = &g_array_index(listing->hosts, ReplyPlace, i);
        n +=
            g_strcmp0(host->clusterid.value, task->cluster.id.value) == 0 && !place_is_silent(host);
    }
    return n;
}

/* Also tells that the cluster was read to its end. */
static bool
note_cost(const Listing *listing, const Task *task)
{
    UnmanagedCalls *calls = listing->options->calls;
    json_object *elapsed = NULL, *items = NULL;
    if (!json_object_object_get_ex(task->reply, "elapsedms", &elapsed))
        return true; /* kept by an earlier release */
    json_object_object_get_ex(task->reply, "unmanagedinstance", &items);
    SourceCall call = {.command = text_known("listUnmanagedInstances"),
        .about = text_known(arena_strdup(&calls->arena, task->cluster.id.value)),
        .name = text_known(arena_strdup(&calls->arena, task->cluster.name.value)),
        .elapsed_ms = int_known(json_object_get_int64(elapsed)),
        .instances = int_known(json_object_is_type(items, json_type_array)
                                   ? (int64_t)json_object_array_length(items)
                                   : 0),
        .hosts = int_known(count_hosts(listing, task))};
    g_array_append_val(calls->rows, call);
    listing->source->calls = (const SourceCall *)(void *)calls->rows->data;
    listing->source->n_calls = calls->rows->len;
    return true;
}

static bool
put_failed_cluster(const Task *task, InventorySink *sink, GError **error)
{
    g_autofree char *about = g_strdup_printf("cluster '%s'", task->cluster.name.value);
    return put_problem(sink, "cluster-unread", about,
        "CloudStack could not list the unmanaged instances of this cluster", task->error->message,
        "remove the cause and run again with resume=yes: what was read is not asked for again",
        error);
}

/* 4.18 lists VMware only, and says so of any other cluster: nothing of it is missing. */
static bool
is_unsupported(const Task *task)
{
    return g_error_matches(task->error, INGEST_ERROR, INGEST_ERROR_REFUSED) &&
           strstr(task->error->message, "is currently not supported for hypervisor");
}

static bool
put_unsupported_cluster(const Task *task, InventorySink *sink, GError **error)
{
    g_autofree char *about = g_strdup_printf("cluster '%s'", task->cluster.name.value);
    return put_problem(sink, "cluster-not-supported", about,
        "this release of CloudStack imports nothing from clusters of this hypervisor",
        task->error->message, "upgrade CloudStack to import from this cluster", error);
}

static bool
put_task(Listing *listing, const Task *task, InventorySink *sink, GError **error)
{
    if (task->cache_error &&
        !put_problem(sink, "cache-unwritten", NULL,
            "CloudStack's reply could not be kept for later runs", task->cache_error->message,
            "make room in the cache folder or correct its rights", error))
        return false;
    listing->n_answers += !task->error;
    if (!task->error)
        return put_silent_hosts(task, sink, error) && put_instances(listing, task, sink, error) &&
               note_cost(listing, task);
    if (is_unsupported(task))
        return put_unsupported_cluster(task, sink, error);
    return g_error_matches(task->error, INGEST_ERROR, INGEST_ERROR_CANCELLED) ||
           put_failed_cluster(task, sink, error);
}

/* Emits each cluster in order as soon as it is there. */
static bool
put_tasks(Listing *listing, InventorySink *sink, GError **error)
{
    const SourceContext *context = listing->source->context;
    for (guint i = 0; i < listing->tasks->len; i++) {
        Task *task = &g_array_index(listing->tasks, Task, i);
        wait_for_task(listing, task);
        if (!put_task(listing, task, sink, error))
            return false;
        g_clear_pointer(&task->reply, json_object_put);
        if (context->progress)
            context->progress(context->progress_data, listing->source->name, "clusters", i + 1,
                listing->tasks->len);
    }
    return true;
}

/* The first real error, with how many clusters are missing. */
static bool
check_tasks(const Listing *listing, GError **error)
{
    const Task *first = NULL;
    guint n_failed = 0;
    for (guint i = 0; i < listing->tasks->len; i++) {
        const Task *task = &g_array_index(listing->tasks, Task, i);
        if (!task->error || is_unsupported(task))
            continue;
        n_failed++;
        if (!first || g_error_matches(first->error, INGEST_ERROR, INGEST_ERROR_CANCELLED))
            first = task;
    }
    if (!first)
        return true;
    g_set_error(error, INGEST_ERROR, first->error->code,
        "%u of %u clusters were not read: cluster '%s': %s", n_failed, listing->tasks->len,
        first->cluster.name.value, first->error->message);
    return false;
}

/* --- the listing ------------------------------------------------------------------------------ */

/* What may be taken from the cache is taken; gives the oldest reading's time. */
static int64_t
load_cached(Listing *listing, int64_t now_s, bool *ret_is_cached)
{
    const UnmanagedOptions *options = listing->options;
    int64_t oldest_s = now_s, since_s = INT64_MAX;
    if (options->max_age_s)
        since_s = now_s - options->max_age_s;
    if (options->is_resuming)
        since_s = MIN(since_s, unmanaged_cache_begun_at_s(&listing->cache));
    for (guint i = 0; i < listing->tasks->len; i++) {
        Task *task = &g_array_index(listing->tasks, Task, i);
        task->reply = unmanaged_cache_load(
            &listing->cache, task->cluster.id.value, since_s, &task->read_at_s);
        if (!task->reply)
            continue;
        task->is_done = *ret_is_cached = true;
        oldest_s = MIN(oldest_s, task->read_at_s);
    }
    return oldest_s;
}

static bool
put_info(Listing *listing, InventorySink *sink, int64_t read_at_s, bool is_cached, GError **error)
{
    char read_at[UTC_TEXT_BYTES];
    const char *version = listing->options->version;
    g_autofree char *product =
        g_strjoin(" ", "Apache CloudStack", version, NULL); /* a hidden one ends the list */
    SourceInfo info = {
        .url = text_known(listing->cloudstack->url),
        .product = text_known(product),
        .uuid = text_absent(),
        .read_at = text_known(utc_text((time_t)read_at_s, read_at)),
        .is_cached = bool_known(is_cached),
    };
    return inventory_put(sink, RECORD_SOURCE, &info, error);
}

static bool
run_tasks(Listing *listing, InventorySink *sink, GError **error)
{
    pthread_t workers[UNMANAGED_PARALLEL_MAX];
    int n_workers = 0;
    while (n_workers < listing->options->parallel && (guint)n_workers < listing->tasks->len &&
           pthread_create(&workers[n_workers], NULL, work, listing) == 0)
        n_workers++;
    if (n_workers == 0)
        work(listing);
    bool is_ok = put_tasks(listing, sink, error);
    pthread_mutex_lock(&listing->lock);
    listing->is_stopped = true;
    pthread_mutex_unlock(&listing->lock);
    for (int i = 0; i < n_workers; i++)
        pthread_join(workers[i], NULL);
    return is_ok && check_tasks(listing, error);
}

/* --- some instances --------------------------------------------------------------------------- */

/* "CLUSTER/NAME", or "CLUSTER/NAME/HOST" where one name is on several hosts; a name may have any
 * character but is of one cluster. */
static const char *
name_in(const char *id, const SourceCluster *cluster)
{
    size_t length = strlen(cluster->id.value);
    return strncmp(id, cluster->id.value, length) == 0 && id[length] == '/' ? id + length + 1
                                                                            : NULL;
}

/* Leaves the clusters that something is asked of, and the name if it is one alone. */
static void
keep_asked_tasks(Listing *listing)
{
    for (guint i = listing->tasks->len; i-- > 0;) {
        Task *task = &g_array_index(listing->tasks, Task, i);
        size_t n = 0;
        for (size_t k = 0; k < listing->read->n_ids; k++) {
            const char *name = name_in(listing->read->ids[k], &task->cluster);
            n += name != NULL;
            if (name)
                task->name = strchr(name, '/') ? NULL : name; /* else it may have a host's id */
        }
        if (n != 1)
            task->name = NULL;
        if (n == 0)
            g_array_remove_index(listing->tasks, i);
    }
}

/* What did not come of a cluster that could not be asked whole may be there all the same. */
static void
note_unread(Listing *listing)
{
    for (guint i = 0; i < listing->tasks->len; i++) {
        const Task *task = &g_array_index(listing->tasks, Task, i);
        const char *doubt = task->error ? task->error->message : task->doubt;
        for (size_t k = 0; doubt && k < listing->read->n_ids; k++)
            if (g_hash_table_contains(listing->ids, listing->read->ids[k]) &&
                name_in(listing->read->ids[k], &task->cluster))
                source_read_note(listing->read, listing->read->ids[k], doubt);
    }
}

static bool
read_asked(Listing *listing, InventorySink *sink, int64_t now_s, GError **error)
{
    g_autoptr(GError) trouble = NULL;
    keep_asked_tasks(listing);
    if (!put_info(listing, sink, now_s, false, error) || !put_infrastructure(listing, sink, error))
        return false;
    bool is_read = run_tasks(listing, sink, &trouble);
    note_unread(listing);
    /* What a cluster refused is no word on the others. */
    if (is_read || (listing->n_answers > 0 && !source_is_cancelled(listing->source)))
        return true;
    g_propagate_error(error, g_steal_pointer(&trouble));
    return false;
}

static bool
list_all(Listing *listing, InventorySink *sink, GError **error)
{
    bool is_cached = false;
    int64_t now_s = time(NULL);
    if (!fetch_clusters(listing, error) || !fetch_hosts(listing, error))
        return false;
    if (listing->read)
        return read_asked(listing, sink, now_s, error);
    int64_t read_at_s = load_cached(listing, now_s, &is_cached);
    if (!put_info(listing, sink, read_at_s, is_cached, error) ||
        !put_infrastructure(listing, sink, error))
        return false;
    g_autoptr(GError) trouble = NULL;
    bool is_going_on =
        listing->options->is_resuming && unmanaged_cache_begun_at_s(&listing->cache) != INT64_MAX;
    if (!is_going_on && !unmanaged_cache_begin(&listing->cache, now_s, &trouble) &&
        !put_problem(sink, "cache-unwritten", NULL,
            "if this listing is interrupted it cannot be resumed", trouble->message,
            "make room in the cache folder or correct its rights", error))
        return false;
    if (!run_tasks(listing, sink, error))
        return false;
    unmanaged_cache_finish(&listing->cache);
    return true;
}

static void
listing_release(Listing *listing)
{
    for (guint i = 0; i < listing->tasks->len; i++) {
        Task *task = &g_array_index(listing->tasks, Task, i);
        g_clear_pointer(&task->reply, json_object_put);
        g_clear_error(&task->error);
        g_clear_error(&task->cache_error);
        g_free(task->doubt);
    }
    g_clear_pointer(&listing->ids, g_hash_table_unref);
    g_array_unref(listing->hosts);
    g_array_unref(listing->tasks);
    g_array_unref(listing->others);
    pthread_mutex_destroy(&listing->lock);
    pthread_cond_destroy(&listing->done);
    arena_release(&listing->arena);
}

bool
unmanaged_list(Source *source, const UnmanagedOptions *options, SourceRead *read,
    InventorySink *sink, GError **error)
{
    Listing listing = {
        .source = source,
        .options = options,
        .read = read,
        .cloudstack = source->context->cloudstack,
        .cache = {source->context->cache_folder, source->context->cloudstack->url},
        .hosts = g_array_new(false, false, sizeof(ReplyPlace)),
        .tasks = g_array_new(false, false, sizeof(Task)),
        .others = g_array_new(false, false, sizeof(SourceCluster)),
    };
    if (read) {
        listing.ids = g_hash_table_new(g_str_hash, g_str_equal);
        for (size_t i = 0; i < read->n_ids; i++)
            g_hash_table_add(listing.ids, (gpointer)read->ids[i]);
    }
    arena_init(&listing.arena);
    pthread_mutex_init(&listing.lock, NULL);
    pthread_cond_init(&listing.done, NULL);
    bool is_ok = list_all(&listing, sink, error);
    listing_release(&listing);
    return is_ok;
}
