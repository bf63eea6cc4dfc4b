# SPDX-License-Identifier: Apache-2.0
"""Cases: an instance, and what its choice becomes. Each aims at one check of the server, or at none.

A case is made in two steps: the function gets the estate and adds an instance to it; what it
returns edits the choice that vm-ingest proposed, after it was set to what certainly fits.
"""
from .estates import SIZES

TARGETS = {}
EDITS, SPOILS = [], []
ODD_NAMES = ("bad_name", "1st", "-edge", "edge-", "a.b", "x" * 64, "two words", "h\u00fcte", "a\u00b2")


class Case:
    """@row: the instance; @edit: what is done to its choice; @aim: the name of the target."""

    def __init__(self, estate, aim, row, edit=None, owner="admin", offering=None):
        self.estate, self.aim, self.row, self.target = estate, aim, row, aim
        self.edit, self.owner, self.offering = edit or (lambda choice: None), owner, offering
        self.is_kept = False

    def settle(self, choice):
        """What the server would take, then the edit; unless it stays as it was proposed."""
        if self.is_kept:
            return
        role = self.estate.role
        size = next((number for number, each in enumerate(SIZES) if each[0] == self.row["cpunumber"]), 1)
        choice["hostname"] = "h" + self.row["name"].replace("-", "")[-40:].lower()
        choice["serviceofferingid"] = role["serviceoffering", self.offering or f"fixed-{SIZES[size][0]}"]["id"]
        own(choice, self.estate, self.owner)
        for place, nic in enumerate(self.row["nic"]):
            network = self._network_of(nic)
            address = (nic.get("ipaddresses") or [None])[0]
            entry = {"nic": nic["id"], "networkid": network and network["id"], "ip4": None}
            if network and network["type"] != "L2":
                entry["ip4"] = address or self.estate.address(network)
            if place < len(choice["nics"]):
                choice["nics"][place].update(entry)
        choice["disks"] = [{"disk": disk["id"], "diskofferingid": role["diskoffering", "custom"]["id"]}
                           for disk in self.row["disk"][1:]]
        choice["root"] = self.row["disk"][0]["id"] if self.row["disk"] else None
        choice["details"] = {}
        if self.is_kvm:
            choice["templateid"] = role["template", "small"]["id"]
        self.edit(choice)

    @property
    def is_kvm(self):
        return "osid" not in self.row

    def _network_of(self, nic):
        wanted = self.row["_networks"][self.row["nic"].index(nic)]
        return self.estate.role["network", wanted]


def own(choice, estate, owner):
    """@owner: a role of an account, or project-ROLE."""
    choice.update(account=None, domainid=None, projectid=None)
    if owner == "admin":
        return
    if owner.startswith("project-"):
        choice["projectid"] = estate.role["project", owner[len("project-"):]]["id"]
        return
    account = estate.role["account", owner]
    choice.update(account=account["name"], domainid=account["domainid"])


def target(name, kinds="vk"):
    """@kinds: v(Mware), k(vm); both are made where both are given."""
    def declare(make):
        for kind in kinds:
            TARGETS[f"{name}/{'kvm' if kind == 'k' else 'vmware'}"] = (make, "kvm1" if kind == "k" else "vc1")
        return make
    return declare


def machine(estate, cluster, **wanted):
    """An instance that remembers the roles of its networks."""
    networks = wanted.setdefault("networks", ("l2",))
    wanted.setdefault("disks", estate.random.choice((1, 1, 2, 3)))
    wanted.setdefault("host", estate.random.choice((1, 2)))
    wanted.setdefault("size", 1)
    row = estate.instance(cluster=cluster, **wanted)
    row["_networks"] = list(networks)
    return row


def _simple(name, edit, kinds="vk", owner="admin", offering=None, is_mixed=True, **wanted):
    """A target of which the instance is plain and the choice alone is odd. @is_mixed: also with others."""
    if is_mixed:
        EDITS.append(edit)

    @target(name, kinds)
    def make(estate, cluster):
        row = machine(estate, cluster, **wanted)
        return Case(estate, name, row, lambda choice: edit(choice, estate, row), owner, offering)
    return make


