# SPDX-License-Identifier: Apache-2.0
"""What the hosts have, managed by CloudStack or not, and the list of the unmanaged.

Instances are rows in the form of listUnmanagedInstances plus: hostid, _firmware of the
row are API members already. Keys: host and name; two hosts may have the same name.
"""
from .errors import invalid, null_pointer
from .registry import LIST_PARAMS, command

INGESTION = {"a": "VM ingestion is currently not supported for hypervisor: {}",
             "b": "VM import is currently not supported for hypervisor [{}]."}


class Hypervisor:
    """The instances on all hosts, in the order in which hosts report them."""

    def __init__(self, estate):
        self.estate = estate
        self.fill(estate.instances)

    def fill(self, rows):
        self.instances, self.count, self.by_name = [], 0, {}
        for row in rows:
            self.add(row)

    def add(self, row):
        row = dict(row)
        host = self.estate["host"].get(row.get("hostid")) or self.estate["host"].first(name=row.get("hostname"))
        row["hostid"], row["clusterid"] = host["id"], host["clusterid"]
        row.setdefault("_n", self.count + 1)
        self.count = max(self.count, row["_n"])
        self.instances.append(row)
        self.by_name.setdefault(row["name"], []).append(row)
        return row

    def named(self, name):
        return self.by_name.get(name, [])

    def find(self, name, host_id=None):
        return next((row for row in self.named(name) if host_id in (None, row["hostid"])), None)

    def remove(self, row):
        self.instances = [each for each in self.instances if each is not row]
        self.by_name[row["name"]] = [each for each in self.named(row["name"]) if each is not row]

    def change(self, row, facts):
        """Its name, too."""
        old = row["name"]
        row.update(facts)
        if row["name"] != old:
            self.by_name = {}
            for each in self.instances:
                self.by_name.setdefault(each["name"], []).append(each)


def is_supported(release, kind):
    return kind == "VMware" or (kind == "KVM" and release.kvm)


def managed_names(estate, cluster, name=None):
    """Names (of this one only) that the server keeps out of the list: by host or last host of the VM if that
    host is Up, and of VMs that have no host in the pod. A VM powered off outside
    CloudStack has none of the three, so that it is listed again."""
    hosts = {host["id"] for host in estate["host"].where(clusterid=cluster["id"]) if host.get("state", "Up") == "Up"}
    names = set()
    for vm in estate["virtualmachine"].where(instancename=name) if name else estate["virtualmachine"]:
        is_here = hosts & {vm.get("hostid"), vm.get("_lasthostid")}
        if is_here or (not vm.get("hostid") and vm.get("_podid") == cluster["podid"]):
            names.add(vm["instancename"])
    return names


def is_answering(host):
    return host.get("state", "Up") == "Up" and "aintenance" not in host.get("resourcestate", "Enabled") \
        and not host.get("_dropped")


def visible(simulator, cluster, name=None):
    """Unmanaged instances of the cluster, host by host; hosts that do not answer
    contribute nothing, silently."""
    estate = simulator.estate
    hidden = managed_names(estate, cluster, name)
    hypervisor = simulator.hypervisor
    for host in estate["host"].where(clusterid=cluster["id"]):
        if not is_answering(host):
            continue
        for row in hypervisor.named(name) if name else hypervisor.instances:
            if row["hostid"] == host["id"] and row["name"] not in hidden:
                yield _as_read(estate.release, cluster, row)


def _as_read(release, cluster, row):
    """Agents of some releases read no VLAN from a KVM host."""
    if cluster["hypervisortype"] != "KVM" or release.kvm_vlan == "read":
        return row
    return dict(row, nic=[dict(nic, vlanid=-1) for nic in row.get("nic", [])])


def _listed(estate, row, cluster):
    """With what the release does not tell left out."""
    release, host = estate.release, estate["host"].get(row["hostid"])
    shown = dict(row)
    if not row.get("powerstate"):
        if release.power_missing == "x":
            raise null_pointer()
        shown["powerstate"] = "PowerUnknown"
    if release.lists_hypervisor:
        shown.update(hypervisor=cluster["hypervisortype"], hypervisorversion=host.get("hypervisorversion"))
    boot = release.lists_boot_vmware if cluster["hypervisortype"] == "VMware" else release.lists_boot_kvm
    for name in () if boot else ("boottype", "bootmode"):
        shown.pop(name, None)
    return shown


@command("listUnmanagedInstances", "clusterid!:cluster name:string " + LIST_PARAMS, kind="unmanagedinstance")
def list_unmanaged(call):
    """page and pagesize are accepted and ignored; keyword filters after the fetch."""
    cluster = call.row("clusterid")
    if not is_supported(call.estate.release, cluster["hypervisortype"]):
        raise invalid(INGESTION[call.estate.release.access_text].format(cluster["hypervisortype"]))
    rows = list(visible(call.simulator, cluster, call.given.get("name")))
    keyword = call.given.get("keyword")
    if keyword:
        rows = [row for row in rows if keyword.lower() in row["name"].lower()]
    shown = [call.render("unmanagedinstance", _listed(call.estate, row, cluster)) for row in rows]
    for each in () if call.estate.release.lists_clustername else shown:
        each.pop("clustername", None)
    return call.whole("unmanagedinstance", shown)
