/* SPDX-License-Identifier: Apache-2.0
 *
 * Making an import queue of a schedule and entries.
 */
#include "import_queue_priv.h"

#include <inttypes.h>
#include <string.h>

/* (owned) */
static char *
counter_key(LimitKind kind, const char *name)
{
    return g_strdup_printf("%d%s%s", kind, name ? "/" : "", name ? name : "");
}

int64_t
queue_find_counter(ImportQueue *queue, LimitKind kind, const char *name)
{
    g_autofree char *key = counter_key(kind, name);
    size_t place = (size_t)g_hash_table_lookup(queue->counters_at, key);
    const int64_t *limit = place ? NULL : g_hash_table_lookup(queue->limits, key);
    if (place)
        return (int64_t)place - 1;
    if (!limit && queue->each[kind] == INT64_MAX)
        return NO_COUNTER;
    Counter *counter = g_new0(Counter, 1);
    counter->kind = kind;
    counter->name = arena_strdup(&queue->arena, name);
    counter->most = limit ? *limit : queue->each[kind];
    g_ptr_array_add(queue->counters, counter);
    place = queue->counters->len;
    g_hash_table_insert(queue->counters_at, g_steal_pointer(&key), (gpointer)place);
    return (int64_t)place - 1;
}

static void
heap_clear(Heap *heap)
{
    g_clear_pointer(&heap->items, g_array_unref);
}

static void
counter_free(void *given)
{
    Counter *counter = given;
    heap_clear(&counter->waiting);
    g_free(counter);
}

static void
clear_group(void *group)
{
    heap_clear(&((Group *)group)->entries);
}

static void
clear_wave(void *wave)
{
    g_clear_pointer(&((Wave *)wave)->windows, g_array_unref);
}

static void
add_counter(ImportQueue *queue, LimitKind kind, const char *name, GArray *places)
{
    int64_t found = queue_find_counter(queue, kind, name);
    size_t place = (size_t)found;
    for (guint i = 0; i < places->len && found != NO_COUNTER; i++)
        if (g_array_index(places, size_t, i) == place)
            return;
    if (found != NO_COUNTER)
        g_array_append_val(places, place);
}

/* Numbers as text, so that a hash table tells one list of them from another. */
static const char *
group_key(const GArray *places, GString *text)
{
    g_string_truncate(text, 0);
    for (guint i = 0; i < places->len; i++)
        g_string_append_printf(text, "%zu ", g_array_index(places, size_t, i));
    return text->str;
}

typedef struct GroupFinder {
    GHashTable *groups; /* key (owned) -> place + 1 */
    GArray *places;
    GString *key;
} GroupFinder;

static size_t
find_group(ImportQueue *queue, GroupFinder *finder, const QueueEntry *entry)
{
    g_array_set_size(finder->places, 0);
    add_counter(queue, LIMIT_CLUSTER, entry->cluster, finder->places);
    add_counter(queue, LIMIT_HOST, entry->host, finder->places);
    for (size_t i = 0; i < entry->n_pools; i++)
        add_counter(queue, LIMIT_POOL, entry->pools[i], finder->places);
    const char *key = group_key(finder->places, finder->key);
    size_t place = (size_t)g_hash_table_lookup(finder->groups, key);
    if (place)
        return place - 1;
    Group group = {.n_counters = finder->places->len,
        .counters =
            arena_memdup(&queue->arena, finder->places->data, finder->places->len * sizeof(size_t)),
        .woken_by = NO_COUNTER};
    g_array_append_val(queue->groups, group);
    g_hash_table_insert(finder->groups, g_strdup(key), (gpointer)(size_t)queue->groups->len);
    return queue->groups->len - 1;
}

typedef struct Order {
    size_t wave;
    int64_t priority;
    size_t index;
} Order;

static int
compare_orders(const void *a, const void *b)
{
    const Order *x = a, *y = b;
    if (x->wave != y->wave)
        return x->wave < y->wave ? -1 : 1;
    if (x->priority != y->priority)
        return x->priority > y->priority ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int64_t
budget_of(Int failures, int64_t otherwise)
{
    return failures.state == FACT_KNOWN    ? failures.value
           : failures.state == FACT_ABSENT ? INT64_MAX
                                           : otherwise;
}

static bool
check_number(Int number, const char *what, GError **error)
{
    if (number.state != FACT_KNOWN || number.value >= 1)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID,
        "schedule: %s is %" PRId64 ": give 1 or more", what, number.value);
    return false;
}

/* The wave is the last one from then on. */
static bool
add_wave(ImportQueue *queue, const ScheduleWave *given, int64_t budget, GError **error)
{
    const char *name = given->name.value;
    g_autofree char *place = g_strdup_printf("wave '%s': ", name ? name : "");
    Wave wave = {.name = arena_strdup(&queue->arena, name),
        .budget = budget_of(given->failures, budget),
        .windows = check_number(given->failures, "failures of a wave", error)
                       ? windows_parse(&given->windows, place, error)
                       : NULL};
    if (!wave.windows)
        return false;
    g_array_append_val(queue->wave_list, wave);
    return true;
}

