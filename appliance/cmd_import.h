/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands around an import run share.
 */
#ifndef CMD_IMPORT_H
#define CMD_IMPORT_H

#include "appliance.h"
#include "import_run.h"
#include "output.h"
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

/* The columns and rows of a run's VMs, as they are printed. @waits: as of import_waits(), or NULL
 */
OutputTable *import_table_new(const JournalItems *items, const char *const *waits);

/* A run as its row in the journal has it: limits and confirmations. Texts in @arena. */
bool import_read_settings(
    const JournalRun *row, Arena *arena, Schedule *ret, bool *ret_may_power_off, GError **error);

/* The limits of the command line instead of those of the schedule. USAGE, INVALID */
bool import_apply_limits(const Options *options, Arena *arena, Schedule *schedule, GError **error);

/* JournalRun.settings. (owned) */
char *import_settings_write(const Schedule *schedule, bool may_power_off);

/* Does something with the run as the context has it. */
typedef bool (*ImportAction)(const ImportRun *run, void *data, GError **error);
bool import_with_run(const Options *options, const ImportContext *context, ImportAction action,
    void *data, GError **error);

/* The run's VMs, as -o says. */
bool import_print_results(const Options *options, const ImportContext *context, GError **error);

/* Carries the run out, tells how it goes and what became of it. */
ExitCode import_carry_out(const Options *options, ImportContext *context);

#endif
