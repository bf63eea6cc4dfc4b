/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings: conversions from VMware to KVM by importVm. No server was seen to make one: each text
 * of the server is read in its code.
 */
#include "finding_rows.h"

#define CONVERSION .is_of_conversion = true

/* --- the call --------------------------------------------------------------------------------- */

KIND(CONVERT_NO_API, "convert-no-api", SEVERITY_BLOCKER,
    "This release of CloudStack converts nothing: it has no importVm.", "Release {1}.",
    "Upgrade to 4.19 or later, or import the VM where it is: take the convert rule out.",
    "importVm came with 4.19.0.", STAGE_SUBMIT, 401,
    "unable to verify user credentials and/or request signature", RANK_CALLER, READ,
    UNLESS(has_import_vm), CONVERSION);
KIND(CONVERT_SOURCE_WORD, "convert-source-not-planned", SEVERITY_BLOCKER,
    "'{1}' is no import source that can be planned.", "choice.convert.importsource.",
    "Write \"vmware\", or null to import the VM where it is.",
    "importVm also takes disks that were copied already, which no VM is read from.", NO_SERVER);
KIND(CONVERT_ID_NOT_FOUND, "convert-id-not-found", SEVERITY_BLOCKER,
    "choice.convert.{2} names nothing that is there.",
    "The catalog's list '{3}' has no id '{1}', or it is of another zone.",
    "Correct choice.convert.{2}, or the name in the convert rule.",
    "Ids are read before anything else is looked at.", STAGE_SUBMIT, 431, NOT_FOUND_TEXT,
    RANK_PARAM_CONVERT, READ, IF(has_import_vm), CONVERSION);
KIND(CONVERT_ZONE_MISSING, "convert-zone-missing", SEVERITY_BLOCKER,
    "choice.convert names no zone.", "The plan is for zone {1}.",
    "Write \"zoneid\": \"{1}\" into choice.convert.", "importVm asks for the zone.", STAGE_SUBMIT,
    431, "Unable to execute API command {command} due to missing parameter zoneid",
    RANK_PARAM_CONVERT, READ, IF(has_import_vm), CONVERSION);
KIND(CONVERT_PARAM_IGNORED, "convert-parameter-ignored", SEVERITY_WARNING,
    "This release does not know '{1}' and would pass it over.", "Release {2}.",
    "Take it out of choice.convert (or out of the convert rule).",
    "CloudStack logs unknown parameters and goes on without them.", NO_SERVER);
KIND(CONVERT_EXTRA_OFF, "convert-extra-parameters-off", SEVERITY_BLOCKER,
    "The server takes no parameters for virt-v2v: '{1}'.",
    "listConfigurations: convert.vmware.instance.to.kvm.extra.params.allowed is false.",
    "Set it to true, with convert.vmware.instance.to.kvm.extra.params.allowed.list, or take "
    "choice.convert.extraparams out.",
    "They are given to virt-v2v on the KVM host as they are.", STAGE_JOB, 431,
    "Extra parameters for Vmware to KVM conversion are disabled by the administrator",
    RANK_CONVERT_EXTRA, READ, IF(has_import_tasks), CONVERSION);
KIND(CONVERT_EXTRA_NONE, "convert-extra-parameters-none", SEVERITY_BLOCKER,
    "The server allows no parameter for virt-v2v: '{1}'.",
    "listConfigurations: convert.vmware.instance.to.kvm.extra.params.allowed.list is empty.",
    "Add the parameters to it, without their hyphens, or take choice.convert.extraparams out.",
    "They are given to virt-v2v on the KVM host as they are.", STAGE_JOB, 431,
    "Extra parameters for Vmware to KVM conversion are enabled but the allowed list of parameters "
    "is empty",
    RANK_CONVERT_EXTRA, READ, IF(has_import_tasks), CONVERSION);
