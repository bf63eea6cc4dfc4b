#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Single instances read again, and guests shut down, through two real libvirtds with QEMU (TCG)."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/peers", f"{HERE}/peers/kvm"]
from kvmhost import AgentStandIn, KvmHost, Tap, wait_for  # noqa: E402
from probe import BUILD, PROBE, Probe  # noqa: E402

LOGIN, CONNECTION, TIMEOUT = 4, 5, 7  # exit codes, as errors have them

FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="vmi.", dir="/tmp"))
NETWORK = "\nip link add br0 type bridge\nip link set br0 up\n"
HOSTS = [KvmHost(f"{FOLDER}/a", NETWORK, with_switch=False), KvmHost(f"{FOLDER}/b", NETWORK, with_switch=False)]
TAP = Tap()
UUIDS = {}


def domain(name, devices="", kernel="", features="<acpi/>"):
    number = len(UUIDS)
    uuid = UUIDS.setdefault(name, f"cccccccc-0000-4000-8000-{number:012}")
    return f"""<domain type='qemu'><name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>32</memory>
<vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type>{kernel and f"<kernel>{FOLDER}/{kernel}</kernel>"}
</os><features>{features}</features><devices>{devices}</devices></domain>"""


def disk(name):
    path = f"{FOLDER}/a/images/{name}.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", path, "64M"], check=True)
    return f"<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{path}'/>" \
           "<target dev='vda' bus='virtio'/></disk>"


def nic(mac):
    return f"<interface type='bridge'><mac address='{mac}'/><source bridge='br0'/><model type='virtio'/></interface>"


def build_guest(name, *flags):
    subprocess.run(["gcc", "-m32", "-ffreestanding", "-nostdlib", "-fno-pie", "-no-pie", "-static",
                    "-fno-stack-protector", "-O1", "-Wl,-Ttext=0x100000", "-Wl,--build-id=none", *flags,
                    "-o", FOLDER / name, f"{HERE}/peers/kvm/guest.c"], check=True)


def config(*uris, name="kvm"):
    return f"[source {name}]\ntype = libvirt\ntimeout = 5\nuri = {','.join(uris)}\n"


def listed(text):
    """The records of the whole reading."""
    path, out = FOLDER / "discover.conf", FOLDER / "inventory.json"
    path.write_text(text)
    path.chmod(0o600)
    subprocess.run([BUILD / "vm-ingest", "discover", "--config", path, "--out", out], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False)
    records = [json.loads(line.rstrip(",")) for line in out.read_text().splitlines()[1:-1]]
    return {r["instance"]["id"]: r["instance"] for r in records if "instance" in r}


def differences(whole, rows):
    """Sizes of files that a running guest writes to are no difference."""
    told = []
    for row in rows:
        want, got = whole[row["id"]], row.get("view") or {}
        for view in (want, got):
            for entry in view.get("disks", []):
                entry.pop("allocated_bytes", None)
        told += [f"{want['name']}: {key}: {got.get(key)!r}, not {want.get(key)!r}"
                 for key in sorted(set(want) | set(got)) if want.get(key) != got.get(key)]
    return "\n".join(told)


def expect(*pairs):
    return "\n".join(f"{got!r}, not {want!r}" for got, want in pairs if got != want)


# --- reading -----------------------------------------------------------------------------------------

def same_records():
    whole = listed(config(*(host.uri for host in HOSTS)))
    rows = PROBE_OF_ALL.read("kvm", *whole)["instances"]
    alone = [PROBE_OF_ALL.read_one("kvm", vm) for vm in whole]
    return differences(whole, rows) or differences(whole, alone) or \
        expect(([r["facts"] for r in rows], [r["facts"] for r in alone]), (len(rows), len(UUIDS)))


def changed(name, act, is_stale, holds):
    """The digest before and after something happens to a domain."""
    def check():
        before = PROBE_OF_ALL.read_one("kvm", UUIDS[name])
        act()
        after = PROBE_OF_ALL.read_one("kvm", UUIDS[name])
        return expect((after["presence"], "there"), (before["facts"] != after["facts"], is_stale),
                      (holds(before["view"], after["view"]), True))
    return check


