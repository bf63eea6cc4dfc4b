# SPDX-License-Identifier: Apache-2.0
"""The records that a checked import leaves: VM, volumes, NICs."""
import json
import re
import uuid

from . import addresses, fit
from .errors import ApiError, failure
from .estate import as_text

GIB = 1 << 30
MAC = re.compile(r"([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$")


def dummy_template(estate, hypervisor):
    """The server's own default template: a removed row that no list shows, made when it is first needed."""
    if not has_dummy_row(estate, hypervisor):
        estate["template"].add({"name": f"{hypervisor} import dummy", "format": "ISO", "_hidden": True, "_removed": True,
                                "_import_dummy": hypervisor})
    return next(row for row in estate["template"].rows if row.get("_import_dummy") == hypervisor)


def has_dummy_row(estate, hypervisor):
    return any(row.get("_import_dummy") == hypervisor for row in estate["template"].rows)


def network_text(estate, network):
    offering = estate["networkoffering"].get(network["networkofferingid"])
    return as_text("network", dict(network, _offering_n=offering["_n"] if offering else 1))


def create(job, moves=()):
    """VM, volumes, NICs, then what migrateallowed asks for. If that or a NIC fails the VM
    goes again, NICs that were made stay behind."""
    vm = job.estate["virtualmachine"].add(_vm_row(job))
    volumes = [job.estate["volume"].add(_volume_row(job, vm, position))
               for position in range(len(job.disks))]
    try:
        _create_nics(job, vm)
        for move in moves:
            move(job, vm)
    except ApiError:
        for table, row in [("virtualmachine", vm)] + [("volume", volume) for volume in volumes]:
            job.estate[table].drop(row)
        raise
    return vm


def create_half(job):
    """What is left if the server dies before the NICs are made (read in the code, not recorded)."""
    vm = job.estate["virtualmachine"].add(_vm_row(job))
    for position in range(len(job.disks)):
        job.estate["volume"].add(_volume_row(job, vm, position))
    return vm


def _create_nics(job, vm):
    try:
        for position in range(len(job.nics)):
            job.estate["nic"].add(_nic_row(job, vm, position))
    except ApiError as error:
        raise failure(f"Failed to import NICs while importing vm: {job.later_name}. {error.text}") from error


def _size_members(job):
    """A fixed offering tells the record's size, whatever the VM has."""
    members = {}
    for member in ("cpunumber", "memory"):
        members[member] = job.offering.get(member) or job.instance[member]
    members["cpuspeed"] = job.offering.get("cpuspeed") or fit.custom_speed(job.details, job.instance)
    return members


def _boot_members(instance):
    if instance.get("boottype") != "UEFI":
        return {}
    return {"boottype": "UEFI", "bootmode": instance.get("bootmode", "LEGACY")}


