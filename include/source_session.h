/* SPDX-License-Identifier: Apache-2.0
 *
 * Single instances, read again at their source: before an import, after it, and while a guest
 * shuts down.
 *
 * source_run() (source.h) reads a whole source once. A SourceSession opens a source at its first
 * use, stays logged in over many calls, logs in again when the peer ended the session, and is
 * always logged out. What it reads has exactly the form of a whole reading: instance_facts()
 * (plan.h) of a view is the same if nothing that a plan was made from changed, and differs if
 * power, NICs, disks, snapshots, size, name or cluster did. Boot time, running tasks, questions
 * and guest addresses are in the view, but not in that digest.
 *
 * ingest/ may not call discover/: it gets a SourceAccess, which appliance/ makes from the config.
 */
#ifndef SOURCE_SESSION_H
#define SOURCE_SESSION_H

#include "inventory.h"
#include "source.h"

/* --- reading ---------------------------------------------------------------------------------- */

/* How an instance that was asked for was found. Absent is not unknown. */
typedef enum Presence {
    PRESENCE_UNKNOWN,    /* where it may be could not be asked; .why tells */
    PRESENCE_THERE,      /* renamed, if its name is not the plan's */
    PRESENCE_GONE,       /* the source answered, and has none of that id */
    PRESENCE_UNREADABLE, /* it is there, but power, NICs or disks could not be read; .why tells */
    PRESENCE_N
} Presence;

static inline const char *
presence_to_string(Presence presence)
{
    switch (presence) {
    case PRESENCE_THERE:
        return "there";
    case PRESENCE_GONE:
        return "gone";
    case PRESENCE_UNREADABLE:
        return "unreadable";
    case PRESENCE_UNKNOWN:
    case PRESENCE_N:
        break;
    }
    return "unknown";
}

typedef struct InstanceReading {
    const char *id; /* as asked for */
    Presence presence;
    const InstanceView *view; /* in the reading's inventory; NULL: unknown or gone */
    const char *why;          /* for the operator, or NULL */
} InstanceReading;

typedef struct SourceReading SourceReading;

/* A snapshot; may be read by many threads. */
struct SourceReading {
    const Inventory *inventory; /* the views and what they hang on, enough to judge them anew */
    const InstanceReading *instances; /* as many as ids, in their order */
    size_t n_instances;
    uint64_t requests; /* round trips made */
    int64_t elapsed_ms;
    void (*destroy)(SourceReading *reading); /* private */
};

static inline void
source_reading_free(SourceReading *reading)
{
    if (reading)
        reading->destroy(reading);
}

/* How long, and until whose word. */
typedef struct SourceLimits {
    int64_t timeout_ms;              /* for all of it, the wait for the session too; 0: none */
    const atomic_bool *is_cancelled; /* beside the context's; NULL: that alone counts */
} SourceLimits;

enum { SOURCE_QUERY_MAX = 500 }; /* ids of one query */

typedef struct SourceQuery {
    const char *source;     /* as its records name it: a saved file has several; NULL: its own */
    const char *const *ids; /* InstanceView.id each; borrowed for the call */
    size_t n_ids;
    SourceLimits limits;
} SourceQuery;

/* --- shutting down ---------------------------------------------------------------------------- */

typedef enum ShutdownOutcome {
    SHUTDOWN_UNKNOWN,     /* the source was lost on the way: read the instance again */
    SHUTDOWN_OFF,         /* the guest went down */
    SHUTDOWN_WAS_OFF,     /* nothing was asked for */
    SHUTDOWN_UNHEARD,     /* tools or agent do not run: nobody in the guest would hear; not asked */
    SHUTDOWN_REFUSED,     /* the source said no: rights, state, another task */
    SHUTDOWN_STILL_ON,    /* asked in time, and on at the deadline; it may go down later */
    SHUTDOWN_CANCELLED,   /* asked, then interrupted; it may go down later */
    SHUTDOWN_GONE,        /* the source has no such instance */
    SHUTDOWN_UNSUPPORTED, /* a source of this type shuts nothing down */
    SHUTDOWN_N
} ShutdownOutcome;