/* Waves of the schedule, then others as they come, then that of entries without one. */
static bool
add_waves(ImportQueue *queue, const Schedule *schedule, const QueueEntry *entries, Order *orders,
    GError **error)
{
    g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal); /* place + 1 */
    int64_t budget = budget_of(schedule->failures, SCHEDULE_FAILURES);
    for (size_t i = 0; i < schedule->waves.n + queue->n; i++) {
        bool is_entry = i >= schedule->waves.n;
        const QueueEntry *entry = is_entry ? &entries[i - schedule->waves.n] : NULL;
        ScheduleWave given =
            is_entry ? (ScheduleWave){.name = text_known(entry->wave)} : schedule->waves.items[i];
        const char *name = given.name.value;
        size_t place = name ? (size_t)g_hash_table_lookup(places, name) : SIZE_MAX;
        if (!place && !add_wave(queue, &given, budget, error))
            return false;
        if (!place) {
            place = queue->wave_list->len;
            g_hash_table_insert(places, (gpointer)name, (gpointer)place);
        }
        if (is_entry)
            orders[i - schedule->waves.n].wave = place - 1;
    }
    if (!add_wave(queue, &(ScheduleWave){0}, budget, error))
        return false;
    queue->waves = (Wave *)(void *)queue->wave_list->data;
    queue->n_waves = queue->wave_list->len;
    for (size_t i = 0; i < queue->n; i++)
        orders[i].wave = MIN(orders[i].wave, queue->n_waves - 1);
    return true;
}

static bool
set_limits(ImportQueue *queue, const Schedule *schedule, GError **error)
{
    for (int kind = 0; kind < LIMIT_KIND_N; kind++)
        queue->each[kind] = kind == LIMIT_MOVES ? SCHEDULE_POOL_MOVES : INT64_MAX;
    for (size_t i = 0; i < schedule->limits.n; i++) {
        const ScheduleLimit *limit = &schedule->limits.items[i];
        const char *name = limit->name.value;
        if (!check_number(limit->jobs, "a limit", error))
            return false;
        if (name)
            g_hash_table_insert(queue->limits, counter_key(limit->kind, name),
                arena_memdup(&queue->arena, &limit->jobs.value, sizeof(int64_t)));
        else
            queue->each[limit->kind] = limit->jobs.value;
    }
    queue->jobs = schedule->jobs.state == FACT_KNOWN ? schedule->jobs.value : SCHEDULE_JOBS;
    queue->overlap = is_true(schedule->overlap);
    return check_number(schedule->jobs, "jobs", error) &&
           check_number(schedule->failures, "failures", error);
}

static void
add_entries(ImportQueue *queue, const QueueEntry *entries, Order *orders)
{
    g_autoptr(GHashTable) groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GArray) places = g_array_new(false, false, sizeof(size_t));
    g_autoptr(GString) key = g_string_new(NULL);
    GroupFinder finder = {.groups = groups, .places = places, .key = key};
    for (size_t i = 0; i < queue->n; i++) {
        orders[i].priority = entries[i].priority;
        orders[i].index = i;
        queue->entries[i] = (Entry){.state = entries[i].state,
            .wave = orders[i].wave,
            .group = find_group(queue, &finder, &entries[i])};
        queue_count_entry(queue, &queue->entries[i], 1);
    }
    qsort(orders, queue->n, sizeof *orders, compare_orders);
    for (size_t rank = 0; rank < queue->n; rank++) {
        Entry *entry = &queue->entries[orders[rank].index];
        entry->rank = rank;
        queue->by_rank[rank] = orders[rank].index;
        if (entry->state == QUEUE_WAITING)
            queue_stand_in_line(queue, entry);
    }
    for (size_t i = 0; i < queue->groups->len; i++)
        queue_stand_group(queue, i, &queue->ready);
}

ImportQueue *
import_queue_new(const Schedule *schedule, const QueueEntry *entries, size_t n, GError **error)
{
    g_autoptr(ImportQueue) queue = g_new0(ImportQueue, 1);
    g_autofree Order *orders = g_new0(Order, n);
    arena_init(&queue->arena);
    queue->n = n;
    queue->entries = arena_new_n(&queue->arena, Entry, n);
    queue->by_rank = arena_new_n(&queue->arena, size_t, n);
    queue->groups = g_array_new(false, true, sizeof(Group));
    g_array_set_clear_func(queue->groups, clear_group);
    queue->counters = g_ptr_array_new_with_free_func(counter_free);
    queue->counters_at = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    queue->limits = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    queue->wave_list = g_array_new(false, true, sizeof(Wave));
    g_array_set_clear_func(queue->wave_list, clear_wave);
    queue->windows = windows_parse(&schedule->windows, "", error);
    if (!queue->windows || !set_limits(queue, schedule, error) ||
        !add_waves(queue, schedule, entries, orders, error))
        return NULL;
    add_entries(queue, entries, orders);
    return g_steal_pointer(&queue);
}

void
import_queue_free(ImportQueue *queue)
{
    if (!queue)
        return;
    heap_clear(&queue->ready);
    g_array_unref(queue->groups);
    g_array_unref(queue->wave_list);
    g_clear_pointer(&queue->windows, g_array_unref);
    g_ptr_array_unref(queue->counters);
    g_hash_table_destroy(queue->counters_at);
    g_hash_table_destroy(queue->limits);
    arena_release(&queue->arena);
    g_free(queue);
}
