/* SPDX-License-Identifier: Apache-2.0
 *
 * One VM brought as far as it gets: looked at once more, submitted, waited for, and handed on to
 * the moves and to the reading back. Each state is in the journal before the next step begins, so
 * that whoever comes after a crash enters here again and goes on.
 */
#include <string.h>

#include "import_priv.h"
#include "cleanup.h"

enum {
    ATTEMPTS_MAX = 64, /* jobs of one VM that CloudStack may still know */
    RESENDS_MAX = 40,  /* of one attempt that was put off or got lost */
    PUT_OFF_FIRST_MS = 100,
    PUT_OFF_MAX_MS = 30000,
    REFUSED_LOGINS_MAX = 3, /* in a row; one alone may be a server that is just starting */
};

/* --- the job's id ----------------------------------------------------------------------------- */

/* The namespace of our job ids: never to be changed, or two releases would not see each other. */
static const uint8_t job_namespace[16] = {
    0x6f, 0x0b, 0x9c, 0x1e, 0x52, 0x77, 0x4b, 0x0e, 0x9a, 0x3d, 0x1f, 0x64, 0xd8, 0xc2, 0x5a, 0x91};

const char *
import_job_id(
    Arena *arena, const char *zoneid, const char *clusterid, const char *name, unsigned attempt)
{
    g_autofree char *text = g_strdup_printf("%s/%s/%s/%u", zoneid, clusterid, name, attempt);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
    uint8_t digest[20];
    gsize length = sizeof digest;
    g_checksum_update(sum, job_namespace, sizeof job_namespace);
    g_checksum_update(sum, (const guchar *)text, -1);
    g_checksum_get_digest(sum, digest, &length);
    digest[6] = (uint8_t)((digest[6] & 0x0f) | 0x50);
    digest[8] = (uint8_t)((digest[8] & 0x3f) | 0x80);
    return send_format_uuid(arena, digest);
}

static const char *
job_of(ImportWork *work, unsigned attempt)
{
    const Choice *choice = &work->task.item.choice;
    return import_job_id(
        &work->arena, work->run->zoneid, choice->clusterid.value, choice->name.value, attempt);
}

/* --- settling --------------------------------------------------------------------------------- */

static bool
fail(ImportWork *work, const char *step, const char *note, GError **error)
{
    return import_settle(work, ITEM_FAILED, step, note, error);
}

static const char *
id_of_result(ImportWork *work, json_object *result)
{
    json_object *vm = NULL, *id = NULL;
    if (!result || !json_object_object_get_ex(result, "virtualmachine", &vm) ||
        !json_object_object_get_ex(vm, "id", &id))
        return NULL;
    return arena_strdup(&work->arena, json_object_get_string(id));
}

static const char *
refusal_note(ImportWork *work, const JournalStep *step)
{
    bool has_rows =
        step->text.value && strstr(step->text.value, "Failed to import NICs while importing");
    return arena_printf(&work->arena, "%s %s: %" G_GINT64_FORMAT " %s%s", step->command.value,
        step->outcome == OUTCOME_REFUSED ? "refused" : "failed", step->code.value, step->text.value,
        has_rows ? "; rows of its other NICs may be left, which break the next try: see "
                   "vm-ingest residue"
                 : "");
}

static void
settle_import(void *data, JournalItem *item, const JournalStep *step, json_object *result)
{
    ImportWork *work = data;
    item->step = text_known("import");
    item->note = step->text;
    switch (step->outcome) {
    case OUTCOME_OK:
        item->state = ITEM_IMPORTED;
        item->is_made = true;
        item->object = text_known(id_of_result(work, result));
        item->note = text_absent();
        break;
    case OUTCOME_RUNNING:
        item->state = ITEM_RUNNING;
        item->note = text_absent();
        break;
    case OUTCOME_REFUSED:
        if (send_is_put_off(step) || send_is_login_refused(step))
            item->state = ITEM_CHECKED;
        else if (send_is_duplicate(step))
            item->state = ITEM_SUBMITTED;
        else
            item->state = ITEM_FAILED;
        if (item->state == ITEM_FAILED)
            item->note = text_known(refusal_note(work, step));
        break;
    case OUTCOME_FAILED:
        item->state = ITEM_FAILED;
        item->note = text_known(refusal_note(work, step));
        break;
    case OUTCOME_NONE:
    case OUTCOME_LOST:
    case OUTCOME_N:
        item->state = ITEM_SUBMITTED;
        break;
    }
}

/* --- looking once more ------------------------------------------------------------------------ */

