/* SPDX-License-Identifier: Apache-2.0
 *
 * The fewest offerings that the wanted part of the estate fits without being powered off.
 *
 * One custom offering with ranges fits any size within them, so it is the fewest; where the
 * release cannot import with one, or the operator wants none, it is one offering a size, the
 * sizes of most VMs first.
 */
#include <string.h>

#include "preparation.h"

/* VMs of one size that fit no offering as they run. */
typedef struct SizeGroup {
    int64_t cpus, memory_mib, mhz; /* mhz: reservation that a fixed offering has to equal */
    size_t n;
} SizeGroup;

typedef struct Sizes {
    GArray *groups; /* SizeGroup, those of most VMs first */
    size_t n_known; /* VMs whose size is known */
    size_t n_fit;   /* of those, fit an offering as they run */
    size_t n_wanted;
} Sizes;

/* --- what does not fit ------------------------------------------------------------------------ */

static bool
is_misfit(const PlanItem *item)
{
    return item_find_finding(item, FINDING_OFFERING_NONE_FITS) ||
           item_find_finding(item, FINDING_OFFERING_NEEDS_POWER_OFF);
}

static int
by_count(gconstpointer a, gconstpointer b)
{
    const SizeGroup *x = a, *y = b;
    if (x->n != y->n)
        return x->n < y->n ? 1 : -1;
    if (x->cpus != y->cpus)
        return x->cpus < y->cpus ? -1 : 1;
    if (x->memory_mib != y->memory_mib)
        return x->memory_mib < y->memory_mib ? -1 : 1;
    return x->mhz < y->mhz ? -1 : x->mhz > y->mhz;
}

static void
add_to_group(GHashTable *by_size, GArray *groups, const SizeGroup *size)
{
    g_autofree char *key =
        g_strdup_printf("%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT, size->cpus,
            size->memory_mib, size->mhz);
    size_t place = GPOINTER_TO_SIZE(g_hash_table_lookup(by_size, key));
    if (!place) {
        g_array_append_val(groups, *size);
        place = groups->len;
        g_hash_table_insert(by_size, g_steal_pointer(&key), GSIZE_TO_POINTER(place));
    }
    g_array_index(groups, SizeGroup, place - 1).n++;
}

static Sizes
read_sizes(const Plan *plan, int percent)
{
    Sizes sizes = {.groups = g_array_new(false, false, sizeof(SizeGroup))};
    g_autoptr(GHashTable) by_size = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < plan->n_items; i++) {
        const PlanItem *item = &plan->items[i];
        const Instance *instance = item->facts_of;
        const InstanceView *view = instance ? instance_view(instance) : NULL;
        const InstanceView *server = instance && instance->cloudstack ? instance->cloudstack : view;
        if (!view || !prepare_is_wanted(item) || server->cpus.state != FACT_KNOWN ||
            server->memory_bytes.state != FACT_KNOWN || server->cpus.value <= 0)
            continue;
        sizes.n_known++;
        sizes.n_fit += !is_misfit(item);
        const SizeGroup size = {server->cpus.value, server->memory_bytes.value / MIB,
            server->cpu_reservation_mhz.state == FACT_KNOWN ? server->cpu_reservation_mhz.value
                                                            : view->cpu_reservation_mhz.value,
            0};
        if (is_misfit(item))
            add_to_group(by_size, sizes.groups, &size);
    }
    g_array_sort(sizes.groups, by_count);
    sizes.n_wanted = (sizes.n_known * (size_t)percent + 99) / 100;
    return sizes;
}

/* --- service offerings ------------------------------------------------------------------------ */

