# SPDX-License-Identifier: Apache-2.0
"""POST /sim/VERB with a JSON object: what happens outside CloudStack's API, and what a test wants to know.

Not a part of CloudStack; unsigned, for tests on loopback only. VERBS is the list.
Instances are named by 'name' and, where two hosts have that name, 'host'.
"""
from . import dump, powersync
from .estate import number
from .faults import ScriptError


def _instance(simulator, request):
    host = simulator.estate["host"].first(name=request.get("host"))
    row = simulator.hypervisor.find(request["name"], host["id"] if host else None)
    if row is None:
        raise KeyError(f"no instance {request['name']}")
    return row


def _power(simulator, request):
    """{name, state: PowerOn|PowerOff|PowerUnknown}: power it outside CloudStack."""
    _instance(simulator, request)["powerstate"] = request["state"]
    powersync.run(simulator)


def _vanish(simulator, request):
    """{name}: it is gone from the hypervisor."""
    simulator.hypervisor.remove(_instance(simulator, request))
    powersync.run(simulator)


def _appear(simulator, request):
    """{instance: {...}}: a new one, in the form of listUnmanagedInstances."""
    simulator.hypervisor.add(request["instance"])


def _change(simulator, request):
    """{name, set: {...}}: change facts of an instance."""
    simulator.hypervisor.change(_instance(simulator, request), request["set"])


def _sync(simulator, request):
    """{host: NAME or none}: power states are reported; {vms, volumes: true}: statistics."""
    if not request.get("vms") and not request.get("volumes"):
        powersync.report(simulator, simulator.estate["host"].first(name=request.get("host")))
    powersync.read_statistics(simulator, request.get("vms"), request.get("volumes"))


def _hold(simulator, request):
    """{host: NAME or *, held: bool}: talks with that host do not end meanwhile."""
    host = simulator.estate["host"].first(name=request.get("host"))
    simulator.scheduler.hold(host["id"] if host else "*", request.get("held", True))


def _restart(simulator, request):
    """{acted: no|yes|partly, down: SECONDS, starting: SECONDS}: the management server dies and comes back; jobs in
    flight are lost, their work not done (no), done, or done by half."""
    acted = request.get("acted", "no")
    if acted not in ("no", "yes", "partly"):
        raise KeyError("acted: no, yes or partly")
    simulator.restart(acted, float(request.get("down", 0)), float(request.get("starting", 0)))


def _rename(simulator, request):
    """{name, to}: the instance has another name on its host."""
    simulator.hypervisor.change(_instance(simulator, request), {"name": request["to"]})


def _upgrade(simulator, request):
    """{version}: the server is of another version from now on."""
    simulator.upgrade(request["version"])


def _key(simulator, request):
    """{apikey, revoked: bool}: that key is no longer, or again, good."""
    keys = [key for key in simulator.estate.keys if key["apikey"] == request["apikey"]]
    if not keys:
        raise KeyError(f"no key {request['apikey']}")
    keys[0]["revoked"] = request.get("revoked", True) not in (False, "false", "0")


def _jobs(simulator, request):
    """{seconds, jitter, seed, workers, hostjobs, expire}: how long jobs take, how many run, how long they are known."""
    simulator.pace.set(**request)
    simulator.scheduler.poke()


def _clock(simulator, request):
    """{advance: SECONDS}: jobs and their rows grow older; signatures do not. Tells the time, when all jobs that are due
    have been carried out."""
    simulator.scheduler.settle()  # what was submitted before has begun
    simulator.estate.clock.advance(float(request.get("advance", 0)))
    simulator.scheduler.settle()
    return {"now": simulator.estate.now()}


def _faults(simulator, request):
    """{script: TEXT or [LINE or {...}, ..], add: bool}: the faults in force instead of, or beside, those before."""
    simulator.script.set(request.get("script", []), bool(request.get("add")))


def _fired(simulator, _):
    """{}: each fault with how many calls it saw and hit, and all hits in their order."""
    return simulator.script.saved()


def _calls(simulator, request):
    """{since: NUMBER, command: NAME}: the API calls, those after the one of that number."""
    return {"calls": simulator.calls.since(int(request.get("since", 0)), request.get("command"))}


def _state(simulator, _):
    """{}: what is managed and how many times, the volumes, NICs, networks and jobs."""
    return dump.state(simulator)


def _fault(simulator, request):
    """{name: value or null, ..}: the --fault options, changed while running."""
    for name, value in request.items():
        set_fault(simulator, name, value)


def _patch(simulator, request):
    """{kind, id or name, set: {...}}: change a row of any table."""
    table = simulator.estate[request["kind"]]
    row = table.get(request["id"]) if "id" in request else table.first(name=request["name"])
    if row is None:
        raise KeyError(f"no {request['kind']} {request.get('id') or request.get('name')}")
    row.update(request["set"])
    table.touch()


def _add(simulator, request):
    """{kind, row: {...}}: a new row of any table."""
    simulator.estate[request["kind"]].add(dict(request["row"]))


def _remove(simulator, request):
    """{kind, id}: a row of any table is gone."""
    table = simulator.estate[request["kind"]]
    table.drop(table.get(request["id"]))


def _replace(simulator, request):
    """{kind, rows: [...]}: the table has these rows instead."""
    numbered = number({request["kind"]: request["rows"]})
    simulator.estate[request["kind"]].fill(numbered[request["kind"]])


def _reset(simulator, request):
    """{}: back to the estate as it was loaded, with an empty log of calls; faults and lengths of jobs stay."""
    simulator.reset()


VERBS = {"power": _power, "vanish": _vanish, "appear": _appear, "change": _change, "sync": _sync,
         "hold": _hold, "restart": _restart, "fault": _fault, "patch": _patch, "add": _add, "remove": _remove,
         "replace": _replace, "reset": _reset, "rename": _rename, "upgrade": _upgrade, "key": _key, "jobs": _jobs,
         "clock": _clock, "faults": _faults, "fired": _fired, "calls": _calls, "state": _state}
READING = ("fired", "calls", "state")

FAULTS = {
    "http-503": "every reply is an HTML 503",
    "html": "every reply is an HTML page with status 200",
    "truncate": "replies end half-way",
    "slow": "=SECONDS before each reply",
    "rate-limit": "=CALLS a second, then 429",
    "expired-clock": "=SECONDS that the server's clock is ahead (default one day): 401",
    "maintenance": "no new jobs are accepted (JSON 503; 530 on 4.20.x)",
    "drop-host": "=NAME: that host does not answer",
    "moved-paths": "a migrated volume has another path and chain info, as on real hosts (recorded ones keep theirs)",
    "only": "=COMMAND,..: http-503, html and slow hit only these",
}


def set_fault(simulator, name, value):
    if name not in FAULTS:
        raise KeyError(f"no fault {name}")
    if name == "drop-host":
        for host in simulator.estate["host"]:
            host["_dropped"] = host["name"] == value
    elif value is None:
        simulator.switches.pop(name, None)
    else:
        simulator.switches[name] = "86400" if name == "expired-clock" and not value else str(value)


def perform(simulator, verb, request):
    """(HTTP status, JSON object)."""
    handler = VERBS.get(verb)
    if handler is None:
        return 404, {"error": f"no verb {verb}", "verbs": sorted(VERBS)}
    try:
        with simulator.estate.lock:
            reply = handler(simulator, request) or {}
            if verb not in READING:
                simulator.keep()
            return 200, {"ok": True, **reply}
    except (KeyError, ScriptError, TypeError, ValueError) as wrong:
        return 400, {"error": str(wrong)}
