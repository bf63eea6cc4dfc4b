#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plans carried out against the stand-in: once each, read back, paused, retried, given back (TAP)."""
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback

TESTS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, TESTS)
from conformance.peer import Peer  # noqa: E402

ROOT = os.path.dirname(TESTS)
PROGRAM = os.path.join(ROOT, os.environ.get("B", "build"), "vm-ingest")
ESTATE = os.path.join(TESTS, "estates", "lab.json")
NAMES = ("tag-mismatch", "db-01", "no-nic")
RULES = "prefer disk-offering do-custom-gold\nprefer offering so-*-gold\n"
CASES = []


def case(name):
    def declare(test):
        CASES.append((name, test))
        return test
    return declare


class Lab:
    def __init__(self, folder):
        self.folder = folder
        self.peer = Peer(ESTATE)
        self.environment = dict(
            os.environ, HOME=folder, XDG_CONFIG_HOME=self.path("config"), CLOUDSTACK_KEY="ADMIN-API-KEY",
            CLOUDSTACK_SECRET="ADMIN-SECRET-KEY", CLOUDSTACK_ENDPOINT=f"http://{self.peer.address}/client/api")
        with open(self.path("rules"), "w", encoding="utf-8") as file:
            file.write(RULES)
        self.vm_ingest("plan", "-q", "--policy", self.path("rules"), "--out", self.path("whole.json"))
        self.write_plan("plan.json", NAMES)
        self.number = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def begin(self):
        """The estate as it was, and a journal of its own."""
        self.peer.control("reset")
        self.peer.control("faults", script="")
        self.peer.control("jobs", seconds=0.02)
        self.number += 1
        self.journal = self.path(f"state{self.number}/journal.sqlite")

    def vm_ingest(self, *args, **options):
        return subprocess.run([PROGRAM, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120, env=self.environment, **options)

    def run(self, *args):
        return self.vm_ingest(*args, "--journal", self.journal)

    def write_plan(self, name, names, change=lambda item: None):
        with open(self.path("whole.json"), encoding="utf-8") as file:
            plan = json.load(file)
        plan["items"] = [item for item in plan["items"] if item["instance"]["name"] in names]
        assert len(plan["items"]) == len(names), names
        for item in plan["items"]:
            change(item)
        with open(self.path(name), "w", encoding="utf-8") as file:
            json.dump(plan, file)
        return plan

    def importing(self, *args, plan="plan.json"):
        return self.run("import", self.path(plan), "--policy", self.path("rules"), "--yes", *args)

    def start_import(self, plan="plan.json"):
        return subprocess.Popen(
            [PROGRAM, "import", self.path(plan), "--policy", self.path("rules"), "--yes", "--journal", self.journal],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment)

    def managed(self):
        state = self.peer.control("state")
        assert not state["managed_twice"], state["managed_twice"]
        return {each["name"]: each["managed"] for each in state["instances"] if each["name"] in NAMES}

    def states(self):
        journal = sqlite3.connect(self.journal)
        rows = dict(journal.execute("SELECT name, state FROM item").fetchall())
        journal.close()
        return rows

    def accepted(self, command):
        return [call for call in self.peer.control("calls")["calls"]
                if call["command"] == command and call["status"] == 200]


@case("each VM is imported, moved and verified, with few calls")
def whole(lab):
    done = lab.importing()
    assert done.returncode == 0, done
    assert lab.managed() == dict.fromkeys(NAMES, 1)
    assert lab.states() == dict.fromkeys(NAMES, "verified")
    assert len(lab.accepted("importUnmanagedInstance")) == len(NAMES)
    shown = json.loads(lab.run("run", "show", "1", "db-01", "-o", "json").stdout)
    rows = shown["rows"] if isinstance(shown, dict) and "rows" in shown else shown
    assert "importUnmanagedInstance" in json.dumps(rows), shown


@case("the job's id is a UUID of version 5, and is not made up")
def job_ids(lab):
    assert lab.importing().returncode == 0
    first = {call["params"]["name"]: call["params"]["customjobid"] for call in lab.accepted("importUnmanagedInstance")}
    lab.begin()
    assert lab.importing().returncode == 0
    again = {call["params"]["name"]: call["params"]["customjobid"] for call in lab.accepted("importUnmanagedInstance")}
    assert first == again and all(each[14] == "5" for each in first.values()), (first, again)


@case("the same plan again goes on with the same run, and sends nothing")
def twice(lab):
    assert lab.importing().returncode == 0
    journal = sqlite3.connect(lab.journal)
    before = journal.execute("SELECT count(*) FROM step").fetchone()
    done = lab.run("run", "resume", "1")
    assert done.returncode == 0, done
    assert journal.execute("SELECT count(*) FROM step").fetchone() == before
    assert len(lab.accepted("importUnmanagedInstance")) == len(NAMES)


@case("two processes with the same plan at once: each VM once")
def at_once(lab):
    lab.peer.control("jobs", seconds=0.5)
    both = [lab.start_import(), lab.start_import()]
    codes = sorted(each.wait(60) for each in both)
    assert codes[0] == 0 and codes[1] in (0, 8), [each.communicate() for each in both]
    assert lab.managed() == dict.fromkeys(NAMES, 1)


@case("two appliances with the same plan at once: each VM once, and both know it")
def appliances(lab):
    lab.peer.control("jobs", seconds=0.5)
    first = lab.start_import()
    other = lab.journal
    lab.journal = lab.path("other/journal.sqlite")
    second = lab.start_import()
    outputs = [each.communicate(timeout=90) for each in (first, second)]
    assert first.returncode in (0, 3, 6) and second.returncode in (0, 3, 6), outputs
    assert lab.managed() == dict.fromkeys(NAMES, 1), outputs
    for journal in (other, lab.journal):
        lab.journal = journal
        assert set(lab.states().values()) <= {"verified", "found"}, (lab.states(), outputs)


@case("the same VM in two plans of one journal is imported by one of them")
def two_plans(lab):
    lab.write_plan("other.json", NAMES[:2])
    lab.peer.control("jobs", seconds=0.5)
    both = [lab.start_import(), lab.start_import("other.json")]
    outputs = [each.communicate(timeout=90) for each in both]
    assert lab.managed() == dict.fromkeys(NAMES, 1), outputs
    journal = sqlite3.connect(lab.journal)
    made = journal.execute("SELECT name, count(*) FROM item WHERE is_made GROUP BY name").fetchall()
    assert sorted(made) == sorted((name, 1) for name in NAMES), (made, outputs)


@case("a VM that changed since the plan stops the import before anything is sent")
def stale(lab):
    lab.peer.control("power", name="db-01", state="PowerOff")
    done = lab.importing()
    assert done.returncode == 8 and "power is off, was on" in done.stderr, done
    assert not lab.accepted("importUnmanagedInstance")
    again = lab.importing("--only-changed-recheck")
    assert lab.managed()["no-nic"] == 1, again


@case("what the server refuses fails alone, and is retried alone")
def refused(lab):
    lab.peer.control("faults", script="on=importUnmanagedInstance where.name=db-01 do=job end=failed text=no")
    done = lab.importing()
    assert done.returncode == 6, done
    assert lab.states() == {"tag-mismatch": "verified", "no-nic": "verified", "db-01": "failed"}, lab.states()
    again = lab.run("run", "retry", "1")
    assert again.returncode == 0, again
    assert lab.states() == dict.fromkeys(NAMES, "verified")


@case("a move that fails leaves the VM imported, says where each disk is, and is retried alone")
def move_fails(lab):
    lab.peer.control("faults", script="on=migrateVolume call=1 times=1 do=job end=failed")
    done = lab.importing()
    assert done.returncode == 6 and "is on 'vmfs1'" in done.stdout + done.stderr, done
    n_imports = len(lab.accepted("importUnmanagedInstance"))
    again = lab.run("run", "retry", "1", "--step", "migrate")
    assert again.returncode == 0, again
    assert lab.states() == dict.fromkeys(NAMES, "verified")
    assert len(lab.accepted("importUnmanagedInstance")) == n_imports


@case("a key that expires in mid-run pauses it; with a good one it goes on")
def key(lab):
    lab.peer.control("faults", script="on=* call=60 do=sim verb=key apikey=ADMIN-API-KEY revoked=true")
    done = lab.importing()
    lab.peer.control("faults", script="")
    lab.peer.control("key", apikey="ADMIN-API-KEY", revoked=False)
    if done.returncode == 0:
        raise AssertionError("the key was not revoked in time")
    assert done.returncode == 4, done
    if os.path.exists(lab.journal):
        again = lab.run("run", "resume", "1")
        assert again.returncode == 0, again
        assert lab.managed() == dict.fromkeys(NAMES, 1)


@case("killed with a job under way: resumed, imported once")
def killed(lab):
    lab.peer.control("jobs", seconds=3)
    process = lab.start_import()
    for _ in range(200):
        if lab.accepted("importUnmanagedInstance"):
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = lab.run("run", "resume")
    assert done.returncode == 0, done
    assert lab.managed() == dict.fromkeys(NAMES, 1)
    assert lab.states() == dict.fromkeys(NAMES, "verified")


@case("the management server is restarted with jobs under way, their work done or not")
def restarted(lab):
    for acted in ("no", "yes"):
        lab.begin()
        lab.peer.control("jobs", seconds=3)
        process = lab.start_import()
        for _ in range(200):
            if lab.accepted("importUnmanagedInstance"):
                break
            time.sleep(0.05)
        lab.peer.control("jobs", seconds=0.02)
        lab.peer.control("restart", acted=acted)
        output = process.communicate(timeout=90)
        assert process.returncode == 0, (acted, output)
        assert lab.managed() == dict.fromkeys(NAMES, 1), acted


@case("stopped by another process: what is under way is waited for, and resumed later")
def stopped(lab):
    lab.peer.control("jobs", seconds=2)
    process = lab.start_import()
    for _ in range(200):
        if lab.accepted("importUnmanagedInstance"):
            break
        time.sleep(0.05)
    assert lab.run("run", "stop", "1").returncode == 0
    output = process.communicate(timeout=90)
    assert "running" not in lab.states().values(), (lab.states(), output)
    lab.peer.control("jobs", seconds=0.02)
    assert lab.run("run", "resume", "1").returncode == 0
    assert lab.states() == dict.fromkeys(NAMES, "verified")


@case("limits and windows of the command line are obeyed, and wrong ones are refused")
def limits(lab):
    lab.peer.control("jobs", seconds=0.6)
    done = lab.importing("--jobs", "1")
    assert done.returncode == 0, done
    calls = lab.peer.control("calls")["calls"]
    starts = [call["at"] for call in calls if call["command"] == "importUnmanagedInstance"]
    assert all(later - first >= 0.5 for first, later in zip(starts, starts[1:])), starts
    lab.begin()
    wrong = lab.importing("--window", "someday")
    assert wrong.returncode in (1, 2) and "someday" in wrong.stderr, wrong
    assert not lab.accepted("importUnmanagedInstance")


@case("verify finds what was changed since; undo gives back, and reads it back")
def undone(lab):
    assert lab.importing().returncode == 0
    state = lab.peer.control("state")
    assert lab.run("verify", "1").returncode == 0
    lab.peer.control("patch", kind="virtualmachine",
                     id=next(record["id"] for each in state["instances"] if each["name"] == "no-nic"
                             for record in each["records"]), set={"displayname": "other"})
    changed = lab.run("verify", "1", "no-nic")
    assert changed.returncode == 6 and "displayname" in changed.stdout, changed
    done = lab.run("undo", "1", "--yes")
    assert done.returncode == 0, done
    assert lab.managed() == dict.fromkeys(NAMES, 0)
    assert lab.states() == dict.fromkeys(NAMES, "undone")
    assert lab.importing().returncode == 0
    assert lab.managed() == dict.fromkeys(NAMES, 1)


@case("a journal on a read-only place, damaged, or of a newer release is left as it is")
def bad_journals(lab):
    os.makedirs(os.path.dirname(lab.journal))
    with open(lab.journal, "wb") as file:
        file.write(b"no journal at all, but long enough to look like something" * 20)
    before = open(lab.journal, "rb").read()
    done = lab.importing()
    assert done.returncode == 1 and "left as it is" in done.stderr, done
    assert open(lab.journal, "rb").read() == before
    assert not lab.accepted("importUnmanagedInstance")


def main():
    failed = 0
    print(f"1..{len(CASES)}")
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(folder)
        try:
            for number, (name, test) in enumerate(CASES, 1):
                try:
                    lab.begin()
                    test(lab)
                    print(f"ok {number} - {name}", flush=True)
                except Exception:  # pylint: disable=broad-except
                    failed += 1
                    print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
                    print(f"not ok {number} - {name}", flush=True)
        finally:
            lab.peer.stop()
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
