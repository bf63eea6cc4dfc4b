#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The main job: on the demo estate, and end to end against a simulated vCenter and CloudStack.
. "$(dirname "$0")/functions.sh"
requires /usr/bin/python3
export HOME=$WORK XDG_CONFIG_HOME=$WORK/config XDG_CACHE_HOME=$WORK/cache
cd "$ROOT" || exit 1

begin 'the demo needs no network and no config, and writes every report'
offline=()
unshare -n true 2>/dev/null && offline=(unshare -n)
run "${offline[@]}" "$VM_INGEST" dry-run --demo --out-dir "$WORK/demo"
expect_status 3
for file in report.html report.csv networks.csv report.json inventory.json catalog.json; do
    expect [ -s "$WORK/demo/$file" ]
    expect_match "$err" "$WORK/demo/$file"
done
for verdict in ready ready-after-action blocked unknown; do
    expect_match "$WORK/demo/report.csv" "(^|,)$verdict(,|$)"
done

begin 'the same from the saved files gives the same plan'
run "$VM_INGEST" plan --inventory "$WORK/demo/inventory.json" --catalog "$WORK/demo/catalog.json" \
    --policy appliance/demo/policy --out "$WORK/again.json"
expect_status 3
strip() { sed -E 's/"created_at":"[^"]*"//; s/"inputs":\[[^]]*\]//' "$1"; }
strip "$WORK/demo/report.json" >"$WORK/a"
strip "$WORK/again.json" >"$WORK/b"
expect_same "$WORK/a" "$WORK/b"

begin 'checking the plan as it stands gives the same verdicts'
run "$VM_INGEST" check "$WORK/demo/report.json" --inventory "$WORK/demo/inventory.json" \
    --catalog "$WORK/demo/catalog.json" --policy appliance/demo/policy -o csv
