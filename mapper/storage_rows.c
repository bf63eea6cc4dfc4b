/* SPDX-License-Identifier: Apache-2.0
 *
 * The storage map: each datastore that the plan's disks lie on, the pool that it is, and what the
 * plan does to the pool.
 */
#include <string.h>

#include "mapper_priv.h"

const char *const storage_match_words[STORAGE_N] = {
    [STORAGE_POOL] = "pool",
    [STORAGE_AMBIGUOUS] = "ambiguous",
    [STORAGE_WRONG] = "wrong-pool",
    [STORAGE_MISSING] = "missing",
    [STORAGE_UNKNOWN] = "unknown",
    [STORAGE_TARGET] = "target",
};

void
count_storage(Task *task)
{
    if (task->target) /* its disks come to other pools, and stay in the source */
        return;
    const InstanceView *server = task->server;
    for (size_t i = 0; i < server->disks.n; i++) {
        const Disk *disk = &server->disks.items[i];
        PoolMatch *match = (PoolMatch *)pool_match_find(task, disk); /* a cache of the planner */
        if (!match->n_disks++) {
            match->record = datastore_record(task, disk, match->datastore);
            match->in_cluster = match->right ? NULL : datastore_cluster(task, disk, match);
            match->type = match->record ? match->record->type.value : disk->datastore_type.value;
            match->datacenter = task->view->datacenter.value;
        }
        match->n_instances += match->last != task->item;
        match->last = task->item;
        match->bytes += MAX(disk->capacity_bytes.value, 0);
    }
}

/* --- rows ------------------------------------------------------------------------------------- */

static StorageMatch
match_word(const Planner *planner, const PoolMatch *match, FindingId problem)
{
    switch ((int)problem) {
    case FINDING_NONE:
        return STORAGE_POOL;
    case FINDING_DATASTORE_AMBIGUOUS:
        return STORAGE_AMBIGUOUS;
    case FINDING_DATASTORE_TAKEN_FOR_OTHER:
        return STORAGE_WRONG;
    case FINDING_DATASTORE_NOT_A_POOL:
        return pool_taken(planner, match) ? STORAGE_WRONG : STORAGE_MISSING;
    default:
        return match->right ? STORAGE_POOL : STORAGE_UNKNOWN;
    }
}

static const char *
match_note(Planner *planner, const PoolMatch *match, FindingId problem)
{
    Arena *arena = planner->arena;
    const StoragePool *taken = pool_taken(planner, match);
    const char *name = taken ? text_or_word(taken->name) : "none";
    switch ((int)problem) {
    case FINDING_DATASTORE_AMBIGUOUS:
        return "the server may take another pool whose path holds its name";
    case FINDING_DATASTORE_TAKEN_FOR_OTHER:
        return arena_printf(arena, "the server would take pool '%s' for it", name);
    case FINDING_DATASTORE_NOT_A_POOL:
        return taken ? arena_printf(
                           arena, "no primary storage, but the server would take pool '%s'", name)
                     : "no primary storage: createStoragePool, or move the disks";
    case FINDING_STORAGE_TAGS_DIFFER:
        return "this release does not find the pool";
    case FINDING_POOL_TAG_RULE:
        return "a tag rule decides which offerings it takes";
    case FINDING_RELEASE_DECIDES:
        return "which pool is taken depends on the release";
    case FINDING_DATASTORE_UNKNOWN:
        return "the datastore of the disks could not be read";
    case FINDING_LIST_UNREAD:
        return "listStoragePools was not read";
    default:
        return NULL;
    }
}

static const char *
join_notes(Arena *arena, const char *a, const char *b)
{
    return a && b ? arena_printf(arena, "%s; %s", a, b) : a ? a : b;
}

static const char *
pool_note(Planner *planner, const PoolSpace *space)
{
    Arena *arena = planner->arena;
    const char *state = space->pool->state.value, *note = NULL;
    if (state && strcmp(state, "Up") != 0)
        note = arena_printf(arena, "the pool is %s", state);
    if (!space->is_known)
        return join_notes(arena, note, "its size or the thresholds were not read");
    if (pool_space_free(space) < 0)
        note = join_notes(
            arena, note, "beyond a threshold: no new volume, no growth and no move to it");
    else if (pool_space_free(space) < space->possible)
        note = join_notes(arena, note, "enough only if VMs of unknown verdict are left out");
    return note;
}

static Int
known_if(bool is_known, int64_t value)
{
    return is_known ? int_known(value) : (Int){0};
}

