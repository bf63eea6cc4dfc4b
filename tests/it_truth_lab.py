#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verdicts on the estates of the recordings, over the wire: what vm-ingest says of a call is what
the stand-in answers to it (TAP). Random estates: it_truth.py.
"""
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
SEED = 20261121
CASES = []


def case(name):
    def declare(test):
        CASES.append((name, test))
        return test
    return declare


def agree(found):
    """No disagreement of @found: (item, answer, label)."""
    wrong = []
    for item, answered, label in found:
        trouble = compare(item, answered, label)
        if trouble:
            wrong.append(trouble)
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
    for number in range(3):
        lab.changes = mutate.crowd(document, random.Random(f"{SEED} crowd {number}"))
        for item in lab.read().plan_saved()["items"]:
            if item["verdict"].startswith("ready") and not predicted(item):
                found.append((item, lab.submit(call_of(item)), f"crowd {number}"))
            elif item["calls"] and predicted(item) and item["findings"][0]["id"] in HELD:
                held.add(item["findings"][0]["id"])
                found.append((item, lab.submit(call_of(item)), f"crowd {number}, behind others"))
    agree(found)
    assert held >= {"ip-not-available", "mac-in-network"}, held


@case("limits are used up by the items of a plan, in its order")
@with_lab(recorded)
def limited(lab):
    with open(lab.estate, encoding="utf-8") as file:
        document = json.load(file)
    rules = lab.path("rules")
    with open(rules, "w", encoding="utf-8") as file:
        file.write("owner any -> account alice domain ROOT/dom-a\n")
    found, told, n_accepted = [], set(), 0
    for number in range(8):
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
