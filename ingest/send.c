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
    PAUSE_SLICE_MS = 50,
    SECRET_BYTES = 24,
    JOB_SUCCEEDED = 1,
};

bool
send_pause(const atomic_bool *is_cancelled, unsigned ms, GError **error)
{
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

const char *
send_format_uuid(Arena *arena, const uint8_t *b)
{
    return arena_printf(arena,
        "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
        b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

/* UUID version 4: by it the job is found again when its reply is lost. */
static const char *
make_job_id(Arena *arena)
{
    uint8_t b[16];
    g_assert(getrandom(b, sizeof b, 0) == sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    return send_format_uuid(arena, b);
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

/* (in the arena) The parameters as the journal keeps them. */
static const char *
request_text(const Sender *sender, const Sending *sending)
{
    g_autoptr(JsonObject) request = json_object_new_object();
    for (size_t i = 0; i < sending->n; i++)
        if (sending->params[i].value)
            json_object_object_add(
                request, sending->params[i].name, json_object_new_string(sending->params[i].value));
    return arena_strdup(
        sender->arena, json_object_to_json_string_ext(
                           request, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* The parameters as they are sent: those of the journal, the job's id, and secrets. */
static bool
post(const Sender *sender, const Sending *sending, const char *job, CloudStackFault *fault,
    json_object **ret_reply, GError **error)
{
    size_t n = sending->n + 1 + sending->secrets.n;
    g_autofree CloudStackParam *params = g_new0(CloudStackParam, n);
    g_autofree char *secret = sending->secrets.n ? make_secret() : NULL;
    if (sending->n)
        memcpy(params, sending->params, sending->n * sizeof *params);
    params[sending->n] = (CloudStackParam){"customjobid", job};
    for (size_t i = 0; i < sending->secrets.n; i++)
        params[sending->n + 1 + i] = (CloudStackParam){sending->secrets.items[i], secret};
    bool is_ok =
        sender->cs->call(sender->cs, sending->command, params, n, 0, fault, ret_reply, error);
    if (secret)
        explicit_bzero(secret, strlen(secret));
    return is_ok;
}

/* --- outcomes --------------------------------------------------------------------------------- */

static const char *
scrubbed_text(const Sender *sender, json_object *reply)
{
    catalog_scrub(reply);
    return arena_strdup(
        sender->arena, json_object_to_json_string_ext(
                           reply, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
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
    const Sender *sender, JournalStep *step, const GError *why, const CloudStackFault *fault)
{
    step->outcome = is_refusal(why, fault) ? OUTCOME_REFUSED : OUTCOME_LOST;
    if (fault->code)
        step->code = int_known(fault->code);
    step->text = text_known(arena_strdup(sender->arena, fault->text ? fault->text : why->message));
}

/* A finished job's result; a job that was lost with its server has none. */
static void
note_job_end(const Sender *sender, JournalStep *step, json_object *job, json_object **ret_result)
{
    json_object *status = NULL, *result = NULL, *member = NULL;
    json_object_object_get_ex(job, "jobstatus", &status);
    bool has_result = json_object_object_get_ex(job, "jobresult", &result) && result;
    step->reply = text_known(scrubbed_text(sender, job));
    if (json_object_get_int(status) == JOB_SUCCEEDED) {
        step->outcome = OUTCOME_OK;
        *ret_result = has_result ? json_object_get(result) : NULL;
        return;
    }
    step->outcome = has_result ? OUTCOME_FAILED : OUTCOME_LOST;
    step->text = text_known("the job ended without a result: the server was restarted under it");
    if (json_object_object_get_ex(job, "jobresultcode", &member))
        step->code = int_known(json_object_get_int64(member));
    if (has_result && json_object_object_get_ex(result, "errortext", &member))
        step->text = text_known(arena_strdup(sender->arena, json_object_get_string(member)));
    else if (has_result)
        step->text = text_known("the job failed without a text");
}

/* Waits for the step's job. @ret_is_known: false: the server knows no such job. */
static bool
await_job(const Sender *sender, JournalStep *step, json_object **ret_result, bool *ret_is_known,
    GError **error)
{
    g_autoptr(JsonObject) job = NULL;
    if (!jobs_wait(sender->jobs, step->job.value, &job, error))
        return false;
    *ret_is_known = job;
    if (job)
        note_job_end(sender, step, job, ret_result);
    return true;
}

static bool
conclude(const Sender *sender, const Sending *sending, JournalItem *item, const JournalStep *step,
    json_object *result, GError **error)
{
    sending->settle(sending->data, item, step, result);
    return journal_conclude(sender->journal, step, item, error);
}

/* --- sending ---------------------------------------------------------------------------------- */

/* A reply with a job's id is not yet the end. */
static bool
await_reply(const Sender *sender, const Sending *sending, JournalItem *item, JournalStep *step,
    json_object *reply, json_object **ret_result, GError **error)
{
    json_object *job = NULL;
    bool is_known = true;
    step->outcome = OUTCOME_OK;
    step->reply = text_known(scrubbed_text(sender, reply));
    if (!json_object_object_get_ex(reply, "jobid", &job)) {
        *ret_result = json_object_get(reply);
        return true;
    }
    step->outcome = OUTCOME_RUNNING;
    step->job = text_known(arena_strdup(sender->arena, json_object_get_string(job)));
    if (!conclude(sender, sending, item, step, NULL, error) ||
        !await_job(sender, step, ret_result, &is_known, error))
        return false;
    if (!is_known) {
        step->outcome = OUTCOME_LOST;
        step->text = text_known("the server knows the job no more");
    }
    return true;
}

static bool
begin_step(const Sender *sender, const Sending *sending, JournalItem *item, JournalStep *ret_step,
    GError **error)
{
    *ret_step = (JournalStep){.purpose = text_known(sending->purpose),
        .subject = text_known(sending->subject),
        .command = text_known(sending->command),
        .request = text_known(request_text(sender, sending)),
        .job = text_known(sending->job ? sending->job : make_job_id(sender->arena))};
    return journal_intend(sender->journal, item, ret_step, &ret_step->number, error);
}

bool
send_call(const Sender *sender, const Sending *sending, JournalItem *item, JournalStep *ret_step,
    GError **error)
{
    if (!begin_step(sender, sending, item, ret_step, error))
        return false;
    g_autoptr(JsonObject) reply = NULL, result = NULL;
    g_autoptr(GError) why = NULL;
    CloudStackFault fault = {0};
    bool is_ok = post(sender, sending, ret_step->job.value, &fault, &reply, &why) &&
                 await_reply(sender, sending, item, ret_step, reply, &result, &why);
    /* Accepted, and the wait was broken off: the job is asked for by the next process. */
    if (!is_ok && ret_step->outcome != OUTCOME_RUNNING)
        note_failure(sender, ret_step, why, &fault);
    cloudstack_fault_clear(&fault);
    if (!conclude(sender, sending, item, ret_step, result, error))
        return false;
    bool is_login = g_error_matches(why, INGEST_ERROR, INGEST_ERROR_AUTH) &&
                    ret_step->outcome == OUTCOME_REFUSED && sender->is_login_an_outcome;
    if (is_ok || is_login || g_error_matches(why, INGEST_ERROR, INGEST_ERROR_REFUSED) ||
        (ret_step->outcome == OUTCOME_LOST &&
            !g_error_matches(why, INGEST_ERROR, INGEST_ERROR_CANCELLED)))
        return true;
    g_propagate_prefixed_error(error, g_steal_pointer(&why), "%s: ", sending->command);
    return false;
}

/* --- what became of the last one -------------------------------------------------------------- */

bool
send_is_open(const JournalStep *step)
{
    return step->outcome == OUTCOME_NONE || step->outcome == OUTCOME_RUNNING ||
           step->outcome == OUTCOME_LOST;
}

bool
send_is_login_refused(const JournalStep *step)
{
    return step->outcome == OUTCOME_REFUSED && step->code.value == API_UNAUTHORIZED;
}

bool
send_is_put_off(const JournalStep *step)
{
    return step->outcome == OUTCOME_REFUSED &&
           (step->code.value == API_LIMIT_EXCEEDED || step->code.value == API_SERVICE_UNAVAILABLE ||
               (step->text.value && strstr(step->text.value, "an not accept new jobs")));
}

/* Recorded of a job that has ended; of one that runs, as the server's code has it. */
bool
send_is_duplicate(const JournalStep *step)
{
    const char *text = step->text.value;
    if (step->outcome != OUTCOME_REFUSED || !text)
        return false;
    return (step->code.value == API_INTERNAL_ERROR &&
               g_str_has_prefix(text, "Entity already exists")) ||
           (step->code.value == API_PARAM_ERROR && g_str_has_prefix(text, "UUID: ") &&
               strstr(text, "already exists so can't create"));
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

bool
send_settle(const Sender *sender, const Sending *sending, JournalItem *item, JournalStep *step,
    unsigned *ret_wait_ms, GError **error)
{
    g_autoptr(JsonObject) result = NULL;
    bool is_known = false;
    *ret_wait_ms = 0;
    if (step->job.value && !await_job(sender, step, &result, &is_known, error))
        return false;
    if (!is_known) {
        *ret_wait_ms = wait_ms_of(step);
        step->outcome = OUTCOME_LOST;
        step->text = text_known("cut short; what became of it is read back");
    }
    return conclude(sender, sending, item, step, result, error);
}
