# SPDX-License-Identifier: Apache-2.0
"""A saved catalog with 10,000 networks."""
import json
import uuid

from benchlib import Result, row

NETWORKS = 10000


def large_catalog(bench):
    """The demo's catalog, its networks repeated under other ids and names."""
    path = bench.scratch / "catalog-large.json"
    catalog = json.loads((bench.root / "appliance/demo/catalog.json").read_text(encoding="utf-8"))
    models = [record["networks"] for record in catalog["records"] if "networks" in record]
    more = [{"networks": {**models[n % len(models)], "id": str(uuid.UUID(int=n + 1)), "name": f"net-{n}"}}
            for n in range(NETWORKS - len(models))]
    place = next(i for i, record in enumerate(catalog["records"]) if "networks" in record)
    catalog["records"][place:place] = more
    for record in catalog["records"]:
        if record.get("list", {}).get("name") == "networks":
            record["list"]["count"] = NETWORKS
    path.write_text(json.dumps(catalog), encoding="utf-8")
    return path


@row("saved catalog of 10,000 networks")
def load_and_save(bench):
    """Read and written again."""
    path, copy = large_catalog(bench), bench.scratch / "catalog-copy.json"
    used = bench.best([bench.measure([bench.program, "catalog", "--catalog", path, "--out", copy])
                       for _ in range(bench.options.runs)])
    yield Result("load and save, CPU", used.cpu_s, "s")
    yield Result("  peak memory", used.rss_mib, "MiB")
    yield Result("  networks", copy.read_text(encoding="utf-8").count('{"networks":{'), goal=str(NETWORKS))
