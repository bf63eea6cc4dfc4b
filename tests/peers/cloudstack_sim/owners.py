# SPDX-License-Identifier: Apache-2.0
"""For whom a call makes something: an account or a project, and what that one may use."""
from .errors import failure, forbidden, invalid
from .estate import as_text
from .lists import is_offered_to
from .params import is_true


class Owner:
    """An account row or a project row with what both have."""

    def __init__(self, estate, kind, row):
        self.estate, self.kind, self.row = estate, kind, row

    @property
    def domain_id(self):
        return self.row["domainid"]

    @property
    def account_id(self):
        """A project has an account of its own, which no list shows."""
        return self.row["id"] if self.kind == "account" else self.row.get("_accountid", self.row["id"])

    @property
    def is_root_admin(self):
        return self.kind == "account" and self.row.get("accounttype") == 1

    def text(self):
        name = self.row["name"] if self.kind == "account" else self.row["projectaccountname"]
        return as_text("account", {"name": name, "_n": self.row["_n"], "id": self.account_id})

    def members(self):
        """What rows that belong to this owner say of it."""
        members = {"domainid": self.domain_id, "_owner": self.account_id}
        member = {"account": "name"} if self.kind == "account" else {"projectid": "id"}
        members.update({name: self.row[source] for name, source in member.items()})
        return members


def _account_owner(estate, given):
    if not given.get("domainid"):
        raise invalid("Account must be specified with domainId parameter")
    account = estate["account"].first(name=given["account"], domainid=given["domainid"])
    if account is None:
        raise invalid(f"Unable to find account by name {given['account']} in domain with specified id")
    state = account.get("state", "enabled")
    if state != "enabled":
        raise forbidden(f"Can't add resources to the account {as_text('account', account)} in state={state} "
                        "as it's no longer active")
    return Owner(estate, "account", account)


def project_of(estate, given):
    """'-1' (all projects) is for lists only."""
    project = estate["project"].get(given["projectid"])
    if project is None:
        raise invalid("Unable to find project by id")
    return project


def _active(project):
    state = project.get("state", "Active")
    if state != "Active":
        raise forbidden(f"Can't add resources to the project with specified projectId in state={state} as it's no "
                        "longer active")
    return project


def owner_of_call(call):
    """account wins over projectid; without both the caller."""
    given, estate = call.given, call.estate
    if given.get("account"):
        return _account_owner(estate, given)
    if given.get("projectid"):
        return Owner(estate, "project", _active(project_of(estate, given)))
    return Owner(estate, "account", call.caller.account)


def require_offering(estate, owner, kind, offering, zone_id):
    """Root admins may use any domain's; a limit to zones binds everyone."""
    zones = [each for each in (offering.get("zoneid") or "").split(",") if each]
    is_domains = owner.is_root_admin or is_offered_to(estate, offering, owner.domain_id)
    if not is_domains or (zones and zone_id not in zones):
        raise failure(f"There's no way to confirm {owner.text()} has access to {as_text(kind, offering)}")


def _is_permitted(estate, network, owner):
    if network.get("projectid"):
        return owner.kind == "project" and network["projectid"] == owner.row["id"]
    same = owner.kind == "account" and (network.get("account"), network["domainid"]) == (
        owner.row["name"], owner.domain_id)
    shared = estate["networkpermission"].first(networkid=network["id"], accountid=owner.account_id)
    return same or shared is not None


def require_network(estate, owner, network):
    """The right is the owner's: that the caller is root admin does not help."""
    if owner.is_root_admin and is_true(estate.setting("admin.is.allowed.to.deploy.anywhere")):
        return
    if network.get("acltype", "Account") == "Domain":
        within = network["domainid"] == owner.domain_id or (
            network.get("subdomainaccess") and estate.is_within(owner.domain_id, network["domainid"]))
        if not within:
            domain = estate["domain"].get(owner.domain_id)
            raise failure(f"Shared network id={network['id']} is not available in domain id={domain['id']}")
        return
    if not _is_permitted(estate, network, owner):
        raise failure(f"Unable to use network with id= {network['id']}, permission denied")
