# SPDX-License-Identifier: Apache-2.0
"""The checks of an import that concern NICs: networks, hostnames in them, addresses."""
from . import addresses
from .errors import ApiError, failure, invalid, null_pointer
from .owners import require_network
from .records import network_text

ADAPTERS = ("Multiple network adapter of different type ({}, {}) are not supported for import. Please make sure that all "
            "network adapters are of the same type")
TAKEN = {
    "a": "The vm with hostName {name} already exists in the network domain: {domain}; network={network}",
    "b1": "VM with Name [{name}] already exists in the network [{network}] domain [{domain}]. Cannot import another VM "
          "with the same name. Pleasy try again with a different name.",
    "b": "VM with Name [{name}] already exists in the network [{network}] domain [{domain}]. Cannot import another VM "
         "with the same name. Please try again with a different name."}


def addresses_are_told(job):
    """'auto' becomes the one address of the guest, for all NICs before any is looked at."""
    for nic in job.instance.get("nic", []):
        seen = nic.get("ipaddresses") or []
        if job.address_of.get(nic["id"]) != "auto" or not seen:
            continue
        if len(seen) > 1:
            raise failure(f"Multiple IP addresses ({seen[0]}, {seen[1]}) present for nic ID: {nic['id']}. IP address "
                          "cannot be assigned automatically, only single IP address auto-assigning supported")
        if addresses.is_address(seen[0]):
            job.address_of[nic["id"]] = seen[0]


def have_networks(job):
    adapter = None
    for nic in job.instance.get("nic", []):
        if not adapter:
            adapter = nic.get("adaptertype")
        elif adapter != nic.get("adaptertype"):
            raise failure(ADAPTERS.format(adapter, nic.get("adaptertype") or "null"))
        network = job.network_of.get(nic["id"])
        if network:
            _check_network(job, nic, network)
        else:
            network = _first_fitting(job, nic)
        _check_hostname(job, network)
        job.nics.append((nic, network, _address(job, nic, network)))


def _check_network(job, nic, network, is_automatic=False):
    if network["zoneid"] != job.cluster["zoneid"]:
        raise failure(f"Network(ID: {network['id']}) for nic(ID: {nic['id']}) belongs to a different zone than VM "
                      "to be imported")
    require_network(job.estate, job.owner, network)
    is_compared = is_automatic or network["type"] != "Isolated"
    if job.is_vmware and is_compared and nic.get("vlanid"):
        _compare_uri(job, nic, network)


def _compare_uri(job, nic, network):
    vlan, uri = nic["vlanid"], network.get("broadcasturi")
    if nic.get("isolatedpvlan") is None:
        label, wanted = "VLAN", f"vlan://{vlan}"
    elif nic["isolatedpvlan"] == 0:
        return
    else:
        if not uri and job.release.pvlan_no_uri == "x":
            raise null_pointer()
        letter = (nic.get("isolatedpvlantype") or "").lower()[:1]
        label, wanted = "PVLAN", f"pvlan://{vlan}-{letter}{nic['isolatedpvlan']}"
    if uri != wanted:
        raise failure(f"{label} of network(ID: {network['id']}) {uri or 'null'} is found different from the VLAN of "
                      f"nic(ID: {nic['id']}) {wanted} during VM import")


def _first_fitting(job, nic):
    """VLAN auto-mapping, in the order of the database; KVM compares no VLAN."""
    if nic.get("vlanid"):
        zone = job.estate["network"].where(zoneid=job.cluster["zoneid"])
        for network in sorted(zone, key=lambda network: network["_n"]):
            try:
                _check_network(job, nic, network, is_automatic=True)
                return network
            except ApiError:
                continue
    raise failure(f"Suitable network for nic(ID: {nic['id']}) not found during VM import")


def _check_hostname(job, network):
    namesakes = [vm for vm in job.estate["virtualmachine"].where(name=job.hostname) if job.knows("virtualmachine", vm)]
    if any(job.knows("nic", nic) for vm in namesakes
           for nic in job.estate["nic"].where(virtualmachineid=vm["id"], networkid=network["id"])):
        raise invalid(TAKEN[job.release.taken_name_text].format(
            name=job.hostname, domain=network.get("networkdomain", "null"), network=network_text(job.estate, network)))


def _address(job, nic, network):
    """None for L2; 'auto' if CloudStack is to choose."""
    if network["type"] == "L2":
        return None
    address = job.address_of.get(nic["id"])
    if address is None:
        raise failure(f"NIC(ID: {nic['id']}) needs a valid IP address for it to be associated with network(ID: "
                      f"{network['id']}). nicipaddresslist parameter of API can be used for this")
    if address != "auto" and not addresses.is_free_in_cidr(job.estate, network, address):
        raise failure(f"IP address {address} for NIC(ID: {nic['id']}) is not available in network(ID: "
                      f"{network['id']})")
    return address
