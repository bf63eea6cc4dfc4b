#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two-step plans are carried out as they stand: the stand-in accepts the import, then each move (TAP)."""
import json
import os
import re
import sys
import tempfile
import traceback

TESTS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, TESTS)
from truth.judge import Lab, call_of, read_reply  # noqa: E402

ESTATE = os.path.join(TESTS, "estates", "lab.json")
GOLD = "prefer disk-offering do-custom-gold\nprefer offering so-*-gold\n"
CASES = []


def case(name):
    def declare(test):
        CASES.append((name, test))
        return test
    return declare


class Moves(Lab):
    def __init__(self, folder, *options):
        super().__init__(ESTATE, folder, *options)
        with open(ESTATE, encoding="utf-8") as file:
            self.document = json.load(file)

    def id_of(self, kind, name):
        return next(row["id"] for row in self.document[kind] if row["name"] == name)

    def plan_by(self, rules):
        with open(self.path("rules"), "w", encoding="utf-8") as file:
            file.write(rules)
        return self.read().plan_saved("--policy", self.path("rules"))

    def listed(self, command, **params):
        _, _, text = self.peer.call(self.user, {"command": command, "listall": "true", **params})
        (_, body), = read_reply(text).items()
        return body

    def volumes(self, name):
        vm, = (each for each in self.listed("listVirtualMachines")["virtualmachine"] if each["instancename"] == name)
        return self.listed("listVolumes", virtualmachineid=vm["id"])["volume"]

    def volume_of(self, item, disk):
        """As the import names it: ROOT-37, DATA-37-121-2001."""
        volumes = self.volumes(item["choice"]["name"])
        if disk == item["choice"]["root"]:
            return next(each for each in volumes if each["type"] == "ROOT")
        return next(each for each in volumes if each["name"].endswith("-" + disk))

    def carry_out(self, item):
        """The answers to all calls of the item, in order; None: accepted."""
        answers = [self.submit(call_of(item))]
        for call in item["calls"][1:]:
            params = {"command": call["command"], **call["params"]}
            disk = re.fullmatch(r"\{volume of disk (.+)\}", params["volumeid"])[1]
            params["volumeid"] = self.volume_of(item, disk)["id"]
            answers.append(self.submit(params))
        return answers


def named(plan, name):
    return next(item for item in plan["items"] if item["instance"]["name"] == name)


def with_lab(*options):
    def run(test):
        def started():
            with tempfile.TemporaryDirectory() as folder, Moves(folder, *options) as lab:
                test(lab)
        return started
    return run


def every_ready_plan_is_accepted(lab, rules, least):
    plan, n_moves = lab.plan_by(rules), 0
    for item in plan["items"]:
        if item["verdict"] != "ready" or not item.get("moves"):
            continue
        lab.reset()
        answers = lab.carry_out(item)
        assert answers == [None] * (1 + len(item["moves"])), (item["instance"]["name"], answers)
        for move in item["moves"]:
            volume = lab.volume_of(item, move["disk"])
            assert volume["storageid"] == move["to_poolid"], (volume, move)
            assert volume["diskofferingname"] == move["offering"], (volume, move)
        n_moves += len(item["moves"])
    assert n_moves >= least, n_moves


@case("the recorded case is planned as it was recorded")
@with_lab()
def recorded(lab):
    item = named(lab.plan_by(GOLD), "tag-mismatch")
    choice = item["choice"]
    assert item["verdict"] == "ready", item["findings"]
    assert choice["serviceofferingid"] == lab.id_of("serviceoffering", "so-2x2048"), choice
    gold, pool = lab.id_of("diskoffering", "do-custom-gold"), lab.id_of("storagepool", "nfs-gold")
    assert [(each["storageid"], each["diskofferingid"]) for each in choice["migrate"]] == [(pool, gold)] * 2, choice
    assert [call["command"] for call in item["calls"]] == ["importUnmanagedInstance"] + ["migrateVolume"] * 2
    assert item["calls"][2]["params"] == {"volumeid": "{volume of disk 121-2001}", "storageid": pool,
                                          "newdiskofferingid": gold, "livemigrate": "true"}, item["calls"][2]


@case("all calls of a two-step plan that is ready are accepted, and end as the plan says")
@with_lab()
def accepted(lab):
    every_ready_plan_is_accepted(lab, GOLD, 10)


@case("so they are by a 4.20.3 server")
@with_lab("--server-version", "4.20.3.0")
def accepted_by_older(lab):
    every_ready_plan_is_accepted(lab, GOLD, 10)


