/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings: disks, disk offerings and pools.
 */
#include "finding_rows.h"

#define POOL_TEXT "Storage pool for disk {1}({disk}) with datastore: {2} not found in zone ID: {3}"

KIND(NO_DISKS, "no-disks", SEVERITY_BLOCKER, "The instance has no disks.",
    "The list of its disks was read and is empty.", "Attach its disk at the source.",
    "A VM without disks cannot be imported.", STAGE_JOB, 530,
    "No attached disks found for the unmanaged VM: {shown}", RANK_NO_DISKS, RECORDED);
KIND(DISK_UNREAD, "disk-unread", SEVERITY_UNKNOWN, "{1}", "{2}",
    "Give the account the right to read the VM's hardware, then discover again.",
    "A disk that was not read may stop the import, or be lost by it.", NO_SERVER);
KIND(DISKS_DIFFER, "disks-differ", SEVERITY_BLOCKER, "CloudStack would import {1} of {2} disks.",
    "Disks in listUnmanagedInstances: {1}; at the source: {2}. Only the source shows: {3}.",
    "Change the disk that CloudStack does not read (raw device mapping, sparse file, "
    "unsupported bus) at the source, then list again.",
    "A disk that its reader does not understand is left out without a word.", NO_SERVER);
KIND(ROOT_UNKNOWN, "root-disk-unknown", SEVERITY_BLOCKER,
    "The chosen root disk '{1}' is no disk of the instance.", "Disks: {2}.",
    "Write the id of the boot disk into choice.root.",
    "The disk without a disk offering becomes the root disk.", STAGE_JOB, 530, "{6}",
    RANK_DISK_SPLIT, RECORDED);
KIND(ROOT_HAS_OFFERING, "root-disk-has-offering", SEVERITY_ACTION,
    "The chosen root disk '{1}' has a disk offering, so the server would take another disk for "
    "the root disk.",
    "choice.disks has an entry for choice.root.",
    "Take the entry out of choice.disks, or correct choice.root.",
    "The disk without a disk offering becomes the root disk, without a question.", NO_SERVER);
KIND(ROOT_DIFFERS, "root-disk-differs", SEVERITY_ACTION,
    "The plan says '{1}' is the root disk; the server would take '{2}'.",
    "choice.disks has an entry for each disk but '{2}'.",
    "Write the boot disk into choice.root and the others into choice.disks.",
    "The disk without a disk offering becomes the root disk, and boots.", NO_SERVER);
KIND(ROOT_WITHOUT_CONTROLLER, "root-disk-without-controller", SEVERITY_BLOCKER,
    "The root disk has no controller that CloudStack knows.", "Disk '{disk}': controller is empty.",
    "Attach it to a SCSI controller at the source.",
    "The controller of the root disk is recorded and must be there.", STAGE_JOB, 530,
    "VM import failed. Unable to retrieve root disk details for VM: {shown} ", RANK_ROOT_CONTROLLER,
    READ);
KIND(DISK_SIZE_ZERO, "disk-size-zero", SEVERITY_BLOCKER, "Disk '{1}' has size 0.",
    "Capacity as CloudStack reads it.", "Look at the disk at the source.",
    "The server refuses a disk without a size.", STAGE_JOB, 530,
    "Size of disk(ID: {disk}) is found invalid during VM import", RANK_DISKS, RECORDED);
KIND(DISK_SIZE_UNKNOWN, "disk-size-unknown", SEVERITY_UNKNOWN,
    "The size of disk '{1}' could not be read.", "No capacity was given for '{disk}'.",
    "Run 'vm-ingest doctor', then discover again.",
    "Whether an offering is large enough cannot be told.", NO_SERVER);
