# SPDX-License-Identifier: Apache-2.0
"""Managed VMs after the import: unmanage, update, tags, secondary addresses."""
import json

from . import addresses, fit, lists
from .errors import ApiError, failure, forbidden, invalid
from .jobs import UUID_FORM, Work
from .params import is_true, items_of
from .registry import command
from .signing import DOMAIN_ADMIN

VM_TABLES = {"nic": "virtualmachineid", "volume": "virtualmachineid", "tag": "resourceid"}
GONE = {"a": "VM with id = {id} is not found in the hypervisor", "b": "VM {text} is not found in the hypervisor"}


def vm_text(vm):
    return "VM instance " + json.dumps({"id": vm["_n"], "instanceName": vm["instancename"], "state": vm["state"],
                                        "type": "User", "uuid": vm["id"]}, separators=(",", ":"))


def forget(estate, vm):
    """The records go, the instance on the host stays. CPUs and memory of a dynamic offering stay counted."""
    vm["_removed"] = True
    kept = is_true(estate.setting("unmanage.vm.preserve.nics"))
    for kind in ("volume",) if kept else ("nic", "volume"):
        for row in estate[kind].where(virtualmachineid=vm["id"]):
            row["_removed"] = True
    for kind in ("virtualmachine", "nic", "volume"):
        estate[kind].touch()
    if fit.is_dynamic(estate["serviceoffering"].get(vm["serviceofferingid"]) or {}):
        estate["_leftcount"].add({name: vm.get(name) for name in ("cpunumber", "memory", "domainid", "projectid", "_owner")})


class Unmanaging:
    """One submitted unmanageVirtualMachine. Beyond a VM that is gone nothing of its refusals is recorded: they are
    read in the code."""

    def __init__(self, call):
        self.call, self.estate, self.given, self.vm = call, call.estate, call.given, call.row("id")
        self.volumes = call.estate["volume"].where(virtualmachineid=self.vm["id"])
        self.instance = call.simulator.hypervisor.find(self.vm["instancename"])

    def check(self):
        for each in UNMANAGE_CHECKS:
            each(self)

    def commit(self, _):
        self.check()
        result = {"success": True, "details": "VM unmanaged successfully"}
        host = self.given.get("hostid") or self._defining_host()
        if host and not self.estate.is_old:
            result["hostid"] = host
        forget(self.estate, self.vm)
        return {"unmanagevirtualmachineresponse": result}

    def _defining_host(self):
        """A stopped VMware VM has no host; a stopped KVM domain is defined on one."""
        if self.vm["state"] == "Running":
            return self.vm.get("hostid")
        if self.vm["hypervisor"] != "KVM":
            return None
        return self.vm.get("hostid") or (self.instance["hostid"] if self.instance else None)


def it_is_there(job):
    if job.vm.get("_removed"):
        raise failure("Could not find VM to unmanage, it is either removed or not existing VM")


def it_is_quiet(job):
    if job.vm["state"] not in ("Running", "Stopped"):
        raise failure(f"VM with id = {job.vm['id']} must be running or stopped to be unmanaged")


def a_host_is_for_stopped_kvm(job):
    if job.given.get("hostid") and (job.vm["hypervisor"] != "KVM" or job.vm["state"] != "Stopped"):
        raise failure("Param hostid is only supported for KVM hypervisor for stopped Instances.")


def it_has_no_snapshots(job):
    ids = {volume["id"] for volume in job.volumes}
    if any(row.get("volumeid") in ids and row.get("state") != "Destroyed" for row in job.estate["snapshot"]):
        raise failure(f"Cannot unmanage VM with id = {job.vm['id']} as there are volume snapshots for its volume(s). "
                      "Please remove snapshots before unmanaging.")


def it_has_no_iso(job):
    if job.vm.get("isoid") or job.vm.get("isos"):
        raise failure(f"Cannot unmanage VM with id = {job.vm['id']} as there is an ISO attached. Please detach ISO before "
                      "unmanaging.")


def its_host_has_it(job):
    """A stopped KVM domain that is not defined cannot be found; some releases write it anew."""
    is_rebuilt = job.vm["hypervisor"] == "KVM" and job.vm["state"] == "Stopped" and job.estate.release.unmanage_stopped == "p"
    if job.instance is None and not is_rebuilt:
        raise failure(GONE[job.estate.release.unmanage_text].format(id=job.vm["id"], text=vm_text(job.vm)))


def nothing_works_on_it(job):
    if any(volume.get("state") == "Migrating" for volume in job.volumes):
        raise failure(f"There are pending jobs or HA tasks working on the VM: {vm_text(job.vm)}, can't unmanage the VM.")


UNMANAGE_CHECKS = (it_is_there, it_is_quiet, a_host_is_for_stopped_kvm, it_has_no_snapshots, it_has_no_iso,
                   its_host_has_it, nothing_works_on_it)


@command("unmanageVirtualMachine", "id!:virtualmachine hostid:host forced:boolean", is_async=True,
         instance_type="VirtualMachine", cmd="org.apache.cloudstack.api.command.admin.vm.UnmanageVMInstanceCmd")
def unmanage(call):
    job = Unmanaging(call)
    return Work(job.commit, job.check, lambda: job.vm.get("hostid"), job.vm["id"])