def _odd(name, spoil, kinds="vk", edit=None, owner="admin", offering=None, **wanted):
    """A target of which the instance is odd."""
    SPOILS.append(spoil)

    @target(name, kinds)
    def make(estate, cluster):
        row = machine(estate, cluster, **wanted)
        spoil(row, estate)
        return Case(estate, name, row, (lambda choice: edit(choice, estate, row)) if edit else None, owner, offering)
    return make


def _set(**members):
    return lambda choice, estate, row: choice.update(
        {name: value(estate) if callable(value) else value for name, value in members.items()})


def _offering(role):
    return lambda estate: estate.role["serviceoffering", role]["id"]


def _nic(**members):
    def edit(choice, estate, _):
        for nic in choice["nics"][:1]:
            nic.update({name: value(estate) if callable(value) else value for name, value in members.items()})
    return edit


def _network(role):
    return lambda estate: estate.role["network", role]["id"]


def _disk(role=None, **members):
    def edit(choice, estate, _):
        for disk in choice["disks"][-1:]:
            if role:
                disk["diskofferingid"] = estate.role["diskoffering", role]["id"]
            disk.update({name: value(estate) if callable(value) else value for name, value in members.items()})
    return edit


def _id(estate):
    return estate.id()


# --- what is accepted ------------------------------------------------------------

_simple("accepted", lambda *_: None)
_simple("accepted-user", lambda *_: None, owner="user", networks=("l2-user",))
_simple("accepted-project", lambda *_: None, owner="project-plain", networks=("l2-project",))
_simple("accepted-permitted", lambda *_: None, owner="user", networks=("l2-permitted",))
_simple("accepted-shared", lambda *_: None, networks=("shared",))
_simple("accepted-isolated", lambda *_: None, networks=("isolated",))
_simple("accepted-two-nics", lambda *_: None, networks=("l2", "shared"))
_simple("accepted-pvlan", lambda *_: None, "v", networks=("pvlan-i",))
_simple("accepted-no-nic", lambda *_: None, networks=())
_simple("accepted-custom", _set(details={"cpuSpeed": "2000"}), offering="custom", size=0)
_simple("accepted-between", lambda *_: None, offering="between", size=1)
_simple("accepted-off", lambda *_: None, offering="fixed-8", power="PowerOff")
_simple("accepted-template", _set(templateid=lambda estate: estate.role["template", "vmware"]["id"]), "v")
_simple("accepted-gold", lambda *_: None, "v", offering="gold", datastores=("vc1-gold",), disks=1)
_simple("accepted-zone-wide", lambda *_: None, "v", datastores=("zone-wide",))
_simple("accepted-nfs", lambda *_: None, "v", datastores=("vc1-nfs",))
_simple("accepted-ambiguous", lambda *_: None, "v", datastores=("short",))
_simple("accepted-deleted-offering", lambda *_: None, offering="deleted")
_simple("accepted-local", lambda *_: None, offering="local")
_simple("accepted-other-domain-for-root", lambda *_: None, offering="other")
_simple("accepted-zone", lambda *_: None, offering="here")
_simple("odd-nic-key", _nic(nic="Network adapter 77"))
_simple("auto-address", _nic(ip4="auto"), networks=("shared",))
_simple("auto-on-l2", _nic(ip4="auto"))
_simple("second-cluster", lambda *_: None, "v")
_simple("unmapped-nic", lambda choice, *_: choice["nics"].clear())
_simple("unmapped-nic-of-user", lambda choice, *_: choice["nics"].clear(), "v", owner="user", networks=("l2-user",))


@target("powered-off-in-second-cluster", "v")
def _second(estate, _):
    row = machine(estate, "vc2", power="PowerOff")
    return Case(estate, "powered-off-in-second-cluster", row, offering="fixed-4")


# --- parameters, owners, clusters ----------------------------------------------

