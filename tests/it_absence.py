#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What CloudStack manages already, and why it does not list the rest (TAP), against the stand-in."""
import csv
import io
import json
import os
import subprocess
import sys
import tempfile
import traceback

TESTS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, TESTS)
from truth.judge import PROGRAM, Lab, call_of  # noqa: E402

LAB = os.path.join(TESTS, "estates", "lab.json")
CASES = []


def case(name):
    def declare(test):
        CASES.append((name, test))
        return test
    return declare


def item_of(plan, name):
    found = [each for each in plan["items"] if each["instance"]["name"] == name]
    assert found, f"no item {name}"
    return found[0]


def ids(item):
    return {each["id"] for each in item["findings"]}


def ready_on(plan, hypervisor):
    for each in plan["items"]:
        is_kvm = each["choice"].get("templateid") is not None
        if each["verdict"] == "ready" and is_kvm == (hypervisor == "KVM") and each["instance"]["power"] == "on":
            return each
    raise AssertionError(f"nothing of {hypervisor} is ready")


def lose(lab, hypervisor):
    """Imports a VM, then powers it off outside CloudStack; its name and its item."""
    lab.reset()
    lab.run("discover", "--out", lab.path("inventory"), expected=(0,))
    lab.run("catalog", "--out", lab.path("catalog"), expected=(0,))
    item = ready_on(lab.plan_saved(), hypervisor)
    assert lab.submit(call_of(item)) is None
    name = item["instance"]["name"]
    lab.peer.control("power", name=name, state="PowerOff")
    return name, item


def look_again(lab):
    lab.run("discover", "--out", lab.path("inventory"), expected=(0,))
    lab.run("catalog", "--out", lab.path("catalog"), expected=(0,))
    return lab.plan_saved()


def is_blocked_as_managed(item, by):
    found = [each for each in item["findings"] if each["id"] == "managed-listed-again"]
    assert item["verdict"] == "blocked" and found, (item["verdict"], ids(item))
    assert by in found[0]["evidence"], found[0]["evidence"]
    return found[0]


def after_power_off(lab, hypervisor):
    name, item = lose(lab, hypervisor)
    found = is_blocked_as_managed(item_of(look_again(lab), name), "the path of a disk")
    assert "state Stopped" in found["evidence"] and "account 'admin'" in found["evidence"], found
    forced = dict(item, choice=dict(item["choice"], hostname="another", forced=True))
    del forced["facts"]
    plan = lab.check({"apiVersion": "vm-ingest/v1", "kind": "Plan", "items": [forced]})
    is_blocked_as_managed(plan["items"][0], "the path of a disk")
    assert lab.submit(call_of(plan["items"][0])) is None, "the server takes it, which is the trap"


@case("a managed VMware VM that was powered off outside is never ready, nor with 'forced'")
def _(lab):
    after_power_off(lab, "VMware")


@case("a managed KVM VM that was powered off outside is never ready, nor with 'forced'")
def _(lab):
    after_power_off(lab, "KVM")


@case("neither another name nor a snapshot hides it")
def _(lab):
    name, item = lose(lab, "VMware")
    listed = json.loads(lab.run("discover", expected=(0,)))
    view = [each["instance"] for each in listed["records"] if each.get("instance", {}).get("name") == name][0]
    disks = [{"id": disk["id"], "label": disk["label"], "capacity": disk["capacity_bytes"],
              "imagepath": disk["path"].replace(".vmdk", "-000001.vmdk"), "controller": disk["controller"],
              "controllerunit": disk["controller_unit"], "position": disk["position"],
              "datastorename": disk["datastore_name"]} for disk in view["disks"]]
    lab.peer.control("change", name=name, set={"name": "renamed", "disk": disks})
    is_blocked_as_managed(item_of(look_again(lab), "renamed"), "-000001.vmdk")


def as_vcenter(inventory):
    """What CloudStack's list told, as if a vCenter had told it."""
    kept = []
    for record in inventory["records"]:
        (kind, body), = record.items()
        body = dict(body, source="vc")
        if kind == "source":
            body = {"name": "vc", "kind": "vsphere"}
        elif kind == "instance":
            body.pop("hypervisor", None)
            body.pop("hypervisor_version", None)
        elif kind == "problem":
            continue
        kept.append({kind: body})
    return kept


def only_vmware(inventory):
    clusters = {each["cluster"]["id"] for each in inventory["records"]
                if each.get("cluster", {}).get("hypervisor") == "VMware"}
    def belongs(record):
        (_, body), = record.items()
        return body.get("cluster", body.get("id")) in clusters or "cluster" not in body and "hypervisor" not in body
    return dict(inventory, records=[each for each in inventory["records"] if belongs(each)])


