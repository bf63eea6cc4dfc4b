/* SPDX-License-Identifier: Apache-2.0
 *
 * An import run carried out: how it is set up, what is told meanwhile, how it ends.
 */
#include "cmd_import.h"

#include <string.h>
#include <unistd.h>

#include "cmd_plan.h"
#include "estate.h"
#include "import_document.h"
#include "outfile.h"
#include "record.h"
#include "run_context.h"
#include "source_access.h"
#include "state.h"
#include "cleanup.h"

void
import_context_clear(ImportContext *context)
{
    source_access_free(context->access);
    journal_close(context->journal);
    target_close(context->target);
    config_free(context->config);
}

bool
import_open_context(
    const Options *options, JournalMode mode, ImportContext *context, GError **error)
{
    if (!context->config)
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
    if (!context->target)
        return false;
    if (!options->is_unchecked)
        context->access = source_access_new(context->config, group);
    return true;
}

/* --- settings --------------------------------------------------------------------------------- */

/* JournalRun.settings. */
typedef struct Settings {
    Bool power_off;
    Schedule schedule;
} Settings;

static const Field settings_fields[] = {
    F_BOOL(Settings, power_off),
    F_RECORD(Settings, schedule, &schedule_type),
};
static const RecordType settings_type = RECORD_TYPE(Settings, settings_fields);

char *
import_settings_write(const Schedule *schedule, bool may_power_off)
{
    const Settings settings = {.power_off = bool_known(may_power_off), .schedule = *schedule};
    GString *text = g_string_new(NULL);
    record_encode(&settings_type, &settings, text);
    return g_string_free(text, false);
}

bool
import_read_settings(
    const JournalRun *row, Arena *arena, Schedule *ret, bool *ret_may_power_off, GError **error)
{
    Settings settings = {0};
    if (row->settings.value) {
        g_autoptr(JsonObject) json = json_tokener_parse(row->settings.value);
        if (!record_decode(
                &settings_type, json, RECORD_STRICT, "settings", arena, &settings, error))
            return false;
    }
    *ret = settings.schedule;
    *ret_may_power_off = is_true(settings.power_off);
    return true;
}

/* --- telling ---------------------------------------------------------------------------------- */

static void
tell(void *data, const ImportEvent *event)
{
    (void)data;
    message("%s: %s%s%s",
        event->item->name.value ? event->item->name.value : event->item->key.value,
        journal_item_state_words[event->item->state], event->text ? ": " : "",
        event->text ? event->text : "");
}

static bool
approve(void *data, size_t n_verified, size_t n_failed)
{
    const Options *options = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *question = g_strdup_printf(
        "The first VMs: %zu verified, %zu failed. Go on with the others?", n_verified, n_failed);
    return !n_failed && is_confirmed(options, question, &error);
}

/* --- what became of it ------------------------------------------------------------------------ */

static const OutputColumn vm_columns[] = {
    {"VM", "name", .is_fixed = false},
    {"STATE", "state", .is_fixed = true},
    {"STEP", "step", .is_fixed = true},
    {"ID", "id", .is_fixed = true},
    {"NOTE", "note", .is_fixed = false},
};

/* Failures first, then what is under way, then what waits, then what is done. */
static int
rank_of(const JournalItem *item)
{
    static const int ranks[ITEM_STATE_N] = {[ITEM_SUBMITTED] = 1,
        [ITEM_RUNNING] = 1,
        [ITEM_IMPORTED] = 1,
        [ITEM_MIGRATING] = 1,
        [ITEM_CHECKED] = 1,
        [ITEM_PLANNED] = 2,
        [ITEM_VERIFIED] = 3,
        [ITEM_MADE] = 3,
        [ITEM_FOUND] = 4,
        [ITEM_SKIPPED] = 5,
        [ITEM_UNDONE] = 6};
    return item->state == ITEM_FAILED ? 0 : ranks[item->state];
}

OutputTable *
import_table_new(const JournalItems *items, const char *const *waits)
{
    OutputTable *table = output_table_new(vm_columns, G_N_ELEMENTS(vm_columns));
    for (int rank = 0; rank <= 6; rank++)
        for (size_t i = 0; i < items->n; i++) {
            const JournalItem *item = &items->items[i];
            if (rank_of(item) != rank)
                continue;
            const char *cells[] = {item->name.value ? item->name.value : item->key.value,
                journal_item_state_words[item->state], item->step.value, item->object.value,
                waits && waits[i] ? waits[i] : item->note.value};
            output_table_add(table, cells);
        }
    return table;
}

