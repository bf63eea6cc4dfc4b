# SPDX-License-Identifier: Apache-2.0
"""In which state of the estate each recording was made.

A scene is a list of steps played on a fresh estate: the name of a recording, a
('sim', verb, {...}) that tells what happened outside the API ('restore' makes the
instance that a recorded list shows, 'facts' a table of the rows that one shows), or a ('call', {...}) that
was not recorded. '(name)' plays a recording to get its state without judging it.
A recording in no scene stands alone; one that names what another recorded import
made is played after that import.
"""


def sim(verb, **request):
    return ("sim", verb, request)


def call(made=None, **params):
    """@made: the recorded id of the VM that the call makes."""
    return ("call", params, made)


def limit(resourcetype, **owner):
    return call(command="updateResourceLimit", resourcetype=resourcetype, max=0, **owner)


ALICE = {"account": "alice", "domainid": "d4a9f68a-b926-4c13-8bbd-db220f3f1771"}
DOM_A = {"domainid": ALICE["domainid"]}
PROJECT = {"projectid": "1ab7a52b-14be-45f9-92f9-8c8665400c22"}
VC_1 = "e4a3bacf-806e-4932-b6bf-ec8d3e4c870d"
SO_1X1024 = "ca5ce7d7-ba3f-48ec-82d9-d2d8f14f96d2"
DO_CUSTOM = "27096945-455d-4b19-9fcc-4dec99524796"
RD_01 = "bdcd74b9-98ce-420c-8b36-45be55c978d2"
L2_101 = "983a5361-bab2-49dd-89b8-79d01b169cd0"
WIDE_RANGE = sim("patch", kind="physicalnetwork", name="pn-guest", set={"vlan": "100-3900"})
# VMs that came to the hosts after the unmanaged lists were made.
LATE = ("R&D-01 R&D-02 big-6x16 iso-ip leftover mem-2g os-empty os-known-unmapped plain-alice small-256 sub-string "
        "taken-ip-a taken-ip-b zero-data zone-name").split()
LATER = LATE + "dup-mac-same job-a job-b power-me relink-me".split()
KVM_TEMPLATES_LATER = [sim("patch", kind="template", name=name, set={"_hidden": True})
                       for name in ("kvm-placeholder", "kvm-big")]
VM_STATS, VOLUME_STATS = sim("sync", vms=True), sim("sync", volumes=True)
SYNC = sim("sync")


def made_later(offering):
    """After the list of offerings was recorded."""
    return [sim("patch", kind="serviceoffering", name=offering, set={"_hidden": False})]


HELD, FREE = sim("hold", host="esx1.lab.example", held=True), sim("hold", host="esx1.lab.example", held=False)


def import_of(name, **more):
    return call(command="importUnmanagedInstance", clusterid=VC_1, name=name, serviceofferingid=SO_1X1024,
                **{"nicnetworklist[0].nic": "Network adapter 1", "nicnetworklist[0].network": L2_101}, **more)


def power(name, state):
    return sim("power", name=name, state=state)


