/* SPDX-License-Identifier: Apache-2.0
 *
 * Time: what listing and importing cost this server, by what it took for its own answers. Nothing
 * is estimated that has no measured basis; the arithmetic is shown.
 *
 * An import makes the server look for the VM on the hosts of its cluster, one after another, as the
 * list does. At the least it reads that one VM, at the most all of them again.
 */
#include <inttypes.h>
#include <string.h>

#include "mapper_priv.h"

const char *const time_kind_words[TIME_KIND_N] = {
    [TIME_CATALOG] = "catalog",
    [TIME_LIST] = "list",
    [TIME_IMPORT] = "import",
    [TIME_CONVERT] = "convert",
    [TIME_TOTAL] = "total",
};

static const char *const not_measured =
    "not measured: read CloudStack's view again (vm-ingest discover)";

/* A cluster whose list was read, or should have been. */
typedef struct ClusterCost {
    const SourceCluster *cluster;
    const SourceCall *call; /* NULL: it was not measured */
    int64_t imports;        /* items of the plan that would be imported from it */
} ClusterCost;

/* "0.30 s", "4 min 10 s", "2 h 5 min" */
static const char *
duration_text(Arena *arena, int64_t ms)
{
    int64_t s = ms / 1000;
    if (s < 60)
        return arena_printf(arena, "%" PRId64 ".%02" PRId64 " s", s, ms % 1000 / 10);
    if (s < 3600)
        return arena_printf(arena, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
    return arena_printf(arena, "%" PRId64 " h %" PRId64 " min", s / 3600, s % 3600 / 60);
}

static int64_t
divide_up(int64_t value, int64_t by)
{
    return by > 0 ? (value + by - 1) / by : value;
}

/* --- rows ------------------------------------------------------------------------------------- */

static TimeRow
catalog_row(const Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    int64_t requests = 0, elapsed_ms = 0;
    for (size_t i = 0; i < catalog->lists.n; i++) {
        requests += catalog->lists.items[i].requests.value;
        elapsed_ms += catalog->lists.items[i].elapsed_ms.value;
    }
    TimeRow row = {.kind = TIME_CATALOG, .about = catalog->info.name};
    if (!requests) {
        row.basis = text_known("not measured: read the catalog again (vm-ingest catalog)");
        return row;
    }
    row.count = int_known(requests);
    row.each_ms = int_known(divide_up(elapsed_ms, requests));
    row.total_ms = row.most_ms = int_known(elapsed_ms);
    row.arithmetic = text_known(arena_printf(planner->arena, "%" PRId64 " list calls took %s",
        requests, duration_text(planner->arena, elapsed_ms)));
    row.basis = text_known("measured call by call while the catalog was read, side by side");
    return row;
}

static TimeRow
list_row(const Planner *planner, const ClusterCost *cost)
{
    Arena *arena = planner->arena;
    TimeRow row = {.kind = TIME_LIST, .about = cost->cluster->name};
    if (!cost->call) {
        row.basis = text_known(not_measured);
        return row;
    }
    int64_t ms = cost->call->elapsed_ms.value, vms = cost->call->instances.value,
            hosts = cost->call->hosts.value;
    row.count = int_known(vms);
    row.each_ms = int_known(divide_up(ms, MAX(vms, 1)));
    row.total_ms = row.most_ms = int_known(ms);
    row.arithmetic = text_known(
        arena_printf(arena, "%s for %" PRId64 " VMs on %" PRId64 " hosts: %s a VM, %s a host",
            duration_text(arena, ms), vms, hosts, duration_text(arena, row.each_ms.value),
            duration_text(arena, divide_up(ms, MAX(hosts, 1)))));
    row.basis = text_known("measured: listUnmanagedInstances of the cluster");
    return row;
}

static TimeRow
import_row(const Planner *planner, const ClusterCost *cost)
{
    Arena *arena = planner->arena;
    TimeRow row = {
        .kind = TIME_IMPORT, .about = cost->cluster->name, .count = int_known(cost->imports)};
    if (!cost->call) {
        row.basis = text_known(not_measured);
        return row;
    }
    int64_t all_ms = cost->call->elapsed_ms.value,
            each_ms = divide_up(all_ms, MAX(cost->call->instances.value, 1));
    row.each_ms = int_known(each_ms);
    row.total_ms = int_known(cost->imports * each_ms);
    row.most_ms = int_known(cost->imports * all_ms);
    row.arithmetic = text_known(arena_printf(arena,
        "%" PRId64 " imports x %s (one VM is read) = %s at least, x %s (all are read again) = %s "
        "at most",
        cost->imports, duration_text(arena, each_ms), duration_text(arena, row.total_ms.value),
        duration_text(arena, all_ms), duration_text(arena, row.most_ms.value)));
    row.basis = text_known("from the measured list: each import looks for its VM on the hosts of "
                           "the cluster again. Writing the records comes on top; it was not "
                           "measured, since nothing was imported yet");
    return row;
}

/* Of all conversions; none was measured. */
static TimeRow
convert_row(const Planner *planner)
{
    return (TimeRow){.kind = TIME_CONVERT,
        .about = text_known("importVm"),
        .count = int_known(planner->conversions),
        .basis = text_known(arena_printf(planner->arena,
            "not measured: up to %s are copied from vCenter to temporary storage, converted, and "
            "copied to their pools",
            size_text(planner->arena, planner->converted_bytes)))};
}

/* Of the listing and the imports; unknown as long as a part is. */
static TimeRow
total_row(const Planner *planner, const GArray *rows)
{
    TimeRow total = {.kind = TIME_TOTAL, .count = int_known(0), .each_ms.state = FACT_ABSENT};
    g_autoptr(GString) unknown = g_string_new(NULL);
    int64_t least = 0, most = 0;
    for (guint i = 0; i < rows->len; i++) {
        const TimeRow *row = &g_array_index(rows, TimeRow, i);
        if (row->kind == TIME_IMPORT || row->kind == TIME_CONVERT)
            total.count.value += row->count.value;
        if (row->total_ms.state != FACT_KNOWN)
            g_string_append_printf(unknown, "%s%s of '%s'", unknown->len ? ", " : "",
                time_kind_words[row->kind], text_or_word(row->about));
        least += row->total_ms.value;
        most += row->most_ms.value;
    }
    if (unknown->len) {
        total.basis = text_known(arena_printf(planner->arena, "not measured: %s", unknown->str));
        return total;
    }
    total.total_ms = int_known(least);
    total.most_ms = int_known(most);
    total.arithmetic = text_known(arena_printf(planner->arena,
        "the rows above together, one after the other: %s at least, %s at most",
        duration_text(planner->arena, least), duration_text(planner->arena, most)));
    total.basis = text_known("the server's own answers; see each row");
    return total;
}

/* --- which clusters --------------------------------------------------------------------------- */

static const SourceCall *
find_call(const Inventory *inventory, const SourceCluster *cluster)
{
    const SourceEnd *end = inventory_find_end(inventory, cluster->source.value);
    for (size_t i = 0; end && i < end->calls.n; i++) {
        const SourceCall *call = &end->calls.items[i];
        if (!g_strcmp0(call->about.value, cluster->id.value) &&
            call->elapsed_ms.state == FACT_KNOWN)
            return call;
    }
    return NULL;
}

static bool
is_listable(const Planner *planner, const SourceCluster *cluster)
{
    const SourceInfo *source = inventory_find_source(planner->inventory, cluster->source.value);
    const char *hypervisor = cluster->hypervisor.value;
    return source && source->kind == SOURCE_KIND_CLOUDSTACK &&
           (!hypervisor || !g_ascii_strcasecmp(hypervisor, "VMware") ||
               !g_ascii_strcasecmp(hypervisor, "KVM"));
}

static int64_t
disk_bytes(const PlanInstance *instance)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < instance->disks.n; i++)
        bytes += MAX(instance->disks.items[i].capacity_bytes.value, 0);
    return bytes;
}

