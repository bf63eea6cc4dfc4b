/* SPDX-License-Identifier: Apache-2.0
 *
 * What the pools may still hold, used up in the order of the plan.
 *
 * The server counts the sizes of volumes against the pool's size times its overprovisioning factor,
 * and the bytes that the storage reports against its size; each may go up to a threshold. It asks
 * before a volume is made, grown or moved to the pool, never at an import: an imported disk only
 * adds to what is counted. A volume that was moved may be thin: its size is the most it can take.
 */
#include <string.h>

#include "mapper_priv.h"

/* As long as an administrator has set nothing else. */
#define THRESHOLD_DEFAULT 0.85

/* Pools of these types hold what they have and no more, whatever the factor is. */
static const char *const exact_types[] = {
    "IscsiLUN", "Iscsi", "ISO", "LVM", "CLVM", "OCFS2", "SMB", "Gluster", "ManagedNFS", NULL};

/* A number above 0; 0: none. */
static double
positive_number(const char *text)
{
    char *end = NULL;
    double number = text ? g_ascii_strtod(text, &end) : 0;
    return text && end != text && !*end && number > 0 && number < 1e6 ? number : 0;
}

/* Of the pool, else of the zone, else of all. */
static double
threshold_of(Planner *planner, const StoragePool *pool, const char *name)
{
    const char *const scopes[] = {pool->id.value, planner->zone->id.value};
    for (size_t i = 0; i < G_N_ELEMENTS(scopes); i++) {
        const char *own =
            table_find_pair(&planner->scoped_settings, hashed(scopes[i]), hashed(name));
        if (positive_number(own) > 0)
            return MIN(positive_number(own), 1.0);
    }
    const Setting *setting = table_find(&planner->settings, name);
    double share = setting ? positive_number(setting->value.value) : 0;
    if (share > 0)
        return MIN(share, 1.0);
    return !setting && is_read(&planner->catalog->settings) ? THRESHOLD_DEFAULT : 0;
}

static double
factor_of(const Planner *planner, const StoragePool *pool)
{
    if (pool->type.value && g_strv_contains(exact_types, pool->type.value))
        return 1;
    double factor = positive_number(pool->overprovisionfactor.value);
    const Setting *setting = table_find(&planner->settings, "storage.overprovisioning.factor");
    return factor > 0 ? factor : setting ? positive_number(setting->value.value) : 0;
}

static bool
is_amount(Int amount)
{
    return amount.state == FACT_KNOWN && amount.value >= 0;
}

PoolSpace *
pool_space(Planner *planner, const StoragePool *pool)
{
    PoolSpace *space = g_hash_table_lookup(planner->pool_spaces, pool);
    if (space)
        return space;
    space = arena_new(planner->arena, PoolSpace);
    g_hash_table_insert(planner->pool_spaces, (gpointer)pool, space);
    double factor = factor_of(planner, pool);
    space->pool = pool;
    space->allocated_share =
        threshold_of(planner, pool, "pool.storage.allocated.capacity.disablethreshold");
    space->used_share = threshold_of(planner, pool, "pool.storage.capacity.disablethreshold");
    space->is_known = is_amount(pool->disksizetotal) && pool->disksizetotal.value > 0 &&
                      is_amount(pool->disksizeallocated) && is_amount(pool->disksizeused) &&
                      factor > 0 && space->allocated_share > 0 && space->used_share > 0;
    if (!space->is_known)
        return space;
    double size = (double)pool->disksizetotal.value;
    space->total = (int64_t)MIN(size * factor, (double)(G_MAXINT64 / 4));
    space->most_allocated = (int64_t)((double)space->total * space->allocated_share);
    space->most_used = (int64_t)(size * space->used_share);
    return space;
}

int64_t
pool_space_allocated(const PoolSpace *space)
{
    return space->pool->disksizeallocated.value + space->imported + space->arriving -
           space->leaving;
}

/* What was moved away is still counted as used: the figure is measured now and then. */
int64_t
pool_space_used(const PoolSpace *space)
{
    return space->pool->disksizeused.value + space->arriving;
}

int64_t
pool_space_free(const PoolSpace *space)
{
    return MIN(space->most_allocated - pool_space_allocated(space),
        space->most_used - pool_space_used(space));
}

