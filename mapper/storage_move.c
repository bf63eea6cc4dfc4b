/* SPDX-License-Identifier: Apache-2.0
 *
 * Two steps for a disk whose pool lacks the tags that are wanted: import it where it lies, with an
 * offering that fits there, then migrateVolume to a pool that has the tags, with the offering that
 * is wanted.
 *
 * A move costs hours of copying, so none is planned unless a rule prefers the offering to each one
 * that fits where the disk lies; then the wish is met in two steps if a pool can take the disk.
 */
#include <string.h>

#include "mapper_priv.h"

/* Pools that may be moved to by tags and place, best first but for their space. */
typedef struct TargetList {
    PoolSpace **items;
    size_t n;
} TargetList;

bool
texts_within(const Texts *texts, const Texts *others)
{
    for (size_t i = 0; i < texts->n; i++)
        if (!has_text(others, texts->items[i]))
            return false;
    return true;
}

bool
is_moved_live(const InstanceView *server)
{
    return server && server->power == POWER_ON;
}

/* Unless the setting is off, a volume never loses a tag by a new offering. */
bool
must_keep_tags(const Planner *planner)
{
    return setting_is_true(planner, "match.storage.pool.tags.with.disk.offering") != ANSWER_NO;
}

const char *
move_obstacle(const Task *task)
{
    if (task->target)
        return "a disk that is converted is put on a pool with the tags of its offering";
    if (task->hypervisor == HYPERVISOR_VMWARE)
        return NULL;
    if (task->hypervisor == HYPERVISOR_UNKNOWN)
        return "its hypervisor is not known";
    return is_moved_live(task->server) ? "on KVM a volume of a running VM cannot be moved" : NULL;
}

/* --- where to --------------------------------------------------------------------------------- */

bool
pool_serves_hypervisor(const Task *task, const StoragePool *pool)
{
    const char *word = hypervisor_word(task->hypervisor), *of_pool = pool->hypervisor.value;
    return !of_pool || !word || !g_ascii_strcasecmp(of_pool, word) ||
           !g_ascii_strcasecmp(of_pool, "Any");
}

bool
is_local_pool(const StoragePool *pool)
{
    return !g_strcmp0(pool->scope.value, "HOST");
}

static bool
is_target(const Task *task, const StoragePool *pool, const Texts *tags)
{
    const char *clusterid = pool->clusterid.value;
    return !g_strcmp0(pool->state.value, "Up") && !is_local_pool(pool) &&
           !is_true(pool->istagarule) && !is_true(pool->managed) &&
           !g_strcmp0(pool->zoneid.value, task->planner->zone->id.value) &&
           (!clusterid || !g_strcmp0(clusterid, task->cluster->id.value)) &&
           pool_serves_hypervisor(task, pool) && pool_has_tags(pool, tags);
}

/* Fewest tags that were not asked for, then the cluster's own pools. */
static int
compare_targets(gconstpointer a, gconstpointer b)
{
    const StoragePool *left = (*(PoolSpace *const *)a)->pool;
    const StoragePool *right = (*(PoolSpace *const *)b)->pool;
    if (left->tags.n != right->tags.n)
        return left->tags.n < right->tags.n ? -1 : 1;
    if (!left->clusterid.value != !right->clusterid.value)
        return left->clusterid.value ? -1 : 1;
    return g_strcmp0(left->name.value, right->name.value);
}

static const TargetList *
find_targets(const Task *task, const Texts *tags)
{
    Planner *planner = task->planner;
    const Catalog *catalog = planner->catalog;
    const char *wanted = join_texts(&planner->scratch, tags, "\x1f");
    const Key *key =
        planner_key(planner, task->cluster->id.value, hypervisor_word(task->hypervisor), wanted);
    TargetList *list = g_hash_table_lookup(planner->move_targets, key);
    if (list)
        return list;
    Key *kept = key_keep(&planner->scratch, key);
    list = arena_new(planner->arena, TargetList);
    list->items = arena_new_n(planner->arena, PoolSpace *, catalog->pools.n);
    for (size_t i = 0; i < catalog->pools.n; i++)
        if (is_target(task, &catalog->pools.items[i], tags))
            list->items[list->n++] = pool_space(planner, &catalog->pools.items[i]);
    if (list->n)
        qsort(list->items, list->n, sizeof *list->items, compare_targets);
    g_hash_table_insert(planner->move_targets, kept, list);
    return list;
}

