# SPDX-License-Identifier: Apache-2.0
"""What the rows of the benchmark share: measuring a program, running a peer.

A row is a function of tests/bench/rows_*.py:

    @row("vSphere discovery")
    def discovery(bench):
        mine = bench.measure([bench.program, ...])
        yield Result("client CPU", mine.cpu_s, "s", goal="1.0")

It raises Unavailable(why) when it cannot run. Nothing is asserted: the table is for reading.
"""
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass

ROWS = []


class Unavailable(Exception):
    """The row cannot run; the text says why."""


@dataclass
class Result:
    """One line of the table; ratio is peer / ours when there is a peer."""
    measure: str
    ours: float
    unit: str = ""
    peer: float = None
    goal: str = ""


@dataclass
class Usage:
    """What a finished program used."""
    cpu_s: float
    rss_mib: float
    wall_s: float
    stdout: str


def row(title):
    """Decorator: the function is a row of the table under that title."""
    def register(function):
        ROWS.append((title, function))
        return function
    return register


def clip(text, width=200):
    """The last line of a program's message, short."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1][:width] if lines else "no message"


class Bench:
    """Paths, options and helpers that rows get."""

    def __init__(self, root, build, options):
        self.root = pathlib.Path(root)
        self.build = self.root / build
        self.program = self.build / "vm-ingest"
        self.peers = self.build / "peers"
        self.options = options
        self.scratch = self.build / "bench"
        self.made = set()  # files that rows share, made in this run
        self.scratch.mkdir(parents=True, exist_ok=True)

    def need(self, path, remedy):
        """Unavailable unless the file is there."""
        if not pathlib.Path(path).exists():
            raise Unavailable(f"{path} is missing: {remedy}")
        return path

    def measure(self, argv, env=None, ok=(0,), timeout_s=600):
        """Run a program to its end; CPU is of the program and its children, memory of the largest.

        Linux counts what a process had before exec, here Python's memory, as the program's peak. So a
        small program starts it, GNU time, and tells the peak.
        """
        self.need("/usr/bin/time", "apt-get install time")
        began = time.monotonic()
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err, tempfile.NamedTemporaryFile("r") as peak:
            child = subprocess.Popen(["/usr/bin/time", "-q", "-o", peak.name, "-f", "%M"] + [str(a) for a in argv], env=dict(os.environ, **(env or {})), cwd=self.root,
                                     stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)
            deadline = began + timeout_s
            pid, status, used = 0, 0, None
            while pid == 0:
                pid, status, used = os.wait4(child.pid, os.WNOHANG)
                if pid == 0 and time.monotonic() > deadline:
                    os.killpg(child.pid, signal.SIGKILL)
                time.sleep(0.005)
            child.returncode = os.waitstatus_to_exitcode(status)
            wall = time.monotonic() - began
            out.seek(0)
            err.seek(0)
            text = out.read()
            if child.returncode not in ok:
                name = pathlib.Path(argv[0]).name
                raise Unavailable(f"{name} ends with {child.returncode}: {clip(err.read() or text)}")
            rss_mib = int(peak.read()) / 1024
        return Usage(used.ru_utime + used.ru_stime, rss_mib, wall, text)

    def peer(self, *argv):
        """A server that prints 'listening on URL'; to be used in a with statement."""
        return Peer([str(a) for a in argv])

    def best(self, usages):
        """The run that was disturbed least."""
        return min(usages, key=lambda u: u.cpu_s)


class Peer:
    """A running server: .url, .ca."""

    def __init__(self, argv):
        self.argv = argv
        self.ca = tempfile.NamedTemporaryFile(suffix=".pem")
        self.process = None
        self.url = None

    def __enter__(self):
        self.process = subprocess.Popen(self.argv + ["-write-ca", self.ca.name], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"listening on (\S+)", line)
        if not found:
            raise Unavailable(f"{pathlib.Path(self.argv[0]).name} does not start: {clip(self.process.stderr.read())}")
        self.url = found.group(1)
        return self

    def __exit__(self, *unused):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.ca.close()

    def govc(self):
        """The environment by which a client finds this vCenter."""
        return {"GOVC_URL": self.url, "GOVC_USERNAME": "admin@vsphere.local", "GOVC_PASSWORD": "pass",
                "GOVC_TLS_CA_CERTS": self.ca.name}
