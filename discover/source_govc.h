/* SPDX-License-Identifier: Apache-2.0
 *
 * What govc printed as JSON, as objects of the property collector, so that the vSphere source's
 * own code reads them:
 *
 *   source_govc_json  files -> documents -> objects -> VimObject
 *   source_govc       the source itself
 */
#ifndef SOURCE_GOVC_H
#define SOURCE_GOVC_H

#include <json-c/json.h>

#include "vim_priv.h"

/* The files of one export. */
typedef struct GovcExport {
    GPtrArray *paths;    /* owned */
    GHashTable *missing; /* "HostSystem config" (owned) -> number of objects that lack it */
    GHashTable *seen;    /* types (owned) that some object is of */
    Arena arena;
    const char *product, *api_version, *uuid;  /* of "govc about -json" */
    int64_t written_at;                        /* of the newest file, seconds since 1970 */
    size_t n_untyped, n_unnamed;               /* objects whose devices or ids are not told */
    const char *first_untyped, *first_unnamed; /* files */
} GovcExport;

/* STORAGE; CONFIG when there is no *.json. Files, folders, or several of them by commas. */
bool govc_find_files(GovcExport *export, const char *path, GError **error);
/* VimSession.collect of an export: each object of all files that the listing asks for, once. */
bool govc_collect(VimSession *session, VimListing *listing, GError **error);

#endif