def mirror():
    HOSTS[0].virsh("blockcopy", "busy1", "vda", "--dest", f"{FOLDER}/a/images/copy.qcow2", "--transient-job")


def restart():
    HOSTS[0].virsh("destroy", "deaf1")
    HOSTS[0].virsh("start", "deaf1")


def move_to_other_host():
    xml = HOSTS[0].virsh("dumpxml", "moved1")
    HOSTS[0].virsh("undefine", "moved1")
    HOSTS[1].define(xml)


def gone_and_unknown():
    HOSTS[0].virsh("undefine", "gone1")
    row = PROBE_OF_ALL.read_one("kvm", UUIDS["gone1"])
    HOSTS[1].freeze()
    try:
        begin = time.monotonic()
        rows = PROBE_OF_ALL.read("kvm", UUIDS["gone1"], UUIDS["deaf1"], timeout_ms=20000)["instances"]
        seconds = time.monotonic() - begin
    finally:
        HOSTS[1].thaw()
    again = PROBE_OF_ALL.read_one("kvm", UUIDS["gone1"])
    return expect((row["presence"], "gone"), ([r["presence"] for r in rows], ["unknown", "there"]),
                  ("did not answer in time" in (rows[0]["why"] or ""), True), (seconds < 18, True),
                  (again["presence"], "gone"))


def deadline():
    HOSTS[0].freeze()
    HOSTS[1].freeze()
    try:
        begin = time.monotonic()
        answer = PROBE_OF_ALL.read("kvm", UUIDS["deaf1"], timeout_ms=1500)
        seconds = time.monotonic() - begin
    finally:
        HOSTS[0].thaw()
        HOSTS[1].thaw()
    after = PROBE_OF_ALL.read_one("kvm", UUIDS["deaf1"])
    return expect((answer.get("code"), TIMEOUT), (seconds < 4, True), (after["presence"], "there"))


def workers_stay():
    """One process a host for many readings, and none when the program has ended."""
    def workers():
        return {pid for pid in os.listdir("/proc") if pid.isdigit() and parent(pid) == probe.process.pid}

    def parent(pid):
        try:
            return int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
        except OSError:
            return 0
    with Probe(FOLDER, config(HOSTS[0].uri)) as probe:
        probe.read_one("kvm", UUIDS["deaf1"])
        first = workers()
        shared = probe.ask("share", "kvm", 4, 5, UUIDS["deaf1"])
        last = workers()
        probe.ask("share", "kvm", 4, 10, UUIDS["deaf1"])
        later = workers()
    told = expect((len(first), 1), (first, last), (shared["there"], 20), (len(later), 1), (later != last, True))
    return told or (not wait_for(5, lambda: not any(os.path.exists(f"/proc/{pid}") for pid in later)) and "left behind")


def daemon_dies():
    """The connection of the worker that stayed is dead: another is made, once the daemon is back."""
    with Probe(FOLDER, config(HOSTS[1].uri)) as probe:
        probe.read_one("kvm", UUIDS["moved1"])
        HOSTS[1].daemon.kill()
        HOSTS[1].daemon.wait()
        lost = probe.read_one("kvm", UUIDS["moved1"])
        HOSTS[1].start()
        back = probe.read_one("kvm", UUIDS["moved1"])
    return expect((lost.get("code"), CONNECTION), (back["presence"], "there"))


# --- guests ------------------------------------------------------------------------------------------

def shut_down(name, outcome, text=None, probe=None, timeout_ms=20000):
    def check():
        begin = time.monotonic()
        told = (probe or PROBE_OF_ALL).shutdown("kvm", UUIDS[name], timeout_ms)
        seconds = time.monotonic() - begin
        return expect((told["outcome"], outcome), ("error" in told, text is not None), (seconds < 60, True)) or \
            (text and text not in told["error"] and told["error"])
    return check


def is_off():
    view = PROBE_OF_ALL.read_one("kvm", UUIDS["button1"])["view"]
    return expect((view["power"], "off"), (view["start_id"], None))


def by_agent():
    return shut_down("agent1", "off")() or expect(("guest-shutdown" in AGENT.asked, True))


