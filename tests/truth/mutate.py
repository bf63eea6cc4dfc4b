# SPDX-License-Identifier: Apache-2.0
"""Wrong and odd choices, and other estates: one function each, drawn by a seeded generator."""
import uuid

GIB = 1 << 30
ODD_NAMES = ("bad_name", "1st", "-edge", "edge-", "a.b", "", "x" * 64, "two words", "h\u00fcte", "OK-9", "x" * 63)
ODD_ADDRESSES = ("10.9.8.7", "192.168.200.1", "192.168.200.20", "192.168.200.255", "192.168.200.150",
                 "192.168.211.40", "192.168.211.1", "auto", "300.1.1.1", "fe80::1", None)
SPEEDS = ("500", "2000", "0", "fast", "-1", None)


class Estate:
    """Ids to choose from: what the stand-in's estate file has, hidden rows too."""

    def __init__(self, document, random):
        self.document, self.random = document, random

    def row(self, kind):
        return self.random.choice([row for row in self.document[kind] if not row.get("_removed") and not row.get("_hidden")])

    def id(self, kind):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4)) if self.random.random() < 0.06 else (
            self.row(kind)["id"])


def offering(choice, estate):
    choice["serviceofferingid"] = estate.id("serviceoffering")


def disk_offering(choice, estate):
    for disk in choice["disks"]:
        disk["diskofferingid"] = estate.id("diskoffering")


def no_disk_offering(choice, estate):
    if choice["disks"]:
        choice["disks"].remove(estate.random.choice(choice["disks"]))


def extra_disk_offering(choice, estate):
    disk = estate.random.choice((choice["root"] or "0", "999-2000"))
    choice["disks"] = choice["disks"] + [{"disk": disk, "diskofferingid": estate.id("diskoffering")}]


def unknown_disk(choice, _):
    for disk in choice["disks"][:1]:
        disk["disk"] = "999-2001"


def other_root(choice, _):
    """The first data disk becomes the root disk, and the other way round."""
    for disk in choice["disks"][:1]:
        choice["root"], disk["disk"] = disk["disk"], choice["root"]


def network(choice, estate):
    for nic in choice["nics"]:
        nic["networkid"] = estate.id("network")


def network_and_address(choice, estate):
    for nic in choice["nics"]:
        nic["networkid"] = estate.id("network")
        nic["ip4"] = estate.random.choice(ODD_ADDRESSES)


def address(choice, estate):
    for nic in choice["nics"]:
        nic["ip4"] = estate.random.choice(ODD_ADDRESSES)


def no_network(choice, _):
    choice["nics"] = choice["nics"][1:]


def unknown_nic(choice, _):
    for nic in choice["nics"][:1]:
        nic["nic"] = "Network adapter 77"


def hostname(choice, estate):
    choice["hostname"] = estate.random.choice(ODD_NAMES)


def no_hostname(choice, _):
    choice["hostname"] = None


def name(choice, estate):
    choice["name"] = estate.random.choice((choice["name"].upper() + "x", estate.row("instances")["name"]))


def account(choice, estate):
    row = estate.row("account")
    choice.update(account=row["name"], domainid=row["domainid"])


def wrong_account(choice, estate):
    choice.update(estate.random.choice((
        {"account": "nobody", "domainid": estate.row("domain")["id"]}, {"account": "alice", "domainid": None},
        {"account": None, "domainid": estate.row("domain")["id"]},
        {"account": "alice", "domainid": estate.row("domain")["id"]},
        {"account": "admin", "domainid": str(uuid.UUID(int=7, version=4))})))


def project(choice, estate):
    choice["projectid"] = estate.id("project")


def cluster(choice, estate):
    choice["clusterid"] = estate.id("cluster")


def template(choice, estate):
    choice["templateid"] = estate.random.choice((None, estate.id("template"), estate.id("template")))


def speed(choice, estate):
    value = estate.random.choice(SPEEDS)
    choice["details"] = {"cpuSpeed": value} if value else {}


def flags(choice, estate):
    choice["migrateallowed"] = estate.random.random() < 0.5
    choice["forced"] = estate.random.random() < 0.5


CHOICES = (offering, offering, disk_offering, disk_offering, no_disk_offering, extra_disk_offering, unknown_disk,
           other_root, network, network, network_and_address, network_and_address, address, no_network, unknown_nic,
           hostname, no_hostname, name, account, account, wrong_account, project, cluster, template, speed, flags)


def choose(item, estate):
    """One to three of them; returns their names."""
    done = estate.random.sample(CHOICES, estate.random.choice((1, 1, 1, 2, 3)))
    for each in done:
        each(item["choice"], estate)
    return "+".join(each.__name__ for each in done)


# --- estates: (verb, request) for the stand-in ----------------------------------------------------

def _change(row, **members):
    return "change", {"name": row["name"], "host": row.get("hostname"), "set": members}


def size(row, random):
    return _change(row, cpunumber=random.choice((1, 2, 4, 6)), memory=random.choice((256, 1024, 2048, 3000, 16384)),
                   powerstate=random.choice(("PowerOn", "PowerOn", "PowerOff", "PowerUnknown")),
                   cpuspeed=random.choice((0, 0, 500, 2000)))


