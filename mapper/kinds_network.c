/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings: NICs and networks.
 */
#include "finding_rows.h"

#define IP_TEXT          "IP address {1} for NIC(ID: {nic}) is not available in network(ID: {3})"
#define NICS_TEXT(inner) "Failed to import NICs while importing vm: {shown}. " inner
#define UNSUITED_NETWORK "Suitable network for nic(ID: {nic}) not found during VM import"

KIND(NIC_UNREAD, "nic-unread", SEVERITY_UNKNOWN, "{1}", "{2}",
    "Give the account the right to read the VM's hardware and networks, then discover again.",
    "A NIC that was not read may stop the import, or be lost by it.", NO_SERVER);
KIND(NICS_DIFFER, "nics-differ", SEVERITY_BLOCKER, "CloudStack would import {1} of {2} NICs.",
    "NICs in listUnmanagedInstances: {1}; at the source: {2}. Only the source shows: {3}.",
    "Connect the NIC to a port group that CloudStack can read (not ephemeral, not opaque; the "
    "VM powered on once), then list again.",
    "A NIC that its reader does not understand is left out without a word.", NO_SERVER);
KIND(ADAPTERS_MIXED, "adapters-mixed", SEVERITY_BLOCKER,
    "The NICs are of different adapter types: {1} and {2}.",
    "Adapter types as CloudStack reads them.",
    "Give all NICs one type at the source (VM powered off).",
    "One adapter type is recorded for the whole VM.", STAGE_JOB, 530,
    "Multiple network adapter of different type ({1}, {2}) are not supported for import. "
    "Please make sure that all network adapters are of the same type",
    RANK_NICS, RECORDED);
KIND(ADAPTER_UNKNOWN, "adapter-unknown", SEVERITY_UNKNOWN,
    "The adapter type of NIC '{nic}' could not be read.", "{1} NICs must be of one type.",
    "Discover again with a right to read the hardware.",
    "Whether all NICs are of one type cannot be told.", NO_SERVER);
KIND(NIC_CHOICE_UNKNOWN, "nic-choice-unknown", SEVERITY_WARNING,
    "The plan names NIC '{1}', which the instance does not have.", "NICs: {2}.",
    "Take the entry out of choice.nics, or correct it.",
    "The server passes over an unknown NIC without a word.", NO_SERVER);
KIND(NIC_CHOICE_MISSING, "nic-choice-missing", SEVERITY_UNKNOWN,
    "The plan names no network for NIC '{nic}'; the server would take '{2}' by itself.",
    "choice.nics has none for it; the NIC is on {1}.", "Write the network into choice.nics.",
    "On VMware the server takes the first network of the same VLAN, on KVM the first one that "
    "the owner may use, whatever its VLAN.",
    NO_SERVER);
KIND(NIC_WITHOUT_NETWORK, "nic-without-network", SEVERITY_BLOCKER,
    "The plan names no network for NIC '{nic}', and the server finds none by itself.",
    "choice.nics has no entry for it; CloudStack reads {1}.", "Write a network into choice.nics.",
    "The server looks for a network by the VLAN of the NIC, and for none without a VLAN.",
    STAGE_JOB, 530, UNSUITED_NETWORK, RANK_NICS, RECORDED);
KIND(VLAN_WITHOUT_NETWORK, "vlan-without-network", SEVERITY_BLOCKER,
    "No network of zone '{2}' carries {1}, which NIC '{nic}' is on.",
    "Port group or bridge '{3}'; read from {4}.",
    "Create it (vm-ingest networks plan): createNetwork zoneid={5} {6}, or name a network that is "
    "there by a rule: network "
    "portgroup "
    "\"{3}\" -> network \"...\".",
    "Each NIC needs a network of CloudStack; by its VLAN the VM stays on the wire it is on.",
    STAGE_JOB, 530, UNSUITED_NETWORK, RANK_NICS, RECORDED);
