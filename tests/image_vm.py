# SPDX-License-Identifier: Apache-2.0
"""A VM of the appliance's image in QEMU, for the tests: always in software (TCG), never /dev/kvm.

    with Vm(work, disk=overlay(work, image)) as vm:
        vm.wait_for("Setup code")
        vm.ssh("vm-ingest version")
        vm.power_off()

The serial port is a socket with a log; the guest reaches this machine as 10.0.2.2.
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

OVMF = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"
SLOW = float(os.environ.get("IMAGE_TEST_SLOW", "1"))  # a machine with other work: 2, 3
HOST = "10.0.2.2"  # this machine, as the guest sees it


class Failure(Exception):
    pass


def needs():
    """What is missing, or None."""
    for tool in ("qemu-system-x86_64", "qemu-img", "xorriso", "ssh", "ssh-keygen"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    if not os.path.exists(OVMF):
        return "ovmf is not installed"
    return None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def overlay(work, image, name="disk", size=None):
    """A disk over the image, which stays as it is."""
    path = pathlib.Path(work) / f"{name}.qcow2"
    image = pathlib.Path(image).resolve()
    form = {".qcow2": "qcow2", ".vmdk": "vmdk"}.get(image.suffix, "raw")
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", image, "-F", form, path, *([size] if size else [])],
                   check=True)
    return path


def iso(work, label, files):
    """An ISO 9660 disk with these files: {"user-data": "..."}."""
    folder = pathlib.Path(work) / f"iso-{label.replace(' ', '-')}-{time.monotonic_ns()}"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    path = folder.with_suffix(".iso")
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-J", "-R", "-V", label, "-o", path, folder],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return path


def ssh_key(work):
    path = pathlib.Path(work) / "id_ed25519"
    if not path.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "tester", "-f", path], check=True)
    return path, path.with_suffix(".pub").read_text().strip()


class Vm:
    number = 0

    def __init__(self, work, disk, memory=1024, firmware="bios", bus="virtio", nic="virtio-net-pci", isos=(),
                 fw_cfg=None, smbios=None, extra=(), snapshot=False):
        Vm.number += 1
        self.work = pathlib.Path(work)
        self.log = self.work / f"serial-{Vm.number}.log"
        self.console = None
        self.key = None
        self.port = free_port()
        self.serial_path = self.work / f"serial-{Vm.number}"
        self.monitor_path = self.work / f"monitor-{Vm.number}"
        controllers = {
            "virtio": [["virtio-blk-pci,drive=root,bootindex=1"]],
            "pvscsi": [["pvscsi,id=scsi"], ["scsi-hd,drive=root,bus=scsi.0,bootindex=1"]],
            "virtio-scsi": [["virtio-scsi-pci,id=scsi"], ["scsi-hd,drive=root,bus=scsi.0,bootindex=1"]],
            "nvme": [["nvme,drive=root,serial=1,bootindex=1"]],
            "ide": [["ide-hd,drive=root,bus=ide.0,unit=0,bootindex=1"]],
        }[bus]
        self.argv = ["nice", "-n", "10", "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2",
                     "-m", str(memory), "-display", "none", "-vga", "std", "-no-reboot",
                     "-chardev", f"socket,id=serial,path={self.serial_path},server=on,wait=off,logfile={self.log}",
                     "-serial", "chardev:serial",
                     "-monitor", f"unix:{self.monitor_path},server=on,wait=off",
                     "-drive", f"id=root,if=none,file={disk},format=qcow2,cache=writeback",
                     "-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{self.port}-:22",
                     "-device", f"{nic},netdev=net,mac=52:54:00:12:34:56", "-device", "virtio-rng-pci"]
        for device in controllers:
            self.argv += ["-device", *device]
        if firmware == "uefi":
            variables = self.work / f"vars-{Vm.number}.fd"
            shutil.copy(OVMF_VARS, variables)
            self.argv += ["-drive", f"if=pflash,format=raw,readonly=on,file={OVMF}",
                          "-drive", f"if=pflash,format=raw,file={variables}"]
        for number, path in enumerate(isos):
            self.argv += ["-drive", f"if=none,id=cd{number},media=cdrom,readonly=on,file={path}",
                          "-device", f"ide-cd,drive=cd{number},bus=ide.{number % 2},unit=1"]
        for name, text in (fw_cfg or {}).items():
            self.argv += ["-fw_cfg", f"name=opt/io.systemd.credentials/{name},string={text.replace(',', ',,')}"]
        for name, text in (smbios or {}).items():
            self.argv += ["-smbios", f"type=11,value=io.systemd.credential:{name}={text.replace(',', ',,')}"]
        self.argv += ["-snapshot"] if snapshot else []
        self.argv += list(extra)
        self.process = None
        self.seen = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        for path in (self.log, self.serial_path, self.monitor_path):
            path.unlink(missing_ok=True)
        self.seen = 0
        self.began = time.monotonic()
        self.process = subprocess.Popen(list(map(str, self.argv)), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.console = self._connect(self.serial_path)

    def _connect(self, path):
        for _ in range(200):
            if self.process.poll() is not None:
                raise Failure("QEMU ended: " + self.process.stderr.read().decode(errors="replace"))
            try:
                link = socket.socket(socket.AF_UNIX)
                link.connect(str(path))
                return link
            except OSError:
                link.close()
                time.sleep(0.05)
        raise Failure(f"no connection to {path}")

    def _drain(self):
        """QEMU stops the guest's port when nobody reads it."""
        self.console.setblocking(False)
        try:
            while self.console.recv(65536):
                pass
        except BlockingIOError:
            pass
        except OSError:
            pass
        finally:
            self.console.setblocking(True)

    def text(self):
        """All that the serial port printed, without control sequences."""
        self._drain()
        raw = self.log.read_bytes() if self.log.exists() else b""
        text = raw.decode("utf-8", "replace")
        return re.sub(r"\x1b(\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|[=>78cM])", "", text).replace("\r", "")

    def wait_for(self, pattern, seconds=180, fresh=False):
        """The first match on the serial port; with fresh, only in what comes after the last one."""
        end = time.monotonic() + seconds * SLOW
        while True:
            text = self.text()
            found = re.compile(pattern).search(text, self.seen if fresh else 0)
            if found:
                self.seen = found.end()
                return found
            if self.process.poll() is not None:
                raise Failure(f"the VM ended before /{pattern}/:\n" + text[-3000:])
            if time.monotonic() > end:
                raise Failure(f"no /{pattern}/ in {seconds * SLOW:.0f} s:\n" + text[-3000:])
            time.sleep(0.2)

    def type(self, text):
        self._drain()
        self.console.sendall(text.encode() if isinstance(text, str) else text)

    def ssh_argv(self, *command):
        return ["ssh", "-q", "-i", str(self.key), "-p", str(self.port), "-o", "StrictHostKeyChecking=no",
                "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15",
                "-o", "ServerAliveInterval=15", "vm-ingest@127.0.0.1", *command]

    def ssh(self, command, check=True, given=None, seconds=240):
        done = subprocess.run(self.ssh_argv(command), input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=seconds * SLOW, stdin=subprocess.DEVNULL if given is None else None)
        self._drain()
        if check and done.returncode != 0:
            raise Failure(f"'{command}' ended with {done.returncode}:\n{done.stdout.decode(errors='replace')[-2000:]}"
                          f"{done.stderr.decode(errors='replace')[-2000:]}")
        return done if not check else done.stdout.decode()

    def wait_for_ssh(self, key, seconds=180):
        self.key = key
        end = time.monotonic() + seconds * SLOW
        while True:
            self._drain()
            done = subprocess.run(self.ssh_argv("true"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
            if done.returncode == 0:
                return time.monotonic() - self.began
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failure("no SSH:\n" + self.text()[-3000:])
            time.sleep(0.5)

    def monitor(self, command):
        with self._connect(self.monitor_path) as link:
            link.settimeout(20)
            link.recv(65536)
            link.sendall(command.encode() + b"\n")
            time.sleep(0.2)
            return link.recv(65536).decode(errors="replace")

    def wait_for_end(self, seconds=90):
        """-no-reboot: also when the guest starts again."""
        end = time.monotonic() + seconds * SLOW
        while self.process.poll() is None:
            if time.monotonic() > end:
                raise Failure("the VM does not end:\n" + self.text()[-2000:])
            self._drain()
            time.sleep(0.2)

    def power_off(self, seconds=90):
        self.monitor("system_powerdown")
        self.wait_for_end(seconds)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        if self.console:
            self.console.close()
            self.console = None
