/* SPDX-License-Identifier: Apache-2.0
 *
 * Storage of a conversion: where disks are put meanwhile, where they come to, and whether they fit.
 *
 * The server looks at types and tags and at no size at all (its code says so): a full pool shows
 * after hours, when the disks have been read. Sizes are told twice, as large as the disks may
 * become and as they are at the source, since what is empty is not copied.
 */
#include <string.h>

#include "convert_priv.h"

/* --- the pools -------------------------------------------------------------------------------- */

static bool
is_nfs(const StoragePool *pool)
{
    return !g_strcmp0(pool->type.value, "NetworkFilesystem");
}

static bool
is_pool_up(const StoragePool *pool)
{
    return !pool->state.value || !strcmp(pool->state.value, "Up");
}

/* NFS of the cluster, or of the zone for KVM; in the first release anything of the cluster. */
static bool
is_candidate(const Planner *planner, const Cluster *cluster, const StoragePool *pool)
{
    const char *word = pool->hypervisor.value;
    bool is_of_cluster =
        pool->clusterid.value && !g_strcmp0(pool->clusterid.value, cluster->id.value);
    if (RELEASES_ASK(&planner->releases, clones_always) == ANSWER_YES)
        return is_of_cluster;
    bool is_of_zone = !g_strcmp0(pool->scope.value, "ZONE") &&
                      !g_strcmp0(pool->zoneid.value, planner->zone->id.value);
    return is_nfs(pool) && !is_local_pool(pool) && (is_of_cluster || is_of_zone) &&
           (!word || !g_ascii_strcasecmp(word, "KVM"));
}

static void
collect_pools(Planner *planner, ConvertTarget *target)
{
    const Catalog *catalog = planner->catalog;
    target->pools = arena_new_n(planner->arena, const StoragePool *, catalog->pools.n);
    for (size_t i = 0; i < catalog->pools.n; i++) {
        const StoragePool *pool = &catalog->pools.items[i];
        bool is_wanted = target->is_direct
                             ? pool == target->pool
                             : target->cluster && is_candidate(planner, target->cluster, pool);
        if (is_wanted && is_pool_up(pool))
            target->pools[target->n_pools++] = pool;
        else if (is_wanted)
            target->down = pool;
    }
}

/* Hosts that have virt-v2v before others; of the cluster, else of the zone where that is allowed.
 */
static void
collect_hosts(Planner *planner, ConvertTarget *target)
{
    const Catalog *catalog = planner->catalog;
    bool is_zone_wide = RELEASES_ASK(&planner->releases, has_import_host) == ANSWER_YES;
    const char *cluster = target->cluster ? target->cluster->id.value : NULL;
    target->hosts = arena_new_n(planner->arena, const Host *, catalog->hosts.n);
    for (int step = 0; step < 4 && !target->n_hosts; step++) {
        bool is_within = step == 0 || step == 2, is_able = step < 2;
        if (!is_within && !is_zone_wide)
            continue;
        for (size_t i = 0; i < catalog->hosts.n; i++) {
            const Host *host = &catalog->hosts.items[i];
            bool is_there = !is_within || !g_strcmp0(host->clusterid.value, cluster);
            if (is_there && is_of_kvm(planner, host) && is_host_up(host) &&
                (!is_able || is_true(host->instanceconversionsupported)))
                target->hosts[target->n_hosts++] = host;
        }
    }
}

ConvertTarget *
convert_target_find(Planner *planner, const char *clusterid, const char *poolid, bool is_direct)
{
    const Key *key = planner_key(planner, clusterid, poolid, is_direct ? "direct" : NULL);
    ConvertTarget *target = g_hash_table_lookup(planner->convert_targets, key);
    if (target)
        return target;
    Key *kept = key_keep(&planner->scratch, key);
    target = arena_new(planner->arena, ConvertTarget);
    target->cluster = clusterid ? table_find(&planner->clusters, clusterid) : NULL;
    target->pool = poolid ? table_find(&planner->pools, poolid) : NULL;
    target->is_direct =
        is_direct && RELEASES_ASK(&planner->releases, has_import_tasks) != ANSWER_NO;
    target->match = (PoolMatch){.target = target, .clusterid = clusterid};
    collect_pools(planner, target);
    collect_hosts(planner, target);
    g_hash_table_insert(planner->convert_targets, kept, target);
    return target;
}