KIND(DISK_CHOICE_UNKNOWN, "disk-choice-unknown", SEVERITY_BLOCKER,
    "The plan names disk '{1}', which the instance does not have, or it is the root disk.",
    "Disks: {2}.", "Take the entry out of choice.disks, or correct it.",
    "Each data disk needs one entry, and no other disk may have one.", STAGE_JOB, 530, "{6}",
    RANK_DISK_SPLIT, RECORDED);
KIND(DISK_CHOICE_MISSING, "disk-offering-missing", SEVERITY_BLOCKER,
    "Data disk '{1}' has no disk offering.", "choice.disks has no entry for '{disk}'.",
    "Write one into choice.disks.", "Each disk but the root disk needs a disk offering.", STAGE_JOB,
    530, "{6}", RANK_DISK_SPLIT, RECORDED);
KIND(DISK_OFFERING_NONE_FITS, "no-disk-offering", SEVERITY_BLOCKER,
    "No disk offering fits disk '{1}' of {2} GiB on pool '{3}'.", "Nearest: {4}.",
    "createDiskOffering name=import-custom displaytext=import-custom customized=true{5}.",
    "The offering must be open to the owner, its tags on the pool of the disk, and its size "
    "not below that of the disk.",
    STAGE_JOB, 530, "{6}", RANK_DISK_SPLIT, RECORDED);
KIND(DISK_OFFERING_NOT_FOUND, "disk-offering-not-found", SEVERITY_BLOCKER,
    "The disk offering chosen for disk '{disk}' does not exist.",
    "No disk offering of the catalog has the id '{1}'.", "Correct choice.disks: listDiskOfferings.",
    "The id was edited, or the offering removed.", STAGE_JOB, 431,
    "Disk offering ID: {1} for disk ID: {disk} is invalid", RANK_DISK_OFFERING_IDS, RECORDED);
KIND(DISK_OFFERING_NOT_ACTIVE, "disk-offering-not-active", SEVERITY_WARNING,
    "Disk offering '{1}' is not active.", "listDiskOfferings: state is '{2}'.",
    "Choose an active one.", "The server takes a deleted offering by its id all the same.",
    NO_SERVER);
KIND(DISK_OFFERING_FORBIDDEN, "disk-offering-forbidden", SEVERITY_WARNING,
    "The policy forbids disk offering '{1}'.", "A forbid rule matches its name.",
    "Choose another, or change the rule.", "A choice made by hand stands above the rules.",
    NO_SERVER);
KIND(DISK_OFFERING_OF_OTHER_DOMAIN, "disk-offering-of-other-domain", SEVERITY_BLOCKER,
    "Disk offering '{1}' is not offered to the owner, {2}.",
    "listDiskOfferings: domainid does not hold the owner's domain.",
    "updateDiskOffering id={3} domainid=..., or choose another.",
    "An offering limited to domains is for them and the domains below.", STAGE_JOB, 530,
    "There's no way to confirm Account [{2}] has access to Disk offering [{1}].", RANK_DISKS, READ);
KIND(DISK_OFFERING_OF_OTHER_ZONE, "disk-offering-of-other-zone", SEVERITY_BLOCKER,
    "Disk offering '{1}' is not offered in the zone.",
    "listDiskOfferings: zoneid does not hold zone '{2}'.",
    "updateDiskOffering id={3} zoneid=..., or choose another.",
    "An offering limited to zones binds everyone.", STAGE_JOB, 530,
    "There's no way to confirm Account [{4}] has access to Disk offering [{1}].", RANK_DISKS, READ);
KIND(DISK_OFFERING_SIZELESS, "disk-offering-without-size", SEVERITY_BLOCKER,
    "Disk offering '{1}' is neither custom nor of a size.",
    "listDiskOfferings: disksize 0, iscustomized false.", "Choose another one in choice.disks.",
    "A fixed disk offering must have a size.", STAGE_JOB, 530,
    "Size of fixed disk offering(ID: {2}) is found invalid during VM import", RANK_DISKS, READ);
