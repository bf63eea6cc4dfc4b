# SPDX-License-Identifier: Apache-2.0
"""plan_build() alone, over an estate made in memory."""
import json
import subprocess

from benchlib import Result, row


@row("plan_build() of 100,000 VMs x 10,000 networks")
def plan_in_memory(bench):
    """Inputs in memory; seconds are CPU time of plan_build() alone, the best of the runs."""
    program = bench.need(bench.build / "tests/bench_plan", "make bench")
    for n, networks in ((10000, 10000), (100000, 10000)):
        runs = [json.loads(subprocess.run([program, str(n), str(networks)], check=True,
                                          capture_output=True, text=True).stdout)
                for _ in range(bench.options.runs)]
        best = min(runs, key=lambda run: run["seconds"])
        yield Result(f"plan_build of {n} VMs, CPU", best["seconds"], "s",
                     goal="below 1 for 100,000")
        yield Result("  plan_check of one VM of it, CPU",
                     min(run["check_one_ms"] for run in runs), "ms", goal="below 50")
        yield Result("  peak memory, inputs included", best["peak_mib"], "MiB", goal="below 1024")