def _require_access(call, vm):
    caller = call.caller
    if caller.is_root_admin:
        return
    is_own = vm.get("account") == caller.account["name"] and vm["domainid"] == caller.domain_id
    in_domain = caller.account["accounttype"] == DOMAIN_ADMIN and call.estate.is_within(
        vm["domainid"], caller.domain_id)
    if not (is_own or in_domain):
        raise forbidden("Caller does not have permission to operate with provided resource.")


def _change_id(call, vm, wanted):
    if not UUID_FORM.match(wanted):
        raise invalid(f"UUID: {wanted} doesn't follow the UUID format")
    if call.estate["virtualmachine"].get(wanted):
        raise invalid(f"UUID: {wanted} already exists so can't create/update with custom id")
    old = vm["id"]
    call.estate["virtualmachine"].rename_id(vm, wanted)
    for kind, member in VM_TABLES.items():
        for row in call.estate[kind].where(**{member: old}):
            row[member] = wanted
        call.estate[kind].touch()


def _update_details(call, vm):
    if is_true(call.given.get("cleanupdetails")):
        vm["details"] = {}
    for details in items_of(call.given.get("details"))[:1]:
        vm["details"] = dict(details)


@command("updateVirtualMachine", "id!:virtualmachine displayname:string name:string instancename:string "
         "customid:string ostypeid:ostype haenable:boolean group:string details:map cleanupdetails:boolean "
         "displayvm:boolean deleteprotection:boolean", role="user", kind="virtualmachine")
def update(call):
    """Takes effect at once, running or not; a new name is the display name too."""
    vm, given = call.row("id"), call.given
    _require_access(call, vm)
    if given.get("customid"):
        _change_id(call, vm, given["customid"])
    if given.get("name"):
        vm.update(name=given["name"], displayname=given["name"])
    for name in ("displayname", "instancename", "ostypeid"):
        if given.get(name):
            vm[name] = given[name]
    call.estate["virtualmachine"].touch()
    for name in ("haenable", "displayvm", "deleteprotection"):
        if given.get(name):
            vm[name] = is_true(given[name])
    _update_details(call, vm)
    return {"virtualmachine": lists.show_vm(call, vm)}


def _tagged(call):
    return [each for each in call.given["resourceids"].split(",") if each]


@command("createTags", "resourceids!:list resourcetype!:string tags!:map", role="user", is_async=True,
         cmd="org.apache.cloudstack.api.command.user.tag.CreateTagsCmd")
def create_tags(call):
    account = call.caller.account

    def commit(_):
        for resource in _tagged(call):
            for item in items_of(call.given["tags"]):
                call.estate["tag"].add({
                    "key": item["key"], "value": item.get("value", ""), "resourceid": resource,
                    "resourcetype": call.given["resourcetype"], "account": account["name"],
                    "domainid": account["domainid"]})
        return {"success": True}
    return Work(commit)


@command("deleteTags", "resourceids!:list resourcetype!:string tags:map", role="user", is_async=True,
         cmd="org.apache.cloudstack.api.command.user.tag.DeleteTagsCmd")
def delete_tags(call):
    def commit(_):
        keys = {item.get("key") for item in items_of(call.given.get("tags"))}
        for resource in _tagged(call):
            for row in call.estate["tag"].where(resourceid=resource):
                if not keys or row["key"] in keys:
                    call.estate["tag"].drop(row)
        return {"success": True}
    return Work(commit)


def _secondary_address(call, nic, network):
    """None if there is no such address to have. That L2 networks have none, that a Shared network gives what is in its
    ranges and that IPv6 needs a network with IPv6 is read in the code, not recorded."""
    wanted = call.given.get("ipaddress")
    is_ipv6 = ":" in (wanted or "")
    if network["type"] == "L2" or (is_ipv6 and not network.get("ip6cidr")):
        return None
    if is_ipv6:
        return None if wanted in addresses.in_use(call.estate, network) else wanted
    address = wanted or addresses.first_free(call.estate, network)
    if not address or not addresses.is_address(address):
        return None
    if network["type"] == "Shared" and not addresses.is_in_range(call.estate, network, address):
        return None
    return address if addresses.is_free_in_cidr(call.estate, network, address) else None


@command("addIpToNic", "nicid!:nic ipaddress:string", role="user", is_async=True, reply="addiptovmnicresponse",
         instance_type="IpAddress", cmd="org.apache.cloudstack.api.command.user.vm.AddIpToVmNicCmd")
def add_ip(call):
    """The address is taken on submit, whatever then comes; the reply carries its id beside the job's."""
    nic = call.row("nicid")
    most = int(call.estate.setting("vm.network.nic.max.secondary.ipaddresses", "10"))
    if len(nic.get("secondaryip") or []) >= most:
        raise ApiError(533, "Maximum Number of IPs per NIC has been crossed.")
    network = call.estate["network"].get(nic["networkid"])
    address = _secondary_address(call, nic, network)
    if not address:
        raise ApiError(530, "Failed to assign secondary IP to NIC")
    member = "ip6address" if ":" in address else "ipaddress"
    secondary = call.estate["secondaryip"].add({member: address})
    nic["secondaryip"] = (nic.get("secondaryip") or []) + [{"id": secondary["id"], member: address}]
    call.submit_extra = {"id": secondary["id"]}
    result = {"id": secondary["id"], member: address, "nicid": nic["id"], "networkid": network["id"]}
    return Work(lambda _: {"nicsecondaryip": result}, instance_id=secondary["id"])