/* A name that no offering of the catalog has. */
static const char *
free_name(const Preparation *preparation, const char *name)
{
    const Catalog *future = &preparation->future;
    const char *tried = name;
    for (unsigned number = 2;; number++) {
        bool is_taken = false;
        for (size_t i = 0; i < future->service_offerings.n && !is_taken; i++)
            is_taken = !g_strcmp0(future->service_offerings.items[i].name.value, tried);
        for (size_t i = 0; i < future->disk_offerings.n && !is_taken; i++)
            is_taken = !g_strcmp0(future->disk_offerings.items[i].name.value, tried);
        if (!is_taken)
            return tried;
        tried = arena_printf(preparation->arena, "%s-%u", name, number);
    }
}

static void
add_number(Preparation *preparation, Change *change, const char *param, int64_t number)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);
    change_call_add(preparation->changes, &change->call, param, text);
}

/* Found again by its name; all that was asked for has to be as asked for. */
static void
find_offering(Preparation *preparation, Change *change, const char *list, const char *item)
{
    Changes *changes = preparation->changes;
    ChangeCall *read = change_find_add_read(changes, &change->find, list);
    change_call_add(changes, read, "listall", "true");
    change_call_add(changes, read, "name", change->name.value);
    change->find.item = text_known(item);
    change_expect_param(changes, &change->find, "name", "name");
    change_add_clash(changes, &change->find, "name");
}

static void
undo_offering(Preparation *preparation, Change *change, const char *command)
{
    change_call_init(preparation->changes, &change->undo, command);
    change_call_add_ref(preparation->changes, &change->undo, "id", change->id.value);
}

static Change *
begin_service_offering(Preparation *preparation, const char *name)
{
    name = free_name(preparation, name);
    Change *change = prepare_add(preparation, CHANGE_SERVICE_OFFERING, "offering", name);
    prepare_begin_call(preparation, change, "createServiceOffering");
    change_call_add(preparation->changes, &change->call, "name", name);
    change_call_add(preparation->changes, &change->call, "displaytext", name);
    find_offering(preparation, change, "listServiceOfferings", "serviceoffering");
    undo_offering(preparation, change, "deleteServiceOffering");
    prepare_add_use(preparation, change, "a VM has it", "listVirtualMachines", "serviceofferingid",
        "virtualmachine");
    return change;
}

static int64_t
cpu_speed(const Preparation *preparation)
{
    int mhz = preparation->options->cpu_speed_mhz;
    return mhz ? mhz : PREPARE_CPU_SPEED_MHZ;
}

static void
add_fixed(Preparation *preparation, const SizeGroup *size, const char *why)
{
    Changes *changes = preparation->changes;
    g_autofree char *name = g_strdup_printf(
        "import-%" G_GINT64_FORMAT "x%" G_GINT64_FORMAT, size->cpus, size->memory_mib);
    int64_t mhz = size->mhz ? size->mhz : cpu_speed(preparation);
    Change *change = begin_service_offering(preparation, name);
    add_number(preparation, change, "cpunumber", size->cpus);
    add_number(preparation, change, "cpuspeed", mhz);
    add_number(preparation, change, "memory", size->memory_mib);
    change_expect_param(changes, &change->find, "cpunumber", "cpunumber");
    change_expect_param(changes, &change->find, "cpuspeed", "cpuspeed");
    change_expect_param(changes, &change->find, "memory", "memory");
    prepare_set_why(preparation, change,
        arena_printf(preparation->arena,
            "%zu VMs of %" G_GINT64_FORMAT " CPUs and %" G_GINT64_FORMAT
            " MiB fit no offering as they run",
            size->n, size->cpus, size->memory_mib),
        why);
    ServiceOffering row = {.id = change->id,
        .name = change->name,
        .state = text_known("Active"),
        .cpunumber = int_known(size->cpus),
        .cpuspeed = int_known(mhz),
        .memory = int_known(size->memory_mib),
        .iscustomized = bool_known(false)};
    if (change->verdict == VERDICT_READY)
        future_add(preparation, &preparation->future.service_offerings, &row);
}

typedef struct SizeRange {
    int64_t cpus[2], memory_mib[2]; /* least and most */
} SizeRange;