KIND(VLAN_NETWORK_FOREIGN, "vlan-network-of-others", SEVERITY_BLOCKER,
    "Network '{2}' carries {1}, but the owner, {3}, may not use it.",
    "listNetworks: it belongs to {4}.",
    "createNetworkPermissions networkid={5} accountids=..., or create a network of the same "
    "VLAN for the owner, or choose another owner.",
    "The owner of the VM needs the right to use the network; being root does not help.", STAGE_JOB,
    530, UNSUITED_NETWORK, RANK_NICS, READ);
KIND(VLAN_NETWORK_UNCERTAIN, "vlan-network-right-unknown", SEVERITY_UNKNOWN,
    "Network '{2}' carries {1}; whether the owner, {3}, may use it is not known.",
    "It belongs to {4}; listNetworkPermissions or the caller's account is not known.",
    "Name the owner by a rule, and read the catalog with the keys of a root administrator.",
    "The server asks the right of the owner.", NO_SERVER);
KIND(VLAN_SEVERAL_NETWORKS, "vlan-with-several-networks", SEVERITY_WARNING,
    "{2} networks carry {1}; '{3}' was taken.", "Also fit: {4}; the port group or bridge is '{5}'.",
    "Say which: network vlan ... -> network \"...\", or edit choice.nics.",
    "They are on one physical network, so the wire is the same; owner, addresses and services "
    "differ.",
    NO_SERVER);
KIND(VLAN_SEVERAL_PHYSICAL, "vlan-on-several-physical-networks", SEVERITY_ACTION,
    "{2} networks on different physical networks carry {1}; '{3}' was taken.",
    "Also fit: {4}; no traffic label tells which physical network '{5}' is.",
    "Say which: network vlan ... -> network \"...\", or edit choice.nics.",
    "The same VLAN ID on another physical network is another wire.", NO_SERVER);
KIND(VLAN_UNKNOWN, "vlan-unknown", SEVERITY_UNKNOWN, "The VLAN of NIC '{nic}' could not be read.",
    "Port group or bridge '{1}'.",
    "Give the account the right to read networks, or name the network by a rule: network "
    "portgroup \"{1}\" -> network \"...\".",
    "Without the VLAN no network can be told.", NO_SERVER);
KIND(VLAN_UNCERTAIN, "vlan-uncertain", SEVERITY_UNKNOWN,
    "NIC '{nic}' is probably on {1}; that was derived, not read.", "From {2}.",
    "Confirm it by a rule: network portgroup \"{3}\" -> network \"...\", or edit choice.nics.",
    "A VLAN told by a name alone may be wrong.", NO_SERVER);
KIND(VLAN_TRUNK, "vlan-trunk", SEVERITY_BLOCKER, "NIC '{nic}' is on a {1}.",
    "Port group or bridge '{2}'; read from {3}. The server {5}.",
    "Choose {4} for it on purpose (network portgroup \"{2}\" -> network \"...\") and know that "
    "at the next start through CloudStack the NIC gets that network's VLAN only.",
    "CloudStack has no networks of several VLANs for a guest.", STAGE_JOB, 530, UNSUITED_NETWORK,
    RANK_NICS, READ);
KIND(VLAN_OVERLAY, "vlan-overlay", SEVERITY_BLOCKER, "NIC '{nic}' is on an overlay segment, {1}.",
    "Port group or bridge '{2}'; read from {3}.",
    "Name a network by a rule: network portgroup \"{2}\" -> network \"...\".",
    "CloudStack does not read segments of NSX or VXLAN; no network can be told by them.", STAGE_JOB,
    530, UNSUITED_NETWORK, RANK_NICS, READ);
KIND(VLAN_PRIVATE, "vlan-private", SEVERITY_BLOCKER,
    "NIC '{nic}' is on a network of one host only, {1}.", "Network or bridge '{2}'; read from {3}.",
    "Connect it to a bridge, or name a network by a rule: network portgroup \"{2}\" -> network "
    "\"...\".",
    "A NAT or isolated network of libvirt has no VLAN and no counterpart in CloudStack.", STAGE_JOB,
    530, UNSUITED_NETWORK, RANK_NICS, READ);
