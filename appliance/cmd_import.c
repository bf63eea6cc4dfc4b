/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan carried out.
 */
#include "cmd_import.h"

#include <string.h>

#include "cmd_plan.h"
#include "import_document.h"
#include "record.h"
#include "run_context.h"

/* --- is the plan still true? ------------------------------------------------------------------ */

static bool
has_changed(const PlanItem *given, const PlanItem *now)
{
    g_autofree char *facts = plan_item_facts(now);
    return given->loaded_facts.value && g_strcmp0(given->loaded_facts.value, facts) != 0;
}

/* One line for each VM that is not as it was. Returns their number. */
static size_t
tell_changed(const Plan *given, const Plan *now)
{
    size_t n = 0;
    Arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < now->n_items; i++) {
        const PlanItem *item = &now->items[i];
        if (!has_changed(&given->items[i], item))
            continue;
        const Instance *instance = item->facts_of;
        const InstanceView *view = !instance          ? NULL
                                   : instance->source ? instance->source
                                                      : instance->cloudstack;
        const char *change =
            view ? import_describe_change(&given->items[i].instance, view, &arena) : "it is gone";
        message_warning("'%s' has changed since the plan was made: %s",
            item->instance.name.value ? item->instance.name.value : item->instance.id.value,
            change ? change : "other facts that the verdict used");
        n++;
    }
    arena_release(&arena);
    return n;
}

/* The plan as it is judged now. @ret_code: EXIT_CODE_STALE: it is not to be carried out. */
static Plan *
judge_again(const Options *options, const Plan *given, const Estate *estate, ExitCode *ret_code,
    GError **error)
{
    const PlanOptions plan_options = {
        .zone = given->info.zoneid.value, .server_version = options->server_version};
    g_autoptr(Plan) now =
        plan_check(given, estate->inventory, estate->catalog, estate->policy, &plan_options, error);
    if (!now)
        return NULL;
    const char *before = given->info.server_version.value, *is = now->info.server_version.value;
    bool is_upgraded = before && is && strcmp(before, is) != 0;
    size_t n_changed = tell_changed(given, now);
    if (is_upgraded)
        message_warning(
            "the plan was made for CloudStack %s, and the server is %s now", before, is);
    if ((is_upgraded || n_changed) && !options->may_recheck) {
        message_warning("nothing was sent: plan anew, or check the plan and give "
                        "--only-changed-recheck");
        *ret_code = EXIT_CODE_STALE;
    }
    return g_steal_pointer(&now);
}

/* --- what will be done ------------------------------------------------------------------------ */

typedef struct Selection {
    Arena arena;
    const char **left_out; /* of each item: why, or NULL = it is imported */
    size_t n_chosen, n_power_off, n_moves;
    int64_t move_bytes;
} Selection;

static void
selection_clear(Selection *selection)
{
    arena_release(&selection->arena);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Selection, selection_clear)

static void
select_items(const Plan *plan, const ImportConsent *consent, Selection *ret)
{
    arena_init(&ret->arena);
    ret->left_out = arena_new_n(&ret->arena, const char *, plan->n_items);
    for (size_t i = 0; i < plan->n_items; i++) {
        const PlanItem *item = &plan->items[i];
        ret->left_out[i] = import_why_left_out(item, consent, &ret->arena);
        if (ret->left_out[i])
            continue;
        ret->n_chosen++;
        ret->n_power_off += is_true(item->choice.power.off);
        ret->n_moves += item->choice.migrate.n;
        for (size_t k = 0; k < item->moves.n; k++)
            ret->move_bytes += item->moves.items[k].bytes.value;
    }
}

static void
tell_selection(const Plan *plan, const Selection *selection, const CloudStack *cs)
{
    for (size_t i = 0; i < plan->n_items; i++)
        if (selection->left_out[i])
            message("left out: '%s': %s",
                plan->items[i].instance.name.value ? plan->items[i].instance.name.value
                                                   : plan->items[i].instance.id.value,
                selection->left_out[i]);
    message("%zu of %zu VMs will be imported into zone '%s' of %s; %zu of them shut down first; "
            "%zu volumes (%" G_GINT64_FORMAT " GiB) moved afterwards",
        selection->n_chosen, plan->n_items, plan->info.zone.value ? plan->info.zone.value : "",
        cs->url, selection->n_power_off, selection->n_moves, selection->move_bytes >> 30);
}

/* --- beginning the run ------------------------------------------------------------------------ */

/* What makes it this run: the target's zone, the VMs, what is chosen for them, by which facts. */
static char *
run_document(const Plan *plan)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < plan->n_items; i++) {
        const PlanItem *item = &plan->items[i];
        g_autofree char *facts = plan_item_facts(item);
        g_string_printf(text, "%s\n%s\n%s\n", item->instance.source.value, item->instance.id.value,
            facts ? facts : "");
        record_encode(&plan_choice_type, &item->choice, text);
        g_checksum_update(sum, (const guchar *)text->str, (gssize)text->len);
    }
    g_string_assign(text, "{\"kind\":\"ImportRun\",\"items_sha256\":\"");
    g_string_append(text, g_checksum_get_string(sum));
    g_string_append(text, "\",\"plan\":");
    PlanInfo info = plan->info;
    info.created_at = info.tool_version = (Text){0};
    info.inputs.n = info.problems.n = 0;
    record_encode(&plan_info_type, &info, text);
    g_string_append_c(text, '}');
    return g_string_free(g_steal_pointer(&text), false);
}

