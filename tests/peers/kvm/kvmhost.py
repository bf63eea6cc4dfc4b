# SPDX-License-Identifier: Apache-2.0
"""A private KVM host for tests: libvirtd with QEMU (TCG) and Open vSwitch, in mount and network
namespaces of its own. Nothing of the machine's own libvirt or switches is touched.

    host = KvmHost(folder)      # short: its sockets have 107 bytes
    host.start(); host.virsh("list", "--all"); host.uri; host.stop()
"""
import json
import os
import signal
import socket
import subprocess
import threading
import time

SETUP = r"""
set -e
mount --make-rprivate /
ip link set lo up
mkdir -p /run/libvirt /var/log/libvirt /var/cache/libvirt /var/lib/libvirt /etc/libvirt
for pair in etc:/etc/libvirt lib:/var/lib/libvirt run:/run/libvirt cache:/var/cache/libvirt \
    log:/var/log/libvirt ovs:/run/openvswitch; do
    mkdir -p "${pair#*:}"
    mount --bind "$R/${pair%%:*}" "${pair#*:}"
done
mount -t sysfs sysfs /sys 2>/dev/null || true # else interfaces of the outer namespace are seen
"""

SWITCH = r"""
export OVS_RUNDIR=/run/openvswitch OVS_LOGDIR=$R/ovs OVS_DBDIR=$R/ovs
ovsdb-tool create $R/ovs/conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server $R/ovs/conf.db --remote=punix:/run/openvswitch/db.sock --pidfile=$R/ovs/ovsdb.pid \
    --detach --no-chdir --log-file=$R/ovs/ovsdb.log
ovs-vsctl --no-wait init
ovs-vswitchd unix:/run/openvswitch/db.sock --pidfile=$R/ovs/vswitchd.pid --detach --no-chdir \
    --log-file=$R/ovs/vswitchd.log
"""

LIBVIRTD_CONF = """auth_unix_ro = "none"
auth_unix_rw = "none"
unix_sock_rw_perms = "0700"
host_uuid = "6d3f4e11-1111-4222-8333-444455556666"
"""

QEMU_CONF = """security_driver = "none"
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
cgroup_controllers = [ ]
namespaces = [ ]
seccomp_sandbox = 0
stdio_handler = "file"
"""


