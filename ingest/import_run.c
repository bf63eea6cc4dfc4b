/* SPDX-License-Identifier: Apache-2.0
 *
 * A run: VMs taken from the queue, a thread for each that is under way, one poller for all jobs.
 *
 * The thread that calls import_run() hands them out and answers wishes; whatever must pause the run
 * is an error of one VM's thread, which ends the handing out. What is under way is waited for.
 */
#include <string.h>
#include <time.h>

#include "import_priv.h"
#include "utc_text.h"
#include "cleanup.h"

enum {
    PATIENCE_S = 1800,
    NAP_MS = 200,
    WISH_EVERY_MS = 1000,
    THREAD_STACK_BYTES = 512 * 1024,
    THREADS_BESIDE_JOBS = 64, /* that wait for a move */
};

typedef struct Importer {
    const ImportRun *run;
    Patient *patient;
    Jobs *jobs;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    ImportQueue *queue;
    JournalItem *items; /* number, name, state, is_made: the rest is read when it is worked on */
    size_t n_items;
    size_t n_threads;
    bool is_halted;     /* nothing new begins */
    GError *error;      /* the first that halted it */
    const char *wish;   /* "pause", "stop", or NULL */
    int64_t wish_at_ms; /* when it was looked at last */
    pthread_mutex_t tell_lock;
} Importer;

typedef struct Carrier {
    Importer *importer;
    size_t at;
} Carrier;

/* --- for those who work on a VM --------------------------------------------------------------- */

bool
import_settle(
    ImportWork *work, JournalItemState state, const char *step, const char *note, GError **error)
{
    JournalItem *item = work->item;
    item->state = state;
    item->step = text_known(step);
    item->note = note ? text_known(note) : text_absent();
    if (!journal_set_item(work->run->journal, item, error))
        return false;
    if (work->run->tell && work->importer) {
        const ImportEvent event = {.item = item, .text = note};
        pthread_mutex_lock(&work->importer->tell_lock);
        work->run->tell(work->run->data, &event);
        pthread_mutex_unlock(&work->importer->tell_lock);
    }
    return true;
}

static bool
is_set(const atomic_bool *flag)
{
    return flag && atomic_load(flag);
}

bool
import_is_stopped(const ImportWork *work)
{
    Importer *importer = work->importer;
    if (is_set(work->run->is_stopped) || is_set(work->run->is_abandoned))
        return true;
    if (!importer)
        return false;
    pthread_mutex_lock(&importer->lock);
    bool is_halted = importer->is_halted;
    pthread_mutex_unlock(&importer->lock);
    return is_halted;
}

/* Until something changes, or for a moment. Under the lock. */
static void
nap(Importer *importer)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += NAP_MS * 1000000L;
    end.tv_sec += end.tv_nsec / 1000000000L;
    end.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&importer->changed, &importer->lock, &end);
}

bool
import_take_move(ImportWork *work, const char *from, const char *to, GError **error)
{
    Importer *importer = work->importer;
    QueueHold hold;
    bool is_taken = false;
    pthread_mutex_lock(&importer->lock);
    import_queue_put(importer->queue, work->at, QUEUE_MOVING);
    pthread_cond_broadcast(&importer->changed);
    while (!is_set(work->run->is_abandoned) && !is_set(work->run->is_stopped) &&
           !importer->is_halted) {
        is_taken = import_queue_take_move(importer->queue, from, to, time(NULL), &hold);
        if (is_taken)
            break;
        nap(importer);
    }
    pthread_mutex_unlock(&importer->lock);
    if (!is_taken)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "interrupted");
    return is_taken;
}

void
import_put_move(ImportWork *work, const char *from, const char *to)
{
    Importer *importer = work->importer;
    pthread_mutex_lock(&importer->lock);
    import_queue_put_move(importer->queue, from, to);
    pthread_cond_broadcast(&importer->changed);
    pthread_mutex_unlock(&importer->lock);
}

/* --- one VM's thread -------------------------------------------------------------------------- */

