/* SPDX-License-Identifier: Apache-2.0
 *
 * Datastores to pools: which pool a datastore really is, and which one the server would take.
 *
 * The server looks for equal host and path first (NFS, KVM), then for the datastore's path or name
 * anywhere inside the path of any pool of the cluster or the zone. So a datastore 'ds1' may be
 * taken for pool '/DC/ds10', above all when an offering's tags rule the right pool out.
 */
#include <string.h>

#include "convert_priv.h"

/* What CloudStack knows of the datastore of a disk. */
typedef struct Place {
    const char *name, *host, *path, *type;
    const char *datacenter;
    bool is_half_read; /* one of host and path was told, the other not */
} Place;

static bool
is_vmware_nfs(const Datastore *datastore)
{
    return datastore->nfs_host.value && datastore->nfs_path.value;
}

/* As CloudStack's reader gives it; from the source's datastore where it was not asked. */
static Place
place_of(const Task *task, const Disk *disk)
{
    Place place = {.name = disk->datastore_name.value,
        .host = disk->datastore_host.value,
        .path = disk->datastore_path.value,
        .type = disk->datastore_type.value};
    const Datastore *datastore = disk->datastore.value
                                     ? inventory_find_datastore(task->planner->inventory,
                                           task->server->source.value, disk->datastore.value)
                                     : NULL;
    bool is_nfs = place.type && g_str_has_prefix(place.type, "NFS");
    place.is_half_read = ((place.host || is_nfs) && disk->datastore_path.state == FACT_UNKNOWN) ||
                         ((place.path || is_nfs) && disk->datastore_host.state == FACT_UNKNOWN);
    if (!datastore)
        return place;
    place.datacenter = datastore->datacenter.value;
    if (!place.name)
        place.name = datastore->name.value;
    if ((!place.host || place.is_half_read) && is_vmware_nfs(datastore)) {
        place.host = datastore->nfs_host.value;
        place.path = datastore->nfs_path.value;
        place.type = "NFS";
        place.is_half_read = false;
    }
    return place;
}

/* --- matching --------------------------------------------------------------------------------- */

static bool
is_in_zone(const Task *task, const StoragePool *pool)
{
    return !pool->zoneid.value || !g_strcmp0(pool->zoneid.value, task->planner->zone->id.value);
}

/* Zone-wide, or of the instance's cluster. */
static bool
is_in_reach(const Task *task, const StoragePool *pool)
{
    return !pool->clusterid.value ||
           (task->cluster && !g_strcmp0(pool->clusterid.value, task->cluster->id.value));
}

static bool
has_host_and_path(const StoragePool *pool, const Place *place)
{
    return place->type && place->host && place->path &&
           !g_strcmp0(pool->ipaddress.value, place->host) &&
           !g_strcmp0(pool->path.value, place->path);
}

/* The last element of the pool's path is the datastore's name: "/DC0/vmfs1". */
static bool
is_named_so(const StoragePool *pool, const Place *place)
{
    if (!pool->path.value || !place->name)
        return false;
    const char *slash = strrchr(pool->path.value, '/');
    if (strcmp(slash ? slash + 1 : pool->path.value, place->name) != 0)
        return false;
    if (!place->datacenter || !slash || slash == pool->path.value)
        return true;
    g_autofree char *parent = g_strndup(pool->path.value, (gsize)(slash - pool->path.value));
    const char *last = strrchr(parent, '/');
    return !strcmp(last ? last + 1 : parent, place->datacenter);
}

/* Equal, or the one a name and the other an address, which only a resolver could compare. */
static bool
may_be_host(const char *ours, const char *theirs)
{
    if (!theirs)
        return false;
    return !strcmp(ours, theirs) || ip4_is_valid(ours) != ip4_is_valid(theirs);
}

/* A datastore may bear the id of its pool for a name. */
static bool
is_uuid_of(const StoragePool *pool, const Place *place)
{
    return place->name && pool->id.value && !strcmp(pool->id.value, place->name);
}

static bool
is_right_pool(const Task *task, const StoragePool *pool, const Place *place)
{
    if (!is_in_zone(task, pool) || !is_in_reach(task, pool))
        return false;
    if (place->is_half_read)
        return false;
    if (place->host && place->path)
        return may_be_host(place->host, pool->ipaddress.value) &&
               !g_strcmp0(pool->path.value, place->path);
    return is_named_so(pool, place) || is_uuid_of(pool, place);
}

