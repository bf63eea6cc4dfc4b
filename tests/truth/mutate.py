# SPDX-License-Identifier: Apache-2.0
"""Changes of the estate of the recordings, drawn by a seeded generator: (verb, request) for the stand-in."""


def _change(row, **members):
    return "change", {"name": row["name"], "host": row.get("hostname"), "set": members}


def limits(document, random, names=("alice", "dom-a")):
    """Few of one resource for an account or its domain, and all networks for that account."""
    account = next(row for row in document["account"] if row["name"] == names[0])
    domain = next(row for row in document["domain"] if row["name"] == names[1])
    few = {"user_vm": (1, 6), "cpu": (6, 20), "memory": (3000, 20000), "volume": (1, 6), "primary_storage": (20, 90)}
    rows = []
    for resource, between in few.items():
        limited = random.random() < 0.5
        rows.append({"owner": account["id"], "resource": resource, "max": random.randint(*between) if limited else -1})
        rows.append({"owner": domain["id"], "resource": resource,
                     "max": random.randint(*between) if random.random() < 0.2 else -1})
    owned = {"account": account["name"], "domainid": account["domainid"], "_owner": account["id"], "projectid": None}
    return [("add", {"kind": "_limit", "row": row}) for row in rows] + [
        ("patch", {"kind": "network", "id": row["id"], "set": owned}) for row in document["network"]
        if row.get("acltype") == "Account"]


def crowd(document, random):
    """Few MACs and few addresses for many VMs, on networks that take one and on some that do not."""
    found = []
    for row in document["instances"]:
        nics_of = [dict(nic, vlanid=random.choice((200, 200, 211, 101)), adaptertype="Vmxnet3",
                        macaddress=f"00:50:56:ee:00:{random.randrange(12):02x}",
                        ipaddresses=[f"192.168.{random.choice((200, 211))}.{random.randrange(130, 142)}"])
                   for nic in row.get("nic", [])[:1] * random.choice((1, 1, 2)) if "isolatedpvlan" not in nic]
        for number, nic in enumerate(nics_of):
            nic["id"] = f"Network adapter {number + 1}" if "esx" in row["hostname"] else str(number)
            if "esx" not in row["hostname"]:
                nic.pop("ipaddresses")  # KVM's agents tell none
        found.append(_change(row, nic=nics_of))
    return found
