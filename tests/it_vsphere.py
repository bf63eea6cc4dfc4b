#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Discovery of the simulated vCenter: every fact against the estate file, every fault with its error.

What must come out is worked out here from the estate, by other code than that under test.
"""
import ipaddress
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/peers"))
import vcenter as simulator  # noqa: E402
from vcenter import PASSWORD, VCSIM  # noqa: E402

BUILD = ROOT / os.environ.get("B", "build")
PROGRAM = os.environ.get("VM_INGEST", str(BUILD / "vm-ingest"))
ESTATE = ROOT / "tests/estates/vsphere-small.json"
OK, ERROR, USAGE, LOGIN, CONNECTION, PARTIAL, INTERRUPTED = 0, 1, 2, 4, 5, 6, 130

work = pathlib.Path(tempfile.mkdtemp(prefix="vmi-vsphere-"))
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


def Vcenter(*args):
    return simulator.Vcenter(work, *args)


def config_of(server, name="vc", **keys):
    return simulator.config_of(work, server, name, **keys)


class Outcome:
    def __init__(self, code, err, path):
        self.code, self.err = code, err
        self.records = []
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines()[1:-1]:
                self.records.append(json.loads(line.rstrip(",")))

    def of(self, kind):
        return [r[kind] for r in self.records if kind in r]

    @property
    def vms(self):
        return self.of("instance")


def command(text):
    config = work / "vm-ingest.conf"
    config.write_text(text)
    config.chmod(0o600)
    out = work / "out.json"
    for stale in (out, pathlib.Path(str(out) + ".partial")):
        stale.unlink(missing_ok=True)
    return [PROGRAM, "discover", "--config", config, "--out", out], out


def environment():
    return {k: v for k, v in os.environ.items() if not k.startswith(("GOVC_", "CLOUDSTACK_"))} | {"HOME": str(work)}


def outcome(process_code, err, out):
    if not out.exists():  # a partial file is kept beside, under a name that the message tells
        told = re.search(r"what was read is in '([^']+)'", err)
        out = pathlib.Path(told[1]) if told else out
    return Outcome(process_code, err, out)


def discover(vcenter, timeout_s=300, **keys):
    argv, out = command(config_of(vcenter, **keys))
    done = subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=timeout_s,
                          env=environment())
    return outcome(done.returncode, done.stderr, out)


# --- what the estate must look like ----------------------------------------------------------------

def unescape(name):
    return re.sub("%(2f|5c|25)", lambda m: {"2f": "/", "5c": "\\", "25": "%"}[m[1].lower()], name, flags=re.I)


def vlan_of_setting(setting, pvlans):
    """The VLAN that a setting of the estate file means; the setting is known not to be inherited."""
    if isinstance(setting, int):
        return {"kind": "none"} if setting == 0 else {"kind": "id", "id": setting}
    if "trunk" in setting:
        return {"kind": "trunk", "ranges": [{"start": a, "end": b} for a, b in setting["trunk"] or []]}
    secondary = setting["pvlan"]
    vlan = {"kind": "pvlan", "secondary": secondary}
    for pair in pvlans:
        if pair["secondary"] == secondary:
            vlan |= {"id": pair["primary"], "pvlan_type": pair["type"]}
    return vlan


def distributed_vlan(switch, portgroup, port):
    pvlans = switch.get("pvlans", [])
    for override in portgroup.get("overrides", []):
        if port is not None and override["port"] == port:
            return vlan_of_setting(override["vlan"], pvlans)
    if portgroup.get("backing") == "nsx":
        return {"kind": "overlay", "segment": portgroup.get("segment") or portgroup.get("logicalSwitch")}
    setting = portgroup.get("vlan")
    if setting is None or setting == "inherited" or (isinstance(setting, dict) and "inherited" in setting):
        setting = switch.get("default")
    return vlan_of_setting(setting, pvlans) if setting is not None else None


def standard_vlan(host, name):
    for vswitch in host.get("vswitches", []):
        for group in vswitch["portgroups"]:
            if unescape(group["name"]) == unescape(name):
                vlan = group["vlan"]
                if vlan == 4095:
                    return {"kind": "trunk", "ranges": [{"start": 0, "end": 4094}]}
                return vlan_of_setting(vlan, [])
    return None


def expected_vlan(datacenter, vm, nic):
    if nic.get("noBacking"):
        return None
    if "opaque" in nic:
        return {"kind": "overlay", "segment": nic["opaque"]}
    if "switch" in nic:
        switch = next(s for s in datacenter["switches"] if s["name"] == nic["switch"])
        group = next(g for g in switch["portgroups"] if g["name"] == nic["network"])
        if group.get("hidden") and not nic.get("port"):
            return None
        return distributed_vlan(switch, group, nic.get("port"))
    hosts = [h for c in datacenter.get("clusters", []) for h in c.get("hosts", [])] + datacenter.get("hosts", [])
    host = next((h for h in hosts if h["name"] == vm.get("host", hosts[0]["name"])), None)
    if not host or host.get("hidden") or host.get("connection") in ("disconnected", "notResponding"):
        return None
    return standard_vlan(host, nic["network"])


def is_seen(datacenter, vm):
    folder = vm.get("folder", "")
    in_hidden = any(folder == h or folder.startswith(h + "/") for h in datacenter.get("hiddenFolders") or [])
    return not (vm.get("hidden") or vm.get("gone") or in_hidden)


def seen_vms(estate):
    return [(d, vm) for d in estate["datacenters"] for vm in d.get("vms") or [] if is_seen(d, vm)]


def estate_key(datacenter, vm):
    return datacenter["name"], vm.get("folder", ""), unescape(vm["name"])


def record_key(record):
    path = record.get("path", "/vm")  # a vApp of the simulated vCenter is in no folder
    return record["datacenter"], (path + "/").split("/vm/", 1)[1].strip("/"), record["name"]


def pairs(estate, outcome):
    """(datacenter, estate's VM, record) of those whose configuration can be read."""
    found = {record_key(r): r for r in outcome.vms}
    return [(d, vm, found[estate_key(d, vm)]) for d, vm in seen_vms(estate)
            if estate_key(d, vm) in found and not vm.get("noConfig") and "config" not in vm.get("noRead", [])]


def compare(what, expected, actual):
    return [] if expected == actual else [f"{what}: expected {expected!r}, found {actual!r}"]


CONTROLLERS = {"ahci": "none", "nvme": "none", "future": "none"}
ADAPTERS = {"vmxnet3": "Vmxnet3", "vmxnet3vrdma": "Vmxnet3", "vmxnet2": "Vmxnet2", "pcnet32": "PCNet32"}
BACKINGS = {"rdm": "rdm", "rdm-physical": "rdm", "pmem": "other", "future": "other", "none": None}


def check_identity(estate, outcome):
    expected = {estate_key(d, vm) for d, vm in seen_vms(estate)}
    actual = {record_key(r) for r in outcome.vms}
    return compare("missing", set(), expected - actual) + compare("too many", set(), actual - expected) + \
        compare("number", len(expected), len(outcome.vms))


def check_hardware(estate, outcome):
    problems = []
    for _, vm, record in pairs(estate, outcome):
        expected = {
            "cpus": vm.get("cpus", record["cpus"]), "memory_bytes": vm.get("memoryMB", record["memory_bytes"] >> 20) << 20,
            "firmware": "uefi" if vm.get("firmware") == "efi" else "bios", "secure_boot": bool(vm.get("secureBoot")),
            "power": vm.get("power", "off" if vm.get("template") else "on"), "is_template": bool(vm.get("template")),
            "has_vtpm": "tpm" in vm.get("devices", []), "is_encrypted": bool(vm.get("keyId")),
            "is_fault_tolerant": bool(vm.get("ft")), "question": vm.get("question"),
            "needs_consolidation": bool(vm.get("consolidationNeeded")), "annotation": vm.get("annotation") or None,
            "has_change_tracking": bool(vm.get("changeTracking")), "managed_by": vm.get("managedBy"),
            "cpu_limit_mhz": vm.get("cpuLimitMhz") or None, "cpu_reservation_mhz": vm.get("cpuReservationMhz", 0),
            "memory_reservation_bytes": vm.get("memoryReservationMB", 0) << 20,
            "connection": vm.get("connection", "connected"),
        }
        for key, value in expected.items():
            problems += compare(f"{vm['name']}.{key}", value, record.get(key))
    return problems


def check_disks(estate, outcome):
    problems = []
    for datacenter, vm, record in pairs(estate, outcome):
        disks = vm.get("disks") or []
        problems += compare(f"{vm['name']}: number of disks", len(disks), len(record["disks"]))
        stores = {s["name"]: s for s in datacenter.get("datastores", []) if not s.get("hidden")}
        for disk, found in zip(disks, record["disks"]):
            where = f"{vm['name']} {found['label']}"
            kind, _, bus = disk.get("controller", "lsilogic:0").partition(":")
            problems += compare(f"{where} controller", (CONTROLLERS.get(kind, kind), int(bus or 0)),
                                (found["controller"], found["controller_unit"]))
            if disk.get("bytes"):
                problems += compare(f"{where} capacity", disk["bytes"], found.get("capacity_bytes"))
            backing = BACKINGS.get(disk.get("backing", "flat"), "file")
            problems += compare(f"{where} backing", backing, found.get("backing"))
            if backing is None:
                problems += compare(f"{where} problem", True, any(p["id"] == "disk-unread" for p in record["problems"]))
                continue
            name = found["path"][1:found["path"].index("]")]
            problems += compare(f"{where} datastore name", disk.get("datastore", name) if "path" not in disk else name,
                                found["datastore_name"])
            store = stores.get(name)
            is_nfs = store and store["type"].startswith("NFS")
            problems += compare(f"{where} export", (store.get("nfsHost"), store.get("nfsPath")) if is_nfs else (None, None),
                                (found.get("datastore_host"), found.get("datastore_path")))
            problems += compare(f"{where} chain", disk.get("parents", 0), len(found["chain"]))
            problems += compare(f"{where} independent", disk.get("mode", "").startswith("independent"),
                                found["is_independent"])
            problems += compare(f"{where} encrypted", bool(disk.get("keyId")), found["is_encrypted"])
    return problems


def known_vlan(vlan):
    return {k: v for k, v in (vlan or {}).items() if k not in ("from", "is_certain")} or None


def useful(address):
    ip = ipaddress.ip_address(address.split("/")[0])
    return not (ip.is_link_local or ip.is_loopback or ip.is_multicast)


def check_nics(estate, outcome):
    problems = []
    for datacenter, vm, record in pairs(estate, outcome):
        nics = vm.get("nics") or []
        problems += compare(f"{vm['name']}: number of NICs", len(nics), len(record["nics"]))
        has_tools = vm.get("power", "on") == "on" and not vm.get("template") and \
            vm.get("tools", "toolsOk") in ("toolsOk", "toolsOld") and "guest" not in vm.get("noRead", [])
        for i, (nic, found) in enumerate(zip(nics, record["nics"])):
            where = f"{vm['name']} {found['label']}"
            vlan = expected_vlan(datacenter, vm, nic)
            problems += compare(f"{where} id", f"Network adapter {i + 1}", found["id"])
            problems += compare(f"{where} VLAN", vlan, known_vlan(found.get("vlan")))
            problems += compare(f"{where} adapter", ADAPTERS.get(nic.get("type", "vmxnet3"), "E1000"), found["adapter"])
            problems += compare(f"{where} MAC", nic.get("mac", found["mac"]).lower(), found["mac"])
            if vlan is None:
                problems += compare(f"{where} problem", True, any(p["id"] == "nic-unread" for p in record["problems"]))
            if has_tools:
                ips = [a.split("/")[0] for a in nic.get("ips", []) if useful(a)]
                problems += compare(f"{where} addresses", ips, found.get("ips"))
            else:
                problems += compare(f"{where} addresses without tools", None, found.get("ips"))
    return problems


def check_tags(estate, outcome):
    problems = []
    for _, vm, record in pairs(estate, outcome):
        problems += compare(f"{vm['name']} tags", sorted(vm.get("tags", [])),
                            sorted(f"{t['category']}/{t['name']}" for t in record["tags"]))
        problems += compare(f"{vm['name']} attributes", vm.get("custom", {}),
                            {a["key"]: a["value"] for a in record["attributes"]})
    return problems


def check_unreadable(outcome):
    problems, vms = [], {r["name"]: r for r in outcome.vms}
    for name in ("state-orphaned", "state-inaccessible", "state-invalid"):
        record = vms[name]
        problems += compare(f"{name} disks", None, record.get("disks"))
        problems += compare(f"{name} problems", ["config-unread"], [p["id"] for p in record["problems"]])
    record = vms["no-permission"]
    problems += compare("no-permission NICs", None, record.get("nics"))
    problems += compare("no-permission names the right", True, "System.Read" in record["problems"][0]["evidence"])
    rights = [p for p in outcome.of("problem") if p["id"] == "rights-missing"]
    problems += compare("one problem of the source", 1, len(rights))
    problems += compare("which names the right", True, "System.Read" in rights[0]["text"])
    return problems


def check_places(outcome):
    vms, problems = {r["id"]: r for r in outcome.vms}, []
    record = next(r for r in outcome.vms if r["name"] == "web01" and r["datacenter"] == "DC0")
    for key, value in {"path": "/Europe/Prague/DC0/vm/Prod/Web", "host_name": "esx1.example.org", "cluster_name": "Cluster A",
                       "resource_pool": "/Europe/Prague/DC0/host/Cluster A/Resources/Prod", "vapp": None}.items():
        problems += compare(f"web01.{key}", value, record.get(key))
    inside = next(r for r in vms.values() if r["name"] == "in-vapp")
    problems += compare("vApp", "Shop", inside["vapp"])
    snapshots = next(r for r in vms.values() if r["name"] == "snapshots")["snapshots"]
    problems += compare("snapshots", [("before & after", 1), ("child 1", 2), ("child 2", 2), ("grandchild", 3)],
                        [(s["name"], s["depth"]) for s in snapshots])
    backup = next(r for r in vms.values() if r["name"] == "backup-running")
    problems += compare("running tasks", 1, len(backup["tasks"]))
    return problems


def check_devices(outcome):
    vms, problems = {r["name"]: r for r in outcome.vms}, []
    expected = {"passthrough": ["pci-passthrough", "vgpu"], "usb-serial": ["usb", "serial", "parallel", "floppy", "nvdimm"],
                "future-device": ["unknown"], "web01": []}
    for name, kinds in expected.items():
        problems += compare(f"{name} devices", kinds, [d["kind"] for d in vms[name]["devices"]])
    unknown = [p["id"] for p in vms["future-device"]["problems"]]
    problems += compare("a device of a type that nobody knows", ["device-unknown"], unknown)
    backings = [p["id"] for p in vms["backings"]["problems"]]
    problems += compare("backings that cannot be told", ["disk-backing-unknown", "disk-unread"], backings)
    return problems


def check_portgroups(estate, outcome):
    problems = []
    for datacenter in estate["datacenters"]:
        for switch in datacenter.get("switches", []):
            for group in switch["portgroups"]:
                found = [g for g in outcome.of("portgroup") if g["kind"] == "distributed" and g["datacenter"] == datacenter["name"]
                         and g["name"] == unescape(group["name"])]
                found = [g for g in found if any(s["id"] == g["switch_id"] and s["name"] == switch["name"]
                                                 for s in outcome.of("switch"))]
                where = f"{switch['name']} {group['name']}"
                problems += compare(f"{where} seen", 0 if group.get("hidden") or switch.get("hidden") else 1, len(found))
                for g in found:
                    problems += compare(f"{where} VLAN", distributed_vlan(switch, group, None), known_vlan(g.get("vlan")))
                    problems += compare(f"{where} uplink", bool(group.get("uplink")), g["is_uplink"])
                    problems += compare(f"{where} ephemeral", group.get("binding") == "ephemeral", g["is_ephemeral"])
    return problems


def check_calls(counters, switches):
    calls = dict(counters["calls"])
    for name in ("RetrieveServiceContent", "Login", "Logout"):
        calls.pop(name, None)
    ports = calls.pop("FetchDVPorts", 0)
    problems = compare("FetchDVPorts", switches, ports)
    if sum(calls.values()) > 6:
        problems.append(f"more than 6 calls: {calls}")
    problems += compare("sessions left open", (0, 0), (counters["sessions_open"], counters["rest_sessions_open"]))
    return problems


def test_estate():
    estate = json.loads(ESTATE.read_text(encoding="utf-8"))
    with Vcenter("-estate", ESTATE) as vcenter:
        outcome = discover(vcenter)
        n_switches = sum(not s.get("hidden") for d in estate["datacenters"] for s in d.get("switches", []))
        case("the whole estate is read", compare("exit code", OK, outcome.code) + ([outcome.err] if outcome.code else []))
        case("a handful of calls, no session left open", check_calls(vcenter.counters(), n_switches))
        case("each VM that the account may see is listed, names unescaped", check_identity(estate, outcome))
        case("hardware and state are those of the estate", check_hardware(estate, outcome))
        case("disks: controller, capacity, backing, datastore", check_disks(estate, outcome))
        case("NICs: VLAN, adapter, MAC, addresses", check_nics(estate, outcome))
        case("tags and custom attributes", check_tags(estate, outcome))
        case("folders, pools, vApps, snapshots, tasks", check_places(outcome))
        case("devices that cannot be carried over", check_devices(outcome))
        case("port groups: VLAN, uplink, ephemeral", check_portgroups(estate, outcome))
        case("what cannot be read is unknown and told", check_unreadable(outcome))
        small = discover(vcenter, page=7)
        case("small pages tell the same", compare("instances", outcome.vms, small.vms))
        pinned = discover(vcenter, cacert=None, fingerprint=vcenter.fingerprint)
        case("a fingerprint is trust enough", compare("instances", len(outcome.vms), len(pinned.vms)))
        old = discover(vcenter, **{"api-version": "6.7"})
        case("an older API version may be asked for", compare("exit code", OK, old.code))


# --- faults ------------------------------------------------------------------------------------------

# kind, skip, times, exit code, what the error says, VMs read (None: all). When no VM was read the
# exit code is that of the error; from the first one on the source is half read.
FAULTS = [
    ("truncated", 1, 0, PARTIAL, "truncated or broken", 40),
    ("malformed", 1, 0, PARTIAL, "not well-formed|truncated", 40),
    ("endtag", 1, 0, PARTIAL, "not well-formed", 40),
    ("doctype", 0, 0, ERROR, "document type declaration", 0),
    ("deep", 0, 0, ERROR, "nested more than 64 deep", 0),
    ("endless", 0, 0, ERROR, "text of more than 1 MiB", 0),
    ("gzipbomb", 1, 0, PARTIAL, "more than 64 MiB", 40),
    ("forever", 1, 0, PARTIAL, "does not end", 40),
    ("trickle", 1, 0, PARTIAL, "not complete after", 40),
    ("stall", 1, 0, PARTIAL, "no answer after", 40),
    ("http503", 0, 0, CONNECTION, "HTTP 503.*try again later", 0),
    ("html503", 0, 0, CONNECTION, "HTTP 503", 0),
    ("http404", 0, 0, ERROR, "HTTP 404.*check that url=", 0),
    ("empty", 0, 0, ERROR, "not the vSphere API", 0),
    ("expired", 2, 1, OK, "", None),
    ("gone", 2, 1, OK, "", None),
    ("nopermission", 0, 0, LOGIN, "NoPermission.*Read-only", 0),
    ("busy", 0, 0, ERROR, "too busy", 0),
]


def test_faults():
    with Vcenter("-vms", 120) as vcenter:
        for kind, skip, times, code, text, read in FAULTS:
            vcenter.fault(kind=kind, skip=skip, times=times)
            outcome = discover(vcenter, page=40, timeout=3 if kind in ("stall", "trickle") else 60, tags="no")
            vcenter.fault(kind="none")
            ids = [r["id"] for r in outcome.vms]
            problems = compare("exit code", code, outcome.code) + compare("VMs told twice", len(set(ids)), len(ids))
            if not re.search(text, outcome.err, re.S):
                problems.append(f"no /{text}/ in: {outcome.err}")
            if len(ids) < (120 if read is None else read):
                problems.append(f"{len(ids)} VMs were kept")
            problems += compare("sessions left open", 0, vcenter.counters()["sessions_open"])
            if code != OK:
                problems += compare("the source's end", [False], [e["is_complete"] for e in outcome.of("end")])
            case(f"fault {kind}: {text or 'overcome'}", problems)


def test_interrupt():
    with Vcenter("-vms", 120) as vcenter:
        vcenter.fault(kind="stall", skip=1)
        argv, out = command(config_of(vcenter, page=40, timeout=600, tags="no"))
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment())
        end = time.monotonic() + 120
        while not vcenter.counters()["calls"].get("ContinueRetrievePropertiesEx") and time.monotonic() < end:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=300)  # half of the call's own deadline
        result = outcome(process.returncode, err, out)
        problems = compare("exit code", INTERRUPTED, result.code)
        problems += compare("sessions left open", 0, vcenter.counters()["sessions_open"])
        problems += compare("VMs kept", True, len(result.vms) >= 40)
        case("an interrupt ends the session and keeps what was read", problems)