const PoolMatch *
target_match(const ConvertTarget *target)
{
    return &target->match;
}

/* --- tags ------------------------------------------------------------------------------------- */

/* The pools that a disk of these tags may come to. */
typedef struct Landing {
    size_t n_with, n_without; /* those that have the tags, and others that it may come to */
    bool has_rule;            /* a tag is a script, which is not run here */
    const StoragePool *first;
} Landing;

static Landing
land(const ConvertTarget *target, const Texts *tags)
{
    Landing landing = {0};
    for (size_t i = 0; i < target->n_pools; i++) {
        const StoragePool *pool = target->pools[i];
        landing.has_rule |= is_true(pool->istagarule);
        if (is_true(pool->istagarule) || !pool_has_tags(pool, tags)) {
            landing.n_without++;
            continue;
        }
        landing.first = landing.n_with++ ? landing.first : pool;
    }
    return landing;
}

int
target_certainty(const Planner *planner, const ConvertTarget *target, const Texts *tags)
{
    Landing landing = land(target, tags);
    if (!is_read(&planner->catalog->pools) || landing.has_rule)
        return 0;
    if (!landing.n_with)
        return target->n_pools ? -1 : 0; /* without any pool each offering is as good */
    bool is_picked = RELEASES_ASK(&planner->releases, picks_pools_by_tag) == ANSWER_YES;
    return is_picked || !landing.n_without ? 2 : 0;
}

static const char *
pool_names(const Planner *planner, const ConvertTarget *target)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (size_t i = 0; i < target->n_pools; i++)
        g_string_append_printf(
            names, "%s'%s'", i ? ", " : "", text_or_word(target->pools[i]->name));
    return names->len ? arena_intern(planner->arena, names->str) : "none";
}

static bool
has_finding(const Task *task, const FindingKind *kind)
{
    const GArray *findings = task->planner->findings;
    for (guint i = 0; i < findings->len; i++)
        if (g_array_index(findings, Finding, i).kind == kind)
            return true;
    return false;
}

static void
find_no_target(Task *task)
{
    const ConvertTarget *target = task->target;
    if (!task->cluster || has_finding(task, &kind_CONVERT_TARGET_NONE) ||
        has_finding(task, &kind_CONVERT_TARGET_DOWN) || (target->is_direct && !target->pool))
        return;
    if (target->down)
        FIND(task, CONVERT_TARGET_DOWN, NULL, ARG(text_or_word(target->down->name)),
            ARG(text_or_word(target->down->state)), ARG(text_or_word(target->down->id)));
    else
        FIND(task, CONVERT_TARGET_NONE, NULL, ARG(text_or_word(task->cluster->name)),
            ARG(text_or_word(task->cluster->id)))
            ->is_unforetold =
            check_is_made(task->planner, FINDING_CONVERT_TARGET_NONE) != ANSWER_YES;
}

void
find_target_problem(Task *task, const Disk *disk, const Texts *tags, const char *offering)
{
    Planner *planner = task->planner;
    const ConvertTarget *target = task->target;
    Landing landing = land(target, tags);
    const char *label = text_or_word(disk->label), *id = disk->id.value;
    const char *names = pool_names(planner, target);
    Answer picks = RELEASES_ASK(&planner->releases, picks_pools_by_tag);
    if (!is_read(&planner->catalog->pools))
        find_unread_list(task, "pools");
    else if (!target->n_pools)
        find_no_target(task);
    else if (landing.has_rule)
        FIND(task, CONVERT_TARGET_RULE, id, ARG(label), ARG(names), ARG(offering));
    else if (!landing.n_with && picks == ANSWER_YES)
        FIND(task, CONVERT_TARGET_TAGS, id, ARG(offering),
            ARG(join_texts(planner->arena, tags, ", ")), ARG(names),
            ARG(disk == task->root ? arena_printf(planner->arena,
                                         " that belongs to the service offering %s", offering)
                                   : ""));
    else if (!landing.n_with || (landing.n_without && picks != ANSWER_YES))
        FIND(task, CONVERT_TARGET_ANY, id, ARG(label), ARG(names), ARG(offering),
            ARG(join_texts(planner->arena, tags, ", ")))
            ->severity = landing.n_with ? SEVERITY_UNKNOWN : SEVERITY_BLOCKER;
}