@case("a plan without such a rule moves nothing")
@with_lab()
def nothing_moves(lab):
    assert not [item for item in lab.read().plan_saved()["items"] if item.get("moves")]


def patch(lab, kind, name, **members):
    return "patch", {"kind": kind, "id": lab.id_of(kind, name), "set": members}


# What is changed at the server after the plan was made: (finding, change, the answer).
LATER = (
    ("move-pool-not-up", ("storagepool", "nfs-gold", {"state": "Maintenance"}), (431, "in maintenance mode")),
    ("move-pool-full", ("storagepool", "nfs-gold", {"disksizeallocated": 2 << 40}), (530, "does not have enough space")),
    ("move-pool-full", ("storagepool", "nfs-gold", {"disksizeused": 1 << 40}), (530, "does not have enough space")),
    ("move-offering-unfit", ("diskoffering", "do-custom-gold", {"storagetype": "local"}), (431, "assign a disk offering")),
    ("move-tags-differ", ("storagepool", "nfs-gold", {"tags": "silver"}), (431, "has no matching tags")),
)


@case("what is no longer true is found by a check, and refused for the reason that is told")
@with_lab()
def later(lab):
    plan = lab.plan_by(GOLD)
    item = named(plan, "tag-mismatch")
    for finding, (kind, name, members), (code, text) in LATER:
        lab.changes = [patch(lab, kind, name, **members)]
        lab.read()
        checked, = lab.check(dict(plan, items=[item]))["items"]
        assert finding in [each["id"] for each in checked["findings"]], (finding, checked["findings"])
        assert checked["verdict"] == "blocked", checked["findings"]
        lab.reset()
        answers = lab.carry_out(checked)
        assert answers[0] is None and answers[1][1] == code and text in answers[1][2], (finding, answers)
        again = named(lab.plan_by(GOLD), "tag-mismatch")
        assert again["verdict"] == "ready", again["findings"]
        lab.reset()
        assert not any(lab.carry_out(again)), again["choice"]


@case("a strict service offering is not imported with, or its root disk stays")
@with_lab()
def strict(lab):
    lab.changes = [patch(lab, "serviceoffering", "so-2x2048", diskofferingstrictness=True)]
    item = named(lab.plan_by(GOLD), "tag-mismatch")
    assert item["verdict"] == "ready", item["findings"]
    assert item["choice"]["serviceofferingid"] != lab.id_of("serviceoffering", "so-2x2048"), item["choice"]
    lab.reset()
    assert lab.carry_out(item) == [None] * (1 + len(item["moves"])), item


# Changed choices of 'tag-mismatch': (finding, what the entry of the data disk becomes, the answer).
WRONG = (
    ("move-tags-differ", {"storageid": ("storagepool", "vmfs10")}, (431, "has no matching tags for volume")),
    ("move-pool-same", {"storageid": ("storagepool", "vmfs1")}, (431, "is already on the destination storage pool")),
    ("move-pool-not-found", {"storageid": "00000000-0000-0000-0000-000000000001"}, (431, "Invalid parameter storageid")),
    ("move-pool-out-of-reach", {"storageid": ("storagepool", "vmfs2"), "diskofferingid": ("diskoffering", "do-custom")},
     (431, "to a storage pool in a different cluster")),
    ("move-offering-not-found", {"diskofferingid": "00000000-0000-0000-0000-000000000001"}, (431, "newdiskofferingid")),
)


@case("an entry that is wrong is found, and the stand-in refuses the move for the reason that is told")
@with_lab()
def wrong(lab):
    plan = lab.plan_by(GOLD)
    item = named(plan, "tag-mismatch")
    before = json.dumps(item)
    for finding, change, (code, text) in WRONG:
        item = json.loads(before)
        item["choice"]["migrate"] = item["choice"]["migrate"][1:]
        item["choice"]["migrate"][0].update(
            {name: lab.id_of(*value) if isinstance(value, tuple) else value for name, value in change.items()})
        checked, = lab.check(dict(plan, items=[item]))["items"]
        assert checked["verdict"] == "blocked", (finding, checked["findings"])
        told = [each for each in checked["findings"] if each["id"] == finding]
        assert told, (finding, checked["findings"])
        lab.reset()
        answers = lab.carry_out(checked)
        assert answers[0] is None, answers
        assert answers[1][1] == code and text in answers[1][2], (finding, answers)


def main():
    print(f"1..{len(CASES)}")
    failed = 0
    for number, (name, test) in enumerate(CASES, 1):
        try:
            test()
            print(f"ok {number} - {name}", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {name}")
            text = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
            print("\n".join(f"# {line}" for line in text.splitlines()), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
