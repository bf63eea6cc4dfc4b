/* SPDX-License-Identifier: Apache-2.0
 *
 * The file of changes (change.h): reading, writing, and its tables.
 */
#ifndef CHANGE_FILE_H
#define CHANGE_FILE_H

#include "change.h"

#include <stdio.h>

typedef struct RecordType RecordType;

/* Writes the document as JSON, one line a change. What was loaded gives the same bytes. STORAGE */
bool changes_save(const Changes *changes, FILE *file, GError **error);

/**
 * changes_load - read a file of changes, edited by hand or not
 *
 * Errors: INVALID with file, line, path of the member and remedy (an unknown member is an error),
 *         and those of changes_check(); UNSUPPORTED for another apiVersion or kind; NOT_FOUND,
 *         STORAGE
 */
Changes *changes_load(const char *path, GError **error);
/* @name: what error texts call it. (owned) */
Changes *changes_read(FILE *file, const char *name, GError **error);

/* Tables of the file: change_type is one change. */
extern const RecordType changes_info_type, change_type;

#endif
