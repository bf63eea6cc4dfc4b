# SPDX-License-Identifier: Apache-2.0
"""importUnmanagedInstance: ORDERS has its checks, in the order of each release.

Only the first failure is reported. What the command sees of other VMs is what was
there when its host was asked, so two imports of one VM in flight both succeed.
"""
import json
import re

from . import addresses, disks, fit, limits, lists, nics
from .errors import ApiError, failure, invalid, null_pointer
from .estate import as_text
from .hypervisor import is_supported, visible
from .jobs import Work
from .owners import owner_of_call, require_offering
from .params import is_true, items_of
from .records import create, create_half, dummy_template, has_dummy_row
from .registry import command

HOST_LABEL = re.compile(r"(?![0-9-])[A-Za-z0-9-]{1,63}(?<!-)\Z")
BAD_DERIVED = {
    "a": "Please provide hostname for the VM. VM name contains unsupported characters for it to be used as hostname",
    "b": "Please provide a valid hostname for the VM. VM name contains unsupported characters that cannot be used as "
         "hostname."}
BAD_GIVEN = ("Invalid VM hostname. VM hostname can contain ASCII letters 'a' through 'z', the digits '0' "
             "through '9', and the hyphen ('-'), must be between 1 and 63 characters long, and can't start or "
             "end with \"-\" and can't start with digit")
UNSUPPORTED = {"a": "VM import is currently not supported for hypervisor: {}",
               "b": "VM import is currently not supported for hypervisor [{}]."}
FIT_TEXTS = {
    "a": "Failed to import VM: {name}. {inner}",
    "b": "Failed to import Unmanaged VM [{name}] because the service offering [{id}] is not compatible due to [{inner}].",
    "c": "Failed to import Unmanaged VM [{vm}] because the service offering [{offering}] is not compatible due to "
         "[{inner}]."}
HOST_TAG_TEXTS = {
    True: "Service offering: {offering} is not compatible with host: {host} of unmanaged VM: {name}",
    False: "Service offering: {offering} or template: {template} is not compatible with host: {host} of unmanaged VM: "
           "{name}"}


class Import:
    """One submitted import: what was asked, then what was found, then what was made."""

    def __init__(self, call):
        self.call, self.estate, self.given = call, call.estate, call.given
        self.release = call.estate.release
        self.cluster = call.row("clusterid")
        self.owner = owner_of_call(call)
        self.offering, self.template = call.row("serviceofferingid"), call.row("templateid")
        self.name = call.given["name"]
        self.display = call.given.get("displayname") or self.name
        self.is_vmware = self.cluster["hypervisortype"] == "VMware"
        self.details = next(iter(items_of(call.given.get("details"))), {})
        self.forced = is_true(call.given.get("forced"))
        self.is_migration_allowed = is_true(call.given.get("migrateallowed"))
        self.found = self.instance = self.host = self.hostname = self.ostype_id = None
        self.nics, self.disks, self.reserved = [], [], {}

    @property
    def later_name(self):
        """How the texts after the fit of the offering name the VM."""
        return self.display if self.release.later_name == "d" else self.name

    def host_id(self):
        return self.found["hostid"] if self.found else None

    def check(self):
        """Up to the talk with the hosts; then what the server has seen is fixed."""
        for each in ORDERS[self.release.order][0]:
            each(self)
        self._event("Scheduled")
        self._event("Started")
        self.found = next(visible(self.call.simulator, self.cluster, self.name), None)
        self.last_known = {kind: self.estate[kind].last_number for kind in ("nic", "virtualmachine")}

    def _check_found(self):
        for each in ORDERS[self.release.order][1]:
            each(self)

    def finish(self, vm):
        """What else is to be said of the record."""

    def find_pool(self, disk, tags):
        return fit.find_pool(self.estate, self.cluster, disk, tags)

    def has_mac(self, network, nic):
        """Does a NIC that was known have it on that network?"""
        return any(other["networkid"] == network["id"] and not other.get("_removed") and self.knows("nic", other)
                   for other in self.estate["nic"].like("macaddress", nic.get("macaddress") or ""))

    def partly(self, _):
        self._check_found()
        self.finish(create_half(self))

    def knows(self, kind, row):
        """Was it there when the host was asked? Two imports at once do not see each other."""
        return row["_n"] <= self.last_known[kind]

    def commit(self, job):
        try:
            self._check_found()
            vm = create(self, MOVES if self.is_migration_allowed else ())
            self.finish(vm)
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
            "domainid": caller.domain_id, "resourcetype": "VirtualMachine", "created": self.estate.now(), "state": state,
            **more})


# --- before the host is asked -------------------------------------------------

def domain_needs_account(job):
    if job.given.get("domainid") and not job.given.get("account"):
        raise invalid("domainid parameter must be specified with account parameter")


