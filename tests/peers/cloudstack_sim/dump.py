# SPDX-License-Identifier: Apache-2.0
"""The state as a test asserts it: who is managed how many times, and what lies about."""
VM_MEMBERS = ("id", "name", "displayname", "state", "account", "projectid", "domainid", "hostid", "serviceofferingid",
              "templateid", "created")
NIC_MEMBERS = ("id", "networkid", "macaddress", "ipaddress", "deviceid", "broadcasturi", "isdefault", "virtualmachineid")
VOLUME_MEMBERS = ("id", "name", "type", "deviceid", "size", "state", "path", "storageid", "diskofferingid",
                  "virtualmachineid")
NETWORK_MEMBERS = ("id", "name", "type", "vlan", "broadcasturi", "account", "projectid", "state")
JOB_MEMBERS = ("id", "cmd", "jobstatus", "jobresultcode", "jobresult", "created", "completed")


def _pick(row, members):
    return {name: row[name] for name in members if row.get(name) is not None}


def _by(rows, member):
    groups = {}
    for row in rows:
        groups.setdefault(row.get(member), []).append(row)
    return groups


def _record(vm, nics, volumes):
    return {**_pick(vm, VM_MEMBERS), "instancename": vm["instancename"],
            "nics": [_pick(nic, NIC_MEMBERS) for nic in nics.get(vm["id"], [])],
            "volumes": [_pick(volume, VOLUME_MEMBERS) for volume in volumes.get(vm["id"], [])]}


def is_record_of(vm, instance):
    """Of the very instance it was imported from, whatever its name is now; else by name, as the server goes."""
    if vm.get("_instance") == instance["_n"]:
        return True
    return vm["instancename"] == instance["name"] and vm.get("hostid") in (None, instance["hostid"])


def state(simulator):
    estate = simulator.estate
    nics, volumes = _by(estate["nic"], "virtualmachineid"), _by(estate["volume"], "virtualmachineid")
    vms = list(estate["virtualmachine"])
    by_instance, by_name, copies = _by(vms, "_instance"), _by(vms, "instancename"), _by(vms, "_source")
    machines, bound = [], set()
    for row in simulator.hypervisor.instances:
        near = by_instance.get(row["_n"], []) + by_name.get(row["name"], [])
        records = list({vm["id"]: vm for vm in near if is_record_of(vm, row)}.values())
        bound.update(vm["id"] for vm in records)
        machines.append({"name": row["name"], "hostid": row["hostid"], "powerstate": row.get("powerstate"),
                         "managed": len(records), "records": [_record(vm, nics, volumes) for vm in records],
                         "copies": [_record(vm, nics, volumes) for vm in copies.get(row["_n"], [])]})
    known = {vm["id"] for vm in vms}
    return {
        "instances": machines,
        "managed": sum(each["managed"] > 0 for each in machines),
        "managed_twice": [each["name"] for each in machines if each["managed"] > 1],
        "records_without_instance": [_record(vm, nics, volumes) for vm in vms
                                     if vm["id"] not in bound and not vm.get("_source")],
        "nics_without_vm": [_pick(nic, NIC_MEMBERS) for nic in estate["nic"]
                            if nic.get("virtualmachineid") not in known],
        "volumes": [_pick(volume, VOLUME_MEMBERS) for volume in estate["volume"]],
        "networks": [_pick(network, NETWORK_MEMBERS) for network in estate["network"]],
        "jobs": [_pick(job, JOB_MEMBERS) for job in estate["job"]],
        "now": estate.now(), "version": estate.version, "calls": simulator.calls.count}
