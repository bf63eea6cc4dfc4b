# SPDX-License-Identifier: Apache-2.0
"""The list calls: which rows the caller sees, which of them were asked for.

LISTS is the table of all of them: command, table, role, scope, filters. A filter is a
parameter whose value must equal the member of that name ('param=member' otherwise;
'!' makes it required; ':kind' checks that such an id exists).
Scopes: all; own (the caller's account unless listall, account or projectid say
otherwise); offering (public or of a domain above the caller's); tenant (accounts,
domains and projects).
"""
import uuid

from . import addresses, limits, registry, shapes
from .params import is_true
from .registry import COMMANDS, LIST_PARAMS, command
from .signing import DOMAIN_ADMIN

KEYWORD_MEMBERS = ("name", "displaytext", "displayname", "instancename", "description", "osdisplayname")
OWNER_PARAMS = "listall:boolean isrecursive:boolean account:string domainid:domain projectid:project"

LISTS = """
listZones zone user all id:zone name networktype type
listPods pod admin all id:pod name zoneid:zone allocationstate
listClusters cluster admin all id:cluster name zoneid:zone podid:pod hypervisor=hypervisortype allocationstate managedstate clustertype
listHosts host admin all id:host name zoneid:zone podid:pod clusterid:cluster type state resourcestate hypervisor
listStoragePools storagepool admin all id:storagepool name zoneid:zone podid:pod clusterid:cluster scope path ipaddress status=state
listPhysicalNetworks physicalnetwork admin all id:physicalnetwork name zoneid:zone
listTrafficTypes traffictype admin all physicalnetworkid!:physicalnetwork
listVlanIpRanges vlaniprange admin all id:vlaniprange zoneid:zone networkid:network physicalnetworkid:physicalnetwork vlan forvirtualnetwork
listPublicIpAddresses publicipaddress user all id:publicipaddress zoneid:zone ipaddress forvirtualnetwork associatednetworkid=networkid state
listNetworkOfferings networkoffering user all id:networkoffering name zoneid:zone:- guestiptype state traffictype specifyvlan forvpc specifyipranges
listNetworks network user own id:network name zoneid:zone type acltype physicalnetworkid:physicalnetwork traffictype issystem canusefordeploy
listServiceOfferings serviceoffering user offering id:serviceoffering name state:- issystem
listDiskOfferings diskoffering user offering id:diskoffering name state:- encrypt
listTemplates template user all templatefilter!:string:- id:template name zoneid:zone hypervisor templatetype
listIsos iso user all isofilter:string:- id:iso name
listOsTypes ostype user all id:ostype oscategoryid:uuid description isuserdefined
listGuestOsMapping guestosmapping admin all id:guestosmapping ostypeid:ostype hypervisor hypervisorversion osdisplayname osnameforhypervisor
listAccounts account user tenant id:account name state accounttype
listDomains domain domain tenant id:domain name level
listProjects project user tenant id:project name state
listVirtualMachines virtualmachine user own id:virtualmachine name=displayname zoneid:zone hostid:host clusterid:cluster podid:pod state hypervisor templateid:template serviceofferingid:serviceoffering
listVolumes volume user own id:volume name zoneid:zone virtualmachineid:virtualmachine type storageid:storagepool hostid:host podid:pod state diskofferingid:diskoffering
listConfigurations configuration admin all name category group
listEvents event user all id:event type level resourceid:string
listTags tag user all resourceid:string resourcetype key value
listSnapshots snapshot user own id:snapshot name volumeid:volume zoneid:zone
listVMSnapshot vmsnapshot user own vmsnapshotid:vmsnapshot=id name virtualmachineid:virtualmachine state
listAffinityGroups affinitygroup user own id:affinitygroup name type
listVPCs vpc user own id:vpc name zoneid:zone
listRouters router admin all id:router name zoneid:zone networkid=guestnetworkid
listSystemVms systemvm admin all id:systemvm name zoneid:zone systemvmtype
listHypervisors hypervisor user all
listHypervisorCapabilities hypervisorCapabilities admin all id:hypervisorCapabilities hypervisor
listImageStores imagestore admin all id:imagestore name zoneid:zone
listManagementServers managementserver admin all id:managementserver name
listRoles role domain all id:role name type
listSupportedNetworkServices networkservice user all
listNetworkServiceProviders networkserviceprovider admin all physicalnetworkid:physicalnetwork name state
"""