_simple("cluster-not-found", _set(clusterid=_id))
_simple("cluster-missing", _set(clusterid=None))
_simple("cluster-unsupported", _set(clusterid=lambda estate: estate.role["cluster", "xen"]["id"]))
_simple("cluster-of-other-zone", _set(clusterid=lambda estate: estate.role["cluster", "there"]["id"]), "v")
_simple("cluster-is-another", _set(clusterid=lambda estate: estate.role["cluster", "vc2"]["id"]), "v")
_simple("name-missing", _set(name=None))
_simple("name-empty", _set(name=""))
_simple("name-of-nobody", _set(name=lambda estate: estate.name("nobody-")))
_simple("name-in-capitals", lambda choice, *_: choice.update(name=choice["name"].upper()))
_simple("domain-not-found", _set(account="x", domainid=_id))
_simple("project-not-found", _set(projectid=_id))
_simple("template-not-found", _set(templateid=_id))
_simple("template-removed", _set(templateid=lambda estate: estate.role["template", "gone"]["id"]), is_mixed=False)
_simple("offering-not-found", _set(serviceofferingid=_id))
_simple("offering-missing", _set(serviceofferingid=None))
_simple("account-not-found", _set(account="nobody", domainid=lambda estate: estate.role["domain", "acme"]["id"]))
_simple("account-of-other-domain", lambda choice, estate, row: choice.update(
    account=estate.role["account", "user"]["name"], domainid=estate.role["domain", "other"]["id"]))
_simple("account-disabled", lambda *_: None, owner="off")
_simple("account-locked", lambda *_: None, owner="locked")
_simple("account-without-domain", _set(account="anybody"))
_simple("domain-without-account", _set(domainid=lambda estate: estate.role["domain", "acme"]["id"]))
_simple("project-suspended", lambda *_: None, owner="project-suspended", networks=("shared",))
_simple("name-too-long", lambda choice, *_: choice.update(name="x" * 300))
_simple("display-name-too-long", lambda choice, *_: choice.update(displayname="x" * 256))
_simple("display-name-long", lambda choice, *_: choice.update(displayname="x" * 255))
_simple("display-name-unprintable", lambda choice, *_: choice.update(displayname="tab\there"))
_simple("hostname-unprintable", lambda choice, *_: choice.update(hostname="bell\x07"))
_simple("account-and-project", lambda choice, estate, row: choice.update(
    projectid=estate.role["project", "plain"]["id"]), owner="user", networks=("l2-user",))


def _of_disabled_cluster(estate, cluster):
    row = machine(estate, "kvm-off" if cluster == "kvm1" else "vc-off")
    return Case(estate, "cluster-disabled", row)


target("cluster-disabled")(_of_disabled_cluster)


# --- names ----------------------------------------------------------------------

_simple("hostname-invalid", lambda choice, estate, row: choice.update(hostname=estate.random.choice(ODD_NAMES)))
_simple("hostname-taken", lambda choice, estate, row: choice.update(
    hostname=estate.role["virtualmachine", "managed-0"]["name"]))
_simple("hostname-of-other-network", lambda choice, estate, row: choice.update(
    hostname=estate.role["virtualmachine", "managed-1"]["name"]))
_simple("hostname-in-capitals", lambda choice, estate, row: choice.update(
    hostname=estate.role["virtualmachine", "managed-0"]["name"].upper()))
_simple("hostname-left-out", _set(hostname=None))
_simple("display-name-odd", _set(displayname="two words", hostname=None))


@target("hostname-missing")
def _unnamed(estate, cluster):
    row = machine(estate, cluster)
    row["name"] = f"{estate.random.choice(('a.b', 'two words', 'x_y', '1st'))}{row['name']}"
    return Case(estate, "hostname-missing", row, lambda choice: choice.update(hostname=None))


# --- guest OS, size, offering -----------------------------------------------------

_odd("guest-os-unknown", lambda row, estate: row.update(osid="odd9Guest", osdisplayname="Odd 9"), "v")
_odd("guest-os-empty", lambda row, estate: row.update(osid="", osdisplayname=""), "v")
_odd("guest-os-unmapped", lambda row, estate: row.update(osid="odd9Guest", osdisplayname="Plan 9"), "v")
_odd("guest-os-by-id", lambda row, estate: row.update(osdisplayname="Odd 9"), "v")
_odd("guest-os-by-name", lambda row, estate: row.update(osid="odd9Guest"), "v")
_odd("guest-os-by-template", lambda row, estate: row.update(osid="odd9Guest", osdisplayname="Odd 9"), "v",
     edit=_set(templateid=lambda estate: estate.role["template", "vmware"]["id"]))
_simple("kvm-without-template", _set(templateid=None), "k")
_simple("template-too-big", _set(templateid=lambda estate: estate.role["template", "big"]["id"]), "k")
_simple("template-of-other-hypervisor", _set(templateid=lambda estate: estate.role["template", "vmware"]["id"]), "k")
_simple("template-tagged", lambda choice, estate, row: choice.update(
    templateid=estate.role["template", "tagged" if row.get("osid") is None else "vmware-tagged"]["id"]))