static QueueState
queue_state_of(JournalItemState state)
{
    switch (state) {
    case ITEM_VERIFIED:
    case ITEM_FOUND:
    case ITEM_SKIPPED:
    case ITEM_UNDONE:
        return QUEUE_DONE;
    case ITEM_FAILED:
        return QUEUE_FAILED;
    case ITEM_UNKNOWN:
    case ITEM_PLANNED:
    case ITEM_CHECKED:
    case ITEM_SUBMITTED:
    case ITEM_RUNNING:
    case ITEM_MADE:
    case ITEM_IMPORTED:
    case ITEM_MIGRATING:
    case ITEM_STATE_N:
        break;
    }
    return QUEUE_WAITING;
}

/* Its item, its document and its steps so far, from the journal. */
static bool
open_work(ImportWork *work, int64_t number, GError **error)
{
    Journal *journal = work->run->journal;
    if (!journal_read_item(journal, number, &work->arena, work->item, error) ||
        !journal_read_steps(journal, number, &work->arena, &work->steps, error))
        return false;
    g_autofree char *document = journal_read_item_document(journal, number, error);
    return document &&
           work->run->read_task(work->run->data, document, &work->arena, &work->task, error);
}

static bool
carry(Importer *importer, size_t at, JournalItem *item, ImportEach each, void *data, GError **error)
{
    ImportWork work = {
        .run = importer->run, .importer = importer, .at = at, .item = item, .data = data};
    arena_init(&work.arena);
    work.sender = (Sender){.cs = patient_seam(importer->patient),
        .journal = importer->run->journal,
        .jobs = importer->jobs,
        .arena = &work.arena,
        .is_login_an_outcome = true};
    bool is_ok = open_work(&work, importer->items[at].number, error) && each(&work, error);
    if (!is_ok)
        g_prefix_error(error, "VM '%s': ", importer->items[at].name.value);
    item->key = item->name = item->step = item->object = item->note = item->record = (Text){0};
    arena_release(&work.arena);
    return is_ok;
}

static void *
carry_one(void *data)
{
    Carrier *carrier = data;
    Importer *importer = carrier->importer;
    GError *why = NULL;
    JournalItem item = {0};
    bool is_ok = carry(importer, carrier->at, &item, import_one, NULL, &why);
    pthread_mutex_lock(&importer->lock);
    if (item.number) {
        importer->items[carrier->at].state = item.state;
        importer->items[carrier->at].is_made = item.is_made;
    }
    if (!is_ok && !importer->error)
        importer->error = g_steal_pointer(&why);
    importer->is_halted |= !is_ok;
    import_queue_put(importer->queue, carrier->at,
        is_ok ? queue_state_of(importer->items[carrier->at].state) : QUEUE_WAITING);
    importer->n_threads--;
    pthread_cond_broadcast(&importer->changed);
    pthread_mutex_unlock(&importer->lock);
    g_clear_error(&why);
    g_free(carrier);
    return NULL;
}

/* Under the lock. */
static bool
start(Importer *importer, size_t at, GError **error)
{
    Carrier *carrier = g_new(Carrier, 1);
    *carrier = (Carrier){importer, at};
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    importer->n_threads++;
    int why = pthread_create(&thread, &attributes, carry_one, carrier);
    pthread_attr_destroy(&attributes);
    if (!why)
        return true;
    importer->n_threads--;
    import_queue_put(importer->queue, at, QUEUE_WAITING);
    g_free(carrier);
    g_set_error(
        error, INGEST_ERROR, INGEST_ERROR_FAILED, "no thread for a VM: %s", g_strerror(why));
    return false;
}

/* --- handing out ------------------------------------------------------------------------------ */

/* What another process wishes, looked up now and then. Under the lock. */
static bool
look_for_wish(Importer *importer, GError **error)
{
    int64_t now_ms = g_get_monotonic_time() / 1000;
    JournalRun row;
    Arena arena;
    if (now_ms - importer->wish_at_ms < WISH_EVERY_MS)
        return true;
    importer->wish_at_ms = now_ms;
    arena_init(&arena);
    bool is_ok = journal_read_run(importer->run->journal, importer->run->run, &arena, &row, error);
    if (is_ok && row.wish.value)
        importer->wish = !strcmp(row.wish.value, "stop") ? "stop" : "pause";
    arena_release(&arena);
    return is_ok;
}

static size_t
count_state(const Importer *importer, JournalItemState state)
{
    size_t n = 0;
    for (size_t i = 0; i < importer->n_items; i++)
        n += importer->items[i].state == state;
    return n;
}

