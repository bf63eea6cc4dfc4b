/* SPDX-License-Identifier: Apache-2.0
 *
 * How the imports of a plan are spread over time, for the reports: wave by wave, and in words.
 */
#include "report.h"

#include <inttypes.h>
#include <string.h>

/* --- waves ------------------------------------------------------------------------------------ */

static void
add_wave(GArray *waves, GHashTable *places, const char *name, const ScheduleWave *given)
{
    const SummaryWave wave = {
        .name = name, .windows = given ? &given->windows : NULL, .bytes = int_known(0)};
    g_array_append_val(waves, wave);
    if (name)
        g_hash_table_insert(places, (gpointer)name, GUINT_TO_POINTER(waves->len));
}

/* Place of the item's wave in an array that ends with the one of no wave. */
static guint
place_of(const PlanItem *item, GHashTable *places, const GArray *waves)
{
    const char *name = item->choice.wave.value;
    guint place = name ? GPOINTER_TO_UINT(g_hash_table_lookup(places, name)) : 0;
    return place ? place - 1 : waves->len - 1;
}

/* Those of the schedule, those that only items name, and none; @places: name -> place + 1. */
static GArray *
all_waves(const Plan *plan, GHashTable *places)
{
    GArray *waves = g_array_new(false, true, sizeof(SummaryWave));
    for (size_t i = 0; i < plan->schedule.waves.n; i++) {
        const ScheduleWave *wave = &plan->schedule.waves.items[i];
        add_wave(waves, places, wave->name.value, wave);
    }
    for (size_t i = 0; i < plan->n_items; i++) {
        const char *name = plan->items[i].choice.wave.value;
        if (name && !g_hash_table_contains(places, name))
            add_wave(waves, places, name, NULL);
    }
    add_wave(waves, places, NULL, NULL);
    return waves;
}

static void
count_item(SummaryWave *wave, const PlanItem *item)
{
    const PlanInstance *instance = &item->instance;
    wave->total++;
    wave->n[item->verdict]++;
    if (instance->disks.state == FACT_UNKNOWN)
        wave->bytes = (Int){0};
    for (size_t i = 0; i < instance->disks.n; i++) {
        Int bytes = instance->disks.items[i].capacity_bytes;
        if (bytes.state == FACT_UNKNOWN || bytes.value > INT64_MAX - wave->bytes.value)
            wave->bytes = (Int){0};
        else if (wave->bytes.state == FACT_KNOWN)
            wave->bytes.value += bytes.value;
    }
}

GArray *
report_waves(const Plan *plan)
{
    g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal);
    GArray *waves = all_waves(plan, places);
    for (size_t i = 0; i < plan->n_items; i++)
        count_item(&g_array_index(waves, SummaryWave, place_of(&plan->items[i], places, waves)),
            &plan->items[i]);
    if (!g_array_index(waves, SummaryWave, waves->len - 1).total)
        g_array_set_size(waves, waves->len - 1);
    return waves;
}

/* --- order ------------------------------------------------------------------------------------ */

typedef struct Order {
    guint wave;
    int64_t priority;
    size_t item;
} Order;

static int
compare_orders(const void *a, const void *b)
{
    const Order *x = a, *y = b;
    if (x->wave != y->wave)
        return x->wave < y->wave ? -1 : 1;
    if (x->priority != y->priority)
        return x->priority > y->priority ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

size_t *
report_order(const Plan *plan)
{
    g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GArray) waves = all_waves(plan, places);
    g_autofree Order *orders = g_new0(Order, plan->n_items);
    size_t *order = g_new0(size_t, plan->n_items);
    for (size_t i = 0; i < plan->n_items; i++)
        orders[i] = (Order){
            place_of(&plan->items[i], places, waves), plan->items[i].choice.priority.value, i};
    if (plan->n_items)
        qsort(orders, plan->n_items, sizeof *orders, compare_orders);
    for (size_t i = 0; i < plan->n_items; i++)
        order[orders[i].item] = i + 1;
    return order;
}

/* --- in words --------------------------------------------------------------------------------- */

static void
add_limit(GString *text, const ScheduleLimit *limit)
{
    static const char *const words[LIMIT_KIND_N] = {[LIMIT_CLUSTER] = "in",
        [LIMIT_HOST] = "on",
        [LIMIT_POOL] = "on",
        [LIMIT_MOVES] = "moves of disks from or to"};
    const char *what = limit->kind == LIMIT_MOVES ? "pool" : limit_kind_words[limit->kind];
    g_string_append_printf(text, ", %" PRId64 " %s ", limit->jobs.value, words[limit->kind]);
    if (limit->name.value)
        g_string_append_printf(text, "%s '%s'", what, limit->name.value);
    else
        g_string_append_printf(text, "each %s", what);
}

char *
report_windows_text(const Texts *windows)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < windows->n; i++)
        g_string_append_printf(text, "%s%s", i ? "; " : "", windows->items[i]);
    return g_strdup(windows->n ? text->str : "at any time");
}

char *
report_schedule_text(const Schedule *schedule)
{
    g_autofree char *windows = report_windows_text(&schedule->windows);
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "At once: %" PRId64 " in all",
        schedule->jobs.state == FACT_KNOWN ? schedule->jobs.value : SCHEDULE_JOBS);
    for (size_t i = 0; i < schedule->limits.n; i++)
        add_limit(text, &schedule->limits.items[i]);
    g_string_append_printf(text, ". Begun %s. ", windows);
    if (schedule->failures.state == FACT_ABSENT)
        g_string_append(text, "Failures do not pause a wave.");
    else
        g_string_append_printf(text, "Failures that pause a wave: %" PRId64 ".",
            schedule->failures.state == FACT_KNOWN ? schedule->failures.value : SCHEDULE_FAILURES);
    g_string_append(text, is_true(schedule->overlap)
                              ? " A wave begins when nothing of the one before waits."
                              : " A wave begins when the one before has ended.");
    return g_strdup(text->str);
}