/* The server's text search over the pools of the cluster and of the whole zone. */
static bool
is_found_by_search(const StoragePool *pool, const Place *place, PoolSearch search)
{
    const char *path = pool->path.value;
    if (!path)
        return false;
    switch (search) {
    case POOL_SEARCH_ENDS:
        return place->name && g_str_has_suffix(path, place->name);
    case POOL_SEARCH_PATH:
        return place->path && *place->path && strstr(path, place->path);
    case POOL_SEARCH_CONTAINS:
        if (place->path && *place->path)
            return strstr(path, place->path) != NULL;
        return place->name && *place->name && strstr(path, place->name);
    }
    return false;
}

static PoolMatch *
match_pools(const Task *task, const Place *place)
{
    Planner *planner = task->planner;
    const Catalog *catalog = planner->catalog;
    size_t n = catalog->pools.n;
    PoolMatch *match = arena_new(planner->arena, PoolMatch);
    match->datastore = place->is_half_read ? NULL : place->name ? place->name : place->path;
    match->is_known = match->datastore && is_read(&catalog->pools);
    match->first = arena_new_n(planner->arena, const StoragePool *, n);
    for (size_t i = 0; i < G_N_ELEMENTS(match->search); i++)
        match->search[i] = arena_new_n(planner->arena, const StoragePool *, n);
    for (size_t i = 0; i < n; i++) {
        const StoragePool *pool = &catalog->pools.items[i];
        if (!is_in_zone(task, pool))
            continue;
        if (is_right_pool(task, pool, place) && !match->n_right++)
            match->right = pool;
        else if (is_right_pool(task, pool, place))
            match->second = pool;
        if (is_uuid_of(pool, place))
            match->by_uuid = pool;
        if (has_host_and_path(pool, place) && is_in_reach(task, pool))
            match->first[match->n_first++] = pool;
        for (size_t mode = 0; mode < G_N_ELEMENTS(match->search); mode++)
            if (is_found_by_search(pool, place, (PoolSearch)mode))
                match->search[mode][match->n_search[mode]++] = pool;
    }
    match->clusterid = task->cluster ? task->cluster->id.value : NULL;
    match->space = match->right ? pool_space(planner, match->right) : NULL;
    return match;
}

static const PoolMatch *
find_match(Task *task, const Disk *disk)
{
    Planner *planner = task->planner;
    Place place = place_of(task, disk);
    const char *const parts[] = {place.name, place.host, place.path, place.type, place.datacenter,
        task->cluster ? task->cluster->id.value : NULL, place.is_half_read ? "half" : NULL};
    const Key *key = planner_key_of(planner, parts, G_N_ELEMENTS(parts));
    PoolMatch *match = g_hash_table_lookup(planner->pool_matches, key);
    if (match)
        return match;
    Key *kept = key_keep(&planner->scratch, key);
    match = match_pools(task, &place);
    g_hash_table_insert(planner->pool_matches, kept, match);
    list_add(&planner->scratch, &planner->datastores, match);
    return match;
}

const PoolMatch *
pool_match_find(Task *task, const Disk *disk)
{
    if (task->target)
        return target_match(task->target);
    size_t place = (size_t)(disk - task->server->disks.items) % G_N_ELEMENTS(task->matches);
    if (task->matches[place].disk != disk) {
        task->matches[place].match = find_match(task, disk);
        task->matches[place].disk = disk;
    }
    return task->matches[place].match;
}

/* --- what the server takes -------------------------------------------------------------------- */

bool
pool_has_tags(const StoragePool *pool, const Texts *tags)
{
    for (size_t i = 0; i < tags->n; i++)
        if (!has_text(&pool->tags, tags->items[i]))
            return false;
    return true;
}

static Answer
tags_fit(const StoragePool *pool, const Texts *tags, const Release *release)
{
    if (!release_is_in(release, kind_STORAGE_TAGS_DIFFER.scope))
        return ANSWER_YES;
    if (is_true(pool->istagarule) && release->evaluates_tag_rules)
        return ANSWER_UNKNOWN;
    return pool_has_tags(pool, tags) ? ANSWER_YES : ANSWER_NO;
}

