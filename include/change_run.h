/* SPDX-License-Identifier: Apache-2.0
 *
 * Carrying out a document of changes, and taking it back: journal first, then one call.
 *
 * Doing it twice does nothing the second time; after a kill at any point the next one reads back
 * what became of the last call before it sends anything. The rules stand in change.h.
 */
#ifndef CHANGE_RUN_H
#define CHANGE_RUN_H

#include "change.h"
#include "cloudstack.h"
#include "journal.h"

#include <stdatomic.h>

typedef struct ChangesRun {
    CloudStack *cs;
    Journal *journal;
    int64_t run; /* of journal_begin_run(), whose items are the document's changes in their order */
    /* NULL: never. Looked at between calls and while a job is waited for. */
    const atomic_bool *is_cancelled;
    /* May be NULL. What became of a change; @note: why, NULL = nothing to say. */
    void (*tell)(void *data, const Change *change, JournalItemState state, const char *note);
    void *tell_data;
} ChangesRun;

/* How many changes are in each state afterwards. */
typedef struct ChangesTally {
    size_t n[ITEM_STATE_N];
    size_t n_kept; /* of an undo: made by the run and still there */
} ChangesTally;

/**
 * changes_apply - carry out what is not there yet, in order
 * @ret: filled on success
 *
 * A change that is refused, in conflict, or not as asked for afterwards does not stop those that do
 * not refer to it. Errors: those of the journal; CONFLICT when another process carries out the run
 * or the document is of another cloud; AUTH, UNREACHABLE, TIMEOUT, PROTOCOL, CANCELLED: what is
 * there so far stays, and the same call goes on.
 */
bool changes_apply(
    const Changes *changes, const ChangesRun *run, ChangesTally *ret, GError **error);

/**
 * changes_undo - take back what this run made, the last one first
 *
 * What is in use, or is no longer as it was made, stays and is told. Errors as of changes_apply().
 */
bool changes_undo(const Changes *changes, const ChangesRun *run, ChangesTally *ret, GError **error);

#endif