KIND(VLAN_VIEWS_DIFFER, "vlan-views-differ", SEVERITY_WARNING,
    "CloudStack reads another VLAN of NIC '{nic}' than the source.",
    "CloudStack reads {1}; the source has {2}.",
    "Read both again; the NIC may have been moved meanwhile.",
    "The server compares the network with the VLAN that it reads itself.", NO_SERVER);
KIND(NETWORK_VLANS_UNREAD, "network-vlans-unread", SEVERITY_UNKNOWN,
    "The VLANs of CloudStack's networks are not readable, so none can be found by {1}.",
    "listNetworks shows broadcasturi to root administrators only.",
    "Use the keys of a root administrator for the catalog, or name the network by a rule.",
    "Without them a network that is there looks like one that is missing.", NO_SERVER);
KIND(NETWORK_RULE_NOT_FOUND, "network-of-rule-not-found", SEVERITY_BLOCKER,
    "The policy (line {2}) names network '{1}', which the zone does not have.",
    "Not in listNetworks.", "Correct the rule, or create the network.",
    "A rule that names nothing is not passed over.", NO_SERVER);
KIND(RULE_UNDECIDED, "policy-rule-undecided", SEVERITY_UNKNOWN,
    "Whether the rule in line {1} of the policy holds is not known, so it was passed over.",
    "The rule asks for the {2}, which the source '{3}' did not tell.",
    "Run 'vm-ingest doctor' to see which right the account lacks, then discover again; or look "
    "at the choices yourself and judge them with 'vm-ingest check' without --policy.",
    "The first rule that holds counts. A fact that was not read may make an earlier rule hold.",
    NO_SERVER);
KIND(NETWORK_NOT_FOUND, "network-not-found", SEVERITY_BLOCKER,
    "The network chosen for NIC '{nic}' does not exist.",
    "No network of the catalog has the id '{1}'.", "Correct choice.nics: listNetworks.",
    "The id was edited, or the network removed.", STAGE_JOB, 431,
    "Network ID: {1} for NIC ID: {nic} is invalid", RANK_NETWORK_IDS, RECORDED);
KIND(NETWORK_OTHER_ZONE, "network-in-other-zone", SEVERITY_BLOCKER,
    "Network '{1}' is in another zone.", "listNetworks: zoneid is '{2}'.",
    "Choose a network of the zone.", "The network must be of the zone of the cluster.", STAGE_JOB,
    530, "Network(ID: {3}) for nic(ID: {nic}) belongs to a different zone than VM to be imported",
    RANK_NICS, READ);
KIND(NETWORK_FORBIDDEN, "network-forbidden", SEVERITY_BLOCKER,
    "The owner, {2}, may not use network '{1}'.", "listNetworks: it belongs to {4}.",
    "createNetworkPermissions networkid={3} accountids=..., or choose another network or "
    "owner.",
    "The owner of the VM needs the right to use the network; being root does not help.", STAGE_JOB,
    530, "Unable to use network with id= {3}, permission denied", RANK_NICS, RECORDED);
KIND(NETWORK_SHARED_FORBIDDEN, "network-not-in-domain", SEVERITY_BLOCKER,
    "Shared network '{1}' is not open to the domain of the owner, {2}.",
    "listNetworks: it belongs to {4}.",
    "Choose a network of the owner's domain, or create it with subdomainaccess=true.",
    "A shared network of a domain is for that domain, and for those below with "
    "subdomainaccess.",
    STAGE_JOB, 530, "Shared network id={3} is not available in domain id={5}", RANK_NICS, READ);
KIND(NETWORK_RIGHT_UNKNOWN, "network-right-unknown", SEVERITY_UNKNOWN,
    "Whether the owner, {2}, may use network '{1}' is not known.",
    "It belongs to {3}; listNetworkPermissions or the caller's account is not known.",
    "Name the owner by a rule, and read the catalog with the keys of a root administrator.",
    "The server asks the right of the owner.", NO_SERVER);