/* What a release finds that looks at the pools first and at their tags afterwards. */
static void
count_tags(PoolTake *take, const StoragePool *pool, const Texts *tags, const Release *release)
{
    if (release->filters_pools_by_tag)
        return;
    if (is_true(pool->istagarule) && release->evaluates_tag_rules)
        take->n_with_rule++;
    else if (pool_has_tags(pool, tags))
        take->n_with_tags++;
    else
        take->n_without_tags++;
}

/* Adds the pools that fit to @take; @clusterid: only those of that cluster. */
static void
take_from(PoolTake *take, const StoragePool *const *pools, size_t n, const Texts *tags,
    const Release *release, const char *clusterid)
{
    for (size_t i = 0; i < n; i++) {
        if (clusterid && g_strcmp0(pools[i]->clusterid.value, clusterid) != 0)
            continue;
        Answer fits = tags_fit(pools[i], tags, release);
        if (fits == ANSWER_NO)
            continue;
        if (fits == ANSWER_UNKNOWN)
            take->is_rule = true;
        count_tags(take, pools[i], tags, release);
        if (!take->pool)
            take->pool = pools[i];
        else if (take->pool != pools[i] && !take->other)
            take->other = pools[i];
    }
    if (take->pool)
        take->kind = take->is_rule ? POOL_TAKE_UNKNOWN
                     : take->other ? POOL_TAKE_AMBIGUOUS
                                   : POOL_TAKE_ONE;
}

static PoolTake
take_by_release(const PoolMatch *match, const Texts *tags, const Release *release)
{
    PoolTake take = {.kind = POOL_TAKE_NONE};
    take_from(&take, match->first, match->n_first, tags, release, NULL);
    bool is_by_place = take.pool != NULL;
    const StoragePool **found = match->search[release->pool_search];
    size_t n = match->n_search[release->pool_search];
    if (!take.pool && !release->finds_pool_by_uuid && match->clusterid)
        take_from(&take, found, n, tags, release, match->clusterid);
    if (!take.pool)
        take_from(&take, found, n, tags, release, NULL);
    if (!is_by_place && release->finds_pool_by_uuid && match->by_uuid)
        take_from(&take, &match->by_uuid, 1, tags, release, NULL);
    return take;
}

static PoolTake
find_take(const Planner *planner, const PoolMatch *match, const Texts *tags)
{
    PoolTake take = take_by_release(match, tags, planner->releases.rows[0]);
    for (size_t i = 1; i < planner->releases.n; i++) {
        PoolTake next = take_by_release(match, tags, planner->releases.rows[i]);
        if (next.kind != take.kind || next.pool != take.pool)
            return (PoolTake){.kind = POOL_TAKE_UNKNOWN, .pool = take.pool, .other = next.pool};
    }
    return take;
}

/* Mostly asked for the tags of the same offering as before. */
static PoolTake
pool_take(const Planner *planner, const PoolMatch *match, const Texts *tags)
{
    PoolMatch *cache = (PoolMatch *)match;
    if (!match->has_take || match->tags.n != tags->n ||
        (tags->n && match->tags.items != tags->items)) {
        cache->take = find_take(planner, match, tags);
        cache->tags = *tags;
        cache->has_take = true;
    }
    return match->take;
}

Answer
pool_lacks_tags(
    const Planner *planner, const PoolMatch *match, const Texts *tags, const StoragePool **ret_pool)
{
    PoolTake take = match->is_known ? pool_take(planner, match, tags) : (PoolTake){0};
    *ret_pool = take.pool;
    if (!take.n_without_tags && !take.n_with_rule)
        return ANSWER_NO;
    return take.n_with_tags || take.n_with_rule ? ANSWER_UNKNOWN : ANSWER_YES;
}

const StoragePool *
pool_to_move_to(const Task *task, const StoragePool *from, const Texts *tags, bool *ret_is_rule)
{
    const Catalog *catalog = task->planner->catalog;
    const char *word = hypervisor_word(task->hypervisor);
    bool has_rules = RELEASES_ASK(&task->planner->releases, evaluates_tag_rules) != ANSWER_NO;
    *ret_is_rule = false;
    for (size_t i = 0; i < catalog->pools.n; i++) {
        const StoragePool *pool = &catalog->pools.items[i];
        bool is_alike = !pool->hypervisor.value || !g_strcmp0(pool->hypervisor.value, word);
        bool is_up = !pool->state.value || !strcmp(pool->state.value, "Up");
        if (pool == from || !is_in_zone(task, pool) || !is_in_reach(task, pool) || !is_alike ||
            !is_up)
            continue;
        if (has_rules && is_true(pool->istagarule))
            *ret_is_rule = true;
        else if (pool_has_tags(pool, tags))
            return pool;
    }
    return NULL;
}

