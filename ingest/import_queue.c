/* SPDX-License-Identifier: Apache-2.0
 *
 * Which import may start now.
 */
#include "import_queue_priv.h"

/* --- heaps ------------------------------------------------------------------------------------ */

static const HeapItem *
heap_top(const Heap *heap)
{
    return heap->items && heap->items->len ? &g_array_index(heap->items, HeapItem, 0) : NULL;
}

static void
heap_push(Heap *heap, HeapItem item)
{
    if (!heap->items)
        heap->items = g_array_new(false, false, sizeof(HeapItem));
    g_array_append_val(heap->items, item);
    HeapItem *items = (HeapItem *)(void *)heap->items->data;
    size_t at = heap->items->len - 1;
    for (size_t above; at && items[above = (at - 1) / 2].rank > item.rank; at = above)
        items[at] = items[above];
    items[at] = item;
}

static void
heap_pop(Heap *heap)
{
    HeapItem *items = (HeapItem *)(void *)heap->items->data, last = items[heap->items->len - 1];
    size_t n = heap->items->len - 1, at = 0;
    g_array_set_size(heap->items, (guint)n);
    for (size_t below; (below = 2 * at + 1) < n; at = below) {
        if (below + 1 < n && items[below + 1].rank < items[below].rank)
            below++;
        if (items[below].rank >= last.rank)
            break;
        items[at] = items[below];
    }
    if (n)
        items[at] = last;
}

/* --- groups and their limits ------------------------------------------------------------------ */

static void counter_wake(ImportQueue *queue, size_t place);

static Counter *
counter_at(const ImportQueue *queue, size_t place)
{
    return g_ptr_array_index(queue->counters, place);
}

static Group *
group_at(const ImportQueue *queue, size_t place)
{
    return &g_array_index(queue->groups, Group, place);
}

static bool
has_room(const Counter *counter)
{
    return counter->busy < counter->most;
}

/* The rank of the group's first entry that waits, SIZE_MAX: none does. */
static size_t
group_first(ImportQueue *queue, Group *group)
{
    const HeapItem *top;
    while ((top = heap_top(&group->entries))) {
        if (queue->entries[queue->by_rank[top->rank]].state == QUEUE_WAITING)
            return top->rank;
        heap_pop(&group->entries);
    }
    return SIZE_MAX;
}

/* What it was woken for is there for the next one, unless this one has taken it. */
void
queue_stand_group(ImportQueue *queue, size_t place, Heap *heap)
{
    Group *group = group_at(queue, place);
    int64_t woken_by = group->woken_by;
    group->woken_by = NO_COUNTER;
    group->rank = group_first(queue, group);
    group->at = group->rank == SIZE_MAX ? NULL : heap;
    if (group->at)
        heap_push(heap, (HeapItem){group->rank, place});
    if (woken_by != NO_COUNTER)
        counter_wake(queue, (size_t)woken_by);
}

/* The first group of a heap, its stale items taken out; NULL: there is none. */
static Group *
heap_first_group(ImportQueue *queue, Heap *heap, size_t *ret_place)
{
    const HeapItem *top;
    while ((top = heap_top(heap))) {
        size_t place = top->group;
        Group *group = group_at(queue, place);
        bool is_there = group->at == heap && group->rank == top->rank;
        if (is_there && group_first(queue, group) == group->rank) {
            *ret_place = place;
            return group;
        }
        heap_pop(heap);
        if (is_there)
            queue_stand_group(queue, place, heap);
    }
    return NULL;
}

/* The counter whose limit is reached, or NO_COUNTER. */
static int64_t
group_find_full(const ImportQueue *queue, const Group *group)
{
    for (size_t i = 0; i < group->n_counters; i++)
        if (!has_room(counter_at(queue, group->counters[i])))
            return (int64_t)group->counters[i];
    return NO_COUNTER;
}

/* The best of those that wait for the counter is looked at again, if there is room. */
static void
counter_wake(ImportQueue *queue, size_t place)
{
    Counter *counter = counter_at(queue, place);
    size_t best;
    if (!has_room(counter) || !heap_first_group(queue, &counter->waiting, &best))
        return;
    heap_pop(&counter->waiting);
    queue_stand_group(queue, best, &queue->ready);
    group_at(queue, best)->woken_by = (int64_t)place;
}

static void
group_count(ImportQueue *queue, const Group *group, int by)
{
    for (size_t i = 0; i < group->n_counters; i++) {
        counter_at(queue, group->counters[i])->busy += by;
        if (by < 0)
            counter_wake(queue, group->counters[i]);
    }
}

/* --- states ----------------------------------------------------------------------------------- */

