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
