/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes carried out and taken back; the rules stand in change.h.
 */
#include <string.h>
#include <time.h>

#include "ingest_priv.h"
#include "cleanup.h"

enum { SETTLE_POLL_MS = 500 };

#define PLAIN_JSON (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

static void
tell(const ChangeWork *work, size_t at)
{
    const JournalItem *item = &work->items[at];
    if (work->run->tell)
        work->run->tell(
            work->run->tell_data, &work->changes->changes.items[at], item->state, item->note.value);
}

/* The item's new state, in memory and in the journal. */
static bool
settle_as(
    const ChangeWork *work, size_t at, JournalItemState state, const char *note, GError **error)
{
    JournalItem *item = &work->items[at];
    item->state = state;
    item->note = note ? text_known(note) : text_absent();
    if (!journal_set_item(work->run->journal, item, error))
        return false;
    tell(work, at);
    return true;
}

/* A look decides, so it stands in the journal. */
static bool
note_look(const ChangeWork *work, size_t at, const char *purpose, const Look *look, GError **error)
{
    const Change *change = &work->changes->changes.items[at];
    g_autoptr(JsonObject) requests = json_object_new_array();
    for (size_t i = 0; i < change->find.reads.n; i++) {
        ResolvedCall resolved;
        if (!change_resolve(work, &change->find.reads.items[i], &resolved))
            json_object_array_add(requests, json_tokener_parse(resolved.request));
    }
    const JournalStep step = {.purpose = text_known(purpose),
        .command = change->find.reads.items[0].command,
        .request = text_known(json_object_to_json_string_ext(requests, PLAIN_JSON)),
        .outcome = OUTCOME_OK,
        .text = text_known(look->text),
        .reply = look->item ? text_known(json_object_to_json_string_ext(look->item, PLAIN_JSON))
                            : text_absent()};
    return journal_note_read(work->run->journal, &work->items[at], &step, error);
}

static bool
look(const ChangeWork *work, size_t at, const char *purpose, Look *ret, GError **error)
{
    const Change *change = &work->changes->changes.items[at];
    return change_look(work, change, ret, error) && note_look(work, at, purpose, ret, error);
}

/* What is absent is looked for again once the server cannot be at it any more. */
static bool
look_patiently(const ChangeWork *work, size_t at, unsigned wait_ms, Look *ret, GError **error)
{
    if (!look(work, at, "look", ret, error))
        return false;
    if (ret->result != LOOK_ABSENT || !wait_ms)
        return true;
    look_clear(ret);
    return send_pause(work->run->is_cancelled, wait_ms, error) &&
           look(work, at, "look", ret, error);
}

/* --- applying --------------------------------------------------------------------------------- */

/* The id of what was made, from the reply or from the job's result. */
static const char *
id_of_result(const ChangeWork *work, size_t at, json_object *result)
{
    const ChangeFind *find = &work->changes->changes.items[at].find;
    json_object *object = NULL, *id = NULL;
    if (!result || !json_object_object_get_ex(result, find->item.value, &object) ||
        !json_object_object_get_ex(object, find->id.value ? find->id.value : "id", &id))
        return NULL;
    return arena_strdup(work->arena, json_object_get_string(id));
}

static void
settle_call(void *data, JournalItem *item, const JournalStep *step, json_object *result)
{
    const ChangeWork *work = data;
    const char *id = id_of_result(work, (size_t)(item - work->items), result);
    switch (step->outcome) {
    case OUTCOME_OK:
        item->state = ITEM_MADE;
        item->is_made = true;
        item->object = id ? text_known(id) : text_absent();
        break;
    case OUTCOME_REFUSED:
    case OUTCOME_FAILED:
        item->state = ITEM_FAILED;
        item->note = text_known(arena_printf(work->arena, "%s %s: %" G_GINT64_FORMAT " %s",
            step->command.value, step->outcome == OUTCOME_REFUSED ? "refused" : "failed",
            step->code.value, step->text.value));
        break;
    case OUTCOME_NONE:
    case OUTCOME_RUNNING:
    case OUTCOME_LOST:
    case OUTCOME_N:
        item->state = ITEM_SUBMITTED;
        item->note = step->text;
        break;
    }
}

