#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Choices edited in a spreadsheet: the CSV report goes out, is edited and saved as spreadsheets do, and comes back."""
import csv
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / os.environ.get("B", "build")
PROGRAM = os.environ.get("VM_INGEST", str(BUILD / "vm-ingest"))
work = pathlib.Path(tempfile.mkdtemp(prefix="vmi-choices-"))
count = failed = 0


def case(name, problems):
    """One TAP result; problems is a list of texts, empty when all is well."""
    global count, failed
    count += 1
    print(f"{'not ok' if problems else 'ok'} {count} - {name}")
    for text in problems[:8]:
        print(f"#   {text}")
    failed += bool(problems)
    sys.stdout.flush()


def run(*args):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("GOVC_", "CLOUDSTACK_"))}
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=120,
                          env=environment | {"HOME": str(work)}, cwd=ROOT)


run("dry-run", "--demo", "--out-dir", work / "first", "-q")
# A VM whose names a spreadsheet would change, and a network and an account of a name that others bear.
inventory = (work / "first/inventory.json").read_text(encoding="utf-8").replace('"name":"web-02"', '"name":"007"')
inventory = inventory.replace('"name":"web-03"', '"name":"=1+1"').replace('"name":"web-04"', '"name":"\'=1;2,3"')
(work / "inventory.json").write_text(inventory, encoding="utf-8")
document = json.loads((work / "first/catalog.json").read_text(encoding="utf-8"))
data = {}
for record in document["records"]:
    for kind, entry in record.items():
        data.setdefault(kind, []).append(entry)
twin = {**data["networks"][0], "id": "0" * 8 + "-twin-network", "broadcasturi": "vlan://3999", "vlan": "3999"}
other = next(a for a in data["accounts"] if a["domainid"] != data["accounts"][0]["domainid"])
namesake = {**data["accounts"][0], "id": "0" * 8 + "-twin-account", "domainid": other["domainid"]}
data["networks"].append(twin)
data["accounts"].append(namesake)


def save_catalog(left_out=None):
    """The demo's catalog with a network and an account more; one list may be one that was not read."""
    records = []
    for record in document["records"] + [{"networks": twin}, {"accounts": namesake}]:
        if "list" in record and record["list"]["name"] == left_out:
            record = {"list": {**record["list"], "is_complete": False, "error": "HTTP 432: no right"}}
        if left_out not in record:
            records.append(record)
    (work / "catalog.json").write_text(json.dumps({**document, "records": order(records)}), encoding="utf-8")


def order(records):
    """Each list is followed by its items."""
    heads = [r for r in records if "list" in r]
    return [r for head in heads for r in [head] + [i for i in records if head["list"]["name"] in i]]


save_catalog()


def plan(choices=None, *args, out="out.json"):
    path = work / out
    path.unlink(missing_ok=True)
    extra = ["--choices", choices] if choices else []
    done = run("plan", "--inventory", work / "inventory.json", "--catalog", work / "catalog.json", "--policy",
               "appliance/demo/policy", *extra, *args, "--out", path)
    return done, json.loads(path.read_text(encoding="utf-8")) if path.exists() and not args else None


def items(document):
    return {i["instance"]["id"]: i for i in document["items"]}


def without_time(document):
    return {**document, "info": {k: v for k, v in document["info"].items() if k != "created_at"}}


proposed = plan()[1]
plan(None, "-o", "csv", out="report.csv")
report = work / "report.csv"
with open(report, newline="", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))
columns = list(rows[0])


