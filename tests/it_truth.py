#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verdicts are true: what vm-ingest says of a call is what the stand-in answers to it (TAP).

Each item of a plan is one call, sent to a fresh copy of the stand-in. Ready must be accepted;
blocked with a refusal of the server must be refused with that code and text (ids aside).
TRUTH_ROUNDS=N judges N times as many random cases.
"""
import collections
import json
import os
import random
import sys
import tempfile
import traceback

TESTS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, TESTS)
from conformance import transform  # noqa: E402
from truth import mutate  # noqa: E402
from truth.judge import HELD, LIMITS, Lab, call_of, compare, predicted  # noqa: E402

LAB = os.path.join(TESTS, "estates", "lab.json")
TINY = os.path.join(TESTS, "estates", "tiny.json")
OLDER = ("--server-version", "4.20.3.0")
ROUNDS = int(os.environ.get("TRUTH_ROUNDS", "1"))
SEED = 20261121
CASES, COUNTS = [], collections.Counter()


def case(name):
    def declare(test):
        CASES.append((name, test))
        return test
    return declare


def agree(found):
    """No disagreement of @found: (item, answer, label)."""
    wrong = []
    for item, answered, label in found:
        COUNTS["cases"] += 1
        COUNTS["unknown" if item["verdict"] == "unknown" else "refused" if answered else "accepted"] += 1
        trouble = compare(item, answered, label)
        if trouble:
            wrong.append(trouble)
            COUNTS["wrong"] += 1
    assert found, "nothing was judged"
    assert not wrong, f"{len(wrong)} of {len(found)}:\n" + "\n".join(str(each) for each in wrong[:8])


def answers(lab, plan, labels=()):
    """Each item's call to a fresh copy."""
    found = []
    for index, item in enumerate(plan["items"]):
        lab.reset()
        found.append((item, lab.submit(call_of(item)), labels[index] if labels else ""))
    return found


def with_lab(estate, *options):
    def run(test):
        def started():
            with tempfile.TemporaryDirectory() as folder, Lab(estate(folder), folder, *options) as lab:
                test(lab)
        return started
    return run


def recorded(_):
    return LAB


def other(folder):
    """Other ids, names, VLANs and orders."""
    path = os.path.join(folder, "estate")
    document = transform.load(LAB)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(transform.Transformation(SEED, document).estate(document), file)
    return path


def tiny(_):
    return TINY


def judge_plan(lab):
    agree(answers(lab, lab.plan()))


def judge_choices(lab, seed, rounds, changes=False):
    """Rounds of wrong choices, on an estate that was changed too if @changes."""
    with open(lab.estate, encoding="utf-8") as file:
        document = json.load(file)
    found = []
    for number in range(rounds * ROUNDS):
        generator = random.Random(f"{SEED} {seed} {number}")
        lab.changes = mutate.estate_changes(document, generator) if changes else []
        plan = lab.read().plan_saved()
        estate, labels = mutate.Estate(document, generator), []
        for index, item in enumerate(plan["items"]):
            item["choice"]["hostname"] = f"h{index}"
            labels.append(mutate.choose(item, estate))
        found += answers(lab, lab.check_alone(plan), labels)
    agree(found)


@case("a plan of the estate of the recordings says what the server answers")
@with_lab(recorded)
def plan_of_lab(lab):
    judge_plan(lab)


@case("so does one of a 4.20.3 server")
@with_lab(recorded, *OLDER)
def plan_of_older(lab):
    judge_plan(lab)


@case("so does one of other ids, names, VLANs and orders")
@with_lab(other)
def plan_of_other(lab):
    judge_plan(lab)


@case("so does one of a small, older estate")
@with_lab(tiny)
def plan_of_tiny(lab):
    judge_plan(lab)


@case("what is ready in a plan is accepted as a whole, one after the other")
@with_lab(recorded)
def wave(lab):
    plan = lab.read().plan_saved()
    ready = [item for item in plan["items"] if item["verdict"] == "ready"]
    assert len(ready) > 10, len(ready)
    refused = [(item["instance"]["name"], answer) for item in ready for answer in (lab.submit(call_of(item)),) if answer]
    assert not refused, refused


@case("what an earlier item of a plan takes is refused to those behind it, and nothing else is")
@with_lab(recorded)
def crowded(lab):
    with open(lab.estate, encoding="utf-8") as file:
        document = json.load(file)
    found, held = [], set()
    for number in range(3 * ROUNDS):
        lab.changes = mutate.crowd(document, random.Random(f"{SEED} crowd {number}"))
        for item in lab.read().plan_saved()["items"]:
            if item["verdict"].startswith("ready") and not predicted(item):
                found.append((item, lab.submit(call_of(item)), f"crowd {number}"))
            elif item["calls"] and predicted(item) and item["findings"][0]["id"] in HELD:
                held.add(item["findings"][0]["id"])
                found.append((item, lab.submit(call_of(item)), f"crowd {number}, behind others"))
    agree(found)
    assert held >= {"ip-not-available", "mac-in-network"}, held


def by_name(document, kind, name):
    return next(row for row in document[kind] if row["name"] == name)["id"]


