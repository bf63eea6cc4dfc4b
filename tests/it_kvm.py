#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The libvirt source against a real libvirtd with QEMU (TCG) and Open vSwitch of its own."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/peers/kvm")
from kvmhost import AgentStandIn, KvmHost, Tap, wait_for  # noqa: E402

BUILD = f"{os.path.dirname(HERE)}/{os.environ.get('B', 'build')}"
LISTER = f"{BUILD}/tests/test_source_libvirt"
AUTH, UNREACHABLE, TIMEOUT = 104, 105, 106  # exit status of the lister: 100 + IngestErrorCode

NETWORK = r"""
ovs-vsctl add-br ovsbr0 -- set bridge ovsbr0 datapath_type=netdev
ip link add eth0 type veth peer name eth0p
ip link add br0 type bridge
ip link set eth0 master br0
ip link set eth0 up; ip link set br0 up
ip link add vxlan2001 type vxlan id 2001 dstport 4789 dev eth0
ip link add brvx-2001 type bridge
ip link set vxlan2001 master brvx-2001
ip link set brvx-2001 up
"""

NETWORK_XML = """<network><name>office</name><forward mode='bridge'/><bridge name='ovsbr0'/>
<virtualport type='openvswitch'/><portgroup name='red' default='yes'><vlan><tag id='55'/></vlan>
</portgroup><portgroup name='uplinks'><vlan trunk='yes'><tag id='55'/>
<tag id='56' nativeMode='untagged'/></vlan></portgroup></network>"""

LEASE_NETWORK_XML = """<network><name>leased</name><forward mode='open'/><bridge name='virbr9'/>
<ip address='192.168.199.1' netmask='255.255.255.0'><dhcp><range start='192.168.199.10'
end='192.168.199.99'/></dhcp></ip></network>"""

NFS_POOL_XML = """<pool type='netfs'><name>nfs1</name><source><host name='nfs.example.org'/>
<dir path='/export/vms'/><format type='nfs'/></source><target><path>/mnt/nfs1</path></target></pool>"""


def domain(name, devices, more_os="", memory=32, firmware=""):
    kernel = f"<kernel>{FOLDER}/guest</kernel>" if not firmware else ""
    return f"""<domain type='qemu'><name>{name}</name><memory unit='MiB'>{memory}</memory>
<vcpu>1</vcpu><os{firmware}><type arch='x86_64' machine='{'q35' if firmware else 'pc'}'>hvm</type>
{kernel}{more_os}</os><features><acpi/></features><devices>{devices}</devices></domain>"""


def disk(path, target, kind="qcow2"):
    return f"""<disk type='file' device='disk'><driver name='qemu' type='{kind}'/>
<source file='{path}'/><target dev='{target}' bus='virtio'/></disk>"""


def nic(mac, source, more="", kind="bridge"):
    return f"""<interface type='{kind}'><mac address='{mac}'/><source {source}/>{more}
<model type='virtio'/></interface>"""


def channel(source):
    return f"""<channel type='unix'>{source}<target type='virtio'
name='org.qemu.guest_agent.0'/></channel>"""


def lister(*config, seconds=300):
    """What a list ended with: status, records, error. One that hangs raises."""
    done = subprocess.run([LISTER, "list", *config], capture_output=True, text=True,
                          timeout=seconds)
    return done.returncode, json.loads(done.stdout)["records"], done.stderr.strip()


def of_kind(records, kind):
    return [record[kind] for record in records if kind in record]


def by_name(records):
    return {view["name"]: view for view in of_kind(records, "instance")}


def problems(view):
    return {problem["id"] for problem in view["problems"]}


def image(*argv):
    subprocess.run(["qemu-img", "create", "-q", *argv], check=True)


