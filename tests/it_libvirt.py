#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The libvirt source against estates of libvirt's test driver."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/peers/kvm")
from kvmhost import Tap  # noqa: E402

BUILD = f"{os.path.dirname(HERE)}/{os.environ.get('B', 'build')}"
LISTER = f"{BUILD}/tests/test_source_libvirt"
ESTATES = f"test://{HERE}/estates"
INVALID = 103  # exit status of the lister: 100 + IngestErrorCode
FOLDER = tempfile.mkdtemp(prefix="vmi.")
LISTED = {}


def lister(*config):
    done = subprocess.run([LISTER, "list", *config], capture_output=True, text=True, timeout=120)
    return done.returncode, json.loads(done.stdout)["records"], done.stderr.strip()


def of_kind(records, kind):
    return [record[kind] for record in records if kind in record]


def list_two():
    status, records, error = lister(f"uri={ESTATES}/libvirt-small.xml,"
                                    f"{ESTATES}/libvirt-second.xml")
    LISTED["records"] = records
    LISTED["views"] = {view["name"]: view for view in of_kind(records, "instance")}
    names = {"web01", "db01", "i-2-33-VM", "saved01", 'mail <01> "Größe"'}
    return (status or set(LISTED["views"]) != names) and f"{error} {sorted(LISTED['views'])}"


def compare(facts):
    return "\n".join(f"fact {i}: {got!r}, not {want!r}"
                     for i, (got, want) in enumerate(facts) if got != want)


def facts_of_web01():
    view = LISTED["views"]["web01"]
    disk = view["disks"][0]
    return compare([
        (view["id"], "cccccccc-0000-4000-8000-000000000001"), (view["power"], "on"),
        (view["cpus"], 4), (view["memory_bytes"], 4 << 30), (view["annotation"], "front end"),
        (view["attributes"], [{"key": "title", "value": "Web server"}]),
        (view["hidden_because"], []), (disk["capacity_bytes"], 20 << 30),
        (disk["allocated_bytes"], 5 << 30), (disk["datastore_name"], "primary-nfs"),
        (disk["datastore_host"], "nfs.example.org"), (disk["datastore_path"], "/export/primary"),
        (disk["datastore_type"], "NFS"), (disk["controller"], "virtio"), (disk["id"], "0"),
        ([n["id"] for n in view["nics"]], ["0", "1"]),
        ([(n["vlan"]["id"], n["vlan"]["is_certain"]) for n in view["nics"]],
         [(100, True), (101, True)]),
        ([n["network"] for n in view["nics"]], ["breth0-100", "office/red"])])


def facts_of_db01():
    view = LISTED["views"]["db01"]
    return compare([
        (view["power"], "off"), (view["cpus"], 2),
        ([d["path"] for d in view["disks"]],
         ["/var/lib/libvirt/images/db01.qcow2", "vms/db01-data"]),
        (view["disks"][0]["capacity_bytes"], 40 << 30), ("capacity_bytes" in view["disks"][1], False),
        ([p["id"] for p in view["problems"]], ["disk-unlisted", "disk-size-unread"]),
        ([n["vlan"]["kind"] for n in view["nics"]], ["trunk", "private", "none"]),
        (view["nics"][0]["vlan"]["ranges"], [{"start": 10, "end": 12}]),
        (view["nics"][0]["vlan"]["id"], 12), (view["nics"][2]["vlan"]["is_certain"], False),
        (view["hidden_because"][0], "it is not running")])


def states():
    views = LISTED["views"]
    return compare([
        (views["i-2-33-VM"]["power"], "suspended"), (views["i-2-33-VM"]["is_persistent"], False),
        (views["i-2-33-VM"]["managed_by"], "cloudstack (weak)"),
        (views["saved01"]["power"], "suspended"),
        ([p["id"] for p in views["saved01"]["problems"]], ["managed-save"]),
        (views["web01"]["managed_by"], None)])


def defined_twice():
    problems = of_kind(LISTED["records"], "problem")
    return compare([
        ([p["id"] for p in problems], ["defined-twice"]),
        (LISTED["views"]["web01"]["host"].endswith("libvirt-small.xml"), True)])


