# SPDX-License-Identifier: Apache-2.0
"""Managed VMs after the import: unmanage, update, tags, secondary addresses."""
from . import addresses, lists
from .errors import ApiError, failure, forbidden, invalid
from .jobs import UUID_FORM, Work
from .params import is_true, items_of
from .registry import command
from .signing import DOMAIN_ADMIN

VM_TABLES = {"nic": "virtualmachineid", "volume": "virtualmachineid", "tag": "resourceid"}


def forget(estate, vm):
    """The records go, the instance on the host stays."""
    vm["_removed"] = True
    for kind in ("nic", "volume"):
        for row in estate[kind].where(virtualmachineid=vm["id"]):
            row["_removed"] = True


@command("unmanageVirtualMachine", "id!:virtualmachine hostid:host forced:boolean", is_async=True,
         instance_type="VirtualMachine", cmd="org.apache.cloudstack.api.command.admin.vm.UnmanageVMInstanceCmd")
def unmanage(call):
    vm = call.row("id")

    def commit(_):
        if vm.get("_removed"):
            raise failure("Could not find VM to unmanage, it is either removed or not existing VM")
        if vm["state"] not in ("Running", "Stopped"):
            raise failure(f"VM with id = {vm['id']} must be running or stopped to be unmanaged")
        if call.given.get("hostid") and (vm["hypervisor"] != "KVM" or vm["state"] != "Stopped"):
            raise failure("Param hostid is only supported for KVM hypervisor for stopped Instances.")
        result = {"success": True, "details": "VM unmanaged successfully"}
        host = call.given.get("hostid") or _defining_host(call, vm)
        if host and not call.estate.is_old:
            result["hostid"] = host
        forget(call.estate, vm)
        return {"unmanagevirtualmachineresponse": result}
    return Work(commit, host_id=lambda: vm.get("hostid"), instance_id=vm["id"])


def _defining_host(call, vm):
    """A stopped VMware VM has no host; a stopped KVM domain is defined on one."""
    if vm["state"] == "Running":
        return vm.get("hostid")
    if vm["hypervisor"] != "KVM":
        return None
    instance = call.simulator.hypervisor.find(vm["instancename"])
    return vm.get("hostid") or (instance["hostid"] if instance else None)


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


@command("addIpToNic", "nicid!:nic ipaddress:string", role="user", is_async=True, reply="addiptovmnicresponse",
         instance_type="IpAddress", cmd="org.apache.cloudstack.api.command.user.vm.AddIpToVmNicCmd")
def add_ip(call):
    """The address is taken on submit; the reply carries its id beside the job's."""
    nic = call.row("nicid")
    network = call.estate["network"].get(nic["networkid"])
    address = call.given.get("ipaddress") or addresses.first_free(call.estate, network)
    if not address or not addresses.is_free_in_cidr(call.estate, network, address):
        raise ApiError(530, "Failed to assign secondary IP to NIC")
    secondary = call.estate["secondaryip"].add({"ipaddress": address})
    nic["secondaryip"] = (nic.get("secondaryip") or []) + [{"id": secondary["id"], "ipaddress": address}]
    call.submit_extra = {"id": secondary["id"]}
    result = {"id": secondary["id"], "ipaddress": address, "nicid": nic["id"], "networkid": network["id"]}
    return Work(lambda _: {"nicsecondaryip": result}, instance_id=secondary["id"])
