/* SPDX-License-Identifier: Apache-2.0
 *
 * The queue of imports: single rules by hand, and random schedules held against a model that looks
 * at every entry each time.
 */
#include "error.h"
#include "ingest/import_queue.h"

#include <string.h>

enum { SOME_TIME = 1795255200 }; /* Saturday, 2026-11-21 10:00 UTC */

#define ENTRY(...) ((QueueEntry){__VA_ARGS__})
#define LIST(items_)                                                                               \
    {                                                                                              \
        .items = (items_), .n = G_N_ELEMENTS(items_), .state = FACT_KNOWN                          \
    }

static ImportQueue *
queue_new(const Schedule *schedule, const QueueEntry *entries, size_t n)
{
    g_autoptr(GError) error = NULL;
    ImportQueue *queue = import_queue_new(schedule, entries, n, &error);
    g_assert_no_error(error);
    return queue;
}

static void
assert_takes(ImportQueue *queue, size_t index)
{
    QueueHold hold = {0};
    size_t found = import_queue_take(queue, SOME_TIME, &hold);
    g_autofree char *text = queue_hold_text(&hold);
    if (found != index)
        g_error("took %zd (%s), expected %zd", (ssize_t)found, text, (ssize_t)index);
}

static void
assert_holds(ImportQueue *queue, const char *expected)
{
    QueueHold hold = {0};
    g_assert_cmpuint(import_queue_take(queue, SOME_TIME, &hold), ==, SIZE_MAX);
    g_autofree char *text = queue_hold_text(&hold);
    g_assert_cmpstr(text, ==, expected);
}

static void
assert_reason(ImportQueue *queue, size_t index, const char *expected)
{
    g_autofree char *text = import_queue_reason(queue, index, SOME_TIME);
    g_assert_cmpstr(text, ==, expected);
}

static void
test_five_at_once(void)
{
    const QueueEntry entries[7] = {0};
    g_autoptr(ImportQueue) queue = queue_new(&(Schedule){0}, entries, 7);
    for (size_t i = 0; i < SCHEDULE_JOBS; i++)
        assert_takes(queue, i);
    assert_holds(queue, "5 jobs in flight, as many as may be at once");
    assert_reason(queue, 0, NULL);
    assert_reason(queue, 6, "waits: 5 jobs in flight, as many as may be at once");
    import_queue_put(queue, 3, QUEUE_DONE);
    assert_reason(queue, 6, "waits: others come before it");
    assert_takes(queue, 5);
    for (size_t i = 0; i < 6; i++)
        if (i != 3)
            import_queue_put(queue, i, QUEUE_DONE);
    assert_takes(queue, 6);
    assert_holds(queue, "what has begun has not ended");
    import_queue_put(queue, 6, QUEUE_FAILED);
    assert_holds(queue, "all has ended");
    g_assert_cmpuint(import_queue_count(queue, QUEUE_DONE), ==, 6);
    g_assert_cmpuint(import_queue_count(queue, QUEUE_FAILED), ==, 1);
    g_assert_cmpuint(import_queue_count_jobs(queue), ==, 0);
}

static void
test_nothing_to_do(void)
{
    ImportQueue *queue = queue_new(&(Schedule){0}, NULL, 0);
    assert_holds(queue, "all has ended");
    import_queue_free(queue);
    import_queue_free(NULL);
}

/* Waves of the schedule first, then others as they come, then none; in each by priority. */
static void
test_order(void)
{
    ScheduleWave waves[] = {{.name = text_known("pilot")}, {.name = text_known("web")}};
    const QueueEntry entries[] = {ENTRY(.priority = 9), ENTRY(.wave = "late"),
        ENTRY(.wave = "web", .priority = -1), ENTRY(.wave = "web"), ENTRY(.wave = "pilot"),
        ENTRY(.wave = "pilot", .priority = 1), ENTRY(.wave = "web")};
    static const size_t order[] = {5, 4, 3, 6, 2, 1, 0};
    g_autoptr(ImportQueue) queue =
        queue_new(&(Schedule){.waves = LIST(waves)}, entries, G_N_ELEMENTS(entries));
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        assert_takes(queue, order[i]);
        import_queue_put(queue, order[i], QUEUE_DONE);
    }
    assert_holds(queue, "all has ended");
}

