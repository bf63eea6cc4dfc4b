/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal: what was done to CloudStack, written before it is done.
 *
 *   run   one document carried out against one CloudStack; the document is kept whole
 *   item  one thing of it: a change, an instance
 *   claim what an item works on, so that no other item of any run does: one VM is imported once
 *   step  one call for it. Of a writing call the intent is on disk before it is sent; the outcome
 *         follows. A step without an outcome was cut short: whether it acted, only CloudStack can
 *         tell, so it is asked before anything is sent again. Reads that decided something are
 *         steps, too.
 *
 * One SQLite file, mode 0600, in WAL mode. An intent is synced to the disk before its call may be
 * sent; an outcome that a power cut takes away is found again by asking. No key and no password is
 * in it.
 *
 * Threads:   all functions from any thread; one writes at a time
 * Processes: several may have a journal open; a run is carried out by the one that locked it
 * Errors:    STORAGE (cannot be opened, made or written, disk full, read-only), INVALID (damaged,
 * or no journal), UNSUPPORTED (of a newer release); a journal that gives one of these is left as it
 * is
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "arena.h"
#include "fact.h"

#include <glib.h>

typedef struct Journal Journal;

typedef enum JournalMode { JOURNAL_READ, JOURNAL_WRITE } JournalMode;

/**
 * journal_open - open a journal
 * @mode: JOURNAL_WRITE makes the file and its folder if there are none; a journal of an older
 *        release is brought up to date in either mode
 *
 * Errors:  as above; NOT_FOUND when there is none to read
 * Returns: (owned)
 */
Journal *journal_open(const char *path, JournalMode mode, GError **error);
void journal_close(Journal *journal);

/* --- runs ------------------------------------------------------------------------------------- */

typedef enum JournalRunState {
    RUN_UNKNOWN,
    RUN_RUNNING, /* being carried out, or cut short */
    RUN_DONE,    /* every item is there */
    RUN_PARTLY,  /* carried out to its end; some item is not there */
    RUN_PAUSED,  /* nothing is under way; it goes on when it is resumed */
    RUN_STOPPED, /* ended by the operator before its end; it can be resumed */
    RUN_UNDOING,
    RUN_UNDONE, /* nothing of it is left */
    RUN_STATE_N
} JournalRunState;

extern const char *const journal_run_state_words[RUN_STATE_N]; /* "running", "done", ... */

typedef struct JournalRun {
    int64_t number;
    Text kind;   /* "networks", "preparations", "import" */
    Text target; /* URL without keys */
    Text zoneid;
    Text sha256; /* of the document */
    Text tool_version;
    Text begun_at, changed_at; /* UTC */
    JournalRunState state;
    Text wish;     /* "pause", "stop": asked for from outside, and not answered yet */
    Text note;     /* why it is as it is */
    Text settings; /* JSON: how it is to be carried out, where that may change from time to time */
} JournalRun;

typedef LIST_OF(JournalRun) JournalRuns;

typedef enum JournalItemState {
    ITEM_UNKNOWN,
    ITEM_PLANNED,   /* nothing has been sent */
    ITEM_SKIPPED,   /* not to be sent: blocked, or it needs one that is not there */
    ITEM_FOUND,     /* was there already: not ours, never undone */
    ITEM_CHECKED,   /* looked at once more, at the source and in CloudStack */
    ITEM_SUBMITTED, /* intended; whether it acted is not known yet */
    ITEM_RUNNING,   /* accepted; its job runs */
    ITEM_MADE,      /* it acted */
    ITEM_IMPORTED,  /* likewise, of an instance */
    ITEM_MIGRATING, /* imported; its volumes are moved */
    ITEM_VERIFIED,  /* and was read back as asked for */
    ITEM_FAILED,    /* refused, in conflict, or not as asked for: the note says which */
    ITEM_UNDONE,    /* taken back, and read back as gone */
    ITEM_STATE_N
} JournalItemState;

typedef struct JournalNewItem {
    const char *key;        /* tells it apart in the run: the id of a change */
    const char *name;       /* for people; NULL: none */
    const char *document;   /* what is to be done, as it is to be read back; NULL: in the run's */
    JournalItemState state; /* 0: planned */
    const char *note;       /* why it is in that state; NULL: none */
} JournalNewItem;

typedef struct JournalNewRun {
    const char *kind, *target, *zoneid; /* zoneid: NULL = none */
    const char *document;               /* the text as it is to be read back */
    const char *tool_version;
    const JournalNewItem *items; /* in the order they are carried out */
    size_t n_items;
} JournalNewRun;

/**
 * journal_begin_run - begin a run, or find the one that this document has already
 * @ret_run: its number
 *
 * The same document against the same target goes on with its run, unless that was undone.
 */
bool journal_begin_run(
    Journal *journal, const JournalNewRun *begin, int64_t *ret_run, GError **error);

/**
 * journal_lock_run - keep other processes from carrying out the run, until the journal is closed
 *
 * Errors: CONFLICT when another process has it
 */