KIND(CONVERT_EXTRA_PARAM, "convert-extra-parameter", SEVERITY_BLOCKER,
    "The server does not allow '{1}' for virt-v2v.",
    "convert.vmware.instance.to.kvm.extra.params.allowed.list: {2}.",
    "Add it to the setting, without hyphens, or take it out of choice.convert.extraparams.",
    "They are given to virt-v2v on the KVM host as they are.", STAGE_JOB, 431,
    "The parameter {1} is not allowed by the administrator", RANK_CONVERT_EXTRA, READ,
    IF(has_import_tasks), CONVERSION);
KIND(CONVERT_VCENTER_ONE, "convert-vcenter-one", SEVERITY_BLOCKER,
    "One of existingvcenterid and vcenter has to be named, {1} is.", "choice.convert.",
    "Name the id of listVmwareDcs, or vcenter, datacentername and credentials; null for the other.",
    "The server knows a vCenter that the zone is linked with; of another it is told.", STAGE_JOB,
    431,
    "Please provide an existing vCenter ID or a vCenter IP/Name, parameters are mutually exclusive",
    RANK_CONVERT_VCENTER, READ, IF(has_import_vm), CONVERSION);
KIND(CONVERT_VCENTER_HALF, "convert-vcenter-half", SEVERITY_BLOCKER,
    "What is needed to read vCenter is not complete: {1}.", "choice.convert.",
    "Fill in vcenter, datacentername and credentials (the name of the source that has the user).",
    "The server logs in to vCenter with what it is given.", STAGE_JOB, 431,
    "Please set all the information for a vCenter IP/Name, datacenter, username and password",
    RANK_CONVERT_VCENTER, READ, IF(has_import_vm), CONVERSION);
KIND(CONVERT_VDDK_EXCLUDES, "convert-vddk-excludes-export", SEVERITY_BLOCKER,
    "The disks cannot be exported by the management server and read by the VDDK at once.",
    "forcemstoimportvmfiles is true, usevddk is {1}.",
    "Write \"usevddk\": false, or \"forcemstoimportvmfiles\": false.",
    "The server takes the VDDK unless usevddk is false.", STAGE_JOB, 431,
    "Parameters forcemstoimportvmfiles and usevddk are mutually exclusive", RANK_CONVERT_VCENTER,
    READ, IF(has_vddk), CONVERSION);
KIND(CONVERT_VDDK_OPEN, "convert-vddk-left-open", SEVERITY_WARNING,
    "The plan leaves it to the server whether the disks are read by the VDDK.",
    "choice.convert.usevddk is null; release {1} uses the VDDK then.",
    "Write \"usevddk\": false, or true if the conversion hosts have the VDDK.",
    "A host without the library fails, once the job has begun.", NO_SERVER);
KIND(CONVERT_POOL_MISSING, "convert-pool-missing", SEVERITY_BLOCKER,
    "The disks would stay on the pool of the conversion, and none is named.",
    "forceconverttopool is true, convertinstancepoolid is null.{1}",
    "Name the pool in choice.convert.convertinstancepoolid (in a rule: pool NAME direct).",
    "Without one the server would use secondary storage, where no volume can stay.", STAGE_JOB, 530,
    "The parameter forceconverttopool is set to true, but a primary storage pool has not been "
    "provided for conversion",
    RANK_CONVERT_POOL, READ, IF(has_import_tasks), CONVERSION);
KIND(CONVERT_POOL_TYPE, "convert-pool-type", SEVERITY_BLOCKER,
    "virt-v2v cannot write to pool '{1}' at once.", "listStoragePools: type {2}.",
    "Name a pool of type NetworkFilesystem, Filesystem or SharedMountPoint, or leave out "
    "forceconverttopool.",
    "virt-v2v writes files.", STAGE_JOB, 530,
    "The selected storage pool {1} does not support direct conversion as its type {2}",
    RANK_CONVERT_POOL, READ, IF(has_import_tasks), CONVERSION);
KIND(CONVERT_VDDK_TAGS, "convert-vddk-tags", SEVERITY_BLOCKER,
    "Pool '{3}' lacks the storage tags of '{2}': {4}.",
    "usevddk is true: the pool of the conversion is the one that the disks end on.",
    "Choose an offering of the pool's tags, or another pool.",
    "The server compares each offering with the pool that is named.", STAGE_JOB, 431,
    "The {1} disk offering '{2}' is not supported by the selected conversion storage pool '{3}'. "
    "When using VDDK, all selected disk offerings must be compatible with the conversion storage "
    "pool, as it will become the primary storage for the imported volumes.",
    RANK_CONVERT_POOL, READ, IF(has_vddk), CONVERSION);
