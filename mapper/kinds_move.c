/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings: disks that are moved after the import, and the space of pools. What migrateVolume would
 * answer stands in the evidence: the import itself is accepted.
 */
#include "finding_rows.h"

KIND(TWO_STEPS, "two-steps", SEVERITY_INFO,
    "Disk '{1}' ({2:size}) is imported {3}, then moved to pool '{4}' with '{5}'.",
    "Pool '{4}' {6}.",
    "Let the import move it (choice.migrate), or take the entry out of choice.migrate to leave it "
    "where it is.",
    "Its pool lacks the tags that are wanted, and the server imports a disk only where the tags of "
    "its offering are: a transitional offering first, then migrateVolume newdiskofferingid=....",
    NO_SERVER);
KIND(POOL_OVER_THRESHOLD, "pool-over-threshold", SEVERITY_WARNING,
    "With the VMs of the plan up to this one, pool '{1}' is beyond a threshold.",
    "Allocated {2}, threshold {3}; used {4}, threshold {5}. Thresholds of the pool, the zone or "
    "all: "
    "listConfigurations name=pool.storage.allocated.capacity.disablethreshold and "
    "name=pool.storage.capacity.disablethreshold.",
    "Enlarge the pool, move volumes away, or raise the threshold (updateConfiguration) with care: "
    "listStoragePools id={6}.",
    "The import does not ask, and volumes that are there still start; but no new volume, no growth "
    "and no move to this pool is allowed until there is space.",
    NO_SERVER);
KIND(MOVE_DISK_UNKNOWN, "move-disk-unknown", SEVERITY_BLOCKER,
    "The plan moves disk '{1}', which the instance does not have.", "Disks: {2}.",
    "Correct choice.migrate, or take the entry out.",
    "Each entry of choice.migrate names a disk of the instance.", NO_SERVER);
KIND(MOVE_TWICE, "move-twice", SEVERITY_BLOCKER, "The plan moves disk '{1}' twice.",
    "choice.migrate has two entries for '{disk}'.", "Take one of them out.",
    "Which of the two is meant cannot be told.", NO_SERVER);
KIND(MOVE_POOL_NOT_FOUND, "move-pool-not-found", SEVERITY_BLOCKER,
    "The pool that disk '{1}' would be moved to does not exist.",
    "No pool of the catalog has the id '{2}'. migrateVolume would answer 431 'Unable to execute "
    "API command migratevolume due to invalid value. Invalid parameter storageid value={2} ...'.",
    "Correct choice.migrate: listStoragePools.", "The id was edited, or the pool removed.",
    NO_SERVER);
KIND(MOVE_POOL_SAME, "move-pool-same", SEVERITY_BLOCKER,
    "Disk '{1}' lies on pool '{2}', where it would be moved to.",
    "migrateVolume would answer 431 'Volume ... is already on the destination storage pool'.",
    "Take the entry out of choice.migrate, or name another pool.",
    "A volume cannot be moved to the pool that it is on, not even for a new offering.", NO_SERVER);
KIND(MOVE_POOL_OUT_OF_REACH, "move-pool-out-of-reach", SEVERITY_BLOCKER,
    "Pool '{2}' is out of reach for disk '{1}': {3}.", "migrateVolume would answer {4}.",
    "Name a pool of the VM's cluster, or a zone-wide one, in choice.migrate.",
    "A volume stays where the hosts of its VM reach it.", NO_SERVER);
KIND(MOVE_POOL_NOT_UP, "move-pool-not-up", SEVERITY_BLOCKER,
    "Pool '{2}', which disk '{1}' would be moved to, is {3}.", "listStoragePools: state. {5}",
    "cancelStorageMaintenance id={4}, or name another pool in choice.migrate.",
    "Nothing is moved to a pool in maintenance.", NO_SERVER);
KIND(MOVE_POOL_FULL, "move-pool-full", SEVERITY_BLOCKER,
    "Pool '{2}' has no room for disk '{1}' ({3}).",
    "{4} are left below the thresholds, with the VMs of the plan before this one. "
    "migrateVolume would answer 530 'Storage pool {2} does not have enough space to migrate "
    "volume ...'.",
    "Name another pool in choice.migrate, enlarge this one, or raise "
    "pool.storage.allocated.capacity.disablethreshold.",
    "The server moves nothing to a pool beyond its thresholds.", NO_SERVER);
KIND(MOVE_POOL_FILLS, "move-pool-fills", SEVERITY_WARNING,
    "Disk '{1}' ({3}) may fill pool '{2}' beyond its threshold.",
    "{4} of what the storage reports are left below it; a thin disk takes less than its size.",
    "Look at what the disk really takes at the source, or name another pool in choice.migrate.",
    "Whether the move is accepted depends on what the storage then reports as used.", NO_SERVER);
KIND(MOVE_SPACE_UNKNOWN, "move-space-unknown", SEVERITY_UNKNOWN,
    "Whether pool '{2}' has room for disk '{1}' cannot be told.", "{3}",
    "Look with listStoragePools id={4}, or name another pool in choice.migrate.",
    "The server moves nothing to a pool beyond its thresholds.", NO_SERVER);
KIND(MOVE_RUNNING, "move-running", SEVERITY_BLOCKER, "Disk '{1}' cannot be moved: {2}.",
    "migrateVolume would answer 431 'KVM does not support volume live migration ...'.",
    "Power the VM off first, or take the entry out of choice.migrate; "
    "migrateVirtualMachineWithVolume "
    "moves a running VM to another host with its volumes.",
    "On KVM the volumes of a running VM are moved with the VM only.", NO_SERVER);
KIND(MOVE_OFFERING_NOT_FOUND, "move-offering-not-found", SEVERITY_BLOCKER,
    "The disk offering that disk '{1}' would end with does not exist or is removed.",
    "Id '{2}': {3}. migrateVolume would answer 431.", "Correct choice.migrate: listDiskOfferings.",
    "Unlike an import, a move takes no deleted offering.", NO_SERVER);
KIND(MOVE_TAGS_DIFFER, "move-tags-differ", SEVERITY_BLOCKER,
    "Pool '{2}' lacks the storage tags of '{3}', which disk '{1}' would end with.",
    "migrateVolume would answer 431 'Migration failed: target pool [{2}, tags:[{4}]] has no "
    "matching tags for volume [..., tags:{5}]'.",
    "Name a pool that has the tags, or another offering, in choice.migrate.",
    "A pool must have all tags of the offering.", NO_SERVER);
KIND(MOVE_OFFERING_UNFIT, "move-offering-unfit", SEVERITY_BLOCKER,
    "Disk '{1}' cannot be given '{2}' when it is moved: {3}.", "migrateVolume would answer {4}.",
    "{5}.", "The offering of a volume is changed only within these rules.", NO_SERVER);
KIND(MOVE_OFFERING_SMALL, "move-offering-small", SEVERITY_WARNING,
    "'{2}' of {3} GiB is smaller than disk '{1}' ({4:size}), which would end with it.",
    "listDiskOfferings: disksize. migrateVolume takes it and keeps the volume's size.",
    "Name a custom or a larger one in choice.migrate.",
    "The offering's name promises less than the volume has.", NO_SERVER);
