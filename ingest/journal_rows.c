/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal's rows: runs, items, steps.
 */
#include "journal.h"

#include <string.h>
#include <time.h>

#include <sqlite3.h>

#include "ingest_priv.h"
#include "utc_text.h"
#include "cleanup.h"

const char *const journal_run_state_words[RUN_STATE_N] = {
    [RUN_RUNNING] = "running",
    [RUN_DONE] = "done",
    [RUN_PARTLY] = "partly",
    [RUN_PAUSED] = "paused",
    [RUN_STOPPED] = "stopped",
    [RUN_UNDOING] = "undoing",
    [RUN_UNDONE] = "undone",
};

const char *const journal_item_state_words[ITEM_STATE_N] = {
    [ITEM_PLANNED] = "planned",
    [ITEM_SKIPPED] = "skipped",
    [ITEM_FOUND] = "found",
    [ITEM_CHECKED] = "checked",
    [ITEM_SUBMITTED] = "submitted",
    [ITEM_RUNNING] = "running",
    [ITEM_MADE] = "made",
    [ITEM_IMPORTED] = "imported",
    [ITEM_MIGRATING] = "migrating",
    [ITEM_VERIFIED] = "verified",
    [ITEM_FAILED] = "failed",
    [ITEM_UNDONE] = "undone",
};

const char *const journal_outcome_words[OUTCOME_N] = {
    [OUTCOME_OK] = "ok",
    [OUTCOME_RUNNING] = "running",
    [OUTCOME_REFUSED] = "refused",
    [OUTCOME_FAILED] = "failed",
    [OUTCOME_LOST] = "lost",
};

/* --- cells ------------------------------------------------------------------------------------ */

static Text
cell_text(sqlite3_stmt *statement, int column, Arena *arena)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text_known(arena_strdup(arena, text)) : text_absent();
}

/* 0 (not known) for a word that we do not have. */
static int
cell_word(sqlite3_stmt *statement, int column, const char *const *words, int n)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    for (int i = 1; i < n; i++)
        if (!g_strcmp0(text, words[i]))
            return i;
    return 0;
}

/* Runs a statement that gives no rows. Takes it. */
static bool
run_statement(Journal *journal, sqlite3_stmt *prepared, GError **error)
{
    g_autoptr(SqliteStatement) statement = prepared;
    GError *why = NULL;
    if (!statement)
        return false;
    journal_step(journal, statement, &why);
    if (why)
        g_propagate_error(error, why);
    return !why;
}

/* Reads all rows into an array of records in the arena. Takes the statement. */
static bool
read_rows(Journal *journal, sqlite3_stmt *prepared, Arena *arena, size_t bytes,
    void (*read)(sqlite3_stmt *row, Arena *arena, void *record), void *list, GError **error)
{
    g_autoptr(SqliteStatement) statement = prepared;
    g_autoptr(GByteArray) records = g_byte_array_new();
    g_autofree void *record = g_malloc(bytes);
    GError *why = NULL;
    size_t n = 0;
    if (!statement)
        return false;
    for (; journal_step(journal, statement, &why); n++) {
        memset(record, 0, bytes);
        read(statement, arena, record);
        g_byte_array_append(records, record, (guint)bytes);
    }
    if (why) {
        g_propagate_error(error, why);
        return false;
    }
    LIST_OF(void) rows = {arena_memdup(arena, records->data, records->len), n, FACT_KNOWN};
    memcpy(list, &rows, sizeof rows);
    return true;
}

/* --- runs ------------------------------------------------------------------------------------- */

#define RUN_COLUMNS                                                                                \
    "number, kind, target, zoneid, sha256, tool_version, begun_at, changed_at, state, wish, "      \
    "note, settings"

