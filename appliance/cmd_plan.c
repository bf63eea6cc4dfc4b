/* SPDX-License-Identifier: Apache-2.0
 *
 * vm-ingest plan: propose choices for every VM and judge them.
 */
#include "cmd_plan.h"
#include "cmd_changes.h"

#include "arena.h"
#include "choices.h"
#include "outfile.h"
#include "utc_text.h"
#include "vm_names.h"

#include <string.h>

OutputFormat
chosen_format(const Options *options, OutputFormat fallback)
{
    OutputFormat format = fallback;
    if (options->format)
        output_format_parse(options->format, &format, NULL);
    return format;
}

OutputStyle
chosen_style(const Options *options, FILE *file)
{
    OutputStyle style = output_style_of(file);
    style.has_color &= !options->no_color;
    style.no_headers = options->no_headers;
    return style;
}

static bool
save_inventory(const void *inventory, FILE *file, GError **error)
{
    return inventory_save(inventory, file, error);
}

static bool
save_catalog(const void *catalog, FILE *file, GError **error)
{
    return catalog_save(catalog, file, error);
}

static bool
add_input(Arena *arena, PlanInput *input, const char *kind, const char *name, char *sha256,
    const char *read_at)
{
    *input = (PlanInput){.kind = text_known(kind),
        .name = text_known(arena_strdup(arena, name)),
        .sha256 = text_known(arena_strdup(arena, sha256)),
        .read_at = text_known(arena_strdup(arena, read_at))};
    g_free(sha256);
    return input->sha256.state == FACT_KNOWN;
}

static const char *
first_read_at(const Inventory *inventory)
{
    return inventory->n_sources ? inventory->sources[0]->read_at.value : NULL;
}

/* What a document was made from. (in @arena) NULL with an error */
static PlanInput *
describe_inputs(Arena *arena, const Estate *estate, size_t *ret_n, GError **error)
{
    PlanInput *inputs =
        arena_new_n(arena, PlanInput, 2 + (estate->policy_files ? estate->policy_files->len : 0));
    size_t n = 0;
    if (!add_input(arena, &inputs[n++], "inventory", estate->inventory_name,
            outfile_digest(save_inventory, estate->inventory, error),
            first_read_at(estate->inventory)))
        return NULL;
    inputs[0].is_partial = bool_known(estate->inventory->is_partial);
    if (!add_input(arena, &inputs[n++], "catalog", estate->catalog_name,
            outfile_digest(save_catalog, estate->catalog, error),
            estate->catalog->info.read_at.value))
        return NULL;
    for (guint i = 0; estate->policy_files && i < estate->policy_files->len; i++) {
        const PolicyFile *file = estate->policy_files->pdata[i];
        add_input(arena, &inputs[n++], file->kind, file->name, g_strdup(file->sha256), NULL);
    }
    *ret_n = n;
    return inputs;
}

/* Fills .info of a plan made from @estate. */
static bool
describe_plan(Plan *plan, const Estate *estate, GError **error)
{
    Arena *arena = plan_arena(plan);
    char now[UTC_TEXT_BYTES];
    plan->info.created_at = text_known(arena_strdup(arena, utc_text(time(NULL), now)));
    plan->info.tool_version = text_known(VM_INGEST_VERSION);
    plan->info.inputs.items = describe_inputs(arena, estate, &plan->info.inputs.n, error);
    plan->info.inputs.state = FACT_KNOWN;
    return plan->info.inputs.items;
}

bool
changes_describe(Changes *changes, const Estate *estate, GError **error)
{
    Arena *arena = changes_arena(changes);
    char now[UTC_TEXT_BYTES];
    ChangesInfo *info = &changes->info;
    info->created_at = text_known(arena_strdup(arena, utc_text(time(NULL), now)));
    info->tool_version = text_known(VM_INGEST_VERSION);
    info->url = estate->catalog->info.url;
    info->inputs.items = describe_inputs(arena, estate, &info->inputs.n, error);
    info->inputs.state = FACT_KNOWN;
    return info->inputs.items;
}

