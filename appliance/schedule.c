/* SPDX-License-Identifier: Apache-2.0
 *
 * The schedule of a plan that people have edited.
 */
#include "schedule.h"

#include <inttypes.h>

#include "report.h"
#include "window.h"

G_GNUC_PRINTF(2, 3)
static bool
complain(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID, "'schedule': %s", text);
    return false;
}

static bool
check_number(Int number, const char *what, GError **error)
{
    return number.state != FACT_KNOWN || number.value >= 1 ||
           complain(error, "%s is %" PRId64 ": give 1 or more", what, number.value);
}

static bool
check_windows(const Texts *windows, const char *place, GError **error)
{
    g_autofree char *from = g_strdup_printf("'schedule': %s", place);
    g_autoptr(GArray) parsed = windows_parse(windows, from, error);
    return parsed != NULL;
}

static bool
check_limit(const Schedule *schedule, size_t index, GError **error)
{
    const ScheduleLimit *limit = &schedule->limits.items[index];
    const char *name = limit->name.value;
    if (limit->kind == LIMIT_NONE || limit->jobs.state != FACT_KNOWN)
        return complain(error,
            "'limits[%zu]': a limit has a kind and a number of jobs: add what is missing", index);
    for (size_t i = 0; i < index; i++)
        if (schedule->limits.items[i].kind == limit->kind &&
            g_strcmp0(schedule->limits.items[i].name.value, name) == 0)
            return complain(error, "'limits[%zu]': %s%s%s has a limit already: leave one out",
                index, limit_kind_words[limit->kind], name ? " " : "", name ? name : "");
    return check_number(limit->jobs, "a limit", error);
}

static bool
check_wave(const ScheduleWave *wave, GHashTable *names, GError **error)
{
    if (!wave->name.value)
        return complain(error, "a wave has a name, as choice.wave has it: give it one");
    g_autofree char *place = g_strdup_printf("wave '%s': ", wave->name.value);
    g_autofree char *failures = g_strdup_printf("%sfailures", place);
    if (!g_hash_table_add(names, (gpointer)wave->name.value))
        return complain(error, "%sit stands twice: leave one out", place);
    return check_number(wave->failures, failures, error) &&
           check_windows(&wave->windows, place, error);
}

bool
schedule_check(const Schedule *schedule, GError **error)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    bool is_ok = check_number(schedule->jobs, "jobs", error) &&
                 check_number(schedule->failures, "failures", error) &&
                 check_windows(&schedule->windows, "", error);
    for (size_t i = 0; i < schedule->limits.n && is_ok; i++)
        is_ok = check_limit(schedule, i, error);
    for (size_t i = 0; i < schedule->waves.n && is_ok; i++)
        is_ok = check_wave(&schedule->waves.items[i], names, error);
    return is_ok;
}