static void
read_run_row(sqlite3_stmt *row, Arena *arena, void *record)
{
    JournalRun *run = record;
    run->number = sqlite3_column_int64(row, 0);
    Text *const texts[] = {&run->kind, &run->target, &run->zoneid, &run->sha256, &run->tool_version,
        &run->begun_at, &run->changed_at};
    for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++)
        *texts[i] = cell_text(row, i + 1, arena);
    run->state = (JournalRunState)cell_word(row, 8, journal_run_state_words, RUN_STATE_N);
    run->wish = cell_text(row, 9, arena);
    run->note = cell_text(row, 10, arena);
    run->settings = cell_text(row, 11, arena);
}

bool
journal_read_runs(Journal *journal, Arena *arena, JournalRuns *ret, GError **error)
{
    pthread_mutex_lock(&journal->lock);
    bool is_ok = read_rows(journal,
        journal_prepare(journal, error, "SELECT " RUN_COLUMNS " FROM run ORDER BY number DESC", ""),
        arena, sizeof(JournalRun), read_run_row, ret, error);
    pthread_mutex_unlock(&journal->lock);
    return is_ok;
}

static bool
no_run(const Journal *journal, int64_t run, GError **error)
{
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND, "journal '%s': there is no run %d",
        journal->path, (int)run);
    return false;
}

bool
journal_read_run(Journal *journal, int64_t run, Arena *arena, JournalRun *ret, GError **error)
{
    JournalRuns runs = {0};
    pthread_mutex_lock(&journal->lock);
    bool is_ok = read_rows(journal,
        journal_prepare(
            journal, error, "SELECT " RUN_COLUMNS " FROM run WHERE number = ?", "i", run),
        arena, sizeof(JournalRun), read_run_row, &runs, error);
    pthread_mutex_unlock(&journal->lock);
    if (is_ok && !runs.n)
        return no_run(journal, run, error);
    if (is_ok)
        *ret = runs.items[0];
    return is_ok;
}

/* NULL: no row, or an error. Takes the statement; under the lock. */
static char *
read_one_text(Journal *journal, sqlite3_stmt *prepared, GError **error)
{
    g_autoptr(SqliteStatement) statement = prepared;
    GError *why = NULL;
    char *text = NULL;
    if (statement && journal_step(journal, statement, &why))
        text = g_strdup((const char *)sqlite3_column_text(statement, 0));
    if (why)
        g_propagate_error(error, why);
    return text;
}

char *
journal_read_document(Journal *journal, int64_t run, GError **error)
{
    GError *why = NULL;
    pthread_mutex_lock(&journal->lock);
    char *text = read_one_text(journal,
        journal_prepare(journal, &why, "SELECT document FROM run WHERE number = ?", "i", run),
        &why);
    pthread_mutex_unlock(&journal->lock);
    if (why)
        g_propagate_error(error, why);
    else if (!text)
        no_run(journal, run, error);
    return text;
}

/* The run that this document has already; 0: none. -1: error. */
static int64_t
find_run(Journal *journal, const JournalNewRun *begin, const char *sha256, GError **error)
{
    g_autoptr(SqliteStatement) statement = journal_prepare(journal, error,
        "SELECT number FROM run WHERE kind = ? AND target = ? AND sha256 = ? AND state <> ?"
        " ORDER BY number DESC LIMIT 1",
        "tttt", begin->kind, begin->target, sha256, journal_run_state_words[RUN_UNDONE]);
    GError *why = NULL;
    if (!statement)
        return -1;
    bool is_row = journal_step(journal, statement, &why);
    if (why)
        g_propagate_error(error, why);
    return is_row ? sqlite3_column_int64(statement, 0) : why ? -1 : 0;
}

static bool
insert_items(Journal *journal, int64_t run, const JournalNewRun *begin, GError **error)
{
    for (size_t i = 0; i < begin->n_items; i++) {
        const JournalNewItem *item = &begin->items[i];
        JournalItemState state = item->state ? item->state : ITEM_PLANNED;
        if (!run_statement(journal,
                journal_prepare(journal, error,
                    "INSERT INTO item (run, position, key, name, state, note, document)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    "iittttt", run, (int64_t)i, item->key, item->name,
                    journal_item_state_words[state], item->note, item->document),
                error))
            return false;
    }
    return true;
}

