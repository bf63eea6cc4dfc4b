# SPDX-License-Identifier: Apache-2.0
"""wire.py FILE DOMAIN... - inside the guest: lets QEMU send a frame from each NIC of the domains and
writes, for each source MAC, the uplinks and VLAN tags (outermost first) that it was seen with."""
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

ETH_P_ALL, SOL_PACKET, PACKET_AUXDATA, PACKET_OUTGOING = 3, 263, 8, 4
VLAN_VALID = 1 << 4
TAGS = (0x8100, 0x88A8)
AUXDATA = struct.Struct("IIIHHHH")  # status, len, snaplen, mac, net, vlan_tci, vlan_tpid


def listen(device):
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    packets.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    packets.bind((device, 0))
    packets.setblocking(False)
    return packets


def tags_of(frame, extra):
    """The outermost tag is taken off by the kernel and told beside the frame."""
    tags = []
    for level, kind, data in extra:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, *_, tci, _tpid = AUXDATA.unpack(data[:AUXDATA.size])
            if status & VLAN_VALID:
                tags.append(tci & 0xFFF)
    at = 12
    while struct.unpack_from("!H", frame, at)[0] in TAGS:
        tags.append(struct.unpack_from("!H", frame, at + 2)[0] & 0xFFF)
        at += 4
    return tags


def receive(packets, device, seen):
    while True:
        try:
            frame, extra, _flags, address = packets.recvmsg(2048, 256)
        except BlockingIOError:
            return
        if len(frame) < 18 or address[2] == PACKET_OUTGOING:
            continue
        mac = ":".join(f"{byte:02x}" for byte in frame[6:12])
        where = [device, tags_of(frame, extra)]
        if where not in seen.setdefault(mac, []):
            seen[mac].append(where)


def main():
    path, *domains = sys.argv[1:]
    wires = {listen(name): name for name in os.listdir("/sys/class/net") if name.startswith("wire")}
    for domain in domains:
        subprocess.run(["virsh", "-q", "qemu-monitor-command", domain, "--hmp", "announce_self"],
                       check=True)
    seen = {}
    end = time.monotonic() + 5
    while (left := end - time.monotonic()) > 0:
        for ready in select.select(list(wires), [], [], left)[0]:
            receive(ready, wires[ready], seen)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(seen, file, indent=1, sort_keys=True)


if __name__ == "__main__":
    main()
