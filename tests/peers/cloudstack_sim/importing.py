# SPDX-License-Identifier: Apache-2.0
"""importUnmanagedInstance: CHECKS_BEFORE and CHECKS_AFTER are its checks in their order.

Only the first failure is reported. What the command sees of other VMs is what was
there when its host was asked, so two imports of one VM in flight both succeed.
"""
import json
import re

from . import addresses, fit, limits, lists
from .errors import ApiError, failure, invalid
from .estate import as_text, now
from .hypervisor import SUPPORTED, visible
from .jobs import Work
from .owners import owner_of_call, require_network, require_offering
from .params import is_true, items_of
from .records import create, dummy_template, network_text
from .registry import command

GIB = 1 << 30
HOST_LABEL = re.compile(r"(?![0-9-])[A-Za-z0-9-]{1,63}(?<!-)$")
BAD_DERIVED = ("Please provide a valid hostname for the VM. VM name contains unsupported characters that "
               "cannot be used as hostname.")
BAD_GIVEN = ("Invalid VM hostname. VM hostname can contain ASCII letters 'a' through 'z', the digits '0' "
             "through '9', and the hyphen ('-'), must be between 1 and 63 characters long, and can't start or "
             "end with \"-\" and can't start with digit")
PVLAN_LETTERS = {"isolated": "i", "community": "c", "promiscuous": "p"}
DYNAMIC_DETAILS = ("cpuNumber", "memory", "cpuSpeed")


class Import:
    """One submitted import: what was asked, then what was found, then what was made."""

    def __init__(self, call):
        self.call, self.estate, given = call, call.estate, call.given
        self.given = given
        self.cluster = call.row("clusterid")
        self.owner = owner_of_call(call)
        self.offering, self.template = call.row("serviceofferingid"), call.row("templateid")
        self.name, self.display = given["name"], given.get("displayname") or given["name"]
        self.is_vmware = self.cluster["hypervisortype"] == "VMware"
        self.details = next(iter(items_of(given.get("details"))), {})
        self.forced = is_true(given.get("forced"))
        self.instance = self.found = None
        self.hostname = None
        self.ostype_id = None
        self.nics, self.disks, self.reserved = [], [], {}

    def host_id(self):
        return self.found["hostid"] if self.found else None

    def check(self):
        """Up to the talk with the hosts; then what the server has seen is fixed."""
        for each in CHECKS_BEFORE:
            each(self)
        self._event("Scheduled")
        self._event("Started")
        self.found = next(visible(self.call.simulator, self.cluster, self.name), None)
        self.known_nics = list(self.estate["nic"])
        self.known_vms = list(self.estate["virtualmachine"])

    def commit(self, job):
        try:
            for each in CHECKS_AFTER:
                each(self)
            vm = create(self)
        except ApiError:
            self._event("Completed", level="ERROR")
            raise
        self._event("Completed", resourceid=vm["id"], resourcename=vm["displayname"])
        return {"virtualmachine": lists.show_vm(self.call, vm)}

    def _event(self, state, level="INFO", **more):
        caller = self.call.caller
        self.estate["event"].add({
            "username": caller.user["username"], "type": "VM.IMPORT", "level": level,
            "description": f"Importing unmanaged Instance: {self.name}", "account": caller.account["name"],
            "domainid": caller.domain_id, "resourcetype": "VirtualMachine", "created": now(), "state": state,
            **more})


# --- before the host is asked -------------------------------------------------

def domain_needs_account(job):
    if job.given.get("domainid") and not job.given.get("account"):
        raise invalid("domainid parameter must be specified with account parameter")


def hypervisor_is_supported(job):
    kind = job.cluster["hypervisortype"]
    if kind not in SUPPORTED:
        raise invalid(f"VM import is currently not supported for hypervisor [{kind}].")


def cluster_is_enabled(job):
    if job.cluster.get("allocationstate", "Enabled") != "Enabled":
        raise invalid(f"Cluster [{as_text('cluster', job.cluster)}] is not enabled.")


def template_exists(job):
    if job.template and job.template.get("_removed"):
        raise invalid(f"Template ID: {job.template['_n']} cannot be found")


def offering_is_accessible(job):
    """A deleted (Inactive) offering passes; a removed row does not."""
    if job.offering.get("_removed"):
        raise invalid(f"Service offering ID: {job.offering['_n']} cannot be found")
    require_offering(job.estate, job.owner, "serviceoffering", job.offering)


def hostname_is_a_label(job):
    given = job.given.get("hostname")
    derived = job.name if job.is_vmware else job.display
    if not HOST_LABEL.match(given or derived):
        raise invalid(BAD_GIVEN if given else BAD_DERIVED)
    job.hostname = given or derived


