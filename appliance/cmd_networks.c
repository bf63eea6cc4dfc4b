/* SPDX-License-Identifier: Apache-2.0
 *
 * vm-ingest networks: the VLAN to network matrix, and making the networks that are missing.
 */
#include "cmd_plan.h"
#include "cmd_changes.h"

#include "outfile.h"
#include "utc_text.h"

/* --- the matrix ------------------------------------------------------------------------------- */

static bool
print_networks(const Options *options, const Estate *estate, GError **error)
{
    g_autoptr(OutFile) out = outfile_open(options->out, error);
    if (!out)
        return false;
    if (options->compat)
        return outfile_finish(
            out, report_discover_networks(estate->inventory, out->file, error), error);
    const PlanOptions plan_options = estate_plan_options(options);
    g_autoptr(Plan) plan =
        plan_build_networks(estate->inventory, estate->catalog, &plan_options, error);
    OutputStyle style = chosen_style(options, out->file);
    OutputFormat format = chosen_format(options, OUTPUT_TABLE);
    return plan &&
           outfile_finish(out, report_networks(plan, format, &style, out->file, error), error);
}

static ExitCode
run_networks(const Options *options, char **args, int n_args)
{
    (void)args, (void)n_args;
    g_autoptr(GError) error = NULL;
    g_auto(Estate) estate = {0};
    if (options->compat && options->catalog)
        return refuse_option("--catalog", "--compat, which shows the sources alone");
    if (options->compat && g_strcmp0(options->format, "json") != 0 && options->format)
        return refuse_option("-o", "--compat, which is always JSON");
    if (options->compat && strcmp(options->compat, "discover-networks") != 0) {
        g_set_error(&error, INGEST_ERROR, INGEST_ERROR_USAGE,
            "--compat '%s': it is: discover-networks", options->compat);
        return exit_complain(error);
    }
    unsigned needs =
        options->compat ? NEEDS_INVENTORY : NEEDS_INVENTORY | NEEDS_CATALOG | NEEDS_ZONE;
    if (!estate_read(options, needs, &estate, &error))
        return exit_complain(error);
    if (estate_is_empty_handed(&estate))
        return estate.worst;
    if (!print_networks(options, &estate, &error))
        return exit_complain(error);
    return estate.worst;
}

static const GOptionEntry *const networks_entries[] = {options_compat, options_inventory,
    options_catalog, options_sources, options_target, options_release, options_format, options_out,
    options_config, options_general, NULL};

const Command cmd_networks = {
    .name = "networks",
    .summary = "show which network each VLAN of the estate maps to",
    .args = "",
    .entries = networks_entries,
    .formats = "table json yaml csv",
    .description = "One line for each VLAN, PVLAN or trunk of the estate with its port groups and "
                   "the networks of\n"
                   "the zone that carry it. --compat discover-networks prints the JSON of "
                   "CloudStack's script\n"
                   "discover_networks.py and needs no CloudStack.",
    .run = run_networks,
};

/* --- plan ------------------------------------------------------------------------------------- */

/* As the other commands that plan do: with --out nothing else would be seen. */
static void
tell_verdicts(const Changes *changes)
{
    size_t n[VERDICT_N] = {0};
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < changes->changes.n; i++)
        n[changes->changes.items[i].verdict]++;
    for (int i = VERDICT_READY; i < VERDICT_N; i++)
        if (n[i])
            g_string_append_printf(text, ", %zu %s", n[i], verdict_words[i]);
    message("networks to create: %zu%s", changes->changes.n, text->str);
}

static ExitCode
run_networks_plan(const Options *options, char **args, int n_args)
{
    (void)args, (void)n_args;
    g_autoptr(GError) error = NULL;
    g_auto(Estate) estate = {0};
    const unsigned needs = NEEDS_INVENTORY | NEEDS_CATALOG | NEEDS_POLICY | NEEDS_ZONE;
    if (!estate_read(options, needs, &estate, &error))
        return exit_complain(error);
    if (estate_is_empty_handed(&estate))
        return estate.worst;
    const PlanOptions plan_options = estate_plan_options(options);
    g_autoptr(Changes) changes = changes_plan_networks(
        estate.inventory, estate.catalog, estate.policy, &plan_options, &error);
    if (!changes || !changes_describe(changes, &estate, &error) ||
        !changes_print(options, changes, &error))
        return exit_complain(error);
    tell_verdicts(changes);
    return changes_exit_code(changes, estate.worst);
}

static const GOptionEntry *const networks_plan_entries[] = {options_inventory, options_catalog,
    options_policy, options_sources, options_target, options_release, options_format, options_out,
    options_config, options_general, NULL};

const Command cmd_networks_plan = {
    .name = "networks plan",
    .summary = "tell which networks would have to be created, with the calls",
    .args = "",
    .entries = networks_plan_entries,
    .formats = "json table yaml csv",
    .description = "One change for each VLAN and PVLAN that VMs are on and that no network of the "
                   "zone carries:\n"
                   "the call that creates it, what CloudStack would answer, and how to take it "
                   "back. The file can be\n"
                   "edited, and is carried out by: vm-ingest networks apply FILE",
    .run = run_networks_plan,
};

/* --- apply and undo --------------------------------------------------------------------------- */

static ExitCode
run_networks_apply(const Options *options, char **args, int n_args)
{
    (void)n_args;
    return changes_run_apply(options, "networks", args[0]);
}

static const GOptionEntry *const changing_entries[] = {options_journal, options_yes, options_target,
    options_format, options_out, options_config, options_general, NULL};

const Command cmd_networks_apply = {
    .name = "networks apply",
    .summary = "create the networks of a file of changes",
    .args = "FILE",
    .args_min = 1,
    .args_max = 1,
    .entries = changing_entries,
    .formats = "table json yaml csv",
    .description = "Creates what is not there yet, and reads each network back. Each call stands "
                   "in the journal before\n"
                   "it is sent: running it again, after a crash too, creates nothing twice.",
    .run = run_networks_apply,
};

static ExitCode
run_networks_undo(const Options *options, char **args, int n_args)
{
    return changes_run_undo(options, "networks", n_args ? args[0] : NULL);
}

const Command cmd_networks_undo = {
    .name = "networks undo",
    .summary = "delete the networks that a run created and that are not in use",
    .args = "[RUN]",
    .args_max = 1,
    .entries = changing_entries,
    .formats = "table json yaml csv",
    .description = "Deletes what run RUN of the journal created, or the last run that left "
                   "something. A network with a\n"
                   "NIC in it, of whatever account, and one that was changed since, stays.",
    .run = run_networks_undo,
};
