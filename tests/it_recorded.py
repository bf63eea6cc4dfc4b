#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each recorded import of a real server is foretold: verdict, stage, code and text (TAP).

The estate of the recordings is brought into the state in which each was made (conformance/scenes.py),
vm-ingest reads inventory and catalog, and 'check' judges a plan item that has the request's own
parameters for its choice. What it says must be what the real server answered. The stand-in's answers
do not count: it holds the state only, and it_conformance.py holds it against the recordings.

Usage: it_recorded.py [PART-OF-A-NAME]
"""
import json
import os
import re
import subprocess
import sys
import tempfile

TESTS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, TESTS)
from conformance import scenes, transform  # noqa: E402
from conformance.peer import Peer  # noqa: E402
from it_conformance import LAB, Report, Round, recordings  # noqa: E402
from truth.judge import FINDS_OUT, PROGRAM, fixed_parts, predicted  # noqa: E402

IMPORT = "importUnmanagedInstance"
# Calls whose answer hangs on something that is no part of a plan.
NOT_FORETOLD = {
    "job/customjobid-2-submit-again": "the id of the job was used before: the journal's matter",
    "job/customjobid-not-a-uuid": "the id of the job is none: the journal's matter",
    "job/slow-1-submit": "the server was killed during the job",
    "oddities/failed-second-nic-3-retry": "no list shows the rows that a failed import left behind",
    "job/slow-6-same-customjobid-again": "the id of the job was used before: the journal's matter",
}
# What the server accepts and we do not call ready all the same, with the finding that says why.
STRICTER = {
    "lifecycle/7c-import-again-other-hostname-forced-ACCEPTED": "managed-listed-again",
    "kvm/import-auto-map": "nic-choice-missing",
    "kvm/import-auto-map-without-vlan": "nic-choice-missing",
}
# The end of a job that was asked for later.
RESULTS = {"job/race-1-submit": "job/race-1-result", "job/race-2-submit-same-vm": "job/race-2-result"}
# What no list shows, or what the recorded server had besides the estate.
HIDDEN = ((re.compile(r"Account \[.*\] has access to (Service|Disk) offering .*"),
           r"Account [<dump>] has access to \1 offering <dump>"),
          (re.compile(r"available for the account .*"), "available for the account <caller>"),
          (re.compile(r"account: (<id>|\(account of the project\))\."), "account: <id>."),
          (re.compile(r"(Current (Domain|Account) Resource Amount) = \d+, (?=Current \w* ?Resource Reservation = 0, "
                      r"Requested Resource Amount = 1\.)"), r"\1 = <number>, "))
# Two hosts have a VM of this name; the recordings are of the first one, but for these.
TWIN = {"name": "web-01", "host": "esx2.lab.example"}
ABOUT_TWINS = {"import/first-of-two-same-named"}
TWINS = {"name-not-unique"}
EXIT_STALE = 8  # of two VMs of one name
EXIT_AUTH = 6  # of a catalog whose keys may not read all: what they may read is there
TEXTS = ("clusterid", "name", "displayname", "hostname", "account", "domainid", "projectid", "templateid",
         "serviceofferingid")
MAP = re.compile(r"(\w+)\[(\d+)\]\.(\w+)$")


def maps_of(params):
    """{list: {index: {member: value}}}"""
    found = {}
    for name, value in params.items():
        match = MAP.match(name)
        if match:
            found.setdefault(match[1].lower(), {}).setdefault(int(match[2]), {})[match[3]] = value
    return found


def words(text):
    text = fixed_parts(text)
    for pattern, word in HIDDEN:
        text = pattern.sub(word, text)
    return text


def choice_of(params):
    """The request as a choice; what it does not say is not chosen."""
    maps = maps_of(params)
    choice = {name: params.get(name) for name in TEXTS}
    addresses = {each.get("nic"): each.get("ip4Address") for each in maps.get("nicipaddresslist", {}).values()}
    nics = {each.get("nic"): each.get("network", "") for each in maps.get("nicnetworklist", {}).values()}
    names = list(nics) + [nic for nic in addresses if nic not in nics]
    choice["nics"] = [{"nic": nic, "networkid": nics.get(nic), "ip4": addresses.get(nic)} for nic in names]
    disks = [(each.get("disk"), each.get("diskOffering")) for each in maps.get("datadiskofferinglist", {}).values()]
    choice["disks"] = [{"disk": disk, "diskofferingid": offering} for disk, offering in disks]
    choice["details"] = maps.get("details", {}).get(0, {})
    for name in ("migrateallowed", "forced"):
        choice[name] = params.get(name, "").lower() == "true"
    return choice


def answered(name, found):
    """(stage, code, text) of the refusal, or None: it was accepted."""
    recording = found[name]
    reply = recording["response"]
    (_, body), = reply["body"].items()
    if reply["status"] != 200:
        return "submit", body["errorcode"], body["errortext"]
    ended = found[RESULTS[name]]["response"] if name in RESULTS else recording["job"]
    (_, job), = ended["body"].items()
    if job["jobstatus"] == 1:
        return None
    return "job", job["jobresultcode"], job["jobresult"].get("errortext")


class Prophet:
    """vm-ingest with the keys of whom it calls for; what was read of a state is kept."""

    def __init__(self, peer, folder):
        self.peer, self.folder, self.is_read, self.plans = peer, folder, set(), {}
        for user, keys in peer.keys.items():
            with open(os.open(self.path(user), os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
                file.write(f"[cloudstack lab]\nurl = http://{peer.address}/client/api\n"
                           f"api-key = {keys['apikey']}\nsecret-key = {keys['secretkey']}\n")

    def path(self, *words):
        return os.path.join(self.folder, "-".join(words))

    def run(self, user, *arguments):
        done = subprocess.run([PROGRAM, *arguments, "--config", self.path(user), "--progress", "none"], check=False,
                              capture_output=True, text=True, timeout=120)
        if done.returncode not in FINDS_OUT and (arguments[0], done.returncode) not in (
                ("catalog", EXIT_AUTH), ("check", EXIT_STALE)):
            raise RuntimeError(f"vm-ingest {arguments} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def read(self, user, state):
        """The inventory is the administrator's: others may not list what is unmanaged."""
        files = {verb: self.path(owner, verb, str(state)) for owner, verb in (("admin", "discover"), (user, "catalog"))}
        for (verb, path), owner in zip(files.items(), ("admin", user)):
            if path not in self.is_read:
                self.run(owner, verb, "--out", path)
            if state:
                self.is_read.add(path)
        return ("--inventory", files["discover"], "--catalog", files["catalog"])

    def foretell(self, user, params, state):
        files = self.read(user, state)
        if state is None or (user, state) not in self.plans:
            self.plans[user, state] = json.loads(self.run(user, "plan", *files))
        plan, choice = self.plans[user, state], choice_of(params)
        named = [item for item in plan["items"]
                 if (item["choice"]["clusterid"], item["choice"]["name"]) == (choice["clusterid"], choice["name"])]
        item = sorted(named or plan["items"], key=lambda each: each["instance"]["host"])[0]
        choice["root"] = root_of(item, choice)
        item["choice"] = dict(item["choice"], **choice)
        with open(self.path("plan"), "w", encoding="utf-8") as file:
            json.dump(dict(plan, items=[item]), file)
        return json.loads(self.run(user, "check", self.path("plan"), *files))["items"][0]


