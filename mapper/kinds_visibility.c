/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings: is it there, and does CloudStack see it?
 */
#include "finding_rows.h"

#define UNSEEN_TEXT "Failed to find unmanaged vm with name: {vm} in cluster: {1}"

KIND(INSTANCE_GONE, "instance-gone", SEVERITY_BLOCKER,
    "The instance of the plan is not in the inventory any more.",
    "No instance has source '{1}' and id '{2}', nor its UUID, nor its name and path.",
    "Read the source again (vm-ingest discover); if the VM was deleted or the account may not "
    "see it any more, take the item out of the plan.",
    "A plan item is joined to an instance by source and id, else by instance UUID, else by "
    "name and path. Nothing can be judged of an instance that is not there.",
    NO_SERVER);
KIND(INSTANCE_TWICE, "instance-twice", SEVERITY_BLOCKER,
    "An item before this one is about the same instance.",
    "Both mean instance '{2}' of source '{1}'.", "Take one of the two out of the plan.",
    "An item names its instance by id, by instance UUID, or by name and path. An instance can "
    "be imported once.",
    NO_SERVER);
KIND(FACTS_CHANGED, "facts-changed", SEVERITY_WARNING,
    "The facts that the plan was made from have changed; the choices were judged anew.",
    "Digest in the plan {1}, digest of the inventory {2}.",
    "Look at the choices of this item again, or make a new plan (vm-ingest plan).",
    "Each item keeps a digest of the size, disks, NICs and place that its verdict used. A "
    "verdict always belongs to the facts that are at hand now.",
    NO_SERVER);
KIND(FACTS_UNREAD, "facts-unread", SEVERITY_UNKNOWN, "{1} could not be read.",
    "The source '{2}' gave no value for it.",
    "Run 'vm-ingest doctor' to see which right the account lacks, then discover again.",
    "A fact that decides is missing. It is not guessed.", NO_SERVER);
KIND(LIST_UNREAD, "list-unread", SEVERITY_UNKNOWN,
    "CloudStack's list '{1}' was not read, and this item depends on it.", "{2}: {3}",
    "Use the keys of a root administrator, or allow the role {2}, then run 'vm-ingest "
    "catalog' again.",
    "A list that was not read is not an empty list: what it holds is unknown.", NO_SERVER);
KIND(RELEASE_DECIDES, "release-decides", SEVERITY_UNKNOWN,
    "Releases of CloudStack differ in this and the release of the server is not known: {1}.",
    "The server hides its version; it may be {2}.",
    "Say which one it is: --server-version 4.20.3, or let the server show it "
    "(updateConfiguration name=expose.cloudstack.version.api.list.capabilities value=true).",
    "Behaviour differs between releases, and not in the order of their numbers.", NO_SERVER);
KIND(IS_TEMPLATE, "is-template", SEVERITY_BLOCKER,
    "It is a template, which CloudStack never lists as an unmanaged instance.",
    "The source marks '{vm}' as a template.",
    "Convert it to a virtual machine (govc vm.markasvm), or register it as a template of "
    "CloudStack (registerTemplate).",
    "Templates cannot be started and are left out by CloudStack's own reader.", STAGE_JOB, 530,
    UNSEEN_TEXT, RANK_VISIBLE, READ);
KIND(VIEW_UNREAD, "cloudstack-view-unread", SEVERITY_UNKNOWN,
    "CloudStack's own view of this instance was not read: whether it sees it is not known.", "{1}",
    "Run 'vm-ingest discover' with a CloudStack source for the cluster "
    "(listUnmanagedInstances), then plan again.",
    "The server imports only what its own reader finds on its hosts, by name. Hidden names, "
    "hosts in maintenance and unreadable hardware are seen only there.",
    NO_SERVER);