def read_only():
    """An account that may only read cannot ask a guest."""
    uri = f"qemu+unix:///system?socket={FOLDER}/a/run/libvirt-sock-ro"
    with Probe(FOLDER, config(uri)) as probe:
        return shut_down("deaf1", "refused", "read-write", probe)()


def off_by_guest():
    HOSTS[0].virsh("destroy", "agent1")


def make_estate():
    a, b = HOSTS
    build_guest("button", "-DPOWER_BUTTON")
    build_guest("agent")
    channel = f"""<channel type='unix'><source mode='connect' path='{FOLDER}/a/run/agent1.sock'/>
<target type='virtio' name='org.qemu.guest_agent.0'/></channel>"""
    a.define(domain("deaf1", disk("deaf1") + nic("52:54:00:00:01:01")), start=True)
    a.define(domain("button1", nic("52:54:00:00:01:02"), "button"), start=True)
    a.define(domain("agent1", nic("52:54:00:00:01:03") + channel, "agent"), start=True)
    a.define(domain("busy1", disk("busy1")), start=True)
    a.define(domain("off1", disk("off1") + nic("52:54:00:00:01:04")))
    a.define(domain("moved1", disk("moved1")))
    a.define(domain("gone1"))
    b.define(domain("other1", nic("52:54:00:00:02:01")))


def run():
    TAP.case("each instance is read again as it was listed", same_records)
    TAP.case("a new name", changed("off1", lambda: HOSTS[0].virsh("domrename", "off1", "renamed1"), True,
                                   lambda old, new: new["name"] == "renamed1"))
    TAP.case("a snapshot", changed("off1", lambda: HOSTS[0].virsh("snapshot-create-as", "renamed1", "s1"), True,
                                   lambda old, new: new["snapshots"][0]["name"] == "s1"))
    TAP.case("another NIC", changed("deaf1", lambda: HOSTS[0].virsh(
        "attach-interface", "deaf1", "bridge", "br0", "--mac", "52:54:00:00:01:99", "--live"), True,
        lambda old, new: len(new["nics"]) == len(old["nics"]) + 1))
    TAP.case("a block job", changed("busy1", mirror, False,
                                    lambda old, new: new["tasks"] == ["block job 'copy' of disk 'vda'"]))
    TAP.case("a restart is another start", changed("deaf1", restart, True,
                                                   lambda old, new: old["start_id"] != new["start_id"]))
    TAP.case("it is found on the host that has it now", changed("moved1", move_to_other_host, False,
                                                                lambda old, new: old["host"] != new["host"]))
    TAP.case("gone, and not known while a host is silent", gone_and_unknown)
    TAP.case("hosts that hang cost no more than the deadline", deadline)
    TAP.case("one worker a host for many readings", workers_stay)
    TAP.case("a daemon that died and came back", daemon_dies)
    TAP.case("a guest goes off by its power button", shut_down("button1", "off"))
    TAP.case("it is off", is_off)
    TAP.case("one that is off is not asked", shut_down("button1", "was-off"))
    TAP.case("a guest goes off by its agent", by_agent)
    TAP.case("a guest that does not listen stays on", shut_down("deaf1", "still-on", "still on after", timeout_ms=1500))
    TAP.case("an account that may only read", read_only)
    TAP.case("one that is gone", shut_down("gone1", "gone", "no host has an instance"))


missing = [tool for tool in ("libvirtd", "virsh", "qemu-system-x86_64", "unshare", "nsenter", "gcc")
           if not shutil.which(tool)]
if missing or os.geteuid() != 0 or not PROBE.exists():
    print(f"1..0 # SKIP {', '.join(missing) or ('no probe_sources' if os.geteuid() == 0 else 'not root')}")
    sys.exit(0)
try:
    for kvm_host in HOSTS:
        os.makedirs(kvm_host.folder)
        kvm_host.start()
    AGENT = AgentStandIn(f"{FOLDER}/a/run/agent1.sock", [], off_by_guest)
    make_estate()
    with Probe(FOLDER, config(*(host.uri for host in HOSTS))) as PROBE_OF_ALL:
        run()
finally:
    for kvm_host in HOSTS:
        kvm_host.stop()
    shutil.rmtree(FOLDER, ignore_errors=True)
sys.exit(TAP.end())
