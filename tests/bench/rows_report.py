# SPDX-License-Identifier: Apache-2.0
"""From saved files to a plan and to reports; whole commands, reading their inputs included."""
from benchlib import Result, row


def saved_inventory(bench):
    """The inventory of a simulated vCenter of --vms VMs, made once in a run."""
    path = bench.scratch / f"inventory-{bench.options.vms}.json"
    if path not in bench.made:
        bench.need(bench.peers / "vcsim", "make peers")
        with bench.peer(bench.peers / "vcsim", "-vms", bench.options.vms) as server:
            bench.measure([bench.program, "discover", "--out", path], env=server.govc(), ok=(0, 6))
        bench.made.add(path)
    return path


# Exit codes of a dry run: 3 some VM is blocked, 6 a source was read with gaps.
DONE = (0, 3, 6)


@row("plan and reports from saved files")
def plan_and_report(bench):
    """Inventory and catalog to a plan, the plan to HTML and CSV; the best of the runs."""
    plan, html = bench.scratch / "plan.json", bench.scratch / "report.html"
    inventory = saved_inventory(bench)
    catalog = bench.need(bench.root / "appliance/demo/catalog.json", "the demo's catalog")
    n = bench.options.vms
    used = bench.best([bench.measure([bench.program, "plan", "--inventory", inventory, "--catalog", catalog, "--out", plan], ok=DONE)
                       for _ in range(bench.options.runs)])
    yield Result(f"plan of {n} VMs, files read, CPU", used.cpu_s, "s")
    yield Result("  peak memory", used.rss_mib, "MiB")
    reading, html_used = [bench.best([bench.measure([bench.program, "report", plan, "-o", form, "--out", file], ok=DONE)
                                      for _ in range(bench.options.runs)])
                          for form, file in (("table", "/dev/null"), ("html", html))]
    yield Result(f"HTML of {n} VMs, CPU", html_used.cpu_s, "s")
    yield Result("  reading the plan aside", html_used.cpu_s - reading.cpu_s, "s", goal="below 1 for 10,000")
    yield Result("  peak memory", html_used.rss_mib, "MiB")
    yield Result("  size", html.stat().st_size / 1e6, "MB", goal="at most 25 for 10,000")
