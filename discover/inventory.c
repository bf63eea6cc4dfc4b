/* SPDX-License-Identifier: Apache-2.0
 *
 * Building, freezing and reading an Inventory.
 */
#include "inventory.h"

#include <pthread.h>
#include <stdatomic.h>

#include "discover_priv.h"
#include "record.h"

#define HEAD_IS_FIRST(T)                                                                           \
    (offsetof(T, source) == offsetof(RecordHead, source) &&                                        \
        offsetof(T, id) == offsetof(RecordHead, id) &&                                             \
        offsetof(T, name) == offsetof(RecordHead, name))

G_STATIC_ASSERT(HEAD_IS_FIRST(SourceCluster));
G_STATIC_ASSERT(HEAD_IS_FIRST(SourceHost));
G_STATIC_ASSERT(HEAD_IS_FIRST(Datastore));
G_STATIC_ASSERT(HEAD_IS_FIRST(Switch));
G_STATIC_ASSERT(HEAD_IS_FIRST(Portgroup));
G_STATIC_ASSERT(HEAD_IS_FIRST(InstanceView));
G_STATIC_ASSERT(offsetof(SourceInfo, name) == 0 && offsetof(SourceEnd, source) == 0);

typedef struct InventoryIndex {
    Inventory inventory;
    Arena arena; /* everything reachable from the inventory */
    atomic_int refs;
    GHashTable *by_id[RECORD_KIND_N]; /* set of RecordHead, or of Text for sources and ends */
} InventoryIndex;

struct InventoryBuilder {
    InventorySink sink;
    Arena arena;
    GArray *records; /* InventoryRecord */
};

/* --- building --------------------------------------------------------------------------------- */

static void
builder_start(InventoryBuilder *builder)
{
    arena_init(&builder->arena);
    builder->records = g_array_new(false, false, sizeof(InventoryRecord));
}

static bool
builder_put(InventorySink *sink, RecordKind kind, const void *record, GError **error)
{
    (void)error;
    InventoryBuilder *builder = (InventoryBuilder *)sink;
    InventoryRecord entry = {
        .kind = kind,
        .record = record_copy(inventory_record_types[kind], record, &builder->arena),
    };
    g_array_append_val(builder->records, entry);
    return true;
}

InventoryBuilder *
inventory_builder_new(void)
{
    InventoryBuilder *builder = g_new0(InventoryBuilder, 1);
    builder->sink.put = builder_put;
    builder_start(builder);
    return builder;
}

void
inventory_builder_free(InventoryBuilder *builder)
{
    if (!builder)
        return;
    g_array_unref(builder->records);
    arena_release(&builder->arena);
    g_free(builder);
}

InventorySink *
inventory_builder_sink(InventoryBuilder *builder)
{
    return &builder->sink;
}

/* --- indexes ---------------------------------------------------------------------------------- */

static const char *
text_or_empty(Text text)
{
    return text.value ? text.value : "";
}

static guint
head_hash(gconstpointer key)
{
    const RecordHead *head = key;
    return g_str_hash(text_or_empty(head->source)) * 31 + g_str_hash(text_or_empty(head->id));
}

static gboolean
head_equal(gconstpointer a, gconstpointer b)
{
    const RecordHead *one = a, *other = b;
    return strcmp(text_or_empty(one->id), text_or_empty(other->id)) == 0 &&
           strcmp(text_or_empty(one->source), text_or_empty(other->source)) == 0;
}

static guint
name_hash(gconstpointer key)
{
    return g_str_hash(text_or_empty(*(const Text *)key));
}

static gboolean
name_equal(gconstpointer a, gconstpointer b)
{
    return strcmp(text_or_empty(*(const Text *)a), text_or_empty(*(const Text *)b)) == 0;
}

/* Of records with one id the first is found. */
static void
index_add(InventoryIndex *index, RecordKind kind, const void *record)
{
    if (kind == RECORD_INSTANCE || kind == RECORD_PROBLEM)
        return;
    bool is_named = kind == RECORD_SOURCE || kind == RECORD_END;
    if (!index->by_id[kind])
        index->by_id[kind] = is_named ? g_hash_table_new(name_hash, name_equal)
                                      : g_hash_table_new(head_hash, head_equal);
    if (!g_hash_table_contains(index->by_id[kind], record))
        g_hash_table_add(index->by_id[kind], (gpointer)record);
}

static const void *
index_find(const Inventory *inventory, RecordKind kind, const void *key)
{
    GHashTable *table = inventory->index->by_id[kind];
    return table ? g_hash_table_lookup(table, key) : NULL;
}

static const void *
find_named(const Inventory *inventory, RecordKind kind, const char *source)
{
    return index_find(inventory, kind, &(Text){source, FACT_KNOWN});
}

static const void *
find_by_id(const Inventory *inventory, RecordKind kind, const char *source, const char *id)
{
    RecordHead key = {.source = text_known(source), .id = text_known(id)};
    return source && id ? index_find(inventory, kind, &key) : NULL;
}

const SourceInfo *
inventory_find_source(const Inventory *inventory, const char *source)
{
    return find_named(inventory, RECORD_SOURCE, source);
}

const SourceEnd *
inventory_find_end(const Inventory *inventory, const char *source)
{
    return find_named(inventory, RECORD_END, source);
}

const SourceCluster *
inventory_find_cluster(const Inventory *inventory, const char *source, const char *id)
{
    return find_by_id(inventory, RECORD_CLUSTER, source, id);
}