/* The first ones are done: may the others follow? Under the lock, which is given up meanwhile. */
static bool
ask_approval(Importer *importer)
{
    const ImportRun *run = importer->run;
    size_t n_verified = count_state(importer, ITEM_VERIFIED),
           n_failed = count_state(importer, ITEM_FAILED);
    pthread_mutex_unlock(&importer->lock);
    bool is_approved = run->approve && run->approve(run->data, n_verified, n_failed);
    pthread_mutex_lock(&importer->lock);
    if (is_approved)
        import_queue_approve(importer->queue);
    return is_approved;
}

/* Nothing can begin now. @ret_note: why the run is to be paused; NULL: it is not. */
static bool
is_at_rest(Importer *importer, const QueueHold *hold, char **ret_note)
{
    if (importer->n_threads)
        return false;
    switch (hold->kind) {
    case HOLD_APPROVAL:
        if (ask_approval(importer))
            return false;
        *ret_note = g_strdup("the first VMs are done; the others were not approved");
        return true;
    case HOLD_PAUSED:
        *ret_note = queue_hold_text(hold);
        return true;
    case HOLD_WINDOW:
        if (hold->until == -1)
            *ret_note = queue_hold_text(hold);
        return *ret_note;
    case HOLD_END:
    case HOLD_RUNNING:
        return true;
    case HOLD_NONE:
    case HOLD_CANARY:
    case HOLD_WAVE:
    case HOLD_JOBS:
    case HOLD_LIMIT:
    case HOLD_TURN:
    case HOLD_KIND_N:
        break;
    }
    return false;
}

/* Until all has ended or the run is to be paused. @ret_note: (owned) why, or NULL. */
static bool
hand_out(Importer *importer, char **ret_note, GError **error)
{
    size_t threads_max =
        THREADS_BESIDE_JOBS + (size_t)(importer->run->schedule->jobs.state == FACT_KNOWN
                                           ? importer->run->schedule->jobs.value
                                           : SCHEDULE_JOBS);
    bool is_ok = true;
    pthread_mutex_lock(&importer->lock);
    for (bool is_over = false; !is_over;) {
        QueueHold hold = {0};
        size_t at = SIZE_MAX;
        is_ok = look_for_wish(importer, error);
        importer->is_halted |= !is_ok || importer->wish || is_set(importer->run->is_stopped) ||
                               is_set(importer->run->is_abandoned);
        if (importer->is_halted) {
            is_over = !importer->n_threads;
        } else if (importer->n_threads < threads_max) {
            at = import_queue_take(importer->queue, time(NULL), &hold);
            is_over = at == SIZE_MAX && is_at_rest(importer, &hold, ret_note);
        }
        if (at != SIZE_MAX && !start(importer, at, error)) {
            is_ok = false;
            importer->is_halted = true;
        }
        if (at == SIZE_MAX && !is_over)
            nap(importer);
    }
    pthread_mutex_unlock(&importer->lock);
    return is_ok;
}

/* --- beginning and ending --------------------------------------------------------------------- */

/* What the queue has to know of a VM. */
static bool
read_entry(
    const ImportRun *run, const JournalItem *item, Arena *arena, QueueEntry *ret, GError **error)
{
    ImportTask task = {0};
    g_autofree char *document = journal_read_item_document(run->journal, item->number, error);
    if (!document || !run->read_task(run->data, document, arena, &task, error))
        return false;
    const PlanInstance *instance = &task.item.instance;
    const char **pools = arena_new_n(arena, const char *, instance->disks.n);
    for (size_t i = 0; i < instance->disks.n; i++)
        pools[i] = instance->disks.items[i].datastore.value;
    *ret = (QueueEntry){.wave = task.item.choice.wave.value,
        .cluster = instance->cluster.value,
        .host = instance->host.value,
        .pools = pools,
        .n_pools = instance->disks.n,
        .priority = task.item.choice.priority.value,
        .state = queue_state_of(item->state)};
    return true;
}

/* (owned) */
static ImportQueue *
new_queue(const ImportRun *run, const JournalItem *items, size_t n, GError **error)
{
    Arena arena;
    arena_init(&arena);
    QueueEntry *entries = g_new0(QueueEntry, n);
    bool is_ok = true;
    for (size_t i = 0; is_ok && i < n; i++)
        is_ok = read_entry(run, &items[i], &arena, &entries[i], error);
    ImportQueue *queue = is_ok ? import_queue_new(run->schedule, entries, n, error) : NULL;
    g_free(entries);
    arena_release(&arena);
    return queue;
}

