# SPDX-License-Identifier: Apache-2.0
"""Does a compute offering fit an instance, does a storage pool fit a disk."""
import re

from .errors import failure

INT_MAX = 2147483647
GIB = 1 << 30
CUSTOM = ("cpunumber", "cpuspeed", "memory")
INSANE = {True: ("CPU cores for VM ({name}) not valid", "Memory for VM ({name}) not valid"),
          False: ("CPU cores [{value}] is not valid for importing VM [{name}].",
                  "Memory [{value}] is not valid for importing VM [{name}].")}
RULE = re.compile(r"tags\[(\d+)\]\s*==\s*'([^']*)'$")


def is_dynamic(offering):
    return any(offering.get(member) is None for member in CUSTOM)


def check_sane(release, name, numbers):
    for member, text in zip(("cpunumber", "memory"), INSANE[release.fit_text == "a"]):
        if not numbers.get(member):
            value = "null" if numbers.get(member) is None else numbers[member]
            raise failure(text.format(value=value, name=name))


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


class _Words:
    """The texts about custom offerings, as older and newer releases write them."""

    def __init__(self, release):
        is_new = release.custom_text == "U"
        self.cpu, self.template = ("CPU", "Template") if is_new else ("cpu", "template")


def _check_range(label, value, least, most):
    if not least <= value <= most:
        raise failure(f"Invalid {label} value, specify a value between {least} and {most}")


def _refuse_predefined(words, label, offering):
    raise failure(f"The {label} of this offering id:{offering['id']} is not customizable. This is predefined in the "
                  f"{words.template}.")


def _cap(estate, name):
    """0: there is none."""
    return int(estate.setting(name, "0") or 0) or INT_MAX


def _check_dynamic(estate, offering, instance, speed):
    """CPU, speed, memory, in this order."""
    words, details = _Words(estate.release), offering.get("serviceofferingdetails") or {}
    if offering.get("cpunumber") is not None:
        _refuse_predefined(words, f"{words.cpu} cores", offering)
    most = min(int(details.get("maxcpunumber", INT_MAX)), _cap(estate, "vm.serviceoffering.cpu.cores.max"))
    _check_range(f"{words.cpu} cores", instance["cpunumber"], int(details.get("mincpunumber", 1)), most)
    if offering.get("cpuspeed") is None and speed <= 0:
        raise failure(f"Invalid {words.cpu} speed value, specify a value between 1 and {INT_MAX}")
    if offering.get("memory") is not None:
        _refuse_predefined(words, "memory", offering)
    most = min(int(details.get("maxmemory", INT_MAX)), _cap(estate, "vm.serviceoffering.ram.size.max"))
    _check_range("memory", instance["memory"], int(details.get("minmemory", 32)), most)


def custom_speed(details, instance):
    """details[0].cpuSpeed, else the reservation; a word that is no number is ignored."""
    given = details.get("cpuSpeed") or ""
    if re.fullmatch(r"[+-]?[0-9]{1,10}", given) and -INT_MAX - 1 <= int(given) <= INT_MAX:
        return int(given)
    return instance.get("cpuspeed") or 0


def check_offering(estate, offering, instance, details):
    if is_dynamic(offering):
        _check_dynamic(estate, offering, instance, custom_speed(details, instance))
    else:
        _check_fixed(offering, instance)


def instance_text(instance):
    """Only a VMware host says where the instance is."""
    cluster, host = instance.get("_clustername"), instance.get("_hostname")
    quoted = [f'"{text}"' if text else "null" for text in (cluster, host)]
    return (f'UnmanagedInstanceTO {{"clusterName":{quoted[0]},"hostName":{quoted[1]},'
            f'"internalCSName":null,"name":"{instance["name"]}"}}')


def tags_of(text):
    return {tag for tag in (text or "").split(",") if tag}


def rule_holds(text, wanted):
    """A tag that is a JavaScript rule: tags[N] == 'WORD', joined by || or &&; or true."""
    tags = sorted(wanted)

    def holds(term):
        match = RULE.match(term.strip())
        if not match:
            return term.strip() == "true"
        place = int(match[1])
        return place < len(tags) and tags[place] == match[2]
    return any(all(holds(term) for term in each.split("&&")) for each in (text or "").split("||"))


def has_tags(release, pool, tags):
    if release.tag_rules and pool.get("istagarule"):
        return rule_holds(pool.get("tags"), tags_of(tags))
    return tags_of(tags) <= tags_of(pool.get("tags"))


def _by_export(estate, cluster, disk, suits):
    for pool in sorted(estate["storagepool"], key=lambda pool: pool["_n"]):
        same = (pool.get("ipaddress"), pool.get("path")) == (disk.get("datastorehost"), disk.get("datastorepath"))
        near = pool.get("zoneid") == cluster["zoneid"] and pool.get("clusterid") in (None, cluster["id"])
        if same and near and suits(pool):
            return pool
    return None


def _is_named(release, pool, disk):
    path, name, export = pool.get("path") or "", disk.get("datastorename") or "", disk.get("datastorepath") or ""
    if release.pool_search == "e":
        return path.endswith(name)
    if release.pool_search == "p":
        return bool(export) and export in path
    return (export or name) in path or (release.pool_search == "cu" and pool["id"] == name)


def _in_order(estate, cluster):
    """The cluster's, then the zone's, other clusters' too. A set has no such order: who is first there is not told by
    any list, and by number alone is what was recorded."""
    zone = sorted(estate["storagepool"].where(zoneid=cluster["zoneid"]), key=lambda pool: pool["_n"])
    if estate.release.pool_search == "cu":
        return zone
    return [pool for pool in zone if pool.get("clusterid") == cluster["id"]] + zone


def find_pool(estate, cluster, disk, tags):
    release = estate.release

    def suits(pool):
        return not release.pool_tags or has_tags(release, pool, tags)
    pool = _by_export(estate, cluster, disk, suits) if disk.get("datastoretype") else None
    pool = pool or next((each for each in _in_order(estate, cluster)
                         if _is_named(release, each, disk) and suits(each)), None)
    if pool is None:
        raise failure(f"Storage pool for disk {disk['label']}({disk['id']}) with datastore: "
                      f"{disk.get('datastorename') or 'null'} not found in zone ID: {cluster['zoneid']}")
    return pool