/* It is there. @is_ours: this run made it. */
static bool
settle_there(const ChangeWork *work, size_t at, const Look *found, bool is_ours, GError **error)
{
    JournalItem *item = &work->items[at];
    item->is_made = is_ours;
    item->object = found->id ? text_known(found->id) : text_absent();
    item->record = text_known(
        arena_strdup(work->arena, json_object_to_json_string_ext(found->item, PLAIN_JSON)));
    return settle_as(work, at, is_ours ? ITEM_VERIFIED : ITEM_FOUND,
        is_ours ? NULL : "was there already", error);
}

/* Read back until it is as asked for, or the time that it may take is over. */
static bool
verify(const ChangeWork *work, size_t at, GError **error)
{
    const Change *change = &work->changes->changes.items[at];
    JournalItem *item = &work->items[at];
    g_autofree char *made = g_strdup(item->object.value);
    time_t end = time(NULL) + (time_t)change->find.settle_seconds.value;
    for (;;) {
        g_auto(Look) found = {0};
        if (!change_look(work, change, &found, error))
            return false;
        bool is_it = found.result == LOOK_THERE && (!made || !g_strcmp0(made, found.id));
        if (!is_it && time(NULL) < end) {
            if (!send_pause(work->run->is_cancelled, SETTLE_POLL_MS, error))
                return false;
            continue;
        }
        if (!note_look(work, at, "verify", &found, error))
            return false;
        if (is_it)
            return settle_there(work, at, &found, true, error);
        const char *note =
            found.result == LOOK_THERE
                ? arena_printf(work->arena, "made as %s, but read back as %s", made,
                      found.id ? found.id : "something without id")
            : found.result == LOOK_ABSENT
                ? "the server says that it is made, but lists it not"
                : arena_printf(work->arena, "made, but not as asked for: %s", found.text);
        return settle_as(work, at, ITEM_FAILED, note, error);
    }
}

/* After a call without a known outcome: is it there now? */
static bool
read_back(const ChangeWork *work, size_t at, GError **error)
{
    g_auto(Look) found = {0};
    if (!look(work, at, "verify", &found, error))
        return false;
    if (found.result == LOOK_THERE)
        return settle_there(work, at, &found, true, error);
    return settle_as(work, at, found.result == LOOK_CONFLICT ? ITEM_FAILED : ITEM_SUBMITTED,
        arena_printf(work->arena, "%s; read back: %s; apply again to go on",
            work->items[at].note.value ? work->items[at].note.value : "no answer", found.text),
        error);
}

static bool
make(const ChangeWork *work, size_t at, GError **error)
{
    JournalItem *item = &work->items[at];
    JournalStep step;
    item->state = ITEM_SUBMITTED;
    item->is_made = false;
    item->object = item->note = item->record = text_absent();
    if (!change_send(
            work, at, &work->changes->changes.items[at].call, "call", settle_call, &step, error))
        return false;
    if (step.outcome == OUTCOME_OK)
        return verify(work, at, error);
    if (step.outcome == OUTCOME_LOST)
        return read_back(work, at, error);
    tell(work, at);
    return true;
}

/* What is there was made by this run if it intended to: it had looked before, and found none. */
static bool
apply_one(const ChangeWork *work, size_t at, GError **error)
{
    const Change *change = &work->changes->changes.items[at];
    JournalItem *item = &work->items[at];
    const char *missing = change_find_missing(work, change);
    if (change->verdict == VERDICT_BLOCKED)
        return settle_as(work, at, ITEM_SKIPPED,
            change->findings.n && change->findings.items[0].text.value
                ? arena_printf(work->arena, "blocked: %s", change->findings.items[0].text.value)
                : "blocked",
            error);
    if (missing)
        return settle_as(work, at, ITEM_SKIPPED,
            arena_printf(work->arena, "needs '%s', which is not there", missing), error);
    unsigned wait_ms = 0;
    if (item->state == ITEM_SUBMITTED &&
        !change_settle_last(work, at, settle_call, &wait_ms, error))
        return false;
    bool is_ours = item->is_made || item->state == ITEM_SUBMITTED;
    g_auto(Look) found = {0};
    if (!look_patiently(work, at, wait_ms, &found, error))
        return false;
    if (found.result == LOOK_THERE)
        return settle_there(work, at, &found, is_ours, error);
    if (found.result == LOOK_CONFLICT)
        return settle_as(
            work, at, ITEM_FAILED, arena_printf(work->arena, "in conflict: %s", found.text), error);
    if (!found.is_before)
        return settle_as(work, at, ITEM_FAILED,
            "in conflict: it is no longer as it was when the changes were planned", error);
    return make(work, at, error);
}

/* --- undoing ---------------------------------------------------------------------------------- */