KIND(NOT_VISIBLE, "not-visible", SEVERITY_BLOCKER,
    "CloudStack does not list this instance, so it cannot be imported.",
    "listUnmanagedInstances of cluster '{2}' was read to its end without the name '{vm}', and "
    "nothing else of its host '{4}' tells whether the host answered.",
    "No reason is visible, so by exclusion: its host did not answer (look at the host in "
    "CloudStack and list again), or on VMware a removed volume's chain hides the name ({3}, then "
    "import it under that name).",
    "Names of managed VMs, of templates on primary storage and of the chains of removed "
    "volumes, with the part before their first '-', are filtered out of the list and of the "
    "import. No API shows the latter.",
    STAGE_JOB, 530, UNSEEN_TEXT, RANK_VISIBLE, RECORDED);
KIND(NAME_HIDDEN, "not-visible-hidden-name", SEVERITY_BLOCKER,
    "CloudStack does not list this instance; probably its name is hidden by the disk chain of a "
    "volume that was removed.",
    "By exclusion: listUnmanagedInstances of cluster '{2}' was read to its end without the name "
    "'{vm}'; its host '{3}' answered, with {4} other instances; no managed VM has the name, a disk "
    "or a MAC of it, and no other instance of its cluster has its name. No API shows the names "
    "that removed volumes hide.",
    "{5}, discover again and import it under the new name with displayname and hostname '{vm}' as "
    "before. Leave the new name at the source: CloudStack finds the VM by it.",
    "Once a volume with a snapshot chain was removed, CloudStack hides every VM that is called "
    "like a parent file of that chain, or like its part before the first '-': 'db-prod' hides "
    "'db'. The list leaves it out and the import does not find it. The same holds for the names "
    "of templates on primary storage.",
    STAGE_JOB, 530, UNSEEN_TEXT, RANK_VISIBLE, READ);
KIND(HOST_SILENT, "not-visible-host-silent", SEVERITY_BLOCKER,
    "CloudStack does not list this instance; probably its host '{3}' did not answer.",
    "By exclusion: listUnmanagedInstances of cluster '{2}' was read to its end and has none of the "
    "{4} instances of '{3}' that it should have.",
    "Look at the host in CloudStack (listHosts name={3}) and at the management server's log for "
    "GetUnmanagedInstances, reconnect it (reconnectHost id=...), then discover again.",
    "Hosts are asked one after another. One that does not answer in time, or breaks off at a VM "
    "that it cannot read, is left out without a word.",
    STAGE_JOB, 530, UNSEEN_TEXT, RANK_VISIBLE, READ);
KIND(HOST_NOT_ADDED, "not-visible-host-not-added", SEVERITY_BLOCKER,
    "CloudStack does not list this instance; probably its host '{2}' was not added.",
    "listHosts has no host of the name or address '{2}'; cluster '{3}' has {4}. None of the host's "
    "instances is listed.",
    "Add the host (addHost), or move the VM to a host that CloudStack has, then discover again.",
    "CloudStack asks the hosts that it knows. A host is found by name or address: if it goes by "
    "another one there, look why it did not answer.",
    STAGE_JOB, 530, UNSEEN_TEXT, RANK_VISIBLE, READ);
KIND(TWIN_SHOWN, "not-visible-duplicate-name", SEVERITY_BLOCKER,
    "CloudStack lists another instance of the same name in its place: {1} on '{2}'.",
    "This one is {3} on '{4}'. listUnmanagedInstances keeps one entry a name and host.",
    "{5}, then discover again.",
    "CloudStack's reader keeps the instances of a host by name, so that one of a name covers the "
    "others; an import takes the one that is shown.",
    NO_SERVER);
KIND(TWIN_ELSEWHERE, "not-visible-duplicate-elsewhere", SEVERITY_BLOCKER,
    "CloudStack lists another instance of the same name on another host, {1} on '{2}', and not "
    "this one.",
    "This one is {3} on '{4}'. Of two hosts both are listed: by exclusion the two were on one host "
    "while the list was read, or the list of '{4}' broke off.",
    "{5}, then discover again.",
    "CloudStack's reader keeps the instances of a host by name. An import by that name takes the "
    "first one that it finds.",
    NO_SERVER);
