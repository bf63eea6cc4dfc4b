# SPDX-License-Identifier: Apache-2.0
"""What is made before imports: domains, accounts, projects, offerings, templates; and taken away again.

No recording shows these calls; they follow the API's own description, the lists' recorded
shapes, and refuse what would take something away that is in use.
"""
import uuid

from .errors import failure, invalid
from .jobs import Work
from .owners import project_of
from .params import is_true
from .registry import command

ADMIN = "org.apache.cloudstack.api.command.admin"
USER = "org.apache.cloudstack.api.command.user"


def _number(given, name):
    return int(given[name]) if given.get(name) else None


def _users_of(estate, member, value, tables):
    """A table that has a row of the thing, NULL if none has."""
    return next((table for table in tables
                 if any(row.get(member) == value and not row.get("_removed") for row in estate[table])), None)


# --- owners ---------------------------------------------------------------------------

@command("createDomain", "name!:string parentdomainid:domain networkdomain:string domainid:string", kind="domain")
def create_domain(call):
    domains = call.estate["domain"]
    parent = call.row("parentdomainid") or call.estate.root_domain
    if domains.first(name=call.given["name"], parentdomainid=parent["id"]):
        raise invalid(f"Domain with name {call.given['name']} already exists for the parent id={parent['_n']}")
    row = domains.add({"name": call.given["name"], "level": parent.get("level", 0) + 1, "parentdomainid": parent["id"],
                       "path": f"{parent['path']}/{call.given['name']}", "created": call.estate.now()})
    return {"domain": call.render("domain", row)}


@command("deleteDomain", "id!:domain cleanup:boolean", is_async=True, cmd=f"{ADMIN}.domain.DeleteDomainCmd")
def delete_domain(call):
    domain, estate = call.row("id"), call.estate

    def commit(_):
        if estate["domain"].first(parentdomainid=domain["id"]) or \
                _users_of(estate, "domainid", domain["id"], ("account", "project", "network", "virtualmachine")):
            raise failure(f"Failed to delete the domain {domain['name']} because it has accounts or sub-domains")
        estate["domain"].drop(domain)
        return {"success": True}
    return Work(commit)


@command("createAccount", "username!:string password!:string email!:string firstname!:string lastname!:string "
         "accounttype:integer account:string domainid:domain roleid:uuid", kind="account")
def create_account(call):
    given, accounts = call.given, call.estate["account"]
    domain = call.row("domainid") or call.estate.root_domain
    name = given.get("account") or given["username"]
    if accounts.first(name=name, domainid=domain["id"]):
        raise invalid(f"The specified account: {name} already exists")
    kind = _number(given, "accounttype") or 0
    row = accounts.add({"name": name, "accounttype": kind, "domainid": domain["id"], "state": "enabled",
                        "created": call.estate.now(), "user": []})
    user = {member: given[member] for member in ("username", "firstname", "lastname", "email")}
    row["user"] = [dict(user, id=str(uuid.uuid4()), account=name, accounttype=kind, domainid=domain["id"],
                        domain=domain["name"], accountid=row["id"], state="enabled", created=call.estate.now())]
    return {"account": call.render("account", row)}


@command("deleteAccount", "id!:account", is_async=True, cmd=f"{ADMIN}.account.DeleteAccountCmd")
def delete_account(call):
    """Takes along what the account has: the real server does so, too."""
    account, estate = call.row("id"), call.estate

    def commit(_):
        for table in ("virtualmachine", "volume", "network"):
            for row in [row for row in estate[table] if row.get("_owner") == account["id"]]:
                row["_removed"] = True
            estate[table].touch()
        estate["account"].drop(account)
        return {"success": True}
    return Work(commit)


@command("createProject", "name!:string displaytext:string account:string domainid:domain", role="user",
         is_async=True, kind="project", cmd=f"{USER}.project.CreateProjectCmd")
def create_project(call):
    given, estate = call.given, call.estate
    owner = call.caller.account
    if given.get("account") and given.get("domainid"):
        owner = estate["account"].first(name=given["account"], domainid=given["domainid"])
        if owner is None:
            raise invalid(f"Unable to find account name={given['account']} in domain id={given['domainid']}")
    if estate["project"].first(name=given["name"], domainid=owner["domainid"]):
        raise invalid(f"Project with name {given['name']} already exists in domain id={owner['domainid']}")
    row = estate["project"].add({
        "name": given["name"], "displaytext": given.get("displaytext") or given["name"], "state": "Active",
        "domainid": owner["domainid"], "owner": [{"account": owner["name"]}], "created": call.estate.now()})
    row["projectaccountname"] = f"PrjAcct-{given['name']}-{row.get('_n', 1)}"
    call.submit_extra = {"id": row["id"]}
    return Work(lambda _: {"project": call.render("project", row)}, instance_id=row["id"])


@command("deleteProject", "id!:project cleanup:boolean", role="user", is_async=True,
         cmd=f"{USER}.project.DeleteProjectCmd")