/* Other runs, in this journal, are kept from the VM until it has ended here. */
static bool
claim(ImportWork *work, bool *ret_is_ours, GError **error)
{
    const PlanItem *item = &work->task.item;
    GError *why = NULL;
    const char *keys[] = {arena_printf(&work->arena, "vm:%s/%s/%s", work->run->zoneid,
                              item->choice.clusterid.value, item->choice.name.value),
        item->instance.instance_uuid.value
            ? arena_printf(
                  &work->arena, "uuid:%s/%s", work->run->zoneid, item->instance.instance_uuid.value)
            : NULL};
    *ret_is_ours =
        journal_claim(work->run->journal, work->item->number, keys, keys[1] ? 2 : 1, &why);
    if (*ret_is_ours)
        return true;
    if (!g_error_matches(why, INGEST_ERROR, INGEST_ERROR_CONFLICT)) {
        g_propagate_error(error, why);
        return false;
    }
    bool is_ok = import_settle(work, ITEM_SKIPPED, "check", why->message, error);
    g_error_free(why);
    return is_ok;
}

static const char *
look_text(const SourceAnswer *answer)
{
    static const char *const plain[SOURCE_LOOK_N] = {
        [SOURCE_LOOK_UNKNOWN] = "it could not be read again at its source",
        [SOURCE_LOOK_CHANGED] = "it is not as it was when the run began",
        [SOURCE_LOOK_GONE] = "it is no longer at its source",
        [SOURCE_LOOK_BUSY] = "something runs on it at its source",
    };
    return plain[answer->look];
}

/* @ret_is_fit: it is as it was, and nothing runs on it; else it has failed. */
static bool
look_at_source(ImportWork *work, bool *ret_is_fit, bool *ret_is_off, GError **error)
{
    const ImportSource *source = work->run->source;
    SourceAnswer answer = {.look = SOURCE_LOOK_SAME};
    *ret_is_fit = true;
    *ret_is_off = false;
    if (!source)
        return true;
    if (!source->look(source->data, &work->task, &work->arena, &answer, error))
        return false;
    *ret_is_off = answer.is_off;
    *ret_is_fit = answer.look == SOURCE_LOOK_SAME;
    const char *text = *ret_is_fit ? "as it was" : look_text(&answer);
    if (answer.text)
        text = arena_printf(&work->arena, "%s: %s", text, answer.text);
    if (!import_note_read(work, "look", "source", NULL, text, error))
        return false;
    return *ret_is_fit ||
           fail(work, "check",
               arena_printf(&work->arena, "%s; nothing was sent; plan it again, or retry it", text),
               error);
}

/* @ret_is_free: CloudStack has no record of it; else it was found, or is the business of a
 * person. @is_ours: what is there, this run has made. */
static bool
look_in_cloudstack(ImportWork *work, bool is_ours, bool *ret_is_free, GError **error)
{
    ReadVms managed;
    Arena *texts = &work->arena;
    *ret_is_free = false;
    if (!import_find_managed(work, &managed, error))
        return false;
    *ret_is_free = managed.n == 0;
    const char *text =
        managed.n == 0 ? "not managed"
        : managed.n == 1
            ? arena_printf(texts, "managed as %s (%s), made %s, state %s",
                  managed.items[0].id.value, managed.items[0].displayname.value,
                  managed.items[0].created.value, managed.items[0].state.value)
            : arena_printf(texts, "%zu records have this instance name, the first is %s", managed.n,
                  managed.items[0].id.value);
    if (!import_note_read(work, "look", "listVirtualMachines", NULL, text, error))
        return false;
    if (managed.n == 0)
        return true;
    if (managed.n > 1)
        return fail(work, "import", arena_printf(texts, "%s: see vm-ingest residue", text), error);
    work->item->object = text_known(arena_strdup(texts, managed.items[0].id.value));
    if (is_ours) {
        work->item->is_made = true;
        return import_settle(work, ITEM_IMPORTED, "import", NULL, error);
    }
    return import_settle(work, ITEM_FOUND, "check", text, error);
}

/* --- powering off ----------------------------------------------------------------------------- */

static bool
conclude_power_off(ImportWork *work, JournalStep *step, const GError *why, GError **error)
{
    step->outcome = why ? OUTCOME_FAILED : OUTCOME_OK;
    step->text = text_known(why ? arena_strdup(&work->arena, why->message) : "it is off");
    return journal_conclude(work->run->journal, step, work->item, error);
}

/* By the guest itself, and only where the plan says so and a person confirmed it. */
static bool
power_off(ImportWork *work, bool *ret_is_off, GError **error)
{
    const ImportSource *source = work->run->source;
    const PowerChoice *power = &work->task.item.choice.power;
    g_autoptr(GError) why = NULL;
    *ret_is_off = false;
    if (!work->run->may_power_off || !source)
        return import_settle(work, ITEM_SKIPPED, "check",
            "the plan powers it off first, and that was not confirmed: give --power-off", error);
    JournalStep step = {
        .purpose = text_known("power-off"), .command = text_known("shut down the guest")};
    if (!journal_intend(work->run->journal, work->item, &step, &step.number, error))
        return false;
    *ret_is_off = source->shut_down(source->data, &work->task,
        (unsigned)(power->deadline.state == FACT_KNOWN ? power->deadline.value : 600), &why);
    if (!conclude_power_off(work, &step, why, error))
        return false;
    if (*ret_is_off)
        return true;
    if (g_error_matches(why, INGEST_ERROR, INGEST_ERROR_CANCELLED)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return false;
    }
    return fail(work, "check", arena_printf(&work->arena, "power off: %s", why->message), error);
}

