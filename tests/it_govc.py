#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""govc's JSON of a simulated vCenter tells what the vCenter itself tells, but for what govc does not print."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / os.environ.get("B", "build")
PROGRAM = os.environ.get("VM_INGEST", str(BUILD / "vm-ingest"))
PEERS = BUILD / "peers"
for peer in ("vcsim", "govc-json"):
    if not (PEERS / peer).exists():
        print(f"1..0 # skip {peer} was not built: make peers")
        sys.exit(0)
work = pathlib.Path(tempfile.mkdtemp(prefix="vmi-govc-"))
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
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=120,
                          env=environment | {"HOME": str(work)}, cwd=ROOT)


def records(path):
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith('{"') and not line.startswith('{"apiVersion'):
            for kind, record in json.loads(line.rstrip(",")).items():
                found.setdefault(kind, []).append(record)
    return found


def discover(**keys):
    config, out = work / "c.conf", work / "out.json"
    out.unlink(missing_ok=True)
    config.write_text("[source vc]\n" + "".join(f"{k.replace('_', '-')} = {v}\n" for k, v in keys.items()), encoding="utf-8")
    done = run("discover", "--config", config, "--out", out)
    return done, records(out) if out.exists() else None


def read(path):
    return discover(type="govc", path=path)


log = open(work / "log", "w+", encoding="utf-8")
vcsim = subprocess.Popen([PEERS / "vcsim", "-write-ca", work / "ca.pem", "-estate", ROOT / "tests/estates/vsphere-small.json"],
                         stdout=subprocess.PIPE, stderr=log, text=True)
try:
    url = vcsim.stdout.readline().split()[-1]
    (work / "password").write_text("pass\n", encoding="utf-8")
    (work / "password").chmod(0o600)
    _, truth = discover(type="vsphere", url=url, username="admin@vsphere.local", password_file=work / "password", cacert=work / "ca.pem")
    for folder, flags in (("new", []), ("old", ["-old"])):
        (work / folder).mkdir()
        subprocess.run([PEERS / "govc-json", "-url", url, "-ca", work / "ca.pem", "-out", work / folder, *flags], check=True)
finally:
    vcsim.terminate()
    vcsim.wait()

# --- comparing --------------------------------------------------------------------------------------

# What govc's library did not know, it leaves out; what is lost with a device must be told as a problem.
LOST = {"all-nic-types", "future-device", "backings"}
# What nobody may read, the vCenter tells by right, an export by nothing.
DENIED = {"no-permission", "no-permission-guest"}
NOT_EXPORTED = {"tags", "tasks"}


def differ(one, two, where):
    """Facts that the vCenter tells and the export tells otherwise; unknown is allowed where govc has nothing."""
    if one == two:
        return []
    if isinstance(one, dict) and isinstance(two, dict):
        return [p for key in sorted(set(one) | set(two)) for p in differ(one.get(key), two.get(key), f"{where}.{key}")]
    if isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        return [p for n, (a, b) in enumerate(zip(one, two)) for p in differ(a, b, f"{where}[{n}]")]
    return [f"{where}: {two!r}, not {one!r}"]


def compare(found):
    problems = []
    for kind in ("cluster", "host", "datastore", "switch", "portgroup", "instance"):
        others = {r["id"]: r for r in found.get(kind, [])}
        if len(others) != len(truth[kind]):
            problems.append(f"{len(others)} of kind {kind}, not {len(truth[kind])}")
        for record in truth[kind]:
            other = others.get(record["id"])
            if not other:
                problems.append(f"{kind} {record['id']} is not there")
            elif record["name"] not in LOST | DENIED:
                problems += [p for p in differ(record, other, f"{kind} {record['name']}") if not is_expected(p, record)]
    return problems


def is_expected(problem, record):
    where = problem.split(": ")[0]
    if where.rsplit(".", 1)[-1] in NOT_EXPORTED or where.endswith(".problems[0].text"):
        return True
    if where.endswith(".ips"):  # govc leaves an empty list out
        return problem.endswith("None, not []")
    if ".vlan" in where:  # no ports: what a port may override is not certain, and not what it overrides
        return record["name"] == "port-override" or where.endswith(".is_certain") and problem.endswith("False, not True")
    return False


done, found = read(work / "new")
case("the export tells what the vCenter tells", compare(found) if found else [done.stderr])
vms = {v["name"]: v for v in found["instance"]}
case("a port's own VLAN is not told, so its group's is not certain",
     [str(n) for n in vms["port-override"]["nics"] if n["vlan"]["is_certain"] is not False])
case("devices that govc does not know are problems, not gone",
     [name for name in ("all-nic-types", "future-device") if not any(p["id"] == "nic-unread" and "govc does not know" in p["text"]
                                                                     for p in vms[name]["problems"])] +
     [str(d) for d in vms["backings"]["disks"] if not d.get("path") and not any(p["id"] == "disk-unread" for p in vms["backings"]["problems"])])
case("what no right let govc read is unknown", [str(vms["no-permission"])] if "disks" in vms["no-permission"] or
     "cpus" in vms["no-permission"] else [])
told = {(p["id"], p["about"]) for p in found["problem"]}
case("what govc does not print is said", [] if ("export-lacks", "govc export") in told else [str(told)])
source = found["source"][0]
case("the source is a vCenter, by its product", [] if source["kind"] == "vsphere" and source.get("product") == truth["source"][0]["product"]
     else [str(source)])

