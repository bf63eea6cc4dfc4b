/* SPDX-License-Identifier: Apache-2.0
 *
 * From a plan to the run that carries it out: which VMs, as what documents, and looked at where.
 */
#ifndef IMPORT_DOCUMENT_H
#define IMPORT_DOCUMENT_H

#include "import_run.h"
#include "report.h"
#include "source_session.h"

/* --- documents -------------------------------------------------------------------------------- */

/* What the journal keeps of one VM of a checked plan. (owned) */
char *import_document_write(const PlanItem *item, const Catalog *catalog);
/* ImportRun.read_task. */
bool import_document_read(
    void *unused, const char *document, Arena *arena, ImportTask *ret, GError **error);

/* --- which VMs -------------------------------------------------------------------------------- */

/* What the operator confirmed beforehand. */
typedef struct ImportConsent {
    bool may_power_off;
    const char *const *accepted; /* ids of findings of severity action; NULL-terminated or NULL */
} ImportConsent;

/* Why an item of a checked plan is not imported. NULL: it is. (in @arena) */
const char *import_why_left_out(const PlanItem *item, const ImportConsent *consent, Arena *arena);

/* --- the source ------------------------------------------------------------------------------- */

/* How a VM differs from what the plan says of it: "power is off, was on; NIC 'x' is on ...".
 * (in @arena); NULL: in nothing that can be named */
const char *import_describe_change(
    const PlanInstance *planned, const InstanceView *view, Arena *arena);

/* @access: outlives it. */
ImportSource import_source_new(SourceAccess *access);

#endif