def hypervisor_is_supported(job):
    kind = job.cluster["hypervisortype"]
    if not is_supported(job.release, kind):
        raise invalid(UNSUPPORTED[job.release.access_text].format(kind))


def cluster_is_enabled(job):
    if job.release.enabled_cluster and job.cluster.get("allocationstate", "Enabled") != "Enabled":
        raise invalid(f"Cluster [{as_text('cluster', job.cluster)}] is not enabled.")


def template_exists(job):
    if job.template and job.template.get("_removed"):
        raise invalid(f"Template ID: {job.template['_n']} cannot be found")


def offering_is_accessible(job):
    """A deleted (Inactive) offering passes; a removed row does not."""
    if job.offering.get("_removed"):
        raise invalid(f"Service offering ID: {job.offering['_n']} cannot be found")
    require_offering(job.estate, job.owner, "serviceoffering", job.offering, job.cluster["zoneid"])


def one_more_vm_is_allowed(job):
    limits.require(job.estate, job.owner, "user_vm", 1, "VM resource allocation error for account")


def hostname_is_a_label(job):
    given = job.given.get("hostname")
    derived = job.name if job.is_vmware or job.release.kvm_hostname == "name" else job.display
    if not HOST_LABEL.match(given or derived):
        raise invalid(BAD_GIVEN if given else BAD_DERIVED[job.release.hostname_text])
    job.hostname = given or derived


def hostname_is_unique_in_zone(job):
    zone = job.cluster["zoneid"]
    if is_true(job.estate.setting("vm.instancename.flag")) and job.is_vmware and any(
            vm["name"].lower() == job.hostname.lower() and vm.get("state") != "Expunging"
            for vm in job.estate["virtualmachine"].where(zoneid=zone)):
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


def _require_reservations(job, cpus, memory):
    """One after the other; a number that the offering does not have ends it all."""
    for resource, amount in (("user_vm", 1), ("cpu", cpus), ("memory", memory)):
        if amount is None:
            raise null_pointer()
        limits.require(job.estate, job.owner, resource, amount, "VM resource allocation error for account",
                       tags=limits.host_tags(job.estate, job.offering, job.template))


def the_offering_is_reserved(job):
    """4.22.0.1 alone: before the host is asked, and by the offering's numbers."""
    _require_reservations(job, job.offering.get("cpunumber"), job.offering.get("memory"))


# --- after the host has answered ------------------------------------------------

def instance_is_found(job):
    if job.found is None:
        raise failure(f"Failed to find unmanaged vm with name: {job.name} in cluster: {job.cluster['id']}")
    job.instance = json.loads(json.dumps(job.found))
    job.host = job.estate["host"].get(job.instance["hostid"])
    if job.is_vmware:
        job.instance.update(_clustername=job.cluster["name"], _hostname=job.host["name"])


def kvm_has_a_template(job):
    """Refused here if the default template of VMware was chosen for want of another."""
    if job.is_vmware or job.template:
        return
    takes_vmwares = has_dummy_row(job.estate, "VMware") if job.release.kvm_template == "TL" else \
        job.release.kvm_template == "T"
    if takes_vmwares:
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
    name, osid = job.instance.get("osdisplayname") or "", job.instance.get("osid") or ""
    known = job.estate["ostype"].first(description=name) if name else None
    for each in _versions(version):
        of_version = {"hypervisor": kind, "hypervisorversion": each}
        match = (known and job.estate["guestosmapping"].first(ostypeid=known["id"], **of_version)) or (
            osid and job.estate["guestosmapping"].first(osnameforhypervisor=osid, **of_version))
        if match:
            return match["ostypeid"]
    tail = (f"for hypervisor: {kind} version: {version}. templateid parameter can be used to assign template "
            "for VM")
    if known:
        raise failure(f"Unable to find hypervisor guest OS ID: {known['id']} details for unmanaged VM: "
                      f"{job.name} {tail}")
    raise failure(f"Unable to retrieve guest OS details for unmanaged VM: {job.name} with OS name: {name}, "
                  f"OS ID: {osid} {tail}")


def the_instance_is_reserved(job):
    """The hypervisor's numbers, or the offering's if those are fixed and the VM is off."""
    is_offerings = not fit.is_dynamic(job.offering) and job.instance["powerstate"] == "PowerOff"
    numbers = job.offering if is_offerings else job.instance
    fit.check_sane(job.release, job.name, numbers)
    _require_reservations(job, numbers["cpunumber"], numbers["memory"])


def offering_fits(job):
    """Whatever is wrong is wrapped."""
    try:
        fit.check_sane(job.release, job.name, job.instance)
        fit.check_offering(job.estate, job.offering, job.instance, job.details)
        if job.release.limit_size and job.release.limit_size != "R":
            cpus, memory = (job.offering.get(m) or job.instance[m] for m in ("cpunumber", "memory"))
            for resource, amount in (("cpu", cpus), ("memory", memory)):
                limits.require(job.estate, job.owner, resource, amount)
    except ApiError as inner:
        raise failure(FIT_TEXTS[job.release.fit_text].format(
            name=job.name, id=job.offering["id"], vm=fit.instance_text(job.instance),
            offering=as_text("serviceoffering", job.offering), inner=inner.text)) from inner


