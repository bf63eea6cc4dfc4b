/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of discover/ share among themselves.
 */
#ifndef DISCOVER_PRIV_H
#define DISCOVER_PRIV_H

#include "arena.h"
#include "inventory.h"
#include "source.h"

struct json_object;

/* What infrastructure and instances begin with; inventory.c holds their structs against it. */
typedef struct RecordHead {
    Text source, id, name;
} RecordHead;

/* Room for a record of any kind. */
typedef union AnyRecord {
    RecordHead head; /* not of a SourceInfo, SourceEnd or SourceProblem */
    SourceInfo source;
    SourceEnd end;
    SourceProblem problem;
    SourceCluster cluster;
    SourceHost host;
    Datastore datastore;
    Switch net_switch;
    Portgroup portgroup;
    InstanceView instance;
} AnyRecord;

/* --- sources ---------------------------------------------------------------------------------- */

/* Emits records as SourceClass.list does. */
typedef bool (*SourceLister)(Source *source, void *data, InventorySink *sink, GError **error);

/* source_run() with another lister: the contract of its records, and its end. */
bool source_put_all(
    Source *source, SourceLister list, void *data, InventorySink *sink, GError **error);

/* What SourceClass.read is asked for. What does not come and is not noted as unread is gone. */
typedef struct SourceRead {
    const char *const *ids;
    size_t n_ids;
    InventorySink *sink;
    GHashTable *unread; /* id -> why; owned texts */
} SourceRead;

/* It may be there: where it would be could not be asked. The first word stands. */
void source_read_note(SourceRead *read, const char *id, const char *why);

/* Joins the views of one VM: fills .instances and .n_instances, in @arena. */
void inventory_join(Inventory *inventory, Arena *arena);

/* A vCenter's %2f, %5c and %25 unescaped, in the arena. */
const char *vim_unescape(Arena *arena, const char *name);

/* --- CloudStack's clusters and hosts ---------------------------------------------------------- */

/* What listClusters and listHosts say. */
typedef struct ReplyPlace {
    Text id, name, zoneid, zonename, hypervisortype, clusterid;
    Text state, resourcestate, hypervisorversion;
    Int cpunumber, cpuspeed, memorytotal;
} ReplyPlace;

typedef struct PlaceQuery {
    Source *source;               /* for its server and whether it is cancelled */
    const char *command, *object; /* object: member of the reply that holds the list */
    const char *cluster_id;       /* NULL: of all clusters */
    Arena *arena;                 /* takes the texts */
    uint64_t requests;            /* calls made */
} PlaceQuery;

/**
 * cloudstack_fetch_places - all entries of a list, by page
 *
 * Calls:   @query->command, once a page
 * Errors:  those of the call; PROTOCOL for a reply of another form; CANCELLED
 * Threads: any number, each with its query and arena
 * Returns: (owned) ReplyPlace, each with id and name, no id twice; NULL on error
 */
GArray *cloudstack_fetch_places(PlaceQuery *query, GError **error);

SourceHost place_host(const ReplyPlace *place);
/* Not Up, or in maintenance: listUnmanagedInstances passes it over. */
bool place_is_silent(const ReplyPlace *host);

/**
 * place_add_silent - the hosts of a cluster that listUnmanagedInstances passes over
 * @hosts: ReplyPlace; NULL: none
 * @named: ids (borrowed from @hosts) that are in the list already
 * @list:  gets {"name", "evidence"} each
 */
void place_add_silent(
    const GArray *hosts, const char *cluster_id, GHashTable *named, struct json_object *list);

/* --- CloudStack's unmanaged instances --------------------------------------------------------- */

/**
 * unmanaged_decode - one entry of listUnmanagedInstances as a view
 * @cluster:  the cluster that was listed
 * @ret_view: texts and lists in @arena or borrowed from @cluster; no .source
 *
 * Errors: PROTOCOL if it has no name; INVALID if it is out of bounds
 */
bool unmanaged_decode(struct json_object *json, const SourceCluster *cluster, Arena *arena,
    InstanceView *ret_view, GError **error);

/* Where replies are kept between runs. */
typedef struct UnmanagedCache {
    const char *folder; /* NULL: nothing is kept */
    const char *url;    /* of the server */
} UnmanagedCache;

/* STORAGE. Times are seconds since 1970. */
bool unmanaged_cache_store(const UnmanagedCache *cache, const char *cluster_id, int64_t read_at_s,
    struct json_object *reply, GError **error);
/* The reply kept at or after @since_s, or NULL. (owned) */
struct json_object *unmanaged_cache_load(
    const UnmanagedCache *cache, const char *cluster_id, int64_t since_s, int64_t *ret_read_at_s);
/* A listing begins, goes on since (INT64_MAX: none does), is complete. */
bool unmanaged_cache_begin(const UnmanagedCache *cache, int64_t begun_at_s, GError **error);
int64_t unmanaged_cache_begun_at_s(const UnmanagedCache *cache);
void unmanaged_cache_finish(const UnmanagedCache *cache);

enum { UNMANAGED_PARALLEL_MAX = 16 }; /* clusters asked for at a time */

/* How the view is read: the config of the cloudstack source. Texts are owned. */
/* What each list cost the server; Source.calls shows them. */
typedef struct UnmanagedCalls {
    Arena arena;
    GArray *rows; /* SourceCall */
} UnmanagedCalls;

typedef struct UnmanagedOptions {
    char *zone; /* name or id; NULL: all */
    int64_t parallel, timeout_s;
    int64_t max_age_s; /* of a reply that was kept; 0: none is taken */
    bool is_resuming;  /* take the replies of a listing that was interrupted */
    char *version;     /* of the server; NULL: hidden, or not open yet */
    UnmanagedCalls *calls;
} UnmanagedOptions;

/**
 * unmanaged_list - clusters, hosts and unmanaged instances into a sink
 * @source: for its server, cache folder and progress; counts requests
 * @read:   some instances only: of the clusters that are in their ids, each listed by name if one
 *          alone is asked of it. Nothing is taken from the cache or kept in it. What did not come
 *          is noted as unread if the cluster, or a host of it, did not answer. NULL: all
 *
 * Errors: those of listClusters and listHosts; NOT_FOUND when no cluster is in the zone; the first
 *         one of a cluster, after all others were put (of @read only if none was listed); those of
 *         the sink
 */
bool unmanaged_list(Source *source, const UnmanagedOptions *options, SourceRead *read,
    InventorySink *sink, GError **error);

#endif