/* Equal but for its space? */
static bool
is_as_good(const StoragePool *a, const StoragePool *b)
{
    return a->tags.n == b->tags.n && !a->clusterid.value == !b->clusterid.value;
}

/* The best one with room; of equal ones that with most; one whose room is not known comes last. */
static PoolSpace *
choose_target(const TargetList *list, const StoragePool *from, int64_t bytes)
{
    PoolSpace *best = NULL, *unknown = NULL;
    for (size_t i = 0; i < list->n; i++) {
        PoolSpace *space = list->items[i];
        if (space->pool == from)
            continue;
        if (!space->is_known)
            unknown = unknown ? unknown : space;
        else if (pool_space_free(space) < bytes + space->possible)
            continue;
        else if (!best || (is_as_good(space->pool, best->pool) &&
                              pool_space_free(space) > pool_space_free(best)))
            best = space;
    }
    return best ? best : unknown;
}

static Texts
other_names(Arena *arena, const TargetList *list, const PoolSpace *chosen, const StoragePool *from)
{
    Texts names = {.state = FACT_KNOWN, .items = arena_new_n(arena, const char *, OTHERS_MAX)};
    for (size_t i = 0; i < list->n && names.n < OTHERS_MAX; i++)
        if (list->items[i] != chosen && list->items[i]->pool != from)
            names.items[names.n++] = text_or_word(list->items[i]->pool->name);
    return names;
}

/* Once the disk is counted there. */
const char *
target_text(const Planner *planner, const PoolSpace *space, const Texts *tags)
{
    Arena *arena = planner->arena;
    const StoragePool *pool = space->pool;
    const Cluster *cluster =
        pool->clusterid.value ? table_find(&planner->clusters, pool->clusterid.value) : NULL;
    const char *place = !pool->clusterid.value ? "zone-wide"
                        : cluster
                            ? arena_printf(arena, "in cluster '%s'", text_or_word(cluster->name))
                            : "in a cluster";
    const char *room = "how much it may still hold is not known";
    if (space->is_known)
        room = arena_printf(arena,
            "%s free after, up to the thresholds of %s allocated and %s used",
            size_text(arena, pool_space_free(space)), share_text(arena, space->allocated_share, 1),
            share_text(arena, space->used_share, 1));
    return arena_printf(arena, "has tags %s, is %s, state %s, %s", join_texts(arena, tags, ", "),
        place, text_or_word(pool->state), room);
}

/* For an operator who wants two steps: where the disk could go. */
const char *
tags_and_pools(const Task *task, const StoragePool *from, const Texts *tags)
{
    Arena *arena = task->planner->arena;
    g_autoptr(GString) text = g_string_new(NULL);
    const TargetList *list = task->cluster ? find_targets(task, tags) : NULL;
    for (size_t i = 0, n = 0; list && i < list->n && n < OTHERS_MAX; i++) {
        const StoragePool *pool = list->items[i]->pool;
        if (pool != from)
            g_string_append_printf(text, "%s'%s' (storageid %s)", n++ ? ", " : "",
                text_or_word(pool->name), text_or_word(pool->id));
    }
    return arena_printf(arena, "%s; pools in reach that have them: %s",
        join_texts(arena, tags, ", "), text->len ? text->str : "none");
}

