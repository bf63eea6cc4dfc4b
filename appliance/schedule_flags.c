/* SPDX-License-Identifier: Apache-2.0
 *
 * Limits of the command line instead of the plan's.
 */
#include "cmd_import.h"

#include "report.h"

/* Of a kind, the one that holds where no other names its cluster, host or pool. */
static void
set_limit(Schedule *schedule, LimitKind kind, int jobs, Arena *arena)
{
    if (!jobs)
        return;
    ScheduleLimit *limits = arena_new_n(arena, ScheduleLimit, schedule->limits.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < schedule->limits.n; i++) {
        const ScheduleLimit *limit = &schedule->limits.items[i];
        if (limit->kind != kind || limit->name.state == FACT_KNOWN)
            limits[n++] = *limit;
    }
    limits[n++] = (ScheduleLimit){.kind = kind, .jobs = int_known(jobs)};
    schedule->limits.items = limits;
    schedule->limits.n = n;
    schedule->limits.state = FACT_KNOWN;
}

static bool
check_numbers(const Options *options, GError **error)
{
    const struct {
        const char *name;
        int value;
    } numbers[] = {{"--jobs", options->jobs}, {"--per-cluster", options->per_cluster},
        {"--per-host", options->per_host}, {"--per-pool", options->per_pool},
        {"--failures", options->failures}};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (numbers[i].value < 0) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_USAGE, "%s %d: it is 1 or more",
                numbers[i].name, numbers[i].value);
            return false;
        }
    return true;
}

bool
import_apply_limits(const Options *options, Arena *arena, Schedule *schedule, GError **error)
{
    if (!check_numbers(options, error))
        return false;
    if (options->jobs)
        schedule->jobs = int_known(options->jobs);
    if (options->failures)
        schedule->failures = int_known(options->failures);
    set_limit(schedule, LIMIT_CLUSTER, options->per_cluster, arena);
    set_limit(schedule, LIMIT_HOST, options->per_host, arena);
    set_limit(schedule, LIMIT_POOL, options->per_pool, arena);
    if (options->windows) {
        schedule->windows.items = (const char **)(void *)options->windows;
        schedule->windows.n = g_strv_length(options->windows);
        schedule->windows.state = FACT_KNOWN;
    }
    return schedule_check(schedule, error);
}
