/* SPDX-License-Identifier: Apache-2.0
 *
 * What all reports ask of an item, built or loaded, and the items as a table.
 */
#include "report.h"

#include <string.h>

#include "arena.h"

size_t
report_findings(const PlanItem *item, Arena *arena, const FindingText **ret)
{
    if (!item->facts_of && !item->n_findings) {
        *ret = item->loaded_findings.items;
        return item->loaded_findings.n;
    }
    FindingText *texts = arena_new_n(arena, FindingText, item->n_findings);
    for (size_t i = 0; i < item->n_findings; i++)
        finding_render(item, &item->findings[i], arena, &texts[i]);
    *ret = texts;
    return item->n_findings;
}

size_t
report_reasons(const PlanItem *item, const Reason **ret)
{
    if (item->facts_of || item->n_reasons) {
        *ret = item->reasons;
        return item->n_reasons;
    }
    *ret = item->loaded_reasons.items;
    return item->loaded_reasons.n;
}

size_t
report_calls(const PlanItem *item, Arena *arena, const Call **ret)
{
    if (!item->facts_of && item->loaded_calls.state == FACT_KNOWN) {
        *ret = item->loaded_calls.items;
        return item->loaded_calls.n;
    }
    Call *calls = NULL;
    size_t n = plan_item_calls(item, arena, &calls);
    *ret = calls;
    return n;
}

static const char *
trunk_text(const Vlan *vlan, Arena *arena)
{
    if (vlan->ranges.state != FACT_KNOWN)
        return "trunk";
    g_autoptr(GString) text = g_string_new(vlan->ranges.n ? "trunk " : "trunk of nothing");
    for (size_t i = 0; i < vlan->ranges.n; i++) {
        const VlanRange *range = &vlan->ranges.items[i];
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i ? "," : "", range->start.value);
        if (range->end.value != range->start.value)
            g_string_append_printf(text, "-%" G_GINT64_FORMAT, range->end.value);
    }
    return arena_strdup(arena, text->str);
}

static const char *
int_text(Int number, Arena *arena)
{
    return number.state == FACT_KNOWN ? arena_printf(arena, "%" G_GINT64_FORMAT, number.value)
                                      : "?";
}

const char *
report_vlan_text(const Vlan *vlan, Arena *arena)
{
    switch (vlan->kind) {
    case VLAN_NONE:
        return "untagged";
    case VLAN_ID:
        return int_text(vlan->id, arena);
    case VLAN_TRUNK:
        return trunk_text(vlan, arena);
    case VLAN_PVLAN:
        return arena_printf(arena, "pvlan %s/%s%s%s", int_text(vlan->id, arena),
            int_text(vlan->secondary, arena), vlan->pvlan_type ? " " : "",
            vlan->pvlan_type ? pvlan_words[vlan->pvlan_type] : "");
    case VLAN_OVERLAY:
        return vlan->segment.value ? arena_printf(arena, "overlay %s", vlan->segment.value)
                                   : "overlay";
    case VLAN_PRIVATE:
        return "private to its host";
    case VLAN_UNKNOWN:
    case VLAN_N:
        break;
    }
    return "unknown";
}

char *
report_verdict_line(const Plan *plan)
{
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "%zu VMs: ", plan->n_items);
    for (int i = VERDICT_NONE + 1; i < VERDICT_N; i++)
        g_string_append_printf(line, "%s%zu %s", i > 1 ? ", " : "", plan->n_verdicts[i],
            i == VERDICT_READY_AFTER_ACTION ? "ready after action" : verdict_words[i]);
    if (plan->n_verdicts[VERDICT_NONE])
        g_string_append_printf(line, ", %zu not judged", plan->n_verdicts[VERDICT_NONE]);
    return g_string_free(line, false);
}

char *
report_conversions(const Plan *plan)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->n_items; i++)
        n += choice_is_converted(&plan->items[i].choice);
    return n ? g_strdup_printf("%zu of them are copied to KVM and converted, by importVm: this is "
                               "not proved on a real server. A VM and its copy must not both run.",
                   n)
             : NULL;
}

/* --- the items as a table --------------------------------------------------------------------- */

static const OutputColumn item_columns[] = {
    {"VERDICT", "verdict", .is_fixed = true},
    {"NAME", "name", .is_fixed = false},
    {"CLUSTER", "cluster", .is_fixed = false},
    {"POWER", "power", .is_fixed = true},
    {"CPUS", "cpus", .is_number = true, .is_fixed = true},
    {"MEMORY", "memory", .is_number = true, .is_fixed = true},
    {"DISKS", "disks", .is_number = true, .is_fixed = true},
    {"NICS", "nics", .is_number = true, .is_fixed = true},
    {"FINDINGS", "findings", .is_fixed = false},
};

/* Ids of the findings that decide, the worst first, each once. */
static const char *
finding_ids(const PlanItem *item, Arena *arena)
{
    const FindingText *findings;
    size_t n = report_findings(item, arena, &findings);
    g_autoptr(GString) ids = g_string_new(NULL);
    const char *last = "";
    for (size_t i = 0; i < n; i++) {
        const char *id = findings[i].id.value;
        if (!id || strcmp(id, last) == 0 || findings[i].severity == SEVERITY_INFO)
            continue;
        g_string_append_printf(ids, "%s%s", ids->len ? ", " : "", id);
        last = id;
    }
    return arena_strdup(arena, ids->str);
}

static void
add_item(OutputTable *table, const PlanItem *item)
{
    Arena arena;
    arena_init(&arena);
    const PlanInstance *instance = &item->instance;
    g_autofree char *memory =
        instance->memory_bytes.state == FACT_KNOWN
            ? g_strdup_printf("%.4g GiB", instance->memory_bytes.value / 0x1p30)
            : NULL;
    const char *cells[] = {
        item->verdict ? verdict_words[item->verdict] : "not judged",
        instance->name.value,
        instance->cluster.value,
        power_words[instance->power],
        instance->cpus.state == FACT_KNOWN ? int_text(instance->cpus, &arena) : NULL,
        memory,
        instance->disks.state == FACT_KNOWN ? arena_printf(&arena, "%zu", instance->disks.n) : NULL,
        instance->nics.state == FACT_KNOWN ? arena_printf(&arena, "%zu", instance->nics.n) : NULL,
        finding_ids(item, &arena),
    };
    output_table_add(table, cells);
    arena_release(&arena);
}

bool
report_items(
    const Plan *plan, OutputFormat format, const OutputStyle *style, FILE *file, GError **error)
{
    if (format == OUTPUT_JSON)
        return plan_save(plan, file, error);
    if (format == OUTPUT_YAML)
        return plan_save_yaml(plan, file, error);
    if (format == OUTPUT_CSV)
        return report_csv(plan, style, file, error);
    g_autoptr(OutputTable) table = output_table_new(item_columns, G_N_ELEMENTS(item_columns));
    for (size_t i = 0; i < plan->n_items; i++)
        add_item(table, &plan->items[i]);
    return output_table_print(table, OUTPUT_TABLE, style, file, error);
}