def wait_for(seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


class KvmHost:
    def __init__(self, folder, network="", with_switch=True):
        self.folder = folder
        self.network = network
        self.with_switch = with_switch
        self.socket = f"{folder}/run/libvirt-sock"
        self.uri = f"qemu+unix:///system?socket={self.socket}"
        self.daemon = None

    def _write(self, path, text):
        with open(f"{self.folder}/{path}", "w") as file:
            file.write(text)

    def start(self):
        for name in ("etc/qemu", "lib", "run", "cache", "log", "ovs", "images"):
            os.makedirs(f"{self.folder}/{name}", exist_ok=True)
        self._write("etc/libvirtd.conf", LIBVIRTD_CONF)
        self._write("etc/qemu.conf", QEMU_CONF)
        script = SETUP + (SWITCH if self.with_switch else "") + self.network
        script += "\nexec libvirtd --config /etc/libvirt/libvirtd.conf --pid-file /run/libvirt/libvirtd.pid"
        log = open(f"{self.folder}/libvirtd.out", "w")
        self.daemon = subprocess.Popen(
            ["unshare", "-m", "-n", "--propagation", "private", "bash", "-c", script],
            env={**os.environ, "R": self.folder}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if not wait_for(60, lambda: self.daemon.poll() is not None or
                        (os.path.exists(self.socket) and self.try_virsh("version"))):
            raise RuntimeError("libvirtd did not come up")
        if self.daemon.poll() is not None:
            with open(f"{self.folder}/libvirtd.out") as text:
                raise RuntimeError("libvirtd ended: " + text.read()[-800:])

    def inside(self, *argv):
        return subprocess.run(["nsenter", "-t", str(self.daemon.pid), "-m", "-n", "-r", *argv],
                              check=True, capture_output=True, text=True).stdout

    def try_virsh(self, *argv):
        done = subprocess.run(["virsh", "-q", "-c", self.uri, *argv], capture_output=True,
                              text=True, timeout=60)
        return done.returncode == 0

    def virsh(self, *argv):
        done = subprocess.run(["virsh", "-q", "-c", self.uri, *argv], capture_output=True,
                              text=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"virsh {' '.join(argv)}: {done.stderr.strip()}")
        return done.stdout

    def define(self, xml, start=False):
        path = f"{self.folder}/domain.xml"
        with open(path, "w") as file:
            file.write(xml)
        self.virsh("define", path)
        if start:
            self.virsh("start", xml.split("<name>")[1].split("<")[0])

    def create(self, xml):
        path = f"{self.folder}/domain.xml"
        with open(path, "w") as file:
            file.write(xml)
        self.virsh("create", path)

    def qemu_pid(self, name):
        with open(f"{self.folder}/run/qemu/{name}.pid") as file:
            return int(file.read())

    def freeze(self):
        os.kill(self.daemon.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self.daemon.pid, signal.SIGCONT)

    def stop(self):
        if not self.daemon:
            return
        pids = []
        for root, _, files in os.walk(self.folder):
            for name in files:
                if name.endswith(".pid") and name != "driver.pid":
                    try:
                        with open(os.path.join(root, name)) as file:
                            pids.append(int(file.read()))
                    except (OSError, ValueError):
                        pass
        own = {pid for pid in pids if self._is_ours(pid)}
        if self.daemon.poll() is None:
            self.thaw()
        self.daemon.kill()
        self.daemon.wait()
        for pid in own:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass

    def _is_ours(self, pid):
        """Only what lives in our network namespace."""
        try:
            return os.readlink(f"/proc/{pid}/ns/net") == \
                os.readlink(f"/proc/{self.daemon.pid}/ns/net")
        except OSError:
            return False


class AgentStandIn:
    """Answers as qemu-ga does on the channel's socket; silent when told so."""

    def __init__(self, path, interfaces=None, shutdown=None):
        self.interfaces = interfaces  # None: never answers
        self.shutdown = shutdown  # what the guest does then; as qemu-ga, it gives no answer
        self.asked = []
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path)
        self.server.listen(8)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.server.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        text = b""
        while True:
            try:
                more = client.recv(4096)
            except OSError:
                return
            if not more:
                return
            text += more
            while b"\n" in text:
                line, text = text.split(b"\n", 1)
                line = line.lstrip(b"\xff")
                if line.strip():
                    self._answer(client, json.loads(line))

    def _answer(self, client, request):
        word = request.get("execute")
        self.asked.append(word)
        if self.interfaces is None:
            return
        if word == "guest-shutdown" and self.shutdown:
            threading.Thread(target=self.shutdown, daemon=True).start()
            return
        answers = {
            "guest-sync": lambda: request["arguments"]["id"],
            "guest-sync-delimited": lambda: request["arguments"]["id"],
            "guest-network-get-interfaces": lambda: self.interfaces,
            "guest-get-host-name": lambda: {"host-name": "inside.example.org"},
            "guest-get-osinfo": lambda: {"id": "debian", "pretty-name": "Debian GNU/Linux 12",
                                         "name": "Debian GNU/Linux", "version-id": "12"},
        }
        if word in answers:
            reply = {"return": answers[word]()}
        else:
            reply = {"error": {"class": "CommandNotFound", "desc": f"no {word}"}}
        client.sendall(json.dumps(reply).encode() + b"\n")


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def case(self, name, check):
        """check() returns a false value or None when it holds, else what is wrong."""
        self.count += 1
        try:
            wrong = check()
        except Exception as error:  # a broken check is a failed one
            wrong = f"{type(error).__name__}: {error}"
        if wrong:
            self.failed += 1
            print(f"not ok {self.count} - {name}")
            for line in str(wrong).splitlines()[:30]:
                print(f"# {line}")
        else:
            print(f"ok {self.count} - {name}")

    def end(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0
