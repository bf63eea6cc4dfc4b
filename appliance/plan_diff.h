/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs between two plans, or between two inventories: one row for each change, handed out
 * as the files are read. Of the first file only the place of each VM is kept in memory.
 */
#ifndef PLAN_DIFF_H
#define PLAN_DIFF_H

#include "plan.h"

typedef enum Change {
    CHANGE_READY,
    CHANGE_READY_AFTER_ACTION,
    CHANGE_BLOCKED,
    CHANGE_UNKNOWN,
    CHANGE_FINDING_CAME,
    CHANGE_FINDING_WENT,
    CHANGE_VM_NEW,
    CHANGE_VM_GONE,
    CHANGE_RENAMED,
    CHANGE_MOVED,
    CHANGE_RESIZED,
    CHANGE_POWER,
    CHANGE_IDENTITY,
    CHANGE_NIC_NEW,
    CHANGE_NIC_GONE,
    CHANGE_NIC,
    CHANGE_DISK_NEW,
    CHANGE_DISK_GONE,
    CHANGE_DISK,
    CHANGE_CHOICE,
    CHANGE_FACTS,
    CHANGE_TARGET,
    CHANGE_NETWORK_NEW,
    CHANGE_NETWORK_GONE,
    CHANGE_MATCH,
    CHANGE_USE,
    CHANGE_N
} Change;

extern const char *const change_words[CHANGE_N]; /* "became-ready", "nic-new", ... */

/* One change. Texts are borrowed for the call; NULL: not there. */
typedef struct DiffRow {
    Change change;
    const char *source, *id, *name;    /* of the VM; NULL: of the target */
    const char *about;                 /* "cpus", "nics[Network adapter 1].vlan", "VLAN 120" */
    const char *old_value, *new_value; /* for people */
} DiffRow;

typedef struct DiffSink {
    void *data;
    void (*row)(void *data, const DiffRow *row);
} DiffSink;

typedef struct DiffSummary {
    size_t n[CHANGE_N];
    size_t n_old, n_new; /* VMs */
    bool is_worse;       /* a VM is blocked or unknown that was not, or was not there */
} DiffSummary;

/**
 * plan_diff - hand out what changed from the file @old to the file @new
 *
 * Both are plans, or both are inventories. A VM is found again by source and id, else by instance
 * UUID, else by name and path.
 *
 * Errors: as of plan_load() or inventory_load(); INVALID when one is a plan and the other is not;
 *         STORAGE for what is no plain file. What was handed out before an error stays.
 */
bool plan_diff(const char *old, const char *new, const DiffSink *sink, DiffSummary *ret_summary,
    GError **error);

/* --- between its files ------------------------------------------------------------------------ */

/* Two items of one VM. */
void plan_diff_items(const DiffSink *sink, const PlanItem *old, const PlanItem *new);
/* Networks of each VLAN, zone and release. */
void plan_diff_heads(const DiffSink *sink, const Plan *old, const Plan *new);
/* "blocked", or "-" for what was not judged. */
const char *plan_diff_verdict(const PlanItem *item);

#endif
