/* SPDX-License-Identifier: Apache-2.0
 *
 * The runs of the journal: shown, and resumed.
 */
#include "cmd_import.h"

#include <string.h>
#include <unistd.h>

#include "cmd_plan.h"
#include "import_document.h"
#include "outfile.h"
#include "record.h"
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

/* --- show ------------------------------------------------------------------------------------- */

/* A journal to be looked at, and the run that was named. Released as a whole. */
typedef struct RunView {
    Config *config;
    Journal *journal;
    Arena arena;
    JournalRun row;
    JournalItems items;
} RunView;

static void
run_view_clear(RunView *view)
{
    journal_close(view->journal);
    config_free(view->config);
    if (view->arena.blocks)
        arena_release(&view->arena);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RunView, run_view_clear)

static bool
open_run_view(
    const Options *options, const char *number, JournalMode mode, RunView *ret, GError **error)
{
    int64_t run = 0;
    if (!run_number_parse(number, &run, error))
        return false;
    ret->config = config_load(options, error);
    g_autofree char *path = ret->config ? journal_path(options, ret->config) : NULL;
    ret->journal = path ? journal_open(path, mode, error) : NULL;
    arena_init(&ret->arena);
    return ret->journal && journal_read_run(ret->journal, run, &ret->arena, &ret->row, error) &&
           journal_read_items(ret->journal, run, &ret->arena, &ret->items, error);
}

/* What the VMs wait for; NULL where nothing waits, or the run is of another kind. */
static bool
read_waits(RunView *view, const char *const **ret, GError **error)
{
    Schedule schedule = {0};
    bool unused;
    *ret = NULL;
    if (g_strcmp0(view->row.kind.value, IMPORT_KIND) != 0)
        return true;
    if (!import_read_settings(&view->row, &view->arena, &schedule, &unused, error))
        return false;
    const ImportRun run = {.journal = view->journal,
        .run = view->row.number,
        .schedule = &schedule,
        .read_task = import_document_read};
    return import_waits(&run, &view->items, &view->arena, ret, error);
}

static const OutputColumn step_columns[] = {
    {"INTENDED", "intended", .is_fixed = true},
    {"ENDED", "ended", .is_fixed = true},
    {"PURPOSE", "purpose", .is_fixed = true},
    {"SUBJECT", "subject", .is_fixed = false},
    {"COMMAND", "command", .is_fixed = true},
    {"JOB", "job", .is_fixed = true},
    {"OUTCOME", "outcome", .is_fixed = true},
    {"CODE", "code", .is_fixed = true},
    {"TEXT", "text", .is_fixed = false},
};

static void
add_step(OutputTable *table, const JournalStep *step)
{
    g_autofree char *code =
        step->code.state == FACT_KNOWN ? g_strdup_printf("%d", (int)step->code.value) : NULL;
    const char *cells[] = {step->intended_at.value, step->ended_at.value, step->purpose.value,
        step->subject.value, step->command.value, step->job.value,
        step->outcome ? journal_outcome_words[step->outcome] : "open", code, step->text.value};
    output_table_add(table, cells);
}

/* (owned) The steps of one VM; NULL: NOT_FOUND */
static OutputTable *
steps_table(RunView *view, const char *name, GError **error)
{
    JournalSteps steps;
    for (size_t i = 0; i < view->items.n; i++) {
        const JournalItem *item = &view->items.items[i];
        if (g_strcmp0(item->name.value, name) != 0 && g_strcmp0(item->key.value, name) != 0)
            continue;
        if (!journal_read_steps(view->journal, item->number, &view->arena, &steps, error))
            return NULL;
        OutputTable *table = output_table_new(step_columns, G_N_ELEMENTS(step_columns));
        for (size_t k = 0; k < steps.n; k++)
            add_step(table, &steps.items[k]);
        return table;
    }
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND, "run %d has no '%s'",
        (int)view->row.number, name);
    return NULL;
}