/* --- space ------------------------------------------------------------------------------------ */

int64_t
converted_bytes(const Task *task, int64_t *ret_least)
{
    const InstanceView *server = task->server;
    int64_t most = 0, least = 0;
    for (size_t i = 0; i < server->disks.n; i++) {
        most += MAX(server->disks.items[i].capacity_bytes.value, 0);
        least += MAX(server->disks.items[i].allocated_bytes.value, 0);
    }
    *ret_least = MIN(least, most);
    return most;
}

/* Without the measures of thresholds, which the server does not look at here. */
static bool
read_free(Planner *planner, const StoragePool *pool, int64_t *ret_free)
{
    const PoolSpace *space = pool_space(planner, pool);
    if (pool->disksizetotal.state != FACT_KNOWN || pool->disksizeused.state != FACT_KNOWN ||
        pool->disksizetotal.value <= 0)
        return false;
    *ret_free = pool->disksizetotal.value - pool->disksizeused.value - space->imported -
                space->arriving + space->leaving;
    return true;
}

/* The offering that a disk is recorded with. */
static const char *
offering_of(const Task *task, const Disk *disk, const Texts **ret_tags)
{
    static const Texts no_tags;
    const Choice *choice = &task->item->choice;
    *ret_tags = &no_tags;
    if (disk == task->root) {
        if (task->offering)
            *ret_tags = &task->offering->storagetags;
        return task->offering ? text_or_word(task->offering->name) : "unknown";
    }
    for (size_t i = 0; i < choice->disks.n; i++) {
        const char *id = choice->disks.items[i].diskofferingid.value;
        const DiskOffering *offering = id ? table_find(&task->planner->disk_offerings, id) : NULL;
        if (!offering || g_strcmp0(choice->disks.items[i].disk.value, disk->id.value) != 0)
            continue;
        *ret_tags = &offering->tags;
        return text_or_word(offering->name);
    }
    return "unknown";
}

/* What may come to one pool, and what can come to no other. */
typedef struct Load {
    int64_t most, least, certain_most, certain_least;
} Load;

static Load
load_of(const Task *task, const StoragePool *pool)
{
    const InstanceView *server = task->server;
    bool picks = RELEASES_ASK(&task->planner->releases, picks_pools_by_tag) == ANSWER_YES;
    Load load = {0};
    for (size_t i = 0; i < server->disks.n; i++) {
        const Disk *disk = &server->disks.items[i];
        const Texts *tags = NULL;
        offering_of(task, disk, &tags);
        Landing landing = land(task->target, tags);
        bool is_only = picks ? landing.n_with == 1 : task->target->n_pools == 1;
        if (picks && !pool_has_tags(pool, tags))
            continue;
        int64_t most = MAX(disk->capacity_bytes.value, 0),
                least = MIN(MAX(disk->allocated_bytes.value, 0), most);
        load.most += most;
        load.least += least;
        load.certain_most += is_only ? most : 0;
        load.certain_least += is_only ? least : 0;
    }
    return load;
}

static void
check_target_space(Task *task)
{
    Planner *planner = task->planner;
    const ConvertTarget *target = task->target;
    for (size_t i = 0; i < target->n_pools; i++) {
        const StoragePool *pool = target->pools[i];
        Load load = load_of(task, pool);
        int64_t left = 0;
        const FindingArg args[FINDING_ARGS_MAX] = {ARG(text_or_word(pool->name)), ARG_N(load.most),
            ARG(size_text(planner->arena, load.least)), ARG(text_or_word(pool->id))};
        if (!load.most)
            continue;
        if (!read_free(planner, pool, &left)) {
            FIND(task, CONVERT_SPACE_UNTOLD, NULL, ARG(args[0].text), ARG_N(load.most),
                ARG(arena_printf(planner->arena, "listStoragePools id=%s", args[3].text)));
        } else if (load.most > left) {
            bool is_certain = load.certain_least > left || (load.certain_most && left <= 0);
            FIND(task, CONVERT_TARGET_FULL, NULL, args[0], args[1], args[2],
                ARG(size_text(planner->arena, MAX(left, 0))), args[3])
                ->severity = is_certain                  ? SEVERITY_ACTION
                             : target->n_pools == 1      ? SEVERITY_WARNING
                             : load.least > MAX(left, 0) ? SEVERITY_UNKNOWN
                                                         : SEVERITY_WARNING;
        }
        if (load.certain_most)
            convert_space(task, pool_space(planner, pool), load.certain_most);
    }
}

