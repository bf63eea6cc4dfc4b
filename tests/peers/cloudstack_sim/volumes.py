# SPDX-License-Identifier: Apache-2.0
"""Managed volumes after the import: update (relink), migrate, change of offering."""
import json
import uuid

from . import fit, lists
from .errors import failure, invalid
from .estate import as_text
from .jobs import Work
from .params import is_true
from .registry import LIST_PARAMS, command

STATES = ("Allocated", "Creating", "Ready", "Migrating", "Snapshotting", "Resizing", "Expunging", "Expunged",
          "Destroy", "Destroying", "UploadOp", "Uploaded", "NotUploaded", "Attaching", "Restoring")
NO_POOL_MEMBERS = ("usediops", "storagecapabilities", "details", "hasannotations")


def _shown_in_job(call, volume, job):
    """A job's own result shows the job as still pending on the volume."""
    return {"volume": dict(lists.show_volume(call, volume), jobid=job["id"], jobstatus=0)}


@command("updateVolume", "id!:volume path:string storageid:storagepool chaininfo:string state:string name:string "
         "displayvolume:boolean customid:string", is_async=True, kind="volume", instance_type="Volume",
         cmd="org.apache.cloudstack.api.command.admin.volume.UpdateVolumeCmdByAdmin")
def update_volume(call):
    volume = call.row("id")

    def commit(job):
        if call.given.get("state") and call.given["state"] not in STATES:
            raise invalid("Invalid volume state specified")
        for name in ("path", "storageid", "chaininfo", "state", "name"):
            if call.given.get(name):
                volume[name] = call.given[name]
        return _shown_in_job(call, volume, job)
    return Work(commit, instance_id=volume["id"])


def _tag_text(tags):
    return ",".join(sorted(fit.tags_of(tags)))


def _check_running(call, volume, vm):
    if not vm or vm["state"] != "Running":
        return
    if volume["hypervisor"] == "KVM":  # read in the code, not recorded
        raise invalid("KVM does not support volume live migration due to the limited possibility to refresh VM XML "
                      "domain. Therefore, to live migrate a volume between storage pools, one must migrate the VM to a "
                      "different host as well to force the VM XML domain update. Use "
                      "'migrateVirtualMachineWithVolumes' instead.")
    if not is_true(call.given.get("livemigrate")):
        raise invalid(f"The volume {as_text('volume', volume)}is attached to a vm and for migrating it the "
                      "parameter livemigrate should be specified")


def _check_room(call, volume, pool):
    """Maintenance and thresholds: read in the code, not recorded."""
    pool = call.render("storagepool", pool)
    if "Maintenance" in pool.get("state", "Up"):
        raise invalid(f"Cannot migrate volume {as_text('volume', volume)}to the destination storage pool "
                      f"{pool['name']} as the storage pool is in maintenance mode.")
    size, used = pool["disksizetotal"], pool.get("disksizeused") or 0
    total = size * float(pool.get("overprovisionfactor") or 1)
    asked = (pool.get("disksizeallocated") or 0) + volume["size"]
    if (used / size >= float(call.estate.setting("pool.storage.capacity.disablethreshold", "0.85")) or asked > total or
            asked / total > float(call.estate.setting("pool.storage.allocated.capacity.disablethreshold", "0.85"))):
        raise failure(f"Storage pool {pool['name']} does not have enough space to migrate volume {volume['name']}")


def _check_new_offering(call, volume, pool, vm, offering):
    """All but the tags of the pool is read in the code, not recorded."""
    before = _present_offering(call, volume).get("tags")
    must_keep = call.estate.setting("match.storage.pool.tags.with.disk.offering", "true") == "true"
    if must_keep and not fit.tags_of(before) <= fit.tags_of(offering.get("tags")):
        raise invalid(f"Existing disk offering storage tags of the volume {volume['id']} does not contain in the new "
                      f"disk offering {offering['id']}  ")
    if (offering.get("storagetype") == "local") != (pool.get("scope") == "HOST"):
        raise invalid("You cannot move the volume to a shared storage and assign a disk offering for local storage "
                      "and vice versa.")
    _check_tags(call, volume, pool, offering.get("tags"))
    service = call.estate["serviceoffering"].get(vm["serviceofferingid"]) if vm else None
    if volume["type"] == "ROOT" and service and service.get("diskofferingstrictness"):
        raise invalid(f"Disk offering cannot be changed to the volume {volume['id']} since existing disk offering is "
                      "strictly associated with the volume")


def _check_tags(call, volume, pool, tags):
    if not fit.has_tags(call.estate.release, pool, tags):
        raise invalid(f"Migration failed: target pool [{pool['name']}, tags:[{_tag_text(pool.get('tags'))}]] has no "
                      f"matching tags for volume [{volume['name']}, uuid:{volume['id']}, tags:{_tag_text(tags)}]")


def _check_migration(call, volume, pool, offering):
    vm = call.estate["virtualmachine"].get(volume.get("virtualmachineid"))
    if volume.get("state", "Ready") != "Ready":  # read in the code, not recorded
        raise invalid("Volume must be in ready state")
    if volume["storageid"] == pool["id"]:
        raise invalid(f"Volume {as_text('volume', volume)} is already on the destination storage pool")
    if vm and call.estate["vmsnapshot"].where(virtualmachineid=vm["id"]):  # read in the code, not recorded
        raise invalid("Volume cannot be migrated, please remove all VM snapshots for VM to which this volume is attached")
    _check_running(call, volume, vm)
    _check_room(call, volume, pool)
    if pool.get("clusterid") not in (None, volume.get("clusterid")):
        raise invalid("Cannot migrate a volume of a virtual machine to a storage pool in a different cluster")
    if offering:
        _check_new_offering(call, volume, pool, vm, offering)
    else:
        _check_tags(call, volume, pool, _present_offering(call, volume).get("tags"))


