/* SPDX-License-Identifier: Apache-2.0
 *
 * What the journal keeps of a VM, and which VMs of a plan are imported.
 */
#include "import_document.h"

#include <string.h>

#include "record.h"
#include "cleanup.h"

static const Field task_fields[] = {
    F_TEXT(ImportTask, hypervisor),
    F_TEXT(ImportTask, facts),
    F_TEXT(ImportTask, booted_at),
    F_TEXT(ImportTask, start_id),
    F_BOOL(ImportTask, is_listed_only),
    F_RECORD(ImportTask, item, &plan_item_type),
};
static const RecordType task_type = RECORD_TYPE(ImportTask, task_fields);

/* --- documents -------------------------------------------------------------------------------- */

/* The view of where it runs; CloudStack's own where nothing else was read. */
static const InstanceView *
view_of(const PlanItem *item)
{
    const Instance *instance = item->facts_of;
    return !instance ? NULL : instance->source ? instance->source : instance->cloudstack;
}

static Text
hypervisor_of(const PlanItem *item, const Catalog *catalog)
{
    for (size_t i = 0; i < catalog->clusters.n; i++)
        if (!g_strcmp0(catalog->clusters.items[i].id.value, item->choice.clusterid.value))
            return catalog->clusters.items[i].hypervisortype;
    return (Text){0};
}

char *
import_document_write(const PlanItem *item, const Catalog *catalog)
{
    Arena arena;
    arena_init(&arena);
    const InstanceView *view = view_of(item);
    g_autofree char *facts = view ? instance_facts(view, NULL) : NULL;
    const ImportTask task = {.item = plan_item_with_texts(item, &arena),
        .facts = facts ? text_known(facts) : (Text){0},
        .booted_at = view ? view->booted_at : (Text){0},
        .start_id = view ? view->start_id : (Text){0},
        .is_listed_only = bool_known(view && view != item->facts_of->source),
        .hypervisor = hypervisor_of(item, catalog)};
    GString *text = g_string_new(NULL);
    record_encode(&task_type, &task, text);
    arena_release(&arena);
    return g_string_free(text, false);
}

bool
import_document_read(
    void *unused, const char *document, Arena *arena, ImportTask *ret, GError **error)
{
    (void)unused;
    g_autoptr(JsonObject) json = json_tokener_parse(document);
    if (!json) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID,
            "the journal's document of a VM is no JSON: %.60s", document);
        return false;
    }
    return record_decode(&task_type, json, RECORD_STRICT, "document", arena, ret, error);
}

/* --- which VMs -------------------------------------------------------------------------------- */

/* What is no refusal of a VM that is off. */
static bool
is_cured_by_power_off(const char *finding)
{
    static const char *const cured[] = {
        "offering-cpu-differs", "offering-memory-differs", "offering-speed-differs", NULL};
    return finding && g_strv_contains(cured, finding);
}

static bool
is_accepted(const FindingText *finding, const PlanItem *item, const ImportConsent *consent)
{
    if (is_cured_by_power_off(finding->id.value) && consent->may_power_off &&
        is_true(item->choice.power.off))
        return true;
    return consent->accepted && finding->id.value &&
           g_strv_contains(consent->accepted, finding->id.value);
}

/* The first action that nobody has accepted, or NULL. */
static const FindingText *
find_action(const PlanItem *item, const ImportConsent *consent, Arena *arena)
{
    const FindingText *findings;
    size_t n = report_findings(item, arena, &findings);
    for (size_t i = 0; i < n; i++)
        if (findings[i].severity == SEVERITY_ACTION && !is_accepted(&findings[i], item, consent))
            return &findings[i];
    return NULL;
}

const char *
import_why_left_out(const PlanItem *item, const ImportConsent *consent, Arena *arena)
{
    const FindingText *findings;
    const Call *calls;
    /* A copy has another instance name, and its call another user: neither is looked after. */
    if (choice_is_converted(&item->choice))
        return "a run carries no conversions out: send its call by hand, one VM of each kind first";
    if (item->verdict == VERDICT_BLOCKED || item->verdict == VERDICT_UNKNOWN) {
        size_t n = report_findings(item, arena, &findings);
        return arena_printf(arena, "%s: %s", verdict_words[item->verdict],
            n && findings[0].text.value ? findings[0].text.value : "without a finding");
    }
    const FindingText *action = find_action(item, consent, arena);
    if (action)
        return arena_printf(arena, "%s: do this first: %s; or give --accept %s",
            action->text.value ? action->text.value : "an action is open",
            action->remedy.value ? action->remedy.value : "see the finding", action->id.value);
    if (!report_calls(item, arena, &calls))
        return "something that its call needs has not been chosen";
    return NULL;
}
