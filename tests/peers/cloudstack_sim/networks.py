# SPDX-License-Identifier: Apache-2.0
"""createNetwork with its VLAN rules, deleteNetwork, updatePhysicalNetwork."""
import ipaddress
import re

from .errors import failure, invalid
from .estate import as_text
from .jobs import Work
from .owners import owner_of_call
from .params import is_true
from .registry import command

PVLAN_TYPES = {"isolated": ("i", "Isolated"), "community": ("c", "Community"), "promiscuous": ("p", "Promiscuous")}


class Creation:
    def __init__(self, call):
        self.call, self.estate, self.given = call, call.estate, call.given
        self.offering, self.zone = call.row("networkofferingid"), call.row("zoneid")
        self.kind = self.offering["guestiptype"]
        self.vlan = self.given.get("vlan")
        self.bypass = is_true(self.given.get("bypassvlanoverlapcheck"))
        self.physical = call.row("physicalnetworkid") or self.estate["physicalnetwork"].first(
            zoneid=self.zone["id"])

    @property
    def uri(self):
        """The broadcast URI asked for, or None."""
        if not self.vlan:
            return None
        vlan = self.vlan.removeprefix("vlan://")
        pvlan, kind = self.given.get("isolatedpvlan"), self.given.get("isolatedpvlantype", "isolated")
        if pvlan:
            return f"pvlan://{vlan}-{PVLAN_TYPES[kind.lower()][0]}{pvlan}"
        return f"vlan://{vlan}"


def only_root_admin_names_a_vlan(job):
    if (job.vlan or job.bypass) and not job.call.caller.is_root_admin:
        raise invalid("Only ROOT admin is allowed to specify vlanId or bypass vlan overlap check")


def shared_needs_a_gateway(job):
    given = job.given
    if job.kind != "Shared":
        return
    if not (given.get("gateway") and given.get("netmask")):
        raise invalid("Gateway/netmask are required when creating Shared networks.")
    if not given.get("startip"):
        raise failure("IPv4 address range needs to be provided")


def range_is_in_cidr(job):
    given = job.given
    wanted = [given[name] for name in ("gateway", "startip", "endip") if given.get(name)]
    if job.kind == "L2" or not wanted and not given.get("netmask"):
        return
    try:
        cidr = _cidr(given)
        is_inside = all(ipaddress.IPv4Address(address) in cidr for address in wanted)
    except (KeyError, ValueError):
        is_inside = False
    if not is_inside:
        raise invalid("Please specify a valid IP range or valid netmask or valid gateway")


def offering_agrees_on_vlan(job):
    specifies = job.offering.get("specifyvlan", False)
    if job.vlan and not specifies:
        raise invalid("Can't specify vlan; corresponding offering says specifyVlan=false")
    if specifies and not job.vlan:
        raise invalid("Vlan has to be specified; corresponding offering says specifyVlan=true")


def vlan_is_readable(job):
    """Any number is taken, and 'untagged'."""
    if job.vlan and not re.fullmatch(r"(vlan://)?(\d+|untagged)", job.vlan):
        raise failure(f"string '{job.vlan}' has an unknown BroadcastDomainType.")


def _dynamic_ranges(physical):
    for part in (physical.get("vlan") or "").split(","):
        if part:
            first, _, last = part.partition("-")
            yield int(first), int(last or first)


def vlan_is_not_dynamic(job):
    """bypassvlanoverlapcheck does not help here."""
    number = (job.vlan or "").removeprefix("vlan://")
    if number.isdigit() and any(first <= int(number) <= last for first, last in _dynamic_ranges(job.physical)):
        raise invalid(f"The VLAN tag to use for new guest network, {number} is already being used for dynamic vlan "
                      f"allocation for the guest network in zone {job.zone['name']}")


