# SPDX-License-Identifier: Apache-2.0
"""Resource counts and limits of accounts, projects and domains.

Limits set by an operator are rows of the table 'resourcelimit' (owner kind, owner
id, resource name, max); -1 is unlimited. Counts are taken from the tables.
"""
from .errors import failure

OWNER_KINDS = ("account", "project", "domain")

# reply prefix -> (resource name, number, limit of an account if nobody set one)
RESOURCES = {
    "vm": ("user_vm", 0, 20), "ip": ("public_ip", 1, 20), "volume": ("volume", 2, 20),
    "snapshot": ("snapshot", 3, 20), "template": ("template", 4, 20), "project": ("project", 5, 10),
    "network": ("network", 6, 20), "vpc": ("vpc", 7, 20), "cpu": ("cpu", 8, 40),
    "memory": ("memory", 9, 40960), "primarystorage": ("primary_storage", 10, 200),
    "secondarystorage": ("secondary_storage", 11, 400), "backup": ("backup", 12, 20),
    "backupstorage": ("backup_storage", 13, 400), "bucket": ("bucket", 14, 20),
    "objectstorage": ("object_storage", 15, 400), "gpu": ("gpu", 16, 20),
}
BY_NAME = {name: (prefix, number, default) for prefix, (name, number, default) in RESOURCES.items()}
BY_NUMBER = {str(number): name for name, number, _ in RESOURCES.values()}
OLD_LAST_NUMBER = 11
GIB = 1 << 30


def maximum(estate, kind, owner, resource, tag=None):
    """A tag has no limit until somebody sets one."""
    row = estate["_limit"].first(owner=owner["id"], resource=resource, tag=tag)
    if row:
        return row["max"]
    if tag:
        return -1
    if kind == "domain":
        return -1 if owner.get("level", 0) == 0 or resource not in ("bucket", "object_storage") \
            else BY_NAME[resource][2]
    if kind == "account" and owner.get("accounttype") == 1:
        return -1
    return BY_NAME[resource][2]


def set_maximum(estate, owner, resource, value):
    row = estate["_limit"].first(owner=owner["id"], resource=resource, tag=None)
    if row:
        row["max"] = value
    else:
        estate["_limit"].add({"owner": owner["id"], "resource": resource, "max": value})


def _groups(estate, kind, table):
    """The rows of a table by owner; made once a call."""
    key = (kind, table)
    if key not in estate.scratch:
        groups = estate.scratch[key] = {}
        for row in estate[table]:
            for owner in _owners_of(estate, kind, row):
                groups.setdefault(owner, []).append(row)
    return estate.scratch[key]


def _owners_of(estate, kind, row):
    if kind == "domain":
        return [domain["id"] for domain in estate.domain_chain(row.get("domainid"))]
    if kind == "project":
        return [row.get("projectid")]
    return [] if row.get("projectid") else [row.get("_owner")]


def _owned(estate, kind, owner, table):
    return _groups(estate, kind, table).get(owner["id"], [])


# resource -> (tables whose rows count, the member that is added up; None: the rows themselves). What stayed counted of
# VMs that are no longer managed is in '_leftcount', see instances.forget().
COUNTED = {
    "user_vm": (("virtualmachine",), None), "cpu": (("virtualmachine", "_leftcount"), "cpunumber"),
    "memory": (("virtualmachine", "_leftcount"), "memory"), "volume": (("volume",), None),
    "primary_storage": (("volume",), "size"), "network": (("network",), None), "project": (("project",), None)}


def count(estate, kind, owner, resource, tag=None):
    tables, member = COUNTED.get(resource, ((), None))
    if not tag:
        return sum(_sums(estate, kind, table).get((owner["id"], member), 0) for table in tables)
    rows = [row for table in tables for row in _owned(estate, kind, owner, table) if _has_tag(estate, table, row, tag)]
    return sum((row.get(member) or 0) if member else 1 for row in rows)


def _sums(estate, kind, table):
    """{(owner, member): sum} of a table, with what was added since the last time."""
    rows = estate[table]
    tally = estate.tallies.get((kind, table))
    if tally is None or tally["of"] is not rows.rows:
        tally = estate.tallies[kind, table] = {"of": rows.rows, "seen": 0, "sums": {}}
    for row in rows.rows[tally["seen"]:]:
        for owner in () if row.get("_removed") else _owners_of(estate, kind, row):
            for member in (None, *TALLIED.get(table, ())):
                amount = (row.get(member) or 0) if member else 1
                tally["sums"][owner, member] = tally["sums"].get((owner, member), 0) + amount
    tally["seen"] = len(rows.rows)
    return tally["sums"]


TALLIED = {table: [member for tables, member in COUNTED.values() if member and table in tables]
           for table in ("virtualmachine", "_leftcount", "volume")}