def _template(job):
    return job.template or dummy_template(job.estate, job.cluster["hypervisortype"])


def _host_suits(job, host):
    """Only tags that settings name are enforced by newer releases; rules of hosts by some."""
    template = _template(job)
    has = fit.tags_of(host.get("hosttags"))
    wanted = fit.tags_of(job.offering.get("hosttags"))
    if job.release.host_tags == "L":
        return (wanted | fit.tags_of(template.get("templatetag"))) & _strict_tags(job.estate) <= has
    if job.release.host_tags == "SR" and host.get("istagarule"):
        return fit.rule_holds(host.get("hosttags"), wanted)
    return wanted <= has


def _strict_tags(estate):
    names = fit.tags_of(estate.setting("vm.strict.host.tags"))
    if is_true(estate.setting("vm.strict.resource.limit.host.tag.check", "true")):
        names |= fit.tags_of(estate.setting("resource.limit.host.tags"))
    return names


def host_has_tags(job):
    if job.is_migration_allowed or _host_suits(job, job.host):
        return
    raise invalid(HOST_TAG_TEXTS[job.release.host_tags != "L"].format(
        offering=job.offering["id"], template=_template(job)["id"], host=job.host["id"], name=job.later_name))


def template_is_not_bigger(job):
    """KVM: the default template cannot even be loaded, since its row is a removed one."""
    if job.is_vmware:
        return
    if job.template is None:
        raise invalid(f"Unable to look up template by id {dummy_template(job.estate, 'KVM')['_n']}")
    size, root = job.template.get("size") or 0, -(-job.disks[0][3] // fit.GIB)
    if root * fit.GIB < size:
        raise invalid(f"Unsupported: rootdisksize override ({root} GB) is smaller than template size "
                      f"({size / fit.GIB:.2f} GB) {size}")


def another_host_suits(job, _):
    """migrateallowed: another host of the cluster is looked for."""
    if _host_suits(job, job.host):
        return
    for host in job.estate["host"].where(clusterid=job.cluster["id"]):
        is_usable = host.get("state", "Up") == "Up" and host.get("resourcestate", "Enabled") == "Enabled"
        if host is not job.host and is_usable and _host_suits(job, host):
            return
    raise failure(f"VM import failed for unmanaged vm: {job.name} during vm migration, no deployment destination "
                  "found")


_OWNER = (template_exists, offering_is_accessible)
_NAMES = (hostname_is_a_label, hostname_is_unique_in_zone, networks_are_known, addresses_are_valid,
          disk_offerings_are_known)
_CLUSTER = (domain_needs_account, hypervisor_is_supported, cluster_is_enabled)
_FOUND = (instance_is_found, kvm_has_a_template, guest_os_is_mapped)
_REST = (offering_fits, host_has_tags, disks.are_there, disks.one_is_root, disks.root_has_controller, disks.root_fits,
         disks.data_fit, disks.all_are_allowed, nics.addresses_are_told, nics.have_networks, template_is_not_bigger)

FROM_THE_HOST = (instance_is_found, kvm_has_a_template)  # what only importUnmanagedInstance asks of its host

MOVES = (another_host_suits, disks.volumes_are_moved)

# (before the host is asked, after it); checks that create() makes follow, see records.py
ORDERS = {
    "A": ((hypervisor_is_supported, domain_needs_account) + _OWNER + (one_more_vm_is_allowed,) + _NAMES, _FOUND + _REST),
    "B": (_CLUSTER + _OWNER + (one_more_vm_is_allowed,) + _NAMES, _FOUND + _REST),
    "C": (_CLUSTER + _OWNER + _NAMES, _FOUND + (the_instance_is_reserved,) + _REST),
    "N": (_CLUSTER + _OWNER + _NAMES + (the_offering_is_reserved,), _FOUND + _REST),
}


def import_params(more=""):
    """Of importUnmanagedInstance and what extends it."""
    return ("clusterid!:cluster name!:string displayname:string hostname:string account:string domainid:domain "
            "projectid:project templateid:template serviceofferingid!:serviceoffering nicnetworklist:map "
            "nicipaddresslist:map datadiskofferinglist:map details:map migrateallowed:boolean forced:boolean " + more)


@command("importUnmanagedInstance", import_params(), is_async=True, kind="virtualmachine", since="4.14.0",
         cmd="org.apache.cloudstack.api.command.admin.vm.ImportUnmanagedInstanceCmd")
def import_unmanaged(call):
    job = Import(call)
    return Work(job.commit, job.check, job.host_id, partly=job.partly)
