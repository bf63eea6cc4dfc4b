/* SPDX-License-Identifier: Apache-2.0
 *
 * Judge choice.migrate as migrateVolume would, entry by entry, in its order.
 */
#include <string.h>

#include "mapper_priv.h"

/* One entry with what it names. */
typedef struct Move {
    const Disk *disk;
    const char *id, *label;
    const PoolMatch *match;
    const StoragePool *pool;
    PoolSpace *space;
    /* What the volume has before; NULL: not known. */
    const Texts *tags_before;
    const char *name_before;
    /* What it ends with. */
    const char *name, *offeringid;
    const Texts *tags;
    const DiskOffering *offering; /* NULL: the root disk offering of a service offering */
    bool is_local, is_same;       /* is_same: it keeps its offering */
} Move;

#define FIND_UNFIT(task, move, why, answer, remedy)                                                \
    FIND(task, MOVE_OFFERING_UNFIT, (move)->id, ARG((move)->label), ARG((move)->name), ARG(why),   \
        ARG(answer), ARG(remedy))

/* --- the pool --------------------------------------------------------------------------------- */

static bool
is_in_maintenance(const StoragePool *pool)
{
    const char *state = pool->state.value;
    return state && strstr(state, "Maintenance") && strcmp(state, "CancelMaintenance") != 0;
}

static void
find_out_of_reach(Task *task, const Move *move, const char *why, const char *answer)
{
    FIND(task, MOVE_POOL_OUT_OF_REACH, move->id, ARG(move->label),
        ARG(text_or_word(move->pool->name)), ARG(why), ARG(answer));
}

static bool
check_place(Task *task, const Move *move)
{
    const StoragePool *pool = move->pool;
    guint before = task->planner->findings->len;
    if (g_strcmp0(pool->zoneid.value, task->planner->zone->id.value) != 0)
        find_out_of_reach(task, move, "it is of another zone", "an error of the hypervisor");
    else if (!pool_serves_hypervisor(task, pool))
        find_out_of_reach(task, move, "it is of another hypervisor", "an error of the hypervisor");
    else if (pool->clusterid.value && task->cluster &&
             g_strcmp0(pool->clusterid.value, task->cluster->id.value) != 0)
        find_out_of_reach(task, move, "it is of another cluster",
            is_moved_live(task->server)
                ? "431 'Cannot migrate a volume of a virtual machine to a storage pool in a "
                  "different cluster'"
                : "nothing for a VM that is off, whose hosts do not reach the volume afterwards");
    else if (is_local_pool(pool))
        find_out_of_reach(task, move, "it is local to a host, which the catalog does not name",
            "an error of the hypervisor if the VM is on another host");
    return task->planner->findings->len == before;
}

static const char *
unknown_space_text(const PoolSpace *space)
{
    const StoragePool *pool = space->pool;
    if (!(space->allocated_share > 0) || !(space->used_share > 0))
        return "The settings with the thresholds were not read.";
    if (pool->disksizetotal.state != FACT_KNOWN || pool->disksizeallocated.state != FACT_KNOWN ||
        pool->disksizeused.state != FACT_KNOWN)
        return "listStoragePools gave no size, allocated or used bytes.";
    return "listStoragePools gave no size or no overprovisioning factor.";
}

/* The item's own disks are counted as imported; this one is not yet as arriving. */
static void
check_room(Task *task, const Move *move)
{
    Arena *arena = task->planner->arena;
    const PoolSpace *space = move->space;
    const char *name = text_or_word(move->pool->name);
    int64_t bytes = move->disk->capacity_bytes.value;
    if (!space->is_known || move->disk->capacity_bytes.state != FACT_KNOWN) {
        FIND(task, MOVE_SPACE_UNKNOWN, move->id, ARG(move->label), ARG(name),
            ARG(space->is_known ? "The size of the disk was not read." : unknown_space_text(space)),
            ARG(text_or_word(move->pool->id)));
        return;
    }
    int64_t allocatable = space->most_allocated - pool_space_allocated(space);
    int64_t usable = space->most_used - pool_space_used(space);
    bool is_full = allocatable < bytes || move->pool->disksizeused.value >= space->most_used;
    const char *size = size_text(arena, bytes);
    if (is_full)
        FIND(task, MOVE_POOL_FULL, move->id, ARG(move->label), ARG(name), ARG(size),
            ARG(size_text(arena, MAX(MIN(allocatable, usable), 0))));
    else if (allocatable < bytes + space->possible)
        FIND(task, MOVE_SPACE_UNKNOWN, move->id, ARG(move->label), ARG(name),
            ARG("It is enough only if VMs before this one are left out, whose verdict is unknown."),
            ARG(text_or_word(move->pool->id)));
    else if (usable < bytes)
        FIND(task, MOVE_POOL_FILLS, move->id, ARG(move->label), ARG(name), ARG(size),
            ARG(size_text(arena, MAX(usable, 0))));
}