static JournalNewItem *
make_items(const Plan *plan, const Catalog *catalog, const Selection *selection)
{
    JournalNewItem *items = g_new0(JournalNewItem, plan->n_items);
    for (size_t i = 0; i < plan->n_items; i++) {
        const PlanInstance *instance = &plan->items[i].instance;
        items[i] = (JournalNewItem){
            .key = g_strdup_printf("%s/%s", instance->source.value, instance->id.value),
            .name = instance->name.value,
            .document = import_document_write(&plan->items[i], catalog),
            .state = selection->left_out[i] ? ITEM_SKIPPED : ITEM_PLANNED,
            .note = selection->left_out[i]};
    }
    return items;
}

static void
free_items(JournalNewItem *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_free((char *)items[i].key);
        g_free((char *)items[i].document);
    }
    g_free(items);
}

/* VMs that an earlier start of this run left out, and that may be imported now. */
static bool
revive_items(Journal *journal, int64_t run, const Selection *selection, GError **error)
{
    Arena arena;
    JournalItems items;
    arena_init(&arena);
    bool is_ok = journal_read_items(journal, run, &arena, &items, error);
    for (size_t i = 0; is_ok && i < items.n; i++)
        if (items.items[i].state == ITEM_SKIPPED && !selection->left_out[i]) {
            items.items[i].state = ITEM_PLANNED;
            items.items[i].note = (Text){.state = FACT_ABSENT};
            is_ok = journal_set_item(journal, &items.items[i], error);
        }
    arena_release(&arena);
    return is_ok;
}

static bool
begin_run(const Options *options, const Plan *plan, const Estate *estate,
    const Selection *selection, ImportContext *context, GError **error)
{
    g_autofree char *document = run_document(plan);
    JournalNewItem *items = make_items(plan, estate->catalog, selection);
    const JournalNewRun begin = {.kind = IMPORT_KIND,
        .target = target_seam(context->target)->url,
        .zoneid = plan->info.zoneid.value,
        .document = document,
        .tool_version = VM_INGEST_VERSION,
        .items = items,
        .n_items = plan->n_items};
    bool is_ok = journal_begin_run(context->journal, &begin, &context->run, error);
    free_items(items, plan->n_items);
    g_autofree char *settings =
        is_ok ? import_settings_write(&plan->schedule, options->may_power_off) : NULL;
    return is_ok && journal_set_run_settings(context->journal, context->run, settings, error) &&
           revive_items(context->journal, context->run, selection, error);
}

/* --- the command ------------------------------------------------------------------------------ */

/* Everything up to the run in the journal. @ret_code: why it ends before; no error is set then. */
static bool
prepare_run(const Options *options, const char *path, ImportContext *context, ExitCode *ret_code,
    GError **error)
{
    g_auto(Estate) estate = {0};
    g_autoptr(Plan) given = plan_load(path, error);
    if (!given ||
        !estate_read(options, NEEDS_INVENTORY | NEEDS_CATALOG | NEEDS_POLICY, &estate, error))
        return false;
    *ret_code = estate_is_empty_handed(&estate) ? estate.worst : EXIT_CODE_OK;
    if (*ret_code)
        return false;
    g_autoptr(Plan) plan = judge_again(options, given, &estate, ret_code, error);
    if (!plan || *ret_code)
        return false;
    context->config = g_steal_pointer(&estate.config);
    if (!import_open_context(options, JOURNAL_WRITE, context, error))
        return false;
    g_auto(Selection) selection = {0};
    const ImportConsent consent = {.may_power_off = options->may_power_off,
        .accepted = (const char *const *)options->accepted};
    select_items(plan, &consent, &selection);
    tell_selection(plan, &selection, target_seam(context->target));
    return is_confirmed(options, "Import them?", error) &&
           begin_run(options, plan, &estate, &selection, context, error);
}

static ExitCode
run_import(const Options *options, char **args, int n_args)
{
    (void)n_args;
    g_autoptr(GError) error = NULL;
    g_auto(ImportContext) context = {0};
    ExitCode code = EXIT_CODE_OK;
    if (options->inventory && !options->is_unchecked)
        return refuse_option("--inventory",
            "VMs are looked at at their source before they are submitted; give --unchecked, too, "
            "to go by the file alone");
    if (!prepare_run(options, args[0], &context, &code, &error))
        return error ? exit_complain(error) : code;
    return import_carry_out(options, &context);
}

static const GOptionEntry *const import_entries[] = {options_import, options_limits,
    options_unchecked, options_journal, options_yes, options_sources, options_inventory,
    options_policy, options_target, options_release, options_format, options_out, options_config,
    options_general, NULL};

const Command cmd_import = {
    .name = "import",
    .summary = "import the VMs of a plan",
    .args = "PLAN",
    .args_min = 1,
    .args_max = 1,
    .entries = import_entries,
    .formats = "table json yaml csv",
    .description =
        "Judges the plan by the facts of now, tells what it will do, asks, and does it: each VM is "
        "looked\n"
        "at once more, imported, its volumes moved where the plan says so, and read back. Every "
        "call stands\n"
        "in the journal before it is sent; whatever ends the run, it goes on by: vm-ingest run "
        "resume\n"
        "Exit code 8: some VM is not as it was when the plan was made; nothing was sent.",
    .run = run_import,
};
