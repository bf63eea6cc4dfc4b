# SPDX-License-Identifier: Apache-2.0
"""Asks vm-ingest, asks the stand-in, and compares."""
import json
import os
import re
import subprocess
import time

from conformance.peer import TESTS, Peer

from . import tables

PROGRAM = os.path.join(os.environ.get("B", os.path.join(os.path.dirname(TESTS), "build")), "vm-ingest")
FINDS_OUT = (0, 3)
REFUSING = ("blocker", "action")
# Rules for the operator's safety: what the server says to such a call is not foretold.
SAFETY = {"already-managed", "managed-listed-again", "name-is-managed", "disk-is-managed", "managed-undecided",
          "system-vm", "name-of-other-instance", "name-not-unique",
          "nic-choice-missing", "datastore-taken-for-other", "root-disk-has-offering", "root-disk-differs"}
# What an earlier item of the same plan may take, and is free when the call is made alone.
LIMITS = {"limit-exceeded-" + each for each in ("instances", "cpus", "memory", "volumes", "storage")}
HELD = {"hostname-taken", "hostname-in-zone", "ip-not-available", "ip-not-in-range", "mac-in-network", *LIMITS}
CALL = "importUnmanagedInstance"
# What no list call shows: ids, the server's own numbers, and its dumps of whole objects.
UNSHOWN = ((re.compile(r"Domain Id = (\d+|\(internal number\))"), "Domain Id = <number>"),
           (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<id>"),
           (re.compile(r"\[UnmanagedInstanceTO .*?\}\]"), "[<dump>]"),
           (re.compile(r"\[Failed to import Unmanaged VM \[[^\]]*\]"), "[<dump>]"),
           (re.compile(r"Unmanaged VM \[[^\]]*\]"), "Unmanaged VM [<dump>]"),
           (re.compile(r"service offering \[[^\]]*\]"), "service offering [<dump>]"),
           (re.compile(r"exists on network .* and forced"), "exists on network <dump> and forced"),
           (re.compile(r"in the network \[.*?\] domain"), "in the network [<dump>] domain"),
           (re.compile(r"the account .* in state"), "the account <dump> in state"),
           (re.compile(r"\w+ \[?\{.*\}\]?$"), "<dump>"),
           (re.compile(r"template by id \S+.*"), "template by id <number>"),
           (re.compile(r"template: (the default template|<id>) is not"), "template: <id> is not"),
           (re.compile(r"Cluster \[.*\] is not"), "Cluster [<dump>] is not"),
           (re.compile(r"Account \[.*\] has access to (\w+) offering .*"), r"Account [<dump>] has access to \1 offering"),
           (re.compile(r"(account|owner): (<id>|\(account of the project\))\."), r"\1: <id>."),
           (re.compile(r"network with ID = \S+ and"), "network with ID = <number> and"),
           (re.compile(r"; network=.*"), "; network=<dump>"),
           (re.compile(r"volume ID: (<id>|\(not made yet\)) migration"), "volume ID: <id> migration"),
           (re.compile(r"for network Network .*|for network \S+$"), "for network <dump>"))


# Whether an id that no list shows is none, or that of a removed row, is told by nobody; both are refused.
NO_SUCH_ID = re.compile(r"Unable to execute API command \w+ due to invalid value\. Invalid parameter templateid .*")
REMOVED_ROW = re.compile(r"Template ID: \d+ cannot be found")
MAC = re.compile(r"\b[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}\b")


def is_untold_refusal(item, answered):
    """A fact that nobody can tell may refuse it before what is foretold does: refused it is."""
    return any(re.search(tables.REFUSALS[reason], answered[2] or "") for reason in finding_ids(item)
               if reason in tables.REFUSALS)


def is_same_refusal(said, answered):
    """Code, stage and text, but for what no list shows."""
    if said[1] == answered[1] and NO_SUCH_ID.match(said[2] or "") and REMOVED_ROW.match(answered[2] or ""):
        return True
    return said[:2] == answered[:2] and (answered[2] is None) == (said[2] is None) and \
        fixed_parts(said[2]) == fixed_parts(answered[2])


def fixed_parts(text):
    text = MAC.sub(lambda match: match[0].lower(), text or "")
    for pattern, word in UNSHOWN:
        text = pattern.sub(word, text or "")
    return text


def finding_ids(item):
    return {each["id"] for each in item["findings"]}


def read_reply(text):
    """As the server sends it: a name with an ampersand makes its JSON invalid."""
    return json.loads(re.sub(r'\\(?!["\\/bfnrtu])', "", text))


class Disagreement:
    """@kind: ready-but-refused, blocked-but-accepted, reason (another one), reason-missing."""

    def __init__(self, kind, item, label, said, answered):
        self.kind, self.item, self.label = kind, item, label
        self.said, self.answered = said, answered

    def __str__(self):
        findings = [(each["id"], each["severity"]) for each in self.item["findings"]]
        return (f"{self.kind}: {self.item['instance']['name']} ({self.label}), {self.item['verdict']} {findings}\n"
                f"  said     {self.said}\n  answered {self.answered}")


class Lab:
    """A stand-in, a config that has nothing but it, and what vm-ingest made of it."""

    def __init__(self, estate, folder, *options):
        self.peer, self.folder, self.estate = Peer(estate, *options), folder, estate
        self.config = self.path("vm-ingest.conf")
        self.user = "admin" if "admin" in self.peer.keys else next(iter(self.peer.keys))
        admin = self.peer.keys[self.user]
        with open(os.open(self.config, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(f"[cloudstack lab]\nurl = http://{self.peer.address}/client/api\n"
                       f"api-key = {admin['apikey']}\nsecret-key = {admin['secretkey']}\n")
        self.changes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.peer.stop()

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *arguments, expected=FINDS_OUT):
        done = subprocess.run([PROGRAM, *arguments, "--config", self.config, "--progress", "none"], check=False,
                              capture_output=True, text=True, timeout=120)
        if done.returncode not in expected:
            raise RuntimeError(f"vm-ingest {arguments} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def reset(self):
        """Back to the estate, with this round's changes."""
        self.peer.control("reset")
        for verb, request in self.changes:
            self.peer.control(verb, **request)

    def read(self):
        self.reset()
        self.run("discover", "--out", self.path("inventory"), expected=(0,))
        self.run("catalog", "--out", self.path("catalog"), expected=(0,))
        return self

    def plan(self, *options):
        return json.loads(self.run("plan", *options))

    def plan_saved(self, *options):
        return self.plan("--inventory", self.path("inventory"), "--catalog", self.path("catalog"), *options)

    def check(self, plan):
        with open(self.path("plan"), "w", encoding="utf-8") as file:
            json.dump(plan, file)
        return json.loads(self.run("check", self.path("plan"), "--inventory", self.path("inventory"),
                                   "--catalog", self.path("catalog")))

    def _job(self, job_id):
        while True:
            _, _, text = self.peer.call(self.user, {"command": "queryAsyncJobResult", "jobid": job_id})
            job = read_reply(text)["queryasyncjobresultresponse"]
            if job["jobstatus"]:
                return job
            time.sleep(0.005)

    def submit(self, params):
        """(stage, code, text) of the refusal, or None when it was accepted."""
        status, _, text = self.peer.call(self.user, params)
        (_, body), = read_reply(text).items()
        if status != 200:
            return "submit", body["errorcode"], body["errortext"]
        job = self._job(body["jobid"])
        if job["jobstatus"] == 1:
            return None
        return "job", job["jobresultcode"], job["jobresult"]["errortext"]


def call_of(item):
    """The call of a choice, without what was not chosen; equal to calls[] if there is one."""
    choice = item["choice"]
    params = {"command": CALL}
    for name in ("clusterid", "name", "displayname", "hostname", "account", "domainid", "projectid", "templateid",
                 "serviceofferingid"):
        params[name] = choice.get(name)
    if choice.get("projectid") and not choice.get("account"):
        params["domainid"] = None
    nics = [nic for nic in choice["nics"] if nic["networkid"]]
    for index, nic in enumerate(nics):
        params.update({f"nicnetworklist[{index}].nic": nic["nic"], f"nicnetworklist[{index}].network": nic["networkid"]})
    for index, nic in enumerate(nic for nic in choice["nics"] if nic["ip4"]):
        params.update({f"nicipaddresslist[{index}].nic": nic["nic"], f"nicipaddresslist[{index}].ip4Address": nic["ip4"]})
    for index, disk in enumerate(disk for disk in choice["disks"] if disk["diskofferingid"]):
        params.update({f"datadiskofferinglist[{index}].disk": disk["disk"],
                       f"datadiskofferinglist[{index}].diskOffering": disk["diskofferingid"]})
    for name, value in (choice.get("details") or {}).items():
        params[f"details[0].{name}"] = value
    for name in ("migrateallowed", "forced"):
        params[name] = "true" if choice[name] else None
    params = {name: value for name, value in params.items() if value is not None}
    for call in item["calls"][:1]:  # a migrateVolume may follow
        own = {"command": call["command"], **call["params"]}
        assert own == params, f"calls[] is not what the choice says: {own} {params}"
    return params


def predicted(item):
    """(stage, code, text) that the server will answer, None: it accepts."""
    for finding in item["findings"]:
        server = finding.get("server") or {}
        if finding["severity"] in REFUSING and server.get("code"):
            return server["stage"], server["code"], server["text"]
    return None


def first_finding(item):
    """Id of the finding that predicted() is of."""
    for finding in item["findings"]:
        if finding["severity"] in REFUSING and (finding.get("server") or {}).get("code"):
            return finding["id"]
    return None


def unknown_reasons(item):
    """Ids of the findings that make a verdict unknown."""
    if item["verdict"] != "unknown":
        return ()
    return tuple(sorted({each["id"] for each in item["findings"] if each["severity"] == "unknown"}))


def compare(item, answered, label=""):
    """None, or a Disagreement."""
    said = predicted(item)
    is_ours = item["verdict"] not in ("ready", "ready-after-action") and not said
    if "name-not-unique" in {each["id"] for each in item["findings"]}:
        return None  # the server takes whichever of them it finds first
    if not item["calls"] and item["verdict"] in ("blocked", "unknown"):
        return None
    if is_ours and (item["verdict"] == "unknown" or SAFETY & {each["id"] for each in item["findings"]}):
        return None
    if answered is None:
        return Disagreement("blocked-but-accepted", item, label, said, answered) if said else None
    if not said:
        kind = "reason-missing" if is_ours else "ready-but-refused"
        return Disagreement(kind, item, label, said, answered)
    return None if is_same_refusal(said, answered) or is_untold_refusal(item, answered) else Disagreement("reason", item, label, said, answered)