KIND(CONVERT_NOT_TO_KVM, "convert-cluster-not-kvm", SEVERITY_BLOCKER,
    "Cluster '{1}' is of {2}: only KVM is converted to.", "listClusters: hypervisortype.",
    "Name a KVM cluster: choice.clusterid, the convert rule or --convert.",
    "virt-v2v runs on a KVM host of the cluster.", NO_SERVER);
KIND(CONVERT_MOVES, "convert-moves-nothing", SEVERITY_BLOCKER,
    "The plan moves {1} volumes of a VM that is converted.", "choice.migrate has entries.",
    "Take them out: a converted disk is put on a pool that has the tags of its offering.",
    "Disks are copied anyway, to where they belong.", NO_SERVER);

/* --- hosts ------------------------------------------------------------------------------------ */

KIND(CONVERT_NO_HOST, "convert-no-host", SEVERITY_BLOCKER,
    "Cluster '{1}' has no KVM host that could convert.", "listHosts of the cluster.",
    "Add a host with virt-v2v, or name one of the zone in choice.convert.convertinstancehostid.",
    "virt-v2v runs on a KVM host.", STAGE_JOB, 530,
    "Could not find any suitable KVM host in cluster {1} to perform the instance conversion",
    RANK_CONVERT_HOST, READ, IF(has_import_vm), CONVERSION,
    WORDINGS({"Could not find any running KVM host in cluster {1}", IF(clones_always)}));
KIND(CONVERT_HOST_UNFIT, "convert-host-unfit", SEVERITY_BLOCKER, "Host '{1}' cannot convert {2}.",
    "listHosts id={3}: state, resourcestate, cluster, zone.",
    "Bring it back (reconnectHost, cancelHostMaintenance, updateHost allocationstate=Enable), or "
    "name another in choice.convert.convertinstancehostid.",
    "From 4.19.2 on, but not in 4.20.0, any Up host of the zone that is not in maintenance; "
    "before, an enabled one of the cluster.",
    STAGE_JOB, 530, "Cannot perform the conversion on the host {1} {2}", RANK_CONVERT_HOST, READ,
    IF(has_import_vm), CONVERSION,
    WORDINGS({"Cannot perform the conversion on the host {1} as it is not a running and Enabled "
              "host",
        UNLESS(has_import_host)}));
KIND(CONVERT_HOST_FOREIGN, "convert-host-not-kvm", SEVERITY_BLOCKER,
    "Host '{1}' is no KVM host: it cannot convert.", "listHosts: hypervisor.",
    "Name a KVM host in choice.convert.convertinstancehostid.", "virt-v2v runs on a KVM host.",
    NO_SERVER);
KIND(CONVERT_HOST_INCAPABLE, "convert-host-without-virt-v2v", SEVERITY_ACTION,
    "Host '{1}' has no virt-v2v.", "listHosts id={3}: instanceconversionsupported is false.",
    "On {2}: apt install virt-v2v nbdkit (or dnf install virt-v2v), systemctl restart "
    "cloudstack-agent; then read the catalog again.",
    "The agent looks for virt-v2v when it starts, and again before each conversion.", STAGE_JOB,
    530, "The host {1} doesn't support conversion of instance {vm} from VMware to KVM due to: ...",
    RANK_CONVERT_SUPPORT, READ, IF(has_import_volume), CONVERSION);
KIND(CONVERT_HOST_UNTOLD, "convert-host-untold", SEVERITY_UNKNOWN,
    "Whether host '{1}' has virt-v2v is not told.",
    "listHosts has no instanceconversionsupported for it.", "Look on the host: which virt-v2v.",
    "Releases before 4.19.1 and agents that have not been restarted since do not tell.", NO_SERVER);