@case("the VMs of a host that does not answer are explained, and those of the others are listed")
def _(lab):
    lab.reset()
    whole = only_vmware(json.loads(lab.run("discover", expected=(0,))))
    hosts = [each["instance"]["host_name"] for each in whole["records"] if "instance" in each]
    host = max(set(hosts), key=hosts.count)
    lab.peer.control("fault", **{"drop-host": host})
    partly = json.loads(lab.run("discover", expected=(0,)))
    lab.run("catalog", "--out", lab.path("catalog"), expected=(0,))
    lab.peer.control("fault", **{"drop-host": None})
    with open(lab.path("inventory"), "w", encoding="utf-8") as file:
        json.dump(dict(partly, records=as_vcenter(whole) + partly["records"]), file)
    told = json.loads(lab.run("explain-absence", "-o", "json", "--inventory", lab.path("inventory"), "--catalog",
                              lab.path("catalog"), expected=(3,)))["absent"]
    missing = {each["name"] for each in told if each["side"] == "not-listed"}
    of_host = {each["instance"]["name"] for each in whole["records"]
               if each.get("instance", {}).get("host_name") == host}
    assert missing and missing <= of_host, (missing, of_host)
    reasons = {each["reason"] for each in told if each["side"] == "not-listed"}
    assert "host-silent" in reasons and reasons <= {"host-silent", "duplicate-name", "managed"}, reasons
    assert all(each["evidence"] and each["remedy"] for each in told)


@case("time is counted from what the server took, and saved inputs keep it")
def _(lab):
    lab.reset()
    lab.peer.control("fault", **{"slow": "0.2", "only": "listUnmanagedInstances"})
    lab.run("discover", "--out", lab.path("inventory"), expected=(0,))
    lab.peer.control("fault", **{"slow": None, "only": None})
    lab.run("catalog", "--out", lab.path("catalog"), expected=(0,))
    with open(lab.path("inventory"), encoding="utf-8") as file:
        end, = [each["end"] for each in json.load(file)["records"] if "end" in each]
    assert end["calls"] and all(call["elapsed_ms"] >= 200 and call["hosts"] > 0 for call in end["calls"]), end
    rows = lab.plan_saved()["time"]
    measured = {call["name"]: call for call in end["calls"]}
    lists = [row for row in rows if row["kind"] == "list"]
    assert {row["about"] for row in lists} == set(measured)
    assert all(row["total_ms"] == measured[row["about"]]["elapsed_ms"] for row in lists), rows
    imports = [row for row in rows if row["kind"] == "import"]
    assert imports and all(row["total_ms"] == row["count"] * row["each_ms"] <= row["most_ms"] for row in imports)
    assert rows[-1]["kind"] == "total" and rows[-1]["most_ms"] == sum(row["most_ms"] for row in rows[:-1])


def explain(*arguments, expected):
    done = subprocess.run([PROGRAM, "explain-absence", *arguments], check=False, capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == expected, (done.returncode, done.stderr)
    return done


@case("explain-absence tells the same in every format, and of the VMs that are asked for alone")
def _(lab):
    folder = lab.path("demo")
    done = subprocess.run([PROGRAM, "dry-run", "--demo", "-d", folder], check=False, capture_output=True, timeout=120)
    assert done.returncode == 3, done.stderr
    saved = ("-i", os.path.join(folder, "inventory.json"), "-C", os.path.join(folder, "catalog.json"))
    document = json.loads(explain(*saved, "-o", "json", expected=3).stdout)
    rows = list(csv.DictReader(io.StringIO(explain(*saved, "-o", "csv", expected=3).stdout)))
    with open(os.path.join(folder, "absent.csv"), newline="", encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == rows
    assert document["kind"] == "Absences" and len(document["absent"]) == len(rows)
    for told, row in zip(document["absent"], rows):
        assert all((told.get(key) or "") == value for key, value in row.items() if value[:1] != "'"), (told, row)
    with open(os.path.join(folder, "report.json"), encoding="utf-8") as file:
        assert json.load(file)["absent"] == document["absent"]
    text = explain(*saved, "web", expected=3).stdout
    assert "govc object.rename" in text and "By exclusion" in text and "probable" in text, text
    assert "CloudStack lists it." in explain(*saved, "web-01", expected=0).stdout
    assert len(json.loads(explain(*saved, "lab-*", "-o", "json", expected=3).stdout)["absent"]) == 2
    assert "has a VM of this name" in explain(*saved, "no-such-vm", expected=1).stderr


def main():
    print(f"1..{len(CASES)}")
    failed = 0
    for number, (name, test) in enumerate(CASES, 1):
        try:
            with tempfile.TemporaryDirectory() as folder, Lab(LAB, folder) as lab:
                test(lab)
            print(f"ok {number} - {name}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()), end="")
            print(f"not ok {number} - {name}", flush=True)
    sys.exit(failed != 0)


main()