static void
test_waves_follow_each_other(void)
{
    ScheduleWave waves[] = {{.name = text_known("1")}};
    const QueueEntry entries[] = {ENTRY(.wave = "2"), ENTRY(.wave = "1"), ENTRY(.wave = "1")};
    g_autoptr(ImportQueue) queue = queue_new(&(Schedule){.waves = LIST(waves)}, entries, 3);
    assert_takes(queue, 1);
    assert_takes(queue, 2);
    assert_holds(queue, "its wave begins when wave '1' is done");
    assert_reason(queue, 0, "waits: its wave begins when wave '1' is done");
    import_queue_put(queue, 1, QUEUE_MOVING);
    import_queue_put(queue, 2, QUEUE_FAILED);
    assert_holds(queue, "its wave begins when wave '1' is done");
    import_queue_put(queue, 1, QUEUE_DONE);
    assert_takes(queue, 0);
    import_queue_put(queue, 2, QUEUE_WAITING); /* tried again, in its wave */
    assert_takes(queue, 2);
    import_queue_put(queue, 2, QUEUE_DONE);
    import_queue_put(queue, 0, QUEUE_DONE);
    assert_holds(queue, "all has ended");
}

static void
test_waves_may_overlap(void)
{
    ScheduleWave waves[] = {{.name = text_known("1")}};
    const QueueEntry entries[] = {ENTRY(.wave = "2"), ENTRY(.wave = "1"), ENTRY(.wave = "1")};
    Schedule schedule = {.waves = LIST(waves), .overlap = bool_known(true)};
    g_autoptr(ImportQueue) queue = queue_new(&schedule, entries, 3);
    assert_takes(queue, 1);
    assert_reason(queue, 0, "waits: its wave begins when wave '1' is done");
    assert_takes(queue, 2);
    assert_takes(queue, 0);
}

/* What a limit holds back does not hold back what is behind it. */
static void
test_limits(void)
{
    ScheduleLimit limits[] = {{LIMIT_HOST, .jobs = int_known(1)},
        {LIMIT_HOST, text_known("esx2"), int_known(2)},
        {LIMIT_CLUSTER, text_known("C1"), int_known(3)},
        {LIMIT_POOL, text_known("gold"), int_known(1)}};
    const char *gold[] = {"silver", "gold", "gold"}, *silver[] = {"silver"};
    const QueueEntry entries[] = {
        ENTRY(.host = "esx1", .cluster = "C1"),
        ENTRY(.host = "esx1", .cluster = "C1"),
        ENTRY(.host = "esx2", .cluster = "C1"),
        ENTRY(.host = "esx2", .cluster = "C1"),
        ENTRY(.host = "esx3", .cluster = "C1", .pools = silver, .n_pools = 1),
        ENTRY(.host = "esx4", .cluster = "C2", .pools = gold, .n_pools = 3),
        ENTRY(.host = "esx5", .cluster = "C2", .pools = gold, .n_pools = 3),
        ENTRY(.cluster = "C3"),
        ENTRY(.cluster = "C4"),
        ENTRY(.host = "esx6"),
    };
    Schedule schedule = {.limits = LIST(limits), .jobs = int_known(100)};
    g_autoptr(ImportQueue) queue = queue_new(&schedule, entries, G_N_ELEMENTS(entries));
    static const size_t order[] = {0, 2, 3, 5, 7, 9};
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++)
        assert_takes(queue, order[i]);
    assert_holds(queue, "3 imports in cluster 'C1', as many as may be at once");
    assert_reason(queue, 4, "waits: 3 imports in cluster 'C1', as many as may be at once");
    assert_reason(queue, 6, "waits: 1 import on pool 'gold', as many as may be at once");
    assert_reason(queue, 8, "waits: 1 import on host (not known), as many as may be at once");
    import_queue_put(queue, 2, QUEUE_DONE);
    assert_takes(queue, 4);
    import_queue_put(queue, 3, QUEUE_MOVING); /* is in no limit of imports any more */
    assert_holds(queue, "1 import on host 'esx1', as many as may be at once");
    import_queue_put(queue, 5, QUEUE_FAILED);
    assert_takes(queue, 6);
    import_queue_put(queue, 0, QUEUE_DONE);
    assert_takes(queue, 1);
    import_queue_put(queue, 7, QUEUE_DONE);
    assert_takes(queue, 8);
}