EXTRA_PARAMS = {
    "listVirtualMachines": "ids:virtualmachine[] details:list networkid:network",
    "listVolumes": "ids:volume[]",
    "listNetworks": "networkfilter:string vlan:string associatednetworkid:network",
    "listHosts": "details:list virtualmachineid:virtualmachine",
    "listTemplates": "ids:template[] showunique:boolean",
    "listConfigurations": "zoneid:zone clusterid:cluster storageid:storagepool accountid:account domainid:domain",
    "listServiceOfferings": "zoneid:zone virtualmachineid:virtualmachine cpunumber:integer memory:integer "
                            "cpuspeed:integer",
    "listDiskOfferings": "zoneid:zone storageid:storagepool",
    "listPublicIpAddresses": "allocatedonly:boolean networkid:network",
}
OBJECTS = {"vmsnapshot": "vmSnapshot", "physicalnetwork": "physicalnetwork", "affinitygroup": "affinitygroup"}


class Filter:
    def __init__(self, text):
        text, _, marker = text.partition(":-") if text.endswith(":-") else (text, "", None)
        self.is_used = marker is None
        spec, _, member = text.partition("=")
        self.spec = spec if ":" in spec else spec + ":string"
        self.name = spec.partition(":")[0].rstrip("!")
        self.member = member or self.name

    def accepts(self, estate, kind, row, wanted):
        value = row.get(self.member)
        if value is None:
            value = shapes.value_of(estate, kind, row, self.member)
        if isinstance(value, bool):
            value = str(value).lower()
            wanted = wanted.lower()
        return value is not None and str(value) == wanted


def _has_keyword(row, keyword):
    texts = [str(row[name]) for name in KEYWORD_MEMBERS if name in row]
    return any(keyword.lower() in text.lower() for text in texts)


# --- scopes -----------------------------------------------------------------

def _all(call, kind):
    """Those that one id names, or one VM's volumes, without a look at the others."""
    table, given = call.estate[kind], call.given
    if given.get("id"):
        row = table.live(given["id"])
        return [row] if row else []
    if kind == "volume" and given.get("virtualmachineid"):
        return table.where(virtualmachineid=given["virtualmachineid"])
    return list(table)


def _in_domain(call, row, domain_id):
    if is_true(call.given.get("isrecursive")) or call.caller.account.get("accounttype") == DOMAIN_ADMIN:
        return call.estate.is_within(row.get("domainid"), domain_id)
    return row.get("domainid") == domain_id


def _asked_owner(call, rows):
    """Rows of account, domainid or projectid as asked; None if nothing was asked."""
    given = call.given
    if given.get("projectid"):
        wanted = given["projectid"]
        return [r for r in rows if r.get("projectid") and wanted in ("-1", r["projectid"])]
    rows = [row for row in rows if not row.get("projectid")]
    if given.get("account"):
        return [r for r in rows if r.get("account") == given["account"]
                and r.get("domainid") == given.get("domainid", r.get("domainid"))]
    if given.get("domainid"):
        return [row for row in rows if _in_domain(call, row, given["domainid"])]
    return None


def _is_domain_wide(row):
    return row.get("acltype") == "Domain"


def _sees_domain_wide(call, row):
    if row["domainid"] == call.caller.domain_id:
        return True
    return bool(row.get("subdomainaccess")) and call.estate.is_within(call.caller.domain_id, row["domainid"])


def _own(call, kind):
    rows, caller = _all(call, kind), call.caller
    asked = _asked_owner(call, rows)
    if asked is not None:
        return asked
    rows = [row for row in rows if not row.get("projectid")]
    lists_all = is_true(call.given.get("listall")) or bool(call.given.get("id"))
    if caller.is_root_admin and lists_all:
        return rows
    whole_domain = caller.account.get("accounttype") == DOMAIN_ADMIN and (lists_all or kind == "network")
    return [row for row in rows if _is_own(call, row, whole_domain)]


def _is_own(call, row, whole_domain):
    if _is_domain_wide(row):
        return _sees_domain_wide(call, row)
    if whole_domain:
        return call.estate.is_within(row.get("domainid"), call.caller.domain_id)
    return row.get("account") == call.caller.account["name"] and row.get("domainid") == call.caller.domain_id