def write(rows_now, encoding="utf-8", delimiter=",", names=None, end="\r\n", quoting=csv.QUOTE_MINIMAL, head=""):
    names = names or columns
    text = io.StringIO()
    writer = csv.DictWriter(text, names, delimiter=delimiter, lineterminator=end, quoting=quoting, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({n: r.get(n, r.get(n.lower())) for n in names} for r in rows_now)
    path = work / "edited.csv"
    path.write_bytes((head + text.getvalue()).encode(encoding))
    return path


def edited(number=0, **cells):
    changed = [dict(row) for row in rows]
    changed[number].update(cells)
    return changed


def row_where(**wanted):
    return next(n for n, row in enumerate(rows) if all(test(row[key]) for key, test in wanted.items()))


def choice_of(document, number):
    return items(document)[rows[number]["id"].removeprefix("'")]["choice"]


# --- unedited -------------------------------------------------------------------------------------

def spoil(text):
    """What spreadsheets do to cells that look like numbers, dates and truth values."""
    if re.fullmatch(r"[+-]?0*\d+([.,]\d+)?([eE][+-]?\d+)?", text):
        return format(float(text.replace(",", ".")), "g")
    if re.fullmatch(r"\d{1,4}[-/.]\d{1,4}([-/.]\d{1,4})?|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*[ -]?\d+", text):
        return "01.03.2026"
    if text.lower() in ("true", "false"):
        return text.upper()
    return text


ways = {
    "as it was written": lambda: report,
    "with semicolons and a byte order mark": lambda: write(rows, "utf-8-sig", ";"),
    "with tabs in UTF-16": lambda: write(rows, "utf-16", "\t"),
    "in big-endian UTF-16": lambda: write(rows, "utf-16-be", "\t", head="\ufeff"),
    "with LF, everything quoted": lambda: write(rows, end="\n", quoting=csv.QUOTE_ALL),
    "with 'sep=;' before it": lambda: write(rows, delimiter=";", head="sep=;\r\n"),
    "with columns in another order and empty ones at the end":
        lambda: write([{**r, "": ""} for r in rows], names=columns[::-1] + [""]),
    "with upper-case headings and blank rows": lambda: write([{}] + rows[:3] + [{}, {}] + rows[3:] + [{}],
                                                            names=[c.upper() for c in columns]),
    "after a spreadsheet rewrote what looks like numbers and dates":
        lambda: write([{k: spoil(v) if k not in ("cpus",) else v for k, v in r.items()} for r in rows]),
}
for how, make in ways.items():
    done, same = plan(make())
    wrong = [done.stderr] if done.returncode != 3 or "passed over" in done.stderr else []
    if not wrong and without_time(same) != without_time(proposed):
        wrong = ["another plan"] + [f"{i}: {json.dumps(items(same)[i])[:300]}" for i in items(same)
                                    if items(same)[i] != items(proposed).get(i)]
    case(f"an unedited file {how} gives the identical plan", wrong)

special = [r["name"] for r in rows if r["name"].startswith("'")]
case("names that a spreadsheet would change are written with a quote",
     [] if {"'007", "'=1+1", "''=1;2,3"} <= set(special) else [f"{special}"])

# --- edited ---------------------------------------------------------------------------------------

done, now = plan(write(edited(hostname="other-name", wave="'007", displayname="'true", forced="yes", power_off="yes",
                              power_deadline="600", priority="-7")))
choice = choice_of(now, 0)
wanted = {"hostname": "other-name", "wave": "007", "displayname": "true", "forced": True,
          "power": {"off": True, "deadline": 600}, "priority": -7}
case("plain choices are taken, with the reason", [f"{k}: {choice[k]!r}" for k in wanted if choice[k] != wanted[k]] + (
    [] if any(r["about"] == "hostname" and "edited.csv" in r["why"] for r in items(now)[rows[0]["id"]]["reasons"])
    else ["no reason"]) + ([] if any(i["kind"] == "choices" for i in now["info"]["inputs"]) else ["no input"]))
others = [i for i, item in items(now).items() if i != rows[0]["id"] and item["choice"] != items(proposed)[i]["choice"]]
case("nothing else changes", others + [i for i, item in items(now).items() if i != rows[0]["id"] and
                                       item["verdict"] != items(proposed)[i]["verdict"]])


def names_of(key):
    found = {}
    for entry in data[key]:
        found.setdefault(entry.get("name"), []).append(entry["id"])
    return found


two_nics = row_where(networkids=lambda v: v.count("=") == 2 and all(p.split("=")[1] for p in v.split("; ")))
networks = names_of("networks")
ids = [p.split("=")[1] for p in rows[two_nics]["networkids"].split("; ")]
by_id = {i: name for name, all_ids in networks.items() for i in all_ids}
nics = [p.split("=")[0] for p in rows[two_nics]["networkids"].split("; ")]
done, now = plan(write(edited(two_nics, networkids=f"{nics[1]}={by_id[ids[0]]};{nics[0]} = {ids[1]}", ips=f"{nics[0]}=auto")))
chosen = {n["nic"]: (n["networkid"], n["ip4"]) for n in choice_of(now, two_nics)["nics"]} if now else done.stderr
case("networks of NICs are given by name or id, in any order",
     [] if chosen == {nics[0]: (ids[1], "auto"), nics[1]: (ids[0], None)} else [f"{chosen}"])

offerings = names_of("service_offerings")
name, (offering,) = next((n, i) for n, i in offerings.items() if len(i) == 1 and i[0] != rows[0]["serviceofferingid"])
done, now = plan(write(edited(serviceofferingid=name, details="cpuNumber=2; memory=4096; a\\;b=c\\;d=e")))
choice = choice_of(now, 0) if now else {}
case("a service offering is given by name, its details as a list",
     [] if choice.get("serviceofferingid") == offering and choice["details"] == {"cpuNumber": "2", "memory": "4096", "a;b": "c;d=e"}
     else [done.stderr, f"{choice}"])

with_data = row_where(diskofferingids=lambda v: v.count("=") == 1)
disk = rows[with_data]["diskofferingids"].split("=")[0]
disk_offerings = names_of("disk_offerings")
name, (disk_offering,) = next((n, i) for n, i in disk_offerings.items() if len(i) == 1 and i[0] not in rows[with_data]["diskofferingids"])
pools = names_of("pools")
pool, (pool_id,) = next((n, i) for n, i in pools.items() if len(i) == 1)
done, now = plan(write(edited(with_data, diskofferingids=f"{disk}={name}", migratepoolids=f"{disk}={pool}",
                              migrateofferingids=f"{disk}={disk_offering}")))
choice = choice_of(now, with_data) if now else {}
case("disk offerings and where disks move are given by name",
     [] if choice.get("disks") == [{"disk": disk, "diskofferingid": disk_offering}] and
     choice["migrate"] == [{"disk": disk, "storageid": pool_id, "diskofferingid": disk_offering}] else [done.stderr, f"{choice}"])
plan(write(edited(with_data, migratepoolids=f"{disk}={pool_id}")), "-o", "csv", out="again.csv")
back = next(r for r in csv.DictReader(open(work / "again.csv", newline="", encoding="utf-8")) if r["id"] == rows[with_data]["id"])
case("what was edited stands in the next CSV", [] if back["migratepoolids"] == f"{disk}={pool_id}" else [f"{back}"])

accounts = {}
for entry in data["accounts"]:
    accounts.setdefault(entry["name"], []).append(entry)
account = next(e[0] for n, e in accounts.items() if len(e) == 1 and n != rows[0]["account"])
for how, cells in {"by name alone": {"account": account["name"], "domainid": ""},
                   "by id": {"account": account["id"], "domainid": ""},
                   "by name and the domain's path": {"account": account["name"], "domainid": next(
                       d["path"] for d in data["domains"] if d["id"] == account["domainid"])}}.items():
    done, now = plan(write(edited(projectid="", **cells)))
    choice = choice_of(now, 0) if now else {}
    case(f"an owner is given {how}", [] if (choice.get("account"), choice.get("domainid")) ==
         (account["name"], account["domainid"]) else [done.stderr, f"{choice}"])

done, now = plan(write(edited(serviceofferingid="", hostname="", networkids="")))
choice = choice_of(now, 0)
case("an empty cell says that nothing is chosen", [] if choice["serviceofferingid"] is None and choice["hostname"] is None
     and all(n["networkid"] is None for n in choice["nics"]) and items(now)[rows[0]["id"]]["verdict"] == "blocked" else [f"{choice}"])
done, now = plan(write(edited(hostname="kept")[:1], names=["id", "source", "hostname"]))
case("missing columns and missing rows keep what is proposed",
     [] if now and choice_of(now, 0) == {**choice_of(proposed, 0), "hostname": "kept"} and
     f"{len(rows) - 1} of {len(rows)} VMs have no row" in done.stderr else [done.stderr])
done, now = plan(write([{**r, "remark": "mine", "netwroks": "x"} for r in rows], names=columns + ["remark", "netwroks"]))
case("columns of one's own are passed over and named", [] if done.returncode == 3 and "'remark', 'netwroks'" in done.stderr
     else [done.stderr])

# --- wrong ----------------------------------------------------------------------------------------

unique = rows[0]["id"]
nic = rows[0]["networkids"].split("=")[0]
double = next((n for n, i in networks.items() if len(i) > 1), None)
many = next((n for n, e in accounts.items() if len(e) > 1), None)
wrong_cells = {
    "an unknown id": ({"serviceofferingid": "00000000-0000-0000-0000-000000000000"}, "serviceofferingid", "there is no service offering"),
    "an unknown NIC": ({"networkids": "Network adapter 9=x"}, "networkids", "has no NIC 'Network adapter 9'; it has: Network adapter 1"),
    "a NIC twice": ({"ips": f"{nic}=auto; {nic}=auto"}, "ips", "stands twice"),
    "no address": ({"ips": f"{nic}=10.0.0.300"}, "ips", "neither an IPv4 address nor auto"),
    "an unknown disk": ({"rootdisk": "1-1"}, "rootdisk", "the VM has no disk '1-1'"),
    "an unknown disk offering": ({"diskofferingids": f"{rows[0]['rootdisk'][1:]}=nothing"}, "diskofferingids", "no disk offering 'nothing'"),
    "neither yes nor no": ({"forced": "WAHR?"}, "forced", "neither yes nor no"),
    "no number of seconds": ({"power_deadline": "1.5"}, "power_deadline", "whole number of seconds"),
    "a host name that became a date": ({"hostname": "1-Mar"}, "hostname", "what a spreadsheet made"),
    "a wave that became a number": ({"wave": "1,23E+15"}, "wave", "what a spreadsheet made"),
    "no priority": ({"priority": "high"}, "priority", "'high' is no whole number"),
    "a broken formula": ({"displayname": "#NAME?"}, "displayname", "what a spreadsheet made"),
    "an unknown account": ({"account": "nobody-here"}, "account", "there is no account 'nobody-here'"),
    "an unknown domain": ({"domainid": "ROOT/none"}, "domainid", "there is no domain 'ROOT/none'"),
    "a VM that is not there": ({"id": "vm-99999", "instance_uuid": "", "name": "none-such"}, "name", "no such VM"),
    "a row that was sorted apart": ({"name": rows[5]["name"]}, "name", "sorted apart"),
    "details without a key": ({"details": "2000"}, "details", "not of the form KEY=VALUE"),
}
if double:
    wrong_cells["a name of two networks"] = ({"networkids": f"{nic}={double}"}, "networkids", f"networks are called '{double}': give the id")
if many:
    wrong_cells["a name of two accounts"] = ({"account": many, "domainid": ""}, "account", "give the domain")
for what, (cells, column, text) in wrong_cells.items():
    done, now = plan(write(edited(**cells)))
    line = next((t for t in done.stderr.splitlines() if t.startswith("  row 2 (")), "")
    case(f"{what} is named with row, column and reason", [] if done.returncode == 1 and now is None and
         f"column '{column}'" in line and text in line else [f"{done.returncode} {done.stderr}"])

done, now = plan(write(rows + [rows[3]]))
case("a second row of one VM is refused, with both rows", [] if done.returncode == 1 and f"row {len(rows) + 2} (" in done.stderr
     and "row 5 is of the same VM" in done.stderr else [done.stderr])
twins = [r for r in rows if sum(o["name"] == r["name"] for o in rows) > 1]
if twins:
    done, now = plan(write([twins[0]], names=["name", "hostname"]))
    case("a name that several VMs bear is refused", [] if done.returncode == 1 and "several VMs are called so" in done.stderr else [done.stderr])
done, now = plan(write([{**r, "forced": "x", "ips": "y"} for r in rows]))
case("all wrong cells are told, up to a bound", [] if done.stderr.count("\n  row ") == 50 and
     f"and {2 * len(rows) - 50 - sum(1 for r in rows if r['ips'] == 'y')} more" in done.stderr else [done.stderr[-300:]])

files = {
    "another encoding": ("n\xe4me,hostname\r\n".encode("latin-1"), "not a text in UTF-8"),
    "UTF-16 without a mark": ("name,hostname\r\n".encode("utf-16-le"), "zero byte"),
    "an open quote": (b'name,hostname\r\nx,"y\r\n', "line 2 is never closed"),
    "no column of choices": (b"name,colour\r\nx,y\r\n", "no column of choices; they are account, domainid"),
    "no column of identity": (b"hostname\r\nx\r\n", "no column says which VM"),
    "a column twice": (b"name,hostname,Hostname\r\nx,y,z\r\n", "column 'hostname' stands twice"),
    "an empty file": (b"", "the file is empty"),
}
for what, (content, text) in files.items():
    path = work / "bad.csv"
    path.write_bytes(content)
    done, now = plan(path)
    case(f"{what} is refused before anything is read",
         [] if done.returncode == 1 and text in done.stderr and "bad.csv" in done.stderr else [done.stderr])
done, now = plan(work / "no-such.csv")
case("a file that is not there is named", [] if done.returncode == 1 and "no-such.csv" in done.stderr else [done.stderr])

save_catalog("networks")
done, now = plan(write(edited(networkids=f"{nic}=web-front")))
case("a list that was not read does not tell what is unknown",
     [] if done.returncode == 1 and "whole answer of listNetworks" in done.stderr else [f"{done.returncode}", done.stderr])

print(f"1..{count}")
shutil.rmtree(work)
sys.exit(1 if failed else 0)
