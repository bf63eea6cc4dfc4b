# SPDX-License-Identifier: Apache-2.0
"""Faults by a script: which call of which command goes wrong, and how.

A fault is one JSON object, or one line of words KEY=VALUE quoted as in a shell. The
grammar is in tests/README.md; DEEDS is the list of what can be done.
"""
import json
import os
import random
import shlex
import signal
import subprocess
import threading
import time
import uuid

from .errors import ApiError

WHEN = ("on", "call", "times", "every", "rate", "seed", "where")
OWN_WORDS = {401: ("unable to verify user credentials and/or request signature", None),
             429: ("The given user has reached his/her account api limit, please retry after [1000] ms.", 4545),
             431: ("Invalid parameter", 4350), 530: ("Internal error", 4250),
             503: ("Maintenance or Shutdown has been initiated on this management server. Can not accept new jobs", 9999)}
ACTS = {"yes", "no", "late"}
TORTURE = ("drop act=no", "drop act=yes", "drop act=yes reset=1", "refuse status=503 form=html", "refuse status=429",
           "refuse status=504 form=html act=yes", "refuse status=401", "garbage", "truncate", "slow seconds=0.2",
           "delay seconds=0.2", "job end=lost act=no", "job end=lost act=yes", "job end=failed")


class ScriptError(ValueError):
    """The script is wrong; the text says where."""


def read_line(line):
    """A line of words as an object: 'where.name=x' becomes {'where': {'name': 'x'}}."""
    if line.lstrip().startswith("{"):
        return json.loads(line)
    fault = {}
    for word in shlex.split(line, comments=True):
        name, equals, value = word.partition("=")
        if not equals:
            raise ScriptError(f"'{word}' in '{line}' is no KEY=VALUE")
        outer, dot, inner = name.partition(".")
        if dot:
            fault.setdefault(outer, {})[inner] = value
        else:
            fault[name] = value
    return fault


