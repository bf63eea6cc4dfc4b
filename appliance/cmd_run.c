/* SPDX-License-Identifier: Apache-2.0
 *
 * The runs of the journal: shown, and resumed.
 */
#include "cmd_import.h"

#include <string.h>

#include "cmd_plan.h"
#include "outfile.h"
#include "run_context.h"

/* --- list ------------------------------------------------------------------------------------- */

static const OutputColumn run_columns[] = {
    {"RUN", "run", .is_fixed = true},
    {"KIND", "kind", .is_fixed = true},
    {"STATE", "state", .is_fixed = true},
    {"BEGUN", "begun", .is_fixed = true},
    {"CHANGED", "changed", .is_fixed = true},
    {"TARGET", "target", .is_fixed = false},
    {"NOTE", "note", .is_fixed = false},
};

static bool
print_runs(const Options *options, Journal *journal, GError **error)
{
    Arena arena;
    JournalRuns runs;
    arena_init(&arena);
    g_autoptr(OutFile) out = outfile_open(options->out, error);
    bool is_ok = out && journal_read_runs(journal, &arena, &runs, error);
    if (is_ok) {
        g_autoptr(OutputTable) table = output_table_new(run_columns, G_N_ELEMENTS(run_columns));
        for (size_t i = 0; i < runs.n; i++) {
            const JournalRun *run = &runs.items[i];
            g_autofree char *number = g_strdup_printf("%d", (int)run->number);
            const char *cells[] = {number, run->kind.value, journal_run_state_words[run->state],
                run->begun_at.value, run->changed_at.value, run->target.value, run->note.value};
            output_table_add(table, cells);
        }
        OutputStyle style = chosen_style(options, out->file);
        is_ok = outfile_finish(out,
            output_table_print(
                table, chosen_format(options, OUTPUT_TABLE), &style, out->file, error),
            error);
    }
    arena_release(&arena);
    return is_ok;
}

static ExitCode
run_run_list(const Options *options, char **args, int n_args)
{
    (void)args, (void)n_args;
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = config_load(options, &error);
    g_autofree char *path = config ? journal_path(options, config) : NULL;
    g_autoptr(Journal) journal = path ? journal_open(path, JOURNAL_READ, &error) : NULL;
    if (!journal || !print_runs(options, journal, &error))
        return exit_complain(error);
    return EXIT_CODE_OK;
}

static const GOptionEntry *const list_entries[] = {
    options_journal, options_format, options_out, options_config, options_general, NULL};

const Command cmd_run_list = {
    .name = "run list",
    .summary = "list what was carried out",
    .args = "",
    .entries = list_entries,
    .formats = "table json yaml csv",
    .description = "The runs of the journal, newest first: imports, networks and preparations.",
    .run = run_run_list,
};

/* --- resume ----------------------------------------------------------------------------------- */

/* The run that is meant: by number, or the last import that has not ended. */
static bool
find_unfinished(Journal *journal, const char *text, int64_t *ret, GError **error)
{
    Arena arena;
    JournalRuns runs = {0};
    if (text)
        return run_number_parse(text, ret, error);
    *ret = 0;
    arena_init(&arena);
    bool is_ok = journal_read_runs(journal, &arena, &runs, error);
    for (size_t i = 0; is_ok && i < runs.n && !*ret; i++)
        if (!g_strcmp0(runs.items[i].kind.value, IMPORT_KIND) &&
            (runs.items[i].state == RUN_RUNNING || runs.items[i].state == RUN_PAUSED ||
                runs.items[i].state == RUN_STOPPED))
            *ret = runs.items[i].number;
    arena_release(&arena);
    if (is_ok && !*ret)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND,
            "no import of the journal has been left unfinished");
    return *ret;
}

static ExitCode
run_run_resume(const Options *options, char **args, int n_args)
{
    g_autoptr(GError) error = NULL;
    g_auto(ImportContext) context = {0};
    if (!import_open_context(options, JOURNAL_WRITE, &context, &error) ||
        !find_unfinished(context.journal, n_args ? args[0] : NULL, &context.run, &error))
        return exit_complain(error);
    return import_carry_out(options, &context);
}

static const GOptionEntry *const resume_entries[] = {options_import, options_journal, options_yes,
    options_target, options_format, options_out, options_config, options_general, NULL};

const Command cmd_run_resume = {
    .name = "run resume",
    .summary = "go on with an import",
    .args = "[RUN]",
    .args_max = 1,
    .entries = resume_entries,
    .formats = "table json yaml csv",
    .description =
        "Goes on where run RUN of the journal, or the last import that has not ended, was left: "
        "asks\n"
        "CloudStack first what became of what was under way, and sends nothing twice.",
    .run = run_run_resume,
};