KIND(NETWORK_VLAN_DIFFERS, "network-vlan-differs", SEVERITY_BLOCKER,
    "Network '{1}' has {2}, NIC '{nic}' is on vlan://{3}.",
    "listNetworks: broadcasturi; VLAN as CloudStack reads it.",
    "Choose a network of that VLAN in choice.nics.",
    "The server compares the two for L2 and Shared networks on VMware.", STAGE_JOB, 530,
    "VLAN of network(ID: {4}) {2} is found different from the VLAN of nic(ID: {nic}) "
    "vlan://{3} "
    "during VM import",
    RANK_NICS, RECORDED);
KIND(NETWORK_PVLAN_DIFFERS, "network-pvlan-differs", SEVERITY_BLOCKER,
    "Network '{1}' has {2}, NIC '{nic}' is on {3}.",
    "listNetworks: broadcasturi; PVLAN as CloudStack reads it.",
    "Choose a network of that PVLAN in choice.nics.",
    "Primary, secondary and type must all be equal.", STAGE_JOB, 530,
    "PVLAN of network(ID: {4}) {2} is found different from the VLAN of nic(ID: {nic}) {3} "
    "during VM import",
    RANK_NICS, RECORDED);
KIND(NETWORK_NO_PVLAN, "network-without-pvlan", SEVERITY_BLOCKER,
    "Network '{1}' has no broadcast URI, NIC '{nic}' is on {2}.",
    "listNetworks: broadcasturi; PVLAN as CloudStack reads it.",
    "Choose a network of that PVLAN in choice.nics.",
    "4.18 compares the two and meets a null pointer; it sends no text.", STAGE_JOB, 530, NULL,
    RANK_NICS, READ, UNLESS(compares_null_uri));
KIND(NETWORK_VLAN_CHANGES, "network-changes-vlan", SEVERITY_WARNING,
    "NIC '{nic}' is on {1}; network '{2}' has {3}.",
    "The server does not compare them in this case.",
    "Make sure that this is meant, or choose a network of the same VLAN.",
    "The import changes nothing on the wire, the next start through CloudStack does.", NO_SERVER);
KIND(IP_MISSING, "ip-missing", SEVERITY_BLOCKER,
    "Network '{1}' needs an IPv4 address for NIC '{nic}', and none is chosen.",
    "Addresses read from the guest: {2}.",
    "Write the guest's address into choice.nics[].ip4 (start VMware Tools or the guest agent "
    "to have it read), or use an L2 network.",
    "A network with services records the address of each NIC.", STAGE_JOB, 530,
    "NIC(ID: {nic}) needs a valid IP address for it to be associated with network(ID: {3}). "
    "nicipaddresslist parameter of API can be used for this",
    RANK_NICS, RECORDED);
KIND(IP_INVALID, "ip-invalid", SEVERITY_BLOCKER, "'{1}' is not an IPv4 address.",
    "choice.nics[].ip4 of NIC '{nic}'.", "Correct it, or write 'auto'.",
    "Only IPv4 addresses are taken.", STAGE_JOB, 431,
    "IP address '{1}' for NIC ID: {nic} is invalid", RANK_ADDRESS_TEXTS, RECORDED);
KIND(IP_NOT_AVAILABLE, "ip-not-available", SEVERITY_BLOCKER,
    "Address {1} cannot be used on network '{2}': {4}.", "Network: {5}.",
    "Choose a free address of the network, or another network.",
    "The address must be inside the network, not its gateway and not in use.", STAGE_JOB, 530,
    IP_TEXT, RANK_NICS, RECORDED);
KIND(IP_NOT_FREE, "ip-not-in-range", SEVERITY_BLOCKER, "{1} in the ranges of shared network '{2}'.",
    "listPublicIpAddresses forvirtualnetwork=false: {3}.",
    "createVlanIpRange for further addresses, or choose a free one.",
    "The server needs a free row for the address; without one the import breaks off late and "
    "leaves records behind.",
    STAGE_JOB, 530,
    "Failed to import NICs while importing vm: {shown}. Cannot find a free IP to assign to VM NIC "
    "on network {2}",
    RANK_NIC_ROWS, RECORDED);
