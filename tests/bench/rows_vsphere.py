# SPDX-License-Identifier: Apache-2.0
"""vSphere: our client against govmomi on the same recorded answers; calls for networks."""
import json
import shutil
import ssl
import urllib.request

from benchlib import Result, Unavailable, row

# Calls that open and close a session; not counted.
SESSION_CALLS = {"RetrieveServiceContent", "Login", "Logout"}


def go_client(bench, server, out):
    """argv of the govmomi client."""
    return [bench.peers / "govmomi-client", "-url", server.url, "-ca", server.ca.name, "-out", out]


def discover(bench, server, out):
    """Our discovery of this server; 6 means read with gaps (no tags are replayed)."""
    return bench.measure([bench.program, "discover", "--out", out], env=server.govc(), ok=(0, 6))


def recording(bench, vms):
    """Both clients read a simulated vCenter once; what they said is kept."""
    folder = bench.scratch / f"vsphere-{vms}"
    shutil.rmtree(folder, ignore_errors=True)
    failed = None
    with bench.peer(bench.peers / "vcsim", "-vms", vms, "-no-tags", "-record", folder) as server:
        bench.measure(go_client(bench, server, "/dev/null"))
        try:
            discover(bench, server, bench.scratch / "live.jsonl")
        except Unavailable as error:
            failed = error
    return folder, failed


@row("vSphere discovery, replayed over TLS")
def discovery(bench):
    """Both clients read the same estate and write it to a file, in turns; the best of three runs each."""
    bench.need(bench.peers / "vcsim", "make peers")
    vms = bench.options.vms
    folder, failed = recording(bench, vms)
    ours, theirs = [], []
    with bench.peer(bench.peers / "vsphere-replay", "-dir", folder) as server:
        for _ in range(bench.options.runs):
            theirs.append(bench.measure(go_client(bench, server, bench.scratch / "govmomi.jsonl")))
            if not failed:
                ours.append(discover(bench, server, bench.scratch / "ours.json"))
    shutil.rmtree(folder)
    go = bench.best(theirs)
    if failed:
        raise Unavailable(f"{failed} (govmomi alone: {1000 * go.cpu_s / vms:.3f} ms/VM, {go.rss_mib:.1f} MiB)")
    mine = bench.best(ours)
    yield Result(f"client CPU, {vms} VMs", 1000 * mine.cpu_s / vms, "ms/VM", 1000 * go.cpu_s / vms, "0.14 and 7x, at worst 0.25 and 5x")
    yield Result("peak memory", mine.rss_mib, "MiB", go.rss_mib, "16, at worst 24")
    yield Result("wall", mine.wall_s, "s", go.wall_s)


@row("networks of a 200-VM estate")
def networks(bench):
    """SOAP calls of a discovery, those of the session and FetchDVPorts (one a switch) aside."""
    bench.need(bench.peers / "vcsim", "make peers")
    with bench.peer(bench.peers / "vcsim", "-vms", 200) as server:
        discover(bench, server, bench.scratch / "networks.json")
        trust = ssl.create_default_context(cafile=server.ca.name)
        with urllib.request.urlopen(server.url.replace("/sdk", "/counters"), context=trust) as answer:
            counters = json.load(answer)
    calls = {name: n for name, n in (counters["calls_before_instances"] or {}).items() if name not in SESSION_CALLS}
    ports = calls.pop("FetchDVPorts", 0)
    yield Result("SOAP calls before the first VM", sum(calls.values()), "calls", goal="at most 6")
    yield Result("SOAP calls in all", counters["total"], "calls")
    yield Result("FetchDVPorts", ports, "calls", goal="1 a distributed switch (2)")
    yield Result("sessions left open", counters["sessions_open"], "", goal="0")