def hostname_is_unique_in_zone(job):
    zone = job.cluster["zoneid"]
    if is_true(job.estate.setting("vm.instancename.flag")) and job.is_vmware and any(
            vm["name"] == job.hostname for vm in job.estate["virtualmachine"].where(zoneid=zone)):
        raise invalid(f"Failed to import VM: {job.name}. There already exists a VM by the hostname: "
                      f"{job.hostname} in zone: {zone}")


def networks_are_known(job):
    job.network_of = {}
    for item in items_of(job.given.get("nicnetworklist")):
        network = job.estate["network"].live(item.get("network"))
        if network is None:
            raise invalid(f"Network ID: {item.get('network', 'null')} for NIC ID: {item.get('nic', 'null')} "
                          "is invalid")
        job.network_of[item.get("nic")] = network


def addresses_are_valid(job):
    job.address_of = {}
    for item in items_of(job.given.get("nicipaddresslist")):
        nic, address = item.get("nic"), item.get("ip4Address")
        if not nic:
            raise invalid(f"NIC ID: '{nic or 'null'}' is invalid for IP address mapping")
        if not address:
            raise invalid(f"Empty address for NIC ID: {nic} is invalid")
        if address != "auto" and not addresses.is_address(address):
            raise invalid(f"IP address '{address}' for NIC ID: {nic} is invalid")
        job.address_of[nic] = address


def disk_offerings_are_known(job):
    job.disk_offering_of = {}
    for item in items_of(job.given.get("datadiskofferinglist")):
        offering = job.estate["diskoffering"].live(item.get("diskOffering"))
        if offering is None:
            raise invalid(f"Disk offering ID: {item.get('diskOffering', 'null')} for disk ID: "
                          f"{item.get('disk', 'null')} is invalid")
        job.disk_offering_of[item.get("disk")] = offering


CHECKS_BEFORE = (domain_needs_account, hypervisor_is_supported, cluster_is_enabled, template_exists,
                 offering_is_accessible, hostname_is_a_label, hostname_is_unique_in_zone, networks_are_known,
                 addresses_are_valid, disk_offerings_are_known)


# --- after the host has answered ------------------------------------------------

def instance_is_found(job):
    if job.found is None:
        raise failure(f"Failed to find unmanaged vm with name: {job.name} in cluster: {job.cluster['id']}")
    job.instance = json.loads(json.dumps(job.found))
    job.host = job.estate["host"].get(job.instance["hostid"])
    if job.is_vmware:
        job.instance.update(_clustername=job.cluster["name"], _hostname=job.host["name"])


def kvm_has_a_template(job):
    if job.is_vmware or job.template:
        return
    if job.estate.is_old:
        raise invalid("Template is needed and unable to use default template for hypervisor KVM")


def guest_os_is_mapped(job):
    """Asked only when the default template stands in."""
    if job.template:
        job.ostype_id = job.template.get("ostypeid")
    elif job.is_vmware:
        job.ostype_id = _mapped_os(job)


def _versions(version):
    """'8.0.0.2' may be mapped as its parent '8.0' too."""
    yield version
    parent = ".".join(version.split(".")[:2])
    if parent != version:
        yield parent


def _mapped_os(job):
    kind, version = job.cluster["hypervisortype"], job.host.get("hypervisorversion") or "default"
    mappings = job.estate["guestosmapping"].where(hypervisor=kind)
    name, osid = job.instance.get("osdisplayname") or "", job.instance.get("osid") or ""
    known = job.estate["ostype"].first(description=name) if name else None
    for each in _versions(version):
        here = [m for m in mappings if m["hypervisorversion"] == each]
        match = next((m for m in here if known and m.get("ostypeid") == known["id"]), None) or next(
            (m for m in here if osid and m["osnameforhypervisor"] == osid), None)
        if match:
            return match["ostypeid"]
    tail = (f"for hypervisor: {kind} version: {version}. templateid parameter can be used to assign template "
            "for VM")
    if known:
        raise failure(f"Unable to find hypervisor guest OS ID: {known['id']} details for unmanaged VM: "
                      f"{job.name} {tail}")
    raise failure(f"Unable to retrieve guest OS details for unmanaged VM: {job.name} with OS name: {name}, "
                  f"OS ID: {osid} {tail}")


def _wanted(job, member):
    """The hypervisor's value, or the offering's if that is fixed and the VM is off."""
    is_offerings = not fit.is_dynamic(job.offering) and job.instance["powerstate"] == "PowerOff"
    return (job.offering if is_offerings else job.instance)[member]


def limits_are_kept(job):
    if job.instance["cpunumber"] <= 0 or job.instance["memory"] <= 0:
        return
    for resource, amount in (("user_vm", 1), ("cpu", _wanted(job, "cpunumber")),
                             ("memory", _wanted(job, "memory"))):
        limits.require(job.estate, job.owner, resource, amount, "VM resource allocation error for account")