# What must be so before a single recording.
BEFORE = {
    "inventory/listTemplates": KVM_TEMPLATES_LATER,
    "oddities/offering-of-foreign-domain-refused": made_later("so-sub-only"),
    "kvm/import-tag-mismatch-refused": made_later("so-1x1024-gold"),
    "import-refused/account-disabled": [call(command="disableAccount", lock="false", **ALICE)],
    "import-refused/cluster-disabled": [call(command="updateCluster", id=VC_1, allocationstate="Disabled")],
    "unmanaged/vc-cluster-1": [sim("vanish", name=name) for name in LATER],
    "unmanaged/vc-cluster-1-paged": [sim("vanish", name=name) for name in LATER],
    "unmanaged/cluster-disabled": [call(command="updateCluster", id=VC_1, allocationstate="Disabled")],
    "import-refused/limit-instances": [limit(0, **ALICE)],
    "import-refused/limit-cpu": [limit(8, **ALICE)],
    "import-refused/limit-memory": [limit(9, **ALICE)],
    "import-refused/limit-volumes": [limit(2, **ALICE)],
    "import-refused/limit-primary-storage": [limit(10, **ALICE)],
    "import-refused/limit-domain-instances": [limit(0, **DOM_A)],
    "import-refused/limit-project-instances": [limit(0, **PROJECT)],
    "import-refused/duplicate-mac-in-network": ["(import/minimal-auto-mapped-by-vlan)"],
    "import/duplicate-mac-in-network-forced": ["(import/minimal-auto-mapped-by-vlan)"],
    "import/duplicate-mac-in-other-network": ["(import/minimal-auto-mapped-by-vlan)"],
    "import/duplicate-mac-forced": ["(import/minimal-auto-mapped-by-vlan)"],
    "import-refused/hostname-taken-in-network": ["(import/three-disks-on-two-datastores)"],
    "import-refused/hostname-taken-in-zone-instancename-flag": [
        "(import/shared-ip-first)",
        call(command="updateConfiguration", name="vm.instancename.flag", value="true")],
    "import/accepted-same-hostname-other-network": ["(import/shared-ip-first)"],
    "import-refused/shared-network-ip-taken": ["(import/shared-ip-first)"],
    "network/vlan-in-dynamic-range-refused": [WIDE_RANGE],
    "network/pvlan-in-dynamic-range-refused": [WIDE_RANGE],
    "network/l2-vlan-in-dynamic-range-bypass-refused": [WIDE_RANGE],
    "network/shrink-dynamic-range": [WIDE_RANGE],
    "network/delete": ["(network/l2-vlan-101-bypass)"],
    "network/delete-unknown-refused": ["(network/l2-vlan-101-bypass)", "(network/delete)"],
    "after-import/import-again-refused": ["(import/minimal-auto-mapped-by-vlan)"],
    "after-import/unmanaged-list-hides-the-name-on-every-host": ["(import/first-of-two-same-named)"],
    "after-import/listEvents-VM.IMPORT": ["(import/minimal-auto-mapped-by-vlan)",
                                          "(after-import/import-again-refused)"],
    "after-import/listVirtualMachines": ["(import/minimal-auto-mapped-by-vlan)", SYNC],
    "after-import/listVolumes": ["(import/minimal-auto-mapped-by-vlan)", VOLUME_STATS],
    "after-import/first-of-two-same-named-volume": ["(import/first-of-two-same-named)", VOLUME_STATS],
    "oddities/name-with-ampersand-listVirtualMachines": [import_of("R&D-01", made=RD_01, hostname="rd-01", displayname="R&D-01")],
    "job/query-as-other-user": ["(job/customjobid-1-submit)"],
}