KIND(SYSTEM_VM, "system-vm", SEVERITY_BLOCKER, "It is a system VM: {2}.",
    "Its name, '{vm}', or the extension that manages it.",
    "Leave it out: it belongs to the system that made it. If it is an ordinary VM all the same, "
    "rename it at the source.",
    "vSphere's and CloudStack's own VMs are made, moved and deleted by their makers.", STAGE_JOB,
    530, UNSEEN_TEXT, RANK_VISIBLE, READ);
KIND(OWN_NAME, "not-visible-cloudstack-name", SEVERITY_BLOCKER,
    "CloudStack does not list this instance; its name '{vm}' is one that a CloudStack gave.",
    "listUnmanagedInstances of cluster '{2}' was read to its end without it, and "
    "listVirtualMachines shows no VM of that name. A record that is hidden from the list, of a VM "
    "that is being deleted, still hides the name.",
    "Look for the record in CloudStack's database or events by this name. If there is none: {3}, "
    "then discover again.",
    "A VM that was unmanaged keeps its name, so the name alone proves nothing; a name in use is "
    "left out of the list.",
    STAGE_JOB, 530, UNSEEN_TEXT, RANK_VISIBLE, READ);
KIND(NOT_VISIBLE_REASON, "not-visible-known-reason", SEVERITY_BLOCKER,
    "CloudStack does not list this instance: {3}.",
    "listUnmanagedInstances of cluster '{2}' was read to its end without the name '{vm}'; the "
    "source tells the reason.",
    "Change what stands in the way at the source, then discover again.",
    "CloudStack's reader drops what it cannot read, without a word.", STAGE_JOB, 530, UNSEEN_TEXT,
    RANK_VISIBLE, READ);
KIND(NOT_VISIBLE_RELEASE, "not-visible-by-release", SEVERITY_BLOCKER,
    "CloudStack does not list this instance, probably because its release cannot read it: {3}.",
    "listUnmanagedInstances of cluster '{2}' was read to its end without the name '{vm}'; the "
    "source tells what some releases of CloudStack cannot read. The server may be {4}.",
    "Change what stands in the way at the source, or say which release it is (--server-version).",
    "CloudStack's reader drops what it cannot read, without a word; later releases read more.",
    STAGE_JOB, 530, UNSEEN_TEXT, RANK_VISIBLE, READ);
KIND(NOT_VISIBLE_HOST, "not-visible-host", SEVERITY_BLOCKER,
    "CloudStack does not list this instance because its host '{2}' is {3}.",
    "listHosts: state and resource state of '{2}'.",
    "Bring the host back (reconnectHost id={4}, cancelHostMaintenance id={4}) or move the VM "
    "to another host of the cluster, then discover again.",
    "Only hosts in state Up that are not in maintenance are asked.", STAGE_JOB, 530, UNSEEN_TEXT,
    RANK_VISIBLE, READ);
KIND(UNSEEN_BY_SOURCE, "unseen-by-source", SEVERITY_ACTION,
    "CloudStack lists this instance and our account at '{1}' does not see it.",
    "listUnmanagedInstances has '{vm}' in cluster '{2}', which '{1}' was read of.",
    "Give the account the role Read-only (System.View, System.Read) on the folder or resource "
    "pool of the VM, with propagation, then discover again.",
    "An object without a right is absent without a fault. What CloudStack reads alone cannot "
    "be compared: it drops NICs and disks that it cannot read.",
    NO_SERVER);
KIND(ALREADY_MANAGED, "already-managed", SEVERITY_BLOCKER,
    "CloudStack manages this VM already, as {1}.",
    "listVirtualMachines: id {2}, {3}; it is the same by {4}.", "Do not import it. {6}",
    "The names of managed VMs are left out of the list and of the import.", STAGE_JOB, 530,
    "Failed to find unmanaged vm with name: {vm} in cluster: {5}", RANK_VISIBLE, RECORDED);
KIND(MANAGED_LISTED_AGAIN, "managed-listed-again", SEVERITY_BLOCKER,
    "CloudStack manages this VM already, as {1}, although it lists it as unmanaged.",
    "listVirtualMachines: id {2}, {3}; it is the same by {4}. Listed in cluster {5}.",
    "Do not import it, neither with 'forced'. {6}",
    "A managed VM that was powered off outside CloudStack is listed as unmanaged again. "
    "Importing it makes two records of one set of disks; 'forced' makes it worse.",
    NO_SERVER);
