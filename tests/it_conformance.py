#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the CloudStack stand-in against every recorded request (TAP).

Three rounds: the recorded estate as it is; the same under other ids, names, VLANs and
orders (CONFORMANCE_SEED); the older server's recordings. One line a recording and round. What is known
not to agree is listed with its reason in conformance-open.txt; an entry that agrees
after all is a failure, so the list only shrinks.

Usage: it_conformance.py [PART-OF-A-NAME]
"""
import glob
import json
import os
import re
import sys
import tempfile

TESTS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, TESTS)
from conformance import scenes, transform  # noqa: E402
from conformance.compare import UUID, Comparison, Leniency  # noqa: E402
from conformance.peer import IMPLEMENTED, Peer  # noqa: E402

LAB = os.path.join(TESTS, "estates", "lab.json")
OPEN = os.path.join(TESTS, "conformance-open.txt")
SEED = int(os.environ.get("CONFORMANCE_SEED", "20261121"))


def recordings(folder):
    found = {}
    for path in sorted(glob.glob(os.path.join(TESTS, folder, "*", "*.json"))):
        name = os.path.relpath(path, os.path.join(TESTS, folder))[:-len(".json")]
        found[name] = transform.load(path)
    return found


def open_entries(section):
    """{name: reason} of one round."""
    entries = {}
    with open(OPEN, encoding="utf-8") as file:
        for line in file:
            words = line.split("#")[0].split(maxsplit=2)
            if len(words) == 3 and words[0] == section:
                entries[words[1]] = words[2].strip()
    return entries


def result_ids(found):
    """{id of a VM that a recorded import made, or of its NIC: the recording}"""
    made = {}
    for name, recording in found.items():
        body = recording.get("job", {}).get("body", {}).get("queryasyncjobresultresponse", {})
        result = body.get("jobresult")
        vm = result.get("virtualmachine") if isinstance(result, dict) else None
        if vm and recording["request"]["params"]["command"] == "importUnmanagedInstance":
            made.setdefault(vm["id"], name)
            for nic in vm["nic"]:
                made.setdefault(nic["id"], name)
    return made


def volume_places(found):
    """{id of a volume: (id of its VM, device)} from all recorded lists."""
    places = {}
    for recording in found.values():
        body = recording["response"]["body"]
        if recording["request"]["params"].get("command") == "listVolumes" and isinstance(body, dict):
            for volume in body["listvolumesresponse"].get("volume", []):
                places[volume["id"]] = (volume["virtualmachineid"], volume["deviceid"])
    return places


class Round:
    """One server, one set of recordings."""

    def __init__(self, found, peer, change, before):
        self.leniency = Leniency(open_entries("member"), open_entries("count"))
        self.found, self.peer, self.change, self.before = found, peer, change, before
        self.made = result_ids(found)
        self.volumes = volume_places(found)
        self.results = {}
        self.learned = {}

    # --- steps ---

    def _learned_params(self, params):
        changed = self.change.value(params)
        return {name: UUID.sub(lambda match: self.learned.get(match[0], match[0]), str(value))
                for name, value in changed.items()}

    def _simulate(self, verb, request):
        if "recording" in request:
            (_, body), = self.found[request["recording"]]["response"]["body"].items()
        if verb == "restore":
            verb, request = "appear", {"instance": body["unmanagedinstance"][0]}
        elif verb == "facts":
            verb, request = "replace", {"kind": request["kind"], "rows": body[request["kind"]]}
        self.peer.control(verb, **self.change.value(request))

    def _call(self, params, made):
        status, _, text = self.peer.call("admin", self._learned_params(params))
        (_, body), = json.loads(text).items()
        if status != 200:
            raise RuntimeError(f"{params['command']}: {text}")
        if "jobid" in body:
            _, done = self.peer.job(body["jobid"])
            result = done["queryasyncjobresultresponse"]["jobresult"]
            if made:
                self.learned[self.change.value(made)] = result["virtualmachine"]["id"]

    def _learn_volumes(self, params):
        """Recorded ids of volumes that a recorded list showed later."""
        for wanted in UUID.findall(" ".join(str(value) for value in params.values())):
            vm_id, device = self.volumes.get(wanted, (None, None))
            actual_vm = self.learned.get(self.change.value(vm_id)) if vm_id else None
            if actual_vm:
                _, _, text = self.peer.call("admin", {"command": "listVolumes", "listall": "true",
                                                      "virtualmachineid": actual_vm})
                for volume in json.loads(text)["listvolumesresponse"].get("volume", []):
                    if volume["deviceid"] == device:
                        self.learned[self.change.value(wanted)] = volume["id"]

    def _prepare(self, name, recording):
        """Networks that the recorded call made are in the estate already."""
        params, reply = recording["request"]["params"], recording["response"]
        if params.get("command") == "createNetwork" and reply["status"] == 200:
            (_, body), = self.change.value(reply["body"]).items()
            if body["network"]["name"] != self.change.value("l2-101c"):
                self.peer.control("remove", kind="network", id=body["network"]["id"])

    def _send(self, name, recording):
        """(actual as {status, body, pending, job}, comparison of what is no JSON)"""
        request = recording["request"]
        self._learn_volumes(request["params"])
        self._await_end(recording)
        has_pending = "pending" in recording
        if has_pending:
            self.peer.control("hold", host="*", held=True)
        status, content_type, text = self.peer.call(
            recording["as"], self._learned_params(request["params"]), request["method"], name)
        actual = {"status": status, "content_type": content_type, "body": text}
        job_id = _job_id(text) if "job" in recording else None
        if has_pending and job_id:
            actual["pending"] = dict(zip(("status", "body"), self.peer.job(job_id, wait=False)))
        if has_pending:
            self.peer.control("hold", host="*", held=False)
        if job_id:
            actual["job"] = dict(zip(("status", "body"), self.peer.job(job_id)))
        return actual

    def _await_end(self, recording):
        """A job that had ended when it was asked for."""
        body = recording["response"]["body"]
        asked = body.get("queryasyncjobresultresponse") if isinstance(body, dict) else None
        if asked and asked.get("jobstatus"):
            job_id = self.change.value(asked["jobid"])
            self.peer.job(self.learned.get(job_id, job_id))

    def _compare(self, name, recording, actual):
        comparison = Comparison(self.learned, self.leniency, name)
        reply = self.change.value(recording["response"])
        for member in ("status", "content_type"):
            if reply[member] != actual[member]:
                comparison.differ(member, f"{actual[member]} instead of {reply[member]}")
        _compare_body(comparison, reply["body"], actual["body"])
        for member in ("pending", "job"):
            if member in recording and member not in actual:
                comparison.differ(member, "no such job")
            elif member in recording:
                expected = self.change.value(recording[member])
                if expected["status"] != actual[member]["status"]:
                    comparison.differ(member, f"HTTP {actual[member]['status']}")
                comparison.values(expected["body"], actual[member]["body"], member)
        return comparison.differences

    def play(self, name):
        recording = self.found[name]
        self._prepare(name, recording)
        return self._compare(name, recording, self._send(name, recording))

    # --- scenes ---

    def _step(self, step):
        if isinstance(step, tuple) and step[0] == "sim":
            self._simulate(*step[1:])
        elif isinstance(step, tuple):
            self._call(*step[1:])
        elif step.startswith("("):
            self.play(step.strip("()"))
        else:
            return step, self.play(step)
        return None

    def scene(self, steps):
        self.peer.control("reset")
        self.learned = {}
        for step in steps:
            name = step if isinstance(step, str) else None
            try:
                self._step_and_note(step)
            except Exception as error:  # a broken step fails what depends on it, not the run
                if name and not name.startswith("("):
                    self.results[name] = [f"{type(error).__name__}: {error}"]

    def _step_and_note(self, step):
        outcome = self._step(step)
        if outcome:
            self.results[outcome[0]] = outcome[1]

    def _needed_imports(self, name):
        wanted = " ".join(str(value) for value in self.found[name]["request"]["params"].values())
        needed = dict.fromkeys(self.made[each] for each in UUID.findall(wanted) if each in self.made)
        return [step for each in needed if each != name for step in self._before(each) + [f"({each})"]]

    def _before(self, name):
        before = self.before.get(name)
        return self._needed_imports(name) if before is None else before

    def run(self, part=""):
        for steps in scenes.SCENES:
            judged = [s for s in steps if isinstance(s, str) and s in self.found]
            if any(part in name for name in judged) and all(
                    s in self.found for s in steps if isinstance(s, str) and not s.startswith("(")):
                self.scene(steps)
        for name in self.found:
            if name not in self.results and part in name:
                self.scene(self._before(name) + [name])
        return {name: self.results[name] for name in self.found if name in self.results and part in name}


def _job_id(text):
    try:
        (_, body), = json.loads(text).items()
    except (ValueError, AttributeError):
        return None
    return body.get("jobid")


def _compare_body(comparison, expected, actual):
    """Recorded raw text (XML, invalid JSON) is compared as text with ids replaced."""
    if isinstance(expected, str):
        plain = [_raw(text) for text in (expected, actual)]
        if plain[0] != plain[1]:
            comparison.differ("body", f"{plain[1][:400]} instead of {plain[0][:400]}")
        return
    try:
        actual = json.loads(actual)
    except ValueError as error:
        return comparison.differ("body", f"no JSON: {error}")
    comparison.values(expected, actual, "")


RAW_CHANGES = (UUID, re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000"), re.compile(r"ROOT-\d+"),
               re.compile(r"(?<=<gputotal>)\d+"))


def _raw(text):
    for pattern in RAW_CHANGES:
        text = pattern.sub("*", text)
    return text


class Report:
    def __init__(self, part):
        self.part = part
        self.number = self.failures = self.open = 0

    def leniency(self, leniency):
        """What is left out of the comparison must differ somewhere."""
        for name, reason in {**leniency.members, **leniency.counts}.items():
            differs = name in leniency.differing
            self.open += differs
            self.line(f"left out: {name} (open: {reason})" if differs else f"left out: {name}", differs,
                      () if differs else ["agrees: take it out of conformance-open.txt"])

    def line(self, title, is_ok, differences=(), remark=""):
        self.number += 1
        self.failures += not is_ok
        print(f"{'ok' if is_ok else 'not ok'} {self.number} - {title}{remark}")
        for difference in differences:
            print(f"#   {difference}")

    def apis(self):
        """Commands said to be missing must be."""
        for name, reason in open_entries("api").items():
            is_missing = name not in IMPLEMENTED
            self.open += is_missing
            self.line(f"api: {name} (open: {reason})" if is_missing else f"api: {name}", is_missing,
                      () if is_missing else ["is implemented: take it out of conformance-open.txt"])

    def round(self, section, results):
        entries = open_entries(section)
        for name, differences in results.items():
            title = f"{section}: {name}"
            if name not in entries:
                self.line(title, not differences, differences)
            elif differences:
                self.open += 1
                self.line(f"{title} (open: {entries[name]})", True)
            else:
                self.line(title, False, ["agrees: take it out of conformance-open.txt"])
        for name in entries:
            if name not in results and not self.part:
                self.line(f"{section}: {name}", False, ["listed in conformance-open.txt, but no such recording"])


def without_missing_apis(found):
    """listApis is held against what the stand-in implements; the rest is in the open list."""
    missing = open_entries("api")
    if "inventory/listApis" in found:
        listed = found["inventory/listApis"]["response"]["body"]["listapisresponse"]
        listed["api"] = [api for api in listed["api"] if api["name"] not in missing]
    return found


def play_round(found, change, before, part, *options):
    document = change.estate(transform.load(LAB))
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        peer = Peer(file.name, *options)
        try:
            played = Round(found, peer, change, before)
            return played.run(part), played.leniency
        finally:
            peer.stop()


def main():
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    report = Report(part)
    document = transform.load(LAB)
    found, older = without_missing_apis(recordings("recordings")), recordings("recordings-4.20.3")
    results, leniency = play_round(found, transform.Identity(), scenes.BEFORE, part)
    report.round("recorded", results)
    if not part:
        report.leniency(leniency)
        report.apis()
    results, _ = play_round(found, transform.Transformation(SEED, document), scenes.BEFORE, part)
    report.round("changed", results)
    results, _ = play_round(older, transform.OtherRun(older, document), scenes.BEFORE_OLDER, part,
                            "--server-version", "4.20.3.0")
    report.round("older", results)
    print(f"1..{report.number}")
    print(f"# {report.open} open")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
