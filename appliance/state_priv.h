/* SPDX-License-Identifier: Apache-2.0
 *
 * What the two files of the state folder share.
 */
#ifndef STATE_PRIV_H
#define STATE_PRIV_H

#include "state.h"

#define REPORTS_FOLDER "reports"
#define RUN_FILE       "run.json"
#define FAILED_FILE    "failed.json"
#define PARTIAL_SUFFIX ".partial"

/* STORAGE, with errno. */
bool state_fail(const char *path, const char *what, GError **error);
/* Of a folder of plain files: what else is in it stays, and so does the folder. */
bool state_remove_folder(const char *path, GError **error);
/* NOT_FOUND: none may go. */
bool state_remove_oldest(const char *folder, GError **error);

#endif
