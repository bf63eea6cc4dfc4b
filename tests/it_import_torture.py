#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An import of three VMs with moved volumes, broken at every place: each VM is imported once (TAP).

Every API call fails once in each way; the process is killed after each write of the journal, and at
random points; then the run is resumed. TORTURE_KILLS: how many random kills (300), TORTURE_SEED.
"""
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import traceback

TESTS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, TESTS)
from conformance.peer import Peer  # noqa: E402

ROOT = os.path.dirname(TESTS)
PROGRAM = os.path.join(ROOT, os.environ.get("B", "build"), "vm-ingest")
ESTATE = os.path.join(TESTS, "estates", "lab.json")
NAMES = ("tag-mismatch", "db-01", "no-nic")
RULES = "prefer disk-offering do-custom-gold\nprefer offering so-*-gold\n"
KILLS = int(os.environ.get("TORTURE_KILLS", "300"))
SEED = int(os.environ.get("TORTURE_SEED", "20261121"))
# What passes by itself: the run ends well without being resumed.
PASSING = ("do=drop act=yes", "do=drop act=no", "do=garbage act=yes", "do=truncate act=yes",
           "do=refuse status=503 act=no", "do=refuse status=429 act=no", "do=refuse status=401 act=no")


class Lab:
    def __init__(self, folder):
        self.folder = folder
        self.peer = Peer(ESTATE)
        self.journal = self.path("state/journal.sqlite")
        self.environment = dict(
            os.environ, HOME=folder, XDG_CONFIG_HOME=self.path("config"), CLOUDSTACK_KEY="ADMIN-API-KEY",
            CLOUDSTACK_SECRET="ADMIN-SECRET-KEY", CLOUDSTACK_ENDPOINT=f"http://{self.peer.address}/client/api")
        self.preload = self.path("kill_at.so")
        subprocess.run(["gcc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-O1", "-o", self.preload,
                        os.path.join(TESTS, "peers", "kill_at.c"), "-ldl"], check=True)
        self.make_plan()
        self.make_base()

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *args, **environment):
        return subprocess.run([PROGRAM, *args, "--journal", self.journal], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=300,
                              env=dict(self.environment, **environment))

    def make_plan(self):
        with open(self.path("rules"), "w", encoding="utf-8") as file:
            file.write(RULES)
        subprocess.run([PROGRAM, "plan", "-q", "--policy", self.path("rules"), "--out", self.path("plan.json")],
                       env=self.environment, check=False)
        with open(self.path("plan.json"), encoding="utf-8") as file:
            plan = json.load(file)
        plan["items"] = [item for item in plan["items"] if item["instance"]["name"] in NAMES]
        self.items = plan["items"]
        assert sorted(item["instance"]["name"] for item in self.items) == sorted(NAMES), self.items
        assert sum(len(item["choice"].get("migrate", ())) for item in self.items) >= 2
        with open(self.path("plan.json"), "w", encoding="utf-8") as file:
            json.dump(plan, file)

    def make_base(self):
        """A journal whose run has begun, and nothing of it is done."""
        done = self.run("import", self.path("plan.json"), "--policy", self.path("rules"), "--unchecked", "--yes")
        assert done.returncode == 0, done
        self.assert_right("first")
        base = sqlite3.connect(self.journal)
        base.executescript(
            "DELETE FROM step; DELETE FROM claim; UPDATE run SET state = 'running';"
            "UPDATE item SET state = 'planned', is_made = 0, step = NULL, object = NULL, note = NULL, record = NULL;"
            "PRAGMA wal_checkpoint(TRUNCATE);")
        base.close()
        shutil.copyfile(self.journal, self.path("base.sqlite"))

    def start_anew(self, faults=""):
        self.peer.control("reset")
        self.peer.control("faults", script=faults)
        for end in ("", "-wal", "-shm"):
            if os.path.exists(self.journal + end):
                os.unlink(self.journal + end)
        shutil.copyfile(self.path("base.sqlite"), self.journal)

    def resume(self, *options, **environment):
        return self.run("run", "resume", "1", "--unchecked", *options, **environment)

    def assert_right(self, what):
        state = self.peer.control("state")
        managed = {each["name"]: each["managed"] for each in state["instances"] if each["name"] in NAMES}
        assert managed == dict.fromkeys(NAMES, 1), (what, managed)
        assert not state["managed_twice"], (what, state["managed_twice"])
        for item in self.items:
            for move in item.get("moves", ()):
                pools = [volume["storageid"] for volume in state["volumes"]
                         if volume.get("vmname", item["instance"]["name"]) == item["instance"]["name"]]
                assert move["to_poolid"] in pools, (what, move, pools)
        journal = sqlite3.connect(self.journal)
        rows = journal.execute("SELECT name, state, is_made FROM item").fetchall()
        assert all(row[1:] == ("verified", 1) for row in rows) and len(rows) == len(NAMES), (what, rows)
        open_ = journal.execute("SELECT * FROM step WHERE outcome IS NULL OR outcome = 'running'").fetchall()
        claims = journal.execute("SELECT * FROM claim").fetchall()
        journal.close()
        assert not claims, (what, claims)
        return open_


def each_call_fails_once(lab):
    lab.start_anew()
    assert lab.resume().returncode == 0
    calls = len(lab.peer.control("calls")["calls"])
    assert calls > 20, calls
    for way in PASSING:
        for number in range(1, calls + 1):
            lab.start_anew(f"on=* call={number} {way}")
            done = lab.resume()
            assert done.returncode == 0, (way, number, done)
            lab.assert_right((way, number, done.stderr))


def killed_after_each_write(lab):
    lab.start_anew()
    lab.resume(LD_PRELOAD=lab.preload, COUNT_TO=lab.path("count"), COUNT="writes")
    with open(lab.path("count"), encoding="utf-8") as file:
        writes = int(file.read())
    assert writes > 30, writes
    for number in range(1, writes + 1):
        kill_and_resume(lab, ("write", number), KILL_AT_WRITE=str(number))


def kill_and_resume(lab, what, **at):
    lab.start_anew()
    killed = lab.resume(LD_PRELOAD=lab.preload, **at)
    assert killed.returncode in (-signal.SIGKILL, 0), (what, killed)
    done = lab.resume() if killed.returncode else killed
    assert done.returncode == 0, (what, done)
    lab.assert_right((what, done.stderr))


def killed_at_random(lab):
    lab.start_anew()
    lab.resume(LD_PRELOAD=lab.preload, COUNT_TO=lab.path("count"))
    with open(lab.path("count"), encoding="utf-8") as file:
        points = int(file.read())
    draw = random.Random(SEED)
    print(f"# {KILLS} of {points} points, seed {SEED}")
    for _ in range(KILLS):
        point = draw.randint(1, points)
        kill_and_resume(lab, ("point", point, SEED), KILL_AT=str(point))


CASES = (("each API call fails once, in each way: the run ends well", each_call_fails_once),
         ("killed after each write of the journal, and resumed", killed_after_each_write),
         (f"killed at {KILLS} random points, and resumed", killed_at_random))


def main():
    failed = 0
    print(f"1..{len(CASES)}")
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(folder)
        try:
            for number, (name, test) in enumerate(CASES, 1):
                try:
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
