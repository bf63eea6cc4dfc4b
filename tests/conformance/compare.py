# SPDX-License-Identifier: Apache-2.0
"""Is an answer the recorded one? Same fields and types, recursively; same code and
error text with ids and numbers replaced; same values where an estate decides them."""
import json
import re

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NUMBERED = re.compile(r'((?:\b|\\*")(?:id|instanceId|networkofferingid|ID|Id)\\*"?\s*[:=]?\s*\\*"?)\d+')
AMOUNT = re.compile(r"(Current (?:Account|Domain) Resource Amount = )(\([^)]*\) )?\d+")
VM_NUMBER = re.compile(r"\b(ROOT|DATA)-\d+")

# Members whose values an estate and a request decide.
VALUES = frozenset("""
    name displayname instancename displaytext hostname account domain domainpath project state powerstate type
    vlan vlanid broadcasturi isolationuri broadcastdomaintype acltype networkname macaddress tags storagetags
    hosttags hypervisor cpunumber cpuspeed memory iscustomized disksize path chaininfo storage scope
    traffictype osdisplayname guestiptype specifyvlan jobstatus jobresultcode errorcode cserrorcode details
    capacity imagepath controller controllerunit position datastorename datastorehost datastorepath
    adaptertype isolatedpvlan isolatedpvlantype deviceid size gateway netmask cidr startip endip success
    templatename serviceofferingname diskofferingname osnameforhypervisor hypervisorversion label key value
    suitableformigration isasync allocationstate rootDiskController dataDiskController nicAdapter
""".split())
# The lab's hosts were simulated; some members say so where a real server says VMware or KVM.
LAB_ARTEFACT = "Simulator"
GENERATED_MAC = re.compile(r"02:")
LIST_KEYS = ("id", "name", "key", "resourcetype", "macaddress", "ipaddress", "username")


def plain(text):
    """Error texts with ids and internal numbers replaced."""
    text = UUID.sub("<id>", text)
    text = NUMBERED.sub(r"\1<n>", text)
    text = AMOUNT.sub(r"\1<n>", text)
    return VM_NUMBER.sub(r"\1-<n>", text)


def kind_of(value):
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return {str: "string", dict: "object", list: "list", type(None): "null"}[type(value)]


def form(value):
    """The form of a value: kinds only, to match items of lists without a common key."""
    if isinstance(value, dict):
        return tuple(sorted((name, form(member)) for name, member in value.items()))
    if isinstance(value, list):
        return ("list", tuple(sorted({form(item) for item in value}, key=repr)))
    return kind_of(value)


class Comparison:
    """Collects differences; learns which id stands for a recorded one."""

    def __init__(self, learned, leniency, name):
        self.learned, self.leniency, self.name, self.differences = learned, leniency, name, []

    def differ(self, path, text):
        self.differences.append(f"{path or '/'}: {text}")

    def values(self, expected, actual, path="", member=""):
        if kind_of(expected) != kind_of(actual):
            return self.differ(path, f"{kind_of(expected)} {_short(expected)} became {kind_of(actual)} "
                                     f"{_short(actual)}")
        if isinstance(expected, dict):
            return self._objects(expected, actual, path)
        if isinstance(expected, list):
            return self._lists(expected, actual, path, member)
        return self._scalars(expected, actual, path, member)

    def _objects(self, expected, actual, path):
        missing, extra = sorted(set(expected) - set(actual)), sorted(set(actual) - set(expected))
        if missing:
            self.differ(path, f"lacks {', '.join(missing)}")
        if extra:
            self.differ(path, f"has also {', '.join(extra)}")
        for name in expected:
            if name in self.leniency.members:
                self.leniency.member(name, expected[name], actual.get(name))
            elif name in actual:
                self.values(expected[name], actual[name], f"{path}/{name}", name)

    def _scalars(self, expected, actual, path, member):
        if isinstance(expected, str) and UUID.fullmatch(expected) and UUID.fullmatch(actual):
            self._ids(expected, actual, path)
        elif member == "errortext":
            if plain(expected) != plain(actual):
                self.differ(path, f"'{plain(actual)}' instead of '{plain(expected)}'")
        elif member in VALUES and not _is_same(expected, actual):
            self.differ(path, f"{_short(actual)} instead of {_short(expected)}")

    def _ids(self, expected, actual, path):
        known = self.learned.setdefault(expected, actual)
        if known != actual and path.endswith("/id"):
            self.differ(path, f"id {actual}, {known} before")

    def _lists(self, expected, actual, path, member):
        if not expected or not isinstance(expected[0], dict):
            if bool(expected) != bool(actual):
                self.differ(path, f"{len(actual)} items instead of {len(expected)}")
            return
        pairs, lone = self._pair(expected, actual)
        for place, (one, other) in enumerate(pairs):
            self.values(one, other, f"{path}[{place}]")
        self._lone(lone, expected, actual, path)

    def _pair(self, expected, actual):
        """Items with the same key; else by position if there are as many."""
        key = next((k for k in LIST_KEYS if all(k in item for item in expected + actual)), None)
        by_key = {}
        for item in actual:
            by_key.setdefault(item.get(key), []).append(item)
        pairs, lone = [], []
        for item in expected:
            wanted = self.learned.get(item.get(key), item.get(key)) if key else None
            found = by_key.get(wanted)
            if found:
                pairs.append((item, found.pop(0)))
            else:
                lone.append(item)
        if lone and len(expected) == len(actual):
            return list(zip(expected, actual)), []
        return pairs, lone

    def _lone(self, lone, expected, actual, path):
        """Items that name nothing common must at least have the form of one there is."""
        forms = {form(item) for item in actual}
        for item in lone:
            if form(item) not in forms:
                self.differ(path, f"no item like {_short(item)}")
        if len(actual) != len(expected) and not self.leniency.forgives_count(self.name):
            self.differ(path, f"{len(actual)} items instead of {len(expected)}")
        if self.name in self.leniency.counts:
            return
        known = {form(item) for item in expected}
        for item in actual:
            if len(actual) > len(expected) and form(item) not in known:
                self.differ(path, f"an item unlike all recorded: {_short(item)}")


class Leniency:
    """What the open list leaves out: members everywhere, counts in some recordings; and
    whether they differ at all."""

    def __init__(self, members, counts):
        self.members, self.counts, self.differing = members, counts, set()

    def member(self, name, expected, actual):
        if form(expected) != form(actual):
            self.differing.add(name)

    def forgives_count(self, recording):
        if recording in self.counts:
            self.differing.add(recording)
        return recording in self.counts


def _is_same(expected, actual):
    if expected == LAB_ARTEFACT:
        return True
    if isinstance(expected, str):
        if GENERATED_MAC.match(expected) and GENERATED_MAC.match(actual):
            return True
        return plain(expected) == plain(actual)
    return expected == actual


def _short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else text[:157] + "..."
