/* SPDX-License-Identifier: Apache-2.0
 *
 * One writing call: intent, call, its job's end, outcome; and what became of one that was cut
 * short.
 */
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "ingest_priv.h"
#include "cleanup.h"

enum {
    /* A request that the server is still at when its client is gone is seen by no list yet. */
    RESEND_AFTER_S = 5,
    POLL_FIRST_MS = 100,
    POLL_MAX_MS = 3000,
    PAUSE_SLICE_MS = 50,
    SECRET_BYTES = 24,
    JOB_IN_PROGRESS = 0,
    JOB_SUCCEEDED = 1,
};

bool
change_pause(const ChangeWork *work, unsigned ms, GError **error)
{
    const atomic_bool *is_cancelled = work->run->is_cancelled;
    for (unsigned slept = 0;; slept += PAUSE_SLICE_MS) {
        if (is_cancelled && atomic_load(is_cancelled)) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "interrupted");
            return false;
        }
        if (slept >= ms)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = MIN(PAUSE_SLICE_MS, ms - slept) * 1000000L}, NULL);
    }
}

/* --- the request ------------------------------------------------------------------------------ */

/* UUID version 4: by it the job is found again when its reply is lost. */
static const char *
make_job_id(const ChangeWork *work)
{
    uint8_t b[16];
    g_assert(getrandom(b, sizeof b, 0) == sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    return arena_printf(work->arena,
        "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
        b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

/* (owned) To be wiped. */
static char *
make_secret(void)
{
    uint8_t bytes[SECRET_BYTES];
    g_assert(getrandom(bytes, sizeof bytes, 0) == sizeof bytes);
    char *text = g_base64_encode(bytes, sizeof bytes);
    explicit_bzero(bytes, sizeof bytes);
    return text;
}

/* The parameters as they are sent: those of the journal, the job's id, and secrets. */
static bool
post(const ChangeWork *work, const ChangeCall *call, const ResolvedCall *resolved, const char *job,
    CloudStackFault *fault, json_object **ret_reply, GError **error)
{
    size_t n = resolved->n + 1 + call->secrets.n;
    g_autofree CloudStackParam *params = g_new0(CloudStackParam, n);
    g_autofree char *secret = call->secrets.n ? make_secret() : NULL;
    if (resolved->n)
        memcpy(params, resolved->params, resolved->n * sizeof *params);
    params[resolved->n] = (CloudStackParam){"customjobid", job};
    for (size_t i = 0; i < call->secrets.n; i++)
        params[resolved->n + 1 + i] = (CloudStackParam){call->secrets.items[i], secret};
    CloudStack *cs = work->run->cs;
    bool is_ok = cs->call(cs, call->command.value, params, n, 0, fault, ret_reply, error);
    if (secret)
        explicit_bzero(secret, strlen(secret));
    return is_ok;
}

/* --- outcomes --------------------------------------------------------------------------------- */

static const char *
scrubbed_text(const ChangeWork *work, json_object *reply)
{
    catalog_scrub(reply);
    return arena_strdup(work->arena, json_object_to_json_string_ext(reply,
                                         JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* Did the server say no, so that nothing was done? Anything else may have acted. */
static bool
is_refusal(const GError *why, const CloudStackFault *fault)
{
    return fault->code && (g_error_matches(why, INGEST_ERROR, INGEST_ERROR_REFUSED) ||
                              g_error_matches(why, INGEST_ERROR, INGEST_ERROR_AUTH));
}

static void
note_failure(
    const ChangeWork *work, JournalStep *step, const GError *why, const CloudStackFault *fault)
{
    step->outcome = is_refusal(why, fault) ? OUTCOME_REFUSED : OUTCOME_LOST;
    if (fault->code)
        step->code = int_known(fault->code);
    step->text = text_known(arena_strdup(work->arena, fault->text ? fault->text : why->message));
}

/* A finished job's result; a job that was lost with its server has none. */
static void
note_job_end(const ChangeWork *work, JournalStep *step, json_object *job, json_object **ret_result)
{
    json_object *status = NULL, *result = NULL, *member = NULL;
    json_object_object_get_ex(job, "jobstatus", &status);
    bool has_result = json_object_object_get_ex(job, "jobresult", &result) && result;
    if (json_object_get_int(status) == JOB_SUCCEEDED) {
        step->outcome = OUTCOME_OK;
        *ret_result = has_result ? json_object_get(result) : NULL;
        step->reply = text_known(scrubbed_text(work, job));
        return;
    }
    step->outcome = has_result ? OUTCOME_FAILED : OUTCOME_LOST;
    step->text = text_known("the job ended without a result: the server was restarted under it");
    if (json_object_object_get_ex(job, "jobresultcode", &member))
        step->code = int_known(json_object_get_int64(member));
    if (has_result && json_object_object_get_ex(result, "errortext", &member))
        step->text = text_known(arena_strdup(work->arena, json_object_get_string(member)));
    else if (has_result)
        step->text = text_known("the job failed without a text");
    step->reply = text_known(scrubbed_text(work, job));
}

/* Waits for the job's end. @ret_is_known: false: the server knows no such job. */
static bool
wait_job(const ChangeWork *work, const char *id, JournalStep *step, json_object **ret_result,
    bool *ret_is_known, GError **error)
{
    CloudStack *cs = work->run->cs;
    const CloudStackParam params[] = {{"jobid", id}};
    for (unsigned delay_ms = POLL_FIRST_MS;; delay_ms = MIN(2 * delay_ms, (unsigned)POLL_MAX_MS)) {
        g_autoptr(JsonObject) job = NULL;
        json_object *status = NULL;
        GError *why = NULL;
        CloudStackFault fault = {0};
        bool is_ok = cs->call(cs, "queryAsyncJobResult", params, 1, 0, &fault, &job, &why);
        *ret_is_known = is_ok || fault.code != API_PARAM_ERROR;
        cloudstack_fault_clear(&fault);
        if (!*ret_is_known)
            g_clear_error(&why);
        if (!*ret_is_known)
            return true;
        if (!is_ok) {
            g_propagate_prefixed_error(error, why, "job %s: ", id);
            return false;
        }
        json_object_object_get_ex(job, "jobstatus", &status);
        if (status && json_object_get_int(status) != JOB_IN_PROGRESS) {
            note_job_end(work, step, job, ret_result);
            return true;
        }
        if (!change_pause(work, delay_ms, error))
            return false;
    }
}

/* A reply with a job's id is not yet the end. */
static bool
await_reply(const ChangeWork *work, JournalStep *step, json_object *reply, json_object **ret_result,
    GError **error)
{
    json_object *job = NULL;
    step->outcome = OUTCOME_OK;
    step->reply = text_known(scrubbed_text(work, reply));
    if (!json_object_object_get_ex(reply, "jobid", &job)) {
        *ret_result = json_object_get(reply);
        return true;
    }
    bool is_known = true;
    step->outcome = OUTCOME_RUNNING;
    step->job = text_known(arena_strdup(work->arena, json_object_get_string(job)));
    if (!wait_job(work, step->job.value, step, ret_result, &is_known, error))
        return false;
    if (!is_known) {
        step->outcome = OUTCOME_LOST;
        step->text = text_known("the server knows the job no more");
    }
    return true;
}

static bool
conclude(const ChangeWork *work, size_t at, const JournalStep *step, ChangeSettle settle,
    json_object *result, GError **error)
{
    settle(work, at, step, result);
    return journal_conclude(work->run->journal, step, &work->items[at], error);
}

/* --- sending ---------------------------------------------------------------------------------- */

static bool
begin_step(const ChangeWork *work, size_t at, const ChangeCall *call, const char *purpose,
    ResolvedCall *ret_resolved, JournalStep *ret_step, GError **error)
{
    const char *missing = change_resolve(work, call, ret_resolved);
    if (missing) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND, "%s: the id of '%s' is not known",
            call->command.value, missing);
        return false;
    }
    *ret_step = (JournalStep){.purpose = text_known(purpose),
        .command = call->command,
        .request = text_known(ret_resolved->request),
        .job = text_known(make_job_id(work))};
    return journal_intend(work->run->journal, &work->items[at], ret_step, &ret_step->number, error);
}

bool
change_send(const ChangeWork *work, size_t at, const ChangeCall *call, const char *purpose,
    ChangeSettle settle, JournalStep *ret_step, GError **error)
{
    ResolvedCall resolved;
    if (!begin_step(work, at, call, purpose, &resolved, ret_step, error))
        return false;
    g_autoptr(JsonObject) reply = NULL, result = NULL;
    g_autoptr(GError) why = NULL;
    CloudStackFault fault = {0};
    bool is_ok = post(work, call, &resolved, ret_step->job.value, &fault, &reply, &why) &&
                 await_reply(work, ret_step, reply, &result, &why);
    /* Accepted, and the wait was broken off: the job is asked for by the next process. */
    if (!is_ok && ret_step->outcome != OUTCOME_RUNNING)
        note_failure(work, ret_step, why, &fault);
    cloudstack_fault_clear(&fault);
    if (!conclude(work, at, ret_step, settle, result, error))
        return false;
    if (is_ok || g_error_matches(why, INGEST_ERROR, INGEST_ERROR_REFUSED) ||
        (ret_step->outcome == OUTCOME_LOST &&
            !g_error_matches(why, INGEST_ERROR, INGEST_ERROR_CANCELLED)))
        return true;
    g_propagate_prefixed_error(error, g_steal_pointer(&why), "%s: ", call->command.value);
    return false;
}

/* --- what became of the last one -------------------------------------------------------------- */

static bool
is_writing(const JournalStep *step)
{
    return !g_strcmp0(step->purpose.value, "call") || !g_strcmp0(step->purpose.value, "undo");
}

static bool
is_open(const JournalStep *step)
{
    return step->outcome == OUTCOME_NONE || step->outcome == OUTCOME_RUNNING ||
           step->outcome == OUTCOME_LOST;
}

/* Until then it may be in the making: by the clock that wrote the step, or from now on if that
 * went backwards. */
static unsigned
wait_ms_of(const JournalStep *step)
{
    struct tm utc = {0};
    if (!step->intended_at.value || !strptime(step->intended_at.value, "%Y-%m-%dT%H:%M:%SZ", &utc))
        return 0;
    int64_t age = (int64_t)time(NULL) - (int64_t)timegm(&utc);
    return age > RESEND_AFTER_S ? 0 : 1000 * (unsigned)(RESEND_AFTER_S + 1 - MAX(age, 0));
}

/* The last writing step of the item, or NULL. */
static JournalStep *
last_writing(const JournalSteps *steps)
{
    for (size_t i = steps->n; i-- > 0;)
        if (is_writing(&steps->items[i]))
            return &steps->items[i];
    return NULL;
}

bool
change_settle_last(
    const ChangeWork *work, size_t at, ChangeSettle settle, unsigned *ret_wait_ms, GError **error)
{
    JournalSteps steps;
    *ret_wait_ms = 0;
    if (!journal_read_steps(work->run->journal, work->items[at].number, work->arena, &steps, error))
        return false;
    JournalStep *step = last_writing(&steps);
    if (!step || !is_open(step))
        return true;
    g_autoptr(JsonObject) result = NULL;
    bool is_known = false;
    if (step->job.value && !wait_job(work, step->job.value, step, &result, &is_known, error))
        return false;
    if (!is_known) {
        *ret_wait_ms = wait_ms_of(step);
        step->outcome = OUTCOME_LOST;
        step->text = text_known("cut short; what became of it is read back");
    }
    return conclude(work, at, step, settle, result, error);
}