static void
settle_undo(void *data, JournalItem *item, const JournalStep *step, json_object *result)
{
    (void)result;
    const ChangeWork *work = data;
    item->note = step->outcome == OUTCOME_OK
                     ? text_absent()
                     : text_known(arena_printf(work->arena, "%s %s: %s", step->command.value,
                           journal_outcome_words[step->outcome], step->text.value));
}

static bool
settle_undone(const ChangeWork *work, size_t at, const char *note, GError **error)
{
    work->items[at].is_made = false;
    return settle_as(work, at, ITEM_UNDONE, note, error);
}

/* It stays; why. */
static bool
keep(const ChangeWork *work, size_t at, const char *note, GError **error)
{
    return settle_as(work, at, work->items[at].state, note, error);
}

/* The state of what was made: by its id, or as a whole if it has none. */
static bool
look_at_made(const ChangeWork *work, size_t at, const char *purpose, Look *ret, GError **error)
{
    const Change *change = &work->changes->changes.items[at];
    const char *id = work->items[at].object.value;
    return (id ? change_look_at(work, change, id, ret, error)
               : change_look(work, change, ret, error)) &&
           note_look(work, at, purpose, ret, error);
}

/* A change of what was there before has to be put back, not only to be gone. */
static bool
check_undone(const ChangeWork *work, size_t at, const JournalStep *step, GError **error)
{
    const Change *change = &work->changes->changes.items[at];
    g_auto(Look) left = {0}, all = {0};
    if (!look_at_made(work, at, "verify", &left, error) ||
        (change->find.before.n && !change_look(work, change, &all, error)))
        return false;
    bool is_back = !change->find.before.n || all.is_before;
    bool is_gone = change->find.before.n ? left.result != LOOK_THERE : left.result == LOOK_ABSENT;
    if (is_gone && is_back)
        return settle_undone(work, at, NULL, error);
    const char *note = work->items[at].note.value;
    return keep(work, at,
        step->outcome != OUTCOME_OK ? note
        : is_gone                   ? "taken back, but it is not as it was before"
                                    : "the server says that it is gone, but lists it still",
        error);
}

/* The change that refers to @at and is still there, or NULL. */
static const char *
find_dependent(const ChangeWork *work, size_t at)
{
    const Changes *changes = work->changes;
    for (size_t i = at + 1; i < changes->changes.n; i++)
        for (size_t j = 0; work->items[i].is_made && j < changes->changes.items[i].call.refs.n; j++)
            if (!g_strcmp0(changes->changes.items[i].call.refs.items[j].change.value,
                    changes->changes.items[at].id.value))
                return changes->changes.items[i].id.value;
    return NULL;
}

static bool
take_back(const ChangeWork *work, size_t at, GError **error)
{
    const Change *change = &work->changes->changes.items[at];
    const char *use = NULL;
    JournalStep step;
    if (!change->undo.command.value)
        return keep(work, at, "there is no call that takes it back", error);
    if (!change_find_use(work, change, &use, error))
        return false;
    if (use)
        return keep(work, at, arena_printf(work->arena, "in use: %s", use), error);
    return change_send(work, at, &change->undo, "undo", settle_undo, &step, error) &&
           check_undone(work, at, &step, error);
}

static bool
undo_one(const ChangeWork *work, size_t at, GError **error)
{
    JournalItem *item = &work->items[at];
    bool was_verified = item->record.value != NULL;
    if (item->state != ITEM_SUBMITTED && !item->is_made)
        return true;
    unsigned wait_ms = 0;
    if (!change_settle_last(work, at, item->is_made ? settle_undo : settle_call, &wait_ms, error))
        return false;
    const char *dependent = find_dependent(work, at);
    if (dependent)
        return keep(work, at,
            arena_printf(work->arena, "'%s', which refers to it, is still there", dependent),
            error);
    g_auto(Look) found = {0};
    if (!(item->is_made ? look_at_made(work, at, "look", &found, error)
                        : look_patiently(work, at, wait_ms, &found, error)))
        return false;
    if (found.result == LOOK_ABSENT)
        return settle_undone(work, at, "was gone already", error);
    if (found.result == LOOK_CONFLICT && (was_verified || !item->object.value))
        return keep(work, at,
            arena_printf(work->arena, "changed since it was made: %s", found.text), error);
    item->is_made = true;
    if (!item->object.value && found.id)
        item->object = text_known(found.id);
    return take_back(work, at, error);
}

/* --- a run ------------------------------------------------------------------------------------ */