KIND(DISK_OFFERING_UNSEEN, "disk-offering-not-seen", SEVERITY_UNKNOWN,
    "No list shows the disk offering chosen for disk '{disk}'.",
    "listDiskOfferings has no '{1}'; {2}.", "Choose one that is listed, or read the catalog anew.",
    "The server takes a deleted offering by its id all the same, and refuses an id that is none.",
    NO_SERVER);
KIND(DISK_OFFERING_TOO_SMALL, "disk-offering-too-small", SEVERITY_BLOCKER,
    "Disk offering '{1}' of {3} GiB is smaller than disk '{disk}' of {4} GiB.",
    "listDiskOfferings: disksize; capacity of the disk.",
    "Choose a larger or a custom one in choice.disks.",
    "A fixed disk offering must not be smaller than the disk.", STAGE_JOB, 530,
    "Size of disk offering(ID: {2}) {3}GB is found less than the size of disk(ID: {disk}) "
    "{5}GB during VM import",
    RANK_DISKS, RECORDED);
KIND(DISK_OFFERING_LARGER, "disk-offering-larger", SEVERITY_INFO,
    "Disk offering '{1}' of {2} GiB is larger than disk '{disk}' of {3} GiB.",
    "The volume keeps its real size.", "Accept it, or choose a custom one.",
    "Nothing is resized; the offering's name promises more than the volume has.", NO_SERVER);
KIND(DISK_OFFERING_ENCRYPTS, "disk-offering-encrypts", SEVERITY_BLOCKER,
    "Disk offering '{1}' encrypts, and the disk is not encrypted.",
    "listDiskOfferings: encrypt is true.", "Choose another one in choice.disks.",
    "The server would record a plain disk as an encrypted one.", NO_SERVER);
KIND(DATA_CONTROLLERS_MIXED, "data-controllers-mixed", SEVERITY_BLOCKER,
    "The data disks hang on controllers of different types: {1} and {2}.",
    "Controllers as CloudStack reads them.",
    "Move the data disks to controllers of one type at the source (the root disk may differ).",
    "One controller type is recorded for all data disks.", STAGE_JOB, 530,
    "Multiple data disk controllers of different type ({1}, {2}) are not supported for import. "
    "Please make sure that all data disk controllers are of the same type",
    RANK_DISKS, RECORDED);
KIND(CONTROLLER_NONE, "controller-not-known", SEVERITY_WARNING,
    "Disk '{1}' hangs on a controller that CloudStack reads as 'none'.", "At the source it is {2}.",
    "Move it to a SCSI controller at the source.",
    "SATA and NVMe are imported, but a later start through CloudStack may fail.", NO_SERVER);
KIND(DATASTORE_NOT_A_POOL, "datastore-not-a-pool", SEVERITY_BLOCKER,
    "Datastore '{2}' of disk '{1}' is not primary storage of CloudStack.",
    "No pool in reach of the cluster has its host and path or its name.",
    "createStoragePool for the datastore, or move the disk (Storage vMotion) to one that is.",
    "A volume must lie on a pool that CloudStack knows.", STAGE_JOB, 530, POOL_TEXT, RANK_DISKS,
    RECORDED);
KIND(DATASTORE_NOT_FOUND, "datastore-not-found", SEVERITY_BLOCKER,
    "Datastore '{2}' of disk '{1}' is pool '{4}', but this release does not find it.",
    "listStoragePools: path; the server looks for the datastore's path or name inside it.",
    "Upgrade the server, or move the disk to another datastore.",
    "4.19.0 looks for the path of a datastore, which only NFS has; up to 4.21 a datastore that "
    "bears "
    "its pool's id for a name is not found.",
    STAGE_JOB, 530, POOL_TEXT, RANK_DISKS, READ);
KIND(DATASTORE_UNKNOWN, "datastore-unknown", SEVERITY_UNKNOWN,
    "The datastore of disk '{1}' could not be read.", "Path '{2}'.",
    "Give the account the right to read datastores (Datastore.Browse), then discover again.",
    "Which pool the disk lies on cannot be told.", NO_SERVER);
