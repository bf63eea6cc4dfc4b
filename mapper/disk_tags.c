/* SPDX-License-Identifier: Apache-2.0
 *
 * Storage tags in releases that look at them once a pool is taken: they refuse a data disk, record
 * a root disk all the same, and move either if migrateallowed is true.
 */
#include "mapper_priv.h"

/* migrateallowed, in releases that look at tags afterwards: the volume is moved once it is
 * recorded. */
static void
check_move_by_server(
    Task *task, const Disk *disk, const StoragePool *pool, const Texts *tags, Text name)
{
    const char *list = join_texts(task->planner->arena, tags, ", ");
    bool is_rule = false;
    const StoragePool *other = pool_to_move_to(task, pool, tags, &is_rule);
    if (!other && is_rule)
        FIND(task, STORAGE_TAGS_UNDECIDED, disk->id.value, ARG(text_or_word(name)),
            ARG(text_or_word(pool->name)));
    else if (other)
        FIND(task, STORAGE_MOVED, disk->id.value, ARG(text_or_word(name)),
            ARG(text_or_word(pool->name)), ARG(text_or_word(other->name)), ARG(list));
    else
        FIND(task, STORAGE_NOWHERE, disk->id.value, ARG(text_or_word(name)),
            ARG(text_or_word(pool->name)), ARG(list));
}

/* Releases that find a pool without its tags: they refuse a data disk and record a root disk. */
void
check_tags_recorded(
    Task *task, const Disk *disk, const PoolMatch *match, const Texts *tags, Text name, Text id)
{
    const StoragePool *pool = NULL;
    bool is_moved = is_true(task->item->choice.migrateallowed);
    Answer lacks = pool_lacks_tags(task->planner, match, tags, &pool);
    FindingId check = is_moved ? FINDING_STORAGE_NOWHERE : FINDING_STORAGE_TAGS_RECORDED;
    if (check_is_made(task->planner, check) == ANSWER_NO || lacks == ANSWER_NO ||
        (lacks == ANSWER_UNKNOWN && disk == task->root && !is_moved))
        return;
    if (lacks == ANSWER_UNKNOWN && is_true(pool->istagarule)) {
        FIND(task, POOL_TAG_RULE, disk->id.value, ARG(text_or_word(disk->label)),
            ARG(text_or_word(pool->name)), ARG(text_or_word(name)));
        return;
    }
    if (lacks == ANSWER_UNKNOWN) {
        FIND(task, STORAGE_TAGS_UNDECIDED, disk->id.value, ARG(text_or_word(name)),
            ARG(match->datastore));
        return;
    }
    if (is_moved) {
        check_move_by_server(task, disk, pool, tags, name);
        return;
    }
    Finding *finding = FIND(task, STORAGE_TAGS_RECORDED, disk->id.value, ARG(text_or_word(name)),
        ARG(text_or_word(id)), ARG(text_or_word(pool->name)), ARG(tags_and_pools(task, pool, tags)),
        ARG(text_or_word(pool->id)));
    if (disk == task->root)
        finding->severity = SEVERITY_WARNING;
}