/* --- what a plan takes ------------------------------------------------------------------------ */

/* Of the item at hand; its own moves find it taken already. */
typedef struct PoolUse {
    PoolSpace *space;
    int64_t imported, arriving, leaving;
} PoolUse;

GArray *
pool_uses_new(void)
{
    return g_array_new(false, true, sizeof(PoolUse));
}

static void
add_use(const PoolUse *use, int64_t sign)
{
    use->space->imported += sign * use->imported;
    use->space->arriving += sign * use->arriving;
    use->space->leaving += sign * use->leaving;
}

static void
take_space(Task *task, PoolUse use)
{
    add_use(&use, 1);
    g_array_append_val(task->planner->pool_uses, use);
}

void
convert_space(Task *task, PoolSpace *to, int64_t bytes)
{
    take_space(task, (PoolUse){.space = to, .arriving = bytes});
}

void
move_space(Task *task, PoolSpace *from, PoolSpace *to, int64_t bytes)
{
    take_space(task, (PoolUse){.space = to, .arriving = bytes});
    if (from)
        take_space(task, (PoolUse){.space = from, .leaving = bytes});
}

void
import_space(Task *task)
{
    const InstanceView *server = task->server;
    for (size_t i = 0; i < server->disks.n && !task->target; i++) {
        const Disk *disk = &server->disks.items[i];
        const PoolMatch *match = pool_match_find(task, disk);
        if (match->space && disk->capacity_bytes.state == FACT_KNOWN)
            take_space(
                task, (PoolUse){.space = match->space, .imported = disk->capacity_bytes.value});
    }
}

void
return_space(Planner *planner)
{
    GArray *uses = planner->pool_uses;
    for (guint i = 0; i < uses->len; i++)
        add_use(&g_array_index(uses, PoolUse, i), -1);
    g_array_set_size(uses, 0);
}

/* Items that are not imported give back what they took. */
void
keep_space(const Task *task)
{
    Planner *planner = task->planner;
    GArray *uses = planner->pool_uses;
    Verdict verdict = task->item->verdict;
    if (verdict == VERDICT_READY || verdict == VERDICT_READY_AFTER_ACTION) {
        g_array_set_size(uses, 0);
        return;
    }
    for (guint i = 0; verdict == VERDICT_UNKNOWN && i < uses->len; i++) {
        const PoolUse *use = &g_array_index(uses, PoolUse, i);
        use->space->possible += use->imported + use->arriving;
    }
    return_space(planner);
}

/* --- findings --------------------------------------------------------------------------------- */

const char *
size_text(Arena *arena, int64_t bytes)
{
    return bytes % GIB ? arena_printf(arena, "%.2f GiB", (double)bytes / (double)GIB)
                       : arena_printf(arena, "%" G_GINT64_FORMAT " GiB", bytes / GIB);
}

const char *
share_text(Arena *arena, double part, double whole)
{
    return arena_printf(arena, "%.1f %%", whole > 0 ? part * 100 / whole : 0);
}

static void
find_over(Task *task, const PoolSpace *space)
{
    Arena *arena = task->planner->arena;
    const StoragePool *pool = space->pool;
    double allocated = (double)pool_space_allocated(space), total = (double)space->total;
    FIND(task, POOL_OVER_THRESHOLD, NULL, ARG(text_or_word(pool->name)),
        ARG(share_text(arena, allocated, total)), ARG(share_text(arena, space->allocated_share, 1)),
        ARG(share_text(arena, (double)pool_space_used(space), (double)pool->disksizetotal.value)),
        ARG(share_text(arena, space->used_share, 1)), ARG(text_or_word(pool->id)));
}

/* Each pool on which a disk of the item ends up, once. */
void
check_space(Task *task)
{
    const GArray *uses = task->planner->pool_uses;
    for (guint i = 0; i < uses->len; i++) {
        const PoolSpace *space = g_array_index(uses, PoolUse, i).space;
        bool is_told = false;
        for (guint j = 0; j < i && !is_told; j++)
            is_told = g_array_index(uses, PoolUse, j).space == space;
        if (!is_told && space->is_known &&
            (pool_space_allocated(space) > space->most_allocated ||
                pool_space_used(space) >= space->most_used))
            find_over(task, space);
    }
}