def build_guest():
    subprocess.run(["gcc", "-m32", "-ffreestanding", "-nostdlib", "-fno-pie", "-no-pie", "-static",
                    "-fno-stack-protector", "-O1", "-Wl,-Ttext=0x100000", "-Wl,--build-id=none",
                    "-o", f"{FOLDER}/guest", f"{HERE}/peers/kvm/guest.c"], check=True)


class Proxy:
    """Between client and daemon; stalls or closes after so many domains' XML to the client."""

    def __init__(self, path, target, limit, closes):
        self.limit, self.closes, self.target, self.passed = limit, closes, target, 0
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path)
        self.server.listen(8)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.server.accept()
            daemon = socket.socket(socket.AF_UNIX)
            daemon.connect(self.target)
            threading.Thread(target=self._pump, args=(client, daemon, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(daemon, client, True), daemon=True).start()

    def _pump(self, source, sink, counts):
        try:
            while data := source.recv(1024):
                if counts:
                    self.passed += data.count(b"<domain type='qemu' id=")
                    if self.passed > self.limit:
                        if self.closes:
                            sink.shutdown(socket.SHUT_RDWR)
                            source.shutdown(socket.SHUT_RDWR)
                        else:
                            time.sleep(3600)
                        return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def make_estate(host):
    images = f"{FOLDER}/images"
    image("-f", "qcow2", f"{images}/base.qcow2", "1G")
    image("-f", "qcow2", "-b", f"{images}/base.qcow2", "-F", "qcow2", f"{images}/top.qcow2")
    image("-f", "raw", f"{images}/data.raw", "64M")
    image("-f", "qcow2", f"{images}/off.qcow2", "2G")
    image("-f", "qcow2", "-b", f"{images}/base.qcow2", "-F", "qcow2", f"{images}/off-top.qcow2")
    host.virsh("pool-define-as", "images", "dir", "--target", images)
    host.virsh("pool-start", "images")
    for kind, xml in (("net-define", NETWORK_XML), ("pool-define", NFS_POOL_XML),
                      ("net-define", LEASE_NETWORK_XML)):
        with open(f"{FOLDER}/one.xml", "w") as file:
            file.write(xml)
        host.virsh(kind, f"{FOLDER}/one.xml")
    host.virsh("net-start", "office")
    host.virsh("net-start", "leased")
    with open(f"{FOLDER}/lib/dnsmasq/virbr9.status", "w") as file:  # as its helper writes it
        json.dump([{"ip-address": "192.168.199.23", "mac-address": "52:54:00:00:02:02",
                    "expiry-time": int(time.time()) + 3600}], file)
    ovs = "<virtualport type='openvswitch'/>"
    host.define(domain(
        "web1", disk(f"{images}/top.qcow2", "vda") + disk(f"{images}/data.raw", "vdb", "raw") +
        nic("52:54:00:00:01:01", "bridge='ovsbr0'", "<vlan><tag id='42'/></vlan>" + ovs) +
        nic("52:54:00:00:01:02", "bridge='br0'", "<target dev='web1-lan'/>") +
        nic("52:54:00:00:01:03", "network='office' portgroup='uplinks'", kind="network") +
        nic("52:54:00:00:01:04", "bridge='brvx-2001'") +
        channel(f"<source mode='connect' path='{FOLDER}/run/web1.sock'/>")), start=True)
    host.define(domain("silent1", nic("52:54:00:00:02:01", "bridge='br0'") + nic(
        "52:54:00:00:02:02", "network='leased'", kind="network") + channel(
        f"<source mode='connect' path='{FOLDER}/run/silent1.sock'/>")), start=True)
    host.virsh("setmaxmem", "silent1", "64M", "--config")
    host.virsh("detach-interface", "silent1", "bridge", "--mac", "52:54:00:00:02:01", "--config")
    host.define(domain("frozen1", disk(f"{images}/frozen.raw", "vda", "raw") + channel("")),
                start=False)
    image("-f", "raw", f"{images}/frozen.raw", "32M")
    host.virsh("start", "frozen1")
    host.define(domain(
        "off1", "<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/>"
        "<source pool='images' volume='off-top.qcow2'/><target dev='vda' bus='virtio'/></disk>" +
        disk("/mnt/nfs1/off1.qcow2", "vdb") + disk(f"{images}/off.qcow2", "vdc") +
        "<disk type='file' device='cdrom'><target dev='sda' bus='ide'/></disk>" +
        nic("52:54:00:00:03:01", "network='office'", kind="network")))
    host.virsh("snapshot-create-as", "--domain", "web1", "--name", "before", "--disk-only",
               "--no-metadata", "--print-xml")
    image("-f", "qcow2", f"{images}/snap.qcow2", "16M")
    host.define(domain("snap1", disk(f"{images}/snap.qcow2", "vda")))
    host.define(domain("snap2", disk(f"{images}/snap.qcow2", "vda")))
    host.virsh("snapshot-create-as", "snap1", "first")
    host.virsh("snapshot-create-as", "snap1", "second")
    host.create(domain("fleeting1", nic("52:54:00:00:04:01", "bridge='br0'")))
    host.virsh("suspend", "fleeting1")
    if os.path.exists("/usr/share/qemu/firmware"):
        host.define(domain("efi1", "", firmware=" firmware='efi'", memory=64), start=True)


FOLDER = tempfile.mkdtemp(prefix="vmi.", dir="/tmp")
HOST = KvmHost(FOLDER, NETWORK)
TAP = Tap()
LISTED = {}


def list_all():
    LISTED["status"], LISTED["records"], LISTED["error"] = lister(
        f"uri={HOST.uri}")
    LISTED["views"] = by_name(LISTED["records"])
    return LISTED["status"] and LISTED["error"]


def same_as_virsh():
    for name in HOST.virsh("list", "--all", "--name").split():
        root = ElementTree.fromstring(HOST.virsh("dumpxml", name))
        view = LISTED["views"].get(name)
        if not view:
            return f"{name} is missing"
        disks = [d for d in root.findall("devices/disk") if d.get("device") == "disk"]
        macs = [m.get("address") for m in root.findall("devices/interface/mac")]
        if view["id"] != root.findtext("uuid") or len(view["disks"]) != len(disks) or \
                [n["mac"] for n in view["nics"]] != macs:
            return f"{name} differs: {view}"
        if view["memory_bytes"] != int(root.findtext("memory")) * 1024:
            return f"{name}: memory {view['memory_bytes']}"
    return None


def vlans():
    nics = LISTED["views"]["web1"]["nics"]
    got = [(n["vlan"].get("kind"), n["vlan"].get("id"), n["vlan"].get("is_certain"))
           for n in nics]
    want = [("id", 42, True), ("none", None, False), ("trunk", 56, True), ("overlay", None, False)]
    off = LISTED["views"]["off1"]["nics"][0]["vlan"]
    if got != want or nics[3]["vlan"]["segment"] != "2001":
        return f"{got}"
    if (off["kind"], off["id"]) != ("id", 55):
        return f"off1: {off}"
    uplinks = [s["uplinks"] for s in of_kind(LISTED["records"], "switch") if s["name"] == "br0"]
    if uplinks != [["eth0"]]:
        return f"uplinks of br0: {uplinks}"
    tag = HOST.inside("ovs-vsctl", "get", "port", nics[0]["port"], "tag").strip()
    return tag != "42" and f"the switch says {tag}"


def disks():
    web = LISTED["views"]["web1"]["disks"]
    off = LISTED["views"]["off1"]["disks"]
    images = f"{FOLDER}/images"
    facts = [
        (web[0]["capacity_bytes"], 1 << 30), (web[0]["chain"], [f"{images}/base.qcow2"]),
        (web[0]["format"], "qcow2"), (web[1]["capacity_bytes"], 64 << 20), (web[1]["chain"], []),
        (web[0]["datastore_name"], "images"), (web[0]["id"], "0"), (web[1]["id"], "1"),
        (off[0]["path"], f"{images}/off-top.qcow2"), (off[0]["capacity_bytes"], 1 << 30),
        (off[0]["chain"], [f"{images}/base.qcow2"]), (off[0]["backing"], "volume"),
        (off[1]["datastore_host"], "nfs.example.org"), (off[1]["datastore_path"], "/export/vms"),
        (off[1]["datastore_type"], "NFS"), ("capacity_bytes" in off[1], False),
        (off[2]["capacity_bytes"], 2 << 30), (off[2]["chain"], []),
        (LISTED["views"]["off1"]["cdroms"], [{"label": "sda", "path": None,
                                             "is_connected": False}]),
        ("disk-size-unread" in problems(LISTED["views"]["off1"]), True)]
    return "\n".join(f"fact {i}: {got}, not {want}" for i, (got, want) in enumerate(facts)
                     if got != want)


def states():
    views = LISTED["views"]
    facts = [
        (views["web1"]["power"], "on"), (views["off1"]["power"], "off"),
        (views["fleeting1"]["power"], "suspended"), (views["fleeting1"]["is_persistent"], False),
        (views["web1"]["is_persistent"], True), ("transient" in problems(views["fleeting1"]), True),
        ("it is not running" in views["off1"]["hidden_because"], True),
        ("it is not running" in views["web1"]["hidden_because"], False),
        ([(s["name"], s["depth"]) for s in views["snap1"]["snapshots"]],
         [("first", 1), ("second", 2)]), (views["web1"]["snapshots"], []),
        (views["web1"]["firmware"], "bios"),
        (views["snap1"]["disks"][0]["is_shared"], True),
        (views["snap2"]["disks"][0]["is_shared"], True),
        (problems(views["snap2"]), {"shared-disk"}),
        ("disk '0' cannot be opened" in views["off1"]["hidden_because"], True)]
    if "efi1" in views:
        facts.append((views["efi1"]["firmware"], "uefi"))
    return "\n".join(f"fact {i}: {got}, not {want}" for i, (got, want) in enumerate(facts)
                     if got != want)


def jobs():
    """A copy goes on mirroring until it is ended: the job is there while the host is listed."""
    idle = LISTED["views"]["web1"]["tasks"]
    HOST.virsh("blockcopy", "web1", "vdb", "--dest", f"{FOLDER}/images/copy.raw", "--transient-job")
    try:
        status, records, error = lister(f"uri={HOST.uri}", "agent=no")
    finally:
        HOST.virsh("blockjob", "web1", "vdb", "--abort")
    busy = {name: view.get("tasks") for name, view in by_name(records).items()}
    if status or idle != []:
        return f"status {status}, {error}; without a job: {idle}"
    want = {"web1": ["block job 'copy' of disk 'vdb'"], "off1": None}
    return {name: busy[name] for name in want if busy[name] != want[name]}


def definitions():
    """Changes that the next start brings are told, and no others."""
    told = {name: [p["evidence"] for p in view["problems"] if p["id"].startswith("definition-")]
            for name, view in LISTED["views"].items()}
    want = "memory 32 MiB, defined 64 MiB; NIC 52:54:00:00:02:01 is not defined"
    if told.pop("silent1") != [want]:
        return f"silent1: {LISTED['views']['silent1']['problems']}"
    return {name: texts for name, texts in told.items() if texts}


def agents():
    web, silent = LISTED["views"]["web1"], LISTED["views"]["silent1"]
    facts = [
        (web["nics"][0]["ips"], ["10.1.2.3", "2001:db8::3"]), (web["nics"][0]["ips_from"], "agent"),
        (web["guest_hostname"], "inside.example.org"),
        (web["guest_os_name"], "Debian GNU/Linux 12"),
        (web["tools_status"], "agent-connected"), ("agent-silent" in problems(silent), True),
        ("ips" in silent["nics"][0], False),
        (silent["nics"][1].get("ips"), ["192.168.199.23"]),
        (silent["nics"][1].get("ips_from"), "lease"),
        (silent["nics"][1]["vlan"]["kind"], "private")]
    return "\n".join(f"{got}, not {want}" for got, want in facts if got != want)


def agent_not_asked():
    STAND_IN.asked.clear()
    status, records, error = lister(f"uri={HOST.uri}", "agent=no")
    views = by_name(records)
    if status or "ips" in views["web1"]["nics"][0] or STAND_IN.asked:
        return f"{status} {error} {STAND_IN.asked} {views['web1']['nics'][0]}"
    return None


def frozen_guest():
    """Each call that a frozen QEMU holds costs its deadline; all other facts are there."""
    pid = HOST.qemu_pid("frozen1")
    os.kill(pid, signal.SIGSTOP)
    try:
        status, records, error = lister(f"uri={HOST.uri}")
    finally:
        os.kill(pid, signal.SIGCONT)
    views = by_name(records)
    if status:
        return f"{status}: {error}"
    if set(views) != set(LISTED["views"]):
        return f"only {sorted(views)}"
    if views["web1"]["disks"][0].get("capacity_bytes") != 1 << 30:
        return "the size of another's disk was lost"
    if views["web1"]["nics"][0].get("ips") != ["10.1.2.3", "2001:db8::3"]:
        return "the addresses of another were lost"
    if "agent-silent" not in problems(views["frozen1"]):
        return f"no word of the frozen one: {views['frozen1']['problems']}"
    return None


def frozen_daemon():
    HOST.freeze()
    try:
        status, records, error = lister(f"uri={HOST.uri}", "timeout=2")
    finally:
        HOST.thaw()
    if status != TIMEOUT or "did not answer in time" not in error:
        return f"{status}: {error}"
    if not of_kind(records, "source") or of_kind(records, "end")[0]["is_complete"]:
        return f"{records}"
    return None


def frozen_beside_healthy():
    """A host that hangs costs its deadline, and the others are read."""
    HOST.freeze()
    try:
        status, records, error = lister(f"uri={HOST.uri},test:///default", "timeout=15")
    finally:
        HOST.thaw()
    if status != TIMEOUT or "1 of 2 hosts" not in error or set(by_name(records)) != {"test"}:
        return f"{status}: {error} {sorted(by_name(records))}"
    if [p["id"] for p in of_kind(records, "problem")] != ["host-unread"]:
        return f"{of_kind(records, 'problem')}"
    return None


def through_proxy(name, limit, closes, *config):
    path = f"{FOLDER}/run/{name}.sock"
    Proxy(path, HOST.socket, limit, closes)
    return lister(f"uri=qemu+unix:///system?socket={path}", "agent=no", *config)


def check_partial(status, records, error, want_status, want_error):
    views = by_name(records)
    unread = [name for name, view in views.items() if "config-unread" in problems(view)]
    if status != want_status or want_error not in error:
        return f"{status}: {error}"
    if set(views) != set(LISTED["views"]):
        return f"only {sorted(views)}"
    if not unread or len(unread) == len(views):
        return f"{len(unread)} of {len(views)} unread"
    return of_kind(records, "end")[0]["is_complete"] and "it calls itself complete"


def killed_midway():
    status, records, error = through_proxy("cut", 2, True)
    return check_partial(status, records, error, UNREACHABLE, "the connection was lost")


def stalled_midway():
    status, records, error = through_proxy("half", 2, False, "timeout=3")
    return check_partial(status, records, error, TIMEOUT, "timed out")


def make_certificates(folder):
    os.makedirs(folder)
    for name in ("ca", "client"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                        f"/CN={name}", "-keyout", f"{folder}/{name}key.pem", "-out",
                        f"{folder}/{name}cert.pem", "-days", "2"], check=True, capture_output=True)
    os.rename(f"{folder}/cacert.pem", f"{folder}/cacert.pem.tmp")
    os.rename(f"{folder}/cacert.pem.tmp", f"{folder}/cacert.pem")