KIND(IP_TWICE, "ip-twice", SEVERITY_BLOCKER,
    "Address {1} is given to two NICs of the VM on network '{2}'.", "choice.nics: ip4.",
    "Give NIC '{nic}' another address, or another network.",
    "NICs are recorded one after the other: the second one finds the address taken, and leaves "
    "records behind.",
    STAGE_JOB, 530, NICS_TEXT("Unable to acquire Guest IP  address for network {2}"), RANK_NIC_ROWS,
    READ);
KIND(IP_SEVERAL, "ip-several", SEVERITY_BLOCKER,
    "NIC '{nic}' has several addresses, so 'auto' is refused.", "Addresses: {1}.",
    "Write one of them into choice.nics[].ip4 and add the others afterwards (addIpToNic).",
    "'auto' takes the guest's address only if there is one.", STAGE_JOB, 530,
    "Multiple IP addresses ({2}) present for nic ID: {nic}. IP address cannot be assigned "
    "automatically, only single IP address auto-assigning supported",
    RANK_SEVERAL_IPS, RECORDED);
KIND(IP_NEW, "ip-new", SEVERITY_WARNING,
    "'auto' gives NIC '{nic}' a new address that the guest does not have.", "{1}",
    "Write the guest's address into choice.nics[].ip4.",
    "The record and the guest would differ until the guest asks by DHCP.", NO_SERVER);
KIND(IP_NOT_THE_GUESTS, "ip-not-the-guests", SEVERITY_WARNING,
    "Address {1} is none of those that the guest has on NIC '{nic}'.", "Read: {2}.",
    "Make sure that it is meant.", "The record and the guest would differ.", NO_SERVER);
KIND(IP_NOT_CARRIED, "ip-not-carried", SEVERITY_WARNING,
    "Further IPv4 addresses of NIC '{nic}' are not carried over: {1}.",
    "Read from the guest; network '{2}'.",
    "After the import, for each: addIpToNic nicid=... ipaddress={3} (listNics "
    "virtualmachineid=... shows the NIC's id).",
    "An import records one IPv4 address a NIC.", NO_SERVER);
KIND(MAC_IN_NETWORK, "mac-in-network", SEVERITY_BLOCKER,
    "MAC {1} of NIC '{nic}' is in use on network '{2}' by '{3}'.",
    "listVirtualMachines: nic, or an earlier NIC of this plan.",
    "Choose another network, or change the MAC at the source. 'forced' would record a new MAC.",
    "MAC addresses are unique on a network. This check comes late and leaves records behind.",
    STAGE_JOB, 530,
    NICS_TEXT("NIC with MAC address {1} exists on network {2} and forced flag is disabled"),
    RANK_NIC_ROWS, RECORDED,
    WORDINGS({NICS_TEXT("NIC with MAC address = {1} exists on network with ID = (internal number) "
                        "and forced flag is disabled"),
                 IF(numbers_network)},
        {NICS_TEXT("NIC with MAC address {1} exists on network with ID {4} and forced flag is "
                   "disabled"),
            IF(tells_network_id)}));
KIND(MAC_INVALID, "mac-invalid", SEVERITY_BLOCKER,
    "'{1}', which NIC '{nic}' has, is no MAC address.", "NICs as CloudStack reads them.",
    "Give the NIC a MAC address at the source.", "This check comes late and leaves records behind.",
    STAGE_JOB, 530, NICS_TEXT("{2}"), RANK_NIC_ROWS, READ, IF(validates_mac));
KIND(MAC_ELSEWHERE, "mac-in-other-network", SEVERITY_WARNING,
    "MAC {1} of NIC '{nic}' is also that of '{2}' on another network.", "listVirtualMachines: nic.",
    "Change one of them at the source, unless it is meant.",
    "The server compares MACs within one network only.", NO_SERVER);
KIND(MAC_MISSING, "mac-missing", SEVERITY_UNKNOWN,
    "The MAC address of NIC '{nic}' could not be read.", "NICs of the source: {1}.",
    "Discover again with a right to read the hardware.",
    "Whether it is in use already cannot be told.", NO_SERVER);
