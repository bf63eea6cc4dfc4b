/* SPDX-License-Identifier: Apache-2.0
 *
 * Carrying out a file of changes, and taking back what a run made.
 */
#include "cmd_plan.h"
#include "cmd_changes.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "change_file.h"
#include "change_run.h"
#include "outfile.h"
#include "run_context.h"
#include "state.h"

/* --- showing ---------------------------------------------------------------------------------- */

static const OutputColumn change_columns[] = {
    {"CHANGE", "id", .is_fixed = true},
    {"NAME", "name", .is_fixed = false},
    {"VERDICT", "verdict", .is_fixed = true},
    {"CALL", "call", .is_fixed = false},
    {"FINDING", "finding", .is_fixed = false},
};

/* "createNetwork name=l2-120 vlan=120 domainid=(of domain-acme)" */
static char *
call_text(const ChangeCall *call)
{
    GString *text = g_string_new(call->command.value);
    for (size_t i = 0; i < call->params.n; i++)
        if (call->params.items[i].value.value)
            g_string_append_printf(text, " %s=%s", call->params.items[i].name.value,
                call->params.items[i].value.value);
    for (size_t i = 0; i < call->refs.n; i++)
        g_string_append_printf(text, " %s=(id of %s)", call->refs.items[i].param.value,
            call->refs.items[i].change.value);
    for (size_t i = 0; i < call->secrets.n; i++)
        g_string_append_printf(text, " %s=(made up)", call->secrets.items[i]);
    return g_string_free(text, false);
}

static bool
print_changes(const Changes *changes, OutputFormat format, const OutputStyle *style, FILE *file,
    GError **error)
{
    if (format == OUTPUT_JSON)
        return changes_save(changes, file, error);
    g_autoptr(OutputTable) table = output_table_new(change_columns, G_N_ELEMENTS(change_columns));
    for (size_t i = 0; i < changes->changes.n; i++) {
        const Change *change = &changes->changes.items[i];
        g_autofree char *call = call_text(&change->call);
        const char *cells[] = {change->id.value, change->name.value, verdict_words[change->verdict],
            call, change->findings.n ? change->findings.items[0].text.value : NULL};
        output_table_add(table, cells);
    }
    return output_table_print(table, format, style, file, error);
}

bool
changes_print(const Options *options, const Changes *changes, GError **error)
{
    g_autoptr(OutFile) out = outfile_open(options->out, error);
    if (!out)
        return false;
    OutputStyle style = chosen_style(options, out->file);
    OutputFormat format = chosen_format(options, OUTPUT_JSON);
    return outfile_finish(out, print_changes(changes, format, &style, out->file, error), error);
}

ExitCode
changes_exit_code(const Changes *changes, ExitCode worst)
{
    if (worst != EXIT_CODE_OK)
        return worst;
    for (size_t i = 0; i < changes->changes.n; i++)
        if (changes->changes.items[i].verdict == VERDICT_BLOCKED ||
            changes->changes.items[i].verdict == VERDICT_UNKNOWN)
            return EXIT_CODE_BLOCKED;
    return EXIT_CODE_OK;
}

/* --- asking ----------------------------------------------------------------------------------- */

static void
show_calls(const Changes *changes)
{
    for (size_t i = 0; i < changes->changes.n; i++) {
        const Change *change = &changes->changes.items[i];
        g_autofree char *call = call_text(&change->call);
        message(
            "%s%s", change->verdict == VERDICT_BLOCKED ? "blocked, will not be sent: " : "", call);
    }
}

/* --- carrying out ----------------------------------------------------------------------------- */

/* All that a command needs; released as a whole. */
typedef struct RunContext {
    Config *config;
    Target *target;
    Journal *journal;
    Changes *changes;
    ChangesRun run;
} RunContext;

static void
run_context_clear(RunContext *context)
{
    journal_close(context->journal);
    target_close(context->target);
    changes_unref(context->changes);
    config_free(context->config);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RunContext, run_context_clear)

static void
tell_change(void *unused, const Change *change, JournalItemState state, const char *note)
{
    (void)unused;
    message("%s '%s': %s%s%s", change_kind_words[change->kind],
        change->name.value ? change->name.value : change->id.value, journal_item_state_words[state],
        note ? ": " : "", note ? note : "");
}

