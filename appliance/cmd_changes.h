/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands that change CloudStack share: carrying a file of changes out, and undoing it.
 */
#ifndef CMD_CHANGES_H
#define CMD_CHANGES_H

#include "appliance.h"
#include "change.h"
#include "estate.h"

/* Fills .info of a document that was made from @estate. */
bool changes_describe(Changes *changes, const Estate *estate, GError **error);

/* Prints a document of changes to --out: as the file that apply takes (JSON), or as a table. */
bool changes_print(const Options *options, const Changes *changes, GError **error);

/* The code of a command that ended in a document: 3 when a change is blocked or unknown. */
ExitCode changes_exit_code(const Changes *changes, ExitCode worst);

/**
 * changes_run_apply - "networks apply FILE" and the like
 * @about: what the file has to be about: "networks", "preparations"
 *
 * Shows what would be sent and asks, unless --yes; then carries it out and prints what became of
 * each change.
 */
ExitCode changes_run_apply(const Options *options, const char *about, const char *path);

/* "networks undo [RUN]": RUN is a number, NULL: the last run of this kind that left something. */
ExitCode changes_run_undo(const Options *options, const char *about, const char *run);

#endif
