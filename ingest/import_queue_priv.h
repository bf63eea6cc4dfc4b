/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of an import queue.
 *
 * Entries that the same limits count (same cluster, host and pools, as far as these are limited)
 * are a group: either each of them may start or none. A group stands in one heap: among those that
 * may be ready, or among those that wait for a limit that is reached. When that limit has room
 * again, the best of those that wait for it is looked at once more, and after it the next, for as
 * long as there is room. So an entry is touched a few times in a run, however many there are.
 */
#ifndef IMPORT_QUEUE_PRIV_H
#define IMPORT_QUEUE_PRIV_H

#include "import_queue.h"

#include "arena.h"
#include "window.h"

enum { NO_COUNTER = -1 };

/* The smallest .rank first. */
typedef struct HeapItem {
    size_t rank;
    size_t group; /* of a heap of groups */
} HeapItem;

typedef struct Heap {
    GArray *items; /* HeapItem; NULL: empty */
} Heap;

/* What one limit counts. */
typedef struct Counter {
    LimitKind kind;
    const char *name; /* NULL: all whose name is unknown */
    int64_t most, busy;
    Heap waiting; /* groups */
} Counter;

typedef struct Group {
    Heap entries; /* by rank; those that no longer wait are passed over */
    const size_t *counters;
    size_t n_counters;
    const Heap *at;   /* where it stands; NULL: nothing of it waits */
    size_t rank;      /* that it stands there with; other items of a heap that name it are stale */
    int64_t woken_by; /* counter that had room, or NO_COUNTER */
} Group;

typedef struct Entry {
    QueueState state;
    size_t wave, rank, group;
} Entry;

/* What windows said last; right from .from on before .to. */
typedef struct Opening {
    int64_t from, to;
    bool is_open;
    const Window *next; /* not open: that opens at .to; NULL: none does any more */
} Opening;

typedef struct Wave {
    const char *name; /* NULL: entries of no wave */
    GArray *windows;  /* Window, owned */
    Opening opening;
    int64_t budget; /* INT64_MAX: none */
    int64_t n_failed, n_forgiven;
    size_t n_waiting, n_running;
} Wave;

struct ImportQueue {
    Arena arena;
    Entry *entries;
    size_t n;
    size_t *by_rank;   /* entries in the order in which they would start without limits */
    size_t first;      /* rank; no entry before it waits */
    GArray *wave_list; /* Wave; the last one: of entries without */
    Wave *waves;       /* its items */
    size_t n_waves;
    GArray *groups;             /* Group */
    GPtrArray *counters;        /* Counter, owned */
    GHashTable *counters_at;    /* key of a counter -> its place + 1 */
    GHashTable *limits;         /* key of a counter -> limit of that name */
    int64_t each[LIMIT_KIND_N]; /* limit of those without; INT64_MAX: none */
    Heap ready;                 /* groups */
    GArray *windows;            /* Window, owned; of waves that have none */
    int64_t jobs;
    size_t n_moves, n_state[QUEUE_STATE_N];
    bool overlap;
    bool has_canary;
    size_t canary;
};

/* --- import_queue_new.c ----------------------------------------------------------------------- */

/* The place of the counter of that name, NO_COUNTER where nothing limits it. */
int64_t queue_find_counter(ImportQueue *queue, LimitKind kind, const char *name);

/* --- import_queue.c --------------------------------------------------------------------------- */

/* The entry counts, or with -1 no longer counts, as what it is now. */
void queue_count_entry(ImportQueue *queue, const Entry *entry, int by);
/* The entry stands in its group; the group still has to stand somewhere. */
void queue_stand_in_line(ImportQueue *queue, const Entry *entry);
/* Puts the group into that heap, if anything of it waits. */
void queue_stand_group(ImportQueue *queue, size_t place, Heap *heap);

#endif
