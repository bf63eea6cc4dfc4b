# SPDX-License-Identifier: Apache-2.0
"""One fact is changed: what is said of those whom it does not concern stays as it was."""
import random

from . import cases
from .batch import Batch
from .stand import Stand


def _size(batch, generator):
    row = generator.choice([row for row in batch.estate.document["instances"] if not _is_kvm(row)
                            and row["powerstate"] == "PowerOn" and row["cpunumber"] in (2, 4, 8)])
    row.update(cpunumber=row["cpunumber"] - 1)
    return {row["name"]}


def _vlan(batch, _):
    """Another VLAN for a network: who is on it, or is on the new one, is concerned."""
    network = batch.estate.role["network", "l2-more"]
    before, after = network["vlan"], str(batch.estate.new_vlan())
    network.update(vlan=after, broadcasturi=f"vlan://{after}")
    return {row["name"] for row in batch.estate.document["instances"]
            if any(str(nic.get("vlanid")) in (before, after) for nic in row["nic"]) or _is_kvm(row)}


def _is_kvm(row):
    """What KVM's agents tell no VLAN of may be on any network."""
    return "osid" not in row


def _pool(batch, _):
    """CloudStack has it under another path: who lies on it is concerned."""
    pool = batch.estate.role["storagepool", "vc1-gold"]
    before = pool["path"]
    pool["path"] = "/nowhere/at-all"
    return {row["name"] for row in batch.estate.document["instances"]
            if any(disk.get("datastorename") and before.endswith(disk["datastorename"]) for disk in row["disk"])}


def _host(batch, _):
    host = batch.estate.role["host", "vc2-1"]
    host["state"] = "Down"
    return {row["name"] for row in batch.estate.document["instances"] if row["hostname"] == host["name"]}


def _cluster(batch, _):
    cluster = batch.estate.role["cluster", "vc2"]
    cluster["allocationstate"] = "Disabled"
    hosts = {host["name"] for host in batch.estate.document["host"] if host["clusterid"] == cluster["id"]}
    return {row["name"] for row in batch.estate.document["instances"] if row["hostname"] in hosts}


def _mac(batch, generator):
    """A managed NIC takes the address of one instance."""
    row = generator.choice([row for row in batch.estate.document["instances"] if row["nic"]])
    batch.estate.role["nic", "managed-3"]["macaddress"] = row["nic"][0]["macaddress"]
    return {row["name"]}


# Of the others the list changes by itself.
STABLE = [target for target in cases.TARGETS if target.split("/")[0] not in ("host-goes-down", "taken-meanwhile")]
CHANGES = (_size, _vlan, _pool, _host, _cluster, _mac)


# What they tell is who else has addresses of the range, whoever that is.
OF_OTHERS = ("range-in-use", "range-use-untold")


def _said(plan):
    """By name: choice, verdict and findings, without what tells of others."""
    return {item["instance"]["name"]: (item["choice"], item["verdict"],
                                       [(each["id"], each["severity"], each.get("subject")) for each in item["findings"]
                                        if each["id"] not in OF_OTHERS])
            for item in plan["items"]}


def judge(folder, seed, releases):
    """Each change in one release; they are taken in turn."""
    with Stand(folder) as stand:
        for number, change in enumerate(CHANGES):
            release = releases[number * 5 % len(releases)]
            batch = Batch(stand, release, f"{seed} alone {number}", STABLE[::4], 40)
            batch.make_unique()
            before = _said(batch.prepare())
            concerned = change(batch, random.Random(f"{seed} {number}"))
            after = _said(batch.read())
            moved = {name for name in before if before[name] != after.get(name)}
            name = change.__name__.strip("_")
            assert moved <= concerned, f"{release}: {name} changed what is said of others too: " + "; ".join(
                f"{each}: {before[each]} became {after.get(each)}" for each in sorted(moved - concerned)[:3])
            assert moved, f"{release}: {name} changed nothing"