/* --- temporary storage ------------------------------------------------------------------------ */

static bool
is_usable_store(const Planner *planner, const ImageStore *store)
{
    return store->protocol.value && !g_ascii_strcasecmp(store->protocol.value, "nfs") &&
           (!store->zoneid.value || !strcmp(store->zoneid.value, planner->zone->id.value));
}

/* An export, and unless the disks stay there what is made of it. By the VDDK nothing is exported.
 */
static int64_t
temporary_bytes(const Task *task, int64_t bytes)
{
    const ConvertChoice *convert = &task->item->choice.convert;
    int64_t copies = !is_true(convert->usevddk) + !task->target->is_direct;
    return bytes * copies;
}

/* @ask: how to see what is left, where nobody told. */
static void
check_temporary_space(Task *task, const char *where, const int64_t *left, const char *ask)
{
    Arena *arena = task->planner->arena;
    int64_t least = 0, most = temporary_bytes(task, converted_bytes(task, &least));
    least = temporary_bytes(task, least);
    if (most && !left)
        FIND(task, CONVERT_SPACE_UNTOLD, NULL, ARG(where), ARG_N(most), ARG(ask));
    else if (most && most > *left)
        FIND(task, CONVERT_TEMPORARY_FULL, NULL, ARG(where), ARG_N(most),
            ARG(size_text(arena, least)), ARG(size_text(arena, MAX(*left, 0))))
            ->severity = least > *left || *left <= 0 ? SEVERITY_ACTION : SEVERITY_WARNING;
}

static bool
read_store_free(const ImageStore *store, int64_t *ret_free)
{
    *ret_free = store->disksizetotal.value - store->disksizeused.value;
    return store->disksizetotal.state == FACT_KNOWN && store->disksizeused.state == FACT_KNOWN &&
           store->disksizetotal.value > 0;
}

/* The server takes the first NFS store of the zone that it comes upon. */
static void
check_image_stores(Task *task)
{
    Planner *planner = task->planner;
    const Catalog *catalog = planner->catalog;
    const ImageStore *worst = NULL;
    int64_t least = 0;
    bool is_told = true;
    if (!is_read(&catalog->image_stores)) {
        find_unread_list(task, "image_stores");
        return;
    }
    for (size_t i = 0; i < catalog->image_stores.n; i++) {
        const ImageStore *store = &catalog->image_stores.items[i];
        if (!is_usable_store(planner, store))
            continue;
        int64_t left = 0;
        is_told &= read_store_free(store, &left);
        if (worst && left >= least)
            continue;
        worst = store;
        least = left;
    }
    if (worst)
        check_temporary_space(task,
            arena_printf(planner->arena, "secondary storage '%s'", text_or_word(worst->name)),
            is_told ? &least : NULL, "listImageStores: disksizetotal, disksizeused");
    else
        FIND(task, CONVERT_TEMPORARY_NONE, NULL, ARG(text_or_word(planner->zone->name)),
            ARG("(internal number)"));
}

/* Types that virt-v2v may write to at once. */
static bool
takes_disks(const StoragePool *pool)
{
    static const char *const types[] = {
        "NetworkFilesystem", "Filesystem", "SharedMountPoint", NULL};
    return pool->type.value && g_strv_contains(types, pool->type.value);
}