static bool
open_context(const Options *options, JournalMode mode, RunContext *context, GError **error)
{
    context->config = config_load(options, error);
    if (!context->config)
        return false;
    g_autofree char *path = journal_path(options, context->config);
    if (mode == JOURNAL_WRITE && !options->journal)
        state_make_room(context->config);
    context->journal = journal_open(path, mode, error);
    if (!context->journal)
        return false;
    ConfigGroup *group = estate_find_target(options, context->config, error);
    context->target = group ? target_open(group, error) : NULL;
    context->run = (ChangesRun){.cs = context->target ? target_seam(context->target) : NULL,
        .journal = context->journal,
        .is_cancelled = &interrupted,
        .tell = tell_change};
    return context->target;
}

static char *
document_text(const Changes *changes)
{
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    changes_save(changes, file, NULL);
    fclose(file);
    return text;
}

static bool
begin_run(RunContext *context, const char *about, GError **error)
{
    const Changes *changes = context->changes;
    char *text = document_text(changes);
    g_autofree JournalNewItem *items = g_new0(JournalNewItem, changes->changes.n);
    for (size_t i = 0; i < changes->changes.n; i++)
        items[i] = (JournalNewItem){.key = changes->changes.items[i].id.value,
            .name = changes->changes.items[i].name.value};
    const JournalNewRun begin = {.kind = about,
        .target = context->run.cs->url,
        .zoneid = changes->info.zoneid.value,
        .document = text,
        .tool_version = VM_INGEST_VERSION,
        .items = items,
        .n_items = changes->changes.n};
    bool is_ok = journal_begin_run(context->journal, &begin, &context->run.run, error);
    free(text);
    return is_ok;
}

/* --- what became of it ------------------------------------------------------------------------ */

static const OutputColumn result_columns[] = {
    {"CHANGE", "id", .is_fixed = true},
    {"NAME", "name", .is_fixed = false},
    {"STATE", "state", .is_fixed = true},
    {"OBJECT", "object", .is_fixed = false},
    {"NOTE", "note", .is_fixed = false},
};

static bool
print_results(const Options *options, const RunContext *context, GError **error)
{
    Arena arena;
    JournalItems items;
    arena_init(&arena);
    g_autoptr(OutFile) out = outfile_open(options->out, error);
    bool is_ok =
        out && journal_read_items(context->journal, context->run.run, &arena, &items, error);
    if (is_ok) {
        g_autoptr(OutputTable) table =
            output_table_new(result_columns, G_N_ELEMENTS(result_columns));
        for (size_t i = 0; i < items.n; i++) {
            const JournalItem *item = &items.items[i];
            const char *cells[] = {item->key.value, item->name.value,
                journal_item_state_words[item->state], item->object.value, item->note.value};
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

/* What was sent and is not there counts more than what was not sent. */
static ExitCode
apply_exit_code(const ChangesTally *tally)
{
    if (tally->n[ITEM_FAILED] || tally->n[ITEM_SUBMITTED])
        return EXIT_CODE_PARTIAL;
    return tally->n[ITEM_SKIPPED] ? EXIT_CODE_BLOCKED : EXIT_CODE_OK;
}

static bool
check_about(const Changes *changes, const char *about, const char *path, GError **error)
{
    if (!g_strcmp0(changes->info.about.value, about))
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_USAGE,
        "'%s' is about '%s', not about '%s': it is for another command", path,
        changes->info.about.value ? changes->info.about.value : "nothing", about);
    return false;
}

static bool
apply(const Options *options, const char *about, RunContext *context, ChangesTally *ret,
    GError **error)
{
    g_autofree char *question = g_strdup_printf("Carry this out in zone '%s' of %s?",
        context->changes->info.zone.value ? context->changes->info.zone.value : "",
        context->run.cs->url);
    if (!options->is_yes)
        show_calls(context->changes);
    return is_confirmed(options, question, error) && begin_run(context, about, error) &&
           changes_apply(context->changes, &context->run, ret, error) &&
           print_results(options, context, error);
}

ExitCode
changes_run_apply(const Options *options, const char *about, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_auto(RunContext) context = {0};
    ChangesTally tally;
    context.changes = changes_load(path, &error);
    if (!context.changes || !check_about(context.changes, about, path, &error) ||
        !open_context(options, JOURNAL_WRITE, &context, &error) ||
        !apply(options, about, &context, &tally, &error))
        return exit_complain(error);
    progress_end();
    fflush(stdout);
    message("run %d: %zu are there by it, %zu were there before, %zu failed, %zu not sent; it is "
            "undone by: vm-ingest %s undo %d",
        (int)context.run.run, tally.n[ITEM_VERIFIED], tally.n[ITEM_FOUND],
        tally.n[ITEM_FAILED] + tally.n[ITEM_SUBMITTED], tally.n[ITEM_SKIPPED],
        strcmp(about, "networks") == 0 ? "networks" : "prepare", (int)context.run.run);
    return apply_exit_code(&tally);
}

/* --- undoing ---------------------------------------------------------------------------------- */

static bool
has_left_something(Journal *journal, int64_t run)
{
    Arena arena;
    JournalItems items = {0};
    bool has = false;
    arena_init(&arena);
    if (journal_read_items(journal, run, &arena, &items, NULL))
        for (size_t i = 0; i < items.n && !has; i++)
            has = items.items[i].is_made || items.items[i].state == ITEM_SUBMITTED;
    arena_release(&arena);
    return has;
}

/* The last run of this kind that left something; or the one that was named. */
static bool
find_run(Journal *journal, const char *about, const char *text, int64_t *ret, GError **error)
{
    Arena arena;
    JournalRuns runs = {0};
    int64_t wanted = 0;
    if (text && !run_number_parse(text, &wanted, error))
        return false;
    *ret = 0;
    arena_init(&arena);
    bool is_ok = journal_read_runs(journal, &arena, &runs, error);
    for (size_t i = 0; is_ok && i < runs.n && !*ret; i++)
        if (!g_strcmp0(runs.items[i].kind.value, about) &&
            (text ? runs.items[i].number == wanted
                  : has_left_something(journal, runs.items[i].number)))
            *ret = runs.items[i].number;
    arena_release(&arena);
    if (is_ok && !*ret && text)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND,
            "the journal has no run %s about %s", text, about);
    else if (is_ok && !*ret)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND,
            "no run of the journal has left %s that could be taken back", about);
    return *ret;
}