KIND(CONVERT_VDDK_HOST, "convert-host-without-vddk", SEVERITY_ACTION,
    "Host '{1}' is not known to have the VDDK.", "listHosts: details, host.vddk.support.",
    "Install the VDDK on it and set vddk.lib.dir in agent.properties, or write \"usevddk\": false.",
    "VMware's library reads the disks without an export; CloudStack does not bring it.", NO_SERVER);
KIND(CONVERT_IMPORT_HOST, "convert-import-host-unfit", SEVERITY_BLOCKER,
    "Host '{1}' cannot import what is converted {2}.",
    "listHosts id={3}: state, resourcestate, cluster.",
    "Name an Up and enabled host of the cluster in choice.convert.importinstancehostid.",
    "It moves the converted disks to their pools.", STAGE_JOB, 530,
    "Cannot import the converted instance on the host {1} {2}", RANK_CONVERT_IMPORT_HOST, READ,
    IF(has_import_host), CONVERSION);
KIND(CONVERT_IMPORT_HOST_OPEN, "convert-import-host-open", SEVERITY_WARNING,
    "The server may take host '{1}', which is {2} and {3}, to import what is converted.",
    "choice.convert.importinstancehostid is null, and any host of the cluster may be taken.",
    "Name an Up and enabled host of the cluster in choice.convert.importinstancehostid.",
    "It is chosen at random, and its absence is noticed once the disks are converted.", NO_SERVER);

/* --- storage ---------------------------------------------------------------------------------- */

KIND(CONVERT_TEMPORARY_SCOPE, "convert-pool-out-of-reach", SEVERITY_BLOCKER,
    "Pool '{1}' is out of reach of cluster '{2}'.", "listStoragePools: scope, cluster, zone.",
    "Name a pool of the cluster or a zone-wide one in choice.convert.convertinstancepoolid, or "
    "null for secondary storage.",
    "The KVM host reads from it and writes to it.", STAGE_JOB, 530,
    "Cannot use the storage pool {1} for the instance conversion as it is not in the scope of the "
    "cluster {2}",
    RANK_CONVERT_TEMPORARY, READ, IF(has_import_vm), CONVERSION);
KIND(CONVERT_TEMPORARY_HOST, "convert-pool-out-of-reach-of-host", SEVERITY_BLOCKER,
    "Pool '{1}' is out of reach of host '{2}', which is of another cluster.",
    "listStoragePools: cluster; listHosts: cluster.",
    "Name a host of the pool's cluster, a zone-wide pool, or null for secondary storage.",
    "The KVM host reads from it and writes to it.", STAGE_JOB, 530,
    "Cannot use the storage pool {1} for the instance conversion as the host {2} for conversion is "
    "in a different cluster",
    RANK_CONVERT_TEMPORARY, READ, IF(has_import_host), CONVERSION);
KIND(CONVERT_TEMPORARY_LOCAL, "convert-pool-local", SEVERITY_BLOCKER,
    "Pool '{1}' is local to a host.", "listStoragePools: scope is HOST.",
    "Name an NFS pool; from 4.22 on, for a local one, forceconverttopool true and one and the same "
    "host for convertinstancehostid and importinstancehostid.",
    "What one host has written, another cannot read.", STAGE_JOB, 530,
    "Please select the same host as convert and importing host and set forceconvertopool to true "
    "to use a local storage pool for conversion",
    RANK_CONVERT_TEMPORARY, READ, IF(has_import_vm), CONVERSION,
    WORDINGS({"The storage pool {1} is not supported for temporary conversion location, supported "
              "pools are NFS storage pools",
                 IF(clones_always)},
        {"The storage pool {1} is a local storage pool and not supported for temporary conversion "
         "location, cluster and zone wide NFS storage pools are supported",
            UNLESS(has_import_tasks)}));
