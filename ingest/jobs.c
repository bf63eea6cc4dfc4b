/* SPDX-License-Identifier: Apache-2.0
 *
 * Waiting for asynchronous jobs: any number of threads wait, one of them at a time asks for all.
 *
 * How often follows how long jobs have taken so far. A server that refuses, does not answer or
 * answers garbage is asked less and less often, until patience ends; a restart is sat out so.
 */
#include <string.h>
#include <time.h>

#include "ingest_priv.h"
#include "cleanup.h"

enum {
    JOB_IN_PROGRESS = 0,
    POLL_FIRST_MS = 100,
    POLL_MAX_MS = 5000,
    POLLS_A_JOB = 12, /* how often a job of the usual length is asked for */
    BACK_OFF_MAX_MS = 30000,
    LISTING_PAYS_FROM = 4,  /* jobs waited for: one list of all that are pending */
    REFUSED_LOGINS_MAX = 3, /* one alone may be a server that is just starting */
    NAP_MS = 50,
};

typedef struct Waiter {
    const char *id;
    int64_t since_ms;
    json_object *job; /* (owned) at its end; NULL: not known to the server */
    GError *error;    /* (owned) */
    bool is_done;
    struct Waiter *next;
} Waiter;

struct Jobs {
    CloudStack *cs;
    const atomic_bool *is_cancelled;
    unsigned patience_ms;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    Waiter *waiters;
    size_t n_waiters;
    bool is_polled; /* by one of the waiting threads */
    bool is_listable;
    unsigned usual_ms; /* length of a job so far; 0: none has ended yet */
    unsigned delay_ms; /* before the next round */
    unsigned n_refused_logins;
    int64_t next_ms, failing_since_ms; /* monotonic; 0: not failing */
};

static int64_t
now_ms(void)
{
    return g_get_monotonic_time() / 1000;
}

Jobs *
jobs_new(CloudStack *cs, const atomic_bool *is_cancelled, unsigned patience_s)
{
    Jobs *jobs = g_new0(Jobs, 1);
    *jobs = (Jobs){.cs = cs,
        .is_cancelled = is_cancelled,
        .patience_ms = patience_s * 1000,
        .is_listable = true,
        .delay_ms = POLL_FIRST_MS};
    pthread_mutex_init(&jobs->lock, NULL);
    pthread_cond_init(&jobs->changed, NULL);
    return jobs;
}

void
jobs_free(Jobs *jobs)
{
    if (!jobs)
        return;
    pthread_cond_destroy(&jobs->changed);
    pthread_mutex_destroy(&jobs->lock);
    g_free(jobs);
}

static bool
is_cancelled(const Jobs *jobs)
{
    return jobs->is_cancelled && atomic_load(jobs->is_cancelled);
}

/* Until something changes, or for a moment. Under the lock. */
static void
nap(Jobs *jobs, int64_t ms)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += (long)CLAMP(ms, 1, NAP_MS) * 1000000L;
    end.tv_sec += end.tv_nsec / 1000000000L;
    end.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&jobs->changed, &jobs->lock, &end);
}

/* --- asking ----------------------------------------------------------------------------------- */

/* (owned) The ids of all pending jobs; NULL if they are not listed: each is asked for then. */
static GHashTable *
list_pending(Jobs *jobs, size_t n_wanted)
{
    const CloudStackParam params[] = {{"listall", "true"}};
    g_auto(ListItems) items = list_items_new();
    g_autoptr(GError) why = NULL;
    if (n_wanted < LISTING_PAYS_FROM || !jobs->is_listable)
        return NULL;
    if (!list_fetch(jobs->cs, "listAsyncJobs", params, 1, "asyncjobs", &items, &why)) {
        jobs->is_listable = !g_error_matches(why, INGEST_ERROR, INGEST_ERROR_AUTH) &&
                            !g_error_matches(why, INGEST_ERROR, INGEST_ERROR_REFUSED);
        return NULL;
    }
    GHashTable *pending = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < items.found->len; i++) {
        json_object *id = NULL;
        if (json_object_object_get_ex(items.found->pdata[i], "jobid", &id))
            g_hash_table_add(pending, g_strdup(json_object_get_string(id)));
    }
    return pending;
}

typedef struct Answer {
    char *id;         /* (owned) */
    json_object *job; /* (owned) */
    bool is_final;
} Answer;

static void
answer_clear(void *data)
{
    Answer *answer = data;
    g_free(answer->id);
    if (answer->job)
        json_object_put(answer->job);
}

static bool
ask_one(Jobs *jobs, Answer *answer, GError **error)
{
    const CloudStackParam params[] = {{"jobid", answer->id}};
    g_autoptr(JsonObject) job = NULL;
    json_object *status = NULL;
    CloudStackFault fault = {0};
    GError *why = NULL;
    bool is_ok = jobs->cs->call(jobs->cs, "queryAsyncJobResult", params, 1, 0, &fault, &job, &why);
    bool is_unknown = !is_ok && fault.code == API_PARAM_ERROR;
    cloudstack_fault_clear(&fault);
    if (is_unknown)
        g_clear_error(&why);
    answer->is_final = is_unknown;
    if (why)
        g_propagate_prefixed_error(error, why, "job %s: ", answer->id);
    if (!is_ok)
        return is_unknown;
    json_object_object_get_ex(job, "jobstatus", &status);
    answer->is_final = status && json_object_get_int(status) != JOB_IN_PROGRESS;
    if (answer->is_final)
        answer->job = g_steal_pointer(&job);
    return true;
}

/* --- a round ---------------------------------------------------------------------------------- */

