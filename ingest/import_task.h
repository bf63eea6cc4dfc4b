/* SPDX-License-Identifier: Apache-2.0
 *
 * How far the conversion of a VM is: one item of listImportVmTasks, read.
 *
 * The server keeps a task for each importVm with importsource=vmware, from 4.22 on, and says what
 * it is doing as text: step "[3/5] ConvertingInstance", stepduration "1 hs 4 min 10 secs". A task
 * has no id in the replies, and the job that made it is not named: it is told by zone, vCenter,
 * name and time. It shows progress and proves nothing: what became of an import is read back.
 */
#ifndef IMPORT_TASK_H
#define IMPORT_TASK_H

#include "record.h"

typedef enum ImportTaskState {
    IMPORT_TASK_UNKNOWN,
    IMPORT_TASK_RUNNING,
    IMPORT_TASK_COMPLETED,
    IMPORT_TASK_FAILED,
    IMPORT_TASK_STATE_N
} ImportTaskState;

typedef enum ImportTaskStep {
    IMPORT_STEP_UNKNOWN,
    IMPORT_STEP_PREPARE,
    IMPORT_STEP_CLONE,   /* or, of a VM that is off, finding it */
    IMPORT_STEP_CONVERT, /* exporting, virt-v2v */
    IMPORT_STEP_IMPORT,  /* moving the disks to their pools, recording the VM */
    IMPORT_STEP_DONE,
    IMPORT_STEP_N
} ImportTaskStep;

typedef struct ImportTask {
    Text id; /* not in the replies of 4.22 */
    Text vcenter, datacentername, sourcevmname, displayname;
    Text account, accountid, zoneid;
    Text virtualmachineid; /* once it is recorded */
    Text convertinstancehostid, convertinstancehostname;
    ImportTaskState state;
    ImportTaskStep step;
    Int step_number, steps;    /* "[3/5]" */
    Int step_seconds;          /* of the step that runs */
    Int seconds;               /* of the whole task, once it ended */
    Text description;          /* the server's sentence, or why it failed */
    Text created, lastupdated; /* as the server writes times: "2026-11-21T12:00:00+0000" */
    Int created_at;            /* seconds since 1970 */
} ImportTask;

/**
 * import_task_read - read one item of listImportVmTasks
 * @item:     object; members of another type are unknown, others are passed over
 * @arena:    for the texts of @ret_task
 *
 * Errors: PROTOCOL when @item is no object
 */
bool import_task_read(json_object *item, Arena *arena, ImportTask *ret_task, GError **error);

/* "1 hs 4 min 10 secs" in seconds, "" is 0; unknown when it is no such text. */
Int import_task_seconds(const char *text);

/**
 * import_task_is_of - may it be the task of this import?
 * @sourcevmname: name, as it was sent
 * @displayname:  as it was sent; NULL: none was
 * @submitted_at: seconds since 1970, by the server's clock; a task that was created before is of
 *                another attempt
 */
bool import_task_is_of(const ImportTask *task, const char *sourcevmname, const char *displayname,
    int64_t submitted_at);

/* "converting on host 'kvm1', step 3 of 5, for 4 min 10 s". (in @arena) */
const char *import_task_text(const ImportTask *task, Arena *arena);

#endif