KIND(CONVERT_TEMPORARY_TYPE, "convert-pool-not-nfs", SEVERITY_BLOCKER,
    "Pool '{1}' is no NFS pool: it cannot hold what is converted meanwhile.",
    "listStoragePools: type {2}.",
    "Name an NFS pool in choice.convert.convertinstancepoolid, or null for secondary storage.",
    "The management server and the KVM host mount it.", STAGE_JOB, 530,
    "The storage pool {1} is not supported for temporary conversion location,only NFS storage "
    "pools are supported when forceconverttopool is set to false",
    RANK_CONVERT_TEMPORARY, READ, IF(has_import_vm), CONVERSION,
    WORDINGS({"The storage pool {1} is not supported for temporary conversion location, supported "
              "pools are NFS storage pools",
                 IF(clones_always)},
        {"The storage pool {1} is not supported for temporary conversion location, only NFS "
         "storage pools are supported",
            UNLESS(has_import_tasks)}));
KIND(CONVERT_TEMPORARY_NONE, "convert-no-secondary-storage", SEVERITY_BLOCKER,
    "Zone '{1}' has no NFS secondary storage to convert through, and no pool is named.",
    "listImageStores: protocol.",
    "Name an NFS pool in choice.convert.convertinstancepoolid (in a rule: pool NAME), or "
    "addImageStore.",
    "Disks are put there between vCenter and their pool.", STAGE_JOB, 530,
    "Could not find an NFS secondary storage pool on zone {2} to use as a temporary location for "
    "instance conversion",
    RANK_CONVERT_TEMPORARY, READ, IF(has_import_vm), CONVERSION);
KIND(CONVERT_TEMPORARY_FULL, "convert-temporary-space", SEVERITY_ACTION,
    "On {1} are {4}; this conversion puts up to {2:size} there, at least {3}.",
    "Sizes of the disks, and what they take at the source; twice where an export comes first.",
    "Make room, name another pool in choice.convert.convertinstancepoolid, or convert fewer at a "
    "time: it is deleted after each conversion.",
    "The server does not look. A full store fails the conversion once the disks are read, and "
    "whatever else needs it.",
    NO_SERVER);
KIND(CONVERT_SPACE_UNTOLD, "convert-space-untold", SEVERITY_UNKNOWN,
    "What is left on {1} is not told; this conversion puts up to {2:size} there.", "{3}.",
    "Look there before, or name a pool whose sizes are told in "
    "choice.convert.convertinstancepoolid.",
    "The server does not look. A full store fails the conversion once the disks are read.",
    NO_SERVER);
KIND(CONVERT_TARGET_NONE, "convert-no-pool", SEVERITY_BLOCKER,
    "Cluster '{1}' has no primary storage that converted disks could be put on.",
    "listStoragePools: no NFS pool of the cluster (id {2}) or of the zone for KVM.",
    "Add an NFS pool; from 4.22 on another one can be named: pool NAME direct in the convert rule.",
    "Converted disks are moved to NFS, unless they stay where they are converted.", STAGE_JOB, 530,
    "Cannot find suitable storage pools in the cluster {1} for the conversion", RANK_CONVERT_TARGET,
    READ, IF(has_import_volume), CONVERSION,
    WORDINGS({"Cannot find suitable storage pools in cluster {1} for the conversion",
        UNLESS(has_import_tasks)}));
KIND(CONVERT_TARGET_DOWN, "convert-pool-not-up", SEVERITY_ACTION,
    "Pool '{1}', which the conversion needs, is {2}.", "listStoragePools id={3}: state.",
    "cancelStorageMaintenance id={3}, or name another pool.",
    "No host has it mounted while it is in maintenance.", NO_SERVER);
KIND(CONVERT_TARGET_TAGS, "convert-pool-tags", SEVERITY_BLOCKER,
    "No pool of {3} has the storage tags of '{1}': {2}.", "listStoragePools: tags.",
    "Choose an offering whose tags a pool has, or updateStoragePool tags=...",
    "Each disk is put on the first pool that has the tags of its offering.", STAGE_JOB, 530,
    "Cannot find suitable storage pool for disk offering {1}{4}", RANK_CONVERT_TARGET, READ,
    IF(picks_pools_by_tag), CONVERSION);