void
queue_count_entry(ImportQueue *queue, const Entry *entry, int by)
{
    Wave *wave = &queue->waves[entry->wave];
    queue->n_state[entry->state] += (size_t)by;
    if (entry->state == QUEUE_WAITING)
        wave->n_waiting += (size_t)by;
    if (entry->state == QUEUE_BUSY || entry->state == QUEUE_MOVING)
        wave->n_running += (size_t)by;
    if (entry->state == QUEUE_FAILED)
        wave->n_failed += by;
    wave->n_forgiven = MIN(wave->n_forgiven, wave->n_failed);
    if (entry->state == QUEUE_BUSY)
        group_count(queue, group_at(queue, entry->group), by);
}

static void
set_state(ImportQueue *queue, Entry *entry, QueueState state)
{
    queue_count_entry(queue, entry, -1);
    entry->state = state;
    queue_count_entry(queue, entry, 1);
}

void
queue_stand_in_line(ImportQueue *queue, const Entry *entry)
{
    heap_push(&group_at(queue, entry->group)->entries, (HeapItem){.rank = entry->rank});
    queue->first = MIN(queue->first, entry->rank);
}

/* --- what holds everything -------------------------------------------------------------------- */

static bool
is_paused(const Wave *wave)
{
    return wave->n_failed - wave->n_forgiven >= wave->budget;
}

/* The wave whose entries may start: the first one that is not over. */
static size_t
current_wave(const ImportQueue *queue)
{
    size_t i = 0;
    while (i + 1 < queue->n_waves && !queue->waves[i].n_waiting &&
           (queue->overlap || !queue->waves[i].n_running) && !is_paused(&queue->waves[i]))
        i++;
    return i;
}

static Opening
find_opening(const GArray *windows, int64_t now)
{
    WindowSpan span = {now, INT64_MAX};
    const Window *window = windows->len ? windows_find(windows, now, &span) : NULL;
    if (windows->len && !window)
        return (Opening){.from = now, .to = INT64_MAX};
    bool is_open = span.from <= now;
    return (Opening){now, is_open ? span.to : span.from, is_open, window};
}

/* Windows are asked again only when the answer may be another. */
static QueueHold
hold_by_windows(ImportQueue *queue, size_t index, time_t now)
{
    Wave *wave = &queue->waves[index];
    Opening *opening = &wave->opening;
    if (now < opening->from || now >= opening->to)
        *opening = find_opening(wave->windows->len ? wave->windows : queue->windows, now);
    if (opening->is_open)
        return (QueueHold){0};
    return (QueueHold){.kind = HOLD_WINDOW,
        .window = opening->next,
        .until = opening->next ? (time_t)opening->to : 0};
}

static QueueHold
hold_by_jobs(const ImportQueue *queue)
{
    size_t n = import_queue_count_jobs(queue);
    return (int64_t)n < queue->jobs ? (QueueHold){0}
                                    : (QueueHold){.kind = HOLD_JOBS, .count = (int64_t)n};
}

static QueueHold
hold_by_canary(const ImportQueue *queue)
{
    size_t running = queue->n_state[QUEUE_BUSY] + queue->n_state[QUEUE_MOVING];
    if (!queue->has_canary || queue->n - queue->n_state[QUEUE_WAITING] < queue->canary)
        return (QueueHold){0};
    return (QueueHold){
        .kind = running ? HOLD_CANARY : HOLD_APPROVAL, .count = (int64_t)queue->canary};
}

/* What keeps each entry of the current wave from starting, but for the jobs in flight. */
static QueueHold
hold_wave(ImportQueue *queue, size_t current, time_t now)
{
    const Wave *wave = &queue->waves[current];
    if (is_paused(wave))
        return (QueueHold){
            .kind = HOLD_PAUSED, .wave = wave->name, .count = wave->n_failed - wave->n_forgiven};
    QueueHold hold = hold_by_canary(queue);
    return hold.kind ? hold : hold_by_windows(queue, current, now);
}

static QueueHold
hold_by_counter(const ImportQueue *queue, int64_t place)
{
    if (place == NO_COUNTER)
        return (QueueHold){0};
    const Counter *counter = counter_at(queue, (size_t)place);
    return (QueueHold){
        .kind = HOLD_LIMIT, .limit = counter->kind, .name = counter->name, .count = counter->busy};
}

/* The first entry that waits; SIZE_MAX: none does. */
static size_t
first_waiting(ImportQueue *queue)
{
    while (queue->first < queue->n &&
           queue->entries[queue->by_rank[queue->first]].state != QUEUE_WAITING)
        queue->first++;
    return queue->first < queue->n ? queue->by_rank[queue->first] : SIZE_MAX;
}

QueueHold
import_queue_hold(ImportQueue *queue, size_t index, time_t now)
{
    const Entry *entry = &queue->entries[index];
    size_t current = current_wave(queue);
    if (entry->state != QUEUE_WAITING)
        return (QueueHold){0};
    if (entry->wave > current)
        return (QueueHold){.kind = HOLD_WAVE, .wave = queue->waves[current].name};
    QueueHold hold = hold_wave(queue, current, now);
    if (!hold.kind)
        hold = hold_by_counter(queue, group_find_full(queue, group_at(queue, entry->group)));
    if (!hold.kind)
        hold = hold_by_jobs(queue);
    if (!hold.kind && first_waiting(queue) != index)
        hold.kind = HOLD_TURN;
    return hold;
}

