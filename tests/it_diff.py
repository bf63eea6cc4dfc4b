#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What changed between two plans: each edit of a plan file is one row, and nothing else is."""
import copy
import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("1..0 # skip python3-jsonschema is not installed")
    sys.exit(0)

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / os.environ.get("B", "build")
PROGRAM = os.environ.get("VM_INGEST", str(BUILD / "vm-ingest"))
SCHEMA = json.loads((ROOT / "appliance/schema/diff.schema.json").read_text(encoding="utf-8"))
work = pathlib.Path(tempfile.mkdtemp(prefix="vmi-diff-"))
count = failed = 0


def case(name, problems):
    """One TAP result; problems is a list of texts, empty when all is well."""
    global count, failed
    count += 1
    print(f"{'not ok' if problems else 'ok'} {count} - {name}")
    for text in problems[:8]:
        print(f"#   {text}")
    failed += bool(problems)
    sys.stdout.flush()


def run(*args):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("GOVC_", "CLOUDSTACK_"))}
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=300,
                          env=environment | {"HOME": str(work)}, cwd=ROOT)


run("dry-run", "--demo", "--out-dir", work / "demo", "-q")
OLD = work / "demo/report.json"
old = json.loads(OLD.read_text(encoding="utf-8"))


def diff_files(before, after, *args):
    done = run("diff", before, after, *args)
    return done


def diff(new, before=OLD):
    path = work / "new.json"
    path.write_text(json.dumps(new), encoding="utf-8")
    done = run("diff", before, path, "-o", "json", "-q")
    document = json.loads(done.stdout) if done.stdout else None
    if document:
        jsonschema.validate(document, SCHEMA)
    return done, document


def rows(document):
    return [(r["change"], r.get("id"), r.get("about"), r.get("old"), r.get("new")) for r in document["changes"]]


def index_where(test):
    return next(n for n, item in enumerate(old["items"]) if test(item))


def expect(name, change, wanted, code=0):
    """@change edits a copy of the plan; @wanted are the rows, in any order."""
    new = copy.deepcopy(old)
    change(new["items"])
    done, document = diff(new)
    found = rows(document) if document else []
    problems = [f"missing {w}" for w in wanted if w not in found] + [f"unwanted {f}" for f in found if f not in wanted]
    if done.returncode != code:
        problems.append(f"exit code {done.returncode}, not {code}: {done.stderr}")
    case(name, problems)


ready = index_where(lambda i: i["verdict"] == "ready" and i["instance"].get("instance_uuid") and len(i["instance"]["nics"]) > 1
                    and len(i["instance"]["disks"]) > 1)
blocked = index_where(lambda i: i["verdict"] == "blocked" and i["instance"].get("instance_uuid"))
vm, bad = old["items"][ready]["instance"], old["items"][blocked]["instance"]
finding = old["items"][blocked]["findings"][0]
G = 1 << 30

done, document = diff(old)
case("a plan and itself: nothing", [] if done.returncode == 0 and document["changes"] == [] and
     document["summary"] == {"old": len(old["items"]), "new": len(old["items"])} else [done.stderr, str(document)])
shuffled = {**old, "items": old["items"][::-1]}
case("the order of the VMs is no change", [] if diff(shuffled)[1]["changes"] == [] else ["changes"])


def became_ready(items):
    items[blocked].update(verdict="ready", findings=[])


def about(f):
    return f["id"] + (f" ({f['subject']})" if f.get("subject") else "")


expect("a VM that became ready, and the reasons that went", became_ready,
       [("became-ready", bad["id"], "verdict", "blocked", "ready")] +
       [("finding-went", bad["id"], about(f), f["text"], None) for f in old["items"][blocked]["findings"] if f["severity"] != "info"])


def became_blocked(items):
    items[ready].update(verdict="blocked", findings=items[ready]["findings"] + [finding])


expect("a VM that became blocked, and the reason that came", became_blocked,
       [("became-blocked", vm["id"], "verdict", "ready", "blocked"),
        ("finding-came", vm["id"], about(finding), None, finding["text"])], 3)
expect("a VM that became unknown is worse, too", lambda items: items[ready].update(verdict="unknown"),
       [("became-unknown", vm["id"], "verdict", "ready", "unknown")], 3)


def instance(number, **members):
    return lambda items: items[number]["instance"].update(members)