def silent_listener():
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(8)
    port = server.getsockname()[1]
    make_certificates(f"{FOLDER}/pki")
    wrong = []
    for uri in (f"qemu+tls://127.0.0.1:{port}/system", f"qemu+ssh://root@127.0.0.1:{port}/system"):
        status, records, error = lister(
            f"uri={uri}", "timeout=2", f"pkipath={FOLDER}/pki")
        if status not in (TIMEOUT, UNREACHABLE):
            wrong.append(f"{uri}: {status}: {error}")
    server.close()
    return "\n".join(wrong)


FAKE_SSH = """#!{python}
import os, socket, sys, threading
open('{folder}/ssh.args', 'w').write('\\n'.join(sys.argv[1:]))
mode = '{mode}'
if mode != 'works':
    sys.stderr.write(mode + '\\n')
    sys.exit(255)
peer = socket.socket(socket.AF_UNIX)
peer.connect('{socket}')
def up():
    while data := os.read(0, 65536):
        peer.sendall(data)
    os._exit(0)
threading.Thread(target=up, daemon=True).start()
while data := peer.recv(65536):
    while data:
        data = data[os.write(1, data):]
"""


def through_ssh(mode):
    """What libvirt runs as ssh is a stand-in that leads to our daemon, or fails as ssh does."""
    folder = f"{FOLDER}/bin"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/ssh", "w") as file:
        file.write(FAKE_SSH.format(python=sys.executable, folder=FOLDER, mode=mode,
                                   socket=HOST.socket))
    os.chmod(f"{folder}/ssh", 0o755)
    for name in ("id key", "known hosts"):
        with open(f"{FOLDER}/{name}", "w") as file:
            file.write("\n")
    path = os.environ["PATH"]
    os.environ["PATH"] = f"{folder}:{path}"
    try:
        return lister("uri=qemu+ssh://admin@kvm1.example.org:2222/system", "agent=no",
                      f"keyfile={FOLDER}/id key", f"known-hosts={FOLDER}/known hosts")
    finally:
        os.environ["PATH"] = path