/* --- taking and putting back ------------------------------------------------------------------ */

/* The best group of the wave that no limit holds back, or NULL. Groups that a limit holds back
 * stand at that limit from then on. */
static Group *
find_free_group(ImportQueue *queue, size_t wave, size_t *ret_place)
{
    size_t place;
    for (Group *group; (group = heap_first_group(queue, &queue->ready, &place));) {
        if (queue->entries[queue->by_rank[group->rank]].wave != wave)
            return NULL;
        int64_t full = group_find_full(queue, group);
        if (full == NO_COUNTER) {
            *ret_place = place;
            return group;
        }
        heap_pop(&queue->ready);
        queue_stand_group(queue, place, &counter_at(queue, (size_t)full)->waiting);
    }
    return NULL;
}

static size_t
take_of_group(ImportQueue *queue, size_t place)
{
    size_t index = queue->by_rank[group_at(queue, place)->rank];
    heap_pop(&queue->ready);
    set_state(queue, &queue->entries[index], QUEUE_BUSY);
    queue_stand_group(queue, place, &queue->ready);
    return index;
}

size_t
import_queue_take(ImportQueue *queue, time_t now, QueueHold *ret_hold)
{
    size_t first = first_waiting(queue), place;
    if (first == SIZE_MAX) {
        bool has_ended = !queue->n_state[QUEUE_BUSY] && !queue->n_state[QUEUE_MOVING];
        *ret_hold = (QueueHold){.kind = has_ended ? HOLD_END : HOLD_RUNNING};
        return SIZE_MAX;
    }
    size_t current = current_wave(queue);
    QueueHold hold = hold_wave(queue, current, now);
    if (!hold.kind)
        hold = hold_by_jobs(queue);
    if (!hold.kind && find_free_group(queue, current, &place))
        return take_of_group(queue, place);
    *ret_hold = hold.kind ? hold : import_queue_hold(queue, first, now);
    return SIZE_MAX;
}

void
import_queue_put(ImportQueue *queue, size_t index, QueueState state)
{
    Entry *entry = &queue->entries[index];
    g_assert(index < queue->n && state != QUEUE_BUSY);
    if (entry->state == state)
        return;
    set_state(queue, entry, state);
    if (state != QUEUE_WAITING)
        return;
    queue_stand_in_line(queue, entry);
    queue_stand_group(queue, entry->group, &queue->ready);
}

/* --- moves ------------------------------------------------------------------------------------ */

bool
import_queue_take_move(
    ImportQueue *queue, const char *from, const char *to, time_t now, QueueHold *ret_hold)
{
    int64_t places[] = {
        queue_find_counter(queue, LIMIT_MOVES, from), queue_find_counter(queue, LIMIT_MOVES, to)};
    QueueHold hold = hold_by_windows(queue, current_wave(queue), now);
    if (!hold.kind)
        hold = hold_by_jobs(queue);
    for (size_t i = 0; i < G_N_ELEMENTS(places) && !hold.kind; i++)
        if (!has_room(counter_at(queue, (size_t)places[i])))
            hold = hold_by_counter(queue, places[i]);
    if (hold.kind) {
        *ret_hold = hold;
        return false;
    }
    queue->n_moves++;
    counter_at(queue, (size_t)places[0])->busy++;
    if (places[1] != places[0])
        counter_at(queue, (size_t)places[1])->busy++;
    return true;
}

void
import_queue_put_move(ImportQueue *queue, const char *from, const char *to)
{
    int64_t places[] = {
        queue_find_counter(queue, LIMIT_MOVES, from), queue_find_counter(queue, LIMIT_MOVES, to)};
    g_assert(queue->n_moves);
    queue->n_moves--;
    counter_at(queue, (size_t)places[0])->busy--;
    if (places[1] != places[0])
        counter_at(queue, (size_t)places[1])->busy--;
}

/* --- the operator ----------------------------------------------------------------------------- */

void
import_queue_set_canary(ImportQueue *queue, size_t n)
{
    queue->has_canary = true;
    queue->canary = n;
}

void
import_queue_approve(ImportQueue *queue)
{
    queue->has_canary = false;
}

void
import_queue_resume_wave(ImportQueue *queue)
{
    for (size_t i = 0; i < queue->n_waves; i++)
        queue->waves[i].n_forgiven = queue->waves[i].n_failed;
}

size_t
import_queue_count(const ImportQueue *queue, QueueState state)
{
    return queue->n_state[state];
}

size_t
import_queue_count_jobs(const ImportQueue *queue)
{
    return queue->n_state[QUEUE_BUSY] + queue->n_moves;
}
