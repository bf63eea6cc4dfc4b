# SPDX-License-Identifier: Apache-2.0
"""The log of API calls: what was asked, what was answered, and whether it was carried out."""
import collections
import json
import threading
import time

SECRETS = ("signature", "apikey", "password", "sessionkey")
KEPT = 200_000


class CallLog:
    """The last calls in memory, and all of them in a file if there is one: a JSON line each, written at its end."""

    def __init__(self, path=None):
        self.lock = threading.Lock()
        self.calls, self.count = collections.deque(maxlen=KEPT), 0
        self.file = open(path, "a", encoding="utf-8") if path else None

    def clear(self):
        with self.lock:
            self.calls.clear()
            self.count = 0

    def begin(self, raw, user, connection):
        """@connection: the number of the client's connection. acted None: not yet known."""
        with self.lock:
            self.count += 1
            call = {"command": raw.get("command"),
                    "params": {k: v for k, v in raw.items() if k.lower() not in SECRETS}, "status": None,
                    "acted": None, "fault": None, "call": self.count, "at": round(time.time(), 6),
                    "connection": connection, "user": user}
            self.calls.append(call)
        return call

    def end(self, call, status):
        """Before the reply leaves, so that who has it finds the call here. @status: None if there is no reply."""
        if "seconds" in call:
            return
        call.update(status=status, acted=bool(call["acted"]), seconds=round(time.time() - call["at"], 6))
        if self.file:
            line = json.dumps(call)
            with self.lock:
                self.file.write(line + "\n")
                self.file.flush()

    def since(self, number=0, command=None):
        with self.lock:
            return [call for call in self.calls if call["call"] > number and command in (None, call["command"])]
