/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings: what the next stop and start through CloudStack changes, and whether it can start at
 * all.
 */
#include "finding_rows.h"

KIND(START_RESETS, "start-resets-setting", SEVERITY_WARNING,
    "At the next start through CloudStack '{1}', now {2}, {3}.", "Read at the source: {1} is {2}.",
    "{4}",
    "The import touches nothing; the next start writes the VM's configuration anew, from its "
    "offering, its template and the settings of CloudStack.",
    NO_SERVER);
KIND(START_CPU_LIMIT, "start-limits-cpu", SEVERITY_WARNING,
    "At the next start the CPUs of the VM are limited to {2} MHz, {3} MHz each.",
    "Service offering '{1}': limitcpuuse is true, cpuspeed {3}.",
    "Choose an offering without limitcpuuse, or one of the speed of the hosts.",
    "A VM that runs without a limit now gets one by such an offering.", NO_SERVER);
KIND(START_FIRMWARE, "start-loses-uefi", SEVERITY_ACTION,
    "The VM boots by UEFI; this release does not record that, and choice.details does not say so.",
    "Firmware read at the source: uefi, secure boot {1}. Release {2}.",
    "Add \"UEFI\": \"{3}\" to choice.details; after an import without it: updateVirtualMachine "
    "id=... details[0].UEFI={3}, with all details that are there.",
    "Without the detail a KVM domain is defined with BIOS at the next start and does not boot. On "
    "VMware the VM keeps its firmware until CloudStack has to make it anew.",
    NO_SERVER);
KIND(START_UUID, "start-changes-uuid", SEVERITY_INFO,
    "At the next start the guest sees another machine UUID than {1}.", "UUID of the domain.",
    "If licences or cluster software go by it: updateVirtualMachine id=... customid={1} after the "
    "import, before the next start.",
    "CloudStack defines the domain with the id of its own record.", NO_SERVER);
KIND(START_GUEST_OS, "start-changes-guest-os", SEVERITY_WARNING,
    "At the next start the VM is told to be '{2}', by template '{1}'; it is '{3}'.",
    "listTemplates: ostypename; guest OS read at the source.",
    "updateVirtualMachine id=... ostypeid=... after the import, or choose a template of the same "
    "OS.",
    "Clock, timers and virtual hardware follow from the OS type: a Windows guest on another type "
    "gets a clock in UTC and no Hyper-V features.",
    NO_SERVER);
KIND(START_CONTROLLER, "start-changes-controller", SEVERITY_ACTION,
    "choice.details gives {1} '{2}', but the disk hangs on '{3}'.",
    "Controllers as CloudStack reads them.", "Take {1} out of choice.details.",
    "At the next start the disk would hang on another controller, for which the guest may have no "
    "driver.",
    NO_SERVER);
KIND(START_ADAPTER, "start-changes-adapter", SEVERITY_WARNING,
    "At the next start NIC '{nic}' becomes a {2}; it is a {1}.",
    "Type of the device at the source; CloudStack reads '{2}' and records it.",
    "Make it a Vmxnet3 or E1000 at the source before, or give nicAdapter in choice.details.",
    "To the guest it is a new NIC: Windows forgets its static addresses.", NO_SERVER);
KIND(START_CONNECTS, "start-connects-nic", SEVERITY_WARNING,
    "NIC '{nic}' is not connected; the next start connects it.",
    "Connected: {1}, connect at power on: {2}.",
    "Remove the NIC at the source before the import, or removeNicFromVirtualMachine after it.",
    "CloudStack plugs in every NIC that it knows. An old NIC may bring up an address twice.",
    NO_SERVER);
KIND(START_PORTGROUP, "start-moves-port-group", SEVERITY_INFO,
    "At the next start NIC '{nic}' moves from '{1}' to {2}.",
    "Network '{3}'; traffic label of its physical network: {4}.",
    "Set what the old port group or bridge has beside the VLAN (teaming, shaping, filters, "
    "monitoring) on '{4}' of every host.",
    "CloudStack makes port groups and bridges of its own and does not use those that are there.",
    NO_SERVER);
KIND(START_SECURITY, "start-changes-port-security", SEVERITY_WARNING,
    "At the next start the security policy of NIC '{nic}' changes: {2}.",
    "Port group '{1}'; listConfigurations: network.promiscuous.mode, network.mac.address.changes, "
    "network.forged.transmits.",
    "createNetworkOffering with details[0].promiscuousMode, macAddressChanges and forgedTransmits "
    "as needed, and a network of it; or updateConfiguration of the three.",
    "Clusters with a moving MAC, nested hypervisors and virtual firewalls need forged transmits "
    "or promiscuous mode.",
    NO_SERVER);
KIND(START_RATE, "start-limits-nic", SEVERITY_WARNING,
    "At the next start NIC '{nic}' is limited to {1} Mbit/s.", "{2}.",
    "Choose offerings with a higher or no limit (networkrate, 0 = none), or updateConfiguration "
    "name={3} value=0.",
    "The limit of the first NIC comes from the service offering, that of the others from the "
    "network offering; a setting stands in for what they leave open.",
    NO_SERVER);