expect("renamed", instance(ready, name="another"), [("renamed", vm["id"], "name", vm["name"], "another")])
expect("resized", instance(ready, cpus=vm["cpus"] + 1, memory_bytes=vm["memory_bytes"] + (512 << 20)),
       [("resized", vm["id"], "cpus", str(vm["cpus"]), str(vm["cpus"] + 1)),
        ("resized", vm["id"], "memory", f"{vm['memory_bytes'] >> 20} MiB", f"{(vm['memory_bytes'] >> 20) + 512} MiB")])
expect("moved", instance(ready, host="other-host", path=None),
       [("moved", vm["id"], "host", vm["host"], "other-host"), ("moved", vm["id"], "path", vm["path"], "none")])
expect("powered off", instance(ready, power="off"), [("power", vm["id"], "power", vm["power"], "off")])
expect("registered again under another id", instance(ready, id="vm-7777"),
       [("identity", "vm-7777", "id", vm["id"], "vm-7777")])


def nics(items):
    items[ready]["instance"]["nics"][0].update(vlan={"kind": "id", "id": 4001}, network="moved")
    del items[ready]["instance"]["nics"][1]


def disks(items):
    items[ready]["instance"]["disks"][0]["capacity_bytes"] += G
    items[ready]["instance"]["disks"][1].update(id="9-9", label="Hard disk 9", capacity_bytes=5 * G, path="[x] y")


first, second = vm["nics"][:2]
vlan_word = f"{first['vlan']['id']}"
expect("NICs that changed or went", nics,
       [("nic", vm["id"], f"nics[{first['id']}].network", first["network"], "moved"),
        ("nic", vm["id"], f"nics[{first['id']}].vlan", vlan_word, "4001"),
        ("nic-gone", vm["id"], f"nics[{second['id']}]", f"{second['mac']}, {second['network']}, VLAN {second['vlan']['id']}", None)])
first, second = vm["disks"][:2]
expect("disks that grew, came or went", disks,
       [("disk", vm["id"], f"disks[{first['id']}].capacity", f"{first['capacity_bytes'] // G} GiB", f"{first['capacity_bytes'] // G + 1} GiB"),
        ("disk-gone", vm["id"], f"disks[{second['id']}]", f"{second['label']}, {second['capacity_bytes'] // G} GiB, {second['path']}", None),
        ("disk-new", vm["id"], "disks[9-9]", None, "Hard disk 9, 5 GiB, [x] y")])


def choices(items):
    items[ready]["choice"].update(hostname="edited", forced=True)


expect("choices, by their columns", choices,
       [("choice", vm["id"], "hostname", old["items"][ready]["choice"]["hostname"], "edited"),
        ("choice", vm["id"], "forced", "no", "yes")])
expect("facts that the plan does not show", lambda items: items[ready].update(facts="0" * 64),
       [("facts", vm["id"], "facts", old["items"][ready]["facts"], "0" * 64)])

gone = index_where(lambda i: i["verdict"] == "ready")
new = copy.deepcopy(old)
removed = new["items"].pop(gone)
added = copy.deepcopy(removed)
added["instance"].update(id="vm-8888", name="brand-new", instance_uuid="00000000-0000-4000-8000-000000008888")
added["verdict"] = "blocked"
new["items"].append(added)
done, document = diff(new)
found = {(r["change"], r["name"], r.get("old"), r.get("new")) for r in document["changes"]}
case("a VM that is gone and one that is new and blocked", [] if done.returncode == 3 and found ==
     {("vm-gone", removed["instance"]["name"], "ready", None), ("vm-new", "brand-new", None, "blocked")} else [done.stderr, str(found)])

new = copy.deepcopy(old)
row = next(r for r in new["networks"] if r["match"] == "one" and r["vlan"]["kind"] == "id")
name = f"VLAN {row['vlan']['id']}"
before = row["networks"][0]
row.update(match="several", networks=row["networks"] + [{"id": "n-2", "name": "second"}])
dropped = next(r for r in new["networks"] if r["match"] == "missing" and r["vlan"]["kind"] == "id")
new["networks"].remove(dropped)
new["info"]["server_version"] = "4.99.0.0"
found = rows(diff(new)[1])
wanted = [("match", None, name, "one", "several"), ("network-new", None, name, None, "second (n-2)"),
          ("match", None, f"VLAN {dropped['vlan']['id']}", "missing", "not in use"),
          ("target", None, "server_version", old["info"]["server_version"], "4.99.0.0")]
case("networks, release", [f"{found}"] if sorted(map(str, found)) != sorted(map(str, wanted)) else [])