static bool
print_table(const Options *options, const OutputTable *table, GError **error)
{
    g_autoptr(OutFile) out = outfile_open(options->out, error);
    if (!out)
        return false;
    OutputStyle style = chosen_style(options, out->file);
    return outfile_finish(out,
        output_table_print(table, chosen_format(options, OUTPUT_TABLE), &style, out->file, error),
        error);
}

static void
tell_run(const RunView *view)
{
    bool is_live = journal_is_run_locked(view->journal, view->row.number);
    message("run %d (%s) is %s%s%s%s", (int)view->row.number, view->row.kind.value,
        journal_run_state_words[view->row.state],
        view->row.state == RUN_RUNNING && !is_live ? ", cut short: resume it" : "",
        view->row.note.value ? ": " : "", view->row.note.value ? view->row.note.value : "");
}

static ExitCode
run_run_show(const Options *options, char **args, int n_args)
{
    g_autoptr(GError) error = NULL;
    g_auto(RunView) view = {0};
    const char *const *waits = NULL;
    if (!open_run_view(options, args[0], JOURNAL_READ, &view, &error) ||
        (n_args < 2 && !read_waits(&view, &waits, &error)))
        return exit_complain(error);
    g_autoptr(OutputTable) table =
        n_args > 1 ? steps_table(&view, args[1], &error) : import_table_new(&view.items, waits);
    if (!table || !print_table(options, table, &error))
        return exit_complain(error);
    tell_run(&view);
    return EXIT_CODE_OK;
}

const Command cmd_run_show = {
    .name = "run show",
    .summary = "show the VMs of a run, or the steps of one of them",
    .args = "RUN [VM]",
    .args_min = 1,
    .args_max = 2,
    .entries = list_entries,
    .formats = "table json yaml csv",
    .description = "The state of each VM, failures first, and what it waits for; with VM, each "
                   "call that was made\nfor it, its job, and what became of it.",
    .run = run_run_show,
};

/* --- watch ------------------------------------------------------------------------------------ */

enum { WATCH_EVERY_S = 2 };

typedef struct Progress {
    size_t n_ended, n_all;
    double seconds; /* since the watch began */
    size_t n_since; /* ended since then */
} Progress;

/* "12 a minute, 40 to go: 3 to 5 minutes", or without the range while nothing has ended. */
static char *
progress_text(const Progress *progress)
{
    size_t left = progress->n_all - progress->n_ended;
    if (!progress->n_since || progress->seconds <= 0)
        return g_strdup_printf("%zu of %zu ended", progress->n_ended, progress->n_all);
    double rate = (double)progress->n_since / progress->seconds;
    /* What has ended so far is a sample: the range is a third up and down, wider while it is small.
     */
    double share = progress->n_since < 10 ? 0.6 : 0.33;
    double low = (double)left / (rate * (1 + share)), high = (double)left / (rate * (1 - share));
    return g_strdup_printf("%zu of %zu ended, %.1f a minute; %d to %d minutes to go",
        progress->n_ended, progress->n_all, rate * 60, (int)(low / 60), (int)(high / 60) + 1);
}

static size_t
count_ended(const JournalItems *items)
{
    size_t n = 0;
    for (size_t i = 0; i < items->n; i++) {
        JournalItemState state = items->items[i].state;
        n += state == ITEM_VERIFIED || state == ITEM_FAILED || state == ITEM_FOUND ||
             state == ITEM_SKIPPED || state == ITEM_UNDONE;
    }
    return n;
}