KIND(START_UNTOLD, "start-untold", SEVERITY_WARNING,
    "Nobody told what the next start depends on: {1}.", "Not in the catalog or not at the source.",
    "Read the catalog with the keys of a root administrator and the VM's vCenter or KVM host as a "
    "source, or look there before the VM is stopped.",
    "The import does not need it; but whether the VM starts again as it is cannot be said.",
    NO_SERVER);
KIND(NO_HOST_UP, "no-host-up", SEVERITY_ACTION,
    "No host of cluster '{1}' could start it: none is Up and enabled.",
    "listHosts: state, resourcestate of {2} hosts.",
    "Bring a host back: reconnectHost id=..., updateHost id=... allocationstate=Enable.",
    "An import asks hosts that are Up; a start needs one that is enabled, too.", NO_SERVER);
KIND(NO_HOST_DEDICATED, "no-host-undedicated", SEVERITY_ACTION,
    "Each host of cluster '{1}' that could start it is dedicated: {2}.",
    "listDedicatedHosts, listDedicatedClusters.",
    "updateVMAffinityGroup id=... affinitygroupids=... with the group of the dedication after the "
    "import, or releaseDedicatedHost / releaseDedicatedCluster.",
    "The import does not ask; a start uses a dedicated host only for VMs of its affinity group.",
    NO_SERVER);
KIND(NO_HOST_TAGGED, "no-host-with-tag", SEVERITY_ACTION,
    "No host of cluster '{1}' has the host tags of service offering '{2}': {3}.",
    "listHosts: hosttags.", "updateHost id=... hosttags=..., or choose another offering.",
    "From 4.20 on the import looks at tags in vm.strict.host.tags only; a start at all of them.",
    NO_SERVER);
KIND(START_OTHER_HOST, "start-on-other-host", SEVERITY_WARNING,
    "Its host '{1}' lacks the host tags of service offering '{2}': {3}. It starts on another one.",
    "listHosts: hosttags.",
    "Accept it, updateHost id=... hosttags=..., or choose another offering.",
    "At the next start the VM moves to a host that has the tags.", NO_SERVER);
KIND(NO_HOST_UEFI, "no-host-with-uefi", SEVERITY_ACTION,
    "The VM boots by UEFI, and no host of cluster '{1}' that could start it can.",
    "listHosts: ueficapability.",
    "Install UEFI firmware on the hosts (KVM: ovmf, and uefi.properties of the agent), reconnect "
    "them.",
    "A VM recorded with UEFI starts on hosts with that capability only.", NO_SERVER);
KIND(NO_HOST_LARGE, "no-host-large-enough", SEVERITY_ACTION,
    "No host of cluster '{1}' can start it: it needs {2} CPUs of {3} MHz and {4} MiB of memory; "
    "the "
    "largest has {5} cores, the fastest {6} MHz.",
    "listHosts: cpunumber, cpuspeed, memorytotal; the offering's speed counts.",
    "Choose an offering of a lower CPU speed (or cpuSpeed in choice.details), or add a larger "
    "host.",
    "A host must have that many cores, each at least as fast, and the memory.", NO_SERVER);
KIND(CLUSTER_OVER_THRESHOLD, "cluster-over-threshold", SEVERITY_WARNING,
    "Cluster '{1}' would be above its threshold for {2}: {3} of {4} are given away, it needs {5}.",
    "listHosts and listClusters, in MHz or MiB with over-commitment; VMs of this plan that come "
    "before count as given away. cluster.{2}.allocated.capacity.disablethreshold is {6}.",
    "Add a host, raise the threshold (updateConfiguration clusterid=... "
    "name=cluster.{2}.allocated.capacity.disablethreshold), or import fewer VMs into the cluster.",
    "A stopped VM keeps its place on its host for capacity.skipcounting.hours seconds. After that, "
    "and at once when it was powered off outside CloudStack, it starts only where the cluster "
    "stays below the threshold. From here on that holds for all VMs of the cluster.",
    NO_SERVER);
KIND(HOSTS_FULL, "no-host-with-room", SEVERITY_WARNING,
    "No host of cluster '{1}' has room for {2} MHz and {3} MiB; the most is {4} MHz and {5} MiB.",
    "listHosts: what is allocated; VMs of this plan that come before count on their hosts.",
    "Add a host, migrate VMs away from one, or import fewer VMs into the cluster.",
    "A VM that loses its place on its host, or whose host fails, cannot be started again.",
    NO_SERVER);
KIND(GUEST_OS_ELSEWHERE, "guest-os-unmapped-on-host", SEVERITY_WARNING,
    "Guest OS '{1}' is not mapped on hypervisor version {2}, which a host of its cluster has.",
    "listHosts: hypervisorversion; listGuestOsMapping.",
    "addGuestOsMapping hypervisor=VMware hypervisorversion={2} osnameforhypervisor=..., or bring "
    "the hosts to one version.",
    "Started there, the VM is told to be another OS.", NO_SERVER);
