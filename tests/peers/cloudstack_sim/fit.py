# SPDX-License-Identifier: Apache-2.0
"""Does a compute offering fit an instance, does a storage pool fit a disk."""
from .errors import ApiError, failure
from .estate import as_text

INT_MAX = 2147483647
CUSTOM = ("cpunumber", "cpuspeed", "memory")


def is_dynamic(offering):
    return any(offering.get(member) is None for member in CUSTOM)


def _mismatch(offering, instance, template, member, value):
    shown = template.format(offering[member], value)
    raise failure(f"Service offering ({offering['id']}) {shown} and VM is not in powered off state "
                  f"(Power state: {instance['powerstate']})")


def _check_fixed(offering, instance):
    """Powered off: anything goes. PowerUnknown counts as running. The speed (a
    reservation) is compared for VMware alone, whose instances name their cluster."""
    if instance["powerstate"] == "PowerOff":
        return
    if offering["cpunumber"] != instance["cpunumber"]:
        _mismatch(offering, instance, "{} CPU cores do not match VM CPU cores {}", "cpunumber",
                  instance["cpunumber"])
    if offering["memory"] != instance["memory"]:
        _mismatch(offering, instance, "{}MB memory does not match VM memory {}MB", "memory", instance["memory"])
    speed = instance.get("cpuspeed") or 0
    if instance.get("_clustername") and speed > 0 and offering["cpuspeed"] != speed:
        _mismatch(offering, instance, "{}MHz CPU speed does not match VM CPU speed {}MHz", "cpuspeed", speed)


def _check_range(label, value, least, most):
    if not least <= value <= most:
        raise failure(f"Invalid {label} value, specify a value between {least} and {most}")


def _check_predefined(offering):
    for member, label in (("cpunumber", "CPU cores"), ("memory", "memory")):
        if offering.get(member) is not None:
            raise failure(f"The {label} of this offering id:{offering['id']} is not customizable. "
                          "This is predefined in the Template.")


def _check_dynamic(offering, instance, speed):
    _check_predefined(offering)
    details = offering.get("serviceofferingdetails") or {}
    cpus = int(details.get("mincpunumber", 1)), int(details.get("maxcpunumber", INT_MAX))
    memory = int(details.get("minmemory", 32)), int(details.get("maxmemory", INT_MAX))
    _check_range("CPU cores", instance["cpunumber"], *cpus)
    if offering.get("cpuspeed") is None:
        _check_range("CPU speed", speed or 0, 1, INT_MAX)
    _check_range("memory", instance["memory"], *memory)


def custom_speed(details, instance):
    """details[0].cpuSpeed, else the reservation; a word that is no number is ignored."""
    given = details.get("cpuSpeed", "")
    return int(given) if given.isdigit() else instance.get("cpuspeed") or 0


def check_offering(offering, instance, details):
    """530 with the inner text wrapped as the server does."""
    try:
        _check_sane(instance)
        if is_dynamic(offering):
            _check_dynamic(offering, instance, custom_speed(details, instance))
        else:
            _check_fixed(offering, instance)
    except ApiError as inner:
        raise failure(f"Failed to import Unmanaged VM [{instance_text(instance)}] because the service offering "
                      f"[{as_text('serviceoffering', offering)}] is not compatible due to [{inner}].") from inner


def _check_sane(instance):
    if instance["cpunumber"] <= 0:
        raise failure(f"CPU cores [{instance['cpunumber']}] is not valid for importing VM [{instance['name']}].")
    if instance["memory"] <= 0:
        raise failure(f"Memory [{instance['memory']}] is not valid for importing VM [{instance['name']}].")


def instance_text(instance):
    """Only a VMware host says where the instance is."""
    cluster, host = instance.get("_clustername"), instance.get("_hostname")
    quoted = [f'"{text}"' if text else "null" for text in (cluster, host)]
    return (f'UnmanagedInstanceTO {{"clusterName":{quoted[0]},"hostName":{quoted[1]},'
            f'"internalCSName":null,"name":"{instance["name"]}"}}')


def tags_of(text):
    return {tag for tag in (text or "").split(",") if tag}


def has_tags(pool, tags):
    return tags_of(tags) <= tags_of(pool.get("tags"))


def _by_export(estate, cluster, disk, tags):
    for pool in estate["storagepool"]:
        same = (pool.get("ipaddress"), pool.get("path")) == (disk.get("datastorehost"), disk.get("datastorepath"))
        near = pool.get("zoneid") == cluster["zoneid"] and pool.get("clusterid") in (None, cluster["id"])
        if same and near and has_tags(pool, tags):
            return pool
    return None


def _by_name(estate, cluster, disk, tags):
    """The first pool of the zone, other clusters' too, whose path CONTAINS the name."""
    wanted = disk.get("datastorepath") or disk.get("datastorename") or ""
    for pool in sorted(estate["storagepool"].where(zoneid=cluster["zoneid"]), key=lambda pool: pool["_n"]):
        named = wanted and wanted in (pool.get("path") or "")
        if (named or pool["id"] == disk.get("datastorename")) and has_tags(pool, tags):
            return pool
    return None


def find_pool(estate, cluster, disk, tags):
    pool = _by_export(estate, cluster, disk, tags) if disk.get("datastoretype") else None
    pool = pool or _by_name(estate, cluster, disk, tags)
    if pool is None:
        raise failure(f"Storage pool for disk {disk['label']}({disk['id']}) with datastore: "
                      f"{disk['datastorename']} not found in zone ID: {cluster['zoneid']}")
    return pool
