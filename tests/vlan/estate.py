# SPDX-License-Identifier: Apache-2.0
"""The NICs of the VLAN test: how each is attached, what its frames carry on the wire, and what may
be said of it. The switches that they are attached to are made by inside.sh.
"""
import os
import sys

OVS = "<virtualport type='openvswitch'/>"
UNKNOWN = {"kind": "unknown"}
PRIVATE = {"kind": "private"}
NATIVE = {"kind": "none", "is_certain": False}  # not tagged by a device of the host that is told


def vlan(number, certain=True):
    return {"kind": "id", "id": number, "is_certain": certain}


class Nic:
    """@attached: <source> and what follows it. @told: what the inventory must say. @wire: the uplink
    and the tags that its frames leave by; None: they do not leave the host, or only wrapped."""

    def __init__(self, what, told, wire, kind, attached, on=True):
        self.what, self.told, self.wire, self.kind, self.attached = what, told, wire, kind, attached
        self.can_run = on
        self.number = 0

    def mac(self, group):
        return f"52:54:00:{group:02x}:00:{self.number:02x}"

    def xml(self, group):
        target = f"<target dev='tap{self.number}'/>" if self.kind == "ethernet" else ""
        return (f"<interface type='{self.kind}'><mac address='{self.mac(group)}'/>{self.attached}"
                f"{target}<model type='virtio'/><rom enabled='no'/></interface>")


def bridged(what, name, told, wire, more="", **options):
    return Nic(what, told, wire, "bridge", f"<source bridge='{name}'/>{more}", **options)


def networked(what, name, told, wire, group="", **options):
    group = f" portgroup='{group}'" if group else ""
    return Nic(what, told, wire, "network", f"<source network='{name}'{group}/>", **options)


def direct(what, name, told, wire):
    return Nic(what, told, wire, "direct", f"<source dev='{name}' mode='bridge'/>")


TRUNK = {"kind": "trunk", "id": 10, "ranges": [(10, 11)], "is_certain": True}