static void
describe_pool(Planner *planner, const StoragePool *pool, StorageRow *row)
{
    const PoolSpace *space = pool_space(planner, pool);
    const Cluster *cluster =
        pool->clusterid.value ? table_find(&planner->clusters, pool->clusterid.value) : NULL;
    row->pool = pool->name;
    row->poolid = pool->id;
    row->pooltype = pool->type;
    row->scope = pool->scope;
    row->state = pool->state;
    row->cluster = cluster ? cluster->name : pool->clusterid;
    row->tags = pool->tags;
    row->istagarule = pool->istagarule;
    row->capacity_bytes = pool->disksizetotal;
    row->allocated_bytes = pool->disksizeallocated;
    row->used_bytes = pool->disksizeused;
    row->limit_bytes = known_if(space->is_known, space->most_allocated);
    row->imported_bytes = int_known(space->imported);
    row->leaving_bytes = int_known(space->leaving);
    row->arriving_bytes = int_known(space->arriving);
    row->free_after_bytes = known_if(space->is_known, pool_space_free(space));
    const char *note = join_notes(planner->arena, row->note.value, pool_note(planner, space));
    row->note = note ? text_known(note) : text_absent();
}

static void
describe_datastore(Planner *planner, const PoolMatch *match, StorageRow *row)
{
    static const Texts no_tags;
    FindingId problem = pool_fit(planner, match, &no_tags);
    bool is_nowhere = !match->right && !match->clusterid;
    const char *note = is_nowhere ? "the cluster of its VMs is none of CloudStack"
                       : match->in_cluster
                           ? "may be in a datastore cluster, whose datastores no call lists"
                           : match_note(planner, match, problem);
    row->match =
        is_nowhere || match->in_cluster ? STORAGE_UNKNOWN : match_word(planner, match, problem);
    row->note = note ? text_known(note) : text_absent();
    row->datastore = match->datastore ? text_known(match->datastore) : (Text){0};
    row->datacenter = match->datacenter ? text_known(match->datacenter) : (Text){0};
    row->type = match->type ? text_known(match->type) : (Text){0};
    if (match->record) {
        row->datastore_capacity_bytes = match->record->capacity_bytes;
        row->datastore_free_bytes = match->record->free_bytes;
    }
    row->instances = row->disks = row->bytes = int_known(0);
    if (match->right)
        describe_pool(planner, match->right, row);
}

/* A datastore is looked at from several clusters, and by both views: one row all the same. */
static StorageRow *
find_row(GHashTable *rows, Planner *planner, const PoolMatch *match, GArray *array)
{
    const Key *key = planner_key(
        planner, match->datastore, match->datacenter, match->right ? match->right->id.value : NULL);
    gpointer index = NULL;
    if (g_hash_table_lookup_extended(rows, key, NULL, &index))
        return &g_array_index(array, StorageRow, GPOINTER_TO_UINT(index));
    g_hash_table_insert(rows, key_keep(&planner->scratch, key), GUINT_TO_POINTER(array->len));
    StorageRow row = {0};
    describe_datastore(planner, match, &row);
    g_array_append_val(array, row);
    return &g_array_index(array, StorageRow, array->len - 1);
}

static int
compare_rows(gconstpointer a, gconstpointer b)
{
    const StorageRow *left = a, *right = b;
    const char *const keys[][2] = {{left->datastore.value, right->datastore.value},
        {left->datacenter.value, right->datacenter.value}, {left->pool.value, right->pool.value}};
    if (!left->datastore.value != !right->datastore.value)
        return left->datastore.value ? -1 : 1;
    int order = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(keys) && !order; i++)
        order = g_strcmp0(keys[i][0], keys[i][1]);
    return order;
}

static void
add_datastores(Planner *planner, GArray *array)
{
    g_autoptr(GHashTable) rows = g_hash_table_new(key_hash, key_equal);
    for (size_t i = 0; i < planner->datastores.n; i++) {
        const PoolMatch *match = planner->datastores.items[i];
        if (!match->n_disks)
            continue;
        StorageRow *row = find_row(rows, planner, match, array);
        row->instances.value += match->n_instances;
        row->disks.value += match->n_disks;
        row->bytes.value += match->bytes;
    }
}

/* Pools that disks arrive at and that no datastore of the plan is. */
static void
add_targets(Planner *planner, GArray *array)
{
    guint n = array->len;
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, planner->pool_spaces);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const PoolSpace *space = value;
        bool has_row = !space->arriving;
        for (guint i = 0; i < n && !has_row; i++)
            has_row = g_array_index(array, StorageRow, i).poolid.value == space->pool->id.value;
        if (has_row)
            continue;
        StorageRow row = {.match = STORAGE_TARGET,
            .datastore = text_absent(),
            .instances = int_known(0),
            .disks = int_known(0),
            .bytes = int_known(0)};
        describe_pool(planner, space->pool, &row);
        g_array_append_val(array, row);
    }
}

void
plan_build_storage(Planner *planner)
{
    Plan *plan = planner->plan;
    g_autoptr(GArray) array = g_array_new(false, true, sizeof(StorageRow));
    add_datastores(planner, array);
    add_targets(planner, array);
    g_array_sort(array, compare_rows);
    plan->n_storage = array->len;
    plan->storage = arena_memdup(planner->arena, array->data, array->len * sizeof(StorageRow));
}
