# SPDX-License-Identifier: Apache-2.0
"""IPv4 addresses of networks: which are in the CIDR, in the ranges, in use."""
import ipaddress


def is_address(text):
    try:
        ipaddress.IPv4Address(text)
        return True
    except ValueError:
        return False


def in_use(estate, network):
    used = {network.get("gateway")}
    for nic in estate["nic"].where(networkid=network["id"]):
        used.add(nic.get("ipaddress"))
        used.update(each.get("ipaddress") or each.get("ip6address") for each in nic.get("secondaryip") or [])
    return used


def is_free_in_cidr(estate, network, address):
    cidr = ipaddress.IPv4Network(network["cidr"], strict=False)
    wanted = ipaddress.IPv4Address(address)
    ends = (cidr.network_address, cidr.broadcast_address)
    return wanted in cidr and wanted not in ends and address not in in_use(estate, network)


def ranges(estate, network):
    for row in estate["vlaniprange"].where(networkid=network["id"]):
        yield ipaddress.IPv4Address(row["startip"]), ipaddress.IPv4Address(row["endip"])


def is_in_range(estate, network, address):
    wanted = ipaddress.IPv4Address(address)
    return any(first <= wanted <= last for first, last in ranges(estate, network))


def between(first, last):
    for number in range(int(ipaddress.IPv4Address(first)), int(ipaddress.IPv4Address(last)) + 1):
        yield str(ipaddress.IPv4Address(number))


def first_free(estate, network, from_ranges=True):
    """From the ranges if it has any, else from the CIDR."""
    used = in_use(estate, network)
    spans = list(ranges(estate, network)) if from_ranges else []
    if not spans:
        hosts = ipaddress.IPv4Network(network["cidr"], strict=False)
        return next((str(host) for host in hosts.hosts() if str(host) not in used), None)
    return next((address for span in spans for address in between(*span) if address not in used), None)