const StoragePool *
pool_taken(const Planner *planner, const PoolMatch *match)
{
    static const Texts no_tags;
    return match->is_known ? pool_take(planner, match, &no_tags).pool : NULL;
}

FindingId
pool_fit(const Planner *planner, const PoolMatch *match, const Texts *tags)
{
    if (!match->datastore)
        return FINDING_DATASTORE_UNKNOWN;
    if (!match->is_known)
        return FINDING_LIST_UNREAD;
    PoolTake take = pool_take(planner, match, tags);
    switch (take.kind) {
    case POOL_TAKE_ONE:
        if (take.pool == match->right || (match->second && take.pool == match->second))
            return FINDING_NONE;
        return match->right ? FINDING_DATASTORE_TAKEN_FOR_OTHER : FINDING_DATASTORE_NOT_A_POOL;
    case POOL_TAKE_NONE:
        if (!match->right)
            return FINDING_DATASTORE_NOT_A_POOL;
        return pool_has_tags(match->right, tags) ? FINDING_DATASTORE_NOT_FOUND
                                                 : FINDING_STORAGE_TAGS_DIFFER;
    case POOL_TAKE_AMBIGUOUS:
        if (!match->right)
            return FINDING_DATASTORE_NOT_A_POOL;
        return FINDING_DATASTORE_AMBIGUOUS;
    case POOL_TAKE_UNKNOWN:
        break;
    }
    return take.is_rule ? FINDING_POOL_TAG_RULE : FINDING_RELEASE_DECIDES;
}

/* How sure it is that the server takes the right pool: 2 sure, 1 one of several, 0 not known; less
 * than 0: it does not. Where no offering could help, each will do. */
int
pool_certainty(const Planner *planner, const PoolMatch *match, const Texts *tags)
{
    if (match && match->target)
        return target_certainty(planner, match->target, tags);
    const StoragePool *pool = NULL;
    FindingId problem = match && match->right ? pool_fit(planner, match, tags) : FINDING_NONE;
    if (problem == FINDING_STORAGE_TAGS_DIFFER || problem == FINDING_DATASTORE_TAKEN_FOR_OTHER)
        return -1;
    Answer lacks = match && match->right ? pool_lacks_tags(planner, match, tags, &pool) : ANSWER_NO;
    if (lacks != ANSWER_NO) /* a release that records it all the same, or refuses it */
        return lacks == ANSWER_YES ? -1 : 0;
    return !problem ? 2 : problem == FINDING_DATASTORE_AMBIGUOUS ? 1 : 0;
}

int
certainty_of(const Task *task, const PoolMatch *match, const Texts *tags)
{
    int certainty = pool_certainty(task->planner, match, tags);
    bool is_limited = has_limited_tag(task, "resource.limit.storage.tags", tags);
    return is_limited ? MIN(certainty, 0) : certainty;
}

/* --- findings --------------------------------------------------------------------------------- */

static const char *
pool_name(const StoragePool *pool)
{
    return pool ? text_or_word(pool->name) : "none";
}

/* By id, else the first of that name in the instance's datacenter. */
const Datastore *
datastore_record(const Task *task, const Disk *disk, const char *name)
{
    const Inventory *inventory = task->planner->inventory;
    const char *datacenter = task->view->datacenter.value;
    if (disk->datastore.value)
        return inventory_find_datastore(
            inventory, task->server->source.value, disk->datastore.value);
    for (size_t i = 0; name && i < inventory->n_datastores; i++) {
        const Datastore *record = inventory->datastores[i];
        if (!g_strcmp0(record->source.value, task->view->source.value) &&
            !g_strcmp0(record->name.value, name) &&
            (!datacenter || !record->datacenter.value ||
                !strcmp(record->datacenter.value, datacenter)))
            return record;
    }
    return NULL;
}

static bool
is_named(const StoragePool *pool, const char *name)
{
    const char *slash = pool->path.value ? strrchr(pool->path.value, '/') : NULL;
    return !g_strcmp0(pool->name.value, name) || (slash && !strcmp(slash + 1, name));
}

