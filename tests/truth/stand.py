# SPDX-License-Identifier: Apache-2.0
"""The stand-in inside this process: vm-ingest reads it over HTTP, calls are answered at once."""
import json
import os
import subprocess
import threading

from cloudstack_sim import estate as state, params, scheduler, server, signing
from cloudstack_sim.errors import ApiError
from cloudstack_sim.paging import Call

from .judge import PROGRAM

FOUND_OUT = (0, 3, 6)
TOUCHED = ("virtualmachine", "volume", "nic", "event")  # by an import


class Stand:
    """One server for many estates, and a folder for what vm-ingest makes of them."""

    def __init__(self, folder):
        self.folder, self.simulator, self.document, self.version = folder, None, None, None
        self.http = server.serve(_Unset(), "127.0.0.1", 0)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.config = self.path("vm-ingest.conf")
        with open(os.open(self.config, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(f"[cloudstack stand]\nurl = http://127.0.0.1:{self.http.server_address[1]}/client/api\n"
                       "api-key = ADMIN-KEY\nsecret-key = ADMIN-SECRET\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()

    def path(self, name):
        return os.path.join(self.folder, name)

    def load(self, document, version):
        self.document, self.version = state.number(document), version
        self.simulator = self.http.simulator = server.Simulator(lambda: state.Estate(self.document, self.version), 0)
        self.reset()

    def reset(self):
        self.simulator.reset()
        estate = self.simulator.estate
        account = next(row for row in estate["account"] if row.get("accounttype") == 1)
        self.caller = signing.Caller(account, account["user"][0])

    def run(self, *arguments, expected=FOUND_OUT):
        done = subprocess.run([PROGRAM, *arguments, "--config", self.config, "--progress", "none"], check=False,
                              capture_output=True, text=True, timeout=120)
        if done.returncode not in expected:
            raise RuntimeError(f"vm-ingest {arguments} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def discover(self):
        self.run("discover", "--out", self.path("inventory"), expected=(0, 6))

    def catalog(self):
        self.run("catalog", "--out", self.path("catalog"), expected=(0,))

    def _saved(self):
        return "--inventory", self.path("inventory"), "--catalog", self.path("catalog")

    def plan(self, *options):
        return json.loads(self.run("plan", *self._saved(), *options))

    def check(self, plan, *options):
        with open(self.path("plan"), "w", encoding="utf-8") as file:
            json.dump(plan, file)
        return json.loads(self.run("check", self.path("plan"), *self._saved(), *options))

    # --- calls, without the wire ---

    def submit(self, raw):
        """(stage, code, text) of the refusal, or None when it was accepted."""
        entry, stage = server.COMMANDS[raw["command"]], "submit"
        self.simulator.estate.scratch.clear()
        try:
            given = params.unpack(raw)
            params.check(self.simulator.estate, entry, given)
            work = entry.handler(Call(self.simulator, entry, self.caller, given))
            stage = "job"
            work.check()
            self.simulator.estate.scratch.clear()
            work.commit({})
        except ApiError as error:
            if stage == "submit":
                return stage, error.status, error.text
            code, result = scheduler.in_job(error)
            return stage, code, result.get("errortext")
        return None

    def try_to(self, raw, keep):
        """submit(); what it changed is undone unless it was accepted and is to be kept."""
        estate = self.simulator.estate
        before = {kind: (list(estate[kind].rows), dict(estate[kind].by_id)) for kind in TOUCHED}
        kept = [row for row in estate["nic"].rows if not row.get("_removed")]
        answer = self.submit(raw)
        if answer or not keep:
            for kind, (rows, by_id) in before.items():
                estate[kind].rows, estate[kind].by_id = rows, by_id
                estate[kind].touch()
            for row in kept:
                row.pop("_removed", None)
        return answer


class _Unset:
    """Until an estate is loaded."""
