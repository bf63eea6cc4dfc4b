/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the import run share among themselves.
 */
#ifndef IMPORT_PRIV_H
#define IMPORT_PRIV_H

#include "import_queue.h"
#include "import_run.h"
#include "ingest_priv.h"

/* --- import_read.c: what CloudStack has of a VM ----------------------------------------------- */

typedef struct ReadIp {
    Text id, ipaddress;
} ReadIp;

typedef struct ReadNic {
    Text id, networkid, networkname, macaddress, ipaddress, type, broadcasturi, isolationuri;
    Text deviceid;
    Bool isdefault;
    LIST_OF(ReadIp) secondaryip;
} ReadNic;

typedef struct ReadDetail {
    Text key, value;
} ReadDetail;

typedef struct ReadVm {
    Text id, name, displayname, instancename, state, hypervisor, created;
    Text account, domainid, projectid, zoneid, hostid, hostname, templateid;
    Text serviceofferingid, serviceofferingname, osdisplayname;
    Int cpunumber, cpuspeed, memory;
    LIST_OF(ReadDetail) details;
    LIST_OF(ReadNic) nic;
} ReadVm;

typedef struct ReadVolume {
    Text id, name, type, path, chaininfo, state, storage, storageid;
    Text diskofferingid, diskofferingname, serviceofferingname, virtualmachineid;
    Int size, deviceid;
} ReadVolume;

typedef LIST_OF(ReadVm) ReadVms;
typedef LIST_OF(ReadVolume) ReadVolumes;

/* One VM being worked on, by one thread. */
typedef struct ImportWork {
    const ImportRun *run;
    struct Importer *importer; /* of import_run.c: queue, jobs; NULL outside of a run */
    size_t at;                 /* in its queue */
    Sender sender;
    Arena arena; /* of this VM */
    JournalItem *item;
    ImportTask task;
    JournalSteps steps;                 /* as the journal had them when the work began */
    const char *vm_json, *volumes_json; /* what was read last, without secrets */
    bool has_iso;                       /* the VM that was read last */
    void *data;                         /* of whoever looks at each VM of a run */
} ImportWork;

/**
 * import_find_managed - records of this VM in CloudStack: of any owner and state in the zone, by
 * instance name
 *
 * Errors: of the calls
 */
bool import_find_managed(ImportWork *work, ReadVms *ret, GError **error);

/* The record of that id; @ret_vm NULL: there is none. */
bool import_read_vm(ImportWork *work, const char *id, ReadVm **ret_vm, GError **error);
bool import_read_volumes(ImportWork *work, const char *vmid, ReadVolumes *ret, GError **error);

/**
 * import_find_volume - the volume that a disk of the plan became
 * @disk: its id in the plan
 *
 * By type and name as the import gives them, which hold the disk's id, and by path.
 * NULL: none, or it cannot be told; @ret_why says which
 */
const ReadVolume *import_find_volume(
    const ImportWork *work, const ReadVolumes *volumes, const char *disk, const char **ret_why);

/* "a_1" is the path of "[vmfs1] a/a_1.vmdk". */
bool import_is_path_of(const char *path, const char *file);

/* Notes a read that decided something. */
bool import_note_read(ImportWork *work, const char *purpose, const char *command,
    const char *subject, const char *text, GError **error);

/* --- import_run.c ----------------------------------------------------------------------------- */

/* The item's new state, in memory, in the journal, and told. NULL @note: none. */
bool import_settle(
    ImportWork *work, JournalItemState state, const char *step, const char *note, GError **error);

/* Waits until a volume may move between two pools; false with CANCELLED. Then give it back. */
bool import_take_move(ImportWork *work, const char *from, const char *to, GError **error);
void import_put_move(ImportWork *work, const char *from, const char *to);

/* Nothing new is to begin. */
bool import_is_stopped(const ImportWork *work);

typedef bool (*ImportEach)(ImportWork *work, GError **error);

/* One VM after the other of those that the run imported, with the run locked and in that state
 * meanwhile. @names: NULL = all. */
bool import_each(const ImportRun *run, const char *const *names, JournalRunState meanwhile,
    ImportEach each, ImportTally *ret, GError **error);
/* The same, where nothing is written. */
bool import_look_at_each(
    const ImportRun *run, const char *const *names, ImportEach each, void *data, GError **error);
/* Whether an item is named, by its name or key; NULL @names: every one is. */
bool import_is_named(const JournalItem *item, const char *const *names);
/* NOT_FOUND: a name that none of the items has. */
bool import_check_names(
    const JournalItems *items, const char *const *names, int64_t run, GError **error);

/* --- import_one.c ----------------------------------------------------------------------------- */

/* Brings one VM as far as it gets. Errors: what must pause the run. */
bool import_one(ImportWork *work, GError **error);

/* The id of the job for an attempt, from 1. (in the arena) */
const char *import_job_id(
    Arena *arena, const char *zoneid, const char *clusterid, const char *name, unsigned attempt);

/* --- import_move.c ---------------------------------------------------------------------------- */

/* Moves the volumes that are not where the plan wants them. The item is migrating, then failed or
 * as it was. */
bool import_move_volumes(ImportWork *work, bool *ret_is_done, GError **error);
/* Adds the further addresses of choice.ips. */
bool import_add_ips(ImportWork *work, bool *ret_is_done, GError **error);

/* --- import_verify.c -------------------------------------------------------------------------- */

/* Reads back, compares, writes rows and ledger to the journal; the item is verified, or failed. */
bool import_verify_one(ImportWork *work, GError **error);

#endif
