#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""truth-server against the stand-in over HTTP: what it sends, what it leaves alone, what it prints (TAP)."""
import json
import os
import subprocess
import sys
import tempfile
import traceback

TESTS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, TESTS)
from conformance.peer import Peer  # noqa: E402

LAB = os.path.join(TESTS, "estates", "lab.json")
PREFIX = "p"
CASES = []


def case(name):
    def declare(test):
        CASES.append((name, test))
        return test
    return declare


def run(peer, *arguments, **environment):
    """The program's exit code and what it printed."""
    keys = {"CLOUDSTACK_KEY": "ADMIN-API-KEY", "CLOUDSTACK_SECRET": "ADMIN-SECRET-KEY", **environment}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CLOUDSTACK_")}
    url = f"http://{peer.address}/client/api"
    return subprocess.run([os.path.join(TESTS, "truth-server"), url, "--poll", "0.02", "--seed", "7", *arguments],
                          env={**clean, **{name: value for name, value in keys.items() if value}}, check=False,
                          capture_output=True, text=True, timeout=240)


def listed(peer, command, member):
    _, _, text = peer.call("admin", {"command": command, "listall": "true"})
    (_, body), = json.loads(text).items()
    return sorted(row["id"] for row in body.get(member, []))


def with_peer(test):
    def started():
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "log")
            peer = Peer(LAB, "--log", log)
            try:
                test(peer, log)
            finally:
                peer.stop()
    return started


def calls(log, command):
    with open(log, encoding="utf-8") as file:
        return [json.loads(line)["params"] for line in file if json.loads(line)["command"] == command]


@case("only VMs of the prefix are imported, each is given back, and all agrees")
@with_peer
def agreement(peer, log):
    before = [listed(peer, "listVirtualMachines", "virtualmachine"), listed(peer, "listNetworks", "network")]
    done = run(peer, "--prefix", PREFIX, "--cases", "30")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("100.00 % agreement, 0 disagreements"), done.stdout
    imports, undone = calls(log, "importUnmanagedInstance"), calls(log, "unmanageVirtualMachine")
    assert len(imports) >= 20 and undone, (len(imports), len(undone))
    assert all(each["name"].startswith(PREFIX) for each in imports), imports
    assert not any("forced" in each or "migrateallowed" in each for each in imports), imports
    assert before == [listed(peer, "listVirtualMachines", "virtualmachine"), listed(peer, "listNetworks", "network")]
    with open(log, encoding="utf-8") as file:
        commands = {json.loads(line)["command"] for line in file}
    changing = {each for each in commands if not each.startswith(("list", "query"))}
    assert changing == {"importUnmanagedInstance", "unmanageVirtualMachine"}, changing


@case("a cluster narrows it down")
@with_peer
def cluster(peer, log):
    done = run(peer, "--prefix", PREFIX, "--cases", "0", "--cluster", "vc-cluster-2")
    assert done.returncode == 5 and "correct PREFIX, or CLUSTER" in done.stderr, done
    assert not calls(log, "importUnmanagedInstance")


@case("what does not agree is printed, and is the exit code")
@with_peer
def disagreement(peer, _):
    done = run(peer, "--prefix", "kvm", "--cases", "20", "--release", "4.18.2")
    assert done.returncode == 1, done.stdout
    assert "DISAGREES" in done.stdout and "answered" in done.stdout, done.stdout


@case("without a prefix, or without keys in the environment, nothing is asked")
@with_peer
def usage(peer, log):
    assert run(peer).returncode == 2
    assert run(peer, "--prefix", "").returncode == 2
    done = run(peer, "--prefix", PREFIX, CLOUDSTACK_SECRET="")
    assert done.returncode == 2 and "CLOUDSTACK_SECRET" in done.stderr, done
    assert not os.path.getsize(log) if os.path.exists(log) else True


@case("wrong keys are an error that names the server")
@with_peer
def wrong_keys(peer, _):
    done = run(peer, "--prefix", PREFIX, CLOUDSTACK_SECRET="WRONG")
    assert done.returncode == 5 and "vm-ingest discover" in done.stderr, done


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