def _is_in_state(call, row):
    """Active ones unless another state or all are asked for; 4.18 does not know the parameter."""
    asked = call.given.get("state") if call.estate.release.kvm else None
    return asked == "all" or row.get("state", "Active") == (asked or "Active")


def _offering(call, kind):
    rows = [row for row in _all(call, kind)
            if not row.get("_hidden") and not row.get("issystem") and _is_in_state(call, row)]
    if call.caller.is_root_admin:
        return rows
    return [row for row in rows if is_offered_to(call.estate, row, call.caller.domain_id)]


def is_offered_to(estate, offering, domain_id):
    """Public, or limited to a domain that holds @domain_id."""
    limited = [d for d in (offering.get("domainid") or "").split(",") if d]
    return not limited or any(estate.is_within(domain_id, each) for each in limited)


def _tenant(call, kind):
    rows, caller = _all(call, kind), call.caller
    is_of_domain = kind != "domain" and call.given.get("domainid")
    if caller.is_root_admin and not is_of_domain and (is_true(call.given.get("listall")) or call.given.get("id")):
        return rows
    if call.given.get("domainid"):
        return [row for row in rows if _in_domain(call, row, call.given["domainid"])]
    if caller.account.get("accounttype") == DOMAIN_ADMIN and is_true(call.given.get("listall")):
        member = "id" if kind == "domain" else "domainid"
        return [row for row in rows if call.estate.is_within(row[member], caller.domain_id)]
    own = {"account": caller.account["id"], "domain": caller.domain_id}.get(kind)
    return [row for row in rows if row["id"] == own or _is_project_owner(kind, row, caller)]


def _is_project_owner(kind, row, caller):
    return kind == "project" and any(owner.get("account") == caller.account["name"]
                                     for owner in row.get("owner", []))


SCOPES = {"all": _all, "own": _own, "offering": _offering, "tenant": _tenant}


# --- narrowing and views that one command alone has ---------------------------

def _narrow_virtualmachine(call, rows):
    ids, network = call.given.get("ids"), call.given.get("networkid")
    if ids:
        rows = [row for row in rows if row["id"] in ids.split(",")]
    if network:
        on_it = {nic.get("virtualmachineid") for nic in call.estate["nic"].where(networkid=network)}
        rows = [row for row in rows if row["id"] in on_it]
    return rows


def _narrow_ids(call, rows):
    ids = call.given.get("ids")
    return [row for row in rows if row["id"] in ids.split(",")] if ids else rows


def _narrow_serviceoffering(call, rows):
    """cpunumber, memory and cpuspeed are minimum values."""
    for name in ("cpunumber", "memory", "cpuspeed"):
        if call.given.get(name):
            least = int(call.given[name])
            rows = [row for row in rows if row.get(name) is None or row[name] >= least]
    return _narrow_zone(call, rows)


def _narrow_zone(call, rows):
    zone = call.given.get("zoneid")
    return [row for row in rows if not row.get("zoneid") or zone in row["zoneid"].split(",")] if zone else rows


def _narrow_publicipaddress(call, rows):
    """With forvirtualnetwork=false also the addresses of Shared networks' ranges (from the contract, not recorded); the
    free ones only if they are asked for."""
    given = call.given
    if given.get("forvirtualnetwork") == "false":
        rows = rows + [row for each in call.estate["vlaniprange"] if not each.get("forvirtualnetwork")
                       for row in _addresses_of(call.estate, each)]
    if given.get("allocatedonly") != "false" and not given.get("state"):
        rows = [row for row in rows if row.get("state") == "Allocated"]
    return [row for row in rows if row.get("networkid") == given["networkid"]] if given.get("networkid") else rows


def _addresses_of(estate, span):
    network, zone = estate["network"].get(span["networkid"]), estate["zone"].get(span["zoneid"])
    used = addresses.in_use(estate, network)
    for address in addresses.between(span["startip"], span["endip"]):
        yield {"id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{span['id']}-{address}")), "ipaddress": address,
               "zoneid": zone["id"], "zonename": zone["name"], "issourcenat": False, "forvirtualnetwork": False,
               "vlanid": span["id"], "vlanname": span.get("vlan"), "isstaticnat": False, "issystem": False,
               "networkid": network["id"], "associatednetworkid": network["id"], "physicalnetworkid":
               span.get("physicalnetworkid"), "state": "Allocated" if address in used else "Free", "tags": [],
               "hasannotations": False}