_odd("cpus-zero", lambda row, estate: row.update(cpunumber=0))
_odd("cpus-zero-off", lambda row, estate: row.update(cpunumber=0, powerstate="PowerOff"))
_odd("memory-zero-off", lambda row, estate: row.update(memory=0, powerstate="PowerOff"))
_odd("memory-zero", lambda row, estate: row.update(memory=0))
_simple("offering-cpu", lambda *_: None, offering="fixed-4", size=1)
_odd("offering-cpu-suspended", lambda row, estate: row.update(powerstate="PowerUnknown"), offering="fixed-4", size=1)
_odd("offering-memory", lambda row, estate: row.update(memory=3000))
_odd("offering-speed", lambda row, estate: row.update(cpuspeed=777))
_odd("offering-speed-same", lambda row, estate: row.update(cpuspeed=1000), "v")
_odd("offering-cpu-range", lambda row, estate: row.update(cpunumber=estate.random.choice((1, 5))), offering="between")
_odd("offering-memory-range", lambda row, estate: row.update(memory=estate.random.choice((1000, 9000))),
     offering="between")
_odd("offering-cpu-cap", lambda row, estate: row.update(cpunumber=7), offering="custom",
     edit=_set(details={"cpuSpeed": "1500"}))
_odd("offering-memory-cap", lambda row, estate: row.update(memory=13000), offering="custom",
     edit=_set(details={"cpuSpeed": "1500"}))
_simple("offering-needs-speed", lambda choice, estate, row: choice.update(
    details=estate.random.choice(({}, {"cpuSpeed": "fast"}, {"cpuSpeed": "0"}, {"cpuSpeed": "-1"}, {"memory": "9"}))),
        offering="custom")
_odd("offering-speed-by-reservation", lambda row, estate: row.update(cpuspeed=500), offering="custom")
_odd("offering-speed-below-0", lambda row, estate: row.update(cpuspeed=500), offering="custom",
     edit=_set(details={"cpuSpeed": "-5"}))
_simple("offering-half-cpu", lambda *_: None, offering="half-cpu")
_simple("offering-half-memory", lambda *_: None, offering="half-memory")
_simple("offering-half-speed", _set(details={"cpuSpeed": "900"}), offering="half-speed")
_simple("offering-other-domain", lambda *_: None, owner="user", offering="other", networks=("l2-user",))
_simple("offering-own-domain", lambda *_: None, owner="user", offering="acme", networks=("l2-user",))
_simple("offering-other-zone", lambda *_: None, offering="there")
_simple("host-tag", lambda *_: None, offering="rare", host=1)
_simple("host-tag-two", lambda *_: None, offering="two-tags", host=2)
_simple("host-tag-there", lambda *_: None, offering="ssd", host=2)
_simple("host-tag-moving", _set(migrateallowed=True), offering="rare", host=1)
_simple("host-tag-moving-to-other", _set(migrateallowed=True), offering="ssd", host=1)

# --- limits ---------------------------------------------------------------------------

for each in ("user_vm", "cpu", "memory", "volume", "primary_storage"):
    for owner_role in (f"no-{each}", f"domain-no-{each}", f"project-no-{each}", f"few-{each}"):
        _simple(f"limit-{owner_role}", _nic(networkid=_network("shared")), owner=owner_role, networks=("shared",))

# --- disks ---------------------------------------------------------------------------------

_odd("no-disks", lambda row, estate: row["disk"].clear())
_odd("root-without-controller", lambda row, estate: row["disk"][0].update(controller=""))
_odd("root-size-zero", lambda row, estate: row["disk"][0].update(capacity=0))
_odd("root-size-zero-with-offering", lambda row, estate: row["disk"][0].update(capacity=0), offering="root-20")
_odd("data-size-zero", lambda row, estate: row["disk"][-1].update(capacity=0), disks=2)
_odd("data-size-zero-fixed", lambda row, estate: row["disk"][-1].update(capacity=0), disks=2, edit=_disk("20"))
_odd("data-controllers", lambda row, estate: row["disk"][-1].update(controller="lsilogic"), disks=3)
_odd("data-controllers-after-pool", lambda row, estate: (
    row["disk"][1].update(datastorename="notadded", datastorepath=None, datastoretype=None),
    row["disk"][2].update(controller="lsilogic")), disks=3)