def _present_offering(call, volume):
    if volume.get("diskofferingid"):
        return call.estate["diskoffering"].get(volume["diskofferingid"])
    number = int(volume.get("serviceofferingid") or 0)
    service = call.estate["serviceoffering"].first(_n=number) or {}
    return {"tags": service.get("storagetags")}


class Migration:
    """One submitted migrateVolume: checked, then copied by the hosts while the volume is Migrating."""

    def __init__(self, call):
        self.call = call
        self.volume, self.pool, self.offering = call.row("volumeid"), call.row("storageid"), call.row("newdiskofferingid")

    def check(self):
        _check_migration(self.call, self.volume, self.pool, self.offering)
        self.volume["state"] = "Migrating"

    def host_id(self):
        vm = self.call.estate["virtualmachine"].get(self.volume.get("virtualmachineid"))
        return vm.get("hostid") if vm else None

    def commit(self, job):
        """Storage and offering change; path and chaininfo stay, as on the simulated hosts, unless told otherwise."""
        if self.pool.get("_fails"):
            self.fail()
        if "moved-paths" in self.call.simulator.switches:
            self._move_file()
        self.volume.update(storageid=self.pool["id"], state="Ready")
        if self.offering:
            self.volume["diskofferingid"] = self.offering["id"]
            for name in ("serviceofferingid", "serviceofferingname", "serviceofferingdisplaytext"):
                self.volume.pop(name, None)
        return _shown_in_job(self.call, self.volume, job)

    def _move_file(self):
        """A real host's copy has a name of its own (not recorded)."""
        self.volume["path"] = uuid.uuid4().hex
        if self.volume.get("chaininfo"):
            chain = json.loads(self.volume["chaininfo"])
            chain["diskChain"] = [f"[{self.pool['name']}] {self.volume['path']}/{self.volume['path']}.vmdk"]
            self.volume["chaininfo"] = json.dumps(chain)

    def partly(self, _):
        """A server that dies meanwhile leaves the volume where it was, and Migrating (read in the code, not recorded)."""

    def fail(self):
        """As the hosts' failure is worded; a test makes them fail by {kind: storagepool, set: {_fails: true}} or a
        fault. Nothing has changed then."""
        self.volume["state"] = "Ready"
        source = self.call.estate["storagepool"].get(self.volume["storageid"])
        inner = "VolumeObject " + json.dumps({"dataStore": as_text("storagepool", source),
                                              "volumeVO": as_text("volume", self.volume)}, separators=(",", ":"))
        raise failure("Migrate volume failed: com.cloud.utils.exception.CloudRuntimeException: Failed to migrate volume "
                      f"{inner} to storage pool {as_text('storagepool', self.pool)}")


@command("migrateVolume", "volumeid!:volume storageid!:storagepool livemigrate:boolean "
         "newdiskofferingid:diskoffering", is_async=True, kind="volume", instance_type="Volume",
         cmd="org.apache.cloudstack.api.command.admin.volume.MigrateVolumeCmdByAdmin")
def migrate_volume(call):
    move = Migration(call)
    return Work(move.commit, move.check, move.host_id, move.volume["id"], move.partly, move.fail)


@command("changeOfferingForVolume", "id!:volume diskofferingid!:diskoffering size:long automigrate:boolean "
         "shrinkok:boolean", role="user", is_async=True, kind="volume",
         cmd="org.apache.cloudstack.api.command.user.volume.ChangeOfferingForVolumeCmd")
def change_offering(call):
    volume, offering = call.row("id"), call.row("diskofferingid")

    def commit(job):
        if offering.get("iscustomized") and not call.given.get("size"):
            raise invalid("The new disk offering requires that a size be specified.")
        volume["diskofferingid"] = offering["id"]
        return _shown_in_job(call, volume, job)
    return Work(commit)


def _is_reachable(call, volume, pool):
    """Another pool of the cluster or the whole zone, for the same hypervisor."""
    near = pool.get("clusterid") in (None, volume.get("clusterid"))
    return near and pool["id"] != volume["storageid"] and pool.get("hypervisor") == volume["hypervisor"]


def _is_suitable(call, volume, pool):
    """Tags of the offering wanted later are not asked for; another host's disk is not."""
    vm = call.estate["virtualmachine"].get(volume.get("virtualmachineid"))
    if pool.get("scope") != "HOST" or vm is None:
        return True
    host = call.estate["host"].get(vm.get("hostid"))
    return bool(host) and pool["name"].startswith(host["name"])


@command("findStoragePoolsForMigration", "id!:volume " + LIST_PARAMS, kind="storagepool")
def find_pools(call):
    volume = call.row("id")
    found = []
    for pool in call.estate["storagepool"]:
        if _is_reachable(call, volume, pool):
            shown = call.render("storagepool", dict(
                pool, jobstatus=0, suitableformigration=_is_suitable(call, volume, pool)))
            found.append({k: v for k, v in shown.items() if k not in NO_POOL_MEMBERS})
    return call.whole("storagepool", sorted(found, key=lambda pool: not pool["suitableformigration"]))