def references_hold():
    """Each id that a record names is a record, and came before it."""
    seen, wrong = set(), []
    for record in LISTED["records"]:
        (kind, value), = record.items()
        names = [value.get("host")] if kind in ("instance", "switch") else []
        names += [value.get("switch_id")] if kind == "portgroup" else []
        for nic in value.get("nics", []):
            names += [nic["portgroup"], nic["switch_id"]]
        names += [disk.get("datastore") for disk in value.get("disks", [])]
        wrong += [f"{kind} {value.get('name')}: {n}" for n in names if n and n not in seen]
        seen.add(value.get("id"))
    return "\n".join(wrong)


def write(name, text):
    path = f"{FOLDER}/{name}"
    with open(path, "w") as file:
        file.write(text)
    return f"test://{path}"


def broken_files():
    wrong = []
    for name, text, why in (("empty.xml", "", "empty.xml"), ("list.xml", "<list/>", "node"),
                            ("cut.xml", "<node><domain type='test'><name>x", "cut.xml"),
                            ("bad.xml", "<node><domain type='test'><name>x</name></domain></node>",
                             "os <type>"),
                            ("odd.xml", "<node><domain type='test'><name>x</name><memory>1</memory>"
                             "<os><type>hvm</type></os><devices><watchdog model='odd'/></devices>"
                             "</domain></node>", "check the file")):
        status, records, error = lister(f"uri={write(name, text)}")
        if status != INVALID or why not in error or of_kind(records, "end")[0]["is_complete"]:
            wrong.append(f"{name}: {status} {error}")
    return "\n".join(wrong)


def huge_xml():
    """A domain of more than 4 MiB is an entry of its own, and the others are read."""
    one = ("<domain type='test'><name>{}</name><memory>1024</memory><vcpu>1</vcpu><description>{}"
           "</description><os><type>hvm</type></os><devices/></domain>")
    uri = write("huge.xml", "<node>" + one.format("huge", "x" * (5 << 20)) +
                one.format("small", "") + "</node>")
    status, records, error = lister(f"uri={uri}")
    views = {view["name"]: view for view in of_kind(records, "instance")}
    if status or set(views) != {"huge", "small"}:
        return f"{status} {error} {sorted(views)}"
    return compare([([p["id"] for p in views["huge"]["problems"]], ["config-unread"]),
                    (views["small"]["problems"], []), ("cpus" in views["huge"], False)])


def thousand():
    one = ("<domain type='test'><name>vm-{0:04d}</name><memory>1024</memory><vcpu>1</vcpu>"
           "<os><type>hvm</type></os><devices><interface type='bridge'><mac "
           "address='52:54:00:00:{1:02x}:{2:02x}'/><source bridge='br0'/></interface></devices>"
           "</domain>")
    uri = write("thousand.xml", "<node>" + "".join(
        one.format(i, i >> 8, i & 255) for i in range(1000)) + "</node>")
    status, records, error = lister(f"uri={uri}")
    names = [view["name"] for view in of_kind(records, "instance")]
    return (status or names != [f"vm-{i:04d}" for i in range(1000)]) and f"{error} {len(names)}"


def same_twice():
    """Two readings of an estate differ in times only."""
    def stable():
        _, records, _ = lister(f"uri={ESTATES}/libvirt-small.xml")
        return [record for record in records if "source" not in record and "end" not in record]
    first, second = stable(), stable()
    return first != second and "they differ"


def main():
    if not os.path.exists(LISTER):
        print(f"1..0 # skip {LISTER} is not built")
        return 0
    tap = Tap()
    try:
        tap.case("two hosts in one source", list_two)
        tap.case("a running domain: sizes, NFS export, VLANs", facts_of_web01)
        tap.case("a stopped domain: volume, RBD, trunk, NAT, plain bridge", facts_of_db01)
        tap.case("paused, transient, saved and CloudStack's own are told", states)
        tap.case("a definition left behind by a migration is no second instance", defined_twice)
        tap.case("all references hold, and come after what they name", references_hold)
        tap.case("broken files are named", broken_files)
        tap.case("a domain whose XML is too large does not hide the others", huge_xml)
        tap.case("a thousand domains in order", thousand)
        tap.case("two readings give the same records", same_twice)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
