# SPDX-License-Identifier: Apache-2.0
"""The state of the stand-in: tables of rows, read from an estate file.

An estate is one JSON object. Each member that is a list of objects is a table; a
row holds the fields of the API reply (as a root admin sees it), but may leave out
what shapes.py fills in. Members of a row that begin with '_' are facts the API
does not show: _n (the internal number that some texts print), _hidden (absent
from lists, accepted by id), _removed (the row of a deleted object), _no_id.
Other members: version, keys, filler ({table: rows to invent}), capability, instances.
"""
import json
import threading
import uuid

from . import releases
from .clock import Clock


INDEXED = {  # members that rows are looked up by where there are many of them, the one that tells most first
    "configuration": ("name",), "guestosmapping": ("ostypeid", "osnameforhypervisor"), "nic": ("virtualmachineid", "networkid", "macaddress"),
    "volume": ("virtualmachineid",), "virtualmachine": ("instancename", "name"), "ostype": ("description",)}


def _folded(value):
    return value.lower() if isinstance(value, str) else value


class Table:
    """Rows of one kind in the order in which the server lists them."""

    def __init__(self, kind):
        self.kind, self.rows, self.by_id, self.last_number = kind, [], {}, 0
        self.indexed, self.indexes = INDEXED.get(kind, ()), {}

    def __iter__(self):
        return iter([row for row in self.rows if not row.get("_removed")])

    def add(self, row, first=False):
        row.setdefault("id", str(uuid.uuid4()))
        row.setdefault("_n", self.last_number + 1)
        self.last_number = max(self.last_number, row["_n"])
        if first:
            self.rows = [row] + self.rows
        else:
            self.rows.append(row)
        self.by_id[row["id"]] = row
        for member, index in self.indexes.items():
            bucket = index.setdefault(_folded(row.get(member)), [])
            bucket.insert(0 if first else len(bucket), row)
        return row

    def fill(self, rows):
        """Many at once, numbered already (see read())."""
        self.rows = [dict(row) for row in rows]
        self.by_id = {row["id"]: row for row in self.rows}
        self.last_number = max((row["_n"] for row in self.rows), default=0)
        self.touch()

    def touch(self):
        """A member of a row has changed that rows are found or counted by, or a row is gone."""
        self.indexes, self.rows = {}, list(self.rows)  # a new list, so that who added up the old one does so anew

    def get(self, row_id):
        """Removed rows too: the server finds them by id and fails later."""
        return self.by_id.get(row_id)

    def live(self, row_id):
        row = self.by_id.get(row_id)
        return row if row and not row.get("_removed") else None

    def _near(self, fields):
        """Rows among which those with these fields are."""
        member = next((each for each in self.indexed if each in fields), None)
        return self.rows if member is None else self.like(member, fields[member])

    def like(self, member, value):
        """Rows, removed ones too, whose indexed member is that, but for the case."""
        if member not in self.indexes:
            index = self.indexes[member] = {}
            for row in self.rows:
                index.setdefault(_folded(row.get(member)), []).append(row)
        return self.indexes[member].get(_folded(value), [])

    def _matching(self, fields):
        return (row for row in self._near(fields) if not row.get("_removed")
                and all(row.get(k) == v for k, v in fields.items()))

    def where(self, **fields):
        return list(self._matching(fields))

    def first(self, **fields):
        return next(self._matching(fields), None)

    def drop(self, row):
        self.drop_all([row])

    def drop_all(self, rows):
        gone = {id(row) for row in rows}
        self.rows = [row for row in self.rows if id(row) not in gone]
        for row in rows:
            self.by_id.pop(row["id"], None)
        self.touch()

    def rename_id(self, row, new_id):
        self.by_id.pop(row["id"], None)
        row["id"] = new_id
        self.by_id[new_id] = row


