#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Reports made of a plan file: the HTML page in a real browser, CSV, JSON and YAML by other readers.
source "$(dirname "$0")/functions.sh"
requires chromium
PYTHON=${PYTHON:-/usr/bin/python3}
plan=$WORK/plan.json
page=$WORK/report.html
"$ROOT/tests/make-plan" 400 >"$plan"

# The page after its script has run, with the address's part behind '#'.
browse() {
    timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync \
        --user-data-dir="$WORK/browser" --dump-dom "file://$page$1" >"$WORK/dom" 2>"$WORK/dom.err"
}

begin 'a report of a plan with blocked VMs is written, with exit code 3'
run "$VM_INGEST" report "$plan" -o html --out "$page"
expect_status 3
expect test -s "$page"

begin 'the page asks for nothing from elsewhere'
expect_no_match "$page" '(src|href)="?(https?:)?//'
expect_match "$page" "default-src 'none'"

begin 'the list is drawn lazily and says how many VMs there are'
browse ''
expect_match "$WORK/dom" '>400 VMs</output>'
rows=$(grep -o '<tr class="row' "$WORK/dom" | wc -l)
expect test "$rows" -gt 10
expect test "$rows" -lt 200

begin 'hostile names are text, and run nothing'
expect_match "$WORK/dom" '&lt;/script&gt;&lt;script&gt;alert\(1\)&lt;/script&gt;</button>'
expect_no_match "$WORK/dom" '<script>alert'
expect_match "$WORK/dom" '&amp;amp;</button>'

begin 'the address filters by verdict'
browse '#verdict=blocked'
wanted=$("$PYTHON" -c 'import json,sys
print(sum(i["verdict"] == "blocked" for i in json.load(open(sys.argv[1]))["items"]))' "$plan")
expect_match "$WORK/dom" ">$wanted of 400 VMs</output>"

begin 'the address filters by words, sorts and opens a VM'
browse '#q=web-+10.&sort=-name&vm=0'
expect_match "$WORK/dom" 'aria-sort="descending"'
expect_match "$WORK/dom" 'id="details-title"[^>]*>&lt;/script&gt;&lt;script&gt;alert'
"$PYTHON" - "$plan" "$WORK/dom" >"$WORK/same" 2>&1 <<'PYTHON'
import json, re, sys
items = json.load(open(sys.argv[1]))["items"]
dom = open(sys.argv[2]).read()
shown = re.findall(r'<tr class="row[^>]*><td><button type="button">([^<]*)</button>', dom)
wanted = sorted((i["instance"]["name"] for i in items if "web-" in i["instance"]["name"]), reverse=True)
assert shown and shown == wanted[:len(shown)], (shown[:5], wanted[:5])
PYTHON
expect test $? = 0

begin 'the details hold findings, choices and calls whole'
for text in 'Findings' 'importUnmanagedInstance' 'nicnetworklist\[0\]\.network=' 'serviceofferingid' \
    'also fits:' 'Network adapter 1'; do
    expect_match "$WORK/dom" "$text"
done
expect_match "$WORK/dom" "$("$PYTHON" -c 'import json,sys
print(json.load(open(sys.argv[1]))["items"][0]["facts"])' "$plan")"

begin 'a filter that fits nothing says so'
browse '#q=no-such-vm-anywhere'
expect_match "$WORK/dom" '>0 of 400 VMs</output>'
expect_match "$WORK/dom" '<p id="empty">'

begin 'without scripts the overview still tells the verdicts, networks and causes'
sed -n '/<body>/,/<script/p' "$page" >"$WORK/static"
for text in 'Dry run of 400 VMs' 'ready after action' 'VLANs and networks' 'net-100' 'datastore-not-pool' \
    '<noscript>'; do
    expect_match "$WORK/static" "$text"
done

begin 'the matrix has a column a physical network, and what is missing stands where it would be'
"$PYTHON" - "$WORK/static" >"$WORK/same" 2>&1 <<'PYTHON'
import html.parser, sys
class Tables(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tables, self.cell = [], None
    def handle_starttag(self, tag, attrs):
        if tag == "table": self.tables.append([])
        if tag == "tr": self.tables[-1].append([])
        if tag in ("td", "th"): self.cell = ""
    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.tables[-1][-1].append(" ".join(self.cell.split()))
            self.cell = None
    def handle_data(self, data):
        if self.cell is not None: self.cell += data + " "
page = Tables()
page.feed(open(sys.argv[1], encoding="utf-8").read())
def table(first):
    return next(t for t in page.tables if t[0][0] == first and len(t[0]) > 6)
matrix = table("VLAN")
assert matrix[0][6:] == ["Zone One / guest-a", "Zone One / guest-b", "Zone One / no physical network known"], matrix[0]
rows = {row[0]: row[6:] for row in matrix[1:]}
assert rows["100"][0].startswith("network net-100") and rows["100"][1:] == ["", ""], rows["100"]
assert rows["101"][1].startswith("network net-101") and rows["101"][0] == "", rows["101"]
assert rows["104"] == ["create would be created", "", ""], rows["104"]
assert rows["105"] == ["", "", "conflict trunk"], rows["105"]
storage, offerings = table("Datastore"), table("Offering")
assert dict(zip(storage[0], storage[1]))["Free after GiB"] == "-1.0", storage
assert storage[1][0] == "ds-<b>" and "too full" in storage[1], storage
assert dict(zip(offerings[0], offerings[1]))["What it lacks"] == "lacks the tag gold", offerings
create = next(t for t in page.tables if t[0][-1] == "Call")
assert [row[-1] for row in create[1:]][0] == "createNetwork name=l2-104 vlan=104", create
PYTHON
expect test $? = 0

begin 'every VM is in the page once, with its name'
"$PYTHON" - "$plan" "$page" >"$WORK/same" 2>&1 <<'PYTHON'
import json, re, sys
items = json.load(open(sys.argv[1]))["items"]
text = open(sys.argv[2], encoding="utf-8").read()
data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1])
assert [data["s"][vm[0]] for vm in data["vms"]] == [i["instance"]["name"] for i in items]
assert "\u2028" not in text
PYTHON
expect test $? = 0