static void
test_failures_pause_the_wave(void)
{
    ScheduleWave waves[] = {{.name = text_known("a")},
        {.name = text_known("b"), .failures = int_known(1)},
        {.name = text_known("c"), .failures = {.state = FACT_ABSENT}}};
    QueueEntry entries[20];
    for (size_t i = 0; i < 20; i++)
        entries[i] = ENTRY(.wave = i < 6 ? "a" : i < 9 ? "b" : "c");
    Schedule schedule = {.waves = LIST(waves), .jobs = int_known(1)};
    g_autoptr(ImportQueue) queue = queue_new(&schedule, entries, 20);
    for (size_t i = 0; i < SCHEDULE_FAILURES; i++) {
        assert_takes(queue, i);
        import_queue_put(queue, i, QUEUE_FAILED);
    }
    assert_holds(queue, "wave 'a' is paused: 3 imports of it failed");
    assert_reason(queue, 3, "waits: wave 'a' is paused: 3 imports of it failed");
    assert_reason(queue, 6, "waits: its wave begins when wave 'a' is done");
    import_queue_resume_wave(queue);
    for (size_t i = 3; i < 5; i++) {
        assert_takes(queue, i);
        import_queue_put(queue, i, QUEUE_FAILED);
    }
    assert_takes(queue, 5);
    import_queue_put(
        queue, 5, QUEUE_FAILED); /* the last one of its wave: the next does not begin */
    assert_holds(queue, "wave 'a' is paused: 3 imports of it failed");
    import_queue_put(queue, 5, QUEUE_DONE);
    assert_takes(queue, 6);
    import_queue_put(queue, 6, QUEUE_FAILED);
    assert_holds(queue, "wave 'b' is paused: 1 import of it failed");
    import_queue_put(queue, 6, QUEUE_WAITING); /* tried again */
    for (size_t i = 6; i < 20; i++) {
        assert_takes(queue, i);
        import_queue_put(queue, i, i < 9 ? QUEUE_DONE : QUEUE_FAILED);
    }
    assert_holds(queue, "all has ended");
}

static void
test_canary_asks(void)
{
    QueueEntry entries[6] = {0};
    entries[5].priority = 1;
    g_autoptr(ImportQueue) queue = queue_new(&(Schedule){0}, entries, 6);
    import_queue_set_canary(queue, 2);
    assert_takes(queue, 5);
    assert_takes(queue, 0);
    assert_holds(queue, "the first 2 have not ended yet");
    import_queue_put(queue, 5, QUEUE_DONE);
    import_queue_put(queue, 0, QUEUE_MOVING);
    assert_holds(queue, "the first 2 have not ended yet");
    import_queue_put(queue, 0, QUEUE_DONE);
    assert_holds(queue, "the first 2 have ended: approval is asked");
    assert_reason(queue, 3, "waits: the first 2 have ended: approval is asked");
    import_queue_approve(queue);
    assert_takes(queue, 1);
}

/* What the journal says has begun before counts. */
static void
test_resumed_run(void)
{
    ScheduleLimit limits[] = {{LIMIT_HOST, .jobs = int_known(1)}};
    const QueueEntry entries[] = {ENTRY(.host = "a", .state = QUEUE_BUSY), ENTRY(.host = "a"),
        ENTRY(.host = "b", .state = QUEUE_FAILED), ENTRY(.host = "b", .state = QUEUE_FAILED),
        ENTRY(.host = "b", .state = QUEUE_DONE), ENTRY(.host = "c"),
        ENTRY(.host = "c", .state = QUEUE_MOVING)};
    Schedule schedule = {.limits = LIST(limits), .failures = int_known(2)};
    g_autoptr(ImportQueue) queue = queue_new(&schedule, entries, G_N_ELEMENTS(entries));
    g_assert_cmpuint(import_queue_count_jobs(queue), ==, 1);
    assert_holds(queue, "wave '(none)' is paused: 2 imports of it failed");
    import_queue_resume_wave(queue);
    import_queue_set_canary(queue, 5);
    assert_holds(queue, "the first 5 have not ended yet");
    import_queue_set_canary(queue, 6);
    assert_takes(queue, 5);
    import_queue_approve(queue);
    assert_holds(queue, "1 import on host 'a', as many as may be at once");
    import_queue_put(queue, 0, QUEUE_WAITING); /* the server does not know of it */
    assert_takes(queue, 0);
}