void
count_import(Planner *planner, const PlanItem *item)
{
    const char *id = item->choice.clusterid.value;
    bool is_imported =
        item->verdict == VERDICT_READY || item->verdict == VERDICT_READY_AFTER_ACTION;
    if (!id || !is_imported)
        return;
    if (choice_is_converted(&item->choice)) {
        planner->conversions++;
        planner->converted_bytes += disk_bytes(&item->instance);
        return;
    }
    void **at = table_at(&planner->imports, id);
    *at = *at ? *at : arena_new(&planner->scratch, int64_t);
    ++*(int64_t *)*at;
}

static void
add_cluster(const Planner *planner, GArray *rows, const ClusterCost *cost)
{
    TimeRow list = list_row(planner, cost), import = import_row(planner, cost);
    g_array_append_val(rows, list);
    if (cost->imports)
        g_array_append_val(rows, import);
}

void
plan_build_time(Planner *planner)
{
    const Inventory *inventory = planner->inventory;
    Plan *plan = planner->plan;
    g_autoptr(GArray) rows = g_array_new(false, true, sizeof(TimeRow));
    TimeRow first = catalog_row(planner);
    g_array_append_val(rows, first);
    for (size_t i = 0; i < inventory->n_clusters; i++) {
        const SourceCluster *cluster = inventory->clusters[i];
        if (!is_listable(planner, cluster))
            continue;
        const int64_t *imports =
            cluster->id.value ? table_find(&planner->imports, cluster->id.value) : NULL;
        ClusterCost cost = {.cluster = cluster,
            .call = find_call(inventory, cluster),
            .imports = imports ? *imports : 0};
        add_cluster(planner, rows, &cost);
    }
    if (!planner->has_cloudstack_view) {
        TimeRow list = {.kind = TIME_LIST, .basis = text_known(not_measured)};
        g_array_append_val(rows, list);
    }
    TimeRow convert = convert_row(planner);
    if (planner->conversions)
        g_array_append_val(rows, convert);
    TimeRow last = total_row(planner, rows);
    g_array_append_val(rows, last);
    plan->n_time = rows->len;
    plan->time = arena_memdup(planner->arena, rows->data, rows->len * sizeof(TimeRow));
}