KIND(CONVERT_TARGET_ANY, "convert-pool-any", SEVERITY_UNKNOWN,
    "Disk '{1}' is put on one of {2}, whatever tags '{3}' has: {4}.",
    "listStoragePools: tags. This release passes all disks to the first pool that it finds.",
    "Choose an offering without storage tags, or upgrade.",
    "A pool without the tags is taken all the same; a data disk is refused at the end for it, a "
    "root disk is recorded with tags that its pool has not.",
    NO_SERVER);
KIND(CONVERT_TARGET_RULE, "convert-pool-rule", SEVERITY_UNKNOWN,
    "A storage tag among {2} is a script that decides about '{3}' for disk '{1}'.",
    "listStoragePools: istagarule.", "Try one VM first, or choose an offering without tags.",
    "Scripts are not run here.", NO_SERVER);
KIND(CONVERT_TARGET_FULL, "convert-pool-space", SEVERITY_ACTION,
    "On pool '{1}' are {4} after the VMs of the plan before; disks of this one take up to "
    "{2:size}, at least {3}.",
    "listStoragePools id={5}: disksizetotal, disksizeused; sizes of the disks, and what they take "
    "at the source.",
    "Make room, or choose offerings whose tags lead to another pool.",
    "The server does not look: a full pool fails the conversion once the disks are read.",
    NO_SERVER);

/* --- the source ------------------------------------------------------------------------------- */

KIND(CONVERT_NOT_VMWARE, "convert-not-vmware", SEVERITY_BLOCKER,
    "It is no VM that a vCenter was read for: it cannot be converted.", "Source '{1}'.",
    "Read its vCenter as a source, or write \"importsource\": null to import it where it is.",
    "importVm with importsource=vmware reads the VM through vCenter.", NO_SERVER);
KIND(CONVERT_VM_NOT_THERE, "convert-vm-not-there", SEVERITY_BLOCKER,
    "The server would not find the VM: it is in datacenter '{3}'.",
    "Asked for in datacenter '{2}' of vCenter '{1}'.",
    "Correct choice.name, choice.convert.existingvcenterid or datacentername.",
    "It is looked for by its name in one datacenter.", STAGE_JOB, 530,
    "Cannot find VM with name {vm} on vCenter {1}/{2}", RANK_CONVERT_SOURCE, READ,
    IF(has_import_vm), CONVERSION);
KIND(CONVERT_NAME_TWICE, "convert-name-twice", SEVERITY_BLOCKER,
    "{1} VMs of datacenter '{2}' have its name: which one is converted cannot be told.",
    "Names in vCenter.", "Rename one of them: {3}.", "The server takes one that it finds by name.",
    NO_SERVER);
KIND(CONVERT_NAME_OF_OTHER, "convert-name-of-other", SEVERITY_BLOCKER,
    "The call would convert another VM, '{1}'.", "choice.name is '{1}', the VM is '{2}'.",
    "Correct choice.name.", "The server takes what it finds by name.", NO_SERVER);
KIND(CONVERT_NAME_SPACE, "convert-name-with-space", SEVERITY_UNKNOWN,
    "A name that the KVM host makes an address of has a space: '{1}'.",
    "Names of datacenter, cluster and host in vCenter.",
    "Rename it in vCenter, or try one VM first.",
    "CloudStack was reported to write such names into virt-v2v's address as they are, which fails "
    "(apache/cloudstack#13920).",
    NO_SERVER);
KIND(CONVERT_MANAGED, "convert-source-managed", SEVERITY_ACTION,
    "CloudStack manages the VM on VMware: {1}.", "listVirtualMachines id={2}: state {3}.",
    "Stop it by CloudStack before (stopVirtualMachine id={2}); afterwards unmanageVirtualMachine "
    "id={2}, so that one record is left.",
    "The copy is a second record with the same names and MACs.", NO_SERVER);
KIND(CONVERT_DONE, "convert-done-before", SEVERITY_BLOCKER, "A copy of it is on KVM already: {1}.",
    "listVirtualMachines id={2}: a MAC address and the name are the VM's; state {3}.",
    "Leave it out of the plan. To convert it again, destroy that copy before.",
    "Each conversion makes one more copy.", NO_SERVER);
