# SPDX-License-Identifier: Apache-2.0
"""libvirt: client CPU a domain, from a libvirtd of our own in which the domains are defined."""
import pathlib
import subprocess
import sys
import tempfile

from benchlib import Result, Unavailable, row

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers/kvm"))
from kvmhost import KvmHost  # noqa: E402  (the folder must be on the path first)

DOMAINS = 1000

DOMAIN = """<domain type='qemu'><name>vm-{n:04}</name><title>number {n}</title><memory unit='MiB'>2048</memory>
<vcpu>2</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features><devices>
<disk type='file'><driver name='qemu' type='qcow2'/><source file='/srv/images/vm-{n:04}.qcow2'/><target dev='vda' bus='virtio'/></disk>
<disk type='file'><driver name='qemu' type='raw'/><source file='/srv/images/vm-{n:04}-data.img'/><target dev='vdb' bus='virtio'/></disk>
<interface type='bridge'><mac address='52:54:00:00:{high:02x}:{low:02x}'/><source bridge='br0'/><virtualport type='openvswitch'/>
<vlan><tag id='{vlan}'/></vlan><model type='virtio'/></interface><console type='pty'/><video><model type='vga'/></video>
</devices></domain>"""


def define(host, folder):
    """All domains by one virsh."""
    commands = []
    for n in range(DOMAINS):
        path = folder / f"vm-{n:04}.xml"
        path.write_text(DOMAIN.format(n=n, high=n >> 8, low=n & 255, vlan=1 + n % 4000), encoding="utf-8")
        commands.append(f"define {path}")
    subprocess.run(["virsh", "-q", "-c", host.uri], input="\n".join(commands), text=True, check=True,
                   stdout=subprocess.DEVNULL)


def discover(bench, host, out):
    """The best of the runs; 6 is read with gaps: the images are not there."""
    argv = [bench.program, "discover", "--source", f"libvirt:{host.uri}", "--out", out]
    return bench.best([bench.measure(argv, ok=(0, 6)) for _ in range(bench.options.runs)])


@row("libvirt discovery, domains defined in a daemon")
def libvirt(bench):
    """The same daemon without domains is what connecting costs; the worker process counts as ours."""
    out = bench.scratch / "libvirt.json"
    with tempfile.TemporaryDirectory(prefix="vmi-") as folder:
        host = KvmHost(folder, with_switch=False)
        try:
            host.start()
            connecting = discover(bench, host, out)
            define(host, pathlib.Path(folder))
            full = discover(bench, host, out)
        except (RuntimeError, OSError, subprocess.CalledProcessError) as why:
            raise Unavailable(f"no libvirtd of our own: {why}") from why
        finally:
            if host.daemon:
                host.stop()
    found = out.read_text(encoding="utf-8").count('{"instance":')
    yield Result("domains read", found, goal=str(DOMAINS))
    yield Result("client CPU, connecting aside", 1000 * (full.cpu_s - connecting.cpu_s) / max(found, 1), "ms/VM", goal="0.25")
    yield Result("connecting, CPU", 1000 * connecting.cpu_s, "ms")
    yield Result("peak memory", full.rss_mib, "MiB")
    yield Result("wall", full.wall_s, "s")
