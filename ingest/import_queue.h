/* SPDX-License-Identifier: Apache-2.0
 *
 * Which import may start now, and what the others wait for. Obeys a Schedule.
 *
 * Waves come one after the other; in a wave higher priority comes first, then the order given. What
 * one limit holds back does not hold back what is behind it in its wave. Pure: no clock, no call.
 *
 *   WAITING --take--> BUSY --put--> DONE, FAILED
 *                      |                ^
 *                      +--put--> MOVING-+     imported; its volumes are moved, see take_move
 *   any --put--> WAITING: it is tried again
 *
 * Jobs in flight are the BUSY entries and the moves taken. A wave has ended when each of its
 * entries is DONE or FAILED and its failures are within its budget.
 *
 * Threads: none of these functions locks; the caller does
 */
#ifndef IMPORT_QUEUE_H
#define IMPORT_QUEUE_H

#include "schedule.h"

#include <glib.h>
#include <time.h>

typedef enum QueueState {
    QUEUE_WAITING,
    QUEUE_BUSY,   /* a job of it is in flight, or is about to be */
    QUEUE_MOVING, /* imported; in no limit but by the moves that are taken for it */
    QUEUE_DONE,
    QUEUE_FAILED,
    QUEUE_STATE_N
} QueueState;

typedef struct QueueEntry {
    const char *wave;           /* NULL: none */
    const char *cluster, *host; /* as the limits name them; NULL: unknown */
    const char *const *pools;   /* that its disks lie on; entries may be NULL: unknown */
    size_t n_pools;
    int64_t priority; /* 0 where the plan tells none */
    QueueState state; /* of a resumed run: as the journal has it */
} QueueEntry;

typedef enum QueueHoldKind {
    HOLD_NONE,     /* it may start */
    HOLD_END,      /* every entry has ended */
    HOLD_RUNNING,  /* none waits any more, some have not ended */
    HOLD_WINDOW,   /* it is outside the window */
    HOLD_PAUSED,   /* the failure budget of the wave is used up; see import_queue_resume_wave() */
    HOLD_CANARY,   /* the first ones have not ended yet */
    HOLD_APPROVAL, /* they have: see import_queue_approve() */
    HOLD_WAVE,     /* the wave before has not ended */
    HOLD_JOBS,     /* as many jobs as may be are in flight */
    HOLD_LIMIT,    /* of a cluster, host or pool */
    HOLD_TURN,     /* others come first */
    HOLD_KIND_N
} QueueHoldKind;

/* Why something may not start. Texts are borrowed from the queue. */
typedef struct QueueHold {
    QueueHoldKind kind;
    const char *wave;            /* _PAUSED: that is paused; _WAVE: waited for; NULL: of no name */
    LimitKind limit;             /* _LIMIT */
    const char *name;            /* _LIMIT: of the cluster, host or pool; NULL: unknown ones */
    const struct Window *window; /* _WINDOW: that opens at .until; NULL: none does any more */
    time_t until;
    int64_t count; /* _JOBS, _LIMIT: in flight; _PAUSED: failed; _CANARY, _APPROVAL: first ones */
} QueueHold;

typedef struct ImportQueue ImportQueue;

/**
 * import_queue_new - a queue of @n entries
 * @schedule: copied
 * @entries:  copied; their places are their indexes from then on
 *
 * FAILED entries count against the budget of their wave, BUSY ones in all limits.
 * Errors:  INVALID if a window of the schedule is none, its time zone is not known here, or
 *          a number is below 1
 * Returns: (owned)
 */
ImportQueue *import_queue_new(
    const Schedule *schedule, const QueueEntry *entries, size_t n, GError **error);
void import_queue_free(ImportQueue *queue);

/**
 * import_queue_take - the entry that starts now; it is BUSY from then on
 * @ret_hold: why there is none: what the first waiting entry waits for
 *
 * Returns: its index, or SIZE_MAX
 */
size_t import_queue_take(ImportQueue *queue, time_t now, QueueHold *ret_hold);

/* Entry @index is now in @state, which is not QUEUE_BUSY. */
void import_queue_put(ImportQueue *queue, size_t index, QueueState state);

/* A volume starts to move between two pools (NULL: unknown), or @ret_hold says why not. It counts
 * in the total and, of LIMIT_MOVES, at both pools until it is put back. Moves go on in a paused
 * wave and before approval: what is imported gets where it belongs. The windows that count are
 * those of the first wave that is not done. */
bool import_queue_take_move(
    ImportQueue *queue, const char *from, const char *to, time_t now, QueueHold *ret_hold);
void import_queue_put_move(ImportQueue *queue, const char *from, const char *to);

/* Only the first @n entries start until import_queue_approve(). What has started before counts. */
void import_queue_set_canary(ImportQueue *queue, size_t n);
void import_queue_approve(ImportQueue *queue);

/* The failures so far no longer count against the budget of any wave. */
void import_queue_resume_wave(ImportQueue *queue);

/* How many entries are in a state; jobs in flight: BUSY entries and moves. */
size_t import_queue_count(const ImportQueue *queue, QueueState state);
size_t import_queue_count_jobs(const ImportQueue *queue);

/* What a waiting entry waits for; of others HOLD_NONE. */
QueueHold import_queue_hold(ImportQueue *queue, size_t index, time_t now);
/* "2 imports on host 'esx1', as many as may be at once". (owned) */
char *queue_hold_text(const QueueHold *hold);
/* The two in one: "waits: ..."; NULL: it does not wait. (owned) */
char *import_queue_reason(ImportQueue *queue, size_t index, time_t now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImportQueue, import_queue_free)

#endif