def root_of(item, choice):
    """The disk that the request leaves over, as the server takes it."""
    mapped = {disk["disk"] for disk in choice["disks"]}
    left = [disk["id"] for disk in item["instance"]["disks"] if disk["id"] not in mapped]
    return left[0] if left else item["choice"]["root"]


class Foretelling(Round):
    """Plays the scenes and asks before each import; the answer that counts is the recorded one."""

    def __init__(self, found, peer, change, before, prophet):
        super().__init__(found, peer, change, before)
        self.prophet, self.said, self.n_steps = prophet, {}, 0

    def scene(self, steps):
        self.n_steps = 0
        if any(self._is_import(step) for step in steps):
            super().scene(steps)

    def _is_import(self, step):
        return (isinstance(step, str) and not step.startswith("(") and
                self.found[step]["request"]["params"].get("command") == IMPORT)

    def _step(self, step):
        if self._is_import(step):
            name, recording = step, self.found[step]
            params = self._learned_params(recording["request"]["params"])
            if self.n_steps == 0 and params.get("name") == TWIN["name"] and name not in ABOUT_TWINS:
                self.peer.control("vanish", **TWIN)
            state = None
            if self.n_steps == 0:
                state = "alone" if params.get("name") == TWIN["name"] and name not in ABOUT_TWINS else "fresh"
            try:
                self.said[name] = self.prophet.foretell(recording["as"], params, state)
            except RuntimeError as error:
                self.said[name] = error
        self.n_steps += 1
        return super()._step(step)


def trouble(name, item, reply):
    """NULL, or how what was said differs from what was answered."""
    if isinstance(item, RuntimeError):
        return [str(item)]
    findings = {each["id"]: each["severity"] for each in item["findings"]}
    said = predicted(item)
    lines = [f"verdict {item['verdict']}: {findings}", f"said     {said}", f"answered {reply}"]
    if reply is None and name in STRICTER:
        return [] if STRICTER[name] in findings and item["verdict"] in ("blocked", "unknown") and not said else lines
    if reply is None:
        worst = {each for each, severity in findings.items() if severity in ("blocker", "unknown")}
        is_ready = item["verdict"] in ("ready", "ready-after-action") or worst == TWINS
        return [] if is_ready and not said else lines
    is_same = said and said[:2] == reply[:2] and words(said[2]) == words(reply[2])
    return [] if is_same and item["verdict"] in ("blocked", "ready-after-action") else lines


def tell(report, section, said, found, part, left_out):
    for name, recording in found.items():
        if recording["request"]["params"].get("command") != IMPORT or part not in name:
            continue
        if name in NOT_FORETOLD:
            left_out.add(name)
            continue
        lines = trouble(name, said[name], answered(name, found)) if name in said else ["no scene plays it"]
        report.line(f"{section}: {name}", not lines, lines)


def main():
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    report, document, left_out = Report(part), transform.load(LAB), set()
    older = recordings("recordings-4.20.3")
    for section, found, change, before, options in (
            ("4.23", recordings("recordings"), transform.Identity(), scenes.BEFORE, ()),
            ("4.20.3", older, transform.OtherRun(older, document), scenes.BEFORE_OLDER,
             ("--server-version", "4.20.3.0"))):
        with tempfile.TemporaryDirectory() as folder:
            peer = Peer(LAB, *options)
            try:
                played = Foretelling(found, peer, change, before, Prophet(peer, folder))
                played.run(part)
            finally:
                peer.stop()
        tell(report, section, played.said, found, part, left_out)
    for name in sorted(left_out):
        print(f"# not foretold: {name}: {NOT_FORETOLD[name]}")
    if not part:
        report.line("what cannot be foretold is what is listed, and no more", left_out == set(NOT_FORETOLD))
    print(f"1..{report.number}")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