/* The server refuses a pool in maintenance only. */
static void
find_not_up(Task *task, const Move *move)
{
    const StoragePool *pool = move->pool;
    const char *name = text_or_word(pool->name);
    bool is_refused = is_in_maintenance(pool);
    const char *answer = is_refused ? arena_printf(task->planner->arena,
                                          "migrateVolume would answer 431 'Cannot migrate volume "
                                          "... to the destination storage pool %s as the storage "
                                          "pool is in maintenance mode.'.",
                                          name)
                                    : "migrateVolume does not ask, but the hosts may not reach it.";
    Finding *finding = FIND(task, MOVE_POOL_NOT_UP, move->id, ARG(move->label), ARG(name),
        ARG(text_or_word(pool->state)), ARG(text_or_word(pool->id)), ARG(answer));
    if (!is_refused)
        finding->severity = pool->state.state == FACT_KNOWN ? SEVERITY_WARNING : SEVERITY_UNKNOWN;
}

static bool
check_target(Task *task, const Move *move)
{
    const StoragePool *pool = move->pool;
    const char *obstacle = move_obstacle(task);
    if (pool == move->match->right) {
        FIND(task, MOVE_POOL_SAME, move->id, ARG(move->label), ARG(text_or_word(pool->name)));
        return false;
    }
    if (obstacle)
        FIND(task, MOVE_RUNNING, move->id, ARG(move->label), ARG(obstacle));
    if (g_strcmp0(pool->state.value, "Up") != 0)
        find_not_up(task, move);
    check_room(task, move);
    return check_place(task, move);
}

/* --- the offering ----------------------------------------------------------------------------- */

/* Disk offerings of service offerings are listed with those only. */
static const ServiceOffering *
find_service_with(const Planner *planner, const char *diskofferingid)
{
    const Catalog *catalog = planner->catalog;
    for (size_t i = 0; i < catalog->service_offerings.n; i++)
        if (!g_strcmp0(catalog->service_offerings.items[i].diskofferingid.value, diskofferingid))
            return &catalog->service_offerings.items[i];
    return NULL;
}

static void
take_offering(Move *move, const DiskOffering *offering)
{
    move->offering = offering;
    move->name = text_or_word(offering->name);
    move->tags = &offering->tags;
    move->is_local = !g_strcmp0(offering->storagetype.value, "local");
}

static void
take_service(Move *move, const ServiceOffering *service)
{
    move->name = text_or_word(service->name);
    move->tags = &service->storagetags;
    move->is_local = !g_strcmp0(service->storagetype.value, "local");
}

static void
find_before(Task *task, Move *move)
{
    const Choice *choice = &task->item->choice;
    if (move->disk == task->root && task->offering) {
        move->tags_before = &task->offering->storagetags;
        move->name_before = text_or_word(task->offering->name);
    }
    for (size_t i = 0; move->disk != task->root && i < choice->disks.n; i++) {
        const DiskChoice *entry = &choice->disks.items[i];
        const DiskOffering *offering =
            entry->diskofferingid.value && !g_strcmp0(entry->disk.value, move->id)
                ? table_find(&task->planner->disk_offerings, entry->diskofferingid.value)
                : NULL;
        if (offering) {
            move->tags_before = &offering->tags;
            move->name_before = text_or_word(offering->name);
        }
    }
}

/* What it ends with; false: nothing that could be judged. */
static bool
find_after(Task *task, Move *move, Text id)
{
    Planner *planner = task->planner;
    if (!id.value) {
        move->is_same = true;
        move->tags = move->tags_before;
        move->name = move->name_before;
        return move->name != NULL;
    }
    const DiskOffering *offering = table_find(&planner->disk_offerings, id.value);
    const ServiceOffering *service = offering ? NULL : find_service_with(planner, id.value);
    bool is_removed = offering && offering->state.value && strcmp(offering->state.value, "Active");
    move->offeringid = id.value;
    if (offering && !is_removed)
        take_offering(move, offering);
    else if (service)
        take_service(move, service);
    else if (!offering && !is_read(&planner->catalog->disk_offerings))
        find_unread_list(task, "disk_offerings");
    else
        FIND(task, MOVE_OFFERING_NOT_FOUND, move->id, ARG(move->label), ARG(id.value),
            ARG(offering ? "listDiskOfferings says that it is not active"
                         : "listDiskOfferings has no such id"));
    return move->name != NULL;
}