KIND(MAC_REPLACED, "mac-replaced", SEVERITY_WARNING,
    "MAC {1} of NIC '{nic}' is in use on network '{2}' by '{3}', so a new one would be recorded.",
    "choice.forced is true; listVirtualMachines: nic, or an earlier NIC of this plan.",
    "Set choice.forced to false and choose another network, unless the guest may get a new MAC.",
    "The guest keeps its MAC until its next stop and start, and gets the new one then.", NO_SERVER);
KIND(FORCE_REMOVES_NIC, "forced-removes-nic", SEVERITY_BLOCKER,
    "'forced' on this release takes the NIC record away from '{2}'.", "Release {1}.",
    "Set choice.forced to false.",
    "In 4.18 forced=true removes the NIC record of the VM that has the same MAC.", NO_SERVER);
KIND(NIC_EPHEMERAL, "nic-on-ephemeral-port", SEVERITY_WARNING,
    "NIC '{nic}' is on port group '{1}', which gives ports for as long as the VM runs.",
    "The type of the port group is ephemeral.",
    "Connect it to a port group with static binding before the import (govc vm.network.change).",
    "Without a port CloudStack's reader drops the NIC without a word, above all of a VM that is "
    "off.",
    NO_SERVER);
KIND(PORTGROUP_MISNAMED, "port-group-misnamed", SEVERITY_INFO,
    "Port group '{1}' is named after another VLAN than it has: {2}.", "Read from {3}.",
    "Nothing, if {2} is meant; else ask who looks after the port group.",
    "The network is chosen by the VLAN that was read, not by the name.", NO_SERVER);
KIND(PORTGROUP_MISSING, "port-group-not-on-every-host", SEVERITY_WARNING,
    "Port group or bridge '{1}' of NIC '{nic}' is not on every host of the cluster: {2} lack it.",
    "Port groups of each host, read at the source.",
    "Make it there (govc host.portgroup.add -host ...; on KVM the bridge of the traffic label), or "
    "make sure that those hosts have the VLAN on the switch of the traffic label.",
    "The VM cannot move there now; whether it has its wire there after a start depends on the "
    "VLAN of that host's uplinks.",
    NO_SERVER);
KIND(PORTGROUP_DRIFT, "port-group-vlan-differs", SEVERITY_ACTION,
    "Port group '{1}' of NIC '{nic}' has another VLAN on other hosts: here {2}, on {3}.",
    "Port groups of each host, read at the source.",
    "Give it one VLAN on all hosts (govc host.portgroup.change -vlan-id ...) before the import.",
    "CloudStack reads the VLAN of the host on which the VM is at that moment. If it moved, the "
    "network would be the wrong one.",
    NO_SERVER);
KIND(SWITCH_NOT_JOINED, "switch-not-on-every-host", SEVERITY_WARNING,
    "Hosts of the cluster are not in the distributed switch of port group '{1}': {2}.",
    "Members of the switch, read at the source.",
    "Add the hosts to the switch (govc dvs.add -dvs ... HOST), or keep the VM off them.",
    "Started there, the VM has no port on that switch.", NO_SERVER);
KIND(VLAN_NOT_REACHED, "vlan-not-on-every-host", SEVERITY_WARNING,
    "No port group or bridge of these hosts of the cluster carries {1}, which NIC '{nic}' needs: "
    "{2}.",
    "Port groups and bridges of each host, read at the source; the VLANs of its uplinks on the "
    "physical switch are read nowhere.",
    "Have the VLAN trunked to those hosts and try it: a VM of another network of that VLAN, or a "
    "port group made for the test.",
    "After a stop the VM may start on any host of the cluster that has room. CloudStack makes the "
    "port group there and does not look whether the VLAN arrives.",
    NO_SERVER);
KIND(REACH_UNTOLD, "host-networks-untold", SEVERITY_WARNING,
    "The networks of these hosts of the cluster were not read: {2}. Whether they have what port "
    "group '{1}' of NIC '{nic}' gives is not known.",
    "No switch, port group or bridge of them in the inventory.",
    "Reconnect the hosts or give the account System.Read on them, then discover again.",
    "Not read is not missing: the VM may start there.", NO_SERVER);