static void
test_windows_hold(void)
{
    const char *night[] = {"22:00 to 06:00 Europe/Berlin", "mon 10:00 to 12:00 UTC"},
               *day[] = {"sat 11:00 to 12:00 UTC"}, *past[] = {"2020-01-01 00:00-24:00 UTC"};
    ScheduleWave waves[] = {{.name = text_known("a")},
        {.name = text_known("b"), .windows = LIST(day)},
        {.name = text_known("c"), .windows = LIST(past)}};
    const QueueEntry entries[] = {ENTRY(.wave = "a"), ENTRY(.wave = "b"), ENTRY(.wave = "c")};
    Schedule schedule = {.waves = LIST(waves), .windows = LIST(night)};
    g_autoptr(ImportQueue) queue = queue_new(&schedule, entries, 3);
    QueueHold hold = {0};
    assert_holds(queue, "outside the window until 2026-11-21 22:00 Europe/Berlin");
    assert_reason(queue, 0, "waits: outside the window until 2026-11-21 22:00 Europe/Berlin");
    g_assert_false(import_queue_take_move(queue, "p", "q", SOME_TIME, &hold));
    g_assert_cmpint(hold.kind, ==, HOLD_WINDOW);
    g_assert_cmpint(hold.until, ==, SOME_TIME + 11 * 3600);
    g_assert_cmpuint(import_queue_take(queue, hold.until - 1, &hold), ==, SIZE_MAX);
    g_assert_cmpuint(import_queue_take(queue, hold.until, &hold), ==, 0);
    assert_reason(queue, 0, NULL);
    import_queue_put(queue, 0, QUEUE_DONE);
    /* The clock may be put back, too. */
    assert_holds(queue, "outside the window until 2026-11-21 11:00 UTC");
    g_assert_cmpuint(import_queue_take(queue, SOME_TIME + 3600, &hold), ==, 1);
    import_queue_put(queue, 1, QUEUE_DONE);
    assert_holds(queue, "outside the window, which does not open again");
    schedule.windows = (Texts){.state = FACT_ABSENT};
    g_autoptr(ImportQueue) other = queue_new(&schedule, entries, 1);
    assert_takes(other, 0);
}

static void
test_moves(void)
{
    ScheduleLimit limits[] = {{LIMIT_MOVES, text_known("gold"), int_known(3)}};
    Schedule schedule = {.limits = LIST(limits), .jobs = int_known(4)};
    const QueueEntry entries[2] = {{.state = QUEUE_MOVING}};
    g_autoptr(ImportQueue) queue = queue_new(&schedule, entries, 2);
    QueueHold hold = {0};
    g_assert_true(import_queue_take_move(queue, "old", "gold", SOME_TIME, &hold));
    g_assert_true(import_queue_take_move(queue, "old", "gold", SOME_TIME, &hold));
    g_assert_false(import_queue_take_move(queue, "old", "gold", SOME_TIME, &hold));
    g_autofree char *from = queue_hold_text(&hold);
    g_assert_cmpstr(from, ==, "2 moves from or to pool 'old', as many as may be at once");
    g_assert_true(import_queue_take_move(queue, "gold", "gold", SOME_TIME, &hold));
    g_assert_false(import_queue_take_move(queue, NULL, "gold", SOME_TIME, &hold));
    g_autofree char *to = queue_hold_text(&hold);
    g_assert_cmpstr(to, ==, "3 moves from or to pool 'gold', as many as may be at once");
    assert_takes(queue, 1);
    g_assert_false(import_queue_take_move(queue, NULL, NULL, SOME_TIME, &hold));
    g_assert_cmpint(hold.kind, ==, HOLD_JOBS);
    import_queue_put_move(queue, "gold", "gold");
    g_assert_true(import_queue_take_move(queue, NULL, NULL, SOME_TIME, &hold));
    g_assert_cmpuint(import_queue_count_jobs(queue), ==, 4);
}

