# SPDX-License-Identifier: Apache-2.0
"""What an operator changes by the API: settings, limits, states, keys, OS mappings."""
import secrets

from . import limits
from .errors import invalid
from .jobs import Work
from .owners import project_of
from .params import is_true
from .registry import command


@command("updateConfiguration", "name!:string value:string zoneid:zone clusterid:cluster", kind="configuration")
def update_configuration(call):
    row = call.estate["configuration"].first(name=call.given["name"])
    if row is None:
        raise invalid(f"Config parameter with name {call.given['name']} doesn't exist")
    row["value"] = call.given.get("value", "")
    return {"configuration": call.render("configuration", row)}


def _limited(call):
    estate, given = call.estate, call.given
    if given.get("projectid"):
        return "project", project_of(estate, given)
    if given.get("account"):
        row = estate["account"].first(name=given["account"], domainid=given.get("domainid"))
        if row is None:
            raise invalid(f"Unable to find account by name {given['account']} in domain with specified id")
        return "account", row
    if given.get("domainid"):
        return "domain", estate["domain"].get(given["domainid"])
    return "account", call.caller.account


@command("updateResourceLimit", "resourcetype!:integer account:string domainid:domain projectid:project max:long",
         role="domain", kind="resourcelimit")
def update_resource_limit(call):
    kind, owner = _limited(call)
    number = call.given["resourcetype"]
    if number not in limits.BY_NUMBER:
        raise invalid("Please specify a valid resource type.")
    resource = limits.BY_NUMBER[number]
    limits.set_maximum(call.estate, owner, resource, int(call.given.get("max", -1)))
    member = {"account": owner["name"]} if kind == "account" else {}
    return {"resourcelimit": call.render("resourcelimit", {
        **member, "domainid": owner["id"] if kind == "domain" else owner["domainid"], "resourcetype": number,
        "resourcetypename": resource, "max": limits.maximum(call.estate, kind, owner, resource)})}


@command("updateCluster", "id!:cluster clustername:string allocationstate:string managedstate:string",
         kind="cluster")
def update_cluster(call):
    cluster = call.row("id")
    for name, member in (("clustername", "name"), ("allocationstate", "allocationstate"),
                         ("managedstate", "managedstate")):
        if call.given.get(name):
            cluster[member] = call.given[name]
    return {"cluster": call.render("cluster", cluster)}


def _account(call):
    given, accounts = call.given, call.estate["account"]
    row = call.row("id") or accounts.first(name=given.get("account"), domainid=given.get("domainid"))
    if row is None:
        raise invalid(f"Unable to find account by name {given.get('account')} in domain with specified id")
    return row


@command("disableAccount", "id:account account:string domainid:domain lock!:boolean", role="domain", is_async=True,
         kind="account", cmd="org.apache.cloudstack.api.command.admin.account.DisableAccountCmd")
def disable_account(call):
    account = _account(call)

    def commit(_):
        account["state"] = "locked" if is_true(call.given["lock"]) else "disabled"
        return {"account": call.render("account", account)}
    return Work(commit)


@command("enableAccount", "id:account account:string domainid:domain", role="domain", kind="account")
def enable_account(call):
    account = _account(call)
    account["state"] = "enabled"
    return {"account": call.render("account", account)}


@command("addGuestOsMapping", "hypervisor!:string hypervisorversion!:string osnameforhypervisor!:string "
         "ostypeid:ostype osdisplayname:string", is_async=True, kind="guestosmapping",
         cmd="org.apache.cloudstack.api.command.admin.guest.AddGuestOsMappingCmd")
def add_guest_os_mapping(call):
    given = call.given
    ostype = call.row("ostypeid") or call.estate["ostype"].first(description=given.get("osdisplayname"))
    if ostype is None:
        raise invalid("Unable to find the guest OS by name or UUID")
    row = call.estate["guestosmapping"].add({
        "hypervisor": given["hypervisor"], "hypervisorversion": given["hypervisorversion"],
        "ostypeid": ostype["id"], "osdisplayname": ostype["description"],
        "osnameforhypervisor": given["osnameforhypervisor"], "isuserdefined": "true"})
    call.submit_extra = {"id": row["id"]}
    return Work(lambda _: {"guestosmapping": call.render("guestosmapping", row)}, instance_id=row["id"])


def _find_user(estate, user_id):
    users = (user for account in estate["account"] for user in account.get("user", []))
    user = next((user for user in users if user["id"] == user_id), None)
    if user is None:
        raise invalid(f"unable to find user for id {user_id}")
    return user


@command("registerUserKeys", "id!:string name:string", role="user", is_async=True,
         cmd="org.apache.cloudstack.api.command.admin.user.RegisterUserKeysCmd")
def register_user_keys(call):
    """A user can have several pairs. On 4.20.x the call answers at once."""
    user = _find_user(call.estate, call.given["id"])

    def commit(_):
        pair = {"apikey": secrets.token_urlsafe(64), "secretkey": secrets.token_urlsafe(64)}
        call.estate.keys.append(dict(pair, userid=user["id"]))
        return {"userkeys": pair}
    return Work(commit)