def disks(row, random):
    changed = []
    for disk in row.get("disk", []):
        disk = dict(disk, capacity=random.choice((0, 5 * GIB, 10 * GIB, 20 * GIB + 1, 30 * GIB, 200 * GIB)))
        if random.random() < 0.3:
            disk["controller"] = random.choice(("pvscsi", "lsilogic", "ide", "none", ""))
        if random.random() < 0.4 and "datastoretype" not in disk:
            disk["datastorename"] = random.choice(("vmfs1", "vmfs10", "vmfs2", "notadded"))
        changed.append(disk)
    return _change(row, disk=changed)


def nics(row, random):
    changed = []
    for nic in row.get("nic", []):
        nic = dict(nic, adaptertype=random.choice((nic.get("adaptertype"), nic.get("adaptertype"), "E1000")))
        nic.pop("isolatedpvlan", None)
        nic["vlanid"] = random.choice((101, 102, 103, 200, 202, 203, 207, 211, 0, 3999, 555, 4095, -1))
        nic["ipaddresses"] = random.choice(([], ["192.168.200.30"], ["192.168.211.30", "fe80::9"], ["10.1.1.5"],
                                            ["192.168.200.31", "192.168.200.32"]))
        if random.random() < 0.15:
            nic["macaddress"] = random.choice(("00:50:56:aa:00:01", "nonsense", ""))
        changed.append(nic)
    return _change(row, nic=changed)


def guest(row, random):
    return _change(row, osid=random.choice(("ubuntu64Guest", "plan9Guest", "", "centos64Guest")),
                   osdisplayname=random.choice(("Ubuntu Linux (64-bit)", "Plan 9", "", "Other Linux (64-bit)")))


INSTANCES = (size, size, disks, nics, nics, guest)


def settings(document, random):
    """A few changes of what CloudStack has."""
    found = []
    if random.random() < 0.25:
        found.append(("patch", {"kind": "cluster", "id": random.choice(document["cluster"])["id"],
                                "set": {"allocationstate": "Disabled"}}))
    if random.random() < 0.25:
        host = random.choice([row for row in document["host"] if "type" not in row])
        found.append(("patch", {"kind": "host", "id": host["id"], "set": random.choice((
            {"state": "Down"}, {"resourcestate": "Maintenance"}, {"resourcestate": "Disabled"},
            {"state": "Alert"}))}))
    if random.random() < 0.25:
        found.append(("patch", {"kind": "account", "name": random.choice(("alice", "bob")),
                                "set": {"state": random.choice(("disabled", "locked"))}}))
    if random.random() < 0.3:
        found.append(("patch", {"kind": "configuration", "name": "vm.strict.host.tags",
                                "set": {"value": random.choice(("ssd", "ssd,gpu", ""))}}))
    if random.random() < 0.3:
        found.append(("patch", {"kind": "configuration", "name": "vm.instancename.flag", "set": {"value": "true"}}))
    if random.random() < 0.4:
        pool = random.choice(document["storagepool"])
        found.append(("patch", {"kind": "storagepool", "id": pool["id"],
                                "set": {"tags": random.choice(("gold", "silver", "gold,silver", ""))}}))
    return found


def trunks(document, _):
    """NICs of standard switches that pass every tag on: CloudStack reads VLAN 4095."""
    return [_change(row, nic=[dict(nic, vlanid=4095) for nic in row["nic"] if "isolatedpvlan" not in nic])
            for row in document["instances"] if row.get("nic")]


def limits(document, random, names=("alice", "dom-a")):
    """Few of one resource for an account or its domain, and all networks for that account."""
    account = next(row for row in document["account"] if row["name"] == names[0])
    domain = next(row for row in document["domain"] if row["name"] == names[1])
    few = {"user_vm": (1, 6), "cpu": (6, 20), "memory": (3000, 20000), "volume": (1, 6), "primary_storage": (20, 90)}
    rows = []
    for resource, between in few.items():
        limited = random.random() < 0.5
        rows.append({"owner": account["id"], "resource": resource, "max": random.randint(*between) if limited else -1})
        rows.append({"owner": domain["id"], "resource": resource,
                     "max": random.randint(*between) if random.random() < 0.2 else -1})
    owned = {"account": account["name"], "domainid": account["domainid"], "_owner": account["id"], "projectid": None}
    return [("add", {"kind": "_limit", "row": row}) for row in rows] + [
        ("patch", {"kind": "network", "id": row["id"], "set": owned}) for row in document["network"]
        if row.get("acltype") == "Account"]


def crowd(document, random):
    """Few MACs and few addresses for many VMs, on networks that take one and on some that do not."""
    found = []
    for row in document["instances"]:
        nics_of = [dict(nic, vlanid=random.choice((200, 200, 211, 101)), adaptertype="Vmxnet3",
                        macaddress=f"00:50:56:ee:00:{random.randrange(12):02x}",
                        ipaddresses=[f"192.168.{random.choice((200, 211))}.{random.randrange(130, 142)}"])
                   for nic in row.get("nic", [])[:1] * random.choice((1, 1, 2)) if "isolatedpvlan" not in nic]
        for number, nic in enumerate(nics_of):
            nic["id"] = f"Network adapter {number + 1}" if "esx" in row["hostname"] else str(number)
        found.append(_change(row, nic=nics_of))
    return found


def estate_changes(document, random, share=0.5):
    found = settings(document, random)
    for row in document["instances"]:
        for each in random.sample(INSTANCES, random.choice((1, 2))) if random.random() < share else ():
            found.append(each(row, random))
    return found