def _vm_details(job):
    details = {"deployvm": "true", "rootDiskController": job.root["controller"]}
    if job.is_vmware or job.data:
        details["dataDiskController"] = (job.data or [job.root])[0]["controller"]
    if job.nics:
        details["nicAdapter"] = job.nics[0][0]["adaptertype"]
    if not job.is_vmware:
        details["rootdisksize"] = str(-(-job.disks[0][3] // GIB))
    details.update(job.details)
    if fit.is_dynamic(job.offering):
        sizes = _size_members(job)
        details.update(cpuNumber=str(sizes["cpunumber"]), memory=str(sizes["memory"]))
        if job.offering.get("cpuspeed") is None:
            details["cpuSpeed"] = str(sizes["cpuspeed"])
    if job.instance.get("_vncpassword"):
        details["kvm.vnc.password"] = job.instance["_vncpassword"]
    if job.instance.get("boottype") == "UEFI":
        details["UEFI"] = job.instance.get("bootmode", "LEGACY")
    return details


def _template(job):
    return job.template or dummy_template(job.estate, job.cluster["hypervisortype"])


def _template_members(template):
    return {"templateid": template["id"], "templatename": template["name"],
            "templatetype": template.get("templatetype", "USER"), "templateformat": template.get("format"),
            "templatedisplaytext": template.get("displaytext")}


def _user(job):
    """The first user of the owner's account; the caller if a project owns it."""
    users = job.owner.row.get("user") if job.owner.kind == "account" else None
    return (users or [job.call.caller.user])[0]


def _vm_row(job):
    user = _user(job)
    is_running = job.instance["powerstate"] == "PowerOn"
    first_data = job.disks[1][2] if len(job.disks) > 1 else None
    return {
        "name": job.hostname, "displayname": job.display, "userid": user["id"], "username": user["username"],
        "created": job.estate.now(), "state": "Running" if is_running else "Stopped", "zoneid": job.cluster["zoneid"],
        "clusterid": job.cluster["id"], "hostid": job.host["id"], "_lasthostid": job.host["id"],
        "_podid": job.host["podid"], "_instance": job.instance["_n"], **_template_members(_template(job)),
        "serviceofferingid": job.offering["id"], "diskofferingid": first_data["id"] if first_data else None,
        **_size_members(job), "guestosid": job.ostype_id, "ostypeid": job.ostype_id,
        "hypervisor": job.cluster["hypervisortype"], "instancename": job.name, "details": _vm_details(job),
        "pooltype": job.disks[0][1]["type"], **_boot_members(job.instance), **job.owner.members()}


def _volume_path(job, disk):
    """VMware: the file's base name without extension; KVM: the file name."""
    base = disk["imagepath"].rsplit("/", 1)[-1]
    return base.removesuffix(".vmdk") if job.is_vmware else base


def _chain_info(disk):
    """As the agent's JSON writer has it: characters of HTML escaped as \\uXXXX."""
    bus = "ide" if disk["controller"] == "ide" else "scsi"
    text = json.dumps({"diskDeviceBusName": f"{bus}{disk.get('controllerunit', 0)}:{disk['position']}",
                       "diskChain": [disk["imagepath"]]}, ensure_ascii=False)
    return re.sub(r"[<>&'=]", lambda match: f"\\u{ord(match[0]):04x}", text)


def _volume_row(job, vm, position):
    disk, pool, offering, size = job.disks[position]
    is_root = offering is None
    row = {
        "name": f"ROOT-{vm['_n']}" if is_root else f"DATA-{vm['_n']}-{disk['id']}", "zoneid": vm["zoneid"],
        "type": "ROOT" if is_root else "DATADISK", "deviceid": position, "virtualmachineid": vm["id"],
        "_vm_n": vm["_n"], "size": size, "created": vm["created"], "attached": vm["created"],
        "hypervisor": vm["hypervisor"], "storageid": pool["id"], "path": _volume_path(job, disk),
        "isextractable": not is_root, "clusterid": job.cluster["id"], "podid": job.cluster["podid"],
        **job.owner.members()}
    if job.is_vmware:
        row["chaininfo"] = _chain_info(disk)
    template = _template_members(_template(job))
    if template["templateformat"] == "ISO":
        row.update(isoid=template["templateid"], isoname=template["templatename"],
                   isodisplaytext=template["templatedisplaytext"])
    if is_root:
        row.update({k: v for k, v in template.items() if k in ("templateid", "templatename", "templatedisplaytext")})
        row.update(serviceofferingid=str(job.offering["_n"]), serviceofferingname=job.offering["name"],
                   serviceofferingdisplaytext=job.offering.get("displaytext"))
    else:
        row["diskofferingid"] = offering["id"]
    return row


def _is_known_mac(job, vm, network, nic):
    """Of finished jobs or of this VM's own earlier NICs."""
    own = job.estate["nic"].where(virtualmachineid=vm["id"], networkid=network["id"])
    return job.has_mac(network, nic) or any(
        (each.get("macaddress") or "").lower() == nic["macaddress"].strip().lower() for each in own)


MAC_TEXTS = {
    "a": "NIC with MAC address = {mac} exists on network with ID = {number} and forced flag is disabled",
    "b": "NIC with MAC address {mac} exists on network with ID {id} and forced flag is disabled",
    "c": "NIC with MAC address {mac} exists on network {network} and forced flag is disabled"}


def mac_text(job, network, mac):
    return MAC_TEXTS[job.release.mac_text].format(
        mac=mac, number=network["_n"], id=network["id"], network=network_text(job.estate, network))


def _valid_mac(job, nic):
    mac = (nic.get("macaddress") or "").strip()
    if not mac and job.release.valid_mac:
        raise failure("Mac address not specified")
    if not MAC.match(mac) and job.release.valid_mac:
        raise failure(f"Invalid mac address: {mac}")
    return mac


def _mac(job, vm, nic, network):
    """A used address is refused. Forced it is replaced, or in older releases taken away from the other VM."""
    mac = _valid_mac(job, nic)
    if not _is_known_mac(job, vm, network, dict(nic, macaddress=mac)):
        return mac
    if not job.forced:
        raise failure(mac_text(job, network, mac))
    if job.release.forced_mac == "D":
        for other in job.estate["nic"].where(networkid=network["id"], macaddress=mac):
            other["_removed"] = True
        return mac
    serial = uuid.uuid4().int & 0xffff
    return "02:02:%02x:%02x:%02x:%02x" % (network["_n"] >> 8 & 255, network["_n"] & 255, serial >> 8, serial & 255)


def _take_address(job, network, address):
    """A Shared network gives only what is in its ranges, where the release looks at them. Another NIC
    of the VM may have taken it meanwhile."""
    if address is None:
        return {}
    is_basic = job.estate["zone"].get(network["zoneid"]).get("networktype") == "Basic"
    from_ranges = network["type"] == "Shared" and (
        job.release.shared_ip == "F" or (job.release.shared_ip == "CB" and is_basic))
    free = addresses.first_free(job.estate, network, from_ranges) if address == "auto" else address
    if free in addresses.in_use(job.estate, network):
        free = None
    if from_ranges and (free is None or not addresses.is_in_range(job.estate, network, free)):
        raise failure(f"Cannot find a free IP to assign to VM NIC on network {network['name']}")
    if free is None and not network.get("service"):
        return {}
    if free is None:
        raise failure(f"Unable to acquire Guest IP  address for network {network_text(job.estate, network)}")
    return {"ipaddress": free, "netmask": network.get("netmask"), "gateway": network.get("gateway")}


def _nic_row(job, vm, position):
    nic, network, address = job.nics[position]
    taken = _take_address(job, network, address)
    return {"networkid": network["id"], "macaddress": _mac(job, vm, nic, network), **taken, "isolationuri": network.get("broadcasturi"),
            "broadcasturi": network.get("broadcasturi"), "type": network["type"], "isdefault": position == 0,
            "deviceid": str(position), "virtualmachineid": vm["id"]}
