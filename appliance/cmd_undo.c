/* SPDX-License-Identifier: Apache-2.0
 *
 * Imported VMs read back again, and given back.
 */
#include "cmd_import.h"

#include <string.h>

#include "run_context.h"

/* The VMs that were named, and what came of them. */
typedef struct Visit {
    const Options *options;
    const char *const *names; /* NULL: all */
    ImportTally tally;
} Visit;

static Visit
visit_of(const Options *options, char **args, int n_args)
{
    return (Visit){.options = options, .names = n_args > 1 ? (const char *const *)args + 1 : NULL};
}

static bool
open_run(const Options *options, const char *number, ImportContext *context, GError **error)
{
    return run_number_parse(number, &context->run, error) &&
           import_open_context(options, JOURNAL_WRITE, context, error);
}

/* --- verify ----------------------------------------------------------------------------------- */

static bool
verify(const ImportRun *run, void *data, GError **error)
{
    Visit *visit = data;
    return import_verify(run, visit->names, &visit->tally, error);
}

static ExitCode
run_verify(const Options *options, char **args, int n_args)
{
    g_autoptr(GError) error = NULL;
    g_auto(ImportContext) context = {0};
    Visit visit = visit_of(options, args, n_args);
    if (!open_run(options, args[0], &context, &error) ||
        !import_with_run(options, &context, verify, &visit, &error) ||
        !import_print_results(options, &context, &error))
        return exit_complain(error);
    progress_end();
    fflush(stdout);
    message("run %d: %zu are as planned, %zu are not; the facts that were compared: vm-ingest run "
            "show %d VM",
        (int)context.run, visit.tally.n[ITEM_VERIFIED], visit.tally.n[ITEM_FAILED],
        (int)context.run);
    return visit.tally.n[ITEM_FAILED] ? EXIT_CODE_PARTIAL : EXIT_CODE_OK;
}

static const GOptionEntry *const verify_entries[] = {options_unchecked, options_journal,
    options_target, options_format, options_out, options_config, options_general, NULL};

const Command cmd_verify = {
    .name = "verify",
    .summary = "read imported VMs back and compare them with their plan",
    .args = "RUN [VM...]",
    .args_min = 1,
    .args_max = ARGS_ANY,
    .entries = verify_entries,
    .formats = "table json yaml csv",
    .description =
        "Owner, offering, state, details, NICs with MAC, network, VLAN and address, volumes with "
        "size, pool,\noffering and path, and at the source whether it is as it was and has not "
        "restarted. Changes nothing\nbut the journal. Exit code 6: some VM is not as planned.",
    .run = run_verify,
};

/* --- undo ------------------------------------------------------------------------------------- */

static bool
show_outlook(const ImportRun *run, const Visit *visit, GError **error)
{
    Arena arena;
    UndoOutlooks outlooks;
    arena_init(&arena);
    bool is_ok = import_undo_outlook(run, visit->names, &arena, &outlooks, error);
    for (size_t i = 0; is_ok && i < outlooks.n; i++) {
        const UndoOutlook *outlook = &outlooks.items[i];
        const char *word = outlook->is_possible.state != FACT_KNOWN ? "may be given back"
                           : outlook->is_possible.value             ? "can be given back"
                                                                    : "cannot be given back";
        g_autoptr(GString) text = g_string_new(NULL);
        for (size_t k = 0; k < outlook->reasons.n; k++)
            g_string_append_printf(text, "%s%s", k ? "; " : ": ", outlook->reasons.items[k]);
        message("%s: %s%s", outlook->name.value ? outlook->name.value : outlook->key.value, word,
            text->str);
    }
    arena_release(&arena);
    return is_ok;
}

static bool
undo(const ImportRun *run, void *data, GError **error)
{
    Visit *visit = data;
    return show_outlook(run, visit, error) &&
           is_confirmed(visit->options, "Let CloudStack manage them no longer?", error) &&
           import_undo(run, visit->names, &visit->tally, error);
}

static ExitCode
run_undo(const Options *options, char **args, int n_args)
{
    g_autoptr(GError) error = NULL;
    g_auto(ImportContext) context = {0};
    Visit visit = visit_of(options, args, n_args);
    if (!open_run(options, args[0], &context, &error) ||
        !import_with_run(options, &context, undo, &visit, &error) ||
        !import_print_results(options, &context, &error))
        return exit_complain(error);
    progress_end();
    fflush(stdout);
    size_t n_left = visit.tally.n[ITEM_VERIFIED] + visit.tally.n[ITEM_IMPORTED] +
                    visit.tally.n[ITEM_MIGRATING] + visit.tally.n[ITEM_FAILED];
    message("run %d: %zu given back, %zu others of it left", (int)context.run,
        visit.tally.n[ITEM_UNDONE], n_left);
    return n_left && !visit.names ? EXIT_CODE_PARTIAL : EXIT_CODE_OK;
}

static const GOptionEntry *const undo_entries[] = {options_unchecked, options_journal, options_yes,
    options_target, options_format, options_out, options_config, options_general, NULL};

const Command cmd_undo = {
    .name = "undo",
    .summary = "give imported VMs back: CloudStack manages them no longer",
    .args = "RUN [VM...]",
    .args_min = 1,
    .args_max = ARGS_ANY,
    .entries = undo_entries,
    .formats = "table json yaml csv",
    .description =
        "Tells for each VM whether it can be given back and what would differ from before, asks, "
        "and\nunmanages it: the guest runs on, and its disks stay. Networks that were made for it "
        "are taken back\nby: vm-ingest networks undo",
    .run = run_undo,
};