NICS = [
    bridged("VLAN device in a bridge as CloudStack names it", "breth0-100", vlan(100),
            ("wire0", [100])),
    bridged("VLAN device with a name of its own", "br200", vlan(200), ("wire0", [200])),
    bridged("VLAN device and bridge whose names tell other numbers", "breth0-211", vlan(210),
            ("wire0", [210])),
    bridged("VLAN device on top of a bridge", "br300", vlan(300), ("wire0", [300])),
    bridged("bridge straight on a port", "cloudbr0", NATIVE, ("wire0", [])),
    bridged("VLAN device on a bond", "br500", vlan(500), ("wire4", [500])),
    bridged("two uplinks of one VLAN and a tap of the caller in a bridge", "br600", vlan(600), ("wire1", [600])),
    bridged("two VLANs joined by a bridge", "br610", UNKNOWN, ("wire1", [610])),
    bridged("VLAN inside a VLAN (QinQ)", "br-qinq", UNKNOWN, ("wire2", [10, 20])),
    bridged("VLAN on a bridge that is in a VLAN", "br-nested", UNKNOWN, ("wire2", [700, 5])),
    bridged("bridge that filters VLANs", "brfilter", NATIVE, ("wire3", [310])),
    bridged("VLAN device on a bridge that filters VLANs", "br320", vlan(320), ("wire3", [320])),
    bridged("bridge joined to a VLAN's bridge by a veth pair", "br-inner", NATIVE,
            ("wire1", [820])),
    bridged("bridge named for a VLAN, without a member", "breth1-810", vlan(810, False), None),
    bridged("bridge without a member", "br-lone", PRIVATE, None),
    bridged("device that only has the name of a VLAN device", "br55", UNKNOWN, ("wire5", [])),
    bridged("VXLAN in a bridge as CloudStack names it", "brvx-2001",
            {"kind": "overlay", "segment": "2001", "is_certain": False}, None),
    bridged("VXLAN in a bridge of another number", "brvx-2002", UNKNOWN, None),
    bridged("VLAN inside a VXLAN", "br40", UNKNOWN, None),
    bridged("VLAN on the bridge of a VXLAN", "br41", UNKNOWN, None),
    bridged("VLAN on a bridge without a member", "br42", vlan(42, False), None),
    bridged("VLAN on a bridge that cannot be read", "br43", vlan(43, False), ("wire5", [43])),
    direct("macvtap on a VLAN device", "eth1.100", vlan(100), ("wire1", [100])),
    direct("macvtap on a port", "eth6", NATIVE, ("wire6", [])),
    direct("macvtap on a VXLAN", "vxlan2004", UNKNOWN, None),
    networked("network of a bridge", "brnet", vlan(100), ("wire0", [100])),
    networked("network of a VLAN device", "mvnet", vlan(100), ("wire1", [100])),
    networked("network of a host alone", "opennet", PRIVATE, None),
    bridged("Open vSwitch, tag in the domain", "ovsbr0", vlan(42), ("wire7", [42]),
            f"<vlan><tag id='42'/></vlan>{OVS}"),
    bridged("Open vSwitch, trunk in the domain", "ovsbr0", TRUNK, ("wire7", [10]),
            f"<vlan trunk='yes'><tag id='10' nativeMode='untagged'/><tag id='11'/></vlan>{OVS}"),
    bridged("Open vSwitch, tag set by hand", "ovsbr0", UNKNOWN, ("wire7", [44]), OVS),
    bridged("Open vSwitch, fake bridge", "ovsfake60", UNKNOWN, ("wire7", [60]), OVS),
    networked("Open vSwitch, port group", "ovsnet", vlan(50), ("wire7", [50]), "vlan-50"),
    networked("Open vSwitch, port group by default", "ovsnet", vlan(50), ("wire7", [50])),
    networked("Open vSwitch, network without a VLAN", "ovsplain", UNKNOWN, ("wire7", [])),
    Nic("a tap of the caller", UNKNOWN, ("wire1", [600]), "ethernet", ""),
    Nic("address translation by QEMU", PRIVATE, None, "user", ""),
    bridged("<vlan> that this libvirt cannot apply", "breth0-100", vlan(100), None,
            "<vlan><tag id='77'/></vlan>", on=False),
    Nic("SR-IOV function with <vlan>", vlan(77), None, "hostdev",
        "<source><address type='pci' domain='0' bus='1' slot='0' function='1'/></source>"
        "<vlan><tag id='77'/></vlan>", on=False),
    Nic("SR-IOV function without <vlan>", UNKNOWN, None, "hostdev",
        "<source><address type='pci' domain='0' bus='1' slot='0' function='2'/></source>",
        on=False),
]
for at, nic in enumerate(NICS):
    nic.number = at + 1

GROUP_SIZE = 18  # PCI slots of a machine
RUNNING, STOPPED = 0x10, 0x20  # in the MACs; one more for each further domain


def domains():
    """(name, whether it runs, NICs, number in the MACs)"""
    out = []
    for running, first in ((True, RUNNING), (False, STOPPED)):
        nics = [nic for nic in NICS if nic.can_run or not running]
        for at in range(0, len(nics), GROUP_SIZE):
            group = first + at // GROUP_SIZE
            name = f"{'on' if running else 'off'}{at // GROUP_SIZE + 1}"
            out.append((name, running, nics[at:at + GROUP_SIZE], group))
    return out


def domain_xml(name, nics, group):
    return (f"<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>"
            f"<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>"
            f"<devices>{''.join(nic.xml(group) for nic in nics)}"
            f"<memballoon model='none'/><controller type='usb' model='none'/></devices></domain>")


def main():
    folder = sys.argv[1]
    for name, running, nics, group in domains():
        with open(os.path.join(folder, f"{name}.xml"), "w", encoding="utf-8") as file:
            file.write(domain_xml(name, nics, group))
    with open(os.path.join(folder, "ports"), "w", encoding="utf-8") as file:  # for inside.sh
        for name, running, nics, group in domains():
            for nic in nics:
                if running:
                    file.write(f"{name} {nic.mac(group)} {nic.what}\n")


if __name__ == "__main__":
    main()