const SourceHost *
inventory_find_host(const Inventory *inventory, const char *source, const char *id)
{
    return find_by_id(inventory, RECORD_HOST, source, id);
}

const Datastore *
inventory_find_datastore(const Inventory *inventory, const char *source, const char *id)
{
    return find_by_id(inventory, RECORD_DATASTORE, source, id);
}

const Switch *
inventory_find_switch(const Inventory *inventory, const char *source, const char *id)
{
    return find_by_id(inventory, RECORD_SWITCH, source, id);
}

const Portgroup *
inventory_find_portgroup(const Inventory *inventory, const char *source, const char *id)
{
    return find_by_id(inventory, RECORD_PORTGROUP, source, id);
}

/* --- freezing --------------------------------------------------------------------------------- */

/* Sorts the records into one array a kind. */
static void
freeze_arrays(InventoryIndex *index, const GArray *records)
{
    size_t n[RECORD_KIND_N] = {0};
    const void **lists[RECORD_KIND_N];
    for (size_t i = 0; i < records->len; i++)
        n[g_array_index(records, InventoryRecord, i).kind]++;
    for (int kind = 0; kind < RECORD_KIND_N; kind++) {
        lists[kind] = arena_new_n(&index->arena, const void *, n[kind]);
        n[kind] = 0;
    }
    for (size_t i = 0; i < records->len; i++) {
        const InventoryRecord *entry = &g_array_index(records, InventoryRecord, i);
        lists[entry->kind][n[entry->kind]++] = entry->record;
        index_add(index, entry->kind, entry->record);
    }
    index->inventory = (Inventory){
        .sources = (const SourceInfo *const *)lists[RECORD_SOURCE],
        .n_sources = n[RECORD_SOURCE],
        .ends = (const SourceEnd *const *)lists[RECORD_END],
        .n_ends = n[RECORD_END],
        .problems = (const SourceProblem *const *)lists[RECORD_PROBLEM],
        .n_problems = n[RECORD_PROBLEM],
        .clusters = (const SourceCluster *const *)lists[RECORD_CLUSTER],
        .n_clusters = n[RECORD_CLUSTER],
        .hosts = (const SourceHost *const *)lists[RECORD_HOST],
        .n_hosts = n[RECORD_HOST],
        .datastores = (const Datastore *const *)lists[RECORD_DATASTORE],
        .n_datastores = n[RECORD_DATASTORE],
        .switches = (const Switch *const *)lists[RECORD_SWITCH],
        .n_switches = n[RECORD_SWITCH],
        .portgroups = (const Portgroup *const *)lists[RECORD_PORTGROUP],
        .n_portgroups = n[RECORD_PORTGROUP],
        .views = (const InstanceView *const *)lists[RECORD_INSTANCE],
        .n_views = n[RECORD_INSTANCE],
        .records =
            arena_memdup(&index->arena, records->data, records->len * sizeof(InventoryRecord)),
        .n_records = records->len,
        .index = index,
    };
}

static bool
freeze_is_partial(const Inventory *inventory)
{
    for (size_t i = 0; i < inventory->n_sources; i++) {
        const SourceEnd *end = inventory_find_end(inventory, inventory->sources[i]->name.value);
        if (!end || !is_true(end->is_complete))
            return true;
    }
    return false;
}

Inventory *
inventory_builder_freeze(InventoryBuilder *builder)
{
    InventoryIndex *index = g_new0(InventoryIndex, 1);
    g_autoptr(GArray) records = g_steal_pointer(&builder->records);
    index->arena = builder->arena;
    builder_start(builder);
    g_clear_pointer(&index->arena.texts, g_hash_table_destroy);
    atomic_init(&index->refs, 1);
    freeze_arrays(index, records);
    index->inventory.is_partial = freeze_is_partial(&index->inventory);
    inventory_join(&index->inventory, &index->arena);
    return &index->inventory;
}

Inventory *
inventory_ref(const Inventory *inventory)
{
    atomic_fetch_add(&inventory->index->refs, 1);
    return &inventory->index->inventory;
}

void
inventory_unref(Inventory *inventory)
{
    if (!inventory || atomic_fetch_sub(&inventory->index->refs, 1) != 1)
        return;
    InventoryIndex *index = inventory->index;
    for (int kind = 0; kind < RECORD_KIND_N; kind++)
        g_clear_pointer(&index->by_id[kind], g_hash_table_destroy);
    arena_release(&index->arena);
    g_free(index);
}

/* --- a sink for many threads ------------------------------------------------------------------ */

typedef struct LockedSink {
    InventorySink sink;
    InventorySink *inner; /* borrowed; under .lock */
    pthread_mutex_t lock;
} LockedSink;

static bool
locked_put(InventorySink *sink, RecordKind kind, const void *record, GError **error)
{
    LockedSink *locked = (LockedSink *)sink;
    pthread_mutex_lock(&locked->lock);
    bool is_ok = inventory_put(locked->inner, kind, record, error);
    pthread_mutex_unlock(&locked->lock);
    return is_ok;
}

InventorySink *
inventory_locked_sink(InventorySink *inner)
{
    LockedSink *locked = g_new0(LockedSink, 1);
    locked->sink.put = locked_put;
    locked->inner = inner;
    pthread_mutex_init(&locked->lock, NULL);
    return &locked->sink;
}

void
inventory_sink_free(InventorySink *locked_sink)
{
    LockedSink *locked = (LockedSink *)locked_sink;
    if (!locked)
        return;
    pthread_mutex_destroy(&locked->lock);
    g_free(locked);
}
