# SPDX-License-Identifier: Apache-2.0
"""The state in a file, so that the stand-in can be killed and started again.

It is written whole, and put in its place by a rename, after every call that may have
changed something, every end of a job, every fault and every control verb. What was in
flight when the process died has failed without a result, as on the server.
"""
import json
import os

from .scheduler import IN_PROGRESS

UNCHANGED = ("guestosmapping", "ostype", "hypervisorCapabilities")  # large, and no command changes them


class Store:
    def __init__(self, path):
        self.path = path

    def save(self, simulator):
        estate = simulator.estate
        kept = {
            "version": estate.version, "keys": estate.keys, "ahead": estate.clock.ahead, "script": simulator.script.saved(),
            "instances": simulator.hypervisor.instances,
            "numbers": {kind: table.last_number for kind, table in estate.tables.items()},
            "tables": {kind: table.rows for kind, table in estate.tables.items() if kind not in UNCHANGED}}
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(kept, file)
        os.replace(self.path + ".new", self.path)

    def load(self, simulator):
        """False if nothing was kept."""
        if not os.path.exists(self.path):
            return False
        with open(self.path, encoding="utf-8") as file:
            kept = json.load(file)
        estate = simulator.estate
        simulator.upgrade(kept["version"])
        estate.keys, estate.clock.ahead = kept["keys"], kept["ahead"]
        for kind, rows in kept["tables"].items():
            estate[kind].fill(rows)
        for kind, number in kept["numbers"].items():
            estate[kind].last_number = number
        simulator.hypervisor.fill(kept["instances"])
        simulator.script.load(kept["script"])
        for row in estate["job"].where(jobstatus=IN_PROGRESS):
            simulator.scheduler.lose(row)
        return True