static inline const char *
shutdown_to_string(ShutdownOutcome outcome)
{
    static const char *const words[SHUTDOWN_N] = {[SHUTDOWN_UNKNOWN] = "unknown",
        [SHUTDOWN_OFF] = "off",
        [SHUTDOWN_WAS_OFF] = "was-off",
        [SHUTDOWN_UNHEARD] = "unheard",
        [SHUTDOWN_REFUSED] = "refused",
        [SHUTDOWN_STILL_ON] = "still-on",
        [SHUTDOWN_CANCELLED] = "cancelled",
        [SHUTDOWN_GONE] = "gone",
        [SHUTDOWN_UNSUPPORTED] = "unsupported"};
    return words[outcome];
}

static inline bool
shutdown_is_off(ShutdownOutcome outcome)
{
    return outcome == SHUTDOWN_OFF || outcome == SHUTDOWN_WAS_OFF;
}

/* --- one source ------------------------------------------------------------------------------- */

typedef struct SourceSession SourceSession;

/* @source: taken; configured, not open. (owned) */
SourceSession *source_session_new(Source *source);
/* Logs out; never waits long. NULL-safe. No call may be under way. */
void source_session_free(SourceSession *session);

/**
 * source_session_read - read these instances again
 *
 * vSphere reads all of them by one call, and one for each switch whose ports may have VLANs of
 * their own; libvirt asks the hosts; CloudStack lists the clusters, by name if one is asked for;
 * what a saved file or an export holds is kept until the file changes.
 *
 * Errors:  those of the source, prefixed with "source 'NAME': ": nothing is known of any of them;
 *          INVALID: more than SOURCE_QUERY_MAX
 * Threads: any number; one at a time is served
 * Returns: (owned)
 */
SourceReading *source_session_read(
    SourceSession *session, const SourceQuery *query, GError **error);

/**
 * source_session_shutdown_guest - ask the guest to shut down, and wait until it is off
 * @limits: .timeout_ms is the deadline for being off; it must be given
 *
 * vSphere: ShutdownGuest; libvirt: virDomainShutdownFlags, by agent, else by ACPI. Never powers
 * off, never asks twice. The caller writes its intent down before and the outcome after.
 *
 * Errors:  set unless shutdown_is_off(); code and text tell why
 * Threads: any number; other calls of the session go on while it waits
 */
ShutdownOutcome source_session_shutdown_guest(
    SourceSession *session, const char *id, const SourceLimits *limits, GError **error);

/* --- all sources of a plan -------------------------------------------------------------------- */

typedef struct SourceAccess SourceAccess;

/* Sources by the name that a plan's items have. Any thread may call, at any time. */
struct SourceAccess {
    /* As source_session_read(); CONFIG when no source of that name is configured. */
    SourceReading *(*read)(SourceAccess *self, const SourceQuery *query, GError **error);
    /* As source_session_shutdown_guest(). */
    ShutdownOutcome (*shutdown_guest)(SourceAccess *self, const char *source, const char *id,
        const SourceLimits *limits, GError **error);
    /* The digest that a plan's item has, of a fresh view and CloudStack's of the same VM, or NULL.
     * (owned) */
    char *(*facts)(const InstanceView *source, const InstanceView *cloudstack);
};

/* --- what a reading tells --------------------------------------------------------------------- */

/* Whether it was powered on anew between two readings; unknown where the source does not tell. */
static inline Bool
instance_has_restarted(const InstanceView *before, const InstanceView *after)
{
    if (before->booted_at.value && after->booted_at.value)
        return bool_known(strcmp(before->booted_at.value, after->booted_at.value) != 0);
    bool is_same_host = before->host.value && after->host.value &&
                        strcmp(before->host.value, after->host.value) == 0;
    if (is_same_host && before->start_id.value && after->start_id.value)
        return bool_known(strcmp(before->start_id.value, after->start_id.value) != 0);
    return (Bool){0};
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SourceReading, source_reading_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SourceSession, source_session_free)

#endif