static bool
insert_run(Journal *journal, const JournalNewRun *begin, const char *sha256, int64_t *ret_run,
    GError **error)
{
    char now[UTC_TEXT_BYTES];
    utc_text(time(NULL), now);
    if (!run_statement(journal,
            journal_prepare(journal, error,
                "INSERT INTO run (kind, target, zoneid, sha256, document, tool_version, state,"
                " begun_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                "ttttttttt", begin->kind, begin->target, begin->zoneid, sha256, begin->document,
                begin->tool_version, journal_run_state_words[RUN_RUNNING], now, now),
            error))
        return false;
    *ret_run = sqlite3_last_insert_rowid(journal->database);
    return insert_items(journal, *ret_run, begin, error);
}

bool
journal_begin_run(Journal *journal, const JournalNewRun *begin, int64_t *ret_run, GError **error)
{
    g_autofree char *sha256 = g_compute_checksum_for_string(G_CHECKSUM_SHA256, begin->document, -1);
    if (!journal_begin(journal, true, error))
        return false;
    int64_t run = find_run(journal, begin, sha256, error);
    bool is_ok = run > 0 || (run == 0 && insert_run(journal, begin, sha256, &run, error));
    if (!journal_end(journal, is_ok, error))
        return false;
    *ret_run = run;
    return true;
}

/* One column of a run, NULL = none. */
static bool
set_run_text(Journal *journal, int64_t run, const char *sql, const char *text, GError **error)
{
    char now[UTC_TEXT_BYTES];
    if (!journal_begin(journal, true, error))
        return false;
    bool is_ok = run_statement(journal,
        journal_prepare(journal, error, sql, "tti", text, utc_text(time(NULL), now), run), error);
    return journal_end(journal, is_ok, error);
}

bool
journal_set_run_state(Journal *journal, int64_t run, JournalRunState state, GError **error)
{
    return set_run_text(journal, run, "UPDATE run SET state = ?, changed_at = ? WHERE number = ?",
        journal_run_state_words[state], error);
}

bool
journal_set_run_note(Journal *journal, int64_t run, const char *note, GError **error)
{
    return set_run_text(
        journal, run, "UPDATE run SET note = ?, changed_at = ? WHERE number = ?", note, error);
}

bool
journal_set_run_settings(Journal *journal, int64_t run, const char *settings, GError **error)
{
    return set_run_text(journal, run,
        "UPDATE run SET settings = ?, changed_at = ? WHERE number = ?", settings, error);
}

bool
journal_wish(Journal *journal, int64_t run, const char *wish, GError **error)
{
    return set_run_text(
        journal, run, "UPDATE run SET wish = ?, changed_at = ? WHERE number = ?", wish, error);
}

/* --- items ------------------------------------------------------------------------------------ */

static void
read_item_row(sqlite3_stmt *row, Arena *arena, void *record)
{
    JournalItem *item = record;
    item->number = sqlite3_column_int64(row, 0);
    item->key = cell_text(row, 1, arena);
    item->name = cell_text(row, 2, arena);
    item->state = (JournalItemState)cell_word(row, 3, journal_item_state_words, ITEM_STATE_N);
    item->is_made = sqlite3_column_int(row, 4);
    item->step = cell_text(row, 5, arena);
    item->object = cell_text(row, 6, arena);
    item->note = cell_text(row, 7, arena);
    item->record = cell_text(row, 8, arena);
}

#define ITEM_COLUMNS "number, key, name, state, is_made, step, object, note, record"