def _narrow_template(call, rows):
    """The system's own import templates are never listed."""
    return _narrow_ids(call, [row for row in rows if not row.get("_hidden")])


NARROW = {
    "virtualmachine": _narrow_virtualmachine, "volume": _narrow_ids, "template": _narrow_template,
    "serviceoffering": _narrow_serviceoffering, "diskoffering": _narrow_zone,
    "publicipaddress": _narrow_publicipaddress,
}


def show_nic(call, nic, in_vm):
    shown = call.render("nic", nic)
    if in_vm:
        shown.pop("virtualmachineid", None)
        shown.setdefault("secondaryip", [])
    elif not shown.get("secondaryip"):
        shown.pop("secondaryip", None)
    return shown


def show_vm(call, row, details=None):
    shown = call.render("virtualmachine", row)
    nics = call.estate["nic"].where(virtualmachineid=row["id"])
    shown["nic"] = [show_nic(call, nic, in_vm=True) for nic in nics]
    default_ip = next((nic.get("ipaddress") for nic in nics if nic.get("isdefault")), None)
    if default_ip:
        shown["ipaddress"] = default_ip
    if details and not {"all", "nics"} & set(details.split(",")):
        shown.pop("nic")
    return shown


def _show_vm_listed(call, row):
    return show_vm(call, row, call.given.get("details"))


def show_volume(call, row):
    """What a volume says of its VM and of its offerings follows the VM."""
    estate = call.estate
    gone = {"destroyed": True} if row.get("state") in ("Destroy", "Expunging") else {}
    return call.render("volume", dict(row, **_vm_facts(estate, row), **_pending(call, row), **gone))


def _pending(call, row):
    """The job that works on it, while it does."""
    job = call.simulator.scheduler.pending.get(row["id"])
    return {"jobid": job["id"], "jobstatus": job["jobstatus"]} if job else {}


def _vm_facts(estate, row):
    vm = estate["virtualmachine"].get(row.get("virtualmachineid"))
    return {"vmname": vm["name"], "vmdisplayname": vm["displayname"], "vmstate": vm["state"]} if vm else {}


def _show_serviceoffering(call, row):
    """Where an offering is limited to is no detail that users see."""
    shown = call.render("serviceoffering", row)
    details = shown.get("serviceofferingdetails")
    if details and call.caller.account.get("accounttype") == 0:
        shown["serviceofferingdetails"] = {k: v for k, v in details.items() if k not in ("domainid", "zoneid")}
    if not shown.get("serviceofferingdetails"):
        shown.pop("serviceofferingdetails", None)
    return shown


SHOW = {"virtualmachine": _show_vm_listed, "volume": show_volume, "serviceoffering": _show_serviceoffering}


# --- the commands ---------------------------------------------------------------

def _answer(kind, scope, filters):
    def answer(call):
        rows = SCOPES[scope](call, kind)
        if kind in NARROW:
            rows = NARROW[kind](call, rows)
        keyword = call.given.get("keyword")
        if keyword:
            rows = [row for row in rows if _has_keyword(row, keyword)]
        for each in filters:
            wanted = call.given.get(each.name)
            if wanted and each.is_used:
                rows = [row for row in rows if each.accepts(call.estate, kind, row, wanted)]
        show = SHOW.get(kind, lambda call, row: call.render(kind, row))
        if kind != "event":
            return call.page(OBJECTS.get(kind, kind), rows, lambda row: show(call, row))
        body = call.page(kind, rows[::-1], lambda row: show(call, row))  # the newest are on the first page,
        body.get(kind, []).reverse()  # and the newest of a page come last
        return body
    return answer


def _declare(line):
    name, kind, role, scope, *texts = line.split()
    filters = [Filter(text) for text in texts]
    owner = OWNER_PARAMS if scope in ("own", "tenant", "offering") else "listall:boolean"
    taken = {each.name for each in filters}
    more = [p for p in f"{LIST_PARAMS} {owner} {EXTRA_PARAMS.get(name, '')}".split()
            if p.partition(":")[0] not in taken]
    params = " ".join([each.spec for each in filters] + more)
    command(name, params, role=role, kind=kind)(_answer(kind, scope, filters))


