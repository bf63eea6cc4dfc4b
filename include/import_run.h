/* SPDX-License-Identifier: Apache-2.0
 *
 * Carrying out a plan: VMs imported, their volumes moved, all of it read back; and taken back.
 *
 * One run of the journal is one plan; one item of it is one VM:
 *
 *   planned -> checked -> submitted -> running -> imported -> migrating -> verified
 *                |            |           |          |            |
 *                +-> skipped  +-----------+----------+------------+-> failed (item.step says where)
 *                +-> found (managed already, not by us)                 undone
 *
 * What a step did is in the journal before the next one begins; a step that was cut short is
 * settled by asking CloudStack, by the job's id, by the VM, by the volume, before anything is sent.
 *
 * No VM is submitted twice: its claims in the journal keep other runs away; the id of the job
 * follows from zone, cluster, name and attempt (UUID version 5), so that CloudStack itself refuses
 * the second submission, whoever sends it; and what is managed is looked up before each attempt.
 */
#ifndef IMPORT_RUN_H
#define IMPORT_RUN_H

#include "cloudstack.h"
#include "journal.h"
#include "plan.h"
#include "schedule.h"

#include <stdatomic.h>

#define IMPORT_KIND "import" /* JournalRun.kind */

/* What an item's document holds. */
typedef struct ImportTask {
    PlanItem item; /* as loaded: choices, and the calls as they were shown */
    Text facts;    /* digest of the source's view when the run began; not known: it has none */
    Text booted_at, start_id; /* of the guest, then; see instance_has_restarted() */
    Text hypervisor;          /* "VMware", "KVM" */
    Bool is_listed_only;      /* its source is CloudStack's list of what it does not manage */
} ImportTask;

/* --- the source ------------------------------------------------------------------------------- */

typedef enum SourceLook {
    SOURCE_LOOK_UNKNOWN, /* it could not be read */
    SOURCE_LOOK_SAME,
    SOURCE_LOOK_CHANGED,
    SOURCE_LOOK_GONE,
    SOURCE_LOOK_BUSY, /* a task, backup or snapshot runs on it, or it waits for an answer */
    SOURCE_LOOK_N
} SourceLook;

typedef struct SourceAnswer {
    SourceLook look;
    const char
        *text;   /* in the arena given: what changed, what runs, why it is not known; or NULL */
    bool is_off; /* the guest is known to be powered off */
    Bool has_restarted; /* since the run began */
} SourceAnswer;

/* The VM where it runs. Any thread may call. */
typedef struct ImportSource {
    void *data;
    /* False with CANCELLED only: all else is an answer. */
    bool (*look)(
        void *data, const ImportTask *task, Arena *arena, SourceAnswer *ret, GError **error);
    /* Ask the guest to shut down and wait until it is off; never a power off. The error says what
     * became of it. */
    bool (*shut_down)(void *data, const ImportTask *task, unsigned deadline_s, GError **error);
} ImportSource;

/* --- a run ------------------------------------------------------------------------------------ */

typedef struct ImportEvent {
    const JournalItem *item; /* as it is now; borrowed for the call */
    const char *text;        /* what happened, or NULL */
} ImportEvent;

typedef struct ImportRun {
    CloudStack *cs;
    Journal *journal;
    int64_t run; /* of journal_begin_run(); its items have documents */
    const char *zoneid;
    const Schedule *schedule;
    const ImportSource *source; /* NULL: there is none to be asked */
    bool may_power_off;         /* the operator confirmed it for the VMs whose plan says so */
    size_t canary;              /* so many first; 0: none are first */
    unsigned patience_s; /* how long the server may not answer before the run pauses; 0: 1800 */
    const atomic_bool *is_stopped; /* nothing new begins, what is under way is waited for */
    /* Leave at once; the next process finds out what was under way. As the client was given. */
    const atomic_bool *is_abandoned;
    /* Reads what was put into an item's document. INVALID. */
    bool (*read_task)(
        void *data, const char *document, Arena *arena, ImportTask *ret, GError **error);
    /* Whether the others may follow, once the first ones are done. */
    bool (*approve)(void *data, size_t n_verified, size_t n_failed);
    /* May be NULL. From any thread, one at a time. */
    void (*tell)(void *data, const ImportEvent *event);
    void *data;
} ImportRun;