def over_ssh():
    status, records, error = through_ssh("works")
    if status or set(by_name(records)) != set(LISTED["views"]):
        return f"{status}: {error}"
    with open(f"{FOLDER}/ssh.args") as file:
        args = file.read().split("\n")
    want = ["BatchMode=yes", "StrictHostKeyChecking=yes", f'UserKnownHostsFile="{FOLDER}/known hosts"',
            "GlobalKnownHostsFile=/dev/null", f"{FOLDER}/id key", "2222", "admin", "kvm1.example.org"]
    return [word for word in want if word not in args] and f"{args}"


def ssh_refuses():
    wrong = []
    for text, code in (("admin@kvm1: Permission denied (publickey).", AUTH),
                       ("Host key verification failed.", UNREACHABLE),
                       ("ssh: connect to host kvm1 port 22: Connection refused", UNREACHABLE)):
        status, _, error = through_ssh(text)
        if status != code or text.rstrip(".") not in error:
            wrong.append(f"{text}: {status}: {error}")
    return "\n".join(wrong)


def refused():
    status, _, error = lister(f"uri=qemu+unix:///system?socket={FOLDER}/nobody.sock")
    return (status != UNREACHABLE or "nobody.sock" not in error) and f"{status}: {error}"


def workers():
    """The lister runs with TMPDIR in our folder, and its workers inherit that."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/cmdline") as words, open(f"/proc/{entry}/environ") as kept:
                if "libvirt-worker" in words.read() and f"TMPDIR={FOLDER}" in kept.read():
                    found.append(entry)
        except (OSError, ValueError):
            continue
    return found


def killed_parent():
    """A worker that hangs does not outlive the program that started it."""
    HOST.freeze()
    try:
        parent = subprocess.Popen([LISTER, "list", f"uri={HOST.uri}"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        seen = wait_for(10, workers)
        parent.kill()
        parent.wait()
        gone = wait_for(5, lambda: not workers())
    finally:
        HOST.thaw()
    return not (seen and gone) and f"seen {seen}, gone {gone}: {workers()}"


def nothing_left():
    """No worker and no private folder of ssh outlives its listing."""
    left = [name for name in os.listdir(FOLDER) if name.startswith("vm-ingest-")]
    return (not wait_for(3, lambda: not workers()) or len(left) > 1) and f"{workers()} {left}"


def main():
    global STAND_IN
    for tool in ("libvirtd", "virsh", "qemu-system-x86_64", "ovs-vsctl", "qemu-img", "unshare"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            print(f"1..0 # skip {tool} is not installed")
            return 0
    if os.geteuid() != 0:
        print("1..0 # skip a private libvirtd needs root")
        return 0
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    os.environ["TMPDIR"] = FOLDER
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(1))  # by way of the finally below
    try:
        build_guest()
        HOST.start()
        STAND_IN = AgentStandIn(f"{FOLDER}/run/web1.sock", [
            {"name": "lo", "hardware-address": "00:00:00:00:00:00", "ip-addresses": [
                {"ip-address-type": "ipv4", "ip-address": "127.0.0.1", "prefix": 8}]},
            {"name": "eth0", "hardware-address": "52:54:00:00:01:01", "ip-addresses": [
                {"ip-address-type": "ipv4", "ip-address": "10.1.2.3", "prefix": 24},
                {"ip-address-type": "ipv6", "ip-address": "2001:db8::3", "prefix": 64},
                {"ip-address-type": "ipv6", "ip-address": "fe80::5054:ff:fe00:101",
                 "prefix": 64}]}])
        AgentStandIn(f"{FOLDER}/run/silent1.sock", None)
        make_estate(HOST)
        for name in ("web1", "silent1", "frozen1"):
            if not wait_for(20, lambda: "state='connected'" in HOST.virsh("dumpxml", name)):
                raise RuntimeError(f"the guest '{name}' did not open its port")
        TAP.case("a real host is listed", list_all)
        TAP.case("every domain of virsh is there, with its disks and NICs", same_as_virsh)
        TAP.case("VLANs of OVS, bridges, networks and VXLAN are those of the host", vlans)
        TAP.case("sizes, chains, volumes and NFS exports are told", disks)
        TAP.case("running, stopped, paused, transient, snapshots are told", states)
        TAP.case("jobs on disks of running domains are told", jobs)
        TAP.case("a definition that differs from what runs is told", definitions)
        TAP.case("agents and leases give addresses; a silent agent costs its deadline only", agents)
        TAP.case("agent=no asks nobody", agent_not_asked)
        TAP.case("a frozen QEMU costs its own facts only", frozen_guest)
        TAP.case("a frozen libvirtd costs its deadline", frozen_daemon)
        TAP.case("a frozen host does not hold the others", frozen_beside_healthy)
        TAP.case("a daemon killed midway leaves what was read, marked partial", killed_midway)
        TAP.case("a connection that stalls midway leaves what was read", stalled_midway)
        TAP.case("a silent listener costs its deadline", silent_listener)
        TAP.case("qemu+ssh: own key, pinned host keys, no questions", over_ssh)
        TAP.case("qemu+ssh: what ssh refuses is told apart", ssh_refuses)
        TAP.case("a missing socket is named", refused)
        TAP.case("a worker dies with its parent", killed_parent)
        TAP.case("nothing is left behind", nothing_left)
    finally:
        HOST.stop()
        shutil.rmtree(FOLDER, ignore_errors=True)
    return TAP.end()


if __name__ == "__main__":
    sys.exit(main())