static void
check_pool_tags(Task *task, const Move *move)
{
    const StoragePool *pool = move->pool;
    Arena *arena = task->planner->arena;
    const char *name = text_or_word(pool->name);
    if (is_true(pool->istagarule)) {
        if (RELEASES_ASK(&task->planner->releases, evaluates_tag_rules) != ANSWER_NO)
            FIND(task, POOL_TAG_RULE, move->id, ARG(move->label), ARG(name), ARG(move->name));
        return;
    }
    if (!pool_has_tags(pool, move->tags))
        FIND(task, MOVE_TAGS_DIFFER, move->id, ARG(move->label), ARG(name), ARG(move->name),
            ARG(join_texts(arena, &pool->tags, ",")), ARG(join_texts(arena, move->tags, ",")));
}

/* The rules for a new offering, whatever the pool is. */
static void
check_change(Task *task, const Move *move)
{
    const Planner *planner = task->planner;
    const DiskOffering *offering = move->offering;
    if (move->disk == task->root && task->offering &&
        is_true(task->offering->diskofferingstrictness))
        FIND_UNFIT(task, move, "the service offering binds the root disk to its own disk offering",
            "431 'Disk offering cannot be changed to the volume ... since existing disk offering "
            "is "
            "strictly associated with the volume'",
            "Import with a service offering without disk offering strictness");
    if (must_keep_tags(planner) && move->tags_before &&
        !texts_within(move->tags_before, move->tags))
        FIND_UNFIT(task, move,
            arena_printf(planner->arena, "it lacks the tags of '%s', which it has before",
                move->name_before),
            "431 'Existing disk offering storage tags of the volume ... does not contain in the "
            "new "
            "disk offering ...'",
            "Import with an untagged offering first, or updateConfiguration "
            "name=match.storage.pool.tags.with.disk.offering value=false");
    if (move->is_local != is_local_pool(move->pool))
        FIND_UNFIT(task, move, "one is for local storage and the other is not",
            "431 'You cannot move the volume to a shared storage and assign a disk offering for "
            "local storage and vice versa.'",
            "Name an offering of the pool's kind in choice.migrate");
    if (offering && zone_sees(planner, &offering->zoneid) == ANSWER_NO)
        FIND_UNFIT(task, move, "it is not offered in the zone", "an error of access",
            "updateDiskOffering zoneid=..., or name another in choice.migrate");
    if (offering && is_true(offering->encrypt))
        FIND_UNFIT(task, move, "it encrypts, and the disk is not encrypted",
            "nothing: the record would be wrong", "Name another in choice.migrate");
}

static void
warn_of_change(Task *task, const Move *move)
{
    const DiskOffering *offering = move->offering;
    if (!offering)
        return;
    int64_t bytes = move->disk->capacity_bytes.value;
    if (!is_true(offering->iscustomized) && offering->disksize.value * GIB < bytes)
        FIND(task, MOVE_OFFERING_SMALL, move->id, ARG(move->label), ARG(move->name),
            ARG_N(offering->disksize.value), ARG_N(bytes));
    if (disk_offering_rule_score(task, offering->name.value) < 0)
        FIND(task, DISK_OFFERING_FORBIDDEN, move->id, ARG(move->name));
    Answer sees = owner_sees(task->planner, task->owner, &offering->domainid);
    if (sees == ANSWER_NO) {
        Finding *finding = FIND(task, DISK_OFFERING_OF_OTHER_DOMAIN, move->id, ARG(move->name),
            ARG(task->owner->label), ARG(text_or_word(offering->id)));
        finding->severity = SEVERITY_WARNING; /* who moves a volume is not its owner */
        finding->is_unforetold = true;
    }
}

/* --- an entry --------------------------------------------------------------------------------- */

static const char *
steps_text(const Task *task, const Move *move)
{
    Arena *arena = task->planner->arena;
    const char *with =
        move->name_before ? arena_printf(arena, "with '%s' ", move->name_before) : "";
    return arena_printf(arena, "%son pool '%s'", with,
        move->match->right ? text_or_word(move->match->right->name) : "unknown");
}

