# SPDX-License-Identifier: Apache-2.0
"""What the comparison lets pass, each with its reason, and what no case can reach."""

# Findings that may leave a verdict unknown: no API and no source tells the fact.
UNTOLD = {
    "pool-tag-rule": "a pool's tag is a script, which only the server runs",
    "host-tag-rule": "a host's tag is a script, which only the server runs",
    "storage-tags-undecided": "no list tells which of several pools the database gives first; or the tag is a script",
    "vlan-unknown": "the agent tells no VLAN of this NIC",
    "offering-not-seen": "lists hide deleted offerings, which the server takes by id",
    "disk-offering-not-seen": "lists hide deleted offerings, which the server takes by id",
    "nic-choice-missing": "the server takes the first network of its database that fits, and no list tells which that is",
    "limit-unknown": "whether it is enough hangs on an item before it, of which nobody can tell either",
    "template-not-seen": "lists hide deleted templates",
}

# What the server would send because of such a fact, before the refusal that is foretold.
REFUSALS = {
    "pool-tag-rule": "^Storage pool for disk |is not compatible with storage pool",
    "storage-tags-undecided": "is not compatible with storage pool|migration as no suitable pool found",
    "offering-not-seen": "Invalid parameter serviceofferingid ",
    "disk-offering-not-seen": "^Disk offering ID: .* is invalid$",
    "host-tag-rule": "is not compatible with host",
    "limit-unknown": "Maximum (amount of resources|domain resource limits) of Type",
    # On KVM the first network of the database that the owner may use is taken, which no list tells.
    "nic-choice-missing": "^NIC.ID|^IP address|^VM with Name|^The vm with hostName|^Suitable network|^Multiple network",
}

# Checks that are reached neither by choices nor by facts that CloudStack's own list tells.
NOT_IN_THE_LIST = "an instance that CloudStack does not list comes from a second source: tests/it_vsphere.py, test_plan_*"
NEVER = {
    "is-template": NOT_IN_THE_LIST, "not-visible": NOT_IN_THE_LIST, "not-visible-known-reason": NOT_IN_THE_LIST,
    "not-visible-host": NOT_IN_THE_LIST, "already-managed": NOT_IN_THE_LIST, "name-is-managed": NOT_IN_THE_LIST,
    "not-visible-host-silent": NOT_IN_THE_LIST, "not-visible-host-not-added": NOT_IN_THE_LIST,
    "not-visible-hidden-name": NOT_IN_THE_LIST, "not-visible-cloudstack-name": NOT_IN_THE_LIST,
    "system-vm": NOT_IN_THE_LIST, "not-visible-by-release": NOT_IN_THE_LIST,
    "caller-not-permitted": "the list of a caller who is no root admin is refused before: tests/it_catalog.sh",
    "vlan-overlay": "the list tells a number or nothing; overlays are told by vSphere: test_plan_network",
    "vlan-private": "the list tells a number or nothing; private wires are told by vSphere: test_plan_network",
}
# Checks of importVm, by how their ids begin: no case here converts; tests/test_plan_convert.c plays each.
CONVERSIONS = "convert-"
# In some releases only: {check: {release: reason}}.
NO_KVM = "4.18 imports from VMware only"
UNSEEN = "4.18 lists no deleted offerings, so an id that no list shows is unknown"
BREAKS = "each custom offering ends in a null pointer before it is compared"
EARLY = "what is reserved there are the numbers of the offering"
BY_ID = "a datastore that bears the id of its pool is found"
UNREACHABLE = {
    "datastore-not-found": {name: BY_ID for name in ("4.22.0", "4.22.0.1", "4.22.1", "4.23")},
    "ip-not-in-range": {"4.18.2": "any address of the CIDR is taken"},
    "kvm-without-template": {"4.18.2": NO_KVM}, "template-too-big": {"4.18.2": NO_KVM},
    "offering-not-found": {"4.18.2": UNSEEN}, "disk-offering-not-found": {"4.18.2": UNSEEN},
    "offering-cpu-out-of-range": {"4.22.0.1": BREAKS}, "offering-memory-out-of-range": {"4.22.0.1": BREAKS},
    "offering-needs-speed": {"4.22.0.1": BREAKS}, "offering-memory-fixed": {"4.22.0.1": BREAKS},
    "cpus-not-counted": {"4.22.0.1": EARLY}, "memory-not-counted": {"4.22.0.1": EARLY},
}

# Targets for checks that only some estates make possible, see release_run.ROUNDS.
AIMS = {
    "hostname-in-zone": ("hostname-taken/vmware", "hostname-of-other-network/vmware"),
    "ip-not-in-range": ("ip-not-in-range/vmware", "ip-not-in-range/kvm"),
    "offering-host-tag": ("host-tag/vmware", "host-tag/kvm"), "offering-without-host": ("host-tag-moving/vmware",),
    "vlan-trunk": ("nic-vlan-4095-unmapped/vmware",),
}