KIND(MANAGED_UNDECIDED, "managed-undecided", SEVERITY_UNKNOWN,
    "Whether CloudStack manages this VM already could not be told: a disk of it may be volume {1}.",
    "The disk is '{2}'; the volume's file has the same name and its pool is '{3}'. The two "
    "datastores could not be compared.",
    "Compare them: listVolumes id=... shows path, storage and chaininfo. If they are one file, do "
    "not import the VM.",
    "A volume tells its file's name and its pool, not always the folder; pools may be recorded "
    "wrongly.",
    NO_SERVER);
KIND(NAME_IS_MANAGED, "name-is-managed", SEVERITY_BLOCKER,
    "CloudStack manages another VM of this name, {1}.",
    "listVirtualMachines: id {2}, {3}. Its disks and its MACs are others.",
    "Rename this one before it is imported: {5}, then discover again.",
    "CloudStack knows a VM at the hypervisor by its instance name alone: the name of a managed VM "
    "is left out of the list, and two records of one name take each other's power state.",
    STAGE_JOB, 530, "Failed to find unmanaged vm with name: {vm} in cluster: {4}", RANK_VISIBLE,
    READ);
KIND(DISK_IS_MANAGED, "disk-is-managed", SEVERITY_BLOCKER,
    "Disk {disk} is a volume of CloudStack already: {1}, which is attached to no VM there.",
    "The disk's file is '{2}'; listVolumes: state {3}.",
    "Find out whose it is: listVolumes id=... listall=true. Detach the disk at the source, or "
    "unmanage the volume (unmanageVolume), before the VM is imported.",
    "Two records of one file destroy it: whoever deletes one deletes the other's data.", NO_SERVER);
KIND(LOOKALIKE_MANAGED, "looks-like-managed", SEVERITY_ACTION,
    "It has the MACs and the disk sizes of a VM that CloudStack manages, {1}.",
    "listVirtualMachines: id {2}, {3}. {4} MACs and the sizes of {5} disks are the same; name and "
    "paths are not.",
    "Make sure that it is a copy and not that VM, moved and renamed outside CloudStack. If it is "
    "the VM, bring the record up to date instead: updateVolume path=... storageid=..., "
    "updateVirtualMachine instancename=...",
    "After a move of the disks and a new name at the source nothing but MACs and sizes tells that "
    "two VMs are one.",
    NO_SERVER);
KIND(LOOKS_MANAGED, "looks-managed", SEVERITY_WARNING,
    "It bears the marks of a VM that a CloudStack made: {1}.",
    "Read at the source; this CloudStack does not list it among its VMs.",
    "Make sure that no other CloudStack manages it.",
    "Two managers of one VM destroy it sooner or later.", NO_SERVER);
KIND(NAME_NOT_UNIQUE, "name-not-unique", SEVERITY_BLOCKER,
    "{1} instances of cluster '{2}' are called '{vm}'.",
    "Names as the hypervisor shows them, counted over the inventory.",
    "Rename all but one at the source: CloudStack knows an unmanaged instance by its name "
    "alone.",
    "An import takes whichever of them it finds first, and hides the others from then on.",
    NO_SERVER);
KIND(NAME_ELSEWHERE, "name-in-other-cluster", SEVERITY_WARNING,
    "Another cluster has an instance of the same name.", "{1} instances are called '{vm}'.",
    "Check the cluster of each call, and give them different host names.",
    "The pair of cluster and name tells them apart, nothing else does.", NO_SERVER);
KIND(NAME_NOT_LISTED, "name-not-listed", SEVERITY_BLOCKER,
    "CloudStack lists no instance '{2}' in the chosen cluster '{3}'.",
    "listUnmanagedInstances of the cluster was read to its end; choice.clusterid, choice.name.",
    "Correct choice.clusterid and choice.name: they are those of CloudStack's list.",
    "The server finds an instance by cluster and name.", STAGE_JOB, 530,
    "Failed to find unmanaged vm with name: {2} in cluster: {1}", RANK_VISIBLE, RECORDED);