KIND(DATASTORE_AMBIGUOUS, "datastore-ambiguous", SEVERITY_WARNING,
    "The server may take pool '{2}' or pool '{3}' for datastore '{1}'.",
    "The server searches for the datastore's name inside the paths of the pools, and takes the "
    "first one that it finds, in no order.",
    "Choose an offering whose tags only the right pool has, or rename the datastore. Else look "
    "after the import where the volume was recorded (listVolumes: storage), before anything is "
    "done with it; updateVolume id=... storageid=... puts it right.",
    "The server accepts it. If the wrong pool is taken, the record points at a file that is not "
    "there.",
    NO_SERVER);
KIND(DATASTORE_TAKEN_FOR_OTHER, "datastore-taken-for-other", SEVERITY_ACTION,
    "The server would record disk '{disk}' on pool '{2}', but it lies on datastore '{1}'.",
    "Offering '{3}'; the right pool: {4}. The path of the pool that would be taken holds the "
    "datastore's path or name.",
    "Add the datastore as primary storage (createStoragePool) if it is none, and choose an "
    "offering whose tags are on the right pool, or an untagged one.",
    "The import would succeed and the record would point at a file that is not there.", NO_SERVER);
KIND(STORAGE_TAGS_DIFFER, "storage-tags-differ", SEVERITY_BLOCKER,
    "Pool '{5}' of disk '{1}' lacks the storage tags of offering '{4}'.",
    "Tags of the offering: {6}.",
    "Choose an offering that fits the pool, and name this one with a pool that has its tags in "
    "choice.migrate ('vm-ingest plan' does so for an offering that a rule prefers), or "
    "updateStoragePool tags=....",
    "The server looks only at pools that have all tags of the offering, migrateallowed or "
    "not.",
    STAGE_JOB, 530, POOL_TEXT, RANK_DISKS, RECORDED, IF(filters_pools_by_tag));
KIND(STORAGE_TAGS_UNDECIDED, "storage-tags-undecided", SEVERITY_UNKNOWN,
    "Whether the pool that is taken for datastore '{2}' has the tags of offering '{1}' is not "
    "known.",
    "Several pools may be taken, of which some have the tags, or a pool's tag is a script.",
    "Choose an offering without storage tags.",
    "This release takes the first pool that the database gives, then compares the tags.",
    NO_SERVER);
KIND(STORAGE_MOVED, "storage-moved-by-server", SEVERITY_WARNING,
    "The server would move disk '{disk}' to a pool with the tags of offering '{1}', such as '{3}'.",
    "It lies on '{2}'; tags of the offering: {4}; choice.migrateallowed is true.",
    "Set choice.migrateallowed to false and choose another offering, unless it may be moved at "
    "once.",
    "This release moves a volume whose pool lacks the tags, live if the VM runs, to the first pool "
    "that fits.",
    NO_SERVER);
KIND(STORAGE_NOWHERE, "storage-move-nowhere", SEVERITY_BLOCKER,
    "No pool in reach has the tags of offering '{1}', so the server cannot move disk '{disk}' "
    "there.",
    "It lies on '{2}'; tags of the offering: {3}; choice.migrateallowed is true.",
    "Choose another offering, or updateStoragePool tags=...",
    "This release moves a volume whose pool lacks the tags once it is recorded; the records are "
    "taken back when it cannot.",
    STAGE_JOB, 530,
    "VM import failed for unmanaged vm: {vm} during volume ID: (not made yet) migration as no "
    "suitable "
    "pool found",
    RANK_HOST_CHANGE, READ, UNLESS(filters_pools_by_tag));