bool
import_print_results(const Options *options, const ImportContext *context, GError **error)
{
    Arena arena;
    JournalItems items;
    arena_init(&arena);
    g_autoptr(OutFile) out = outfile_open(options->out, error);
    bool is_ok = out && journal_read_items(context->journal, context->run, &arena, &items, error);
    if (is_ok) {
        g_autoptr(OutputTable) table = import_table_new(&items, NULL);
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
tally_exit_code(const ImportTally *tally)
{
    size_t n_open = tally->n[ITEM_PLANNED] + tally->n[ITEM_CHECKED] + tally->n[ITEM_SUBMITTED] +
                    tally->n[ITEM_RUNNING] + tally->n[ITEM_IMPORTED] + tally->n[ITEM_MIGRATING];
    if (tally->n[ITEM_FAILED] || n_open)
        return EXIT_CODE_PARTIAL;
    return tally->n[ITEM_SKIPPED] ? EXIT_CODE_BLOCKED : EXIT_CODE_OK;
}

static ExitCode
finish(const Options *options, const ImportContext *context, const ImportTally *tally)
{
    g_autoptr(GError) error = NULL;
    progress_end();
    if (!import_print_results(options, context, &error))
        return exit_complain(error);
    fflush(stdout);
    message("run %d: %zu verified, %zu managed before, %zu failed, %zu left out, %zu not done yet",
        (int)context->run, tally->n[ITEM_VERIFIED], tally->n[ITEM_FOUND], tally->n[ITEM_FAILED],
        tally->n[ITEM_SKIPPED],
        tally->n[ITEM_PLANNED] + tally->n[ITEM_CHECKED] + tally->n[ITEM_SUBMITTED] +
            tally->n[ITEM_RUNNING] + tally->n[ITEM_IMPORTED] + tally->n[ITEM_MIGRATING]);
    if (tally->is_paused)
        message("it goes on by: vm-ingest run resume %d", (int)context->run);
    return tally_exit_code(tally);
}

/* --- carrying out ----------------------------------------------------------------------------- */

bool
import_with_run(const Options *options, const ImportContext *context, ImportAction action,
    void *data, GError **error)
{
    Arena arena;
    JournalRun row;
    Schedule schedule = {0};
    bool may_power_off = false;
    arena_init(&arena);
    ImportSource source = {0};
    if (context->access)
        source = import_source_new(context->access);
    bool is_ok = journal_read_run(context->journal, context->run, &arena, &row, error) &&
                 run_check_target(&row, target_seam(context->target), error) &&
                 import_read_settings(&row, &arena, &schedule, &may_power_off, error) &&
                 import_apply_limits(options, &arena, &schedule, error);
    if (is_ok && g_strcmp0(row.kind.value, IMPORT_KIND) != 0) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_USAGE,
            "run %d is about %s, not an import: it is for another command", (int)context->run,
            row.kind.value);
        is_ok = false;
    }
    const ImportRun run = {.cs = target_seam(context->target),
        .journal = context->journal,
        .run = context->run,
        .zoneid = row.zoneid.value,
        .schedule = &schedule,
        .source = context->access ? &source : NULL,
        .may_power_off = options->may_power_off || may_power_off,
        .canary = (size_t)options->canary,
        .is_stopped = &stop_wanted,
        .is_abandoned = &interrupted,
        .read_task = import_document_read,
        .approve = approve,
        .tell = tell,
        .data = (void *)options};
    interrupt_gently(true);
    is_ok = is_ok && action(&run, data, error);
    interrupt_gently(false);
    arena_release(&arena);
    return is_ok;
}

static bool
carry_out(const ImportRun *run, void *data, GError **error)
{
    return import_run(run, data, error);
}

ExitCode
import_carry_out(const Options *options, ImportContext *context)
{
    g_autoptr(GError) error = NULL;
    ImportTally tally;
    if (import_with_run(options, context, carry_out, &tally, &error))
        return finish(options, context, &tally);
    progress_end();
    ExitCode code = exit_complain(error);
    message("what is under way is in the journal; it goes on by: vm-ingest run resume %d",
        (int)context->run);
    return code;
}
