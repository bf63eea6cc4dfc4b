/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that are written whole or not at all. Until it is committed a file stands under its name
 * with ".partial" after it; "-" or NULL is the standard output; a device is written directly.
 */
#ifndef OUTFILE_H
#define OUTFILE_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct OutFile {
    FILE *file;      /* to write to */
    char *path;      /* NULL: standard output */
    char *temporary; /* NULL: nothing to clean up */
    bool is_device, keeps_partial;
} OutFile;

/* STORAGE when it cannot be made. (owned) */
OutFile *outfile_open(const char *path, GError **error);
/**
 * outfile_finish - flush, sync and rename what is written whole; else say which file it was
 * @is_written: what the writer returned: outfile_finish(out, write(..., out->file, error), error)
 *
 * Errors: STORAGE, as when the disk is full: the old file is untouched then
 */
bool outfile_finish(OutFile *out, bool is_written, GError **error);
/* What has been written stays as PATH.partial when it is not committed. */
void outfile_keep_partial(OutFile *out);
/* Removes what was not committed. */
void outfile_free(OutFile *out);

typedef bool (*OutFileWriter)(const void *what, FILE *file, GError **error);

/* SHA-256, hexadecimal, of what @write writes. (owned) */
char *outfile_digest(OutFileWriter write, const void *what, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OutFile, outfile_free)

#endif
