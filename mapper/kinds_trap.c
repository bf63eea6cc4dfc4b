/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings: what the server does not look at, but an operator must know.
 */
#include "finding_rows.h"

KIND(SUSPENDED, "suspended", SEVERITY_ACTION, "The VM is suspended.",
    "Power state read at the source.", "Resume it, or power it off, before the import.",
    "CloudStack knows no suspended VM: it is judged as running and recorded as stopped.",
    NO_SERVER);
KIND(POWER_UNKNOWN, "power-unknown", SEVERITY_UNKNOWN, "The power state could not be read.",
    "Source '{1}'.", "Run 'vm-ingest doctor', then discover again.",
    "The rules for offerings differ for a VM that is powered off.", NO_SERVER);
KIND(NOT_CONNECTED, "not-connected", SEVERITY_BLOCKER, "The VM is {1} at its source.",
    "Connection state read at the source.",
    "Reconnect its host, or register the VM again at the source.",
    "Its host does not know it, or its files cannot be read.", NO_SERVER);
KIND(QUESTION_PENDING, "question-pending", SEVERITY_ACTION, "The VM waits for an answer: {1}.",
    "Pending question read at the source.", "Answer it at the source (govc vm.question).",
    "Until then nothing can be done to it.", NO_SERVER);
KIND(TASK_RUNNING, "task-running", SEVERITY_ACTION, "A task runs on the VM: {1}.",
    "Running tasks read at the source.", "Wait until it has ended, and stop backup jobs.",
    "Snapshots and moves during the import make records that do not fit the disks.", NO_SERVER);
KIND(TRAPS_UNTOLD, "traps-untold", SEVERITY_WARNING, "Nobody told whether the VM has {1}.",
    "The source '{2}' gave no value for it.",
    "Read the VM's vCenter or KVM host as a source, too, or look there before the import.",
    "The server does not look at this, so it does not change the verdict; but an import "
    "may go wrong later for it. CloudStack's own list tells none of it.",
    NO_SERVER);
KIND(SNAPSHOTS, "snapshots", SEVERITY_WARNING, "The VM has {1} snapshots.", "Newest: '{2}'.",
    "Delete them at the source before the import.",
    "CloudStack does not know them; later work on the volumes may fail or lose data.", NO_SERVER);
KIND(CONSOLIDATION, "needs-consolidation", SEVERITY_WARNING,
    "The disks of the VM need consolidation.", "Read at the source.",
    "Consolidate them at the source (vSphere Client, Snapshots, Consolidate) before the "
    "import.",
    "Leftover delta disks are taken for the disks of the VM.", NO_SERVER);
KIND(PASSTHROUGH, "passthrough", SEVERITY_BLOCKER,
    "A device of the host is passed through: {1} '{2}'.", "Devices read at the source.",
    "Take the device off the VM at the source.",
    "CloudStack does not carry it over: at the next start it would be gone.", NO_SERVER);
KIND(DEVICE_NOT_CARRIED, "device-not-carried", SEVERITY_WARNING,
    "A device is not carried over: {1} '{2}'.", "Devices read at the source.",
    "Take it off at the source, or accept that it is gone at the next start.",
    "CloudStack knows disks and NICs only.", NO_SERVER);
KIND(CDROM_CONNECTED, "cdrom-connected", SEVERITY_WARNING, "A CD-ROM is connected: {1}.",
    "Read at the source.", "Disconnect it at the source.",
    "CloudStack does not know it and detaches it at the next start.", NO_SERVER);
KIND(VTPM, "vtpm", SEVERITY_BLOCKER, "The VM has a virtual TPM.", "Read at the source.",
    "Take the TPM off at the source (suspend BitLocker before).",
    "It is not carried over: a guest that seals keys in it does not boot again.", NO_SERVER);
KIND(VM_ENCRYPTED, "vm-encrypted", SEVERITY_BLOCKER, "The VM is encrypted.", "Read at the source.",
    "Decrypt it at the source.", "CloudStack does not carry the key.", NO_SERVER);
KIND(FAULT_TOLERANT, "fault-tolerant", SEVERITY_WARNING, "The VM is fault tolerant.",
    "Read at the source.", "Turn Fault Tolerance off at the source.",
    "CloudStack does not know the secondary VM.", NO_SERVER);
KIND(NOT_PERSISTENT, "not-persistent", SEVERITY_ACTION, "The domain is transient.",
    "libvirt keeps no definition of it.", "virsh dumpxml {vm} > x.xml; virsh define x.xml.",
    "It is gone when it stops.", NO_SERVER);