static void
test_bad_schedules(void)
{
    const char *window[] = {"22:00 to 06:00 Nowhere/Land"};
    ScheduleLimit limits[] = {{LIMIT_HOST, .jobs = int_known(0)}};
    ScheduleWave waves[] = {{.name = text_known("a"), .windows = LIST(window)}};
    const Schedule schedules[] = {{.windows = LIST(window)}, {.limits = LIST(limits)},
        {.waves = LIST(waves)}, {.jobs = int_known(0)}, {.failures = int_known(-1)}};
    for (size_t i = 0; i < G_N_ELEMENTS(schedules); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(import_queue_new(&schedules[i], NULL, 0, &error));
        g_assert_error(error, INGEST_ERROR, INGEST_ERROR_INVALID);
    }
}

/* --- against a model -------------------------------------------------------------------------- */

enum { HOSTS = 5, CLUSTERS = 3, POOLS = 4, WAVES = 4, ENTRIES = 60 };

static const char *const host_names[HOSTS] = {"h1", "h2", "h3", "h4", NULL};
static const char *const cluster_names[CLUSTERS] = {"c1", "c2", NULL};
static const char *const pool_names[POOLS] = {"p1", "p2", "p3", NULL};
static const char *const wave_names[WAVES] = {"w1", "w2", "w3", NULL};

typedef struct Model {
    QueueEntry entries[ENTRIES];
    const char *pools[ENTRIES][3];
    QueueState state[ENTRIES];
    size_t n;
    ScheduleLimit limits[12];
    ScheduleWave waves[2];
    Schedule schedule;
    int64_t forgiven[WAVES];
    size_t canary; /* SIZE_MAX: approved */
} Model;

static int
any(int n)
{
    return g_test_rand_int_range(0, n);
}

static size_t
wave_place(const char *name)
{
    size_t i = 0;
    while (i < WAVES && g_strcmp0(wave_names[i], name) != 0)
        i++;
    return i;
}

static bool
is_on(const QueueEntry *entry, LimitKind kind, const char *name)
{
    if (kind == LIMIT_CLUSTER)
        return g_strcmp0(entry->cluster, name) == 0;
    if (kind == LIMIT_HOST)
        return g_strcmp0(entry->host, name) == 0;
    bool is = false;
    for (size_t i = 0; i < entry->n_pools; i++)
        is = is || g_strcmp0(entry->pools[i], name) == 0;
    return is;
}

/* By name, else of each, else none. */
static int64_t
model_limit(const Model *model, LimitKind kind, const char *name)
{
    int64_t each = INT64_MAX;
    for (size_t i = 0; i < model->schedule.limits.n; i++) {
        const ScheduleLimit *limit = &model->limits[i];
        if (limit->kind == kind && name && g_strcmp0(limit->name.value, name) == 0)
            return limit->jobs.value;
        if (limit->kind == kind && !limit->name.value)
            each = limit->jobs.value;
    }
    return each;
}

static int64_t
model_busy(const Model *model, LimitKind kind, const char *name)
{
    int64_t n = 0;
    for (size_t i = 0; i < model->n; i++)
        n += model->state[i] == QUEUE_BUSY && is_on(&model->entries[i], kind, name);
    return n;
}

static bool
model_fits(const Model *model, const QueueEntry *entry)
{
    bool fits =
        model_busy(model, LIMIT_HOST, entry->host) < model_limit(model, LIMIT_HOST, entry->host) &&
        model_busy(model, LIMIT_CLUSTER, entry->cluster) <
            model_limit(model, LIMIT_CLUSTER, entry->cluster);
    for (size_t i = 0; i < entry->n_pools; i++)
        fits = fits && model_busy(model, LIMIT_POOL, entry->pools[i]) <
                           model_limit(model, LIMIT_POOL, entry->pools[i]);
    return fits;
}

static size_t
model_count(const Model *model, size_t wave, QueueState state)
{
    size_t n = 0;
    for (size_t i = 0; i < model->n; i++)
        n += model->state[i] == state &&
             (wave == SIZE_MAX || wave_place(model->entries[i].wave) == wave);
    return n;
}

