#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Preparations: planned, made once, read back, of use, and taken back; against the stand-in.
source "$(dirname "$0")/functions.sh"
requires /usr/bin/python3
cd "$ROOT" || exit 1
export HOME=$WORK XDG_CONFIG_HOME=$WORK/config XDG_STATE_HOME=$WORK/state

tests/peers/cloudstack-sim --port 0 --log "$WORK/requests" >"$WORK/sim.out" 2>"$WORK/sim.err" &
sim=$!
cleanup_fn "kill $sim 2>/dev/null; wait $sim 2>/dev/null"
wait_for 60 grep -q 'listening on' "$WORK/sim.out" || { bad "the stand-in does not start"; finish; }
url=$(sed -n 's/^listening on //p' "$WORK/sim.out")
export CLOUDSTACK_ENDPOINT=$url CLOUDSTACK_KEY=ADMIN-API-KEY CLOUDSTACK_SECRET=ADMIN-SECRET-KEY

catalog() { # catalog FILE: what of it can be prepared, sorted
    "$VM_INGEST" catalog --quiet --out "$WORK/catalog.json"
    /usr/bin/python3 - "$WORK/catalog.json" >"$1" <<'P'
import json, sys
kinds = ("domains", "accounts", "projects", "service_offerings", "disk_offerings", "templates", "os_mappings",
         "network_permissions")
for record in json.load(open(sys.argv[1]))["records"]:
    for kind in kinds:
        if kind in record:
            row = record[kind]
            print(kind, *[row.get(member) for member in ("id", "networkid", "accountid", "name", "vmlimit", "cpulimit")])
P
    sort -o "$1" "$1"
}
prepare() { # prepare plan|apply|undo ARGUMENT...
    run "$VM_INGEST" prepare "$@"
}

cat >"$WORK/policy" <<'P'
owner name "web-*" -> domain /new/sub account ops
owner name "db-*"  -> project fresh domain /dom-a
owner name "kvm-*" -> domain /dom-a account alice
P
"$VM_INGEST" discover --quiet --out "$WORK/inventory.json" 2>"$err"
catalog "$WORK/before"
given=(--inventory "$WORK/inventory.json" --policy "$WORK/policy" --template-url http://files.example/p.qcow2)

begin 'what is missing becomes calls, in an order that works'
prepare plan "${given[@]}" --out "$WORK/plan.json"
expect_status 0
expect /usr/bin/python3 - "$WORK/plan.json" <<'P'
import json, sys
changes = json.load(open(sys.argv[1]))["changes"]
by_id = {c["id"]: c for c in changes}
kinds = [c["kind"] for c in changes]
assert {"domain", "account", "project"} <= set(kinds), kinds
assert by_id["domain-root-new-sub"]["call"]["refs"] == {"parentdomainid": "domain-root-new"}
assert by_id["account-ops"]["call"]["secrets"] == ["password"], by_id["account-ops"]["call"]
assert all(c["verdict"] == "ready" for c in changes), changes
P
expect_match "$err" 'VMs without and with those that can be made: ready [0-9]+ -> [0-9]+'
if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
    expect /usr/bin/python3 -c 'import json, sys, jsonschema
jsonschema.Draft202012Validator(json.load(open("appliance/schema/changes.schema.json"))).validate(json.load(open(sys.argv[1])))' "$WORK/plan.json"
fi
wanted=$(/usr/bin/python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["changes"]))' "$WORK/plan.json")

begin 'nothing is sent without a yes'
prepare apply "$WORK/plan.json"
expect_status 2
expect_no_match "$WORK/requests" '"command": "create'

begin 'all of it is made, once, however often it is applied'
for turn in 1 2; do
    prepare apply "$WORK/plan.json" --yes -o csv
    expect_status 0
    expect [ "$(grep -c ',verified,' "$out")" = "$wanted" ]
done
for command in createAccount createProject; do
    expect [ "$(grep -c '"command": "'$command'"' "$WORK/requests")" = 1 ]
done

begin 'then nothing is missing any more, and the owners are taken'
catalog "$WORK/made"
prepare plan "${given[@]}" --out "$WORK/again.json"
expect_status 0
expect [ "$(grep -c '"kind"' "$WORK/again.json")" = 1 ]
run "$VM_INGEST" plan --inventory "$WORK/inventory.json" --policy "$WORK/policy" --quiet --out "$WORK/after.json"
expect_no_match "$WORK/after.json" '"(account|domain|project)-not-found"'

begin 'the password is nowhere to be read'
expect_no_match "$WORK/plan.json" '"password": *"'
expect [ "$(/usr/bin/python3 - "$WORK/requests" "$XDG_STATE_HOME/vm-ingest/journal.sqlite" <<'P'
import json, sys
sent = [json.loads(line) for line in open(sys.argv[1])]
words = {r["params"].get("password") for r in sent if r.get("command") == "createAccount" and r.get("params")}
journal = open(sys.argv[2], "rb").read()
print(sum(word.encode() in journal for word in words if word))
P
)" = 0 ]

begin 'an account that has a VM stays, and so does what it is in'
read -r account domain < <(/usr/bin/python3 - "$WORK/catalog.json" <<'P'
import json, sys
for record in json.load(open(sys.argv[1]))["records"]:
    if record.get("accounts", {}).get("name") == "ops":
        print(record["accounts"]["id"], record["accounts"]["domainid"])
P
)
sim() { curl -sf -d "$2" "${url%/client/api}/sim/$1" >/dev/null || bad "sim $1 $2"; }
sim add '{"kind": "virtualmachine", "row": {"id": "0c1f5a3e-0000-4000-8000-00000000beef", "name": "busy",
    "displayname": "busy", "instancename": "i-busy", "state": "Running", "account": "ops", "_owner": "'"$account"'",
    "domainid": "'"$domain"'", "zoneid": "4604b207-6e10-4126-b1a9-52c18506649f"}}'
prepare undo --yes -o csv
expect_status 6
expect_match "$out" 'account-ops,.*in use: it has a VM'
expect_no_match "$WORK/requests" '"command": "deleteAccount"'

begin 'and all is as it was when it is gone'
sim remove '{"kind": "virtualmachine", "id": "0c1f5a3e-0000-4000-8000-00000000beef"}'
prepare undo --yes -o csv
expect_status 0
catalog "$WORK/after"
expect_same "$WORK/before" "$WORK/after"

begin 'wrong options are named'
for option in '--fit=0' '--fit=101' '--fit=x' '--mhz=1' '--template-url=ftp://x'; do
    prepare plan "${given[@]}" "$option"
    expect_status 2
    expect_match "$err" "${option%%=*}"
done

finish
