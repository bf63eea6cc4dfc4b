/* SPDX-License-Identifier: Apache-2.0
 *
 * vm-ingest reports list and prune: what dry-run --keep has kept.
 */
#include "cmd_plan.h"
#include "outfile.h"
#include "state.h"

#include <inttypes.h>

static const OutputColumn report_columns[] = {
    {"NAME", "name", false, true},
    {"BEGUN", "begun_at", false, true},
    {"EXIT", "exit_code", true, true},
    {"READY", "ready", true, true},
    {"AFTER ACTION", "ready_after_action", true, true},
    {"BLOCKED", "blocked", true, true},
    {"UNKNOWN", "unknown", true, true},
    {"BYTES", "bytes", true, true},
    {"FOLDER", "folder", false, false},
    {"FAILURE", "reason", false, false},
};

enum { NUMBER_BYTES = 24 };

/* In @out; NULL if it is not known. */
static const char *
number_cell(int64_t number, char out[static NUMBER_BYTES])
{
    g_snprintf(out, NUMBER_BYTES, "%" PRId64, number);
    return number < 0 ? NULL : out;
}

static void
add_report(OutputTable *table, const KeptReport *report)
{
    static const Verdict order[] = {
        VERDICT_READY, VERDICT_READY_AFTER_ACTION, VERDICT_BLOCKED, VERDICT_UNKNOWN};
    char code[NUMBER_BYTES], bytes[NUMBER_BYTES], counts[G_N_ELEMENTS(order)][NUMBER_BYTES];
    const char *cells[G_N_ELEMENTS(report_columns)] = {
        report->name, report->begun_at, number_cell(report->code, code)};
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++)
        cells[3 + i] = number_cell(report->verdicts[order[i]], counts[i]);
    cells[7] = report->folder ? number_cell((int64_t)report->bytes, bytes) : NULL;
    cells[8] = report->folder;
    cells[9] = report->reason;
    output_table_add(table, cells);
}

static ExitCode
run_list(const Options *options, char **args, int n_args)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = config_load_file(options, &error);
    g_autofree char *folder = config ? state_folder(config) : NULL;
    g_autoptr(GPtrArray) reports =
        folder ? kept_list(folder, n_args ? args[0] : NULL, &error) : NULL;
    g_autoptr(OutFile) out = reports ? outfile_open(options->out, &error) : NULL;
    if (!out)
        return exit_complain(error);
    g_autoptr(OutputTable) table = output_table_new(report_columns, G_N_ELEMENTS(report_columns));
    for (unsigned i = 0; i < reports->len; i++)
        add_report(table, g_ptr_array_index(reports, i));
    OutputStyle style = chosen_style(options, out->file);
    OutputFormat format = chosen_format(options, OUTPUT_TABLE);
    if (!outfile_finish(out, output_table_print(table, format, &style, out->file, &error), &error))
        return exit_complain(error);
    return EXIT_CODE_OK;
}

static const GOptionEntry *const list_entries[] = {
    options_format, options_out, options_config, options_general, NULL};

const Command cmd_reports_list = {
    .name = "reports list",
    .summary = "list the reports that dry runs have kept",
    .args = "[NAME]",
    .args_max = 1,
    .entries = list_entries,
    .formats = "table json yaml csv",
    .description =
        "Lists what dry-run --keep has kept in the state folder, newest first, and before it "
        "the last run\n"
        "of each name if it failed, with the reason.",
    .run = run_list,
};

/* --- prune ------------------------------------------------------------------------------------ */

static ExitCode
run_prune(const Options *options, char **args, int n_args)
{
    (void)args, (void)n_args;
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = config_load_file(options, &error);
    g_autofree char *folder = config ? state_folder(config) : NULL;
    StateLimits limits;
    unsigned n = 0;
    if (!folder || !state_limits(config, folder, &limits, &error))
        return exit_complain(error);
    bool is_ok = state_prune(folder, &limits, &n, &error);
    message("%u %s removed", n, n == 1 ? "report was" : "reports were");
    return is_ok ? EXIT_CODE_OK : exit_complain(error);
}

static const GOptionEntry *const prune_entries[] = {options_config, options_general, NULL};

const Command cmd_reports_prune = {
    .name = "reports prune",
    .summary = "remove reports that are too many, or that fill the disk",
    .args = "",
    .entries = prune_entries,
    .description =
        "Removes the oldest reports that dry-run --keep has kept until there are no more than "
        "keep-reports\n"
        "of each name, and keep-free of the disk is free. The newest of each name stays. Nothing "
        "else is\n"
        "ever removed: not the journal, and no file of the operator's.",
    .run = run_prune,
};