_odd("root-controller-differs", lambda row, estate: row["disk"][0].update(controller="ide"), disks=2)
_odd("datastore-not-added", lambda row, estate: row["disk"][-1].update(
    datastorename="notadded", datastorepath=None, datastorehost=None, datastoretype=None))
_odd("datastore-by-id", lambda row, estate: row["disk"][0].update(
    datastorename=estate.role["storagepool", "vc1-plain"]["id"], datastorepath=None, datastorehost=None,
    datastoretype=None), "v")
_simple("disk-left-out", lambda choice, *_: choice["disks"].pop(), disks=2)
_simple("disk-for-all", lambda choice, estate, row: choice["disks"].append(
    {"disk": row["disk"][0]["id"], "diskofferingid": estate.role["diskoffering", "custom"]["id"]}))
_simple("disk-for-nobody", _disk(disk="999-2001"), disks=2)
_simple("disk-for-only-one", lambda choice, estate, row: choice["disks"].append(
    {"disk": row["disk"][0]["id"], "diskofferingid": estate.role["diskoffering", "custom"]["id"]}), disks=1)
_simple("disk-without-offering", _disk(diskofferingid=None), disks=2)
_simple("root-unknown", lambda choice, *_: choice.update(root="999-1", disks=[]), disks=2)
_simple("disks-swapped", lambda choice, estate, row: choice.update(
    root=row["disk"][1]["id"], disks=[{"disk": row["disk"][0]["id"],
                                       "diskofferingid": estate.role["diskoffering", "custom"]["id"]}]), disks=2)
_simple("disk-offering-not-found", _disk(diskofferingid=_id), disks=2)
_simple("disk-offering-other-domain", _disk("other"), disks=2, owner="user", networks=("l2-user",))
_simple("disk-offering-own-domain", _disk("acme"), disks=2, owner="user", networks=("l2-user",))
_simple("disk-offering-other-zone", _disk("there"), disks=2)
_simple("disk-offering-too-small", _disk("5"), disks=2)
_simple("disk-offering-deleted", _disk("deleted"), disks=2)
_simple("disk-offering-larger", _disk("20"), disks=2)
_simple("disk-offering-zero", _disk("zero"), disks=2)
_simple("disk-offering-tag", _disk("gold"), disks=2)
_simple("disk-offering-tag-moving", lambda choice, estate, row: (
    _disk("gold")(choice, estate, row), choice.update(migrateallowed=True)), "v", disks=2)
_simple("disk-offering-tag-moving-nowhere", lambda choice, estate, row: (
    _disk("silver")(choice, estate, row), choice.update(migrateallowed=True)), "k", disks=2)
_simple("disk-offering-tag-of-nobody-moving", lambda choice, estate, row: (
    _disk("bronze")(choice, estate, row), choice.update(migrateallowed=True)), disks=2)
_simple("root-tag", lambda *_: None, offering="gold")
_simple("root-tag-moving", _set(migrateallowed=True), "v", offering="gold")
_simple("substring-tag", lambda *_: None, "v", offering="silver", datastores=("short",), disks=1)
_simple("pool-rule", lambda *_: None, "v", datastores=("rule",), disks=1)
_simple("pool-rule-gold", lambda *_: None, "v", datastores=("rule",), disks=1, offering="gold")

# --- NICs -------------------------------------------------------------------------------------

_odd("adapters-mixed", lambda row, estate: row["nic"][1].update(adaptertype="E1000"), networks=("l2", "l2-more"))
_odd("adapters-mixed-after-network", lambda row, estate: row["nic"][1].update(adaptertype="E1000"),
     networks=("l2", "l2-more"), edit=_nic(networkid=_network("l2-foreign")))