/* @ret_is_fit: it may be submitted now. */
static bool
check(ImportWork *work, bool *ret_is_fit, GError **error)
{
    bool is_off = false;
    if (!claim(work, ret_is_fit, error))
        return false;
    if (*ret_is_fit && !look_at_source(work, ret_is_fit, &is_off, error))
        return false;
    if (*ret_is_fit && !look_in_cloudstack(work, false, ret_is_fit, error))
        return false;
    bool is_to_go_off = is_true(work->task.item.choice.power.off) && !is_off;
    if (*ret_is_fit && is_to_go_off && !power_off(work, ret_is_fit, error))
        return false;
    return !*ret_is_fit || import_settle(work, ITEM_CHECKED, "check", NULL, error);
}

/* --- submitting ------------------------------------------------------------------------------- */

/* The attempts at one VM. */
typedef struct Trial {
    unsigned attempt; /* from 1; makes the job's id */
    bool is_sent;     /* this attempt, once already: a job of its id is ours */
    unsigned n_resends, n_logins, delay_ms;
} Trial;

static bool
submit(ImportWork *work, const Trial *trial, JournalStep *ret_step, GError **error)
{
    const Call *call = &work->task.item.loaded_calls.items[0];
    g_autofree CloudStackParam *params = g_new0(CloudStackParam, call->params.n);
    for (size_t i = 0; i < call->params.n; i++)
        params[i] =
            (CloudStackParam){call->params.items[i].name.value, call->params.items[i].value.value};
    const Sending sending = {.purpose = "import",
        .command = call->command.value,
        .params = params,
        .n = call->params.n,
        .job = job_of(work, trial->attempt),
        .settle = settle_import,
        .data = work};
    work->item->state = ITEM_SUBMITTED;
    work->item->step = text_known("import");
    return send_call(&work->sender, &sending, work->item, ret_step, error);
}

/* The job is known to the server already: whatever it was, wait for its end, then look. */
static bool
await_known_job(ImportWork *work, const JournalStep *step, GError **error)
{
    g_autoptr(JsonObject) job = NULL;
    const char *id = step->job.value;
    return jobs_wait(work->sender.jobs, id, &job, error) &&
           import_note_read(work, "look", "queryAsyncJobResult", id,
               job ? json_object_to_json_string_ext(job, JSON_C_TO_STRING_PLAIN)
                   : "the server knows the job no more",
               error);
}

/* What became of a submission whose answer was lost: by the job's id first, and by the VM then.
 * @ret_is_free: nothing of it is there; if it is on its way yet, sending it again under the same
 * id is refused. */
static bool
find_lost(ImportWork *work, JournalStep *step, bool *ret_is_free, GError **error)
{
    const Sending sending = {.settle = settle_import, .data = work};
    unsigned unused;
    *ret_is_free = false;
    return send_settle(&work->sender, &sending, work->item, step, &unused, error) &&
           (step->outcome != OUTCOME_LOST || look_in_cloudstack(work, true, ret_is_free, error));
}

/* What the server cannot find, somebody else may have imported; any other failure leaves no record
 * behind, and if it does, a person has to look. */
static bool
look_after_failure(ImportWork *work, const JournalStep *step, GError **error)
{
    ReadVms managed;
    bool unused, is_not_found = step->text.value &&
                                g_str_has_prefix(step->text.value, "Failed to find unmanaged vm");
    if (!import_find_managed(work, &managed, error))
        return false;
    if (managed.n && is_not_found)
        return look_in_cloudstack(work, false, &unused, error);
    const char *note = refusal_note(work, step);
    if (managed.n)
        note =
            arena_printf(&work->arena, "%s; and yet there is a record, %s: see vm-ingest residue",
                note, managed.items[0].id.value);
    return fail(work, "import", note, error);
}