begin 'CSV has one line a VM, and the names come back from it'
run "$VM_INGEST" report "$plan" -o csv
cp "$out" "$WORK/report.csv"
"$PYTHON" - "$plan" "$WORK/report.csv" >"$WORK/same" 2>&1 <<'PYTHON'
import csv, json, sys
names = [i["instance"]["name"] for i in json.load(open(sys.argv[1]))["items"]]
rows = list(csv.DictReader(open(sys.argv[2], newline="", encoding="utf-8")))
assert [r["name"][1:] if r["name"].startswith("'") else r["name"] for r in rows] == names
for row in rows:
    for cell in row.values():
        assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r"), cell
PYTHON
expect test $? = 0

begin 'JSON of a loaded plan says the same as the plan'
run "$VM_INGEST" report "$plan" -o json
"$PYTHON" -c 'import json,sys
a, b = (json.load(open(f)) for f in sys.argv[1:])
assert a == b' "$plan" "$out" >"$WORK/same" 2>&1
expect test $? = 0

begin 'the summary on a terminal names the causes and their remedies'
run "$VM_INGEST" report "$plan"
expect_status 3
expect_match "$out" '^Dry run of 400 VMs, into zone .Zone One. of CloudStack 4.22.0.0'
expect_match "$out" 'blocker +[0-9]+ VMs +datastore-not-pool'
expect_match "$out" 'Remedy: Change '
expect_no_match "$out" $'\033'

begin '10,000 VMs are less than 25 MB of HTML'
"$ROOT/tests/make-plan" 10000 >"$WORK/large.json"
run "$VM_INGEST" report "$WORK/large.json" -o html --out "$WORK/large.html"
expect_status 3
expect test "$(stat -c %s "$WORK/large.html" 2>/dev/null || echo 99999999)" -lt 25000000
finish