def make_certificate(name, subject, alternative, days, bits=2048):
    key, pem, request, extension = (work / f"{name}.{e}" for e in ("key", "pem", "csr", "ext"))
    extension.write_text(f"subjectAltName={alternative}\n")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True}
    subprocess.run(["openssl", "req", "-new", "-newkey", f"rsa:{bits}", "-nodes", "-keyout", key, "-subj", f"/CN={subject}",
                    "-out", request], **quiet)
    subprocess.run(["openssl", "x509", "-req", "-in", request, "-signkey", key, "-days", str(days), "-extfile", extension,
                    "-out", pem], **quiet)
    return pem, key


def refused(name, code, text, vcenter, **keys):
    outcome = discover(vcenter, timeout=60, **keys)
    problems = compare("exit code", code, outcome.code)
    if not re.search(text, outcome.err, re.S):
        problems.append(f"no /{text}/ in: {outcome.err}")
    if PASSWORD in outcome.err.replace("password", ""):
        problems.append("the password is in the error")
    case(name, problems)


def test_connections():
    foreign_pem, foreign_key = make_certificate("foreign", "localhost", "DNS:vcenter.example.org", 2)
    old_pem, old_key = make_certificate("old", "x", "IP:127.0.0.1", -1)
    with Vcenter("-vms", 2) as vcenter, Vcenter("-vms", 2, "-cert", foreign_pem, "-key", foreign_key) as foreign, \
            Vcenter("-vms", 2, "-cert", old_pem, "-key", old_key) as old:
        refused("unknown CA: the fingerprint is shown with the remedy", CONNECTION,
                f"unknown CA.*fingerprint is {vcenter.fingerprint}.*cacert=", vcenter, cacert=None)
        refused("another certificate than the fingerprint's", CONNECTION, "not the one of the fingerprint", vcenter,
                cacert=None, fingerprint=foreign.fingerprint)
        refused("host name mismatch, the common name does not count", CONNECTION,
                "host name mismatch.*'vcenter.example.org'", foreign, cacert=foreign_pem,
                url=foreign.url.replace("127.0.0.1", "localhost"))
        refused("an expired certificate", CONNECTION, "has expired", old, cacert=old_pem)
        refused("a CA bundle that is none", USAGE, "CA bundle '/dev/null'", vcenter, cacert="/dev/null")
        refused("a wrong password is not tried again", LOGIN, "InvalidLogin.*not tried again", vcenter, password="wrong-secret")
        case("one login was tried", compare("logins", 1, vcenter.counters()["calls"].get("Login")))
        refused("not a vCenter at the URL", ERROR, "HTTP 404.*check that url=", vcenter, url=vcenter.base + "/elsewhere")
        refused("an unknown host", CONNECTION, "unknown host 'nosuch.invalid'", vcenter, url="https://nosuch.invalid")
        refused("a refused connection", CONNECTION, "Connection refused", vcenter, url="https://127.0.0.1:1")
        refused("a URL with a password", USAGE, "password in the URL", vcenter, url="https://u:hidden@127.0.0.1")
        refused("an unknown key", USAGE, "bogus", vcenter, bogus=1)
        vcenter.reset()
        quiet = discover(vcenter, tags="no")
        case("without tags the tagging service is left alone", compare("calls", 0, vcenter.counters()["rest_calls"])
             + compare("exit code", OK, quiet.code))
    weak_pem, weak_key = make_certificate("weak", "x", "IP:127.0.0.1", 2, bits=1024)
    with Vcenter("-vms", 2, "-cert", weak_pem, "-key", weak_key) as weak:
        case("a weak certificate that the bundle names itself is as good as its fingerprint",
             compare("exit code", OK, discover(weak, cacert=weak_pem).code)
             + compare("exit code", OK, discover(weak, cacert=None, fingerprint=weak.fingerprint).code))
        refused("its name still counts", CONNECTION, "host name mismatch", weak, cacert=weak_pem,
                url=weak.url.replace("127.0.0.1", "localhost"))
        refused("a weak certificate that nobody names", CONNECTION, f"too weak.*fingerprint={weak.fingerprint}", weak,
                cacert=foreign_pem)
    with Vcenter("-vms", 2, "-no-tags") as untagged:
        outcome = discover(untagged)
        problems = compare("exit code", OK, outcome.code) + compare("tags", None, outcome.vms[0].get("tags"))
        case("no tagging service: tags are unknown, and that is said once",
             problems + compare("problems", 1, sum(p["id"] == "tags-unread" for p in outcome.of("problem"))))