/* The file of choices is an input of the plan, as the others are. */
static bool
describe_choices(Plan *plan, const char *path, GError **error)
{
    g_autofree char *text = NULL;
    size_t length = 0;
    GError *why = NULL;
    if (!g_file_get_contents(path, &text, &length, &why)) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s': %s", path, why->message);
        g_error_free(why);
        return false;
    }
    PlanInfo *info = &plan->info;
    PlanInput *inputs = arena_new_n(plan_arena(plan), PlanInput, info->inputs.n + 1);
    memcpy(inputs, info->inputs.items, info->inputs.n * sizeof *inputs);
    char *sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text, length);
    add_input(plan_arena(plan), &inputs[info->inputs.n++], "choices", path, sha256, NULL);
    info->inputs.items = inputs;
    return true;
}

/* Judges the plan anew with the choices of a file; with none that differs it stays as it is. */
static Plan *
take_choices(const Options *options, const PlanOptions *plan_options, const Estate *estate,
    Plan *proposed, GError **error)
{
    ChoicesCount count;
    if (!choices_read(options->choices, proposed, &count, error))
        return NULL;
    message("%s: %zu cells differ from the proposals; %zu of %zu VMs have no row, and keep theirs",
        options->choices, count.changed, proposed->n_items - count.rows, proposed->n_items);
    return count.changed ? plan_check(proposed, estate->inventory, estate->catalog, estate->policy,
                               plan_options, error)
                         : plan_ref(proposed);
}

Plan *
make_plan(const Options *options, const Estate *estate, GError **error)
{
    const PlanOptions plan_options = estate_plan_options(options);
    g_autoptr(Plan) proposed =
        plan_build(estate->inventory, estate->catalog, estate->policy, &plan_options, error);
    if (!proposed)
        return NULL;
    g_autoptr(Plan) plan = options->choices
                               ? take_choices(options, &plan_options, estate, proposed, error)
                               : plan_ref(proposed);
    if (!plan || !describe_plan(plan, estate, error) ||
        (plan != proposed && !describe_choices(plan, options->choices, error)))
        return NULL;
    return g_steal_pointer(&plan);
}

ExitCode
plan_exit_code(const Plan *plan, ExitCode worst)
{
    if (worst != EXIT_CODE_OK)
        return worst;
    bool is_all_ready = plan->n_verdicts[VERDICT_BLOCKED] + plan->n_verdicts[VERDICT_UNKNOWN] == 0;
    return is_all_ready ? EXIT_CODE_OK : EXIT_CODE_BLOCKED;
}

bool
estate_is_empty_handed(const Estate *estate)
{
    return estate->worst != EXIT_CODE_OK && estate->inventory->n_views == 0;
}

ExitCode
refuse_option(const char *option, const char *why)
{
    message_warning("%s cannot be used with %s", option, why);
    return EXIT_CODE_USAGE;
}

static bool
is_document(OutputFormat format)
{
    return format == OUTPUT_JSON || format == OUTPUT_YAML;
}

/* Prints the plan's items in the format of the options to --out. */
static bool
print_plan(const Options *options, const Plan *plan, GError **error)
{
    g_autoptr(OutFile) out = outfile_open(options->out, error);
    if (!out)
        return false;
    OutputStyle style = chosen_style(options, out->file);
    OutputFormat format = chosen_format(options, OUTPUT_JSON);
    return outfile_finish(out, report_items(plan, format, &style, out->file, error), error);
}

static void
tell_verdicts(const Plan *plan)
{
    g_autofree char *line = report_verdict_line(plan), *conversions = report_conversions(plan);
    message("%s", line);
    if (conversions)
        message_warning("%s", conversions);
}

static ExitCode
run_plan(const Options *options, char **args, int n_args)
{
    (void)args, (void)n_args;
    g_autoptr(GError) error = NULL;
    g_auto(Estate) estate = {0};
    const unsigned needs = NEEDS_INVENTORY | NEEDS_CATALOG | NEEDS_POLICY | NEEDS_ZONE;
    if (!estate_read(options, needs, &estate, &error))
        return exit_complain(error);
    if (estate_is_empty_handed(&estate))
        return estate.worst;
    g_autoptr(Plan) plan = make_plan(options, &estate, &error);
    if (!plan || !print_plan(options, plan, &error))
        return exit_complain(error);
    tell_verdicts(plan);
    return plan_exit_code(plan, estate.worst);
}

static const GOptionEntry *const plan_entries[] = {options_sources, options_inventory,
    options_catalog, options_policy, options_convert, options_choices, options_target,
    options_release, options_format, options_out, options_config, options_general, NULL};

