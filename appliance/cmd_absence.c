/* SPDX-License-Identifier: Apache-2.0
 *
 * vm-ingest explain-absence: why is this VM not in CloudStack's list?
 */
#include "cmd_plan.h"
#include "outfile.h"

static bool
print_absences(const Options *options, const Plan *plan, char *const *names, size_t *ret_absent,
    GError **error)
{
    g_autoptr(OutFile) out = outfile_open(options->out, error);
    if (!out)
        return false;
    OutputStyle style = chosen_style(options, out->file);
    return outfile_finish(out,
        report_absences(plan, names, chosen_format(options, OUTPUT_TABLE), &style, out->file,
            ret_absent, error),
        error);
}

static ExitCode
run_explain_absence(const Options *options, char **args, int n_args)
{
    g_autoptr(GError) error = NULL;
    g_auto(Estate) estate = {0};
    size_t absent = 0;
    const unsigned needs = NEEDS_INVENTORY | NEEDS_CATALOG | NEEDS_POLICY | NEEDS_ZONE;
    if (!estate_read(options, needs, &estate, &error))
        return exit_complain(error);
    if (estate_is_empty_handed(&estate))
        return estate.worst;
    g_autoptr(Plan) plan = make_plan(options, &estate, &error);
    if (!plan || !print_absences(options, plan, n_args ? args : NULL, &absent, &error))
        return exit_complain(error);
    if (estate.worst != EXIT_CODE_OK)
        return estate.worst;
    return absent ? EXIT_CODE_BLOCKED : EXIT_CODE_OK;
}

static const GOptionEntry *const entries[] = {options_inventory, options_catalog, options_policy,
    options_sources, options_target, options_release, options_format, options_out, options_config,
    options_general, NULL};

const Command cmd_explain_absence = {
    .name = "explain-absence",
    .summary = "tell why VMs are not in CloudStack's list of unmanaged instances",
    .args = "[VM...]",
    .args_max = ARGS_ANY,
    .entries = entries,
    .formats = "table json yaml csv",
    .description =
        "Tells for each VM that vCenter or libvirt knows and CloudStack does not list why that is "
        "so, how\n"
        "certain it is, by which evidence, and what to do; then which VMs CloudStack reads "
        "wrongly, and\n"
        "which it lists and the source does not show. VM is a name, id or path, or a pattern of "
        "one;\n"
        "without any all are told. Exit code 3: some VM is absent.",
    .run = run_explain_absence,
};