bool
import_waits(const ImportRun *run, const JournalItems *items, Arena *arena, const char *const **ret,
    GError **error)
{
    g_autoptr(ImportQueue) queue = new_queue(run, items->items, items->n, error);
    const char **reasons = arena_new_n(arena, const char *, items->n);
    time_t now = time(NULL);
    for (size_t i = 0; queue && i < items->n; i++) {
        bool is_begun = items->items[i].state != ITEM_PLANNED;
        g_autofree char *reason = is_begun ? NULL : import_queue_reason(queue, i, now);
        reasons[i] = arena_strdup(arena, reason);
    }
    *ret = reasons;
    return queue;
}

static bool
make_queue(Importer *importer, GError **error)
{
    importer->queue = new_queue(importer->run, importer->items, importer->n_items, error);
    if (!importer->queue)
        return false;
    /* Whoever resumes a run has seen what failed. */
    import_queue_resume_wave(importer->queue);
    if (importer->run->canary)
        import_queue_set_canary(importer->queue, importer->run->canary);
    return true;
}

static bool
read_items(Importer *importer, GError **error)
{
    Arena arena;
    JournalItems items;
    arena_init(&arena);
    bool is_ok =
        journal_read_items(importer->run->journal, importer->run->run, &arena, &items, error);
    if (is_ok) {
        importer->items = g_new0(JournalItem, items.n);
        importer->n_items = items.n;
        for (size_t i = 0; i < items.n; i++)
            importer->items[i] = (JournalItem){.number = items.items[i].number,
                .name = text_known(g_strdup(items.items[i].name.value)),
                .state = items.items[i].state,
                .is_made = items.items[i].is_made};
    }
    arena_release(&arena);
    return is_ok;
}