/* The document as it was carried out, and only against the same CloudStack. */
static bool
load_run(RunContext *context, GError **error)
{
    Arena arena;
    JournalRun run;
    g_autofree char *name = g_strdup_printf("run %d", (int)context->run.run);
    g_autofree char *text = journal_read_document(context->journal, context->run.run, error);
    if (!text)
        return false;
    FILE *file = fmemopen(text, strlen(text), "r");
    context->changes = changes_read(file, name, error);
    fclose(file);
    arena_init(&arena);
    bool is_ok = context->changes &&
                 journal_read_run(context->journal, context->run.run, &arena, &run, error);
    bool is_same = is_ok && run_check_target(&run, context->run.cs, error);
    arena_release(&arena);
    return is_same;
}

/* What the run made, the last one first. */
static bool
show_undo(const RunContext *context, GError **error)
{
    Arena arena;
    JournalItems items;
    arena_init(&arena);
    bool is_ok = journal_read_items(context->journal, context->run.run, &arena, &items, error);
    for (size_t i = is_ok ? items.n : 0; i-- > 0;) {
        const Change *change = changes_find(context->changes, items.items[i].key.value);
        if (change && (items.items[i].is_made || items.items[i].state == ITEM_SUBMITTED))
            message("%s: %s '%s' (%s), if it is not in use",
                change->undo.command.value ? change->undo.command.value : "stays",
                change_kind_words[change->kind],
                change->name.value ? change->name.value : change->id.value,
                items.items[i].object.value ? items.items[i].object.value : "id not known");
    }
    arena_release(&arena);
    return is_ok;
}

ExitCode
changes_run_undo(const Options *options, const char *about, const char *run)
{
    g_autoptr(GError) error = NULL;
    g_auto(RunContext) context = {0};
    ChangesTally tally;
    if (!open_context(options, JOURNAL_WRITE, &context, &error) ||
        !find_run(context.journal, about, run, &context.run.run, &error) ||
        !load_run(&context, &error))
        return exit_complain(error);
    g_autofree char *question =
        g_strdup_printf("Take back what run %d made?", (int)context.run.run);
    if ((!options->is_yes && !show_undo(&context, &error)) ||
        !is_confirmed(options, question, &error) ||
        !changes_undo(context.changes, &context.run, &tally, &error) ||
        !print_results(options, &context, &error))
        return exit_complain(error);
    progress_end();
    fflush(stdout);
    message("run %d: %zu taken back, %zu left", (int)context.run.run, tally.n[ITEM_UNDONE],
        tally.n_kept);
    return tally.n_kept ? EXIT_CODE_PARTIAL : EXIT_CODE_OK;
}