done, old = read(work / "old")
vms = {v["id"]: v for v in old["instance"]}
case("govc before 0.30 tells no types of devices: disks and NICs are unknown, and why is said",
     [v["name"] for v in old["instance"] if "disks" in v or "nics" in v] +
     ([] if any(p["id"] == "devices-untyped" for p in old["problem"]) else ["no problem"]))
case("what else it tells is the same", [p for kind in ("cluster", "host", "datastore", "switch", "portgroup") for a, b in zip(
    sorted(truth[kind], key=lambda r: r["id"]), sorted(old[kind], key=lambda r: r["id"])) for p in differ(a, b, kind)
    if ".is_certain" not in p] + [f"{v['name']} {f}" for v in truth["instance"] if v["name"] not in DENIED for f in
                                  ("name", "cpus", "memory_bytes", "power", "path", "host_name", "instance_uuid", "snapshots", "attributes", "firmware")
                                  if v.get(f) != vms[v["id"]].get(f)])

# --- parts ------------------------------------------------------------------------------------------

few = work / "few"
few.mkdir()
shutil.copy(work / "new/vms.json", few)
done, found = read(few)
told = {(p["id"], p["about"]) for p in found["problem"]}
case("VMs alone: hosts, networks and paths are unknown, and the commands that tell them are said",
     [f"{t} is not said" for t in ("HostSystem", "Datastore", "Folder", "DistributedVirtualPortgroup") if ("export-lacks", t) not in told] +
     [v["name"] for v in found["instance"] if "path" in v or any(n.get("vlan", {}).get("kind") not in (None, "overlay") for n in v.get("nics", []))][:3] +
     ([] if all("govc" in p["remedy"] for p in found["problem"] if p["id"] == "export-lacks" and p["about"] != "govc export") else ["remedies"]))
document = json.loads((work / "new/vms.json").read_text(encoding="utf-8"))
vm = next(v for v in document["virtualMachines"] if v["name"] == "web01")


def changes(*names):
    return [{"name": n, "op": "assign", "val": vm[n]} for n in names if n in vm]


forms = {
    "collect -o": vm,
    "collect -type": {"kind": "enter", "obj": vm["self"], "changeSet": changes(*vm)},
    "ls": {"elements": [{"object": vm, "path": "/DC/vm/web01"}]},
    "collect of one object": changes(*(n for n in vm if n != "self")),
}
for form, value in forms.items():
    shutil.rmtree(few)
    few.mkdir()
    (few / "vm.json").write_text(json.dumps(value), encoding="utf-8")
    done, found = read(few)
    names = [v["name"] for v in found.get("instance", [])] if found else [done.stderr]
    whole = found and found["instance"][0].get("disks") and found["instance"][0].get("snapshots") is not None if names == ["web01"] else False
    case(f"the form of {form} is read", [] if whole else [str(names), done.stderr, str(found and found.get("problem"))])
(few / "vm.json").write_text(json.dumps({"kind": "enter", "obj": vm["self"], "changeSet": changes("name", "summary")}) + "\n" +
                             json.dumps(forms["collect -type"]).replace(vm["self"]["value"], "vm-4711"), encoding="utf-8")
done, found = read(few)
one, two = found["instance"]
told = {p["about"]: p for p in found["problem"]}
case("several documents in one file, and properties that were not asked for", [] if "disks" not in one and "snapshots" not in one and
     two["id"] == "vm-4711" and two.get("disks") and "VirtualMachine config" in told and "VirtualMachine snapshot" in told else [str(one), str(list(told))])
(few / "vm.json").write_text(json.dumps(changes("name", "config")), encoding="utf-8")
done, found = read(few)
case("an object without its reference is left out, and that is said", [] if not found.get("instance") and any(
    p["id"] == "object-unnamed" for p in found["problem"]) else [str(found)])

(work / "empty").mkdir()
for what, content, text in [("UTF-16", "{}".encode("utf-16"), "is UTF-16"), ("no JSON", b"hello", "expected a JSON object"),
                            ("a truncated file", b'{"virtualMachines":[{"self"', "truncated"), ("an empty file", b"", "empty")]:
    (few / "vm.json").write_bytes(content)
    done, found = read(few)
    case(f"{what} is an error that names the file", [] if done.returncode == 1 and text in done.stderr and "vm.json" in done.stderr
         else [f"{done.returncode} {done.stderr}"])
done, found = read(work / "empty")
case("a folder without JSON is an error with the command to run", [] if done.returncode == 2 and "govc vm.info -json" in done.stderr
     else [f"{done.returncode} {done.stderr}"])
(work / "c.conf").write_text(f"[source vc]\ntype = govc\npath = {work}/new\n", encoding="utf-8")
done = run("doctor", "--config", work / "c.conf")
case("doctor tells files and counts", [] if f"{len(truth['instance'])} VMs" in done.stdout else [done.stdout, done.stderr])
done = run("discover", "--source", f"govc:{work}/new", "-o", "table")
case("--source govc:FOLDER is read", [] if done.returncode == 0 and "web01" in done.stdout else [done.stderr])

print(f"1..{count}")
shutil.rmtree(work)
sys.exit(1 if failed else 0)