def doctor(vcenter, **keys):
    argv, _ = command(config_of(vcenter, **keys))
    argv = [PROGRAM, "doctor", "-o", "json", "--config", argv[3]]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, env=environment())
    return done.returncode, {h["hop"]: h for h in json.loads(done.stdout)}


def test_doctor():
    with Vcenter("-vms", 3) as vcenter, Vcenter("-estate", ESTATE) as limited:
        code, hops = doctor(vcenter)
        case("doctor: all hops are well", compare("exit code", OK, code) + compare(
            "hops", dict.fromkeys(("name", "connection", "tls", "login", "rights"), "ok"),
            {hop: told["result"] for hop, told in hops.items()}))
        code, hops = doctor(vcenter, cacert=None)
        case("doctor: the failing hop has a remedy, later ones are not reached", compare("exit code", CONNECTION, code)
             + compare("tls", "FAILED", hops["tls"]["result"]) + compare("login", "skipped", hops["login"]["result"])
             + compare("remedy", True, "fingerprint=" + vcenter.fingerprint in hops["tls"]["remedy"]))
        code, hops = doctor(limited)
        case("doctor: a missing right is named", compare("exit code", LOGIN, code)
             + compare("rights", "FAILED", hops["rights"]["result"])
             + compare("privilege", True, "System.Read" in hops["rights"]["detail"]))
        case("doctor leaves no session open", compare("open", 0, limited.counters()["sessions_open"]))