/* How many VMs are in each state afterwards. */
typedef struct ImportTally {
    size_t n[ITEM_STATE_N];
    bool is_paused; /* by a wish, the failure budget, or the canary: JournalRun.note says why */
} ImportTally;

/**
 * import_run - carry out what is not done yet; the first time, or after whatever ended the last
 * @ret: filled on success
 *
 * A VM that fails does not stop the others, as far as the failure budget allows.
 * Errors: those of the journal; CONFLICT when another process carries the run out; AUTH when the
 * keys are no longer taken, UNREACHABLE, TIMEOUT, PROTOCOL once patience is over: the run is
 * paused and can be resumed; CANCELLED: abandoned
 */
bool import_run(const ImportRun *run, ImportTally *ret, GError **error);

/**
 * import_waits - what the VMs that have not begun wait for
 * @run:   .journal, .run, .schedule and .read_task count
 * @items: of the run, in its order
 * @ret:   a text for each, in @arena; NULL: it does not wait
 *
 * Errors: of the journal; INVALID
 */
bool import_waits(const ImportRun *run, const JournalItems *items, Arena *arena,
    const char *const **ret, GError **error);

typedef enum ImportRetry { RETRY_IMPORT, RETRY_MIGRATE, RETRY_VERIFY } ImportRetry;

/**
 * import_retry - let failed VMs be tried again by the next import_run()
 * @names: of the VMs, NULL = all that failed there
 * @ret_n: how many
 *
 * RETRY_MIGRATE takes those whose volumes are not where they belong, RETRY_IMPORT those that are
 * not imported. Errors: of the journal; NOT_FOUND: a name that is no VM of the run
 */
bool import_retry(Journal *journal, int64_t run, ImportRetry what, const char *const *names,
    size_t *ret_n, GError **error);

/* --- verifying -------------------------------------------------------------------------------- */

typedef enum VerifyResult {
    VERIFY_UNKNOWN, /* could not be read */
    VERIFY_SAME,
    VERIFY_DIFFERS,
    VERIFY_NOTED, /* differs, and that is how CloudStack imports: not wrong */
    VERIFY_N
} VerifyResult;

extern const char *const verify_words[VERIFY_N]; /* "same", "differs", "noted" */

/* One fact that was compared. */
typedef struct VerifyRow {
    Text about;    /* "owner", "nics[Network adapter 1].mac", "disks[51-2000].pool" */
    Text expected; /* by plan or source */
    Text found;
    VerifyResult result;
    Text note;
} VerifyRow;

typedef LIST_OF(VerifyRow) VerifyRows;

/**
 * import_verify - read imported VMs of a run back again and compare them
 * @names: NULL = all
 *
 * As it is done after each import; changes nothing but the journal.
 * Errors: as of import_run()
 */
bool import_verify(
    const ImportRun *run, const char *const *names, ImportTally *ret, GError **error);

/* --- taking back ------------------------------------------------------------------------------ */

typedef struct UndoOutlook {
    Text key, name;
    Bool is_possible; /* unknown: something that decides could not be read */
    Texts reasons;    /* why not, or what will differ from before */
} UndoOutlook;

typedef LIST_OF(UndoOutlook) UndoOutlooks;

/**
 * import_undo_outlook - whether each VM can be given back, and what would differ; reads only
 * @names: NULL = all that the run imported
 */
bool import_undo_outlook(const ImportRun *run, const char *const *names, Arena *arena,
    UndoOutlooks *ret, GError **error);

/**
 * import_undo - unmanage what the run imported; the guests run on
 *
 * Each is looked at before and, at its source, after. Errors: as of import_run()
 */
bool import_undo(const ImportRun *run, const char *const *names, ImportTally *ret, GError **error);

#endif