static void
widen(SizeRange *range, const SizeGroup *size)
{
    bool is_first = !range->cpus[1];
    range->cpus[0] = is_first ? size->cpus : MIN(range->cpus[0], size->cpus);
    range->cpus[1] = MAX(range->cpus[1], size->cpus);
    range->memory_mib[0] =
        is_first ? size->memory_mib : MIN(range->memory_mib[0], size->memory_mib);
    range->memory_mib[1] = MAX(range->memory_mib[1], size->memory_mib);
}

static void
expect_ranges(Preparation *preparation, Change *change)
{
    static const char *const details[] = {"mincpunumber", "maxcpunumber", "minmemory", "maxmemory"};
    for (size_t i = 0; i < G_N_ELEMENTS(details); i++) {
        g_autofree char *member = g_strdup_printf("serviceofferingdetails.%s", details[i]);
        change_expect_param(preparation->changes, &change->find, member, details[i]);
    }
}

static void
add_custom(Preparation *preparation, const SizeRange *range, size_t n, const char *why)
{
    Changes *changes = preparation->changes;
    Change *change = begin_service_offering(preparation, "import-custom");
    change_call_add(changes, &change->call, "customized", "true");
    add_number(preparation, change, "cpuspeed", cpu_speed(preparation));
    add_number(preparation, change, "mincpunumber", range->cpus[0]);
    add_number(preparation, change, "maxcpunumber", range->cpus[1]);
    add_number(preparation, change, "minmemory", range->memory_mib[0]);
    add_number(preparation, change, "maxmemory", range->memory_mib[1]);
    change_expect(changes, &change->find, "iscustomized", "true");
    change_expect_param(changes, &change->find, "cpuspeed", "cpuspeed");
    expect_ranges(preparation, change);
    prepare_set_why(preparation, change,
        arena_printf(preparation->arena, "%zu VMs fit no offering as they run", n), why);
    ServiceOffering row = {.id = change->id,
        .name = change->name,
        .state = text_known("Active"),
        .cpuspeed = int_known(cpu_speed(preparation)),
        .iscustomized = bool_known(true)};
    row.cpunumber.state = row.memory.state = FACT_ABSENT;
    row.serviceofferingdetails =
        (ServiceOfferingDetails){int_known(range->cpus[0]), int_known(range->cpus[1]),
            int_known(range->memory_mib[0]), int_known(range->memory_mib[1])};
    if (change->verdict == VERDICT_READY)
        future_add(preparation, &preparation->future.service_offerings, &row);
}

/* "of 120 VMs of known size 90 fit ...; 100 % are wanted, 120; ..." */
static const char *
arithmetic(const Preparation *preparation, const Sizes *sizes, size_t before, size_t adds)
{
    size_t n = before + adds;
    return arena_printf(preparation->arena,
        "of %zu VMs of known size %zu fit an offering as they run; wanted are %zu; with those "
        "before it %zu, this one adds %zu: %zu (%.1f %%)",
        sizes->n_known, sizes->n_fit, sizes->n_wanted, before, adds, n,
        100.0 * (double)n / (double)MAX(1, sizes->n_known));
}

static void
add_all_fixed(Preparation *preparation, const Sizes *sizes)
{
    size_t n = sizes->n_fit;
    for (guint i = 0; i < sizes->groups->len && n < sizes->n_wanted; i++) {
        const SizeGroup *size = &g_array_index(sizes->groups, SizeGroup, i);
        add_fixed(preparation, size, arithmetic(preparation, sizes, n, size->n));
        n += size->n;
    }
}

/* Ranges over the sizes of most VMs; whatever else lies within them fits, too. */
static void
add_one_custom(Preparation *preparation, const Sizes *sizes)
{
    SizeRange range = {0};
    size_t n = 0;
    for (guint i = 0; i < sizes->groups->len && sizes->n_fit + n < sizes->n_wanted; i++) {
        const SizeGroup *size = &g_array_index(sizes->groups, SizeGroup, i);
        widen(&range, size);
        n += size->n;
    }
    if (n)
        add_custom(preparation, &range, n, arithmetic(preparation, sizes, sizes->n_fit, n));
}