def offering_fits(job):
    fit.check_offering(job.offering, job.instance, job.details)


def _lacks_host_tags(job):
    """Only tags named in the setting are enforced."""
    strict = fit.tags_of(job.estate.setting("vm.strict.host.tags"))
    return bool(fit.tags_of(job.offering.get("hosttags")) & strict - fit.tags_of(job.host.get("hosttags")))


def host_has_tags(job):
    if _lacks_host_tags(job) and not is_true(job.given.get("migrateallowed")):
        template = job.template or dummy_template(job.estate, job.cluster["hypervisortype"])
        raise invalid(f"Service offering: {job.offering['id']} or template: {template['id']} is not compatible "
                      f"with host: {job.host['id']} of unmanaged VM: {job.name}")


def has_disks(job):
    if not job.instance.get("disk"):
        raise failure(f"No attached disks found for the unmanaged VM: {job.name}")


def one_disk_is_root(job):
    disks, mapped = job.instance["disk"], job.disk_offering_of
    if len(mapped) != len(disks) - 1:
        raise failure(f"VM has total {len(disks)} disks for which {len(mapped)} disk offering mappings provided. "
                      f"{len(disks) - 1} disks need a disk offering for import")
    left = [disk for disk in disks if disk["id"] not in mapped]
    if len(left) > 1:
        names = ", ".join(disk["id"] for disk in left)
        raise failure(f"VM has total {len(disks)} disks, disk offering mapping not provided for {len(left) - 1} "
                      f"disks. Disk IDs that may need a disk offering - {names}")
    job.root = left[0]
    job.data = [disk for disk in disks if disk is not job.root]


def root_disk_is_readable(job):
    if not job.root.get("controller"):
        raise failure(f"VM import failed. Unable to retrieve root disk details for VM: {job.name} ")


def _reserve(job, size_bytes):
    """Each disk is reserved while the next is looked at."""
    for resource, amount in (("volume", 1), ("primary_storage", size_bytes)):
        held = job.reserved.get(resource, 0)
        limits.require(job.estate, job.owner, resource, amount, "Volume resource allocation error for owner", held)
        job.reserved[resource] = held + amount


def _no_size(disk):
    return failure(f"Size of disk(ID: {disk['id']}) is found invalid during VM import")


def root_disk_fits(job):
    if job.root["capacity"] <= 0 and job.is_vmware:
        raise _no_size(job.root)
    pool = fit.find_pool(job.estate, job.cluster, job.root, job.offering.get("storagetags"))
    size = job.root["capacity"] or job.offering.get("rootdisksize", 0) * GIB
    _reserve(job, size)
    job.disks.append((job.root, pool, None, size))


def data_disks_fit(job):
    controllers = list(dict.fromkeys(disk["controller"] for disk in job.data))
    if len(controllers) > 1:
        raise failure(f"Multiple data disk controllers of different type ({', '.join(controllers)}) are not "
                      "supported for import. Please make sure that all data disk controllers are of the same type")
    for disk in job.data:
        _data_disk_fits(job, disk, job.disk_offering_of[disk["id"]])


def _data_disk_fits(job, disk, offering):
    require_offering(job.estate, job.owner, "diskoffering", offering)
    is_custom, fixed = offering.get("iscustomized"), offering.get("disksize", 0) * GIB
    size = disk["capacity"] or (0 if is_custom else fixed)
    if size <= 0:
        raise _no_size(disk)
    if not is_custom and fixed == 0:
        raise failure(f"Size of fixed disk offering(ID: {offering['id']}) is found invalid during VM import")
    if not is_custom and fixed < disk["capacity"]:
        raise failure(f"Size of disk offering(ID: {offering['id']}) {fixed // GIB}GB is found less than the size "
                      f"of disk(ID: {disk['id']}) {disk['capacity'] // GIB}GB during VM import")
    pool = fit.find_pool(job.estate, job.cluster, disk, offering.get("tags"))
    _reserve(job, size)
    job.disks.append((disk, pool, offering, size))


def adapters_are_alike(job):
    kinds = list(dict.fromkeys(nic.get("adaptertype") for nic in job.instance.get("nic", [])))
    if len(kinds) > 1:
        raise failure(f"Multiple network adapter of different type ({', '.join(kinds)}) are not supported for "
                      "import. Please make sure that all network adapters are of the same type")


def nics_have_networks(job):
    for nic in job.instance.get("nic", []):
        network = job.network_of.get(nic["id"])
        if network:
            _check_network(job, nic, network)
        else:
            network = _first_fitting(job, nic)
        _check_hostname(job, network)
        job.nics.append((nic, network, _address(job, nic, network)))