def vlan_is_free(job):
    networks = job.estate["network"].where(zoneid=job.zone["id"])
    is_taken = job.uri and any(network.get("broadcasturi") == job.uri for network in networks)
    if not is_taken or (job.bypass and job.kind != "Isolated"):
        return
    where = f"in zone {as_text('zone', job.zone)}"
    if job.uri.startswith("pvlan"):
        kind = PVLAN_TYPES[job.given.get("isolatedpvlantype", "isolated").lower()][1]
        raise invalid(f"Network with primary vlan {job.vlan} and secondary vlan {job.given['isolatedpvlan']} type "
                      f"{kind} already exists or overlaps with other network pvlans {where}")
    raise invalid(f"Network with vlan {job.uri.removeprefix('vlan://')} already exists or overlaps with other "
                  f"network vlans {where}")


CHECKS = (only_root_admin_names_a_vlan, shared_needs_a_gateway, range_is_in_cidr, offering_agrees_on_vlan,
          vlan_is_readable, vlan_is_not_dynamic, vlan_is_free)


def _cidr(given):
    return ipaddress.IPv4Network(f"{given['gateway']}/{given['netmask']}", strict=False)


def _address_members(job):
    """Isolated networks get a CIDR of their own if none is asked for."""
    given = dict(job.given)
    if job.kind == "Isolated":
        given.setdefault("gateway", "10.1.1.1")
        given.setdefault("netmask", "255.255.255.0")
    if job.kind == "L2" or not given.get("gateway"):
        return {}
    return {"gateway": given["gateway"], "netmask": given["netmask"], "cidr": str(_cidr(given))}


def _vlan_members(job):
    if not job.uri:
        return {}
    is_pvlan = job.uri.startswith("pvlan")
    members = {"broadcasturi": job.uri, "vlan": "N/A" if is_pvlan else job.uri.removeprefix("vlan://")}
    if is_pvlan:
        kind = PVLAN_TYPES[job.given.get("isolatedpvlantype", "isolated").lower()][1]
        members.update(broadcastdomaintype="Pvlan", details={"isolatedpvlantype": kind})
    return members


def _owner_members(job):
    """Shared networks without an account belong to a domain."""
    is_domain_wide = job.kind == "Shared" and job.given.get("acltype", "domain").lower() == "domain"
    if not is_domain_wide:
        owner = owner_of_call(job.call)
        return dict(owner.members(), acltype="Account"), owner.row["_n"]
    root = job.estate.root_domain
    has_subdomains = is_true(job.given.get("subdomainaccess", "true"))
    return {"acltype": "Domain", "subdomainaccess": has_subdomains,
            "domainid": job.given.get("domainid", root["id"])}, 1


def _kind_members(job, owner_number):
    members = {}
    if job.kind != "L2":
        members["networkdomain"] = job.given.get("networkdomain", f"cs{owner_number:x}cloud.internal")
    if job.kind == "Isolated":
        members.update(egressdefaultpolicy=job.offering.get("egressdefaultpolicy", False),
                       keepmacaddressonpublicnic=True)
    return members


def _add_range(job, network):
    if not job.given.get("startip"):
        return
    is_domain_wide = network["acltype"] == "Domain"
    root = job.estate.root_domain
    job.estate["vlaniprange"].add({
        "zoneid": job.zone["id"], "vlan": network.get("vlan"), "networkid": network["id"],
        "account": "system" if is_domain_wide else network.get("account"),
        "domainid": root["id"] if is_domain_wide else network["domainid"],
        "gateway": network["gateway"], "netmask": network["netmask"], "cidr": network["cidr"],
        "startip": job.given["startip"], "endip": job.given.get("endip", job.given["startip"]),
        "physicalnetworkid": job.physical["id"]})


