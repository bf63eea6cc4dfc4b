#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""RVTools exports: an estate is written as RVTools writes it, in the forms of its releases and locales, and read back.

What a tab or column tells must be as in the estate; what none tells must be unknown, and be said.
"""
import codecs
import copy
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
work = pathlib.Path(tempfile.mkdtemp(prefix="vmi-rvtools-"))
count = failed = 0
COLUMNS = {}
for line in (ROOT / "tests/rvtools/columns-4").read_text(encoding="utf-8").splitlines():
    if not line.startswith("#"):
        tab, names = line.split(": ", 1)
        COLUMNS[tab] = names.split(",")


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


def records(path):
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith('{"') and not line.startswith('{"apiVersion'):
            for kind, record in json.loads(line.rstrip(",")).items():
                if record.get("source", record.get("name")) in ("vcenter", "export"):
                    found.setdefault(kind, []).append(record)
    return found


# --- the estate as RVTools tells it -----------------------------------------------------------------

run("dry-run", "--demo", "--out-dir", work / "demo", "-q")
ESTATE = records(work / "demo/inventory.json")
# What tabs cannot tell apart or do not have: as many GiB as there are, labels that no release lacks.
MIB, SERVER, UUID = 1 << 20, "vcenter.demo.example", "7d0c4a4e-6f0b-4c52-9d6a-3a0a6f2b8c11"


def name_of(kind, ident):
    return next((r["name"] for r in ESTATE[kind] if r["id"] == ident), "")


def vlan_text(vlan):
    kind = vlan["kind"]
    if kind == "trunk":
        return ",".join(f"{r['start']}-{r['end']}" if r["start"] != r["end"] else str(r["start"]) for r in vlan["ranges"])
    return {"id": str(vlan.get("id")), "none": "0", "pvlan": f"PVLAN {vlan.get('secondary')}"}[kind]


def group_of(nic):
    return next((g for g in ESTATE["portgroup"] if g["id"] == nic.get("portgroup")), None)


def tabs(estate):
    rows = {tab: [] for tab in COLUMNS}
    sdk = {"VI SDK Server": SERVER, "VI SDK UUID": UUID}
    rows["vSource"].append({**sdk, "Name": "VMware vCenter Server", "Version": "8.0.2", "API version": "8.0.2.0",
                            "Fullname": "VMware vCenter Server 8.0.2 build-22617221"})
    for c in estate["cluster"]:
        rows["vCluster"].append({**sdk, "Name": c["name"], "HA enabled": c.get("has_ha", ""), "DRS enabled": c.get("has_drs", ""), "Object ID": c["id"]})
    for h in estate["host"]:
        rows["vHost"].append({**sdk, "Host": h["name"], "Datacenter": h["datacenter"], "Cluster": name_of("cluster", h.get("cluster")),
                              "in Maintenance Mode": h.get("in_maintenance", ""), "Speed": h["cpu_mhz"], "# Cores": h["cpus"],
                              "# Memory": h["memory_bytes"] // MIB, "ESX Version": f"VMware ESXi {h['version']} build-1", "Object ID": h["id"]})
    for d in estate["datastore"]:
        address = f"{d['nfs_host']}:{d['nfs_path']}" if d.get("nfs_host") else "naa.600"
        rows["vDatastore"].append({**sdk, "Name": d["name"], "Address": address, "Accessible": d.get("is_accessible", ""), "Type": d["type"],
                                   "Capacity MiB": d["capacity_bytes"] // MIB, "Free MiB": d["free_bytes"] // MIB,
                                   "Cluster name": d.get("pod") or "", "URL": d["url"], "Object ID": d["id"]})
    for s in estate["switch"]:
        if s["kind"] == "distributed":
            rows["dvSwitch"].append({**sdk, "Switch": s["name"], "Datacenter": s["datacenter"], "Max MTU": s.get("mtu", ""), "Object ID": s["id"]})
        else:
            rows["vSwitch"].append({**sdk, "Host": name_of("host", s["host"]), "Switch": s["name"], "Datacenter": s["datacenter"], "MTU": s.get("mtu", "")})
    for g in estate["portgroup"]:
        security = {"Mac Changes": g.get("allows_mac_changes", ""), "Forged Transmits": g.get("allows_forged_transmits", "")}
        if g["kind"] == "distributed":
            rows["dvPort"].append({**sdk, **security, "Port": g["name"], "Switch": name_of("switch", g["switch_id"]), "Object ID": g["id"],
                                   "Type": "ephemeral" if g["is_ephemeral"] else "earlyBinding", "VLAN": vlan_text(g["vlan"]),
                                   "Allow Promiscuous": g.get("allows_promiscuous", ""), "Vlan Override": False})
        else:
            rows["vPort"].append({**sdk, **security, "Host": name_of("host", g["hosts"][0]), "Datacenter": g["datacenter"],
                                  "Port Group": g["name"], "Switch": name_of("switch", g["switch_id"]), "VLAN": vlan_text(g["vlan"]),
                                  "Promiscuous Mode": g.get("allows_promiscuous", "")})
    for v in estate["instance"]:
        add_vm(rows, v, sdk)
    return rows


def escape(name):
    return name.replace("%", "%25").replace("/", "%2f").replace("\\", "%5c")


def add_vm(rows, v, sdk):
    vm = {**sdk, "VM": escape(v["name"]), "VM ID": v["id"], "VM UUID": v.get("instance_uuid") or "", "Template": v["is_template"],
          "Powerstate": {"on": "poweredOn", "off": "poweredOff", "suspended": "suspended", None: ""}[v.get("power")],
          "Host": v.get("host_name", ""), "Cluster": v.get("cluster_name") or "", "Datacenter": v.get("datacenter", ""),
          "Folder": v.get("path") or "", "Annotation": v.get("annotation") or "",
          "OS according to the configuration file": v.get("guest_os_name") or ""}
    known = v.get("disks") is not None
    rows["vInfo"].append({**vm, "SMBIOS UUID": v.get("bios_uuid") or "", "DNS Name": v.get("guest_hostname") or "",
                          "Connection state": v["connection"], "Consolidation Needed": v.get("needs_consolidation", ""),
                          "CPUs": v.get("cpus", ""), "Memory": v["memory_bytes"] // MIB if "memory_bytes" in v else "",
                          "NICs": len(v["nics"]) if known else "", "Disks": len(v["disks"]) if known else "",
                          "FT State": "notConfigured" if v.get("is_fault_tolerant") is False else "running" if v.get("is_fault_tolerant") else "",
                          "Firmware": {"bios": "bios", "uefi": "efi", None: ""}[v.get("firmware")], "EFI Secure boot": v.get("secure_boot", ""),
                          "HW version": v.get("hardware_version", "").removeprefix("vmx-"), "vApp": v.get("vapp") or "",
                          "VI SDK Server type": "VMware vCenter Server", "VI SDK API Version": "8.0.2.0"})
    rows["vCPU"].append({**vm, "Cores p/s": v.get("cores_per_socket", ""), "Reservation": v.get("cpu_reservation_mhz", ""), "Limit": -1})
    rows["vMemory"].append({**vm, "Reservation": v.get("memory_reservation_bytes", 0) // MIB})
    rows["vTools"].append({**vm, "Tools": v.get("tools_status") or ""})
    for s in v.get("snapshots") or []:
        rows["vSnapshot"].append({**vm, "Name": s["name"]})
    for c in v.get("cdroms") or []:
        rows["vCD"].append({**vm, "Device Node": c.get("label") or "", "Connected": c.get("is_connected", ""),
                            "Device Type": f"ISO {c['path']}" if c.get("path") else "Remote device"})
    for d in v.get("disks") or []:
        rows["vDisk"].append({**vm, "Disk": d["label"], "Disk Key": d["key"], "Disk Path": d.get("path") or "",
                              "Capacity MiB": d["capacity_bytes"] // MIB if "capacity_bytes" in d else "",
                              "Raw": d.get("backing") == "rdm" if d.get("backing") else "", "Disk Mode": d.get("mode") or "",
                              "Sharing mode": d.get("sharing") or "sharingNone", "Thin": d.get("is_thin", ""), "Shared Bus": "noSharing",
                              "Controller": f"SCSI controller {d.get('controller_unit', 0)}", "Unit #": d.get("position", "")})
    for n in v.get("nics") or []:
        group = group_of(n)
        rows["vNetwork"].append({**vm, "NIC label": n["label"], "Adapter": n.get("adapter_type", "").removeprefix("Virtual"),
                                 "Network": escape(n.get("network") or ""), "Switch": name_of("switch", group["switch_id"]) if group else "",
                                 "Connected": n.get("is_connected", ""), "Starts Connected": n.get("starts_connected", ""),
                                 "Mac Address": n.get("mac") or "", "Type": "assigned",
                                 "IPv4 Address": ", ".join(i for i in n.get("ips") or [] if ":" not in i),
                                 "IPv6 Address": ", ".join(i for i in n.get("ips") or [] if ":" in i)})


def old_columns(tab, columns):
    """The names of RVTools 3, and what it did not have."""
    new = [c for c in columns if c not in ("SMBIOS UUID", "NIC label", "Disk Key", "Disk Path", "SRM Placeholder", "Vlan Override")]
    return [c.replace("MiB", "MB").replace("IPv4 Address", "IP Address") for c in new]


def number(value, style):
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int) and style:
        return f"{value:,}".replace(",", style)
    return str(value)


def export(folder, rows, encoding="utf-8", bom=b"", delimiter=",", thousands="", only=None, rename=None, prefix="RVTools_tab"):
    folder.mkdir()
    for tab, columns in COLUMNS.items():
        if only and tab not in only:
            continue
        named = rename(tab, columns) if rename else columns
        text = io.StringIO()
        writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow(named)
        for row in rows[tab]:
            given = {**row, **{k.replace("MiB", "MB").replace("IPv4 Address", "IP Address"): v for k, v in row.items()}}
            if rename:
                given.update({"Path": row.get("Disk Path", ""), "Adapter": row.get("NIC label", "")} if tab in ("vDisk", "vNetwork") else {})
            writer.writerow([number(given.get(c, ""), thousands) for c in named])
        (folder / f"{prefix}{tab}.csv").write_bytes(bom + text.getvalue().encode(encoding))
    return folder


def read(path, *args, name="export"):
    out = work / "out.json"
    out.unlink(missing_ok=True)
    config = work / "c.conf"
    config.write_text(f"[source {name}]\ntype = rvtools\npath = {path}\n" + "".join(f"{a}\n" for a in args), encoding="utf-8")
    done = run("discover", "--config", config, "--out", out)
    return done, records(out) if out.exists() else None


# --- comparing --------------------------------------------------------------------------------------

VM_FACTS = ["name", "instance_uuid", "bios_uuid", "path", "datacenter", "host", "host_name", "cluster", "cluster_name", "power", "connection",
            "is_template", "cpus", "cores_per_socket", "memory_bytes", "cpu_reservation_mhz", "hardware_version", "firmware", "secure_boot",
            "guest_os_name", "guest_hostname", "is_fault_tolerant", "tools_status"]
DISK_FACTS = ["id", "label", "key", "capacity_bytes", "backing", "path", "datastore", "controller_unit", "position", "mode", "is_shared",
              "is_independent", "is_thin"]
NIC_FACTS = ["id", "label", "mac", "adapter", "network", "portgroup", "switch_id", "is_connected", "starts_connected"]


def vlan_facts(vlan):
    if not vlan or vlan.get("kind") in ("pvlan", "overlay"):  # no tab has the pair, or the segment
        return {}
    return {k: vlan[k] for k in ("kind", "id", "ranges") if k in vlan}


def differ(wanted, found, facts, where):
    """Facts of the estate that the export tells otherwise; it may know less only where the estate knows nothing."""
    return [f"{where} {fact}: {found.get(fact)!r}, not {wanted.get(fact)!r}" for fact in facts
            if wanted.get(fact) is not None and found.get(fact) != wanted[fact]]


def compare(found, lacks=()):
    problems = []
    by_id = {v["id"]: v for v in found["instance"]}
    for v in ESTATE["instance"]:
        other = by_id.get(v["id"])
        if not other:
            problems.append(f"{v['id']} is not there")
            continue
        problems += differ(v, other, [f for f in VM_FACTS if f not in lacks], v["id"])
        for one, two in zip(v.get("disks") or [], other.get("disks") or []):
            problems += differ(one, two, [f for f in DISK_FACTS if f not in lacks], f"{v['id']} {one['label']}")
            if "controller" in two or "is_encrypted" in two or "chain" in two:
                problems.append(f"{v['id']} {one['label']} tells what no column does: {two}")
        for one, two in zip(v.get("nics") or [], other.get("nics") or []):
            problems += differ(one, two, [f for f in NIC_FACTS if f not in lacks], f"{v['id']} {one['label']}")
            if "vlan" not in lacks and vlan_facts(one.get("vlan")) != vlan_facts(two.get("vlan")):
                problems.append(f"{v['id']} {one['label']}: VLAN {two.get('vlan')}, not {one.get('vlan')}")
            if (one.get("ips") or None) != (two.get("ips") or None):
                problems.append(f"{v['id']} {one['label']}: {two.get('ips')}, not {one.get('ips')}")
        if [len(v.get(k) or []) for k in ("disks", "nics", "snapshots", "cdroms")] != [
                len(other.get(k) or []) for k in ("disks", "nics", "snapshots", "cdroms")]:
            problems.append(f"{v['id']}: another number of disks, NICs, snapshots or CD drives")
        problems += [f"{v['id']}: {fact} is {other[fact]!r}, which no tab tells" for fact in
                     ("devices", "tags", "has_vtpm", "is_encrypted", "tasks", "guest_os_id", "attributes") if fact in other]
    for kind, facts in {"host": ["name", "cluster", "datacenter", "in_maintenance", "version", "cpus", "cpu_mhz", "memory_bytes"],
                        "cluster": ["name", "has_drs", "has_ha"],
                        "datastore": ["name", "type", "nfs_host", "nfs_path", "url", "capacity_bytes", "free_bytes", "is_accessible"],
                        "portgroup": ["name", "kind", "switch_id", "is_ephemeral", "allows_promiscuous"],
                        "switch": ["name", "kind", "mtu", "host"]}.items():
        other = {r["id"]: r for r in found.get(kind, [])}
        for record in ESTATE[kind]:
            problems += differ(record, other.get(record["id"], {}), [f for f in facts if f not in lacks], f"{kind} {record['id']}")
    return problems


def problem_ids(found):
    return {(p["id"], p["about"]) for p in found.get("problem", [])}


# --- cases ------------------------------------------------------------------------------------------

code = (ROOT / "discover/source_rvtools_tab.c").read_text(encoding="utf-8")
tables = dict(re.findall(r"static const char \*const (\w+_columns)\[\] = \{(.*?)\};", code))
names = dict(re.findall(r'\[TAB_\w+\] = \{"(\w+)", [^,]*?, (\w+_columns),', code))
names.update(re.findall(r'\[TAB_\w+\] = \{"(\w+)", "[^"]*", (\w+_columns),', code))
wrong = []
for tab, table in names.items():
    texts = re.findall(r'"([^"]*)"', tables[table].replace("VM_COLUMNS", re.search(r"#define VM_COLUMNS (.*)", code)[1]))
    wrong += [f"{tab}: {t}" for t in texts if t.split("|")[0] not in COLUMNS[tab]]
case("each column that is relied on is one of RVTools", wrong or ([] if len(names) == len(COLUMNS) else [str(names)]))

rows = tabs(ESTATE)
done, found = read(export(work / "plain", rows))
case("an export tells what the estate has", compare(found) if found else [done.stderr])
case("what no tab has is said", [] if ("export-lacks", "RVTools export") in problem_ids(found) else [str(problem_ids(found))])
source = found["source"][0]
case("the source is a vCenter, by its product", [] if source["kind"] == "vsphere" and "22617221" in source["product"] and source["uuid"] == UUID
     else [str(source)])
plain = {k: v for k, v in found.items() if k not in ("source", "end", "problem")}

for how, style in {
    "UTF-16 with tabs": {"encoding": "utf-16-le", "bom": codecs.BOM_UTF16_LE, "delimiter": "\t"},
    "a German locale: semicolons, points between thousands, a byte order mark": {"bom": codecs.BOM_UTF8, "delimiter": ";", "thousands": "."},
    "a French locale: narrow spaces between thousands": {"delimiter": ";", "thousands": "\u202f"},
    "a Swiss locale: apostrophes": {"delimiter": ";", "thousands": "\u2019"},
    "an English locale: commas between thousands": {"thousands": ","},
    "files of other names": {"prefix": "vc1-"},
}.items():
    done, found = read(export(work / re.sub(r"\W", "_", how), rows, **style))
    same = found and {k: v for k, v in found.items() if k not in ("source", "end", "problem")}
    case(f"{how} tells the same", [] if same == plain else [done.stderr] + (compare(found) if found else []))

done, found = read(export(work / "old", rows, rename=old_columns))
case("RVTools 3 tells what it had", compare(found, lacks=("instance_uuid", "bios_uuid", "id", "key", "adapter")) if found else [done.stderr])
told = problem_ids(found)
case("what RVTools 3 did not have is unknown and said", [f"{p} not told" for p in [
    ("column-missing", "column 'SMBIOS UUID' of vInfo"), ("column-missing", "column 'Disk Key' of vDisk"),
    ("column-missing", "column 'NIC label' of vNetwork")] if p not in told] + [
    str(d) for v in found["instance"] for d in v.get("disks", []) if not d["id"].startswith("unread-") or "key" in d][:2] + [
    v["id"] for v in found["instance"] if v.get("disks") and not any(p["id"] == "disk-unread" for p in v["problems"])][:2] + [
    v["id"] for v in found["instance"] if "instance_uuid" in v][:2] + [
    str(g) for g in found["portgroup"] if g["kind"] == "distributed" and g.get("vlan", {}).get("kind") and g["vlan"]["is_certain"]][:2])

done, found = read(export(work / "few", rows, only=("vInfo", "vDisk", "vNetwork")))
case("without vPort and dvPort VLANs are unknown, and which tabs tell them is said",
     [f"{v['id']} {n}" for v in found["instance"] for n in v.get("nics", []) if n.get("vlan", {}).get("kind")][:3]
     + [f"tab {t} not told" for t in ("vPort", "dvPort", "vHost", "vSnapshot") if ("tab-missing", f"tab {t}") not in problem_ids(found)]
     + [v["id"] for v in found["instance"] if "snapshots" in v or "cdroms" in v][:3])
done, found = read(export(work / "info", rows, only=("vInfo",)))
case("without vDisk and vNetwork disks and NICs are unknown, not none",
     [v["id"] for v in found["instance"] if "disks" in v or "nics" in v][:3] or ([] if len(found["instance"]) == len(ESTATE["instance"]) else ["VMs"]))

less = copy.deepcopy(rows)
victim = next(v for v in ESTATE["instance"] if len(v.get("nics") or []) > 1)
less["vNetwork"].remove(next(r for r in less["vNetwork"] if r["VM ID"] == victim["id"]))
stray = {**less["vDisk"][0], "VM": "nobody", "VM ID": "vm-99999", "VM UUID": ""}
less["vDisk"].append(stray)
less["dvPort"][0]["Vlan Override"] = True
done, found = read(export(work / "less", less))
vm = next(v for v in found["instance"] if v["id"] == victim["id"])
case("a NIC whose row is missing is an entry with a problem", [] if len(vm["nics"]) == len(victim["nics"]) and
     any(p["id"] == "nic-unread" for p in vm["problems"]) else [str(vm)])
case("a row of no VM is told", [] if any(i == "row-unplaced" and "vDisk" in a for i, a in problem_ids(found)) else [str(problem_ids(found))])
group = next(g for g in found["portgroup"] if g["name"] == less["dvPort"][0]["Port"])
case("a VLAN that single ports may override is not certain", [] if group["vlan"]["is_certain"] is False else [str(group)])

two = {tab: [*table, *[{**row, "VI SDK Server": "other.example"} for row in table]] for tab, table in rows.items()}
done, found = read(export(work / "two", two))
ids = [v["id"] for v in found["instance"]]
case("two vCenters in one export are kept apart", [] if len(set(ids)) == 2 * len(ESTATE["instance"]) and not [
    p for p in problem_ids(found) if p[0] == "instance-twice"] and all(
        n.get("vlan", {}).get("kind") for v in found["instance"] for n in v.get("nics", []) if n.get("portgroup") and "pvlan" not in str(
            next(g["vlan"] for g in ESTATE["portgroup"] if g["id"] == n["portgroup"].split("/", 1)[1]))) else [str(ids[:3])])

done, found = read(f"{work}/plain/RVTools_tabvInfo.csv,{work}/plain/RVTools_tabvDisk.csv")
case("files are named one by one", [] if found and "disks" in found["instance"][0] and "nics" not in found["instance"][0] else [done.stderr])
latin = export(work / "latin", rows)
text = (latin / "RVTools_tabvInfo.csv").read_text(encoding="utf-8").replace("web-01", "wéb-01")
(latin / "RVTools_tabvInfo.csv").write_bytes(text.encode("windows-1252", errors="replace"))
done, found = read(latin)
case("an encoding that is not told is an error with its remedy", [] if done.returncode == 1 and "not a text in UTF-8" in done.stderr and
     "vInfo" in done.stderr else [done.stderr])
done, found = read(latin, "encoding = windows-1252")
case("an encoding that is told is read", [] if found and any(v["name"] == "wéb-01" for v in found["instance"]) else [done.stderr])

(work / "empty").mkdir()
(work / "xlsx").mkdir()
(work / "xlsx/all.xlsx").write_bytes(b"PK")
(work / "bad").mkdir()
(work / "bad/RVTools_tabvInfo.csv").write_text("Nom,Etat\r\na,b\r\n", encoding="utf-8")
shutil.copytree(work / "plain", work / "cut")
(work / "cut/RVTools_tabvDisk.csv").write_text('VM,"Disk\r\nx', encoding="utf-8")
for what, path, exit_code, text in [
    ("a folder without vInfo", work / "empty", 2, "no RVTools_tabvInfo.csv"),
    ("a workbook", work / "xlsx/all.xlsx", 2, "is no tab of an RVTools export by its name"),
    ("a path that is not there", work / "none", 1, "none"),
    ("another language's columns", work / "bad", 1, "no column 'VM'"),
    ("a broken file", work / "cut", 1, "RVTools_tabvDisk.csv"),
]:
    done, found = read(path)
    case(f"{what} is an error that names it", [] if done.returncode == exit_code and text in done.stderr else [f"{done.returncode} {done.stderr}"])

config = work / "c.conf"
config.write_text(f"[source export]\ntype = rvtools\npath = {work}/plain\n", encoding="utf-8")
done = run("doctor", "--config", config)
case("doctor tells tabs and counts", [] if "vInfo" in done.stdout and f"{len(ESTATE['instance'])} VMs" in done.stdout else [done.stdout, done.stderr])
done = run("dry-run", "--source", f"rvtools:{work}/plain", "--catalog", work / "demo/catalog.json", "--out-dir", work / "report")
case("a report is made without credentials", [] if done.returncode == 3 and (work / "report/report.html").exists() else [done.stderr])
document = json.loads((work / "report/report.json").read_text(encoding="utf-8"))
case("the VLANs of the report are those of the estate", [] if
     {json.dumps(vlan_facts(n["vlan"])) for i in document["items"] for n in i["instance"]["nics"] or [] if n.get("vlan")} >=
     {json.dumps(vlan_facts(n["vlan"])) for v in ESTATE["instance"] for n in v.get("nics") or [] if n.get("vlan", {}).get("kind") in ("id", "none")}
     else ["VLANs"])
case("what the export cannot tell stands in the report", [] if any(p["id"] == "export-lacks" for p in document["info"]["problems"]) else ["no problem"])

print(f"1..{count}")
shutil.rmtree(work)
sys.exit(1 if failed else 0)