KIND(CONVERT_WINDOWS_RUNS, "convert-windows-running", SEVERITY_BLOCKER,
    "A Windows VM has to be shut down before it is converted; it runs.",
    "Power state and guest OS '{1}', read at the source.",
    "Shut it down in the guest, fast startup and hibernation off; or write \"power\": {\"off\": "
    "true} into its choice, and the run shuts it down.",
    "Its file systems cannot be opened as long as they are in use or hibernated.", STAGE_JOB, 530,
    "VM {vm} is a Windows VM and its Running, cannot be imported. Please gracefully shut it down "
    "before attempting the import",
    RANK_CONVERT_SOURCE, READ, IF(has_import_vm), CONVERSION);
KIND(CONVERT_STANDALONE_RUNS, "convert-standalone-running", SEVERITY_BLOCKER,
    "A VM of a host that is in no cluster has to be off before it is converted; it runs.",
    "Power state and host '{1}', read at the source.",
    "Shut it down; or write \"power\": {\"off\": true} into its choice, and the run does it.",
    "Such a host cannot clone.", STAGE_JOB, 530,
    "VM {vm} might be on standalone host and is Running, cannot be imported. Please shut it down "
    "before attempting the import",
    RANK_CONVERT_SOURCE, READ, IF(has_import_volume), CONVERSION);
KIND(CONVERT_RUNS, "convert-running", SEVERITY_WARNING,
    "The VM runs: a clone of it is converted, and what it writes from then on is not in the copy.",
    "Power state and guest OS '{1}', read at the source.",
    "Shut it down before, for good; or write \"power\": {\"off\": true} into its choice, and the "
    "run does it. As it is only for a rehearsal.",
    "The clone is as after a power cut. CloudStack leaves the VM running.", NO_SERVER);
KIND(CONVERT_SHUT_DOWN, "convert-shuts-down", SEVERITY_WARNING,
    "The run shuts the VM down before it is converted, and does not start it again.",
    "choice.power.off is true; guest OS '{1}'.",
    "Take it out of choice.power if the VM has to go on running.",
    "From then on until the copy is started the service is down.", NO_SERVER);
KIND(CONVERT_CLONE_SPACE, "convert-clone-space", SEVERITY_ACTION,
    "On datastore '{1}' are {4}; the clone of the VM takes up to {2:size}, at least {3}.",
    "Free space of the datastore of its first disk, where all disks are cloned to.",
    "Shut the VM down, then none is made; or make room on the datastore.",
    "A datastore that runs full stops the VMs that are on it.", NO_SERVER);
KIND(CONVERT_OFFERING_SMALL, "convert-offering-small", SEVERITY_BLOCKER,
    "Service offering '{1}' has less than the VM: {3} {4}, the VM {5}.",
    "listServiceOfferings id={2}; of a custom one its least values count.",
    "Choose an offering that is at least as large, or a custom one without limits.",
    "Newer releases compare before they convert.", STAGE_JOB, 530,
    "The requested {3} ({4}) is less than the source VM {3} ({5})", RANK_CONVERT_SOURCE, READ,
    IF(compares_with_source), CONVERSION);
KIND(CONVERT_GUEST_REFUSED, "convert-guest-refused", SEVERITY_BLOCKER,
    "virt-v2v does not convert this guest: '{1}'.", "Guest OS at the source: {2}.",
    "Import it where it is, or correct the guest OS in vCenter if it is wrong.",
    "virt-v2v-support(1) names the guests; others fail after the disks have been read.", NO_SERVER);
KIND(CONVERT_GUEST_UNKNOWN, "convert-guest-unknown", SEVERITY_UNKNOWN,
    "Whether virt-v2v converts this guest is not known: '{1}'.", "Guest OS at the source: {2}.",
    "Look it up in virt-v2v-support(1), or try one VM first; a guest OS that is set right in "
    "vCenter is known.",
    "virt-v2v looks into the disks; what vCenter says is all that can be known before.", NO_SERVER);