for _line in LISTS.strip().splitlines():
    _declare(_line)


@command("listNics", "virtualmachineid!:virtualmachine nicid:nic networkid:network " + LIST_PARAMS,
         role="user", kind="nic")
def list_nics(call):
    rows = call.estate["nic"].where(virtualmachineid=call.given["virtualmachineid"])
    for name, member in (("nicid", "id"), ("networkid", "networkid")):
        if call.given.get(name):
            rows = [row for row in rows if row[member] == call.given[name]]
    return call.page("nic", rows, lambda nic: show_nic(call, nic, in_vm=False))


@command("listUsers", "id:string username:string accounttype:string listall:boolean account:string "
         "domainid:domain " + LIST_PARAMS, role="user", kind="user")
def list_users(call):
    accounts = list(call.estate["account"])
    if not (call.caller.is_root_admin and is_true(call.given.get("listall"))):
        accounts = [call.caller.account]
    users = [dict(user, apikeyaccess="INHERIT") for account in accounts for user in account.get("user", [])]
    return call.page("user", users)


@command("listStorageTags", LIST_PARAMS, kind="storagetag")
def list_storage_tags(call):
    tags = [{"poolid": pool["_n"], "name": tag} for pool in call.estate["storagepool"]
            for tag in (pool.get("tags") or "").split(",") if tag]
    return call.page("storagetag", tags)


@command("listHostTags", LIST_PARAMS, kind="hosttag")
def list_host_tags(call):
    tags = [{"id": host["id"], "hostid": host["_n"], "name": tag} for host in call.estate["host"]
            for tag in (host.get("hosttags") or "").split(",") if tag]
    return call.page("hosttag", tags)


@command("listCapabilities", "domainid:domain", role="user", kind="capability")
def list_capabilities(call):
    """One object, no list; the version can be hidden by a setting."""
    hidden = call.estate.setting("expose.cloudstack.version.api.list.capabilities", "true") == "false"
    capability = {k: v for k, v in call.estate.capability.items()
                  if not (call.estate.is_old and k in NEW_CAPABILITIES)}
    capability["cloudstackversion"] = call.estate.version
    if hidden:
        capability.pop("cloudstackversion")
    return {"capability": capability}


NEW_CAPABILITIES = ("extensionspath", "instanceleaseenabled", "snapshotshowchainsize")


@command("listApis", "name:string", role="user", kind="api")
def list_apis(call):
    """What this stand-in implements and the caller's role may call; never paged."""
    from .signing import MAY_CALL
    kind = call.caller.account.get("accounttype")
    wanted = call.given.get("name")
    apis = [registry.describe(call.estate, entry) for entry in COMMANDS.values()
            if kind in MAY_CALL[entry.role] and wanted in (None, entry.name) and entry.exists(call.estate)]
    return call.whole("api", apis)


@command("listResourceLimits", "account:string domainid:domain projectid:project resourcetype:integer "
         "listall:boolean " + LIST_PARAMS, role="user", kind="resourcelimit")
def list_resource_limits(call):
    estate, given = call.estate, call.given
    kind, owner = _limited_owner(call)
    rows = []
    for resource, (_, number, _) in sorted(limits.BY_NAME.items(), key=lambda item: item[1][1]):
        if estate.is_old and number > limits.OLD_LAST_NUMBER:
            continue
        if given.get("resourcetype") in (None, str(number)):
            rows.append(dict(_owner_members(kind, owner), resourcetype=str(number), resourcetypename=resource,
                             max=limits.maximum(estate, kind, owner, resource)))
    return call.page("resourcelimit", rows, lambda row: call.render("resourcelimit", row))


def _limited_owner(call):
    estate, given = call.estate, call.given
    if estate["project"].get(given.get("projectid")):
        return "project", estate["project"].get(given["projectid"])
    if given.get("account"):
        account = estate["account"].first(name=given["account"], domainid=given.get("domainid"))
        return "account", account or call.caller.account
    if given.get("domainid"):
        return "domain", estate["domain"].get(given["domainid"])
    return "account", call.caller.account


def _owner_members(kind, owner):
    if kind == "domain":
        return {"domainid": owner["id"]}
    member = {"account": owner["name"]} if kind == "account" else {
        "projectid": owner["id"], "project": owner["name"]}
    return dict(member, domainid=owner["domainid"])