/* One JSON object a line for each VM that changed. */
static void
print_changes(const JournalItems *items, GHashTable *last)
{
    for (size_t i = 0; i < items->n; i++) {
        const JournalItem *item = &items->items[i];
        g_autofree char *now = g_strdup_printf(
            "%s/%s/%s", journal_item_state_words[item->state], item->step.value, item->note.value);
        if (!g_strcmp0(g_hash_table_lookup(last, GSIZE_TO_POINTER(item->number)), now))
            continue;
        g_hash_table_insert(last, GSIZE_TO_POINTER(item->number), g_steal_pointer(&now));
        g_autoptr(GString) line = g_string_new("{\"vm\":");
        json_append_text(line, item->name.value ? item->name.value : item->key.value);
        g_string_append_printf(line, ",\"state\":\"%s\"", journal_item_state_words[item->state]);
        if (item->object.value)
            g_string_append_printf(line, ",\"id\":\"%s\"", item->object.value);
        if (item->note.value) {
            g_string_append(line, ",\"note\":");
            json_append_text(line, item->note.value);
        }
        puts(g_string_append_c(line, '}')->str);
    }
    fflush(stdout);
}

/* One look; @ret_is_over: nobody carries it out any more. */
static bool
watch_once(const Options *options, const char *number, GHashTable *last, Progress *progress,
    bool *ret_is_over, GError **error)
{
    g_auto(RunView) view = {0};
    const char *const *waits = NULL;
    bool is_lines = !g_strcmp0(options->format, "jsonl");
    if (!open_run_view(options, number, JOURNAL_READ, &view, error) ||
        (!is_lines && !read_waits(&view, &waits, error)))
        return false;
    size_t n_ended = count_ended(&view.items);
    if (progress->n_all)
        progress->n_since += n_ended - progress->n_ended;
    progress->n_ended = n_ended;
    progress->n_all = view.items.n;
    *ret_is_over = !journal_is_run_locked(view.journal, view.row.number);
    if (is_lines) {
        print_changes(&view.items, last);
        return true;
    }
    g_autoptr(OutputTable) table = import_table_new(&view.items, waits);
    g_autofree char *text = progress_text(progress);
    OutputStyle style = chosen_style(options, stdout);
    if (isatty(STDOUT_FILENO))
        fputs("\033[H\033[J", stdout);
    if (!output_table_print(table, OUTPUT_TABLE, &style, stdout, error))
        return false;
    printf("%s\n", text);
    fflush(stdout);
    if (*ret_is_over)
        tell_run(&view);
    return true;
}

static ExitCode
run_run_watch(const Options *options, char **args, int n_args)
{
    (void)n_args;
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) last = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    g_autoptr(GTimer) timer = g_timer_new();
    Progress progress = {0};
    for (bool is_over = false; !is_over;) {
        progress.seconds = g_timer_elapsed(timer, NULL);
        if (!watch_once(options, args[0], last, &progress, &is_over, &error))
            return exit_complain(error);
        for (int i = 0; !is_over && i < WATCH_EVERY_S * 10; i++) {
            if (atomic_load(&interrupted))
                return EXIT_CODE_INTERRUPTED;
            g_usleep(100000);
        }
    }
    return EXIT_CODE_OK;
}

static const GOptionEntry *const watch_entries[] = {
    options_journal, options_format, options_config, options_general, NULL};

const Command cmd_run_watch = {
    .name = "run watch",
    .summary = "watch a run until nobody carries it out any more",
    .args = "RUN",
    .args_min = 1,
    .args_max = 1,
    .entries = watch_entries,
    .formats = "table jsonl",
    .description = "Each VM's state, failures first, what the others wait for, how many end in a "
                   "minute, and how long\nit may take, as a range. -o jsonl: a line for each "
                   "change.",
    .run = run_run_watch,
};

/* --- pause and stop --------------------------------------------------------------------------- */

