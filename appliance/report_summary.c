/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts that the reports begin with.
 */
#include "report_priv.h"

#include <string.h>

const char *
report_verdict_title(Verdict verdict)
{
    static const char *const titles[VERDICT_N] = {
        [VERDICT_NONE] = "not judged",
        [VERDICT_READY] = "ready",
        [VERDICT_READY_AFTER_ACTION] = "ready after action",
        [VERDICT_BLOCKED] = "blocked",
        [VERDICT_UNKNOWN] = "unknown",
    };
    return titles[verdict];
}

/* The entry of @name in an array of entries that begin with their name. */
static void *
find_or_add(GArray *array, GHashTable *index, const char *name, const void *fresh)
{
    gpointer known;
    if (!g_hash_table_lookup_extended(index, name, NULL, &known)) {
        known = GUINT_TO_POINTER(array->len);
        g_array_append_vals(array, fresh, 1);
        g_hash_table_insert(index, (gpointer)name, known);
    }
    return array->data + (gsize)GPOINTER_TO_UINT(known) * g_array_get_element_size(array);
}

static const char *
cluster_of(const PlanInstance *instance)
{
    return instance->cluster.value  ? instance->cluster.value
           : instance->host.value   ? instance->host.value
           : instance->source.value ? instance->source.value
                                    : "(not known)";
}

static void
count_group(GArray *groups, GHashTable *index, const char *name, Verdict verdict)
{
    SummaryGroup fresh = {.name = name};
    SummaryGroup *group = find_or_add(groups, index, name, &fresh);
    group->total++;
    group->n[verdict]++;
}

/* The owner's name as the reason of the choice has it, else the id that was chosen. */
const char *
report_owner(const PlanItem *item)
{
    const Reason *reasons;
    size_t n = report_reasons(item, &reasons);
    for (size_t i = 0; i < n; i++) {
        const char *about = reasons[i].about.value;
        if (about && reasons[i].chosen.value &&
            (!strcmp(about, "owner") || !strcmp(about, "account") || !strcmp(about, "projectid")))
            return reasons[i].chosen.value;
    }
    const Choice *choice = &item->choice;
    return choice->account.value     ? choice->account.value
           : choice->projectid.value ? choice->projectid.value
                                     : "whoever calls the API";
}

static void
count_finding(
    ReportSummary *summary, GHashTable *index, const PlanItem *item, size_t i, GHashTable *counted)
{
    bool is_built = item->facts_of || item->n_findings;
    const char *id =
        !is_built ? item->loaded_findings.items[i].id.value : item->findings[i].kind->id;
    Severity severity =
        !is_built ? item->loaded_findings.items[i].severity : item->findings[i].severity;
    if (severity < SEVERITY_ACTION || !g_hash_table_add(counted, (gpointer)id))
        return;
    SummaryFinding fresh = {.id = id, .severity = severity};
    SummaryFinding *entry = find_or_add(summary->findings, index, id, &fresh);
    entry->severity = MAX(entry->severity, severity);
    if (entry->items++)
        return;
    entry->name = item->instance.name.value;
    if (is_built)
        finding_render(item, &item->findings[i], &summary->arena, &entry->first);
    else
        entry->first = item->loaded_findings.items[i];
}

static int
compare_groups(const void *a, const void *b)
{
    const SummaryGroup *x = a, *y = b;
    return x->total != y->total ? (x->total < y->total ? 1 : -1) : strcmp(x->name, y->name);
}

static int
compare_findings(const void *a, const void *b)
{
    const SummaryFinding *x = a, *y = b;
    if (x->severity != y->severity)
        return x->severity < y->severity ? 1 : -1;
    return x->items != y->items ? (x->items < y->items ? 1 : -1) : strcmp(x->id, y->id);
}

void
report_summary_init(ReportSummary *summary, const Plan *plan)
{
    *summary = (ReportSummary){
        .clusters = g_array_new(false, false, sizeof(SummaryGroup)),
        .owners = g_array_new(false, false, sizeof(SummaryGroup)),
        .findings = g_array_new(false, false, sizeof(SummaryFinding)),
    };
    arena_init(&summary->arena);
    g_autoptr(GHashTable) clusters = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) owners = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) findings = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) counted = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < plan->n_items; i++) {
        const PlanItem *item = &plan->items[i];
        count_group(summary->clusters, clusters, cluster_of(&item->instance), item->verdict);
        count_group(summary->owners, owners, report_owner(item), item->verdict);
        g_hash_table_remove_all(counted);
        size_t n = item->facts_of || item->n_findings ? item->n_findings : item->loaded_findings.n;
        for (size_t k = 0; k < n; k++)
            count_finding(summary, findings, item, k, counted);
    }
    for (size_t i = 0; i < plan->n_networks; i++)
        summary->n_matches[plan->networks[i].match]++;
    g_array_sort(summary->clusters, compare_groups);
    g_array_sort(summary->owners, compare_groups);
    g_array_sort(summary->findings, compare_findings);
}

void
report_summary_release(ReportSummary *summary)
{
    g_array_unref(summary->clusters);
    g_array_unref(summary->owners);
    g_array_unref(summary->findings);
    arena_release(&summary->arena);
}