_simple("network-not-found", _nic(networkid=_id))
_simple("network-missing", _nic(networkid=None))
_simple("network-of-other-zone", _nic(networkid=_network("far")))
_simple("network-forbidden", _nic(networkid=_network("l2-foreign")))
_simple("network-forbidden-user", _nic(networkid=_network("l2")), owner="user")
_simple("network-of-project", _nic(networkid=_network("l2-project")), owner="user")
_simple("network-shared-forbidden", lambda *_: None, owner="foreign", networks=("shared-acme",))
_simple("network-shared-not-below", lambda *_: None, owner="below", networks=("shared-acme",))
_simple("network-vlan-differs", _nic(networkid=_network("l2-more")))
_simple("network-without-vlan", _nic(networkid=_network("l2-none")))
_simple("network-pvlan-differs", _nic(networkid=_network("pvlan-c")), "v", networks=("pvlan-i",))
_simple("network-pvlan-without-uri", _nic(networkid=_network("l2-none")), "v", networks=("pvlan-i",))
_simple("isolated-any-vlan", lambda choice, estate, row: choice["nics"][0].update(
    networkid=estate.role["network", "isolated"]["id"], ip4=estate.address(estate.role["network", "isolated"])))
_odd("nic-vlan-zero", lambda row, estate: row["nic"][0].update(vlanid=0), edit=lambda choice, *_: choice["nics"].clear())
_odd("nic-without-vlan", lambda row, estate: row["nic"][0].pop("vlanid", None),
     edit=lambda choice, *_: choice["nics"].clear())
_odd("nic-without-vlan-mapped", lambda row, estate: row["nic"][0].pop("vlanid", None))
_odd("nic-vlan-of-nobody", lambda row, estate: row["nic"][0].update(vlanid=4001),
     edit=lambda choice, *_: choice["nics"].clear())
_odd("nic-vlan-4095", lambda row, estate: row["nic"][0].update(vlanid=4095), "v")
_odd("nic-vlan-4095-mapped", lambda row, estate: row["nic"][0].update(vlanid=4095), "v",
     edit=_nic(networkid=_network("l2-4095")))
_odd("nic-vlan-4095-unmapped", lambda row, estate: row["nic"][0].update(vlanid=4095), "v",
     edit=lambda choice, *_: choice["nics"].clear(), owner="user")
_simple("nic-vlan-of-others", lambda choice, *_: choice["nics"].clear(), networks=("l2-foreign",))
_simple("ip-missing", _nic(ip4=None), networks=("shared",))
_simple("ip-missing-isolated", _nic(ip4=None), networks=("isolated",))
_simple("ip-invalid", lambda choice, estate, row: _nic(ip4=estate.random.choice(
    ("300.1.1.1", "fe80::1", "10.0.0", "here")))(choice, estate, row), networks=("shared",))
_simple("ip-invalid-on-l2", _nic(ip4="10.0.0.300"))
_simple("ip-gateway", lambda choice, estate, row: choice["nics"][0].update(
    ip4=estate.role["network", "shared"]["gateway"]), networks=("shared",))
_simple("ip-outside", _nic(ip4="192.0.2.9"), networks=("shared",))
_simple("ip-taken", lambda choice, estate, row: choice["nics"][0].update(
    ip4=estate.role["nic", "managed-2"]["ipaddress"]), networks=("shared",))
_simple("ip-not-in-range", lambda choice, estate, row: choice["nics"][0].update(
    ip4=estate.role["network", "shared"]["gateway"][:-3] + f"77.{estate.random.randrange(2, 250)}"), networks=("shared",))


def _address_twice(choice, estate, row):
    address = estate.address(estate.role["network", row["_networks"][0]])
    for nic in choice["nics"][:2]:
        nic.update(ip4=address)


_simple("ip-twice", _address_twice, networks=("shared", "shared"))
_simple("ip-twice-isolated", _address_twice, networks=("isolated", "isolated"))
_simple("ip-twice-without-services", _address_twice, networks=("shared-more", "shared-more"))


def _tell(*addresses):
    """What tools of VMware tell; the agent of KVM tells no addresses."""
    def spoil(row, estate):
        if "osid" in row:
            row["nic"][0].update(ipaddresses=list(addresses))
    return spoil


_odd("ip-several", _tell("10.0.0.4", "10.0.0.5"), "v",
     edit=_nic(ip4="auto"), networks=("shared",))
_odd("ip-several-of-6", _tell("10.0.0.4", "fe80::5"), "v",
     edit=_nic(ip4="auto"))
_odd("ip-only-6", _tell("fe80::5"), "v", edit=_nic(ip4="auto"),
     networks=("shared",))
