# SPDX-License-Identifier: Apache-2.0
"""The command itself: what each start costs, and the demo."""
from benchlib import Result, row


@row("start of the command")
def start(bench):
    """Loading and relocating libraries; every command pays it."""
    used = bench.best([bench.measure([bench.program, "version"]) for _ in range(5 * bench.options.runs)])
    yield Result("vm-ingest version, CPU", 1000 * used.cpu_s, "ms")
    yield Result("  peak memory", used.rss_mib, "MiB")


@row("make demo")
def demo(bench):
    """Packages and build are there already."""
    used = bench.best([bench.measure(["make", "-s", "demo"]) for _ in range(bench.options.runs)])
    yield Result("make demo, wall", used.wall_s, "s", goal="below 3")