KIND(NAME_OF_OTHER, "name-of-other-instance", SEVERITY_BLOCKER,
    "The call would import another instance: the one called '{1}' in cluster '{2}'.",
    "choice.clusterid and choice.name are not those of this instance.",
    "Correct choice.clusterid and choice.name.",
    "The server finds an instance by cluster and name.", NO_SERVER);
KIND(NAME_EMPTY, "name-missing", SEVERITY_BLOCKER, "The instance has no name to import.",
    "choice.name is absent or empty.", "Write the name of the instance into the plan.",
    "The server finds an instance by its name.", STAGE_SUBMIT, 431, "{1}", RANK_PARAM_NAME,
    RECORDED);
KIND(CLUSTER_NOT_ADDED, "cluster-not-added", SEVERITY_BLOCKER, "Its cluster is not in CloudStack.",
    "No cluster of zone '{2}' is called '{1}' and none has its host '{3}'.",
    "Add the cluster (addCluster) or move the VM to a cluster that CloudStack manages.",
    "An instance is imported from a cluster of the zone.", STAGE_SUBMIT, 431,
    "Unable to execute API command {command} due to missing parameter "
    "clusterid",
    RANK_PARAM_CLUSTER, READ);
KIND(CLUSTER_AMBIGUOUS, "cluster-ambiguous", SEVERITY_UNKNOWN,
    "Several clusters of CloudStack may be its cluster '{1}'.", "Found: {2}.",
    "Read CloudStack's view of both, or write choice.clusterid into the plan.",
    "vCenter's name of a cluster need not be unique.", NO_SERVER);
KIND(CLUSTER_NOT_FOUND, "cluster-not-found", SEVERITY_BLOCKER, "The chosen cluster does not exist.",
    "No cluster of the catalog has the id '{1}'.",
    "Correct choice.clusterid: listClusters shows the ids.", "The id was edited, or removed.",
    STAGE_SUBMIT, 431, NOT_FOUND_TEXT, RANK_PARAM_CLUSTER, RECORDED);
KIND(CLUSTER_DISABLED, "cluster-disabled", SEVERITY_BLOCKER, "Cluster '{1}' is not enabled.",
    "listClusters: allocationstate is '{2}'.",
    "updateCluster id={3} allocationstate=Enabled, or move the VM.",
    "A disabled cluster is listed like any other, but importing from it is refused.", STAGE_JOB,
    431, "Cluster [{1}] is not enabled.", RANK_CLUSTER_STATE, RECORDED, IF(needs_enabled_cluster));
KIND(CLUSTER_OTHER_ZONE, "cluster-in-other-zone", SEVERITY_BLOCKER,
    "The chosen cluster '{1}' is in another zone than this plan.", "listClusters: zoneid is '{2}'.",
    "Plan that zone: --zone {2}.", "All choices of a plan are of one zone.", NO_SERVER);
KIND(CLUSTER_HYPERVISOR, "cluster-hypervisor", SEVERITY_BLOCKER,
    "Instances of hypervisor {2} cannot be imported by this release.",
    "listClusters: hypervisortype of '{1}' is {2}.",
    "Use a release that can (KVM: 4.19 and later).", "Each release names what it can import.",
    STAGE_JOB, 431, "VM import is currently not supported for hypervisor [{2}].", RANK_HYPERVISOR,
    READ,
    WORDINGS({"VM import is currently not supported for hypervisor: {2}", IF(has_words_of_418)}));
KIND(HOST_NOT_UP, "host-not-up", SEVERITY_BLOCKER, "Its host '{2}' is {3}.",
    "listHosts: state and resource state of '{2}'.",
    "Bring the host back (reconnectHost id=..., cancelHostMaintenance id=...) or move the VM "
    "to another host of the cluster.",
    "The import asks only hosts in state Up that are not in maintenance.", STAGE_JOB, 530,
    UNSEEN_TEXT, RANK_VISIBLE, READ);
