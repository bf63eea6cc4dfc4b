# SPDX-License-Identifier: Apache-2.0
"""Hosts report power states; records of managed VMs follow them.

A record whose name another live record has no longer follows. A VM found off, or
gone, is Stopped and loses its host, and its NICs lose their URIs for good.
"""
STATISTICS = {"cpuused": "10%", "networkkbsread": 32768, "networkkbswrite": 16384, "diskkbsread": 0,
              "diskkbswrite": 0, "memorykbs": 0, "memoryintfreekbs": 0, "memorytargetkbs": 0,
              "diskioread": 0, "diskiowrite": 0}
VOLUME_STATISTICS = {"physicalsize": 2147483648, "virtualsize": 2147483648, "utilization": "100.0%"}


def _stop(estate, vm):
    vm.update(state="Stopped", hostid=None, _lasthostid=None, _podid=None, lastupdated=estate.now())
    vm["details"] = dict(vm["details"], **{"Message.ReservedCapacityFreed.Flag": "false"})
    for nic in estate["nic"].where(virtualmachineid=vm["id"]):
        nic.update(broadcasturi=None, isolationuri=None)


def _start(estate, vm, instance):
    host = estate["host"].get(instance["hostid"])
    vm.update(state="Running", hostid=host["id"], _lasthostid=host["id"], _podid=host["podid"],
              lastupdated=estate.now())


def _follow(simulator, vm, is_alone):
    instance = simulator.hypervisor.find(vm["instancename"])
    is_on = instance is not None and instance["powerstate"] == "PowerOn"
    if vm["state"] == "Running" and not is_on:
        _stop(simulator.estate, vm)
    elif vm["state"] == "Stopped" and is_on and is_alone:
        _start(simulator.estate, vm, instance)


def run(simulator):
    vms = list(simulator.estate["virtualmachine"])
    names = [vm["instancename"] for vm in vms]
    for vm in vms:
        _follow(simulator, vm, names.count(vm["instancename"]) == 1)


def report(simulator, host=None):
    """A quiet report touches only when the record was last seen; but a record moves to
    the host (@host or the one it is on) that last said to run an instance of its name."""
    run(simulator)
    for vm in simulator.estate["virtualmachine"]:
        if not vm.get("hostid"):
            continue
        vm["lastupdated"] = simulator.estate.now()
        if host and vm["state"] == "Running" and simulator.hypervisor.find(vm["instancename"], host["id"]):
            vm.update(hostid=host["id"], _lasthostid=host["id"])


def read_statistics(simulator, of_vms, of_volumes):
    for vm in simulator.estate["virtualmachine"] if of_vms else ():
        vm.update(STATISTICS)
    for volume in simulator.estate["volume"] if of_volumes else ():
        volume.update(VOLUME_STATISTICS)