/* A document that was made from another cloud must change nothing in this one. */
static bool
check_zone(const Changes *changes, CloudStack *cs, GError **error)
{
    const char *zone = changes->info.zoneid.value;
    const CloudStackParam params[] = {{"id", zone}};
    g_autoptr(JsonObject) reply = NULL;
    g_autoptr(GError) why = NULL;
    json_object *list = NULL;
    if (!zone)
        return true;
    bool is_ok = cs->call(cs, "listZones", params, 1, 0, NULL, &reply, &why);
    if (!is_ok && !g_error_matches(why, INGEST_ERROR, INGEST_ERROR_REFUSED)) {
        g_propagate_prefixed_error(error, g_steal_pointer(&why), "listZones: ");
        return false;
    }
    if (is_ok && json_object_object_get_ex(reply, "zone", &list) &&
        json_object_array_length(list) == 1)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFLICT,
        "%s has no zone %s ('%s'): these changes are of another cloud; plan them anew", cs->url,
        zone, changes->info.zone.value ? changes->info.zone.value : "");
    return false;
}

/* The journal's items, held against the document. */
static bool
read_items(ChangeWork *work, GError **error)
{
    JournalItems items;
    const Changes *changes = work->changes;
    if (!journal_read_items(work->run->journal, work->run->run, work->arena, &items, error))
        return false;
    bool is_same = items.n == changes->changes.n;
    for (size_t i = 0; is_same && i < items.n; i++)
        is_same = !g_strcmp0(items.items[i].key.value, changes->changes.items[i].id.value);
    if (!is_same)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID,
            "run %d of the journal is of another document", (int)work->run->run);
    work->items = items.items;
    return is_same;
}

static void
count(const ChangeWork *work, ChangesTally *ret)
{
    *ret = (ChangesTally){0};
    for (size_t i = 0; i < work->changes->changes.n; i++) {
        ret->n[work->items[i].state]++;
        ret->n_kept += work->items[i].is_made;
    }
}

static bool
apply_all(const ChangeWork *work, GError **error)
{
    const Changes *changes = work->changes;
    for (size_t i = 0; i < changes->changes.n; i++)
        if (!send_pause(work->run->is_cancelled, 0, error) || !apply_one(work, i, error)) {
            g_prefix_error(error, "change '%s': ", changes->changes.items[i].id.value);
            return false;
        }
    return true;
}

static bool
undo_all(const ChangeWork *work, GError **error)
{
    const Changes *changes = work->changes;
    for (size_t i = changes->changes.n; i-- > 0;)
        if (!send_pause(work->run->is_cancelled, 0, error) || !undo_one(work, i, error)) {
            g_prefix_error(error, "change '%s': ", changes->changes.items[i].id.value);
            return false;
        }
    return true;
}

static bool
carry_out(const Changes *changes, const ChangesRun *run, JournalRunState meanwhile,
    bool (*all)(const ChangeWork *work, GError **error), ChangesTally *ret, GError **error)
{
    Arena arena;
    arena_init(&arena);
    g_autoptr(Jobs) jobs = jobs_new(run->cs, run->is_cancelled, 0);
    ChangeWork work = {.changes = changes, .run = run, .jobs = jobs, .arena = &arena};
    bool is_ok = journal_lock_run(run->journal, run->run, error) && read_items(&work, error) &&
                 check_zone(changes, run->cs, error) &&
                 journal_set_run_state(run->journal, run->run, meanwhile, error) &&
                 all(&work, error);
    if (is_ok)
        count(&work, ret);
    arena_release(&arena);
    return is_ok;
}

bool
changes_apply(const Changes *changes, const ChangesRun *run, ChangesTally *ret, GError **error)
{
    ChangesTally tally;
    if (!carry_out(changes, run, RUN_RUNNING, apply_all, &tally, error))
        return false;
    size_t n_there = tally.n[ITEM_FOUND] + tally.n[ITEM_VERIFIED];
    *ret = tally;
    return journal_set_run_state(
        run->journal, run->run, n_there == changes->changes.n ? RUN_DONE : RUN_PARTLY, error);
}

bool
changes_undo(const Changes *changes, const ChangesRun *run, ChangesTally *ret, GError **error)
{
    ChangesTally tally;
    if (!carry_out(changes, run, RUN_UNDOING, undo_all, &tally, error))
        return false;
    *ret = tally;
    return journal_set_run_state(
        run->journal, run->run, tally.n_kept ? RUN_PARTLY : RUN_UNDONE, error);
}