static size_t
count_misfits(const Plan *plan)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->n_items; i++)
        n += prepare_is_wanted(&plan->items[i]) && is_misfit(&plan->items[i]);
    return n;
}

/* Whether it helps is for the engine to tell: not each release imports with a custom offering. */
static bool
try_custom(Preparation *preparation, const Sizes *sizes, bool *ret_helps, GError **error)
{
    const size_t n_changes = preparation->changes->changes.n;
    const size_t n_offerings = preparation->future.service_offerings.n;
    add_one_custom(preparation, sizes);
    if (preparation->future.service_offerings.n == n_offerings) { /* blocked, or not wanted */
        *ret_helps = true;
        return true;
    }
    g_autoptr(Plan) with = prepare_plan(preparation, error);
    if (!with)
        return false;
    *ret_helps = count_misfits(with) < count_misfits(preparation->plan);
    if (!*ret_helps) {
        preparation->changes->changes.n = n_changes;
        preparation->future.service_offerings.n = n_offerings;
    }
    return true;
}

/* --- disk offerings --------------------------------------------------------------------------- */

/* One of any size and without tags fits each disk on each pool. */
static void
prepare_disk_offering(Preparation *preparation)
{
    Changes *changes = preparation->changes;
    const Plan *plan = preparation->plan;
    size_t n = 0;
    for (size_t i = 0; i < plan->n_items; i++)
        n += prepare_is_wanted(&plan->items[i]) &&
             item_find_finding(&plan->items[i], FINDING_DISK_OFFERING_NONE_FITS);
    if (!n)
        return;
    const char *name = free_name(preparation, "import-disk-any-size");
    Change *change = prepare_add(preparation, CHANGE_DISK_OFFERING, "disk-offering", name);
    prepare_begin_call(preparation, change, "createDiskOffering");
    change_call_add(changes, &change->call, "name", name);
    change_call_add(changes, &change->call, "displaytext", name);
    change_call_add(changes, &change->call, "customized", "true");
    find_offering(preparation, change, "listDiskOfferings", "diskoffering");
    change_expect(changes, &change->find, "iscustomized", "true");
    change_expect(changes, &change->find, "tags", NULL);
    undo_offering(preparation, change, "deleteDiskOffering");
    prepare_add_use(
        preparation, change, "a volume has it", "listVolumes", "diskofferingid", "volume");
    prepare_set_why(preparation, change,
        arena_printf(
            preparation->arena, "data disks of %zu VMs fit no disk offering that there is", n),
        "one of any size without tags fits each disk on each pool whose tags are no rule");
    DiskOffering row = {.id = change->id,
        .name = change->name,
        .state = text_known("Active"),
        .disksize = int_known(0),
        .iscustomized = bool_known(true),
        .storagetype = text_known("shared")};
    row.tags.state = FACT_KNOWN;
    if (change->verdict == VERDICT_READY)
        future_add(preparation, &preparation->future.disk_offerings, &row);
}

bool
prepare_offerings(Preparation *preparation, GError **error)
{
    const Catalog *catalog = preparation->catalog;
    int percent = preparation->options->fit_percent;
    if (is_read(&catalog->disk_offerings))
        prepare_disk_offering(preparation);
    if (!is_read(&catalog->service_offerings))
        return true;
    Sizes sizes = read_sizes(preparation->plan, percent ? percent : PREPARE_FIT_PERCENT);
    bool is_custom = false;
    bool is_ok =
        preparation->options->is_fixed || try_custom(preparation, &sizes, &is_custom, error);
    if (is_ok && !is_custom)
        add_all_fixed(preparation, &sizes);
    g_array_unref(sizes.groups);
    return is_ok;
}