def _nic_uri(nic):
    """What the network's URI must be; None if nothing is compared (no VLAN, or 0)."""
    vlan = nic.get("vlanid")
    if not vlan:
        return None, None
    if nic.get("isolatedpvlan") is not None:
        letter = PVLAN_LETTERS[nic["isolatedpvlantype"].lower()]
        return "PVLAN", f"pvlan://{vlan}-{letter}{nic['isolatedpvlan']}"
    return "VLAN", f"vlan://{vlan}"


def _check_network(job, nic, network, is_automatic=False):
    if network["zoneid"] != job.cluster["zoneid"]:
        raise failure(f"Network(ID: {network['id']}) for nic(ID: {nic['id']}) belongs to a different zone than VM "
                      "to be imported")
    require_network(job.estate, job.owner, network)
    if not job.is_vmware or (network["type"] == "Isolated" and not is_automatic):
        return
    label, wanted = _nic_uri(nic)
    if wanted and network.get("broadcasturi") != wanted:
        raise failure(f"{label} of network(ID: {network['id']}) {network.get('broadcasturi', 'null')} is found "
                      f"different from the VLAN of nic(ID: {nic['id']}) {wanted} during VM import")


def _first_fitting(job, nic):
    """VLAN auto-mapping, in the order of the database; KVM compares no VLAN."""
    if nic.get("vlanid"):
        zone = job.estate["network"].where(zoneid=job.cluster["zoneid"])
        for network in sorted(zone, key=lambda network: network["_n"]):
            try:
                _check_network(job, nic, network, is_automatic=True)
                return network
            except ApiError:
                continue
    raise failure(f"Suitable network for nic(ID: {nic['id']}) not found during VM import")


def _check_hostname(job, network):
    taken = {nic.get("virtualmachineid") for nic in job.known_nics if nic["networkid"] == network["id"]}
    if any(vm["id"] in taken and vm["name"] == job.hostname for vm in job.known_vms):
        raise invalid(f"VM with Name [{job.hostname}] already exists in the network "
                      f"[{network_text(job.estate, network)}] domain [{network.get('networkdomain', 'null')}]. Cannot "
                      "import another VM with the same name. Please try again with a different name.")


def _address(job, nic, network):
    """None for L2; 'auto' if CloudStack is to choose."""
    if network["type"] == "L2":
        return None
    address = job.address_of.get(nic["id"])
    if address is None:
        raise failure(f"NIC(ID: {nic['id']}) needs a valid IP address for it to be associated with network(ID: "
                      f"{network['id']}). nicipaddresslist parameter of API can be used for this")
    if address == "auto":
        address = _guest_address(nic)
    if address != "auto" and not addresses.is_free_in_cidr(job.estate, network, address):
        raise failure(f"IP address {address} for NIC(ID: {nic['id']}) is not available in network(ID: "
                      f"{network['id']})")
    return address


def _guest_address(nic):
    seen = [address for address in nic.get("ipaddresses") or [] if addresses.is_address(address)]
    if len(seen) > 1:
        raise failure(f"Multiple IP addresses ({', '.join(seen)}) present for nic ID: {nic['id']}. IP address "
                      "cannot be assigned automatically, only single IP address auto-assigning supported")
    return seen[0] if seen else "auto"


def template_is_not_bigger(job):
    """KVM: the default template cannot even be loaded, since its row is a removed one."""
    if job.is_vmware:
        return
    if job.template is None:
        raise invalid(f"Unable to look up template by id {dummy_template(job.estate, 'KVM')['_n']}")
    size, root = job.template.get("size") or 0, -(-job.disks[0][3] // GIB)
    if root * GIB < size:
        raise invalid(f"Unsupported: rootdisksize override ({root} GB) is smaller than template size "
                      f"({size / GIB:.2f} GB) {size}")


def can_be_placed(job):
    if _lacks_host_tags(job):
        raise failure(f"VM import failed for unmanaged vm: {job.name} during vm migration, no deployment "
                      "destination found")


CHECKS_AFTER = (instance_is_found, kvm_has_a_template, guest_os_is_mapped, limits_are_kept, offering_fits,
                host_has_tags, has_disks, one_disk_is_root, root_disk_is_readable, root_disk_fits, data_disks_fit,
                adapters_are_alike, nics_have_networks, template_is_not_bigger, can_be_placed)


@command("importUnmanagedInstance", "clusterid!:cluster name!:string displayname:string hostname:string "
         "account:string domainid:domain projectid:project templateid:template serviceofferingid!:serviceoffering "
         "nicnetworklist:map nicipaddresslist:map datadiskofferinglist:map details:map migrateallowed:boolean "
         "forced:boolean", is_async=True, kind="virtualmachine", since="4.14.0",
         cmd="org.apache.cloudstack.api.command.admin.vm.ImportUnmanagedInstanceCmd")
def import_unmanaged(call):
    job = Import(call)
    return Work(job.commit, job.check, job.host_id)