def read_script(text):
    """Lines of words or objects, empty ones and comments left out."""
    return [read_line(line) for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


class Fault:
    """When it fires and what it does; counts the calls that it saw and those that it hit."""

    def __init__(self, given):
        self.given = given = read_line(given) if isinstance(given, str) else dict(given)
        self.deed = given.get("do")
        if self.deed not in DEEDS and self.deed != "random":
            raise ScriptError(f"do={self.deed}: one of {', '.join(sorted(DEEDS))}, random")
        known = (*WHEN, "do", "act", *ARGUMENTS.get(self.deed, ()))
        unknown = [name for name in given if name not in known]
        if unknown and self.deed != "sim":
            raise ScriptError(f"do={self.deed} knows no {', '.join(unknown)}")
        if given.get("act", "no") not in ACTS | ({"partly"} if self.deed == "job" else set()):
            raise ScriptError(f"act={given['act']}: yes, no or late")
        on = given.get("on", "*")
        self.is_negative = on.startswith("!")
        self.commands = set(on.lstrip("!").split(","))
        self.first, self.times = int(given.get("call", 1)), int(given.get("times", 0 if "rate" in given else 1))
        self.every = int(given.get("every", 1))
        self.rate, self.seed = float(given.get("rate", 1)), int(given.get("seed", 1))
        self.where = {name.lower(): str(value) for name, value in given.get("where", {}).items()}
        self.seen = self.hit = 0

    def concerns(self, call):
        is_named = call["command"] in self.commands or self.commands == {"*"}
        if is_named == (self.is_negative and self.commands != {"*"}):
            return False
        params = {name.lower(): value for name, value in call["params"].items()}
        return all(params.get(name) == value for name, value in self.where.items())

    def fires(self, call):
        """Counts the call; True if it is one of those meant."""
        if not self.concerns(call):
            return False
        self.seen += 1
        past = self.seen - self.first
        if past < 0 or past % self.every or (self.times and past // self.every >= self.times):
            return False
        if self.rate < 1 and random.Random(f"{self.seed}:{self.seen}").random() >= self.rate:
            return False
        self.hit += 1
        return True

    def chosen(self):
        """Itself, or what do=random comes to this time."""
        if self.deed != "random":
            return self
        kinds = self.given.get("kinds")
        kinds = kinds.split(",") if isinstance(kinds, str) else kinds
        lines = [line for line in TORTURE if not kinds or line.split()[0] in kinds]
        return Fault("do=" + random.Random(f"{self.seed}:kind:{self.seen}").choice(lines))

    def number(self, name, default):
        return float(self.given.get(name, default))

    def act(self, default):
        return self.given.get("act", default)

    def shown(self):
        return {**self.given, "seen": self.seen, "hit": self.hit}


class Script:
    """The faults in force, and which of them hit what."""

    def __init__(self):
        self.lock = threading.Lock()
        self.faults, self.fired = [], []

    def set(self, given, is_more=False):
        """@given: text, or a list of lines and objects. Wrong ones change nothing."""
        faults = [Fault(each) for each in (read_script(given) if isinstance(given, str) else given)]
        with self.lock:
            self.faults = (self.faults if is_more else []) + faults
            if not is_more:
                self.fired = []

    def take(self, call):
        """The faults that this call meets, in the order of the script; noted."""
        with self.lock:
            met = []
            for place, fault in enumerate(self.faults):
                if fault.fires(call):
                    met.append(fault.chosen())
                    self.fired.append({"fault": place, "do": met[-1].deed, "given": met[-1].given, "call": call["call"],
                                       "command": call["command"], "at": round(time.time(), 6)})
            if met:
                call["fault"] = " + ".join(fault.deed for fault in met)
        return met

    def saved(self):
        with self.lock:
            return {"faults": [fault.shown() for fault in self.faults], "fired": list(self.fired)}

    def load(self, saved):
        for shown in saved["faults"]:
            seen, hit = shown.pop("seen"), shown.pop("hit")
            fault = Fault(shown)
            fault.seen, fault.hit = seen, hit
            self.faults.append(fault)
        self.fired = saved["fired"]


# --- deeds: each gets the exchange and its fault; True: the client has had its answer -------------------------------

def _acts(fault, exchange, default, when):
    """Carries the call out if this is the time to: 'yes' before the fault, 'late' after it."""
    if fault.act(default) == when:
        exchange.act()


def _refuse(fault, exchange):
    status = int(fault.given.get("status", 530))
    text, cserrorcode = OWN_WORDS.get(status, (f"Refused with {status}", 9999))
    extra = (("Retry-After", str(fault.given["retry-after"])),) if "retry-after" in fault.given else ()
    _acts(fault, exchange, "no", "yes")
    if fault.given.get("form") == "html":
        exchange.html(status, fault.given.get("text"), extra)
    else:
        code = int(fault.given.get("cserrorcode", 0)) or cserrorcode
        exchange.refuse(ApiError(status, fault.given.get("text", text), code,
                                 errorcode=int(fault.given.get("errorcode", 0))), extra)
    return True


def _drop(fault, exchange):
    _acts(fault, exchange, "no", "yes")
    if fault.act("no") != "late":
        exchange.end()
    exchange.drop(bool(int(fault.given.get("reset", 0))))
    _acts(fault, exchange, "no", "late")
    return True


def _delay(fault, exchange):
    """Answers when the client may have gone; act=no never answers at all."""
    _acts(fault, exchange, "yes", "yes")
    time.sleep(fault.number("seconds", 5))
    _acts(fault, exchange, "yes", "late")
    if fault.act("yes") == "no":
        exchange.drop()
    else:
        exchange.reply()
    return True


def _slow(fault, exchange):
    exchange.trickle(fault.number("seconds", 2))
    return True


def _truncate(fault, exchange):
    exchange.cut(fault.number("share", 0.5))
    return True


def _garbage(fault, exchange):
    _acts(fault, exchange, "yes", "yes")
    exchange.noise(f"{fault.seed}:{fault.seen}", int(fault.number("bytes", 200)))
    return True


def _taken(fault, exchange):
    """As if another client had submitted the same job under this id; act=no: a job that is over and did nothing."""
    if fault.act("yes") == "yes":
        exchange.act()
    else:
        exchange.simulator.add_dead_job(exchange.raw)
    exchange.refuse(ApiError(530, "Entity already exists "))
    return True


def _jobid(_, exchange):
    """The reply names a job that is not the one that runs."""
    _, body = exchange.act()
    own = next(iter(body.values())).get("jobid")
    other = next((row["id"] for row in exchange.simulator.estate["job"].rows if row["id"] != own), str(uuid.uuid4()))
    exchange.reply(lambda data: data.replace(own.encode(), other.encode()) if own else data)
    return True


def _job(fault, exchange):
    """The job that the call starts fares as told; the call itself is answered."""
    exchange.fate = {"end": "ok", **fault.given}
    return False


def _sim(fault, exchange):
    """Something happens outside the API before the call is carried out; a server that is down then answers nothing."""
    request = {name: value for name, value in fault.given.items() if name not in (*WHEN, "do", "act", "verb")}
    exchange.simulator.control(fault.given["verb"], request)
    if exchange.simulator.is_down():
        exchange.drop()
        return True
    return False


def _run(fault, exchange):
    """A command of the test's, to the end, before the call is carried out: another peer is told, say."""
    subprocess.run(fault.given["command"], shell=True, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return False


def _kill(fault, exchange):
    """The process is gone, as with kill -9."""
    _acts(fault, exchange, "no", "yes")
    os.kill(os.getpid(), signal.SIGKILL)


DEEDS = {"refuse": _refuse, "drop": _drop, "delay": _delay, "slow": _slow, "truncate": _truncate, "garbage": _garbage,
         "taken": _taken, "jobid": _jobid, "job": _job, "sim": _sim, "run": _run,
         "kill": _kill}
ARGUMENTS = {"refuse": ("status", "errorcode", "cserrorcode", "text", "form", "retry-after"), "drop": ("reset",),
             "delay": ("seconds",), "slow": ("seconds",), "truncate": ("share",), "garbage": ("bytes",),
             "job": ("end", "seconds", "text", "code"), "random": ("kinds",),
             "run": ("command",)}
FIRST = ("sim", "run", "job")


def play(met, exchange):
    """True if the client has had its answer by a fault."""
    return any(DEEDS[fault.deed](fault, exchange) for fault in sorted(met, key=lambda fault: fault.deed not in FIRST))