static ExitCode
wish(const Options *options, const char *number, const char *what, JournalRunState state)
{
    g_autoptr(GError) error = NULL;
    g_auto(RunView) view = {0};
    if (!open_run_view(options, number, JOURNAL_WRITE, &view, &error))
        return exit_complain(error);
    bool is_live = journal_is_run_locked(view.journal, view.row.number);
    bool is_open = view.row.state == RUN_RUNNING || view.row.state == RUN_PAUSED ||
                   view.row.state == RUN_STOPPED;
    if (!is_live && !is_open) {
        message_warning("run %d has ended: it is %s", (int)view.row.number,
            journal_run_state_words[view.row.state]);
        return EXIT_CODE_ERROR;
    }
    if (!(is_live ? journal_wish(view.journal, view.row.number, what, &error)
                  : journal_set_run_state(view.journal, view.row.number, state, &error)))
        return exit_complain(error);
    message(is_live ? "run %d will %s after what is under way; it goes on by: vm-ingest run resume "
                      "%d"
                    : "nobody carries run %d out; it will %s until: vm-ingest run resume %d",
        (int)view.row.number, what, (int)view.row.number);
    return EXIT_CODE_OK;
}

static ExitCode
run_run_pause(const Options *options, char **args, int n_args)
{
    (void)n_args;
    return wish(options, args[0], "pause", RUN_PAUSED);
}

static ExitCode
run_run_stop(const Options *options, char **args, int n_args)
{
    (void)n_args;
    return wish(options, args[0], "stop", RUN_STOPPED);
}

static const GOptionEntry *const wish_entries[] = {
    options_journal, options_config, options_general, NULL};

const Command cmd_run_pause = {
    .name = "run pause",
    .summary = "let a run begin nothing new",
    .args = "RUN",
    .args_min = 1,
    .args_max = 1,
    .entries = wish_entries,
    .description = "The process that carries it out waits for what is under way, and ends. A "
                   "paused run is resumed by\nhand, or after a boot where that was enabled.",
    .run = run_run_pause,
};

const Command cmd_run_stop = {
    .name = "run stop",
    .summary = "end a run after what is under way",
    .args = "RUN",
    .args_min = 1,
    .args_max = 1,
    .entries = wish_entries,
    .description = "As run pause, but only a person resumes it: no boot does.",
    .run = run_run_stop,
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

static const GOptionEntry *const resume_entries[] = {options_import, options_limits,
    options_unchecked, options_journal, options_yes, options_target, options_format, options_out,
    options_config, options_general, NULL};

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

/* --- retry ------------------------------------------------------------------------------------ */

static bool
parse_step(const Options *options, ImportRetry *ret, GError **error)
{
    static const char *const words[] = {
        [RETRY_IMPORT] = "import", [RETRY_MIGRATE] = "migrate", [RETRY_VERIFY] = "verify"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (!g_strcmp0(options->step ? options->step : "import", words[i])) {
            *ret = (ImportRetry)i;
            return true;
        }
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_USAGE,
        "--step '%s': it is one of: import, migrate, verify", options->step);
    return false;
}

static ExitCode
run_run_retry(const Options *options, char **args, int n_args)
{
    g_autoptr(GError) error = NULL;
    g_auto(ImportContext) context = {0};
    ImportRetry step = RETRY_IMPORT;
    size_t n = 0;
    if (!parse_step(options, &step, &error) ||
        !import_open_context(options, JOURNAL_WRITE, &context, &error) ||
        !run_number_parse(args[0], &context.run, &error) ||
        !import_retry(context.journal, context.run, step,
            n_args > 1 ? (const char *const *)args + 1 : NULL, &n, &error))
        return exit_complain(error);
    message("%zu VMs are tried again", n);
    return n ? import_carry_out(options, &context) : EXIT_CODE_OK;
}

static const GOptionEntry *const retry_entries[] = {options_retry, options_import, options_limits,
    options_unchecked, options_journal, options_yes, options_target, options_format, options_out,
    options_config, options_general, NULL};

const Command cmd_run_retry = {
    .name = "run retry",
    .summary = "try VMs of a run again that failed",
    .args = "RUN [VM...]",
    .args_min = 1,
    .args_max = ARGS_ANY,
    .entries = retry_entries,
    .formats = "table json yaml csv",
    .description =
        "--step import: those that are not imported; migrate: those whose volumes or addresses "
        "are not where\nthey belong; verify: those that were not read back as planned.",
    .run = run_run_retry,
};