def _network_row(job):
    owner_members, owner_number = _owner_members(job)
    return {
        "name": job.given["name"], "displaytext": job.given.get("displaytext") or job.given["name"],
        "type": job.kind, "zoneid": job.zone["id"], "networkofferingid": job.offering["id"],
        "physicalnetworkid": job.physical["id"], "state": "Setup" if job.uri else "Allocated", "created": job.estate.now(),
        "specifyvlan": job.offering.get("specifyvlan", False),
        "specifyipranges": job.offering.get("specifyipranges", False),
        **_address_members(job), **_vlan_members(job), **owner_members, **_kind_members(job, owner_number)}


@command("createNetwork", "name!:string networkofferingid!:networkoffering zoneid!:zone displaytext:string "
         "physicalnetworkid:physicalnetwork vlan:string bypassvlanoverlapcheck:boolean isolatedpvlan:string "
         "isolatedpvlantype:string account:string domainid:domain projectid:project acltype:string "
         "subdomainaccess:boolean gateway:string netmask:string startip:string endip:string networkdomain:string",
         role="user", kind="network")
def create_network(call):
    job = Creation(call)
    for check in CHECKS:
        check(job)
    network = call.estate["network"].add(_network_row(job), first=True)
    _add_range(job, network)
    return {"network": call.render("network", network)}


@command("deleteNetwork", "id!:network forced:boolean", role="user", is_async=True, instance_type="Network",
         cmd="org.apache.cloudstack.api.command.user.network.DeleteNetworkCmd")
def delete_network(call):
    network = call.row("id")
    if network.get("_removed"):
        raise invalid(f"Network ID={network['_n']} doesn't exist")

    def commit(_):
        if call.estate["nic"].where(networkid=network["id"]):
            raise failure("Failed to delete network")
        network["_removed"] = True
        call.estate["network"].touch()
        for row in call.estate["vlaniprange"].where(networkid=network["id"]):
            call.estate["vlaniprange"].drop(row)
        return {"success": True}
    return Work(commit)


@command("updatePhysicalNetwork", "id!:physicalnetwork vlan:string state:string tags:string", is_async=True,
         kind="physicalnetwork", cmd="org.apache.cloudstack.api.command.admin.network.UpdatePhysicalNetworkCmd")
def update_physical_network(call):
    physical = call.row("id")

    def commit(_):
        for name in ("vlan", "state", "tags"):
            if call.given.get(name) is not None:
                physical[name] = call.given[name]
        return {"physicalnetwork": call.render("physicalnetwork", physical)}
    return Work(commit)


def _named_accounts(call):
    """A project stands for the account that it has."""
    accounts = [a for a in (call.given.get("accountids") or "").split(",") if a]
    return accounts + [call.estate["project"].get(p).get("_accountid", p)
                       for p in (call.given.get("projectids") or "").split(",") if p]


@command("createNetworkPermissions", "networkid!:network accountids:account[] projectids:project[]", role="user")
def create_network_permissions(call):
    estate = call.estate
    for account in _named_accounts(call):
        estate["networkpermission"].add({"networkid": call.given["networkid"], "accountid": account})
    return {"success": True}


@command("removeNetworkPermissions", "networkid!:network accountids:account[] projectids:project[]", role="user")
def remove_network_permissions(call):
    table = call.estate["networkpermission"]
    for account in _named_accounts(call):
        for row in table.where(networkid=call.given["networkid"], accountid=account):
            table.drop(row)
    return {"success": True}


@command("listNetworkPermissions", "networkid!:network", role="user")
def list_network_permissions(call):
    """A project is shown by its id, not by the account that it has."""
    estate, found = call.estate, []
    for row in estate["networkpermission"].where(networkid=call.given["networkid"]):
        account, shown = estate["account"].get(row["accountid"]), {"networkid": row["networkid"]}
        project = next((p for p in estate["project"] if p.get("_accountid", p["id"]) == row["accountid"]), None)
        if account:
            shown.update(accountid=account["id"], account=account["name"], domainid=account["domainid"])
        elif project:
            shown.update(projectid=project["id"], project=project["name"], domainid=project["domainid"])
        found.append(shown)
    return {"count": len(found), "networkpermission": found} if found else {}
