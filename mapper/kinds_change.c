/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings: networks that would have to be created. They stand in files of changes, not in plans;
 * what createNetwork would answer is in network_create_check.c.
 */
#include "finding_rows.h"

KIND(CREATE_VLAN_DYNAMIC, "create-vlan-dynamic", SEVERITY_BLOCKER,
    "VLAN {1} lies in {2}, the VLANs that CloudStack gives out by itself on physical network "
    "'{3}'.",
    "listPhysicalNetworks: vlan={2}; of these, networks have now: {5}.",
    "If CloudStack need not give out these VLANs: updatePhysicalNetwork id={4} vlan={6}, then plan "
    "again. VLANs that a network was given by itself stay in the range until it is shut down.",
    "The server refuses any network with a VLAN of the dynamic range of its physical network, with "
    "bypassvlanoverlapcheck, too.",
    NO_SERVER);
KIND(CREATE_VLAN_TAKEN, "create-vlan-taken", SEVERITY_BLOCKER,
    "Network '{2}' of the zone has {1} already.",
    "listNetworks: broadcasturi={3}; it belongs to {4}.",
    "Use that network: vm-ingest prepare plan, or createNetworkPermissions networkid={5} "
    "accountids=...",
    "A zone has one network a VLAN, unless the server is told not to look.", NO_SERVER);
KIND(CREATE_VLAN_INVALID, "create-vlan-invalid", SEVERITY_BLOCKER, "{1} is no VLAN of a guest.",
    "Port group or bridge {2}.",
    "Correct the port group, or choose a network for it by a rule in the policy.",
    "VLANs are 1 to 4094. The server takes 0, 4095 and 4096, too, and no guest can use such a "
    "network.",
    NO_SERVER);
KIND(CREATE_VLANS_UNREAD, "create-vlans-unread", SEVERITY_UNKNOWN,
    "Whether {1} is free could not be read.", "{2}",
    "Plan with the keys of a root administrator: only they see the VLANs of networks.",
    "The server refuses a VLAN that another network or the dynamic range has.", NO_SERVER);
KIND(CREATE_ZONE_BASIC, "create-zone-basic", SEVERITY_BLOCKER,
    "Zone '{1}' is of type {2}: it has one network for all guests.", "listZones: networktype={2}.",
    "Import into an advanced zone.", "Networks with a VLAN exist in advanced zones only.",
    NO_SERVER);
KIND(CREATE_OFFERING_MISSING, "create-offering-missing", SEVERITY_BLOCKER,
    "No network offering lets an L2 network with a VLAN be made.",
    "listNetworkOfferings: {1} offerings, none of guestiptype=L2 with specifyvlan=true that is "
    "enabled; nearest: {2}.",
    "{3}",
    "An L2 network asks nothing of the guests, so it suits VMs that are taken over as they are.",
    NO_SERVER);
KIND(CREATE_PHYSICAL_MISSING, "create-physical-missing", SEVERITY_BLOCKER,
    "No physical network of zone '{1}' carries guest traffic.",
    "listPhysicalNetworks: {2}; listTrafficTypes: none is Guest.",
    "addTrafficType physicalnetworkid=... traffictype=Guest",
    "Each network lies on a physical network that carries guest traffic.", NO_SERVER);
KIND(CREATE_PHYSICAL_SEVERAL, "create-physical-several", SEVERITY_BLOCKER,
    "Which physical network carries {1} cannot be told.",
    "Guest traffic is carried by {2}; none has the label of {3}.",
    "Write physicalnetworkid into call.params of this change and take its verdict out, or label "
    "the traffic: "
    "updateTrafficType id=... vmwarenetworklabel=... (kvmnetworklabel=...).",
    "A zone with several physical networks needs to be told which one has the VLAN.", NO_SERVER);
KIND(CREATE_PHYSICAL_UNLABELLED, "create-physical-unlabelled", SEVERITY_WARNING,
    "Physical network '{1}' is taken since it is the only one, but its label is not {2}.",
    "listTrafficTypes: label {3}.",
    "Look whether the label is that of the VMs' switch or bridge: there CloudStack plugs the NICs "
    "in at the next start.",
    "The VLAN is the same; the switch at the next start is the one of the label.", NO_SERVER);
KIND(CREATE_PHYSICAL_NOT_VLAN, "create-physical-not-vlan", SEVERITY_BLOCKER,
    "Physical network '{1}' isolates by {2}, not by VLAN.",
    "listPhysicalNetworks: isolationmethods={2}.",
    "Choose a physical network that isolates by VLAN, or another zone.",
    "A network on it would get another kind of address, which matches no VLAN of a NIC.",
    NO_SERVER);
KIND(CREATE_PHYSICAL_DISABLED, "create-physical-disabled", SEVERITY_BLOCKER,
    "Physical network '{1}' is {2}.", "listPhysicalNetworks: state={2}.",
    "updatePhysicalNetwork id={3} state=Enabled", "No network can be made on it.", NO_SERVER);
KIND(CREATE_SAME_VLAN, "create-same-vlan", SEVERITY_WARNING,
    "{1} is made on several physical networks, so the server is told not to look for others of "
    "this VLAN (bypassvlanoverlapcheck).",
    "Switches or bridges: {2}.", "Look whether these are different wires.",
    "One VLAN ID on two switches can be two networks, or one.", NO_SERVER);
KIND(CREATE_OWNER_UNSURE, "create-owner-unsure", SEVERITY_UNKNOWN,
    "Whether {1} can own a network is not known.",
    "The list of accounts, domains or projects was not read.",
    "Plan with the keys of a root administrator.", "A network belongs to an account or a project.",
    NO_SERVER);
KIND(PERMISSION_UNSURE, "permission-unsure", SEVERITY_BLOCKER,
    "{1} has VMs on {2}, too, and cannot be permitted to use the network: its id is not known.",
    "listAccounts, listProjects.", "Name the owner of these VMs by an owner rule in the policy.",
    "An L2 network belongs to one account or project; others are permitted one by one.", NO_SERVER);