new = copy.deepcopy(old)
for item in new["items"]:
    for disk in item["instance"].get("disks") or []:
        disk["datastore"] = "everything-here" if disk.get("datastore") else None
uses = [r for r in rows(diff(new)[1]) if r[0] == "use"]
stores = {d["datastore"] for i in old["items"] for d in i["instance"].get("disks") or [] if d.get("datastore")}
case("datastores that came into use and went out of it",
     [] if {r[2] for r in uses} == {f"datastore '{s}'" for s in stores | {"everything-here"}} else [str(uses)])

# --- formats and files ----------------------------------------------------------------------------

new = copy.deepcopy(old)
choices(new["items"])
new["items"][ready]["choice"]["hostname"] = "=1+1"
(work / "new.json").write_text(json.dumps(new), encoding="utf-8")
done = run("diff", OLD, work / "new.json", "-o", "csv", "-q")
parsed = list(csv.DictReader(done.stdout.splitlines()))
case("CSV has the same rows, formulas defused", [] if [r["new"] for r in parsed] == ["'=1+1", "yes"] and
     list(parsed[0]) == ["change", "source", "id", "name", "about", "old", "new"] else [done.stdout])
done = run("diff", OLD, work / "new.json")
case("the table and the line that ends the run", [] if "choice" in done.stdout and "2 choice" in done.stderr else [done.stdout, done.stderr])
done = run("diff", OLD, work / "new.json", "-o", "yaml", "-q")
case("YAML has the same rows", [] if done.stdout.count("- change: choice") == 2 and "summary:" in done.stdout else [done.stdout])

inventory = (work / "demo/inventory.json").read_text(encoding="utf-8")
(work / "inventory.json").write_text(inventory.replace('"name":"web-01"', '"name":"web-one"'), encoding="utf-8")
done = run("diff", work / "demo/inventory.json", work / "inventory.json", "-o", "json", "-q")
found = rows(json.loads(done.stdout)) if done.stdout else []
case("two inventories", [] if ("renamed", "vm-101", "name", "web-01", "web-one") in found and
     {r[0] for r in found} == {"renamed"} else [done.stderr, str(found)])
for name, files, text in [
    ("an inventory and a plan", (work / "inventory.json", OLD), "give two plans, or two inventories"),
    ("a file that is not there", (OLD, work / "none.json"), "none.json"),
    ("a truncated plan", (OLD, work / "cut.json"), "truncated"),
    ("a pipe", (OLD, "/dev/stdin"), "no plain file"),
    ("something else", (OLD, work / "other.json"), "other.json"),
]:
    (work / "cut.json").write_text(OLD.read_text(encoding="utf-8")[:30000], encoding="utf-8")
    (work / "other.json").write_text('{"apiVersion":"vm-ingest/v1","kind":"Catalog"}', encoding="utf-8")
    process = subprocess.run([PROGRAM, "diff", *map(str, files), "--out", work / "out.txt"], input="", capture_output=True, text=True,
                             timeout=60, env={**os.environ, "HOME": str(work)})
    case(f"{name} is refused by name", [] if process.returncode == 1 and text in process.stderr and
         not (work / "out.txt").exists() else [f"{process.returncode} {process.stderr}"])

with open(work / "large-1.json", "w", encoding="utf-8") as file:
    subprocess.run([ROOT / "tests/make-plan", "20000"], stdout=file, check=True)
with open(work / "large-2.json", "w", encoding="utf-8") as file:
    subprocess.run([ROOT / "tests/make-plan", "20000", "2"], stdout=file, check=True)
process = subprocess.Popen([PROGRAM, "diff", work / "large-1.json", work / "large-2.json", "-o", "json", "-q", "--out", work / "large.json"],
                           env={**os.environ, "HOME": str(work)})
_, status, used = os.wait4(process.pid, 0)
document = json.loads((work / "large.json").read_text(encoding="utf-8"))
jsonschema.validate({**document, "changes": document["changes"][:1000]}, SCHEMA)
case(f"20,000 VMs with {len(document['changes'])} changes need {used.ru_maxrss >> 10} MiB, not the files' "
     f"{(work / 'large-1.json').stat().st_size >> 20} MiB",
     [] if used.ru_maxrss < 64 << 10 and len(document["changes"]) > 1000 else [f"{used.ru_maxrss} KiB, {status}"])

print(f"1..{count}")
shutil.rmtree(work)
sys.exit(1 if failed else 0)
