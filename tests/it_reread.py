#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Single instances read again, as an import does, at the simulated vCenter, the CloudStack stand-in and
in saved files: the same record as that of the whole reading, gone told from unknown, guests shut down,
sessions kept and logged out. it_reread_kvm.py does it with libvirt."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/peers")]
from conformance.peer import Peer  # noqa: E402
from probe import PROBE, Probe  # noqa: E402
from vcenter import VCSIM, Vcenter  # noqa: E402

BUILD = ROOT / os.environ.get("B", "build")
PROGRAM = BUILD / "vm-ingest"
ESTATE = ROOT / "tests/estates/vsphere-small.json"
LOGIN, CONNECTION, TIMEOUT = 4, 5, 7  # exit codes, as errors have them

work = pathlib.Path(tempfile.mkdtemp(prefix="vmi-reread-"))
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


def compare(what, want, got):
    return [] if want == got else [f"{what}: {got!r}, not {want!r}"]


def discover(config):
    """Every record of the whole reading, by kind."""
    path, out = work / "discover.conf", work / "inventory.json"
    path.write_text(config)
    path.chmod(0o600)
    out.unlink(missing_ok=True)
    subprocess.run([PROGRAM, "discover", "--config", path, "--out", out], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False)
    lines = out.read_text(encoding="utf-8").splitlines()[1:-1]
    return [json.loads(line.rstrip(",")) for line in lines]


def instances(records):
    return {r["instance"]["id"]: r["instance"] for r in records if "instance" in r}


# --- the same record ---------------------------------------------------------------------------------

def differences(whole, rows):
    problems = compare("instances", sorted(whole), sorted(row["id"] for row in rows))
    for row in rows:
        want, got = whole[row["id"]], row["view"] or {}
        problems += [f"{want['name']}: {key}: {got.get(key)!r}, not {want.get(key)!r}"
                     for key in sorted(set(want) | set(got)) if want.get(key) != got.get(key)]
    return problems


def check_records(vcenter):
    whole = instances(discover(vcenter.config()))
    switches = 3  # each has to be asked for ports
    with Probe(work, vcenter.config()) as probe:
        probe.read("vc", *list(whole)[:1])  # logs in and reads tags
        vcenter.reset()
        rows = probe.read("vc", *whole)["instances"]
        calls = vcenter.counters()["calls"]
        case("each VM of the estate is read again as it was listed", differences(whole, rows))
        case("one call for all of them, and one a switch",
             compare("calls", {"RetrievePropertiesEx": 1, "FetchDVPorts": switches}, calls))
        alone = [probe.read_one("vc", vm) for vm in whole]
        # The way to the switch leads over the port group, which this account may not see.
        hidden = next(vm for vm in whole.values() if vm["name"] == "hidden-portgroup")
        hidden["nics"][0].pop("switch_id")
        case("each of them alone, too", differences(whole, alone))
        case("the digest of its facts is the same",
             compare("digests", [r["facts"] for r in rows], [r["facts"] for r in alone]))
        unread = {whole[row["id"]]["name"] for row in rows if row["presence"] == "unreadable"}
        case("what cannot be read is told from what is gone",
             compare("unreadable", {"state-orphaned", "state-inaccessible", "state-invalid", "no-permission"}, unread))
    case("logged out", compare("sessions left open", 0, vcenter.counters()["sessions_open"]))


def check_stock(kind):
    with Vcenter(work, "-stock", kind) as vcenter:
        whole = instances(discover(vcenter.config()))
        with Probe(work, vcenter.config()) as probe:
            rows = probe.read("vc", *whole)["instances"]
        case(f"VMs of govmomi's own model ({kind})", differences(whole, rows))


