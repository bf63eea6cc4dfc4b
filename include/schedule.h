/* SPDX-License-Identifier: Apache-2.0
 *
 * How the imports of a plan are spread over time: what may run at once, in which order, and when.
 *
 *   member      policy                         plan file "schedule"        import
 *   jobs        limit jobs 20                  "jobs":20                   --jobs 20
 *   limits      limit host "esx1" 2            "limits":[{"kind":"host",   --per-host 2
 *               limit host 2                     "name":"esx1","jobs":2}]
 *   windows     window fri 20:00 to            "windows":["fri 20:00 to    --window TEXT
 *                 mon 05:00 Europe/Berlin        mon 05:00 Europe/Berlin"]
 *   failures    failures 3                     "failures":3                --failures 3
 *   waves       waves pilot "2" "3"            "waves":[{"name":"pilot"}]
 *   overlap     waves overlap                  "overlap":true
 *
 * Made by plan_build() from the policy, edited by hand in the plan file, obeyed by the import.
 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include "fact.h"

enum {
    SCHEDULE_JOBS = 5,       /* at once, where nothing is said: the server's own advice */
    SCHEDULE_FAILURES = 3,   /* that pause a wave, likewise */
    SCHEDULE_POOL_MOVES = 2, /* of volumes from or to one pool, likewise */
};

typedef enum LimitKind {
    LIMIT_NONE,
    LIMIT_CLUSTER, /* imports of VMs of one cluster */
    LIMIT_HOST,    /* imports of VMs on one host */
    LIMIT_POOL,    /* imports of VMs with a disk on one primary storage */
    LIMIT_MOVES,   /* moves of volumes from or to one primary storage */
    LIMIT_KIND_N
} LimitKind;

extern const char *const limit_kind_words[LIMIT_KIND_N]; /* "cluster", "host", "pool", "moves" */

typedef struct ScheduleLimit {
    LimitKind kind;
    Text name; /* of the cluster, host or pool as the plan names it; not known: each that has no
                  limit of its own name */
    Int jobs;  /* at once; 1 or more */
} ScheduleLimit;

typedef struct ScheduleWave {
    Text name;     /* what choice.wave says */
    Texts windows; /* instead of those of the schedule; none: those of the schedule */
    Int failures;  /* as of the schedule; unknown: the schedule's */
} ScheduleWave;

typedef struct Schedule {
    Int jobs; /* imports and moves in flight, in all; unknown: SCHEDULE_JOBS */
    LIST_OF(ScheduleLimit) limits;
    Texts windows; /* when something may be started, see window.h; none: at any time */
    Int failures;  /* so many failed imports pause a wave; unknown: SCHEDULE_FAILURES; absent: no
                      number of them does */
    LIST_OF(ScheduleWave) waves; /* in their order; VMs of other waves follow, then those of none */
    Bool overlap; /* a wave begins when nothing of the one before waits; else: when all has ended */
} Schedule;

#endif