static void
add_move(Task *task, const Disk *disk, const StoragePool *pool, Text offeringid)
{
    Choice *choice = &task->item->choice;
    if (!choice->migrate.items)
        choice->migrate.items =
            arena_new_n(task->planner->arena, MigrateChoice, task->server->disks.n);
    choice->migrate.state = FACT_KNOWN;
    choice->migrate.items[choice->migrate.n++] = (MigrateChoice){disk->id, pool->id, offeringid};
}

const char *
propose_move(Task *task, const Disk *disk, const Texts *tags, Text offeringid)
{
    Planner *planner = task->planner;
    Arena *arena = planner->arena;
    const PoolMatch *match = pool_match_find(task, disk);
    const char *obstacle = move_obstacle(task);
    if (obstacle)
        return obstacle;
    if (!task->cluster || !match->right || disk->capacity_bytes.state != FACT_KNOWN)
        return "its cluster, pool or size is not known";
    int64_t bytes = disk->capacity_bytes.value;
    const TargetList *list = find_targets(task, tags);
    PoolSpace *target = choose_target(list, match->right, bytes);
    if (!target)
        return arena_printf(arena, "no pool in reach has tags %s%s", join_texts(arena, tags, ", "),
            list->n ? " and room for it" : "");
    move_space(task, match->space, target, bytes);
    add_move(task, disk, target->pool, offeringid);
    add_reason(task, about_move(planner, disk->id.value), text_or_word(target->pool->name),
        target_text(planner, target, tags), other_names(arena, list, target, match->right));
    return NULL;
}

/* --- with what -------------------------------------------------------------------------------- */

/* Greater is better: tags that were not asked for are worst, then what the policy says. */
static int
score_final(const Task *task, const DiskOffering *offering, const Texts *tags)
{
    int surplus = (int)MIN(offering->tags.n - tags->n, (size_t)99);
    return -1000000 * surplus + 10 * disk_offering_rule_score(task, offering->name.value) +
           is_true(offering->iscustomized);
}

static bool
is_final_for_root(const Task *task, const DiskOffering *offering, const Texts *tags)
{
    const Planner *planner = task->planner;
    int64_t bytes = task->root->capacity_bytes.value;
    return (!offering->state.value || !strcmp(offering->state.value, "Active")) &&
           !is_true(offering->encrypt) && g_strcmp0(offering->storagetype.value, "local") != 0 &&
           texts_within(tags, &offering->tags) &&
           (is_true(offering->iscustomized) || offering->disksize.value * GIB >= bytes) &&
           owner_sees(planner, task->owner, &offering->domainid) == ANSWER_YES &&
           zone_sees(planner, &offering->zoneid) == ANSWER_YES &&
           disk_offering_rule_score(task, offering->name.value) >= 0;
}

/* A listed disk offering with the tags; NULL: none. */
static const DiskOffering *
find_final_for_root(const Task *task, const Texts *tags)
{
    const Catalog *catalog = task->planner->catalog;
    const DiskOffering *best = NULL;
    for (size_t i = 0; i < catalog->disk_offerings.n; i++) {
        const DiskOffering *offering = &catalog->disk_offerings.items[i];
        if (!is_final_for_root(task, offering, tags))
            continue;
        int order = best ? score_final(task, offering, tags) - score_final(task, best, tags) : 1;
        if (order > 0 || (!order && g_strcmp0(offering->name.value, best->name.value) < 0))
            best = offering;
    }
    return best;
}

const char *
propose_root_move(Task *task, const ServiceOffering *wanted)
{
    if (!task->root || task->root->capacity_bytes.state != FACT_KNOWN)
        return "the size of the root disk is not known";
    if (!g_strcmp0(wanted->storagetype.value, "local"))
        return "it is for local storage";
    const DiskOffering *offering = find_final_for_root(task, &wanted->storagetags);
    Text id = offering ? offering->id : wanted->diskofferingid;
    if (!id.value)
        return "no disk offering has its storage tags";
    return propose_move(task, task->root, offering ? &offering->tags : &wanted->storagetags, id);
}
