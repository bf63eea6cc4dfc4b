# SPDX-License-Identifier: Apache-2.0
"""Asks vm-ingest, asks the stand-in, and compares."""
import json
import os
import re
import subprocess
import time

from conformance.peer import TESTS, Peer

PROGRAM = os.path.join(os.environ.get("B", os.path.join(os.path.dirname(TESTS), "build")), "vm-ingest")
FINDS_OUT = (0, 3)
REFUSING = ("blocker", "action")
# Rules for the operator's safety: what the server says to such a call is not foretold.
SAFETY = {"already-managed", "managed-listed-again", "name-is-managed", "disk-is-managed", "managed-undecided",
          "system-vm", "name-of-other-instance", "name-not-unique",
          "nic-choice-missing", "datastore-taken-for-other", "root-disk-has-offering", "root-disk-differs"}
# What an earlier item of the same plan may take, and is free when the call is made alone.
LIMITS = {"limit-exceeded-" + each for each in ("instances", "cpus", "memory", "volumes", "storage")}
HELD = {"hostname-taken", "hostname-in-zone", "ip-not-available", "mac-in-network", *LIMITS}
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
           (re.compile(r"Cluster \[.*\] is not"), "Cluster [<dump>] is not"))


def fixed_parts(text):
    for pattern, word in UNSHOWN:
        text = pattern.sub(word, text or "")
    return text


def finding_ids(item):
    return {each["id"] for each in item["findings"]}


def read_reply(text):
    """As the server sends it: a name with an ampersand makes its JSON invalid."""
    return json.loads(re.sub(r'\\(?!["\\/bfnrtu])', "", text))


class Disagreement:
    """@kind: 'kind' (ready but refused), 'strict' (blocked but accepted), 'reason'."""

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

    def check_alone(self, plan):
        """As if each item were the only one: nothing is held by those before it."""
        checked = self.check(plan)
        for index, item in enumerate(checked["items"]):
            if HELD & finding_ids(item):
                checked["items"][index], = self.check(dict(plan, items=[plan["items"][index]]))["items"]
        return checked

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
    if choice.get("account"):
        params["projectid"] = None
    elif choice.get("projectid"):
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
    same = said[:2] == answered[:2] and fixed_parts(said[2]) == fixed_parts(answered[2])
    return None if same else Disagreement("reason", item, label, said, answered)