KIND(STORAGE_TAGS_RECORDED, "storage-tags-not-on-pool", SEVERITY_BLOCKER,
    "Pool '{3}' of disk '{disk}' lacks the storage tags of offering '{1}'.",
    "Tags of the offering: {4}.",
    "Choose an offering that fits the pool; on this release migrateallowed=true would move the "
    "volume to a pool that has the tags.",
    "This release finds the pool without looking at tags, then refuses a data disk; a root "
    "disk "
    "is recorded all the same.",
    STAGE_JOB, 431,
    "Disk offering: {2} is not compatible with storage pool: {5} of unmanaged disk: {disk}",
    RANK_DISKS, READ, UNLESS(filters_pools_by_tag));
KIND(POOL_TAG_RULE, "pool-tag-rule", SEVERITY_UNKNOWN,
    "A rule decides which offerings pool '{2}' of disk '{1}' takes.",
    "listStoragePools: istagarule is true; offering '{3}'.",
    "Evaluate the rule by hand, or try one import.",
    "The server runs the rule as a script; it is not run here.", NO_SERVER);
KIND(POOL_NOT_UP, "pool-not-up", SEVERITY_WARNING, "Pool '{1}' of disk '{disk}' is {2}.",
    "listStoragePools: state.", "cancelStorageMaintenance id=..., or wait.",
    "The import does not ask, but the VM cannot be started on it.", NO_SERVER);
KIND(STORAGE_TYPE_DIFFERS, "storage-type-differs", SEVERITY_WARNING,
    "Offering '{1}' is for {2} storage, and pool '{3}' of disk '{disk}' is {4}.",
    "storagetype of the offering; scope of the pool in listStoragePools.",
    "Choose an offering of the pool's kind.",
    "The server accepts it; a later move of the volume or start elsewhere looks for storage of the "
    "offering's kind.",
    NO_SERVER);
KIND(DATASTORE_NOT_LISTED, "datastore-not-listed", SEVERITY_UNKNOWN,
    "Whether CloudStack knows datastore '{2}' of disk '{1}' cannot be told: it may be one of "
    "datastore cluster '{3}'.",
    "listStoragePools shows pool '{3}' of type DatastoreCluster and not what is in it; {4}.",
    "syncStoragePool id={5}, then try one import: without the row of the datastore it is refused "
    "with 'Storage pool for disk ... not found'.",
    "CloudStack keeps the datastores of a datastore cluster as rows that no call lists.",
    NO_SERVER);
KIND(DISK_RAW_MAPPED, "disk-raw-mapped", SEVERITY_BLOCKER, "Disk '{1}' is a raw device mapping.",
    "Backing {2}.",
    "Convert it to a virtual disk (Storage vMotion with a format change, VM powered off).",
    "CloudStack does not read such a disk: it would be lost.", NO_SERVER);
KIND(DISK_SHARED, "disk-shared", SEVERITY_BLOCKER, "Disk '{1}' is shared with other VMs.",
    "Sharing {2}.", "Give the VM a disk of its own, or leave it out.",
    "CloudStack would manage one file by two volumes.", NO_SERVER);
KIND(DISK_INDEPENDENT, "disk-independent", SEVERITY_WARNING,
    "Disk '{1}' is independent: snapshots leave it out.", "Mode {2}.",
    "Change its mode to dependent at the source, VM powered off.",
    "Volume snapshots and migrations of CloudStack work by snapshots.", NO_SERVER);
KIND(DISK_ENCRYPTED, "disk-encrypted", SEVERITY_BLOCKER, "Disk '{1}' is encrypted.",
    "Read at the source: {2}.", "Decrypt it at the source.",
    "CloudStack does not carry the key: the VM could not be started again.", NO_SERVER);
KIND(DISK_KIND_UNREADABLE, "disk-kind-unreadable", SEVERITY_WARNING,
    "Disk '{1}' is of a kind that CloudStack may not read.", "Backing {2}.",
    "Compare the number of disks in CloudStack's view before importing.",
    "Kinds that its reader does not know are left out.", NO_SERVER);