expect_status 3
verdicts() { /usr/bin/python3 -c 'import csv, sys
for row in csv.DictReader(open(sys.argv[1], newline="")): print(row["name"], row["verdict"])' "$1"; }
verdicts "$out" >"$WORK/a"
verdicts "$WORK/demo/report.csv" >"$WORK/b"
expect_same "$WORK/a" "$WORK/b"

begin 'a choice edited by hand is judged as it stands'
/usr/bin/python3 - "$WORK/demo/report.json" "$WORK/edited.json" <<'P'
import json, sys
plan = json.load(open(sys.argv[1]))
item = next(i for i in plan["items"] if i["verdict"] == "ready")
item["choice"]["hostname"] = "not_a.label"
json.dump(plan, open(sys.argv[2], "w"))
open(sys.argv[2] + ".name", "w").write(item["instance"]["id"])
P
run "$VM_INGEST" check "$WORK/edited.json" --inventory "$WORK/demo/inventory.json" \
    --catalog "$WORK/demo/catalog.json" --policy appliance/demo/policy -o json
expect_status 3
cp "$out" "$WORK/checked.json"
expect /usr/bin/python3 - "$WORK/checked.json" "$(cat "$WORK/edited.json.name")" <<'P'
import json, sys
item = next(i for i in json.load(open(sys.argv[1]))["items"] if i["instance"]["id"] == sys.argv[2])
assert item["choice"]["hostname"] == "not_a.label", item["choice"]
assert item["verdict"] == "blocked", item["verdict"]
assert any("not_a.label" in f["text"] for f in item["findings"]), item["findings"]
P

begin 'an unknown member in a plan is an error with line and name'
sed 's/"choice":{/"choice":{"servceofferingid":"x",/' "$WORK/demo/report.json" >"$WORK/typo.json"
run "$VM_INGEST" check "$WORK/typo.json" --inventory "$WORK/demo/inventory.json" --catalog "$WORK/demo/catalog.json"
expect_status 1
expect_match "$err" 'typo.json.*line [0-9]+.*servceofferingid'

begin 'a plan whose VM changed since is stale'
/usr/bin/python3 - "$WORK/demo/report.json" "$WORK/demo/inventory.json" "$WORK/changed.json" <<'P'
import json, sys
plan, inventory = json.load(open(sys.argv[1])), json.load(open(sys.argv[2]))
wanted = next(i for i in plan["items"] if i["verdict"] == "ready")["instance"]
for record in inventory["records"]:
    view = record.get("instance")
    if view and view["name"] == wanted["name"]:
        view["cpus"] = view["cpus"] + 1
json.dump(inventory, open(sys.argv[3], "w"))
P
run "$VM_INGEST" check "$WORK/demo/report.json" --inventory "$WORK/changed.json" \
    --catalog "$WORK/demo/catalog.json" --policy appliance/demo/policy -o csv
expect_status 8
expect_match "$err" '1 of [0-9]+ VMs'

# --- live peers ----------------------------------------------------------------------------------
sim_ready() { grep -q 'listening on' "$1"; }
tests/peers/cloudstack-sim --estate tests/estates/lab.json --port 0 >"$WORK/cs.log" 2>&1 &
cleanup_fn "kill $! 2>/dev/null"
"$BUILD/peers/vcsim" -estate tests/estates/vsphere-small.json -listen 127.0.0.1:0 -write-ca "$WORK/ca.pem" \
    -username reader -password-file <(echo s3cr3t-of-vcenter) >"$WORK/vc.log" 2>&1 &
cleanup_fn "kill $! 2>/dev/null"
wait_for 60 sim_ready "$WORK/cs.log"
wait_for 60 sim_ready "$WORK/vc.log"
CS=$(sed -nE 's/.*listening on (.*)/\1/p' "$WORK/cs.log" | head -1)
VC=$(sed -nE 's/.*listening on (.*)/\1/p' "$WORK/vc.log" | head -1)
printf 's3cr3t-of-vcenter\n' >"$WORK/vc.password"
chmod 600 "$WORK/vc.password"
umask 077
/usr/bin/python3 - tests/estates/lab.json "$WORK" <<'P'
import json, sys
admin = json.load(open(sys.argv[1]))["keys"][0]
for name, member in (("key", "apikey"), ("secret", "secretkey")):
    open(f"{sys.argv[2]}/cs.{name}", "w").write(admin[member] + "\n")
P
cat >"$WORK/live.conf" <<C
[source vc]
type = vsphere
url = $VC
username = reader
password-file = $WORK/vc.password
cacert = $WORK/ca.pem

[cloudstack lab]
url = $CS
api-key-file = $WORK/cs.key
secret-key-file = $WORK/cs.secret
C

begin 'doctor tests every hop and names the right that is missing'
run "$VM_INGEST" doctor --config "$WORK/live.conf"
expect_status 4
expect_match "$out" 'source vc +rights +FAILED .*System.Read'
expect_match "$out" 'source vc +login +ok'
expect_match "$out" 'cloudstack lab +login +ok'

begin 'a dry run with live peers gives what one from its saved files gives'
run "$VM_INGEST" dry-run --config "$WORK/live.conf" --out-dir "$WORK/live"
expect_status 3
run "$VM_INGEST" plan --inventory "$WORK/live/inventory.json" --catalog "$WORK/live/catalog.json" --out "$WORK/replayed.json"
expect_status 3
strip "$WORK/live/report.json" >"$WORK/a"
strip "$WORK/replayed.json" >"$WORK/b"
expect_same "$WORK/a" "$WORK/b"
expect [ "$(wc -l <"$WORK/live/report.csv")" -gt 20 ]

begin 'no secret is in anything that was written or said'
secret=$(cat "$WORK/cs.secret")
grep -rlF -e "$secret" -e s3cr3t-of-vcenter "$WORK/live" "$WORK/cache" "$out" "$err" 2>/dev/null >"$WORK/leaks"
[ ! -s "$WORK/leaks" ] || bad "secret in $(cat "$WORK/leaks")"
finish