def check_plan_digest():
    """The digest of a re-read VM is the one that a plan of the same facts has."""
    with Vcenter(work, "-estate", ESTATE) as vcenter:
        whole = instances(discover(vcenter.config()))
        demo = work / "demo"
        subprocess.run([PROGRAM, "dry-run", "--demo", "--out-dir", demo], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
        records = json.loads((demo / "catalog.json").read_text())["records"]
        zone = next(record["zones"]["name"] for record in records if "zones" in record)
        out = work / "plan.json"
        subprocess.run([PROGRAM, "plan", "--inventory", work / "inventory.json", "--catalog", demo / "catalog.json",
                        "--zone", zone, "--out", out], stdout=subprocess.DEVNULL, check=False)
        planned = {item["instance"]["id"]: item["facts"] for item in json.loads(out.read_text())["items"]}
        with Probe(work, vcenter.config()) as probe:
            rows = probe.read("vc", *planned)["instances"]
        case("the digest is that of a plan's items", compare("VMs of the plan", len(whole), len(planned))
             + compare("digests", planned, {row["id"]: row["facts"] for row in rows}))


# --- what changed ------------------------------------------------------------------------------------

# A change, whether it makes a plan stale, and what the record then says.
CHANGES = [
    ({"name": "renamed"}, True, lambda v: v["name"] == "renamed"),
    ({"power": "off"}, True, lambda v: v["power"] == "off" and v["booted_at"] is None),
    ({"snapshot": "before"}, True, lambda v: v["snapshots"][0]["name"] == "before"),
    ({"mac": "00:50:56:00:99:99"}, True, lambda v: v["nics"][0]["mac"] == "00:50:56:00:99:99"),
    ({"network": "VLAN10"}, True, lambda v: v["nics"][0]["network"] == "VLAN10"),
    ({"disk": 1 << 40}, True, lambda v: v["disks"][0]["capacity_bytes"] == 1 << 40),
    ({"boot": "2026-07-01T00:00:00Z"}, False, lambda v: v["booted_at"].startswith("2026-07-01")),
    ({"task": "CreateSnapshot_Task"}, False, lambda v: v["tasks"] == ["CreateSnapshot_Task"]),
    ({"question": "moved or copied?"}, False, lambda v: v["question"] == "moved or copied?"),
]


def check_changes():
    with Vcenter(work, "-vms", 40) as vcenter, Probe(work, vcenter.config()) as probe:
        whole = list(instances(discover(vcenter.config())).values())
        running = [vm for vm in whole if vm["power"] == "on" and vm["nics"] and vm["disks"] and not vm["snapshots"]
                   and not vm["tasks"]]
        for vm, (change, is_stale, holds) in zip(running, CHANGES):
            before = probe.read_one("vc", vm["id"])
            vcenter.change(vm=vm["id"], **change)
            after = probe.read_one("vc", vm["id"])
            case(f"changed: {next(iter(change))}", compare("presence", "there", after["presence"])
                 + compare("stale", is_stale, before["facts"] != after["facts"])
                 + compare("seen", True, holds(after["view"])))
        gone, there, hidden, dark = (vm["id"] for vm in running[len(CHANGES):len(CHANGES) + 4])
        vcenter.change(vm=gone, remove=1)
        vcenter.change(vm=hidden, noread="config")
        vcenter.change(vm=dark, noread="*")
        rows = probe.read("vc", gone, there, hidden, dark, "vm-4711", gone)["instances"]
        case("gone, there and unreadable, in one answer", compare(
            "presence", ["gone", "there", "unreadable", "unreadable", "gone", "gone"], [r["presence"] for r in rows]))
        case("why is told", compare("why", True, "lacks a right" in rows[2]["why"] and "lacks a right" in rows[3]["why"]))


def check_vlans():
    """A port group that got another VLAN between two readings, standard and distributed."""
    with Vcenter(work, "-estate", ESTATE) as vcenter, Probe(work, vcenter.config()) as probe:
        for vm, group in (("vm-102", "VLAN10"), ("vm-101", "DVLAN11")):
            before = probe.read_one("vc", vm)
            vcenter.change(portgroup=group, vlan=777)
            after = probe.read_one("vc", vm)
            case(f"the VLAN of port group {group} changed", compare("VLAN", 777, after["view"]["nics"][0]["vlan"]["id"])
                 + compare("stale", True, before["facts"] != after["facts"]))


# --- sessions ----------------------------------------------------------------------------------------

def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_certificate(name):
    pem, key = work / f"{name}.pem", work / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", pem, "-days", "2",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, stderr=subprocess.DEVNULL)
    return pem, key


def check_sessions():
    with Vcenter(work, "-vms", 40) as vcenter, Probe(work, vcenter.config(tags="no")) as probe:
        vm = next(iter(instances(discover(vcenter.config()))))
        vcenter.reset()
        for _ in range(20):
            problems = compare("presence", "there", probe.read_one("vc", vm)["presence"])
        case("one login for many readings", problems + compare("logins", 1, vcenter.counters()["logins"]))
        vcenter.fault(kind="expired", on="^RetrievePropertiesEx$", times=1)
        case("an expired session is opened again", compare("presence", "there", probe.read_one("vc", vm)["presence"])
             + compare("logins", 2, vcenter.counters()["logins"]))
        vcenter.fault(kind="expired", on="^FetchDVPorts$", times=1)
        case("one that expires half way, too", compare("presence", "there", probe.read_one("vc", vm)["presence"]))
        vcenter.fault(kind="stall", times=1)
        begin = time.monotonic()
        hung = probe.read_one("vc", vm, timeout_ms=1500)
        case("a host that hangs costs no more than the deadline", compare("code", TIMEOUT, hung.get("code"))
             + compare("in time", True, time.monotonic() - begin < 4))
        case("and the next reading is served", compare("presence", "there", probe.read_one("vc", vm)["presence"]))
        vcenter.fault(kind="nopermission", on="^RetrievePropertiesEx$", times=1)
        denied = probe.read_one("vc", vm)
        case("no right is not gone", compare("code", LOGIN, denied.get("code")))
        probe.read_one("vc", vm)
        vcenter.fault(kind="truncated", times=1)
        case("a connection that breaks is made anew, once",
             compare("presence", "there", probe.read_one("vc", vm)["presence"]))
        logins = vcenter.counters()["logins"]
        shared = probe.ask("share", "vc", 8, 20, vm)
        case("eight threads share the session", compare("readings", 160, shared["there"])
             + compare("logins", logins, vcenter.counters()["logins"]))
        unknown = probe.read_one("elsewhere", vm)
        case("a source that is not configured", compare("told", True, "write a [source elsewhere] group" in unknown["error"]))


def check_restarts():
    port = free_port()
    pem, key = make_certificate("one")
    other_pem, other_key = make_certificate("other")
    flags = ("-vms", 10, "-listen", f"127.0.0.1:{port}")
    first = Vcenter(work, *flags, "-cert", pem, "-key", key)
    config = first.config(tags="no", cacert=pem)
    vm = next(iter(instances(discover(config))))
    with Probe(work, config) as probe:
        probe.read_one("vc", vm)
        first.__exit__()
        lost = probe.read_one("vc", vm)
        case("a vCenter that is down is not a VM that is gone", compare("code", CONNECTION, lost.get("code")))
        with Vcenter(work, *flags, "-cert", pem, "-key", key):
            case("when it is back, it is read again", compare("presence", "there", probe.read_one("vc", vm)["presence"]))
        with Vcenter(work, *flags, "-cert", other_pem, "-key", other_key):
            changed = probe.read_one("vc", vm)
            case("another certificate is refused", compare("code", CONNECTION, changed.get("code"))
                 + compare("told", True, "certificate" in changed.get("error", "")))
        with Vcenter(work, *flags, "-cert", pem, "-key", key) as again:
            probe.read_one("vc", vm)
            probe.process.send_signal(signal.SIGINT)
            probe.tell("read", "vc", 0, vm)
            probe.process.wait()
            case("an interrupt logs out", compare("sessions left open", 0, again.counters()["sessions_open"]))


# --- guests ------------------------------------------------------------------------------------------

# What the guest or the vCenter does, how it ends, and what the text says.
GUESTS = [
    ({}, "off", None),
    ({"power": "off"}, "was-off", None),
    ({"tools": "guestToolsNotRunning"}, "unheard", "start VMware Tools"),
    ({"shutdown": "busy"}, "refused", "TaskInProgress"),
    ({"shutdown": "deny"}, "refused", "VirtualMachine.Interact.PowerOff"),
    ({"power": "suspended"}, "refused", "InvalidPowerState"),
    ({"shutdown": "hang"}, "still-on", "still on after"),
    ({"remove": 1}, "gone", "there is no VM"),
]


def check_shutdown():
    with Vcenter(work, "-vms", 60) as vcenter, Probe(work, vcenter.config(tags="no")) as probe:
        running = [vm["id"] for vm in instances(discover(vcenter.config())).values()
                   if vm["power"] == "on" and vm["tools_running"] == "guestToolsRunning"]
        for vm, (change, outcome, text) in zip(running, GUESTS):
            if change:
                vcenter.change(vm=vm, **change)
            vcenter.reset()
            told = probe.shutdown("vc", vm, 2000)
            calls = vcenter.counters()["calls"]
            case(f"shutting down: {outcome} {next(iter(change), '')}".rstrip(), compare("outcome", outcome, told["outcome"])
                 + compare("text", True, "error" not in told if text is None else text in told.get("error", ""))
                 + compare("asked", 0 if outcome in ("was-off", "gone") else 1, calls.get("ShutdownGuest", 0))
                 + compare("powered off by us", [], [c for c in calls if c.startswith(("PowerOff", "Reset", "Suspend"))]))
            if outcome == "off":
                case("it is off", compare("power", "off", probe.read_one("vc", vm)["view"]["power"]))
        vm = running[len(GUESTS)]
        vcenter.reset()
        vcenter.fault(kind="http503", on="^RetrievePropertiesEx$", times=3)
        told = probe.shutdown("vc", vm, 5000)
        case("a vCenter that is away at first is not asked", compare("outcome", "unknown", told["outcome"])
             + compare("asked", 0, vcenter.counters()["calls"].get("ShutdownGuest", 0)))


# --- CloudStack's own list ---------------------------------------------------------------------------

def check_cloudstack():
    peer = Peer(str(ROOT / "tests/estates/lab.json"))
    try:
        (work / "keys").write_text(peer.keys["admin"]["secretkey"] + "\n")
        (work / "keys").chmod(0o600)
        config = f"[cloudstack lab]\nurl = http://{peer.address}/client/api\napi-key = {peer.keys['admin']['apikey']}\n" \
                 f"secret-key-file = {work / 'keys'}\n"
        whole = instances(discover(config + "[source view]\ntype = cloudstack\n"))
        for vm in whole.values():
            vm["source"] = "lab"
        with Probe(work, config) as probe:  # the target's own view, by the target's name
            rows = probe.read("lab", *whole)["instances"]
            case("CloudStack's entries are read again as they were listed", differences(whole, rows))
            vm = next(vm for vm in whole.values() if vm["name"] == "db-01")
            before = probe.read_one("lab", vm["id"])
            peer.control("power", name="db-01", state="PowerOff")
            after = probe.read_one("lab", vm["id"])
            case("an entry that changed", compare("power", "off", after["view"]["power"])
                 + compare("stale", True, before["facts"] != after["facts"]))
            peer.control("vanish", name="db-01")
            case("an entry that is gone", compare("presence", "gone", probe.read_one("lab", vm["id"])["presence"]))
            told = probe.shutdown("lab", vm["id"], 1000)
            case("CloudStack shuts no unmanaged VM down", compare("outcome", "unsupported", told["outcome"]))
    finally:
        peer.stop()


# --- files -------------------------------------------------------------------------------------------

def check_files():
    """What was saved is a source by the name of its group, and by the names within."""
    with Vcenter(work, "-vms", 10) as vcenter:
        whole = instances(discover(vcenter.config("vcenter-a", tags="no")))
    vm = next(iter(whole))
    saved = work / "saved.json"
    shutil.copy(work / "inventory.json", saved)
    with Probe(work, f"[source saved]\ntype = file\npath = {saved}\n") as probe:
        rows = probe.read("vcenter-a", *whole)["instances"]
        case("a saved file, by the name of the source in it", differences(whole, rows))
        saved.write_text(saved.read_text().replace(f'"name":"{whole[vm]["name"]}"', '"name":"other"', 1))
        case("the file changed", compare("name", "other", probe.read_one("vcenter-a", vm)["view"]["name"]))
        saved.unlink()
        lost = probe.read_one("vcenter-a", vm)
        case("the file is gone, which says nothing of the VM", compare("presence", None, lost["presence"])
             + compare("told", True, "cannot be opened" in lost.get("error", "")))


# --- cost --------------------------------------------------------------------------------------------

def measure():
    with Vcenter(work, "-vms", 1000) as vcenter, Probe(work, vcenter.config(tags="no")) as probe:
        vms = list(instances(discover(vcenter.config())))
        probe.read("vc", vms[0])
        for n in (1, 100):
            answers = [probe.read("vc", *vms[i:i + n]) for i in range(0, 10 * n, n)]
            requests = max(a["requests"] for a in answers)
            ms = sorted(a["ms"] for a in answers)[5]
            print(f"# {n} of 1000 VMs: {requests} calls, {ms:.1f} ms, {ms / n:.2f} ms a VM")
            case(f"{n} at a time take few calls", compare("few", True, requests <= 3))


def main():
    for needed in (VCSIM, PROGRAM, PROBE):
        if not needed.exists():
            print(f"1..0 # SKIP {needed} is not built (make check-programs)")
            return 0
    with Vcenter(work, "-estate", ESTATE) as vcenter:
        check_records(vcenter)
    check_stock("vpx")
    check_stock("esx")
    check_plan_digest()
    check_changes()
    check_vlans()
    check_sessions()
    check_restarts()
    check_shutdown()
    check_cloudstack()
    check_files()
    measure()
    print(f"1..{count}")
    return bool(failed)


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        shutil.rmtree(work, ignore_errors=True)
