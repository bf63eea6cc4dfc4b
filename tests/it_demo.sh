#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The demo estate: what tests/make-demo prints, of use to see every verdict, valid by the schemas.
source "$(dirname "$0")/functions.sh"
PYTHON=${PYTHON:-/usr/bin/python3}
"$PYTHON" -c 'import jsonschema' 2>"$err" || { echo "1..0 # skip python3-jsonschema is not installed"; exit 0; }
cd "$ROOT" || exit 1

begin 'the saved inventory is what tests/make-demo prints'
tests/make-demo >"$WORK/inventory.json"
run "$PYTHON" -c 'import json,sys
a, b = (json.load(open(f)) for f in sys.argv[1:])
assert a == b' "$WORK/inventory.json" appliance/demo/inventory.json
expect_status 0

begin 'a dry run of the demo writes its files and says that some VMs are blocked'
run "$VM_INGEST" dry-run --demo --out-dir "$WORK/demo"
expect_status 3
for file in report.html report.csv networks.csv absent.csv report.json; do expect test -s "$WORK/demo/$file"; done

begin 'each verdict and many kinds of findings are in it'
"$PYTHON" - "$WORK/demo/report.json" >"$out" 2>"$err" <<'PYTHON'
import json, sys
items = json.load(open(sys.argv[1]))["items"]
assert {i["verdict"] for i in items} == {"ready", "ready-after-action", "blocked", "unknown"}
kinds = {f["id"] for i in items for f in i["findings"]}
assert len(kinds) >= 40, sorted(kinds)
ready = [i for i in items if i["verdict"] == "ready"]
assert len(ready) >= 20, len(ready)
for item in ready:
    command, = {call["command"] for call in item["calls"]}
    assert command == "importUnmanagedInstance", command
for item in items:
    assert item["facts"] and item["instance"]["name"], item
    for finding in item["findings"]:
        assert finding["text"] and finding["remedy"] and "{" not in finding["text"], finding
PYTHON
status=$?
expect_status 0

begin 'inventory and plan are valid by their schemas'
for pair in inventory:appliance/demo/inventory.json plan:"$WORK/demo/report.json"; do
    run "$PYTHON" -c 'import json,sys,jsonschema
schema, document = (json.load(open(f)) for f in sys.argv[1:])
jsonschema.Draft202012Validator(schema).validate(document)' "appliance/schema/${pair%%:*}.schema.json" "${pair#*:}"
    expect_status 0
done

begin 'a saved plan is loaded and saved with the same bytes'
run "$VM_INGEST" report "$WORK/demo/report.json" -o json
expect_same "$WORK/demo/report.json" "$out"

begin 'the HTML page holds each finding, reason and call of the plan, whole'
"$PYTHON" - "$WORK/demo" >"$out" 2>"$err" <<'PYTHON'
import json, re, sys
items = json.load(open(sys.argv[1] + "/report.json"))["items"]
page = open(sys.argv[1] + "/report.html", encoding="utf-8").read()
data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])
texts = data["s"]

def render(text):
    if not isinstance(text, list):
        return texts[text]
    pieces = re.split(r"\{[a-z0-9]+\}", texts[data["t"][text[0]]])
    return pieces[0] + "".join(texts[gap] + piece for gap, piece in zip(text[1:], pieces[1:], strict=True))

n_templates = 0
for item, vm in zip(items, data["vms"], strict=True):
    assert texts[vm[0]] == item["instance"]["name"]
    for finding, number in zip(item["findings"], vm[18], strict=True):
        kind, severity, subject, text, evidence, remedy, stage, code, reply = data["f"][number]
        n_templates += isinstance(text, list)
        found = (texts[kind], render(text), render(evidence), render(remedy), render(reply))
        server = finding.get("server", {})
        assert found == (finding["id"], finding["text"], finding.get("evidence") or "",
                         finding.get("remedy") or "", server.get("text") or ""), (found, finding)
    for reason, number in zip(item["reasons"], vm[19], strict=True):
        about, chosen, why, others = data["r"][number]
        assert [texts[i] for i in others] == reason.get("others", []), reason
        assert (texts[about], texts[why]) == (reason["about"], reason["why"]), reason
    for call, shown in zip(item["calls"], vm[20], strict=True):
        pairs = dict(zip((texts[i] for i in shown[1::2]), (texts[i] for i in shown[2::2])))
        assert texts[shown[0]] == call["command"] and pairs == call["params"], call
assert n_templates > 10, n_templates
PYTHON
status=$?
expect_status 0

begin 'the page lists what is absent, what must hold still and what it costs'
for id in absent freeze time; do expect_match "$WORK/demo/report.html" "<section class=\"card\" id=\"$id\""; done
expect_match "$WORK/demo/report.html" '<td>web</td><td>not-listed</td><td>hidden-name</td><td>probable</td>'
expect_match "$WORK/demo/report.html" '<td>datastore cluster .sas.</td><td>on</td>'
expect_match "$WORK/demo/report.html" '<td>list</td><td>kvm-cluster-1</td><td>2.28 s for 6 VMs on 2 hosts'

begin 'YAML and CSV have every VM'
run "$VM_INGEST" report "$WORK/demo/report.json" -o yaml
expect_match "$out" '^items:$'
expect test "$(grep -c '^- instance:' "$out")" = "$(wc -l <"$WORK/demo/report.csv" | xargs -I{} expr {} - 1)"
expect_match "$out" '^    name: web-01$'
finish