def test_ports():
    with Vcenter("-estate", ESTATE) as vcenter:
        whole = discover(vcenter, tags="no")
        vcenter.fault(kind="nopermission", on="FetchDVPorts", **{"in": ""})
        outcome = discover(vcenter, tags="no")
        case("ports that may not be read cost the overrides alone", compare("exit code", OK, outcome.code)
             + compare("instances", len(whole.vms), len(outcome.vms))
             + compare("problems", True, any(p["id"] == "ports-unread" for p in outcome.of("problem"))))
        vcenter.fault(kind="expired", on="FetchDVPorts", times=1, **{"in": ""})
        outcome = discover(vcenter, tags="no")
        case("a session that ends while ports are read is made anew", compare("exit code", OK, outcome.code)
             + compare("instances", whole.vms, outcome.vms))


def test_twin_switches():
    """Two datacenters whose switches share name, UUID and port keys, as copies and simulators make them."""
    def datacenter(name, vlan, own):
        ports = [{"port": "7", "vlan": own}] if own else []
        return {"name": name,
                "switches": [{"name": "DVS", "uuid": "50 2b 7a 10 00 00 00 01-00 00 00 00 00 00 00 07",
                              "portgroups": [{"name": "PG", "vlan": vlan, "overridable": True, "overrides": ports}]}],
                "hosts": [{"name": f"{name}.example.org"}],
                "vms": [{"name": f"vm-{name}", "host": f"{name}.example.org",
                         "nics": [{"network": "PG", "switch": "DVS", "port": "7"}]}]}
    estate = work / "twins.json"
    estate.write_text(json.dumps({"datacenters": [datacenter("left", 10, 11), datacenter("right", 20, None),
                                                  datacenter("third", 30, 31)]}))
    with Vcenter("-estate", estate) as vcenter:
        result = discover(vcenter)
        case("a vCenter without tags is no vCenter with unknown tags", compare("problems", [], result.of("problem"))
             + compare("tags", [[]] * 3, [vm.get("tags") for vm in result.vms]))
        places = {group["id"]: group["switch_id"] for group in result.of("portgroup")}
        nics = {vm["name"]: vm["nics"][0] for vm in result.vms}
        case("switches that share their UUID keep their ports apart",
             compare("VLANs", {"vm-left": 11, "vm-right": 20, "vm-third": 31}, {k: v["vlan"]["id"] for k, v in nics.items()})
             + compare("switches", {k: places[v["portgroup"]] for k, v in nics.items()}, {k: v["switch_id"] for k, v in nics.items()}))


def test_two():
    with Vcenter("-vms", 60) as one, Vcenter("-vms", 60) as two:
        argv, out = command(config_of(one, "one") + config_of(two, "two"))
        done = subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=300, env=environment())
        result = outcome(done.returncode, done.stderr, out)
        names = sorted((r["source"] for r in result.vms))
        case("two vCenters at once", compare("instances", ["one"] * 60 + ["two"] * 60, names) + compare("exit code", OK, result.code))


def main():
    for needed in (VCSIM, pathlib.Path(PROGRAM)):
        if not needed.exists():
            print(f"1..0 # skip {needed} is not built")
            return 0
    help_text = subprocess.run([PROGRAM, "discover", "--help"], capture_output=True, text=True)
    if help_text.returncode != 0:
        print("1..0 # skip this build has no command 'discover'")
        return 0
    for test in (test_estate, test_faults, test_interrupt, test_connections, test_doctor, test_ports, test_twin_switches, test_two):
        test()
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
