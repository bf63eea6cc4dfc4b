/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands around an import run share.
 */
#ifndef CMD_IMPORT_H
#define CMD_IMPORT_H

#include "appliance.h"
#include "import_run.h"
#include "source_session.h"
#include "target.h"

/* Released as a whole. */
typedef struct ImportContext {
    Config *config;
    Target *target;
    Journal *journal;
    SourceAccess *access; /* NULL: VMs are not looked at at their source */
    int64_t run;
} ImportContext;

void import_context_clear(ImportContext *context);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ImportContext, import_context_clear)

/* Journal, CloudStack and sources by config and options; .config is loaded if it is not there. */
bool import_open_context(
    const Options *options, JournalMode mode, ImportContext *context, GError **error);

/* JournalRun.settings. (owned) */
char *import_settings_write(const Schedule *schedule, bool may_power_off);

/* Carries the run out, tells how it goes and what became of it. */
ExitCode import_carry_out(const Options *options, ImportContext *context);

#endif
