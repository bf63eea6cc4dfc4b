# SPDX-License-Identifier: Apache-2.0
"""A saved inventory read and written again, record by record, as discover does it."""
from benchlib import Result, row
from rows_report import saved_inventory


@row("saved inventory to saved inventory")
def load_and_save(bench):
    """Reading is strict; nothing but the record at hand is in memory."""
    path, copy = saved_inventory(bench), bench.scratch / "inventory-copy.json"
    n = bench.options.vms
    used = bench.best([bench.measure([bench.program, "discover", "--source", f"file:{path}", "--out", copy], ok=(0, 6))
                       for _ in range(bench.options.runs)])
    yield Result(f"{n} VMs, CPU", used.cpu_s, "s")
    yield Result("  CPU a VM", used.cpu_s / n * 1000, "ms")
    yield Result("  peak memory", used.rss_mib, "MiB")
    yield Result("  size", path.stat().st_size / 1e6, "MB")
    yield Result("  copies that differ", int(path.read_bytes() != copy.read_bytes()), goal="0")


def tenfold(path, to):
    """The same inventory with each instance ten times, under ids of its own."""
    with open(path, encoding="utf-8") as source, open(to, "w", encoding="utf-8") as copy:
        for line in source:
            if line.startswith('{"instance":'):
                copy.writelines(line.replace('"id":"', f'"id":"{n}-', 1) for n in range(9))
            copy.write(line)


@row("large saved inventory to saved inventory")
def stream(bench):
    """Ten times the VMs, once: memory grows by the ids that must not come twice, no more."""
    path, copy = bench.scratch / "inventory-large.json", bench.scratch / "inventory-copy.json"
    n = 10 * bench.options.vms
    tenfold(saved_inventory(bench), path)
    used = bench.measure([bench.program, "discover", "--inventory", path, "--out", copy], ok=(0, 6))
    yield Result(f"{n} VMs, CPU a VM", used.cpu_s / n * 1000, "ms")
    yield Result("  peak memory", used.rss_mib, "MiB")
    yield Result("  size", path.stat().st_size / 1e6, "MB")
    path.unlink()
    copy.unlink()