KIND(CONVERT_WINDOWS_DRIVERS, "convert-windows-drivers", SEVERITY_ACTION,
    "Converting Windows needs the virtio drivers on the KVM host: {1}.",
    "No call of CloudStack tells whether they are there.",
    "On the host: rpm -q virtio-win mingw32-srvany (or ls /usr/share/virtio-win "
    "/usr/share/virt-tools); install what is missing. In the guest: fast startup off, BitLocker "
    "suspended.",
    "The agent is asked for them before Windows is converted; without them the copy would have "
    "neither disk nor network.",
    NO_SERVER);

/* --- NICs ------------------------------------------------------------------------------------- */

KIND(CONVERT_NICS_COUNT, "convert-nics-differ", SEVERITY_BLOCKER,
    "Each NIC of a VM that is converted needs a network: {2} NICs, {3} networks.",
    "choice.nics, and the NICs as vCenter has them.", "Write an entry for each NIC into the plan.",
    "The server counts before it converts.", STAGE_JOB, 530,
    "Different number of nics found on instance {1}: {2} vs {3} nics provided", RANK_CONVERT_NICS,
    READ, IF(has_import_vm), CONVERSION);
KIND(CONVERT_NIC_OPEN, "convert-nic-open", SEVERITY_BLOCKER,
    "NIC '{nic}' of a VM that is converted has no network.", "choice.nics has no entry for it.{1}",
    "Write an entry for each NIC into the plan.", "The server takes none by itself here.",
    STAGE_JOB, 530, "Cannot find a network with id = null", RANK_CONVERT_NICS, READ,
    IF(has_import_vm), CONVERSION);
KIND(CONVERT_MAC_TAKEN, "convert-mac-in-network", SEVERITY_BLOCKER,
    "MAC address {1} of NIC '{nic}' is in use on network '{2}' by '{3}'.",
    "listVirtualMachines: nic, or an earlier item of this plan.",
    "Remove the other NIC, choose another network, or set choice.forced to true: the copy is given "
    "a new MAC then.",
    "MAC addresses are unique on a network.", STAGE_JOB, 530,
    "NIC {nic} with MAC address {1} already exists on network {2} and forced flag is disabled. "
    "Retry with forced flag enabled if a new MAC address to be generated.",
    RANK_CONVERT_NICS, READ, IF(has_import_vm), CONVERSION,
    WORDINGS({"NIC with MAC address = {1} exists on network with ID = (internal number) and forced "
              "flag is disabled",
                 IF(clones_always)},
        {"NIC with MAC address {1} already exists on network with ID {4} and forced flag is "
         "disabled. Retry with forced flag enabled if a new MAC address to be generated.",
            UNLESS(tells_objects)}));

/* --- what whoever converts must know ---------------------------------------------------------- */

KIND(CONVERT_UNPROVED, "convert-unproved", SEVERITY_WARNING,
    "Conversions are not proved on a real server.",
    "No importVm was recorded: what is foretold is read in CloudStack's code.{1}",
    "Convert one VM of each kind first, and look at the copy before the others follow.",
    "All other calls of this program were recorded on a running management server.", NO_SERVER);
KIND(CONVERT_COPIES, "convert-copies", SEVERITY_INFO,
    "All disks are copied, up to {1}; the copy is stopped and has virtio disks and NICs.",
    "The VM is read {4}. Its disks take {2} at the source. The server gives up after {3}.",
    "Raise the setting for large disks; listImportVmTasks tells how far it is, from 4.22 on.",
    "It takes hours, not seconds: vCenter to temporary storage, virt-v2v, then to its pool.",
    NO_SERVER);
KIND(CONVERT_TWO_RUN, "convert-two-must-not-run", SEVERITY_WARNING,
    "The VM and its copy must not both run: they have the same MAC addresses, IPs and host name.",
    "CloudStack leaves the VM in vCenter (source '{1}') as it is, and starts nothing.",
    "Keep the VM off before the copy is started: disconnect its NICs, turn automatic start off and "
    "rename it (govc object.rename). Delete it only once the copy is accepted: until then it is "
    "the way back.",
    "Two machines of one identity on a network lose connections and, with shared storage or "
    "databases, data.",
    NO_SERVER);