bool
journal_read_item(Journal *journal, int64_t item, Arena *arena, JournalItem *ret, GError **error)
{
    JournalItems items = {0};
    pthread_mutex_lock(&journal->lock);
    bool is_ok = read_rows(journal,
        journal_prepare(
            journal, error, "SELECT " ITEM_COLUMNS " FROM item WHERE number = ?", "i", item),
        arena, sizeof(JournalItem), read_item_row, &items, error);
    pthread_mutex_unlock(&journal->lock);
    if (is_ok && !items.n)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND,
            "journal '%s': there is no item %d", journal->path, (int)item);
    if (is_ok && items.n)
        *ret = items.items[0];
    return is_ok && items.n;
}

bool
journal_read_items(Journal *journal, int64_t run, Arena *arena, JournalItems *ret, GError **error)
{
    pthread_mutex_lock(&journal->lock);
    bool is_ok = read_rows(journal,
        journal_prepare(journal, error,
            "SELECT " ITEM_COLUMNS " FROM item WHERE run = ? ORDER BY position", "i", run),
        arena, sizeof(JournalItem), read_item_row, ret, error);
    pthread_mutex_unlock(&journal->lock);
    return is_ok;
}

/* Whether nothing more is done for an item in this state. */
static bool
has_ended(JournalItemState state)
{
    return state == ITEM_SKIPPED || state == ITEM_FOUND || state == ITEM_FAILED ||
           state == ITEM_VERIFIED || state == ITEM_UNDONE;
}

/* What an item has claimed is free again as soon as it has ended, in the same transaction. */
static bool
update_item(Journal *journal, const JournalItem *item, GError **error)
{
    if (has_ended(item->state) &&
        !run_statement(journal,
            journal_prepare(journal, error, "DELETE FROM claim WHERE item = ?", "i", item->number),
            error))
        return false;
    return run_statement(journal,
        journal_prepare(journal, error,
            "UPDATE item SET state = ?, is_made = ?, step = ?, object = ?, note = ?, record = ?"
            " WHERE number = ?",
            "titttti", journal_item_state_words[item->state], (int64_t)item->is_made,
            item->step.value, item->object.value, item->note.value, item->record.value,
            item->number),
        error);
}

bool
journal_set_item(Journal *journal, const JournalItem *item, GError **error)
{
    return journal_begin(journal, false, error) &&
           journal_end(journal, update_item(journal, item, error), error);
}

char *
journal_read_item_document(Journal *journal, int64_t item, GError **error)
{
    GError *why = NULL;
    pthread_mutex_lock(&journal->lock);
    char *text = read_one_text(journal,
        journal_prepare(journal, &why, "SELECT document FROM item WHERE number = ?", "i", item),
        &why);
    pthread_mutex_unlock(&journal->lock);
    if (why)
        g_propagate_error(error, why);
    else if (!text)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND,
            "journal '%s': item %d has no document", journal->path, (int)item);
    return text;
}

/* --- claims ----------------------------------------------------------------------------------- */

/* CONFLICT if another item has the key. */
static bool
check_claim(Journal *journal, int64_t item, const char *key, GError **error)
{
    g_autoptr(SqliteStatement) statement = journal_prepare(journal, error,
        "SELECT item.name, item.key, item.run, item.state FROM claim JOIN item"
        " ON item.number = claim.item WHERE claim.key = ? AND claim.item <> ?",
        "ti", key, item);
    GError *why = NULL;
    if (!statement)
        return false;
    if (journal_step(journal, statement, &why)) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFLICT,
            "run %d has it already, where '%s' is %s: end or undo that first",
            (int)sqlite3_column_int64(statement, 2),
            name ? name : (const char *)sqlite3_column_text(statement, 1),
            (const char *)sqlite3_column_text(statement, 3));
        return false;
    }
    if (why)
        g_propagate_error(error, why);
    return !why;
}