KIND(NETWORK_NOT_READY, "network-not-ready", SEVERITY_WARNING,
    "Network '{1}' of NIC '{nic}' is in state '{2}'.", "listNetworks: state.",
    "restartNetwork id=... after the import, before guests need its services; or choose another "
    "network.",
    "A network that is only allocated has no VLAN and no router yet: they come with the first "
    "start.",
    NO_SERVER);
KIND(NETWORK_UNTAGGED, "network-untagged", SEVERITY_INFO,
    "Network '{1}' of NIC '{nic}' is untagged.", "listNetworks: broadcasturi is vlan://untagged.",
    "Import it by the API: the UI cannot match such a network.",
    "The API takes it for a NIC without a VLAN.", NO_SERVER);
KIND(IP6_NOT_CARRIED, "ipv6-not-carried", SEVERITY_WARNING,
    "IPv6 addresses of NIC '{nic}' are not carried over: {1}.",
    "Read from the guest; network '{2}'.",
    "They stay in the guest. Where a firewall or security group goes by CloudStack's records, use "
    "a network with IPv6 and updateVmNicIp, or leave the VM on an L2 network.",
    "An import records one IPv4 address a NIC, and no IPv6.", NO_SERVER);
KIND(DHCP_ON_LIVE_VLAN, "dhcp-on-live-vlan", SEVERITY_WARNING,
    "Network '{1}' {4} DHCP on {2}, where NIC '{nic}' and other machines are already.",
    "listNetworks: service; {3}. A DHCP server that is there is read nowhere.",
    "Use an L2 network of the same VLAN (it answers nothing), or an offering without the service "
    "Dhcp, or turn the other DHCP server off before the first VM starts on the network.",
    "Two DHCP servers on one wire: whichever is faster gives address, gateway and name servers.",
    NO_SERVER);
KIND(NETWORK_SHARES_VLAN, "network-shares-vlan", SEVERITY_WARNING,
    "Other networks of CloudStack answer DHCP on {2}, too: {3}.",
    "listNetworks: broadcasturi and service; chosen for NIC '{nic}' is '{1}'.",
    "Keep one network with services for each VLAN; make the others L2.",
    "Each has a virtual router of its own on one wire; their ranges must not overlap.", NO_SERVER);
KIND(ADDRESS_OF_OTHER, "address-of-other-machine", SEVERITY_WARNING,
    "Address {1} of NIC '{nic}' is also that of '{2}', on the same VLAN.",
    "Addresses told by the guests; network '{3}'.",
    "Find out which of the two is stale or wrong (arping), and correct choice.nics[].ip4.",
    "CloudStack records it for one of them and does not see the other.", NO_SERVER);
KIND(GATEWAY_HELD, "gateway-held-by-machine", SEVERITY_WARNING,
    "The gateway of network '{2}', {1}, is an address of '{3}': {4}.",
    "listNetworks: gateway; addresses told by the guest of '{3}'.",
    "If '{3}' is the router of the VLAN, leave it out of the import and use a Shared or L2 "
    "network; "
    "else correct its address.",
    "The guests on the network are told that gateway by DHCP.", NO_SERVER);
KIND(RANGE_IN_USE, "range-in-use", SEVERITY_WARNING,
    "{2} addresses that network '{1}' would hand out are held by machines that CloudStack does not "
    "manage: {3}.",
    "Addresses told by guests of the estate on its VLAN, without those that this plan imports; "
    "listVlanIpRanges.",
    "reserveIpAddress for each, or shrink the range: updateVlanIpRange id=... startip=... "
    "endip=..., before any VM is made on network {4}; or import those machines, too.",
    "The next VM that is made there gets one of them, and two machines have one address.",
    NO_SERVER);
KIND(RANGE_UNTOLD, "range-use-untold", SEVERITY_WARNING,
    "{2} machines on the VLAN of network '{1}' told no address: {3}. Which addresses of its range "
    "are in use is not known.",
    "No address by tools or agent. Machines outside the estate are read nowhere at all.",
    "Start the tools or the agent and discover again, scan the VLAN (arping, nmap -sn), and "
    "reserve what answers in network {4}.",
    "An address that was read nowhere is not a free one.", NO_SERVER);