_odd("mac-empty", lambda row, estate: row["nic"][0].update(macaddress=""))
_odd("mac-invalid", lambda row, estate: row["nic"][0].update(macaddress="nonsense"))
_odd("mac-taken", lambda row, estate: row["nic"][0].update(
    macaddress=estate.role["nic", "managed-0"]["macaddress"]))
_odd("mac-taken-in-capitals", lambda row, estate: row["nic"][0].update(
    macaddress=estate.role["nic", "managed-0"]["macaddress"].upper()))
_odd("mac-elsewhere", lambda row, estate: row["nic"][0].update(
    macaddress=estate.role["nic", "managed-1"]["macaddress"]))
_odd("mac-taken-forced", lambda row, estate: row["nic"][0].update(
    macaddress=estate.role["nic", "managed-0"]["macaddress"]), edit=_set(forced=True))
_odd("mac-twice-in-it", lambda row, estate: row["nic"][1].update(macaddress=row["nic"][0]["macaddress"]),
     networks=("l2", "l2"))
_odd("mac-taken-and-ip-outside-range", lambda row, estate: row["nic"][0].update(
    macaddress=estate.role["nic", "managed-2"]["macaddress"]), edit=lambda choice, estate, row: choice["nics"][0].update(
        ip4=estate.role["network", "shared"]["gateway"][:-3] + f"78.{estate.random.randrange(2, 250)}"),
     networks=("shared",))
_simple("forced", _set(forced=True))

# --- found, or not ------------------------------------------------------------------------------

_simple("host-goes-down", lambda *_: None, host=3)


@target("taken-meanwhile")
def _taken(estate, cluster):
    """Somebody imports it between the list and the plan."""
    row = machine(estate, cluster, host=1)
    row["_taken"] = True
    return Case(estate, "taken-meanwhile", row)


@target("as-proposed")
def _as_proposed(estate, cluster):
    """Of a size that no offering has."""
    row = machine(estate, cluster)
    row.update(memory=3000)
    case = Case(estate, "as-proposed", row)
    case.is_kept = True
    return case


@target("two-of-a-name", "v")
def _twins(estate, cluster):
    row = machine(estate, cluster, host=1)
    twin = machine(estate, cluster, host=2)
    twin["name"] = row["name"]
    return Case(estate, "two-of-a-name", row)


# --- anything at all --------------------------------------------------------------------------------

NETWORKS = ("l2", "l2", "l2-more", "l2-user", "l2-project", "l2-permitted", "l2-none", "l2-0", "l2-4095", "pvlan-i",
            "pvlan-c", "shared", "shared-acme", "shared-more", "shared-user", "isolated", "isolated-user")
STORES = {"vc1": ("vc1-plain", "vc1-gold", "vc1-both", "vc1-nfs", "short", "long", "rule", "zone-wide", "vc2-plain"),
          "vc2": ("vc2-plain", "vc2-gold", "vc2-both", "vc2-nfs", "zone-wide"), "kvm1": ("kvm1-plain", "kvm1-gold")}
OWNERS = ("admin", "admin", "user", "below", "foreign", "project-plain", "few-user_vm", "few-cpu", "few-volume", "off")


def _tried(function, *arguments):
    """Not every oddity can befall every instance."""
    try:
        function(*arguments)
    except (AttributeError, IndexError, KeyError):
        pass


def anything(estate):
    """A random instance with random oddities, chosen for at random."""
    random = estate.random
    cluster = random.choice(("vc1", "vc1", "vc2", "kvm1"))
    networks = [random.choice(NETWORKS) for _ in range(random.choice((0, 1, 1, 1, 2, 3)))]
    row = machine(estate, cluster, networks=networks, disks=random.choice((1, 1, 2, 3, 4)), size=random.randrange(len(SIZES)),
                  power=random.choice(("PowerOn", "PowerOn", "PowerOff", "PowerUnknown")),
                  datastores=[random.choice(STORES[cluster]) for _ in range(3)])
    for spoil in random.sample(SPOILS, random.choice((0, 0, 1, 1, 2))):
        _tried(spoil, row, estate)
    edits = random.sample(EDITS, random.choice((0, 0, 1, 1, 2, 3)))
    offering = random.choice(("gold", "silver", "custom", "between", "ssd", "root-20")) if random.random() < 0.3 else None

    def edit(choice):
        for each in edits:
            _tried(each, choice, estate, row)
    return Case(estate, "anything", row, edit, random.choice(OWNERS), offering)