static bool
model_is_paused(const Model *model, size_t wave)
{
    Int failures =
        wave < model->schedule.waves.n && model->waves[wave].failures.state != FACT_UNKNOWN
            ? model->waves[wave].failures
            : model->schedule.failures;
    int64_t failed = (int64_t)model_count(model, wave, QUEUE_FAILED) - model->forgiven[wave];
    return failures.state != FACT_ABSENT &&
           failed >= (failures.state == FACT_KNOWN ? failures.value : SCHEDULE_FAILURES);
}

static size_t
model_wave(const Model *model)
{
    for (size_t wave = 0; wave < WAVES; wave++) {
        size_t running =
            model_count(model, wave, QUEUE_BUSY) + model_count(model, wave, QUEUE_MOVING);
        if (model_count(model, wave, QUEUE_WAITING) || model_is_paused(model, wave) ||
            (running && !is_true(model->schedule.overlap)))
            return wave;
    }
    return WAVES;
}

static size_t
model_take(const Model *model)
{
    size_t best = SIZE_MAX, wave = model_wave(model);
    size_t begun = model->n - model_count(model, SIZE_MAX, QUEUE_WAITING);
    if (wave == WAVES || model_is_paused(model, wave) || begun >= model->canary ||
        (int64_t)model_count(model, SIZE_MAX, QUEUE_BUSY) >= model->schedule.jobs.value)
        return SIZE_MAX;
    for (size_t i = 0; i < model->n; i++)
        if (model->state[i] == QUEUE_WAITING && wave_place(model->entries[i].wave) == wave &&
            (best == SIZE_MAX || model->entries[i].priority > model->entries[best].priority) &&
            model_fits(model, &model->entries[i]))
            best = i;
    return best;
}

static void
model_init(Model *model)
{
    static const LimitKind kinds[] = {LIMIT_CLUSTER, LIMIT_HOST, LIMIT_POOL};
    model->n = (size_t)any(ENTRIES);
    model->canary = any(3) ? SIZE_MAX : (size_t)any(4);
    for (size_t i = 0; i < model->n; i++) {
        QueueEntry *entry = &model->entries[i];
        for (size_t k = 0; k < 3; k++)
            model->pools[i][k] = pool_names[any(POOLS)];
        *entry = ENTRY(.wave = wave_names[any(WAVES)], .host = host_names[any(HOSTS)],
            .cluster = cluster_names[any(CLUSTERS)], .pools = model->pools[i],
            .n_pools = (size_t)any(4), .priority = any(3) - 1,
            .state = any(4) ? QUEUE_WAITING : (QueueState)any(QUEUE_STATE_N));
        model->state[i] = entry->state;
    }
    size_t n = 0;
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
        const char *const *names = kinds[k] == LIMIT_HOST      ? host_names
                                   : kinds[k] == LIMIT_CLUSTER ? cluster_names
                                                               : pool_names;
        for (size_t i = 0; i == 0 || names[i - 1]; i++)
            if (any(2))
                model->limits[n++] =
                    (ScheduleLimit){kinds[k], text_known(names[i]), int_known(1 + any(3))};
    }
    for (size_t i = 0; i < G_N_ELEMENTS(model->waves); i++)
        model->waves[i] = (ScheduleWave){.name = text_known(wave_names[i]),
            .failures = any(2) ? int_known(1 + any(9)) : (Int){.state = (FactState)any(2)}};
    model->schedule = (Schedule){.jobs = int_known(1 + any(12)),
        .limits = {.items = model->limits, .n = n, .state = FACT_KNOWN},
        .failures = any(2) ? int_known(1 + any(9)) : (Int){.state = (FactState)any(2)},
        .waves = LIST(model->waves),
        .overlap = bool_known(any(2))};
}

/* The unnamed waves of the schedule come as entries do: the model knows w3 as the last named. */
static void
model_put(Model *model, ImportQueue *queue, size_t index, QueueState state)
{
    import_queue_put(queue, index, state);
    model->state[index] = state;
    for (size_t wave = 0; wave < WAVES; wave++)
        model->forgiven[wave] =
            MIN(model->forgiven[wave], (int64_t)model_count(model, wave, QUEUE_FAILED));
}

