/* SPDX-License-Identifier: Apache-2.0
 *
 * How the imports of a plan are spread over time: waves and priorities by rules, and the schedule.
 */
#include <string.h>

#include "mapper_priv.h"

/* --- of an instance --------------------------------------------------------------------------- */

void
propose_wave(Task *task)
{
    Planner *planner = task->planner;
    Choice *choice = &task->item->choice;
    const char *name = task->server->name.value ? task->server->name.value : "";
    const Rule *rule = task_find_rule(task, RULE_WAVE);
    choice->wave = rule ? text_known(fill_name(planner->arena, rule->value, name)) : text_absent();
    rule = task_find_rule(task, RULE_PRIORITY);
    choice->priority = rule ? int_known(rule->number) : (Int){.state = FACT_ABSENT};
}

/* --- of the plan ------------------------------------------------------------------------------ */

/* "wave 2" before "wave 10". */
static int
compare_names(const char *a, const char *b)
{
    while (*a && *b) {
        if (g_ascii_isdigit(*a) && g_ascii_isdigit(*b)) {
            a += strspn(a, "0");
            b += strspn(b, "0");
            size_t x = strspn(a, "0123456789"), y = strspn(b, "0123456789");
            int order = x != y ? (x < y ? -1 : 1) : strncmp(a, b, x);
            if (order)
                return order;
            a += x;
            b += y;
        } else if (*a != *b) {
            break;
        } else {
            a++;
            b++;
        }
    }
    return (int)(unsigned char)*a - (int)(unsigned char)*b;
}

static int
compare_waves(const void *a, const void *b)
{
    const char *x = ((const ScheduleWave *)a)->name.value,
               *y = ((const ScheduleWave *)b)->name.value;
    int order = compare_names(x, y);
    return order ? order : strcmp(x, y);
}

/* The waves that stand there already, the first @n_ordered of them in their place, and those that
 * items are in, by name. */
static void
add_waves(Planner *planner, size_t n_ordered)
{
    Plan *plan = planner->plan;
    Schedule *schedule = &plan->schedule;
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GArray) waves = g_array_new(false, true, sizeof(ScheduleWave));
    g_array_append_vals(waves, schedule->waves.items, (guint)schedule->waves.n);
    for (size_t i = 0; i < schedule->waves.n; i++)
        g_hash_table_add(known, (gpointer)schedule->waves.items[i].name.value);
    for (size_t i = 0; i < plan->n_items; i++) {
        const ScheduleWave wave = {.name = plan->items[i].choice.wave};
        if (wave.name.value && g_hash_table_add(known, (gpointer)wave.name.value))
            g_array_append_val(waves, wave);
    }
    if (waves->len > n_ordered)
        qsort(waves->data + n_ordered * sizeof(ScheduleWave), waves->len - n_ordered,
            sizeof(ScheduleWave), compare_waves);
    schedule->waves.items =
        arena_memdup(planner->arena, waves->data, waves->len * sizeof(ScheduleWave));
    schedule->waves.n = waves->len;
    schedule->waves.state = FACT_KNOWN;
}

static bool
has_limit_of_moves(const Schedule *schedule)
{
    for (size_t i = 0; i < schedule->limits.n; i++)
        if (schedule->limits.items[i].kind == LIMIT_MOVES && !schedule->limits.items[i].name.value)
            return true;
    return false;
}

/* What holds where nothing is said is written out all the same, to be seen and edited. */
static void
write_out_defaults(Arena *arena, Schedule *schedule)
{
    if (schedule->jobs.state != FACT_KNOWN)
        schedule->jobs = int_known(SCHEDULE_JOBS);
    if (schedule->failures.state == FACT_UNKNOWN)
        schedule->failures = int_known(SCHEDULE_FAILURES);
    if (schedule->overlap.state != FACT_KNOWN)
        schedule->overlap = bool_known(false);
    schedule->windows.state = schedule->limits.state = FACT_KNOWN;
    if (has_limit_of_moves(schedule))
        return;
    size_t n = schedule->limits.n;
    ScheduleLimit *limits = arena_new_n(arena, ScheduleLimit, n + 1);
    memcpy(limits, schedule->limits.items, n * sizeof *limits);
    limits[n] = (ScheduleLimit){.kind = LIMIT_MOVES, .jobs = int_known(SCHEDULE_POOL_MOVES)};
    schedule->limits.items = limits;
    schedule->limits.n = n + 1;
}

static Texts
copy_texts(Arena *arena, const Texts *texts)
{
    Texts copy = {
        .items = arena_new_n(arena, const char *, texts->n), .n = texts->n, .state = texts->state};
    for (size_t i = 0; i < texts->n; i++)
        copy.items[i] = arena_strdup(arena, texts->items[i]);
    return copy;
}

/* The plan outlives the policy. */
static Schedule
copy_schedule(Arena *arena, const Schedule *given)
{
    Schedule copy = *given;
    copy.windows = copy_texts(arena, &given->windows);
    copy.limits.items =
        arena_memdup(arena, given->limits.items, given->limits.n * sizeof(ScheduleLimit));
    copy.waves.items =
        arena_memdup(arena, given->waves.items, given->waves.n * sizeof(ScheduleWave));
    for (size_t i = 0; i < copy.limits.n; i++)
        copy.limits.items[i].name.value = arena_strdup(arena, given->limits.items[i].name.value);
    for (size_t i = 0; i < copy.waves.n; i++) {
        copy.waves.items[i].name.value = arena_strdup(arena, given->waves.items[i].name.value);
        copy.waves.items[i].windows = copy_texts(arena, &given->waves.items[i].windows);
    }
    return copy;
}

/* A plan of this process says what the policy says; choices may have brought other waves. */
void
plan_build_schedule(Planner *planner, const Plan *given)
{
    const Plan *loaded = given && !given->inventory ? given : NULL;
    Schedule *schedule = &planner->plan->schedule;
    const Policy *policy = planner->policy;
    *schedule = loaded ? loaded->schedule : copy_schedule(planner->arena, &policy->schedule);
    add_waves(planner, loaded ? schedule->waves.n : policy->n_ordered_waves);
    write_out_defaults(planner->arena, schedule);
}