const Command cmd_plan = {
    .name = "plan",
    .summary = "propose choices for every VM and judge them",
    .args = "",
    .entries = plan_entries,
    .formats = "json table yaml csv",
    .description =
        "Reads the sources and the target, or saved files, and writes a plan: for every VM the\n"
        "choices, why they were made, the verdict with its findings, and the exact API calls.\n"
        "The plan can be edited by hand and judged again with: vm-ingest check PLAN\n"
        "Choices can be edited in a spreadsheet: write -o csv, edit, come back with --choices FILE",
    .run = run_plan,
};

/* --- check ------------------------------------------------------------------------------------ */

static const GOptionEntry *const check_entries[] = {options_sources, options_inventory,
    options_catalog, options_policy, options_target, options_release, options_format, options_out,
    options_config, options_general, NULL};

/* (owned) By place in the plan: which VMs are asked for; NULL after an error. */
static bool *
find_wanted(const Plan *plan, const char *path, char *const *names, GError **error)
{
    const char *unknown = vm_names_unknown(plan, names);
    if (unknown) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND,
            "'%s': the plan '%s' has no VM of this name, id or path: look for its right name with: "
            "vm-ingest report %s -o table",
            unknown, path, path);
        return NULL;
    }
    bool *is_wanted = g_new(bool, plan->n_items + 1);
    for (size_t i = 0; i < plan->n_items; i++)
        is_wanted[i] = vm_is_named(&plan->items[i].instance, names);
    return is_wanted;
}

/* How many items were judged by other facts than those that the plan was made from. */
static size_t
count_changed(const Plan *given, const Plan *checked, const bool *is_wanted)
{
    size_t changed = 0, n = 0;
    for (size_t i = 0; i < given->n_items; i++) {
        if (is_wanted && !is_wanted[i])
            continue;
        g_autofree char *facts = plan_item_facts(&checked->items[n++]);
        const char *before = given->items[i].loaded_facts.value;
        changed += before && g_strcmp0(before, facts) != 0;
    }
    return changed;
}

static ExitCode
run_check(const Options *options, char **args, int n_args)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) given = plan_load(args[0], &error);
    g_auto(Estate) estate = {0};
    g_autofree bool *is_wanted =
        given && n_args > 1 ? find_wanted(given, args[0], args + 1, &error) : NULL;
    if (error ||
        !estate_read(options, NEEDS_INVENTORY | NEEDS_CATALOG | NEEDS_POLICY, &estate, &error))
        return exit_complain(error);
    if (estate_is_empty_handed(&estate))
        return estate.worst;
    const PlanOptions plan_options = {
        .zone = options->zone ? options->zone : given->info.zoneid.value,
        .server_version = options->server_version,
        .is_wanted = is_wanted};
    g_autoptr(Plan) plan =
        plan_check(given, estate.inventory, estate.catalog, estate.policy, &plan_options, &error);
    bool is_described = is_document(chosen_format(options, OUTPUT_JSON));
    if (!plan || (is_described && !describe_plan(plan, &estate, &error)) ||
        !print_plan(options, plan, &error))
        return exit_complain(error);
    tell_verdicts(plan);
    size_t changed = count_changed(given, plan, is_wanted);
    if (changed == 0 || estate.worst != EXIT_CODE_OK)
        return plan_exit_code(plan, estate.worst);
    message_warning("%zu of %zu VMs are not as they were when '%s' was made: the verdicts shown "
                    "are those of now; "
                    "write them with: vm-ingest check -o json --out FILE",
        changed, plan->n_items, args[0]);
    return EXIT_CODE_STALE;
}

const Command cmd_check = {
    .name = "check",
    .summary = "judge a plan as it stands",
    .args = "PLAN [VM...]",
    .args_min = 1,
    .args_max = ARGS_ANY,
    .entries = check_entries,
    .formats = "json table yaml csv",
    .description =
        "Judges the choices of a plan, those edited by hand included, against the facts of now (or "
        "of\n"
        "saved files): first the one refusal that the server would send, then all others.\n"
        "VM is a name, id or path, or a pattern of one: only those are shown, judged as items of "
        "the whole\n"
        "plan, which use up limits and space in its order; without any all are.\n"
        "Exit code 8: some VM is not as it was when the plan was made.",
    .run = run_check,
};