/* The datastore cluster that it is in, or may be in where nobody told; NULL: in none. */
const StoragePool *
datastore_cluster(const Task *task, const Disk *disk, const PoolMatch *match)
{
    const Catalog *catalog = task->planner->catalog;
    const Datastore *record = datastore_record(task, disk, match->datastore);
    const Text pod = record ? record->pod : (Text){0};
    for (size_t i = 0; task->hypervisor == HYPERVISOR_VMWARE && i < catalog->pools.n; i++) {
        const StoragePool *pool = &catalog->pools.items[i];
        if (!g_strcmp0(pool->type.value, "DatastoreCluster") && is_in_zone(task, pool) &&
            is_in_reach(task, pool) &&
            (pod.state == FACT_UNKNOWN || (pod.value && is_named(pool, pod.value))))
            return pool;
    }
    return NULL;
}

static void
find_no_pool(Task *task, const Disk *disk, const PoolMatch *match)
{
    const StoragePool *pool = datastore_cluster(task, disk, match);
    const char *id = disk->id.value, *label = text_or_word(disk->label);
    const Datastore *record = pool ? datastore_record(task, disk, match->datastore) : NULL;
    if (pool)
        FIND(task, DATASTORE_NOT_LISTED, id, ARG(label), ARG(match->datastore),
            ARG(pool_name(pool)),
            ARG(record && record->pod.value ? "the source says that the datastore is in it"
                                            : "no source told whether the datastore is in it"),
            ARG(text_or_word(pool->id)));
    else
        FIND(task, DATASTORE_NOT_A_POOL, id, ARG(label), ARG(match->datastore),
            ARG(task->planner->zone->id.value));
}

void
find_pool_problem(
    Task *task, const Disk *disk, const PoolMatch *match, const Texts *tags, const char *offering)
{
    Planner *planner = task->planner;
    if (match->target) {
        find_target_problem(task, disk, tags, offering);
        return;
    }
    FindingId problem = pool_fit(planner, match, tags);
    if (!problem)
        return;
    const char *id = disk->id.value, *label = text_or_word(disk->label);
    const char *zone = planner->zone->id.value, *datastore = match->datastore;
    PoolTake take = match->is_known ? pool_take(planner, match, tags) : (PoolTake){0};
    if (problem == FINDING_DATASTORE_UNKNOWN)
        FIND(task, DATASTORE_UNKNOWN, id, ARG(label), ARG(text_or_word(disk->path)));
    else if (problem == FINDING_LIST_UNREAD)
        find_unread_list(task, "pools");
    else if (problem == FINDING_DATASTORE_NOT_A_POOL && take.pool)
        FIND(task, DATASTORE_TAKEN_FOR_OTHER, id, ARG(datastore), ARG(pool_name(take.pool)),
            ARG(offering), ARG("no pool at all"));
    else if (problem == FINDING_DATASTORE_NOT_A_POOL)
        find_no_pool(task, disk, match);
    else if (problem == FINDING_DATASTORE_TAKEN_FOR_OTHER)
        FIND(task, DATASTORE_TAKEN_FOR_OTHER, id, ARG(datastore), ARG(pool_name(take.pool)),
            ARG(offering), ARG(pool_name(match->right)));
    else if (problem == FINDING_DATASTORE_NOT_FOUND)
        FIND(task, DATASTORE_NOT_FOUND, id, ARG(label), ARG(datastore), ARG(zone),
            ARG(pool_name(match->right)));
    else if (problem == FINDING_STORAGE_TAGS_DIFFER)
        FIND(task, STORAGE_TAGS_DIFFER, id, ARG(label), ARG(datastore), ARG(zone), ARG(offering),
            ARG(pool_name(match->right)), ARG(tags_and_pools(task, match->right, tags)));
    else if (problem == FINDING_DATASTORE_AMBIGUOUS)
        FIND(task, DATASTORE_AMBIGUOUS, id, ARG(datastore), ARG(pool_name(take.pool)),
            ARG(pool_name(take.other)));
    else if (problem == FINDING_POOL_TAG_RULE)
        FIND(task, POOL_TAG_RULE, id, ARG(label), ARG(pool_name(take.pool)), ARG(offering));
    else if (problem == FINDING_RELEASE_DECIDES)
        FIND(task, RELEASE_DECIDES, id,
            ARG(arena_printf(
                planner->arena, "the pool that is taken for datastore '%s'", datastore)),
            ARG(releases_text(planner->arena, &planner->releases)));
}