static void
note_length(Jobs *jobs, int64_t ms)
{
    unsigned length = (unsigned)CLAMP(ms, 1, 3600 * 1000);
    jobs->usual_ms = jobs->usual_ms ? (7 * jobs->usual_ms + length) / 8 : length;
}

/* Hands the answers out. Under the lock. */
static size_t
hand_out(Jobs *jobs, GArray *answers)
{
    size_t n = 0;
    for (Waiter *waiter = jobs->waiters; waiter; waiter = waiter->next)
        for (guint i = 0; i < answers->len && !waiter->is_done; i++) {
            Answer *answer = &g_array_index(answers, Answer, i);
            if (!answer->is_final || strcmp(answer->id, waiter->id) != 0)
                continue;
            waiter->job = answer->job ? json_object_get(answer->job) : NULL;
            waiter->is_done = true;
            if (waiter->job)
                note_length(jobs, now_ms() - waiter->since_ms);
            n++;
        }
    return n;
}

/* Under the lock. */
static void
fail_all(Jobs *jobs, const GError *why)
{
    for (Waiter *waiter = jobs->waiters; waiter; waiter = waiter->next)
        if (!waiter->is_done) {
            waiter->error = g_error_copy(why);
            waiter->is_done = true;
        }
}

static void
note_failure(Jobs *jobs, const GError *why)
{
    bool is_login = g_error_matches(why, INGEST_ERROR, INGEST_ERROR_AUTH);
    jobs->n_refused_logins = is_login ? jobs->n_refused_logins + 1 : 0;
    if (!jobs->failing_since_ms)
        jobs->failing_since_ms = now_ms();
    jobs->delay_ms = CLAMP(2 * jobs->delay_ms, 2 * POLL_FIRST_MS, BACK_OFF_MAX_MS);
    if (jobs->n_refused_logins >= REFUSED_LOGINS_MAX ||
        g_error_matches(why, INGEST_ERROR, INGEST_ERROR_CANCELLED) ||
        now_ms() - jobs->failing_since_ms >= jobs->patience_ms)
        fail_all(jobs, why);
}

static void
note_success(Jobs *jobs, size_t n_ended)
{
    unsigned wanted = jobs->usual_ms
                          ? CLAMP(jobs->usual_ms / POLLS_A_JOB, POLL_FIRST_MS, POLL_MAX_MS)
                          : POLL_MAX_MS;
    jobs->failing_since_ms = 0;
    jobs->n_refused_logins = 0;
    jobs->delay_ms = n_ended ? POLL_FIRST_MS : jobs->delay_ms * 3 / 2;
    jobs->delay_ms = jobs->usual_ms ? wanted : MIN(jobs->delay_ms, wanted);
}

/* (owned) One answer for each that is waited for; under the lock. */
static GArray *
collect(Jobs *jobs)
{
    GArray *answers = g_array_sized_new(false, true, sizeof(Answer), (guint)jobs->n_waiters);
    g_array_set_clear_func(answers, answer_clear);
    for (Waiter *waiter = jobs->waiters; waiter; waiter = waiter->next)
        if (!waiter->is_done) {
            Answer answer = {.id = g_strdup(waiter->id)};
            g_array_append_val(answers, answer);
        }
    return answers;
}

/* Asks for all that are waited for; under the lock, which is given up meanwhile. */
static void
poll_round(Jobs *jobs)
{
    g_autoptr(GArray) answers = collect(jobs);
    g_autoptr(GError) why = NULL;
    pthread_mutex_unlock(&jobs->lock);
    g_autoptr(GHashTable) pending = list_pending(jobs, answers->len);
    for (guint i = 0; i < answers->len && !why; i++) {
        Answer *answer = &g_array_index(answers, Answer, i);
        if (!pending || !g_hash_table_contains(pending, answer->id))
            ask_one(jobs, answer, &why);
    }
    pthread_mutex_lock(&jobs->lock);
    size_t n_ended = hand_out(jobs, answers);
    if (why)
        note_failure(jobs, why);
    else
        note_success(jobs, n_ended);
    jobs->next_ms = now_ms() + jobs->delay_ms;
}

/* --- waiting ---------------------------------------------------------------------------------- */

static void
add_waiter(Jobs *jobs, Waiter *waiter)
{
    waiter->since_ms = now_ms();
    waiter->next = jobs->waiters;
    jobs->waiters = waiter;
    if (!jobs->n_waiters++ && !jobs->failing_since_ms)
        jobs->next_ms = waiter->since_ms;
}

static void
remove_waiter(Jobs *jobs, Waiter *waiter)
{
    Waiter **link = &jobs->waiters;
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
    jobs->n_waiters--;
}

bool
jobs_wait(Jobs *jobs, const char *id, json_object **ret_job, GError **error)
{
    Waiter self = {.id = id};
    pthread_mutex_lock(&jobs->lock);
    add_waiter(jobs, &self);
    while (!self.is_done && !is_cancelled(jobs)) {
        int64_t left_ms = jobs->next_ms - now_ms();
        if (jobs->is_polled || left_ms > 0) {
            nap(jobs, jobs->is_polled ? NAP_MS : left_ms);
            continue;
        }
        jobs->is_polled = true;
        poll_round(jobs);
        jobs->is_polled = false;
        pthread_cond_broadcast(&jobs->changed);
    }
    remove_waiter(jobs, &self);
    pthread_mutex_unlock(&jobs->lock);
    if (!self.is_done)
        g_set_error(&self.error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "interrupted");
    if (self.error)
        g_propagate_error(error, self.error);
    *ret_job = self.job;
    return !self.error;
}
