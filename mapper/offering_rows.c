/* SPDX-License-Identifier: Apache-2.0
 *
 * The offering map: how often each offering is used, why, and for how many it is the next best.
 */
#include <string.h>

#include "mapper_priv.h"

const char *const offering_kind_words[OFFERING_KIND_N] = {
    [OFFERING_SERVICE] = "service",
    [OFFERING_DISK] = "disk",
};

static OfferingRow *
find_row(Planner *planner, OfferingKind kind, Text id, Text name, const Texts *tags)
{
    if (!id.value)
        return NULL;
    OfferingRow *row = table_find(&planner->offering_counts, id.value);
    if (row)
        return row;
    row = arena_new(planner->arena, OfferingRow);
    *row = (OfferingRow){.kind = kind, .id = id, .name = name, .tags = *tags};
    row->instances = row->disks = row->moved = row->missed = int_known(0);
    row->why = row->miss = text_absent();
    table_add(&planner->offering_counts, id.value, row);
    list_add(&planner->scratch, &planner->offering_rows, row);
    return row;
}

static OfferingRow *
row_of_service(Planner *planner, const ServiceOffering *offering)
{
    return find_row(
        planner, OFFERING_SERVICE, offering->id, offering->name, &offering->storagetags);
}

static OfferingRow *
row_of_disk(Planner *planner, const DiskOffering *offering)
{
    return find_row(planner, OFFERING_DISK, offering->id, offering->name, &offering->tags);
}

/* --- counting --------------------------------------------------------------------------------- */

static void
keep_why(const PlanItem *item, const char *about, OfferingRow *row)
{
    for (size_t i = 0; !row->why.value && i < item->n_reasons; i++)
        if (!g_strcmp0(item->reasons[i].about.value, about))
            row->why = item->reasons[i].why;
}

static void
count_service(const Task *task)
{
    Planner *planner = task->planner;
    const char *id = task->item->choice.serviceofferingid.value;
    const ServiceOffering *offering = id ? table_find(&planner->service_offerings, id) : NULL;
    OfferingRow *row = offering ? row_of_service(planner, offering) : NULL;
    if (!row)
        return;
    row->instances.value++;
    row->disks.value += task->root != NULL;
    keep_why(task->item, "serviceofferingid", row);
}

static void
count_disks(const Task *task)
{
    Planner *planner = task->planner;
    const PlanItem *item = task->item;
    const OfferingRow *last = NULL;
    for (size_t i = 0; i < item->choice.disks.n; i++) {
        const DiskChoice *disk = &item->choice.disks.items[i];
        const DiskOffering *offering =
            disk->diskofferingid.value
                ? table_find(&planner->disk_offerings, disk->diskofferingid.value)
                : NULL;
        OfferingRow *row = offering ? row_of_disk(planner, offering) : NULL;
        if (!row)
            continue;
        row->disks.value++;
        row->instances.value += row != last;
        last = row;
        if (!row->why.value && disk->disk.value)
            keep_why(item, about_disk(planner, disk->disk.value), row);
    }
}

/* By the choice: its offering may be one that only a service offering has. */
static void
count_moves(const Task *task)
{
    Planner *planner = task->planner;
    const PlanItem *item = task->item;
    for (size_t i = 0; i < item->choice.migrate.n; i++) {
        const char *id = item->choice.migrate.items[i].diskofferingid.value;
        const DiskOffering *offering = id ? table_find(&planner->disk_offerings, id) : NULL;
        OfferingRow *row = offering ? row_of_disk(planner, offering) : NULL;
        if (row)
            row->moved.value++;
    }
}

/* A choice that is missing, and what would have been nearest: a row, or NULL of an offering without
 * an id. */
typedef struct Miss {
    OfferingRow *row;
    const char *what;
} Miss;

GArray *
misses_new(void)
{
    return g_array_new(false, false, sizeof(Miss));
}

static void
note_miss(Planner *planner, OfferingRow *row, const char *what)
{
    Miss miss = {row, what};
    if (row)
        g_array_append_val(planner->misses, miss);
}

void
note_service_miss(Planner *planner, const ServiceOffering *offering, const char *what)
{
    note_miss(planner, row_of_service(planner, offering), what);
}

void
note_disk_miss(Planner *planner, const DiskOffering *offering, const char *what)
{
    note_miss(planner, row_of_disk(planner, offering), what);
}

static void
count_misses(const Planner *planner)
{
    for (guint i = 0; i < planner->misses->len; i++) {
        const Miss *miss = &g_array_index(planner->misses, Miss, i);
        miss->row->missed.value++;
        if (!miss->row->miss.value)
            miss->row->miss = text_known(miss->what);
    }
}

void
count_offerings(const Task *task)
{
    count_service(task);
    count_disks(task);
    count_moves(task);
    count_misses(task->planner);
}

/* --- rows ------------------------------------------------------------------------------------- */

static int64_t
uses_of(const OfferingRow *row)
{
    return (row->kind == OFFERING_SERVICE ? row->instances.value : row->disks.value) +
           row->moved.value;
}

static int
compare_rows(gconstpointer a, gconstpointer b)
{
    const OfferingRow *left = a, *right = b;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    if (uses_of(left) != uses_of(right))
        return uses_of(left) > uses_of(right) ? -1 : 1;
    if (left->missed.value != right->missed.value)
        return left->missed.value > right->missed.value ? -1 : 1;
    int order = g_strcmp0(left->name.value, right->name.value);
    return order ? order : g_strcmp0(left->id.value, right->id.value);
}

void
plan_build_offerings(Planner *planner)
{
    Plan *plan = planner->plan;
    const List *rows = &planner->offering_rows;
    plan->offerings = arena_new_n(planner->arena, OfferingRow, rows->n);
    for (size_t i = 0; i < rows->n; i++)
        plan->offerings[plan->n_offerings++] = *(const OfferingRow *)rows->items[i];
    if (rows->n)
        qsort(plan->offerings, rows->n, sizeof *plan->offerings, compare_rows);
}
