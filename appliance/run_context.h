/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands share that write to the journal: the journal, the CloudStack, a yes or no.
 */
#ifndef RUN_CONTEXT_H
#define RUN_CONTEXT_H

#include "appliance.h"
#include "journal.h"
#include "target.h"

/* --journal, the config's [state] folder, else the usual place. (owned) */
char *journal_path(const Options *options, const Config *config);

/* Asks, unless --yes. Only a whole "yes" counts. CANCELLED: no; USAGE: nobody can be asked. */
bool is_confirmed(const Options *options, const char *question, GError **error);

/* A run by its number as it was typed. USAGE */
bool run_number_parse(const char *text, int64_t *ret, GError **error);

/* That the run was against this CloudStack. CONFLICT */
bool run_check_target(const JournalRun *run, const CloudStack *cs, GError **error);

#endif