SCENES = [
    ["config/vm.strict.host.tags-ssd", "import-refused/strict-host-tag-migrateallowed-false",
     "import-refused/strict-host-tag-migrateallowed-true"],
    ["lifecycle/1-import-running", VM_STATS, power("power-me", "PowerOff"), "lifecycle/2-after-guest-powered-off",
     "lifecycle/3-unmanaged-list-after-power-off", "lifecycle/4-import-again-after-power-off-refused",
     "lifecycle/5-listVirtualMachines", "lifecycle/6-listVolumes",
     "lifecycle/7-import-again-other-network-refused",
     "lifecycle/7b-import-again-other-hostname-same-network-refused",
     "lifecycle/7c-import-again-other-hostname-forced-ACCEPTED", "lifecycle/8-listVirtualMachines-after",
     "lifecycle/8-listVolumes-after", power("power-me", "PowerOn"), "lifecycle/9-after-power-on-again",
     "lifecycle/9-unmanaged-after-power-on-again"],
    ["lifecycle/20-import", "lifecycle/21-managed-volumes", sim("vanish", name="relink-me"),
     "lifecycle/22-after-vm-vanished-from-hypervisor",
     sim("restore", recording="lifecycle/23-restored-copy-is-listed"), "lifecycle/23-restored-copy-is-listed",
     "lifecycle/24-0-updateVolume", "lifecycle/24-1-updateVolume",
     "lifecycle/25-updateVirtualMachine-instancename", "lifecycle/26-listNics", "lifecycle/26-listVirtualMachines",
     "lifecycle/26-listVolumes", power("relink-me-restored", "PowerOn"), "lifecycle/27-after-power-on",
     "lifecycle/28-unmanaged-list", "lifecycle/29-updateVolume-state-refused",
     "lifecycle/30-updateVolume-as-domadmin-refused", "lifecycle/31-updateVirtualMachine-customid",
     "lifecycle/32-listVirtualMachines-by-new-id", "lifecycle/33-updateVirtualMachine-customid-own-id-refused",
     "lifecycle/34-updateVirtualMachine-customid-bad-refused",
     "lifecycle/39-updateVirtualMachine-as-domadmin-refused",
     "lifecycle/35-updateVirtualMachine-name-running-accepted", "lifecycle/36-createTags", "lifecycle/37-listTags",
     "lifecycle/38-deleteTags"],
    ["tags/1-import-with-untagged-offering", "tags/2-findStoragePoolsForMigration",
     "tags/3-migrateVolume-offering-not-fitting-pool-refused",
     "tags/4-migrateVolume-running-without-livemigrate-refused",
     sim("patch", kind="storagepool", name="nfs-gold", set={"_fails": True}),
     "tags/5a-migrateVolume-hypervisor-failed",
     sim("patch", kind="storagepool", name="nfs-gold", set={"_fails": False}),
     "tags/7-migrateVolume-same-pool-refused", "tags/8-migrateVolume-unknown-pool-refused",
     "tags/9-migrateVolume-other-cluster-refused", "tags/10a-changeOfferingForVolume-data-disk-needs-size-refused",
     "tags/5b-listVolumes-unchanged-after-5a", VOLUME_STATS, "tags/5-migrateVolume-running-livemigrate",
     "tags/6-listVolumes-after-5", "tags/10b-changeOfferingForVolume-root-needs-size-refused",
     "tags/12-migrateVolume-root-with-new-offering", "tags/13-migrateVolume-root-same-pool-refused",
     "tags/14-listVolumes-after-all", "tags/20-import-where-tags-fit"],
    ["kvm/lifecycle-1-import", power("kvm-two", "PowerOff"), "kvm/lifecycle-2-after-power-off",
     "kvm/lifecycle-3-unmanaged", "kvm/lifecycle-4-unmanage-stopped"],
    ["kvm/relink-1-import", VM_STATS, sim("vanish", name="kvm-web"), "kvm/relink-2-after-vanishing",
     "kvm/relink-3-updateVolume", "kvm/relink-4-updateVirtualMachine",
     sim("appear", instance={"name": "kvm-web-restored", "hostname": "kvm1.lab.example", "powerstate": "PowerOn",
                             "cpunumber": 1, "memory": 1024, "disk": [], "nic": []}),
     SYNC, "kvm/relink-5-after-power-on", "kvm/relink-6-listVolumes", "kvm/relink-7-unmanaged"],
    ["(import/minimal-auto-mapped-by-vlan)", "unmanage/running", "unmanage/again-refused",
     "unmanage/listUnmanagedInstances-after", "unmanage/listVirtualMachines-after", "unmanage/listVolumes-after"],
    ["(import/for-secondary-ip)", "after-import/addIpToNic", "after-import/addIpToNic-taken-refused",
     "after-import/addIpToNic-listNics", "unmanage/with-secondary-ip"],
    ["oddities/failed-second-nic-2", "oddities/failed-second-nic-3-retry",
     "oddities/failed-second-nic-4-retry-forced", "oddities/failed-second-nic-5-listNics"],
    ["job/customjobid-1-submit", "job/customjobid-2-submit-again", "job/customjobid-3-query",
     "job/query-as-other-user"],
    [HELD, "job/race-1-submit", "job/race-2-submit-same-vm", FREE, "job/race-1-result", "job/race-2-result",
     "job/race-3-listVirtualMachines"],
    [HELD, "job/slow-1-submit", "job/slow-2-pending", "job/slow-3-listAsyncJobs-pending",
     "job/slow-4-listVirtualMachines-meanwhile", sim("restart"), FREE, "job/slow-5-after-server-restart",
     "job/slow-6-same-customjobid-again", "job/slow-7-listVirtualMachines", "job/slow-7b-query-later",
     "job/slow-8-new-customjobid"],
]

RELINKED_OLDER = "d5321c66-4beb-48fa-bc79-86ea71e92a07"

# The same for the recordings of the older server.
BEFORE_OLDER = {
    "after-import/listVirtualMachines": ["(import/minimal-auto-mapped-by-vlan)",
                                         sim("sync", host="esx2.lab.example"), VM_STATS],
    "unmanaged/vc-cluster-1": [sim("vanish", name=name) for name in LATE],
    "inventory/listTemplates": [sim("facts", kind="template", recording="inventory/listTemplates")],
    "inventory/listNetworkOfferings": [
        sim("facts", kind="networkoffering", recording="inventory/listNetworkOfferings")],
    "inventory/listHosts": [sim("remove", kind="host", id="f19f178a-9f53-4473-883e-4d67b40dfedd")] + [
        sim("patch", kind="host", name=name, set={"hypervisorversion": "4.20.3.0"})
        for name in ("kvm1.lab.example", "kvm2.lab.example")],
    "lifecycle/3-unmanaged-list-after-power-off": [import_of("power-me"), power("power-me", "PowerOff")],
    "job/customjobid-2-submit-again": [import_of("job-a", customjobid="12b7cf5d-b9c8-4462-9936-16fba439b1b2")],
    "lifecycle/27-after-power-on": [
        import_of("relink-me", made=RELINKED_OLDER, **{
            "datadiskofferinglist[0].disk": "132-2001", "datadiskofferinglist[0].diskOffering": DO_CUSTOM}),
        sim("vanish", name="relink-me"),
        call(command="updateVirtualMachine", id=RELINKED_OLDER, instancename="relink-me-restored"),
        sim("appear", instance={"name": "relink-me-restored", "hostname": "esx1.lab.example",
                                "powerstate": "PowerOn", "cpunumber": 1, "memory": 1024, "disk": [], "nic": []}),
        SYNC],
}