class Estate:
    def __init__(self, document, version=None):
        self.lock = threading.RLock()
        self.clock = Clock()
        self.version = version or document.get("version", "4.23.0.0-SNAPSHOT")
        self.release = releases.of_version(self.version)
        self.keys = [dict(key) for key in document.get("keys", [])]
        self.capability = document.get("capability", {})
        self.instances = document.get("instances", [])
        self.tables = {}
        self.tallies = {}  # sums of tables, see limits.py
        self.scratch = {}  # what one call or step of a job has worked out of the tables
        for kind, rows in document.items():
            if _is_table(kind, rows):
                self[kind].fill(rows)

    def now(self):
        return self.clock.now()

    def __getitem__(self, kind):
        table = self.tables.get(kind)
        if table is None:
            table = self.tables[kind] = Table(kind)
        return table

    @property
    def is_old(self):
        """Up to 4.20.x: before several key pairs, NIC link state and GPU limits."""
        return self.release.before_421

    def setting(self, name, default=""):
        row = self["configuration"].first(name=name)
        return row.get("value", default) if row else default

    @property
    def root_domain(self):
        return next(row for row in self["domain"] if not row.get("parentdomainid"))

    def domain_chain(self, domain_id):
        """The domain and its ancestors, nearest first."""
        domain = self["domain"].get(domain_id)
        while domain:
            yield domain
            domain = self["domain"].get(domain.get("parentdomainid"))

    def is_within(self, domain_id, ancestor_id):
        return any(domain["id"] == ancestor_id for domain in self.domain_chain(domain_id))


def _filler(kind, model, place):
    """A row that only makes a long list long: another one with its own id."""
    row = {k: v for k, v in model.items() if k not in ("id", "_n")}
    for field in ("name", "description", "osdisplayname", "osnameforhypervisor"):
        if field in row:
            row[field] = f"{row[field]} (filler {place})"
    row["id"] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind}-{place}"))
    return row


def _is_table(kind, rows):
    return isinstance(rows, list) and kind not in ("keys", "instances")


def number(document):
    """Every row gets an id and a number; those that the API shows none of say so."""
    for kind, rows in document.items():
        table = Table(kind)
        for row in rows if _is_table(kind, rows) else ():
            if "id" not in row:
                row["_no_id"] = True
            table.add(row)
    return document


def read(path):
    """The estate file, numbered and with its filler rows, for as many Estates as needed."""
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    for kind, count in document.pop("filler", {}).items():
        rows = document[kind]
        rows.extend([_filler(kind, rows[-1], place) for place in range(1, count + 1)])
    return number(document)


def more_instances(document, count):
    """VMs like the estate's first, with names, addresses and files of their own."""
    for place in range(1, count + 1):
        model = json.loads(json.dumps(document["instances"][0]))
        name, old = f"vm-{place:05}", model["name"]
        for disk in model.get("disk", []):
            disk.update(id=f"{100000 + place}-{disk['id'].rpartition('-')[2]}",
                        imagepath=disk["imagepath"].replace(old, name))
        for number, nic in enumerate(model.get("nic", [])):
            nic["macaddress"] = "00:50:56:%02x:%02x:%02x" % (0x10 + number, place >> 8 & 255, place & 255)
            nic.pop("ipaddresses", None)
        yield dict(model, name=name)


def as_text(kind, row):
    """Objects as error texts print them."""
    return TEXTS[kind](row)


def _json(**members):
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False)


def _json_spaced(**members):
    return json.dumps(members, ensure_ascii=False)


TEXTS = {
    "account": lambda r: "Account [%s]" % _json(accountName=r["name"], id=r["_n"], uuid=r["id"]),
    "cluster": lambda r: 'Cluster {id: "%s", name: "%s", uuid: "%s"}' % (r["_n"], r["name"], r["id"]),
    "zone": lambda r: "Zone " + _json_spaced(id=str(r["_n"]), name=r["name"], uuid=r["id"]),
    "network": lambda r: "Network " + _json_spaced(
        id=r["_n"], name=r["name"], uuid=r["id"], networkofferingid=r.get("_offering_n", 1)),
    "serviceoffering": lambda r: "Service offering %s." % _json(id=r["_n"], name=r["name"], uuid=r["id"]),
    "diskoffering": lambda r: "Disk offering %s." % _json(id=r["_n"], name=r["name"], uuid=r["id"]),
    "storagepool": lambda r: "StoragePool " + _json(
        id=r["_n"], name=r["name"], poolType=r["type"], uuid=r["id"]),
    "volume": lambda r: "Volume " + _json(
        id=r["_n"], instanceId=r["_vm_n"], name=r["name"], uuid=r["id"], volumeType=r["type"]),
}
