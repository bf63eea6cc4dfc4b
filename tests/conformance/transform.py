# SPDX-License-Identifier: Apache-2.0
"""The same estate and recordings under other ids, names, VLANs and orders.

A seeded one-to-one change of texts: a letter for a letter in names (so that a name
that holds another one, an illegal host name or a keyword stays so), an id for an id,
a VLAN for a VLAN inside the same range. Rows are shuffled where their order decides
nothing.
"""
import json
import random
import re
import uuid

from .compare import UUID

NAMED_KINDS = ("zone", "pod", "cluster", "host", "storagepool", "physicalnetwork", "network", "project",
               "template", "serviceoffering", "diskoffering", "domain", "account", "instances")
OWN_WORDS = ("gold", "silver", "ssd", "notadded", "kvmplain", "kvmgold")
KEPT = re.compile(r"^(ROOT|admin|system|.{1,2}|baremetal-.*|Small.*|Medium.*|Large|Custom|xs-tools.*|SystemVM.*|VM Import.*|"
                  r"CentOS.*|.*import-dummy.*|secondary|s-1-VM|v-2-VM|sub)$")
SHUFFLED = ("serviceoffering", "diskoffering", "storagepool", "template", "account", "domain", "cluster",
            "networkoffering", "role", "network", "vlaniprange", "instances", "traffictype", "publicipaddress")
VLAN_MEMBERS = ("vlan", "vlanid", "isolatedpvlan")
VLAN_TEXTS = re.compile(r"(pvlan://|vlan://|\bvlan |guest network, )(\d+)(?:-([icp])(\d+))?")
RANGE = re.compile(r"\d+-\d+$")
FIRST_VLAN, VLANS = 101, 1800


def _as_written(name):
    """An ampersand may have a backslash before it in recorded raw text."""
    return re.escape(name).replace("&", r"\\?&")


class Transformation:
    def __init__(self, seed, document):
        self.random = random.Random(seed)
        self.seed = seed
        self.letters = self._letters()
        self.shift = self.random.randrange(1, VLANS)
        names = sorted(self._names(document), key=len, reverse=True)
        edge = r"(?<![A-Za-z0-9])(?:%s)(?![A-Za-z0-9])"
        self.names = re.compile(edge % "|".join(_as_written(name) for name in names))

    def _letters(self):
        """Consonants among themselves and vowels too, alike in both cases."""
        table = {}
        for group in ("bcdfghjklmnpqrstvwxz", "aeiouy"):
            mixed = list(group)
            self.random.shuffle(mixed)
            table.update(zip(group, mixed))
            table.update(zip(group.upper(), (letter.upper() for letter in mixed)))
        return table

    def _names(self, document):
        found = set(OWN_WORDS)
        for kind in NAMED_KINDS:
            for row in document[kind]:
                found.update(str(row[member]) for member in ("name", "displaytext", "displayname") if member in row)
        found.update(extra for extra in ("relink-me-restored", "kvm-web-restored", "power-two", "db-one",
                                         "Database one", "rd-01", "rd-02", "newname", "kvm-upper-name",
                                         "DC0", "proj-1", "l2-101b", "l2-101c", "shared-200b"))
        return {name for name in found if not KEPT.match(name)}

    def name(self, text):
        return "".join(self.letters.get(letter, letter) for letter in text)

    def id(self, text):
        if text.startswith("00000000-"):
            return text
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.seed}-{text}"))

    def vlan(self, number):
        """Odd ones (0, 4095, ..) and those beyond every range stay."""
        number = int(number)
        if not FIRST_VLAN <= number < FIRST_VLAN + VLANS:
            return number
        return FIRST_VLAN + (number - FIRST_VLAN + self.shift) % VLANS

    def _vlan_text(self, match):
        secondary = f"-{match[3]}{self.vlan(match[4])}" if match[3] else ""
        return f"{match[1]}{self.vlan(match[2])}{secondary}"

    def text(self, text):
        text = VLAN_TEXTS.sub(self._vlan_text, text)
        text = UUID.sub(lambda match: self.id(match[0]), text)
        return self.names.sub(lambda match: self.name(match[0]), text)

    def value(self, value, member=""):
        if isinstance(value, dict):
            return {name: self.value(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, member) for item in value]
        if member == "keyword":
            return self.name(value)
        if member in VLAN_MEMBERS and not isinstance(value, bool) and re.fullmatch(r"\d+", str(value)):
            return type(value)(self.vlan(value))
        return self.text(value) if isinstance(value, str) else value

    def estate(self, document):
        changed = {kind: self.value(rows) for kind, rows in document.items()}
        for kind in SHUFFLED:
            self.random.shuffle(changed[kind])
        return changed


class Identity:
    """Nothing changed."""

    def value(self, value, member=""):
        return value

    def estate(self, document):
        return document


class OtherRun(Identity):
    """Recordings of another run of the same lab: its ids become the estate's by name."""

    def __init__(self, found, document):
        names = {}
        for kind, rows in document.items():
            for row in rows if isinstance(rows, list) else ():
                if "id" in row and "name" in row:
                    names.setdefault((kind, row["name"]), row["id"])
        self.ids = {}
        for recording in found.values():
            self._learn(recording["response"]["body"], names)

    def _learn(self, body, names):
        for reply in body.values() if isinstance(body, dict) else ():
            for kind, rows in reply.items() if isinstance(reply, dict) else ():
                for row in rows if isinstance(rows, list) else ():
                    if isinstance(row, dict) and (kind, row.get("name")) in names and "id" in row:
                        self.ids[row["id"]] = names[(kind, row["name"])]

    def value(self, value, member=""):
        if isinstance(value, dict):
            return {name: self.value(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, str):
            return UUID.sub(lambda match: self.ids.get(match[0], match[0]), value)
        return value


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)