def _has_tag(estate, table, row, tag):
    """A VM by the host tags of its offering or template, a volume by the storage tags of its offering."""
    service = estate["serviceoffering"]
    if table == "_leftcount":
        return False
    if table == "virtualmachine":
        template = estate["template"].get(row.get("templateid")) or {}
        offering = service.get(row.get("serviceofferingid")) or {}
        return tag in (offering.get("hosttags") or "").split(",") or tag == template.get("templatetag")
    offering = estate["diskoffering"].get(row.get("diskofferingid"))
    if offering:
        return tag in (offering.get("tags") or "").split(",")
    compute = service.first(_n=int(row.get("serviceofferingid") or 0)) or {}
    return tag in (compute.get("storagetags") or "").split(",")


def _split(name):
    for suffix in ("limit", "total", "available"):
        prefix = name[:-len(suffix)]
        if name.endswith(suffix) and prefix in RESOURCES:
            return prefix, suffix
    return None, None


def _states(estate, kind, owner, state):
    return sum(vm.get("state") == state for vm in _owned(estate, kind, owner, "virtualmachine"))


def reply_field(estate, kind, row, name):
    """vmlimit, vmtotal, vmavailable and so on: limits are text, totals numbers."""
    if name in ("vmrunning", "vmstopped"):
        return _states(estate, kind, row, name[2:].capitalize())
    prefix, part = _split(name)
    if not prefix:
        return None
    resource = RESOURCES[prefix][0]
    most, used = maximum(estate, kind, row, resource), count(estate, kind, row, resource)
    if resource == "primary_storage":
        used //= GIB
    if resource == "secondary_storage":
        used = float(used)
    if part == "total":
        return used
    unlimited = {"limit": "Unlimited", "available": "Unlimited"}
    return unlimited[part] if most < 0 else str(most if part == "limit" else most - used)


def _shown(resource, amount):
    if resource != "primary_storage":
        return str(amount)
    human = "0 bytes" if amount == 0 else "%.2f GB" % (amount / GIB)
    return f"({human}) {amount}"


def _most(estate, kind, owner, resource, tag=None):
    most = maximum(estate, kind, owner, resource, tag)
    return most * GIB if most > 0 and resource == "primary_storage" else most


def _account_text(estate, kind, owner, resource, tag, amounts):
    label = "Project" if kind == "project" else "Account"
    domain = estate["domain"].get(owner["domainid"])
    shown = [_shown(resource, value) for value in amounts]
    tagged = f", tag = '{tag or 'null'}'" if estate.release.limit_text == "b" else ""
    return (f"Maximum amount of resources of Type = '{resource}'{tagged} for {label} Name = "
            f"{owner['name']} in Domain Id = {domain['_n']} is exceeded: Account Resource Limit = {shown[0]}, "
            f"Current Account Resource Amount = {shown[1]}, Current Account Resource Reservation = {shown[2]}, "
            f"Requested Resource Amount = {shown[3]}.")


def _domain_text(domain, resource, amounts):
    shown = [_shown(resource, value) for value in amounts]
    return (f"Maximum domain resource limits of Type '{resource}' for Domain Id = {domain['id']} is exceeded: "
            f"Domain Resource Limit = {shown[0]}, Current Domain Resource Amount = {shown[1]}, "
            f"Current Resource Reservation = {shown[2]}, Requested Resource Amount = {shown[3]}.")


def excess(estate, owner, resource, amount, held, tag=None):
    """Why the owner may not have that much more, or None. Root admins have no limit."""
    kind, row = owner.kind, owner.row
    if owner.is_root_admin:
        return None
    most, used = _most(estate, kind, row, resource, tag), count(estate, kind, row, resource, tag)
    if 0 <= most < used + held + amount:
        return _account_text(estate, kind, row, resource, tag, (most, used, held, amount))
    for domain in estate.domain_chain(row["domainid"]):
        most, used = _most(estate, "domain", domain, resource, tag), count(estate, "domain", domain, resource, tag)
        if 0 <= most < used + held + amount:
            return _domain_text(domain, resource, (most, used, held, amount))
    return None


def require_one(estate, owner, resource, amount, prefix, held=0, tag=None):
    """530 with the given words in front if the owner would exceed a limit; @held is
    what the same job has reserved already."""
    reason = excess(estate, owner, resource, amount, held, tag)
    if reason:
        raise failure(f"{prefix}: {owner.account_id}. {reason}" if prefix else reason)


def require(estate, owner, resource, amount, prefix=None, tags=()):
    """The limit, then those of the tags."""
    for tag in (None, *tags):
        require_one(estate, owner, resource, amount, prefix, 0, tag)


def _named(estate, setting, words):
    names = [each.strip() for each in estate.setting(setting).split(",") if each.strip()]
    return [name for name in names if name in words]


def storage_tags(estate, tags):
    """Those of an offering's tags that have limits of their own."""
    words = (tags or "").split(",")
    return _named(estate, "resource.limit.storage.tags", words) if estate.release.limit_storage_tags else []


def host_tags(estate, offering, template):
    words = (offering.get("hosttags") or "").split(",") + [(template or {}).get("templatetag")]
    return _named(estate, "resource.limit.host.tags", words) if estate.release.limit_host_tags else []