@case("a NIC that passes every tag on is judged as the server does, chosen or not")
@with_lab(recorded)
def trunks(lab):
    with open(lab.estate, encoding="utf-8") as file:
        document = json.load(file)
    lab.changes = mutate.trunks(document, None)
    plan = lab.read().plan_saved()
    plan["items"] = plan["items"][::4]
    found, seen = [], collections.Counter()
    for owner in ({}, {"account": "alice", "domainid": by_name(document, "domain", "dom-a")}):
        for network in (None, "l2-4095", "l2-102", "iso-211", "none"):
            for item in plan["items"]:
                item["choice"].update(owner)
                item["choice"]["nics"] = [] if network == "none" else [
                    {"nic": nic["id"], "networkid": network and by_name(document, "network", network), "ip4": None}
                    for nic in item["instance"]["nics"]]
            checked = lab.check_alone(plan)
            for item in checked["items"]:
                first = item["findings"][0]["id"] if item["findings"] else ""
                seen[first] += first.startswith(("vlan-", "nic-", "network-vlan"))
                lab.reset()
                answered = lab.submit(call_of(item))
                found.append((item, answered, f"{network} {owner}"))
                assert answered or not predicted(item), (network, item["findings"])
    agree(found)
    assert all(seen[each] for each in ("nic-choice-missing", "vlan-network-of-others", "network-vlan-differs")), seen


@case("limits are used up by the items of a plan, in its order")
@with_lab(recorded)
def limited(lab):
    with open(lab.estate, encoding="utf-8") as file:
        document = json.load(file)
    rules = lab.path("rules")
    with open(rules, "w", encoding="utf-8") as file:
        file.write("owner any -> account alice domain ROOT/dom-a\n")
    found, told, n_accepted = [], set(), 0
    for number in range(8 * ROUNDS):
        lab.changes = mutate.limits(document, random.Random(f"{SEED} limits {number}"))
        for item in lab.read().plan_saved("--policy", rules)["items"]:
            first = item["findings"][0]["id"] if item["findings"] else None
            if item["verdict"] != "ready" and first not in LIMITS:
                continue
            found.append((item, lab.submit(call_of(item)), f"limits {number}"))
            told |= {first} & LIMITS
            n_accepted += item["verdict"] == "ready"
    agree(found)
    assert n_accepted > 10, n_accepted
    assert told == LIMITS, told


def judge_without_template(lab):
    """All KVM items, none of which names a template."""
    plan = lab.read().plan_saved()
    plan["items"] = [item for item in plan["items"] if item["choice"]["templateid"]]
    for item in plan["items"]:
        item["choice"]["templateid"] = None
    assert len(plan["items"]) > 5, len(plan["items"])
    agree(answers(lab, lab.check_alone(plan)))


@case("KVM without a template is refused as late as the newest server does")
@with_lab(recorded)
def without_template(lab):
    judge_without_template(lab)


@case("and as early as a 4.20.3 server does")
@with_lab(recorded, *OLDER)
def without_template_older(lab):
    judge_without_template(lab)


@case("what was imported is already managed, and is not called ready again")
@with_lab(recorded)
def managed(lab):
    plan = lab.read().plan_saved()
    item = next(item for item in plan["items"] if item["verdict"] == "ready")
    name = item["instance"]["name"]
    assert lab.submit(call_of(item)) is None
    lab.peer.control("power", name=name, state="PowerOff")
    again = [each for each in lab.plan()["items"] if each["instance"]["name"] == name]
    assert all(each["verdict"] == "blocked" for each in again), again


@case("a choice of a wrong kind is judged as the server does")
@with_lab(recorded)
def choices(lab):
    judge_choices(lab, "choices", 3)


@case("so it is by a 4.20.3 server")
@with_lab(recorded, *OLDER)
def choices_older(lab):
    judge_choices(lab, "older", 2)


@case("so it is under other ids, names, VLANs and orders")
@with_lab(other)
def choices_other(lab):
    judge_choices(lab, "other", 2)


@case("so it is where VMs, hosts, pools, accounts and settings were changed")
@with_lab(recorded)
def choices_changed(lab):
    judge_choices(lab, "changed", 4, changes=True)


@case("the refusals that were foretold are of many kinds")
@with_lab(recorded)
def kinds(lab):
    """Else agreement would prove little."""
    with open(LAB, encoding="utf-8") as file:
        document = json.load(file)
    generator, seen = random.Random(SEED), set()
    lab.changes = mutate.estate_changes(document, generator)
    lab.read()
    for _ in range(4):
        plan, estate = lab.plan_saved(), mutate.Estate(document, generator)
        for item in plan["items"]:
            mutate.choose(item, estate)
        seen.update(item["findings"][0]["id"] for item in lab.check(plan)["items"] if predicted(item))
    assert len(seen) >= 20, sorted(seen)


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
    share = 100 * (1 - COUNTS["wrong"] / max(COUNTS["cases"], 1))
    print(f"# {COUNTS['cases']} cases: {COUNTS['accepted']} accepted, {COUNTS['refused']} refused, "
          f"{COUNTS['unknown']} unknown; {COUNTS['wrong']} disagreements, {share:.2f} % agreement")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