static void
importer_clear(Importer *importer)
{
    for (size_t i = 0; i < importer->n_items; i++)
        g_free((char *)importer->items[i].name.value);
    g_free(importer->items);
    g_clear_pointer(&importer->queue, import_queue_free);
    g_clear_error(&importer->error);
    jobs_free(importer->jobs);
    patient_free(importer->patient);
    pthread_mutex_destroy(&importer->lock);
    pthread_mutex_destroy(&importer->tell_lock);
    pthread_cond_destroy(&importer->changed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Importer, importer_clear)

static Importer
importer_new(const ImportRun *run)
{
    unsigned patience_s = run->patience_s ? run->patience_s : PATIENCE_S;
    Importer importer = {.run = run,
        .patient = patient_new(run->cs, run->is_abandoned, patience_s),
        .jobs = jobs_new(run->cs, run->is_abandoned, patience_s)};
    pthread_mutex_init(&importer.lock, NULL);
    pthread_mutex_init(&importer.tell_lock, NULL);
    pthread_cond_init(&importer.changed, NULL);
    return importer;
}

static void
count(const Importer *importer, ImportTally *ret)
{
    *ret = (ImportTally){0};
    for (size_t i = 0; i < importer->n_items; i++)
        ret->n[importer->items[i].state]++;
}

static bool
set_run(const ImportRun *run, JournalRunState state, const char *note, GError **error)
{
    return journal_set_run_state(run->journal, run->run, state, error) &&
           journal_set_run_note(run->journal, run->run, note, error);
}

/* How the run stands now, by what became of its VMs and by why it ended. */
static bool
end_run(Importer *importer, const char *note, ImportTally *ret, GError **error)
{
    const ImportRun *run = importer->run;
    count(importer, ret);
    size_t n_there = ret->n[ITEM_VERIFIED] + ret->n[ITEM_FOUND],
           n_ended = n_there + ret->n[ITEM_FAILED] + ret->n[ITEM_SKIPPED] + ret->n[ITEM_UNDONE];
    if (n_ended == importer->n_items)
        return set_run(run, n_there == n_ended ? RUN_DONE : RUN_PARTLY, NULL, error);
    ret->is_paused = true;
    bool is_stop = !g_strcmp0(importer->wish, "stop") || is_set(run->is_stopped);
    return set_run(run, is_stop ? RUN_STOPPED : RUN_PAUSED,
               note             ? note
               : importer->wish ? "as it was wished"
                                : "interrupted",
               error) &&
           journal_wish(run->journal, run->run, NULL, error);
}

/* What halted it is told in the run's row, too, for whoever looks at it later. */
static bool
halt_run(Importer *importer, GError *why, GError **error)
{
    if (g_error_matches(why, INGEST_ERROR, INGEST_ERROR_CANCELLED))
        set_run(importer->run, RUN_STOPPED, "interrupted; resume it to go on", NULL);
    else if (!g_error_matches(why, INGEST_ERROR, INGEST_ERROR_STORAGE))
        set_run(importer->run, RUN_PAUSED, why->message, NULL);
    g_propagate_prefixed_error(error, why, "run %d is paused: ", (int)importer->run->run);
    return false;
}

bool
import_run(const ImportRun *run, ImportTally *ret, GError **error)
{
    g_auto(Importer) importer = importer_new(run);
    g_autofree char *note = NULL;
    GError *why = NULL;
    if (!journal_lock_run(run->journal, run->run, error) || !read_items(&importer, error) ||
        !make_queue(&importer, error) || !journal_wish(run->journal, run->run, NULL, error) ||
        !set_run(run, RUN_RUNNING, NULL, error))
        return false;
    hand_out(&importer, &note, &why);
    if (importer.error && (!why || g_error_matches(why, INGEST_ERROR, INGEST_ERROR_CANCELLED))) {
        g_clear_error(&why);
        why = g_steal_pointer(&importer.error);
    }
    if (why)
        return halt_run(&importer, why, error);
    return end_run(&importer, note, ret, error);
}

/* --- one VM after the other ------------------------------------------------------------------- */

static bool
is_meant(const JournalItem *item, const char *const *names)
{
    return item->is_made && import_is_named(item, names);
}

static bool
visit_each(
    Importer *importer, const char *const *names, ImportEach each, void *data, GError **error)
{
    const ImportRun *run = importer->run;
    Arena arena;
    JournalItems items;
    arena_init(&arena);
    bool is_ok = journal_read_items(run->journal, run->run, &arena, &items, error) &&
                 import_check_names(&items, names, run->run, error);
    for (size_t i = 0; is_ok && i < items.n; i++) {
        JournalItem item = {0};
        if (!is_meant(&items.items[i], names))
            continue;
        is_ok =
            send_pause(run->is_abandoned, 0, error) && carry(importer, i, &item, each, data, error);
        if (!is_ok)
            continue;
        importer->items[i].state = item.state;
        importer->items[i].is_made = item.is_made;
        if (is_set(run->is_stopped))
            break;
    }
    arena_release(&arena);
    return is_ok;
}

bool
import_look_at_each(
    const ImportRun *run, const char *const *names, ImportEach each, void *data, GError **error)
{
    g_auto(Importer) importer = importer_new(run);
    return read_items(&importer, error) && visit_each(&importer, names, each, data, error);
}

bool
import_each(const ImportRun *run, const char *const *names, JournalRunState meanwhile,
    ImportEach each, ImportTally *ret, GError **error)
{
    g_auto(Importer) importer = importer_new(run);
    Arena arena;
    JournalRun row = {0};
    arena_init(&arena);
    bool is_ok = journal_lock_run(run->journal, run->run, error) &&
                 journal_read_run(run->journal, run->run, &arena, &row, error) &&
                 read_items(&importer, error) &&
                 (!meanwhile || set_run(run, meanwhile, NULL, error)) &&
                 visit_each(&importer, names, each, NULL, error);
    arena_release(&arena);
    if (!is_ok)
        return false;
    count(&importer, ret);
    bool is_left = false;
    for (size_t i = 0; i < importer.n_items; i++)
        is_left |= importer.items[i].is_made;
    return !meanwhile || set_run(run, is_left ? RUN_PARTLY : RUN_UNDONE, NULL, error);
}

static bool
verify_again(ImportWork *work, GError **error)
{
    bool is_at_end =
        work->item->state == ITEM_VERIFIED ||
        (work->item->state == ITEM_FAILED && !g_strcmp0(work->item->step.value, "verify"));
    return !is_at_end || import_verify_one(work, error);
}

bool
import_verify(const ImportRun *run, const char *const *names, ImportTally *ret, GError **error)
{
    return import_each(run, names, RUN_UNKNOWN, verify_again, ret, error);
}
