# SPDX-License-Identifier: Apache-2.0
"""The checks of an import that concern disks: which is the root, offerings, pools, limits."""
from . import fit, limits
from .errors import failure, invalid
from .owners import require_offering

MIXED = ("Multiple data disk controllers of different type ({}, {}) are not supported for import. Please make sure that "
         "all data disk controllers are of the same type")
TOO_MUCH = "Volume resource allocation error for owner"


def are_there(job):
    if not job.instance.get("disk"):
        raise failure(f"No attached disks found for the unmanaged VM: {job.later_name}")


def one_is_root(job):
    """The one left out; in some releases the only one whatever was sent."""
    found, mapped = job.instance["disk"], job.disk_offering_of
    if len(found) == 1 and job.release.one_disk_mapped == "i":
        job.root, job.data = found[0], []
        return
    if len(mapped) != len(found) - 1:
        raise failure(f"VM has total {len(found)} disks for which {len(mapped)} disk offering mappings provided. "
                      f"{len(found) - 1} disks need a disk offering for import")
    left = [disk for disk in found if disk["id"] not in mapped]
    if len(left) > 1:
        names = ", ".join(disk["id"] for disk in left)
        raise failure(f"VM has total {len(found)} disks, disk offering mapping not provided for {len(left) - 1} "
                      f"disks. Disk IDs that may need a disk offering - {names}")
    job.root = left[0]
    job.data = [disk for disk in found if disk is not job.root]
    for disk in job.data if job.release.zero_data_disk == "o" else ():
        disk["capacity"] = disk.get("capacity") or mapped[disk["id"]].get("disksize", 0) * fit.GIB


def root_has_controller(job):
    if not job.root.get("controller"):
        raise failure(f"VM import failed. Unable to retrieve root disk details for VM: {job.later_name} ")
    if not job.is_vmware:
        job.root["capacity"] = job.root.get("capacity") or (job.offering.get("rootdisksize") or 0) * fit.GIB


def _require_one_more(job):
    """Plain checks look at one volume at a time; what the others need is added up later."""
    if job.release.limit_volume and job.release.limit_volume != "R":
        limits.require(job.estate, job.owner, "volume", 1, TOO_MUCH)


def _reserve(job, size_bytes, storage_tags):
    """Each disk is reserved while the next is looked at."""
    if job.release.limit_volume != "R":
        return
    tags = limits.storage_tags(job.estate, storage_tags)
    for tag in [None] + tags:
        for resource, amount in (("volume", 1), ("primary_storage", size_bytes)):
            held = job.reserved.get((resource, tag), 0)
            limits.require_one(job.estate, job.owner, resource, amount, TOO_MUCH, held, tag)
            job.reserved[resource, tag] = held + amount


def _require_size(disk):
    if not disk.get("capacity"):
        raise failure(f"Size of disk(ID: {disk['id']}) is found invalid during VM import")


def _take(job, disk, offering, tags):
    """The pool; tags that it lacks are refused here where the search did not ask for them."""
    pool = job.find_pool(disk, tags)
    if offering and not job.is_migration_allowed and not fit.has_tags(job.release, pool, tags):
        raise invalid(f"Disk offering: {offering['id']} is not compatible with storage pool: {pool['id']} of "
                      f"unmanaged disk: {disk['id']}")
    _reserve(job, disk["capacity"], tags)
    job.disks.append((disk, pool, offering, disk["capacity"]))


def root_fits(job):
    _require_one_more(job)
    _require_size(job.root)
    _take(job, job.root, None, job.offering.get("storagetags"))


def data_fit(job):
    """Disk by disk: what is wrong with the first is told before the second is looked at."""
    controller = None
    for disk in job.data:
        if not controller:
            controller = disk.get("controller")
        elif controller != disk.get("controller"):
            raise failure(MIXED.format(controller, disk.get("controller") or "null"))
        _data_disk_fits(job, disk, job.disk_offering_of[disk["id"]])


def _data_disk_fits(job, disk, offering):
    require_offering(job.estate, job.owner, "diskoffering", offering, job.cluster["zoneid"])
    _require_one_more(job)
    _require_size(disk)
    fixed = None if offering.get("iscustomized") else (offering.get("disksize") or 0) * fit.GIB
    if fixed == 0:
        raise failure(f"Size of fixed disk offering(ID: {offering['id']}) is found invalid during VM import")
    if fixed is not None and fixed < disk["capacity"]:
        raise failure(f"Size of disk offering(ID: {offering['id']}) {fixed // fit.GIB}GB is found less than the size "
                      f"of disk(ID: {disk['id']}) {disk['capacity'] // fit.GIB}GB during VM import")
    _take(job, disk, offering, offering.get("tags"))


def all_are_allowed(job):
    """Where nothing was reserved all disks are added up, before the NICs are looked at."""
    if job.release.limit_volume == "R":
        return
    limits.require(job.estate, job.owner, "volume", len(job.disks), TOO_MUCH)
    if not job.release.limit_storage:
        return
    limits.require(job.estate, job.owner, "primary_storage", sum(size for *_, size in job.disks), TOO_MUCH)
    sums = {}
    for _, _, offering, size in job.disks:
        for tag in limits.storage_tags(job.estate, (offering or {}).get("tags") or (
                job.offering.get("storagetags") if offering is None else None)):
            volumes, storage = sums.get(tag, (0, 0))
            sums[tag] = (volumes + 1, storage + size)
    for tag, (volumes, storage) in sums.items():
        limits.require_one(job.estate, job.owner, "volume", volumes, TOO_MUCH, 0, tag)
        limits.require_one(job.estate, job.owner, "primary_storage", storage, TOO_MUCH, 0, tag)


def volumes_are_moved(job, vm):
    """migrateallowed: what lies on a pool without the offering's tags moves to one that has them."""
    for volume, (_, pool, offering, _) in zip(job.estate["volume"].where(virtualmachineid=vm["id"]), job.disks):
        tags = offering.get("tags") if offering else job.offering.get("storagetags")
        if fit.has_tags(job.release, pool, tags):
            continue
        other = next((each for each in job.estate["storagepool"] if each is not pool and _is_reachable(job, each)
                      and fit.has_tags(job.release, each, tags)), None)
        if other is None:
            raise failure(f"VM import failed for unmanaged vm: {job.name} during volume ID: {volume['id']} migration "
                          "as no suitable pool found")
        volume["storageid"] = other["id"]


def _is_reachable(job, pool):
    return pool.get("zoneid") == job.cluster["zoneid"] and pool.get("clusterid") in (None, job.cluster["id"]) and \
        pool.get("hypervisor") in (None, job.cluster["hypervisortype"]) and pool.get("state", "Up") == "Up"