static const char *
target_with_release(const Task *task, const Move *move)
{
    const Planner *planner = task->planner;
    const char *text = target_text(planner, move->space, &move->pool->tags);
    if (RELEASES_ASK(&planner->releases, filters_pools_by_tag) != ANSWER_NO || move->is_same)
        return text;
    return arena_printf(planner->arena,
        "%s; release %s would move it at the import, too, given that offering and "
        "migrateallowed=true, to a pool of its own choice",
        text, releases_text(planner->arena, &planner->releases));
}

static void
keep_move(Task *task, const Move *move)
{
    PlanItem *item = task->item;
    Arena *arena = task->planner->arena;
    const StoragePool *from = move->match->right;
    if (!item->moves.items)
        item->moves.items = arena_new_n(arena, PlanMove, item->choice.migrate.n);
    item->moves.state = FACT_KNOWN;
    PlanMove *kept = &item->moves.items[item->moves.n++];
    *kept = (PlanMove){.disk = move->disk->id,
        .label = move->disk->label,
        .bytes = move->disk->capacity_bytes,
        .to_pool = move->pool->name,
        .to_poolid = move->pool->id,
        .offering_before = move->name_before ? text_known(move->name_before) : (Text){0},
        .offering = text_known(move->name),
        .is_live = bool_known(is_moved_live(task->server)),
        .why = text_known(target_with_release(task, move))};
    if (from) {
        kept->from_pool = from->name;
        kept->from_poolid = from->id;
    }
    if (move->space->is_known)
        kept->free_after_bytes = int_known(pool_space_free(move->space));
    FIND(task, TWO_STEPS, move->id, ARG(move->label), ARG_N(move->disk->capacity_bytes.value),
        ARG(steps_text(task, move)), ARG(text_or_word(move->pool->name)), ARG(move->name),
        ARG(kept->why.value));
}

static bool
find_pool(Task *task, const MigrateChoice *entry, Move *move)
{
    Planner *planner = task->planner;
    const char *id = entry->storageid.value;
    move->pool = id ? table_find(&planner->pools, id) : NULL;
    if (!move->pool && !is_read(&planner->catalog->pools))
        find_unread_list(task, "pools");
    else if (!move->pool)
        FIND(task, MOVE_POOL_NOT_FOUND, move->id, ARG(move->label), ARG(id ? id : "(none)"));
    if (move->pool)
        move->space = pool_space(planner, move->pool);
    return move->pool != NULL;
}

static void
check_move(Task *task, const MigrateChoice *entry, const Disk *disk)
{
    Move move = {.disk = disk, .id = disk->id.value, .label = text_or_word(disk->label)};
    move.match = pool_match_find(task, disk);
    find_before(task, &move);
    if (!find_pool(task, entry, &move))
        return;
    guint before = task->planner->findings->len;
    bool is_target = check_target(task, &move);
    if (!find_after(task, &move, entry->diskofferingid))
        return;
    check_pool_tags(task, &move);
    if (!move.is_same)
        check_change(task, &move);
    if (!is_target)
        return;
    bool is_moved = true;
    for (guint i = before; i < task->planner->findings->len; i++)
        is_moved &= g_array_index(task->planner->findings, Finding, i).severity != SEVERITY_BLOCKER;
    warn_of_change(task, &move);
    if (!is_moved)
        return;
    move_space(task, move.match->space, move.space, disk->capacity_bytes.value);
    keep_move(task, &move);
}

static const Disk *
find_disk_by_id(const InstanceView *view, const char *id)
{
    for (size_t i = 0; id && i < view->disks.n; i++)
        if (!g_strcmp0(view->disks.items[i].id.value, id))
            return &view->disks.items[i];
    return NULL;
}

/* Only of disks that are imported at all. */
void
check_moves(Task *task)
{
    const Choice *choice = &task->item->choice;
    return_space(task->planner);
    import_space(task);
    for (size_t i = 0; i < choice->migrate.n; i++) {
        const MigrateChoice *entry = &choice->migrate.items[i];
        const char *id = entry->disk.value;
        const Disk *disk = find_disk_by_id(task->server, id);
        bool is_twice = false;
        for (size_t j = 0; j < i; j++)
            is_twice |= disk && !g_strcmp0(choice->migrate.items[j].disk.value, id);
        if (!disk)
            FIND(task, MOVE_DISK_UNKNOWN, NULL, ARG(id ? id : "(none)"),
                ARG(disk_ids(task->planner->arena, task->server)));
        else if (is_twice)
            FIND(task, MOVE_TWICE, id, ARG(text_or_word(disk->label)));
        else
            check_move(task, entry, disk);
    }
    check_space(task);
}