bool
journal_claim(Journal *journal, int64_t item, const char *const *keys, size_t n, GError **error)
{
    if (!journal_begin(journal, true, error))
        return false;
    bool is_ok = true;
    for (size_t i = 0; is_ok && i < n; i++)
        is_ok =
            check_claim(journal, item, keys[i], error) &&
            run_statement(journal,
                journal_prepare(journal, error,
                    "INSERT OR IGNORE INTO claim (key, item) VALUES (?, ?)", "ti", keys[i], item),
                error);
    return journal_end(journal, is_ok, error);
}

/* --- steps ------------------------------------------------------------------------------------ */

static bool
insert_step(Journal *journal, const JournalItem *item, const JournalStep *step, GError **error)
{
    char now[UTC_TEXT_BYTES];
    utc_text(time(NULL), now);
    return run_statement(journal,
        journal_prepare(journal, error,
            "INSERT INTO step (item, purpose, subject, command, request, job, intended_at,"
            " ended_at, outcome, code, text, reply) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            "itttttttt"
            "ftt",
            item->number, step->purpose.value, step->subject.value, step->command.value,
            step->request.value ? step->request.value : "{}", step->job.value, now,
            step->outcome ? now : NULL, journal_outcome_words[step->outcome], step->code,
            step->text.value, step->reply.value),
        error);
}

bool
journal_intend(Journal *journal, const JournalItem *item, const JournalStep *step,
    int64_t *ret_step, GError **error)
{
    if (!journal_begin(journal, true, error))
        return false;
    bool is_ok = update_item(journal, item, error) && insert_step(journal, item, step, error);
    int64_t number = sqlite3_last_insert_rowid(journal->database);
    if (!journal_end(journal, is_ok, error))
        return false;
    *ret_step = number;
    return true;
}

bool
journal_conclude(Journal *journal, const JournalStep *step, const JournalItem *item, GError **error)
{
    char now[UTC_TEXT_BYTES];
    if (!journal_begin(journal, false, error))
        return false;
    bool is_ok = run_statement(journal,
        journal_prepare(journal, error,
            "UPDATE step SET ended_at = ?, outcome = ?, code = ?, text = ?, reply = ?"
            " WHERE number = ?",
            "ttftti", utc_text(time(NULL), now), journal_outcome_words[step->outcome], step->code,
            step->text.value, step->reply.value, step->number),
        error);
    return journal_end(journal, is_ok && update_item(journal, item, error), error);
}

bool
journal_note_read(
    Journal *journal, const JournalItem *item, const JournalStep *step, GError **error)
{
    return journal_begin(journal, false, error) &&
           journal_end(journal, insert_step(journal, item, step, error), error);
}

static void
read_step_row(sqlite3_stmt *row, Arena *arena, void *record)
{
    JournalStep *step = record;
    step->number = sqlite3_column_int64(row, 0);
    Text *const texts[] = {&step->purpose, &step->subject, &step->command, &step->request,
        &step->job, &step->intended_at, &step->ended_at};
    for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++)
        *texts[i] = cell_text(row, i + 1, arena);
    step->outcome = (JournalOutcome)cell_word(row, 8, journal_outcome_words, OUTCOME_N);
    if (sqlite3_column_type(row, 9) != SQLITE_NULL)
        step->code = int_known(sqlite3_column_int64(row, 9));
    step->text = cell_text(row, 10, arena);
    step->reply = cell_text(row, 11, arena);
}

bool
journal_read_steps(Journal *journal, int64_t item, Arena *arena, JournalSteps *ret, GError **error)
{
    pthread_mutex_lock(&journal->lock);
    bool is_ok = read_rows(journal,
        journal_prepare(journal, error,
            "SELECT number, purpose, subject, command, request, job, intended_at, ended_at, "
            "outcome, code,"
            " text, reply FROM step WHERE item = ? ORDER BY number",
            "i", item),
        arena, sizeof(JournalStep), read_step_row, ret, error);
    pthread_mutex_unlock(&journal->lock);
    return is_ok;
}