/* Some entry ends, is moved, is tried again or left out. */
static void
model_event(Model *model, ImportQueue *queue)
{
    size_t index = (size_t)any((int)model->n);
    QueueState state = model->state[index];
    if (state == QUEUE_BUSY)
        model_put(model, queue, index,
            any(3)   ? QUEUE_DONE
            : any(2) ? QUEUE_FAILED
            : any(2) ? QUEUE_MOVING
                     : QUEUE_WAITING);
    else if (state == QUEUE_MOVING)
        model_put(model, queue, index, any(3) ? QUEUE_DONE : QUEUE_FAILED);
    else if (any(20) == 0)
        model_put(model, queue, index, any(2) ? QUEUE_WAITING : QUEUE_DONE);
}

static void
model_unblock(Model *model, ImportQueue *queue)
{
    import_queue_resume_wave(queue);
    for (size_t wave = 0; wave < WAVES; wave++)
        model->forgiven[wave] = (int64_t)model_count(model, wave, QUEUE_FAILED);
    import_queue_approve(queue);
    model->canary = SIZE_MAX;
}

static void
assert_step(Model *model, ImportQueue *queue)
{
    QueueHold hold = {0};
    size_t expected = model_take(model), found = import_queue_take(queue, SOME_TIME, &hold);
    g_assert_cmpuint(found, ==, expected);
    if (found != SIZE_MAX) {
        model->state[found] = QUEUE_BUSY;
        g_assert_cmpint(hold.kind, ==, HOLD_NONE);
        return;
    }
    g_assert_cmpint(hold.kind, !=, HOLD_NONE);
    g_assert_cmpint(hold.kind, !=, HOLD_TURN);
    for (size_t i = 0; i < model->n; i++)
        g_assert_cmpint(import_queue_hold(queue, i, SOME_TIME).kind != HOLD_NONE, ==,
            model->state[i] == QUEUE_WAITING);
}

static void
run_model(void)
{
    Model model = {0};
    model_init(&model);
    if (model.canary != SIZE_MAX && model.canary > model.n)
        model.canary = SIZE_MAX;
    g_autoptr(ImportQueue) queue = queue_new(&model.schedule, model.entries, model.n);
    if (model.canary != SIZE_MAX)
        import_queue_set_canary(queue, model.canary);
    for (int i = 0; i < 200 && model.n; i++) {
        if (any(2))
            model_event(&model, queue);
        if (any(50) == 0)
            model_unblock(&model, queue);
        assert_step(&model, queue);
    }
    /* It always comes to an end. */
    model_unblock(&model, queue);
    size_t steps = 0;
    for (QueueHold hold = {0}; hold.kind != HOLD_END; steps++) {
        size_t index = import_queue_take(queue, SOME_TIME, &hold);
        g_assert_cmpuint(index, ==, model_take(&model));
        if (index != SIZE_MAX)
            model.state[index] = QUEUE_BUSY;
        for (size_t i = 0; i < model.n && index == SIZE_MAX; i++)
            if (model.state[i] == QUEUE_BUSY || model.state[i] == QUEUE_MOVING)
                model_put(&model, queue, i, QUEUE_DONE);
        g_assert_cmpuint(steps, <, 10 * ENTRIES);
    }
    g_assert_cmpuint(model_count(&model, SIZE_MAX, QUEUE_WAITING), ==, 0);
}

static void
test_random_schedules(void)
{
    for (int i = 0; i < 3000; i++)
        run_model();
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/import-queue/five-at-once-where-nothing-is-said", test_five_at_once);
    g_test_add_func("/import-queue/empty", test_nothing_to_do);
    g_test_add_func("/import-queue/waves-then-priority-then-place", test_order);
    g_test_add_func("/import-queue/waves-follow-each-other", test_waves_follow_each_other);
    g_test_add_func("/import-queue/waves-may-overlap", test_waves_may_overlap);
    g_test_add_func("/import-queue/limits-hold-back-only-their-own", test_limits);
    g_test_add_func("/import-queue/failures-pause-the-wave", test_failures_pause_the_wave);
    g_test_add_func("/import-queue/canary-asks", test_canary_asks);
    g_test_add_func("/import-queue/resumed-run", test_resumed_run);
    g_test_add_func("/import-queue/windows", test_windows_hold);
    g_test_add_func("/import-queue/moves", test_moves);
    g_test_add_func("/import-queue/bad-schedules", test_bad_schedules);
    g_test_add_func("/import-queue/random-schedules-as-a-model-has-it", test_random_schedules);
    return g_test_run();
}