static void
check_temporary_type(Task *task, const StoragePool *pool, bool is_direct)
{
    const ConvertChoice *convert = &task->item->choice.convert;
    const char *name = text_or_word(pool->name);
    bool is_one_host =
        convert->convertinstancehostid.value &&
        !g_strcmp0(convert->convertinstancehostid.value, convert->importinstancehostid.value);
    bool knows_direct = RELEASES_ASK(&task->planner->releases, has_import_tasks) != ANSWER_NO;
    if (is_local_pool(pool) && !(is_direct && is_one_host && knows_direct))
        FIND(task, CONVERT_TEMPORARY_LOCAL, NULL, ARG(name));
    else if (!is_direct && !is_nfs(pool))
        FIND(task, CONVERT_TEMPORARY_TYPE, NULL, ARG(name), ARG(text_or_word(pool->type)));
}

static void
check_temporary_pool(Task *task, const StoragePool *pool)
{
    const Planner *planner = task->planner;
    const ConvertTarget *target = task->target;
    const Host *host =
        find_host_by_id(planner, task->item->choice.convert.convertinstancehostid.value);
    const char *name = text_or_word(pool->name), *cluster = text_or_word(task->cluster->name);
    bool is_of_cluster = !g_strcmp0(pool->scope.value, "CLUSTER");
    if ((is_of_cluster && g_strcmp0(pool->clusterid.value, task->cluster->id.value) != 0) ||
        (!g_strcmp0(pool->scope.value, "ZONE") &&
            g_strcmp0(pool->zoneid.value, planner->zone->id.value) != 0))
        FIND(task, CONVERT_TEMPORARY_SCOPE, NULL, ARG(name), ARG(cluster));
    else if (is_of_cluster && host && g_strcmp0(host->clusterid.value, pool->clusterid.value) != 0)
        FIND_IF_MADE(task, CONVERT_TEMPORARY_HOST, NULL, ARG(name), ARG(text_or_word(host->name)));
    else
        check_temporary_type(task, pool, target->is_direct);
    if (!is_pool_up(pool))
        FIND(task, CONVERT_TARGET_DOWN, NULL, ARG(name), ARG(text_or_word(pool->state)),
            ARG(text_or_word(pool->id)));
    int64_t left = 0;
    bool is_told = read_free(task->planner, pool, &left);
    check_temporary_space(task, arena_printf(planner->arena, "pool '%s'", name),
        is_told ? &left : NULL, "listStoragePools: disksizetotal, disksizeused");
}

/* Asked for before anything else is looked at. */
static void
check_direct(Task *task)
{
    const ConvertTarget *target = task->target;
    const StoragePool *pool = target->pool;
    if (!target->is_direct)
        return;
    if (!task->item->choice.convert.convertinstancepoolid.value)
        FIND_IF_MADE(task, CONVERT_POOL_MISSING, NULL, ARG(""));
    else if (pool && !takes_disks(pool))
        FIND_IF_MADE(task, CONVERT_POOL_TYPE, NULL, ARG(text_or_word(pool->name)),
            ARG(text_or_word(pool->type)));
}

/* By the VDDK the pool is what the disks end on: each offering has to have its tags. */
static void
check_vddk_tags(Task *task)
{
    const ConvertTarget *target = task->target;
    const InstanceView *server = task->server;
    if (!target->pool || !is_true(task->item->choice.convert.usevddk))
        return;
    for (size_t i = 0; i < server->disks.n; i++) {
        const Disk *disk = &server->disks.items[i];
        const Texts *tags = NULL;
        const char *name = offering_of(task, disk, &tags);
        if (!pool_has_tags(target->pool, tags) && !is_true(target->pool->istagarule))
            FIND_IF_MADE(task, CONVERT_VDDK_TAGS, disk->id.value,
                ARG(disk == task->root ? "root" : "data"), ARG(name),
                ARG(text_or_word(target->pool->name)),
                ARG(join_texts(task->planner->arena, tags, ", ")));
    }
}

void
check_convert_storage(Task *task)
{
    return_space(task->planner);
    if (!task->cluster)
        return;
    check_direct(task);
    check_vddk_tags(task);
    if (task->target->pool)
        check_temporary_pool(task, task->target->pool);
    else if (!task->item->choice.convert.convertinstancepoolid.value && !task->target->is_direct)
        check_image_stores(task);
    check_target_space(task);
    if (task->item->choice.migrate.n)
        FIND(task, CONVERT_MOVES, NULL, ARG_N((int64_t)task->item->choice.migrate.n));
    check_space(task);
}
