/* SPDX-License-Identifier: Apache-2.0
 *
 * The state folder: the journal, which is never removed, and the reports that dry runs keep, of
 * which the oldest go when there are too many of them or when the disk gets full.
 *
 *   STATE/journal.sqlite
 *   STATE/reports/NAME/2026-11-21T154400Z/   one dry run: its reports, and run.json about it
 *   STATE/reports/NAME/latest                the newest of them
 *   STATE/reports/NAME/failed.json           about the last run, if it failed
 */
#ifndef STATE_H
#define STATE_H

#include "appliance.h"
#include "plan.h"

/* The config's [state] folder, else the usual place. (owned) */
char *state_folder(const Config *config);

typedef struct StateLimits {
    unsigned n_reports;  /* of each name */
    uint64_t free_bytes; /* of the file system: what reports leave to the journal */
} StateLimits;

/**
 * state_limits - how much may be kept
 * @folder: the state folder, which need not be there yet
 *
 * What the config says, else 30 reports, and a twentieth of the file system or 128 MiB, whichever
 * is less. Errors: CONFIG: a value is no number, or more than the file system has; STORAGE
 */
bool state_limits(
    const Config *config, const char *folder, StateLimits *ret_limits, GError **error);

/**
 * state_prune - remove reports until the limits hold
 *
 * First what is more than .n_reports of a name, then the oldest of all names; the newest of each
 * name stays. @ret_n: how many were removed; may be NULL
 * Errors: STORAGE: none is left to remove and there is still too little room (the text has the
 *         numbers); or a folder cannot be read or removed
 */
bool state_prune(const char *folder, const StateLimits *limits, unsigned *ret_n, GError **error);

/* For the journal, before it is written: reports go; what cannot be done is a warning. */
void state_make_room(const Config *config);

/* --- one dry run that is kept ----------------------------------------------------------------- */

typedef struct KeptRun KeptRun;

/* CONFIG: @name is no name for a folder. */
bool kept_check_name(const char *name, GError **error);

/**
 * kept_begin - make room, and a folder to write the reports into
 *
 * Errors: CONFLICT: a dry run of this name is being made; those of state_prune()
 * Returns: (owned)
 */
KeptRun *kept_begin(
    const char *folder, const char *name, const StateLimits *limits, GError **error);
/* Where the reports are written; after kept_commit() where they stay. */
const char *kept_folder(const KeptRun *run);
/* Sees that the limits hold, as state_prune(). Between two files. */
bool kept_keep_room(const KeptRun *run, GError **error);
/* A file did not fit: removes the oldest report of all. false: none is left but the newest. */
bool kept_make_room(const KeptRun *run);
/* The reports are written whole. */
bool kept_commit(KeptRun *run, ExitCode code, const Plan *plan, GError **error);
bool kept_is_committed(const KeptRun *run);
/* There are no reports, for this reason. */
void kept_fail(KeptRun *run, ExitCode code, const char *reason);
/* Removes what was not committed. */
void kept_free(KeptRun *run);

/* --- what is kept ----------------------------------------------------------------------------- */

typedef struct KeptReport {
    char *name;
    char *folder;                /* NULL: the run failed, and there is none */
    char *begun_at;              /* NULL: not known */
    char *reason;                /* why it failed; NULL: it did not */
    int64_t code;                /* exit code; -1: not known */
    int64_t verdicts[VERDICT_N]; /* how many VMs; -1: not known */
    uint64_t bytes;
} KeptReport;

/* Of one name, or of all if @name is NULL; newest first. (owned) STORAGE */
GPtrArray *kept_list(const char *folder, const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeptRun, kept_free)

#endif