/* Before the same is sent again. Errors: when it has been sent often enough */
static bool
be_patient(ImportWork *work, Trial *trial, const JournalStep *step, GError **error)
{
    trial->n_logins = send_is_login_refused(step) ? trial->n_logins + 1 : 0;
    trial->delay_ms = CLAMP(2 * trial->delay_ms, PUT_OFF_FIRST_MS, PUT_OFF_MAX_MS);
    if (trial->n_logins >= REFUSED_LOGINS_MAX || ++trial->n_resends >= RESENDS_MAX) {
        g_set_error(error, INGEST_ERROR,
            trial->n_logins ? INGEST_ERROR_AUTH : INGEST_ERROR_UNREACHABLE, "%s: %s",
            step->command.value, step->text.value);
        return false;
    }
    return send_pause(work->run->is_abandoned, trial->delay_ms, error);
}

/* A job of this id is there: its end is waited for, and what it did is looked at. */
static bool
handle_known_job(
    ImportWork *work, const JournalStep *step, Trial *trial, bool *ret_is_over, GError **error)
{
    bool is_free = false;
    if (!await_known_job(work, step, error) ||
        !look_in_cloudstack(work, trial->is_sent, &is_free, error))
        return false;
    *ret_is_over = !is_free;
    if (is_free)
        *trial = (Trial){.attempt = trial->attempt + 1};
    return true;
}

/* Handles one outcome. @ret_is_over: the VM is imported, or has ended otherwise. */
static bool
handle(ImportWork *work, JournalStep *step, Trial *trial, bool *ret_is_over, GError **error)
{
    bool is_free = false;
    *ret_is_over = true;
    if (send_is_duplicate(step))
        return handle_known_job(work, step, trial, ret_is_over, error);
    if (step->outcome == OUTCOME_LOST && !find_lost(work, step, &is_free, error))
        return false;
    if (step->outcome == OUTCOME_FAILED)
        return look_after_failure(work, step, error);
    if (step->outcome == OUTCOME_OK && !work->item->object.value)
        return look_in_cloudstack(work, true, &is_free, error);
    trial->is_sent = trial->is_sent || step->outcome == OUTCOME_LOST;
    *ret_is_over = !is_free && !send_is_put_off(step) && !send_is_login_refused(step);
    return *ret_is_over || be_patient(work, trial, step, error);
}

/* The last step that submitted it, or NULL; @ret_attempt: its attempt, or the first. */
static const JournalStep *
last_submission(ImportWork *work, unsigned *ret_attempt)
{
    const JournalStep *last = NULL;
    *ret_attempt = 1;
    for (size_t i = 0; i < work->steps.n; i++)
        if (!g_strcmp0(work->steps.items[i].purpose.value, "import"))
            last = &work->steps.items[i];
    for (unsigned attempt = 1; last && attempt <= ATTEMPTS_MAX; attempt++)
        if (!g_strcmp0(last->job.value, job_of(work, attempt)))
            *ret_attempt = attempt;
    return last;
}

/* Where an earlier process left off. */
static bool
take_up(ImportWork *work, Trial *trial, JournalStep *step, bool *ret_is_over, GError **error)
{
    const JournalStep *last = last_submission(work, &trial->attempt);
    *ret_is_over = false;
    if (!last)
        return true;
    *step = *last;
    if (work->item->state == ITEM_SUBMITTED || work->item->state == ITEM_RUNNING) {
        if (send_is_open(step))
            step->outcome = OUTCOME_LOST;
        trial->is_sent = true;
        return handle(work, step, trial, ret_is_over, error);
    }
    if (last->outcome == OUTCOME_OK || last->outcome == OUTCOME_FAILED)
        trial->attempt++;
    return true;
}

/* Until it is imported, or has ended otherwise. */
static bool
import(ImportWork *work, GError **error)
{
    Trial trial = {.attempt = 1};
    JournalStep step = {0};
    bool is_over = false;
    if (!take_up(work, &trial, &step, &is_over, error))
        return false;
    while (!is_over && trial.attempt <= ATTEMPTS_MAX)
        if (!submit(work, &trial, &step, error) || !handle(work, &step, &trial, &is_over, error))
            return false;
    return is_over ||
           fail(work, "import", "CloudStack knows too many jobs for this VM already", error);
}

/* --- all of it -------------------------------------------------------------------------------- */

static bool
complete(ImportWork *work, GError **error)
{
    bool is_done = true;
    if (!import_move_volumes(work, &is_done, error))
        return false;
    if (is_done && !import_add_ips(work, &is_done, error))
        return false;
    return !is_done || import_verify_one(work, error);
}

bool
import_one(ImportWork *work, GError **error)
{
    JournalItem *item = work->item;
    bool is_fit = true;
    if ((item->state == ITEM_PLANNED || item->state == ITEM_CHECKED) &&
        !check(work, &is_fit, error))
        return false;
    bool is_to_import =
        item->state == ITEM_CHECKED || item->state == ITEM_SUBMITTED || item->state == ITEM_RUNNING;
    if (is_fit && is_to_import && !import(work, error))
        return false;
    return (item->state != ITEM_IMPORTED && item->state != ITEM_MIGRATING) || complete(work, error);
}