def delete_project(call):
    project, estate = project_of(call.estate, {"projectid": call.given["id"]}), call.estate

    def commit(_):
        if _users_of(estate, "projectid", project["id"], ("virtualmachine", "volume", "network")):
            raise failure(f"Failed to delete the project {project['name']}: it has resources")
        estate["project"].drop(project)
        return {"success": True}
    return Work(commit)


@command("removeNetworkPermissions", "networkid!:network accountids:account[] projectids:project[]", role="user")
def remove_network_permissions(call):
    estate = call.estate
    wanted = [each for each in (call.given.get("accountids") or "").split(",") if each]
    wanted += [estate["project"].get(each).get("_accountid", each)
               for each in (call.given.get("projectids") or "").split(",") if each]
    for row in list(estate["networkpermission"].where(networkid=call.given["networkid"])):
        if row["accountid"] in wanted:
            estate["networkpermission"].drop(row)
    return {"success": True}


# --- offerings ------------------------------------------------------------------------

RANGES = ("mincpunumber", "maxcpunumber", "minmemory", "maxmemory")


@command("createServiceOffering", "name!:string displaytext:string cpunumber:integer cpuspeed:integer memory:integer "
         "customized:boolean mincpunumber:integer maxcpunumber:integer minmemory:integer maxmemory:integer "
         "hosttags:string tags:string storagetype:string domainid:domain[] zoneid:zone[] offerha:boolean "
         "limitcpuuse:boolean", kind="serviceoffering")
def create_service_offering(call):
    given = call.given
    is_custom = is_true(given.get("customized"))
    sizes = {name: _number(given, name) for name in ("cpunumber", "cpuspeed", "memory")}
    if not is_custom and None in sizes.values():
        raise invalid("For non-customized offerings cpunumber, cpuspeed and memory must be given")
    row = call.estate["serviceoffering"].add({
        "name": given["name"], "displaytext": given.get("displaytext") or given["name"], "created": call.estate.now(),
        "storagetype": given.get("storagetype", "shared"), "iscustomized": is_custom,
        "hosttags": given.get("hosttags"), "storagetags": given.get("tags"),
        **{name: number for name, number in sizes.items() if number is not None}})
    if any(given.get(name) for name in RANGES):
        row["serviceofferingdetails"] = {name: given[name] for name in RANGES if given.get(name)}
    return {"serviceoffering": call.render("serviceoffering", row)}


@command("createDiskOffering", "name!:string displaytext:string disksize:integer customized:boolean tags:string "
         "storagetype:string domainid:domain[] zoneid:zone[]", kind="diskoffering")
def create_disk_offering(call):
    given = call.given
    is_custom = is_true(given.get("customized"))
    if not is_custom and not given.get("disksize"):
        raise invalid("Disksize is required for a non-customized disk offering")
    row = call.estate["diskoffering"].add({
        "name": given["name"], "displaytext": given.get("displaytext") or given["name"], "created": call.estate.now(),
        "disksize": _number(given, "disksize") or 0, "iscustomized": is_custom,
        "storagetype": given.get("storagetype", "shared"), "tags": given.get("tags")})
    return {"diskoffering": call.render("diskoffering", row)}


def _hide(call):
    """Deleted offerings stay, for those that have them."""
    call.row("id").update(_hidden=True, state="Inactive")
    return {"success": True}


command("deleteServiceOffering", "id!:serviceoffering")(_hide)
command("deleteDiskOffering", "id!:diskoffering")(_hide)


# --- guests ---------------------------------------------------------------------------

@command("registerTemplate", "name!:string displaytext:string hypervisor!:string format!:string url!:string "
         "zoneid:zone ostypeid:ostype ispublic:boolean isfeatured:boolean", role="user", kind="template")
def register_template(call):
    """It is there at once; as the download ends it becomes ready."""
    given = call.given
    row = call.estate["template"].add({
        "name": given["name"], "displaytext": given.get("displaytext") or given["name"], "created": call.estate.now(),
        "hypervisor": given["hypervisor"], "format": given["format"], "zoneid": given.get("zoneid"),
        "ostypeid": given.get("ostypeid"), "ispublic": is_true(given.get("ispublic")), "templatetype": "USER",
        "isready": True, "status": "Download Complete", "size": 1 << 20, "account": call.caller.account["name"],
        "domainid": call.caller.account["domainid"]})
    shown = call.render("template", dict(row, isready=False, status=""))
    return {"count": 1, "template": [shown]}


@command("deleteTemplate", "id!:template zoneid:zone", role="user", is_async=True,
         cmd=f"{USER}.template.DeleteTemplateCmd")
def delete_template(call):
    template, estate = call.row("id"), call.estate

    def commit(_):
        estate["template"].drop(template)
        return {"success": True}
    return Work(commit)


@command("removeGuestOsMapping", "id!:guestosmapping", is_async=True,
         cmd=f"{ADMIN}.guest.RemoveGuestOsMappingCmd")
def remove_guest_os_mapping(call):
    mapping, estate = call.row("id"), call.estate

    def commit(_):
        estate["guestosmapping"].drop(mapping)
        return {"success": True}
    return Work(commit)