bool journal_lock_run(Journal *journal, int64_t run, GError **error);

bool journal_set_run_state(Journal *journal, int64_t run, JournalRunState state, GError **error);
/* NULL @note: none. */
bool journal_set_run_note(Journal *journal, int64_t run, const char *note, GError **error);
bool journal_set_run_settings(Journal *journal, int64_t run, const char *settings, GError **error);
/* What whoever carries the run out is to do: "pause", "stop", or NULL to go on. */
bool journal_wish(Journal *journal, int64_t run, const char *wish, GError **error);
/* Whether a process carries the run out now; it may end a moment later. */
bool journal_is_run_locked(Journal *journal, int64_t run);

/* Newest first; texts in @arena, as of all that is read. */
bool journal_read_runs(Journal *journal, Arena *arena, JournalRuns *ret, GError **error);
/* NOT_FOUND: no such run. */
bool journal_read_run(Journal *journal, int64_t run, Arena *arena, JournalRun *ret, GError **error);
/* (owned) */
char *journal_read_document(Journal *journal, int64_t run, GError **error);

/* --- items ------------------------------------------------------------------------------------ */

extern const char *const journal_item_state_words[ITEM_STATE_N]; /* "planned", "skipped", ... */

typedef struct JournalItem {
    int64_t number;
    Text key, name;
    JournalItemState state;
    bool is_made; /* this run made it, and has not taken it back */
    Text step;    /* where it is, or failed: "check", "import", "migrate", "verify", "undo" */
    Text object;  /* its id in CloudStack */
    Text note;    /* why it is as it is */
    Text record;  /* JSON: how it was when it was read back */
} JournalItem;

typedef LIST_OF(JournalItem) JournalItems;

/* In the order of the run. */
bool journal_read_items(
    Journal *journal, int64_t run, Arena *arena, JournalItems *ret, GError **error);
/* NOT_FOUND: no such item. */
bool journal_read_item(
    Journal *journal, int64_t item, Arena *arena, JournalItem *ret, GError **error);
/* All but number, key and name, which stay. */
bool journal_set_item(Journal *journal, const JournalItem *item, GError **error);
/* What JournalNewItem.document was. (owned); NULL with NOT_FOUND: it has none */
char *journal_read_item_document(Journal *journal, int64_t item, GError **error);

/* --- claims ----------------------------------------------------------------------------------- */

/**
 * journal_claim - keep all other items, of any run, from the same things; synced to the disk
 * @keys: what they are: "vm:ZONEID/CLUSTERID/NAME", "uuid:ZONEID/UUID"
 *
 * All or none; an item may claim again what it has. They are free again once it has ended: skipped,
 * found, failed, verified or undone.
 * Errors: CONFLICT naming the run and the item that have one of them
 */
bool journal_claim(
    Journal *journal, int64_t item, const char *const *keys, size_t n, GError **error);

/* --- steps ------------------------------------------------------------------------------------ */

typedef enum JournalOutcome {
    OUTCOME_NONE,    /* not known yet */
    OUTCOME_OK,      /* done, or read */
    OUTCOME_RUNNING, /* accepted, its job runs */
    OUTCOME_REFUSED, /* the server said no: it did nothing */
    OUTCOME_FAILED,  /* its job failed */
    OUTCOME_LOST,    /* no answer, or a job without a result: it may have acted */
    OUTCOME_N
} JournalOutcome;

extern const char *const journal_outcome_words[OUTCOME_N]; /* "ok", "running", ... */

typedef struct JournalStep {
    int64_t number;
    Text purpose; /* "look", "call", "verify", "undo"; "import", "move", "address", "power-off" */
    Text subject; /* what of the item it is about: the id of a disk, or of a NIC */
    Text command;
    Text request;               /* JSON: the parameters, without keys and secrets */
    Text job;                   /* id of the job, chosen before the call */
    Text intended_at, ended_at; /* UTC */
    JournalOutcome outcome;
    Int code;   /* the server's, if it refused */
    Text text;  /* the server's words, or ours */
    Text reply; /* JSON */
} JournalStep;

typedef LIST_OF(JournalStep) JournalSteps;

/**
 * journal_intend - note a writing call before it is sent; synced to the disk on return
 * @item:  the new state of the item, in the same transaction
 * @step:  purpose, command, request, job
 * @ret_step: its number
 */
bool journal_intend(Journal *journal, const JournalItem *item, const JournalStep *step,
    int64_t *ret_step, GError **error);

/* The outcome of the step @step->number, and the new state of its item in the same transaction. */
bool journal_conclude(
    Journal *journal, const JournalStep *step, const JournalItem *item, GError **error);

/* A read that decided something, with its outcome. @item: its number alone counts. */
bool journal_note_read(
    Journal *journal, const JournalItem *item, const JournalStep *step, GError **error);

/* In the order they were made. */
bool journal_read_steps(
    Journal *journal, int64_t item, Arena *arena, JournalSteps *ret, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Journal, journal_close)

#endif