KIND(SOURCE_PROBLEM, "source-problem", SEVERITY_WARNING, "{1}", "{2}",
    "Look at it at the source, then discover again.",
    "The source told something that has no kind of its own.", NO_SERVER);
KIND(LINKED_CLONE, "linked-clone", SEVERITY_WARNING,
    "Disk '{1}' rests on a file that is not its own: {2}.", "Backing chain read at the source.",
    "Make it a full disk before the import: Storage vMotion or 'govc vm.clone' on vSphere, 'virsh "
    "blockpull' or 'qemu-img rebase -b \"\"' on KVM.",
    "Whoever deletes or moves the base destroys the disk, and CloudStack does not know of it.",
    NO_SERVER);
KIND(DISK_FORMAT_RECORDED, "disk-format-recorded", SEVERITY_WARNING,
    "Disk '{1}' is {2}; CloudStack records each imported KVM disk as QCOW2.",
    "Format read in the domain's XML.",
    "Convert it while the VM is off: qemu-img convert -O qcow2; or be careful with snapshots and "
    "migrations of the volume later: check them on a copy first.",
    "Work on the volume goes by the recorded format.", NO_SERVER);
KIND(DISK_READ_ONLY, "disk-read-only", SEVERITY_WARNING, "Disk '{1}' is read-only.",
    "Read at the source.", "Detach it before the import, unless the guest may write to it.",
    "CloudStack attaches every volume for writing at the next start.", NO_SERVER);
KIND(MANY_DEVICES, "many-devices", SEVERITY_WARNING, "The VM has {1} {2}, more than {3}.",
    "{2} read at the source.",
    "Import it alone, read its volumes and NICs back (listVolumes, listNics), and compare.",
    "CloudStack is seldom used with so many; a start may fail for want of places on the "
    "controllers.",
    NO_SERVER);
KIND(DATASTORE_CLUSTER, "datastore-in-cluster", SEVERITY_WARNING,
    "Datastore '{1}' is in datastore cluster '{2}', which may move its disks by itself.",
    "Parent of the datastore at the source.",
    "Set Storage DRS of the cluster to manual until the import is done; if CloudStack has the "
    "datastore cluster as a pool, syncStoragePool id=... first.",
    "The record names one datastore. A pool of a datastore cluster without its datastores finds "
    "none of them.",
    NO_SERVER);
KIND(BACKUP_RUNNING, "backup-running", SEVERITY_ACTION,
    "A backup of the VM runs, or left its snapshot behind: '{1}'.",
    "Name of a snapshot at the source.",
    "Wait for the backup job to end, or delete the snapshot and consolidate the disks; stop the "
    "job until the import is done.",
    "The disks of the moment are delta disks that the job will take away.", NO_SERVER);
KIND(REPLICATED, "replicated", SEVERITY_WARNING, "The VM is replicated by vSphere ({1}).",
    "config.repConfig read at the source.",
    "Stop the replication before, or set it up anew after the next start through CloudStack.",
    "A new disk or a moved one is not replicated, and a fail-over makes a second VM.", NO_SERVER);
KIND(CHANGE_TRACKING, "change-tracking", SEVERITY_INFO,
    "Changed block tracking is on; a backup product probably uses it.",
    "config.changeTrackingEnabled is true.",
    "Change the backup job: after a start through CloudStack it must find the VM again.",
    "The tracking files stay beside the disks.", NO_SERVER);
KIND(IN_VAPP, "in-vapp", SEVERITY_WARNING, "The VM is part of vApp '{1}'.",
    "parentVApp read at the source.",
    "Move it out of the vApp: its start order, reservations and OVF properties do not come along.",
    "CloudStack knows no vApps; vCenter goes on starting and stopping what is in one.", NO_SERVER);
KIND(AUTOSTART, "autostart", SEVERITY_ACTION, "The domain starts with its host.",
    "Autostart is set in libvirt.", "virsh autostart --disable {vm}",
    "After a crash of the host libvirt starts it there while CloudStack may start it elsewhere: "
    "two "
    "machines on one disk.",
    NO_SERVER);
KIND(NAMES_ODD, "names-with-special-characters", SEVERITY_WARNING,
    "Names hold blanks or special characters: {1}.", "Read at the source.",
    "Rename them at the source if you can, else try one import of such a VM first.",
    "Parts of CloudStack build paths and JSON of these names; later work on volumes (snapshot, "
    "migration, conversion) failed for them in the past.",
    NO_SERVER);
