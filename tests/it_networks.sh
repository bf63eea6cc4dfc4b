#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Networks that are missing: planned, created once, read back, taken back; against the stand-in.
source "$(dirname "$0")/functions.sh"
requires /usr/bin/python3
cd "$ROOT" || exit 1
export HOME=$WORK XDG_CONFIG_HOME=$WORK/config XDG_STATE_HOME=$WORK/state

start_sim() { # start_sim OPTION...: sets url
    : >"$WORK/sim.out"
    tests/peers/cloudstack-sim --port 0 --log "$WORK/requests" "$@" >"$WORK/sim.out" 2>"$WORK/sim.err" &
    sim=$!
    cleanup_fn "kill $sim 2>/dev/null; wait $sim 2>/dev/null"
    wait_for 60 grep -q 'listening on' "$WORK/sim.out" || { bad "the stand-in does not start"; finish; }
    url=$(sed -n 's/^listening on //p' "$WORK/sim.out")
    export CLOUDSTACK_ENDPOINT=$url CLOUDSTACK_KEY=ADMIN-API-KEY CLOUDSTACK_SECRET=ADMIN-SECRET-KEY
}
sim() { # sim VERB JSON: what happens outside the API
    curl -sf -d "$2" "${url%/client/api}/sim/$1" >/dev/null || bad "sim $1 $2"
}
networks() { # the networks of the zone: name, VLAN, owner; a line each
    "$VM_INGEST" catalog --quiet --out "$WORK/now.json"
    /usr/bin/python3 - "$WORK/now.json" <<'P'
import json, sys
found = [r["networks"] for r in json.load(open(sys.argv[1]))["records"] if "networks" in r]
for n in sorted(found, key=lambda n: n["name"]):
    print(n["name"], n.get("broadcasturi"), n.get("account") or n.get("projectid"), n["physicalnetworkid"][:8])
P
}
created() { # created NAME: how often createNetwork was answered with 200
    grep -c '"command": "createNetwork".*"name": "'"$1"'".*"status": 200' "$WORK/requests"
}
edit() { # edit FROM TO PYTHON: changes a document, which is d
    /usr/bin/python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
exec(sys.argv[3])
json.dump(d, open(sys.argv[2], "w"))' "$@"
}

start_sim
printf 'owner name "web-*" -> domain ROOT/dom-a account alice\nowner name "db-*" -> project proj-1\n' >"$WORK/policy"
"$VM_INGEST" discover --quiet --out "$WORK/inventory.json" 2>"$err"
# Two NICs more on VLANs that no network has: one of alice and the caller, one of the project.
/usr/bin/python3 - "$WORK/inventory.json" <<'P'
import json, sys
d = json.load(open(sys.argv[1]))
for record in d["records"]:
    view = record.get("instance")
    for number, names in ((120, ("web-01", "web-02", "off-01")), (121, ("db-01",))):
        if view and view["name"] in names:
            view["nics"][0]["vlan"] = {"kind": "id", "id": number}
json.dump(d, open(sys.argv[1], "w"))
P
networks >"$WORK/before"

begin 'each VLAN without a network becomes a call with its owner'
run "$VM_INGEST" networks plan --inventory "$WORK/inventory.json" --policy "$WORK/policy" --out "$WORK/networks.json"
expect_status 0
cp "$WORK/networks.json" "$WORK/plan.json"
expect /usr/bin/python3 - "$WORK/plan.json" <<'P'
import json, sys
d = json.load(open(sys.argv[1]))
by_id = {c["id"]: c for c in d["changes"]}
assert {"network-l2-120", "network-l2-121", "network-l2-999"} <= set(by_id), list(by_id)
alices, projects = by_id["network-l2-120"], by_id["network-l2-121"]
assert alices["call"]["params"]["account"] == "alice", alices["call"]
assert alices["call"]["params"]["physicalnetworkid"], alices["call"]
assert "projectid" in projects["call"]["params"] and "account" not in projects["call"]["params"]
permission, = (c for c in d["changes"] if c["kind"] == "network-permission")
assert permission["call"]["refs"] == {"networkid": "network-l2-120"}, permission["call"]
assert all(c["verdict"] == "ready" for c in d["changes"])
P
if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
    expect /usr/bin/python3 -c 'import json, sys, jsonschema
jsonschema.Draft202012Validator(json.load(open("appliance/schema/changes.schema.json"))).validate(json.load(open(sys.argv[1])))' "$WORK/plan.json"
fi

begin 'nothing is sent without a yes'
run "$VM_INGEST" networks apply "$WORK/plan.json"
expect_status 2
expect_match "$err" 'createNetwork name=l2-120 .*vlan=120'
expect_match "$err" 'give --yes'
expect_no_match "$WORK/requests" '"command": "create'

begin 'what is missing is created, once, however often it is applied'
for turn in 1 2 3; do
    run "$VM_INGEST" networks apply "$WORK/plan.json" --yes -o csv
    expect_status 0
    expect [ "$(grep -c ',verified,' "$out")" = 4 ]
done
for name in l2-120 l2-121 l2-999; do expect [ "$(created $name)" = 1 ]; done
networks >"$WORK/after"
expect_match "$WORK/after" '^l2-120 vlan://120 alice '
expect_match "$WORK/after" '^l2-121 vlan://121 1ab7a52b'
run "$VM_INGEST" networks plan --inventory "$WORK/inventory.json" --policy "$WORK/policy"
expect_match "$out" '"changes":\[$'
expect_no_match "$out" '"kind":"network"'

begin 'the journal is for its owner only, and holds no key'
journal=$XDG_STATE_HOME/vm-ingest/journal.sqlite
expect [ "$(stat -c %a "$journal")" = 600 ]
expect_no_match "$journal" 'ADMIN-(API|SECRET)-KEY'

begin 'a network that is there as asked for is found, and is not taken back'
run "$VM_INGEST" networks apply "$WORK/plan.json" --yes --journal "$WORK/other.sqlite" -o csv
expect_status 0
expect [ "$(grep -c ',found,' "$out")" = 4 ]
run "$VM_INGEST" networks undo 1 --yes --journal "$WORK/other.sqlite"
expect_status 0
networks >"$WORK/again"
expect_same "$WORK/after" "$WORK/again"

begin 'a network with a NIC in it stays, of whatever account'
id=$(/usr/bin/python3 -c 'import json, sys
print(next(r["networks"]["id"] for r in json.load(open(sys.argv[1]))["records"] if r.get("networks", {}).get("name") == "l2-121"))' "$WORK/now.json")
sim add '{"kind": "virtualmachine", "row": {"id": "0c1f5a3e-0000-4000-8000-00000000beef", "name": "busy", "displayname": "busy",
    "instancename": "i-busy", "state": "Running", "account": "bob", "accountid": "x", "domainid": "d4a9f68a-b926-4c13-8bbd-db220f3f1771",
    "zoneid": "4604b207-6e10-4126-b1a9-52c18506649f"}}'
sim add '{"kind": "nic", "row": {"id": "0c1f5a3e-0000-4000-8000-00000000feed", "virtualmachineid": "0c1f5a3e-0000-4000-8000-00000000beef",
    "networkid": "'"$id"'", "macaddress": "02:00:00:00:be:ef"}}'
run "$VM_INGEST" networks undo --yes -o csv
expect_status 6
expect_match "$out" "network-l2-121,.*in use: a VM has a NIC in it: virtualmachine 'busy'"
networks >"$WORK/left"
expect_match "$WORK/left" '^l2-121 '
expect_no_match "$WORK/left" '^l2-(120|999) '

begin 'and goes when it is empty: then all is as it was'
sim remove '{"kind": "nic", "id": "0c1f5a3e-0000-4000-8000-00000000feed"}'
sim remove '{"kind": "virtualmachine", "id": "0c1f5a3e-0000-4000-8000-00000000beef"}'
run "$VM_INGEST" networks undo --yes
expect_status 0
networks >"$WORK/again"
expect_same "$WORK/before" "$WORK/again"
run "$VM_INGEST" networks undo --yes
expect_status 1
expect_match "$err" 'no run of the journal has left networks'

begin 'the same in part is a conflict: nothing is sent for it, and the others are made'
edit "$WORK/plan.json" "$WORK/conflict.json" 'd["changes"] = [c for c in d["changes"] if c["kind"] == "network"]
d["changes"][0]["call"]["params"]["name"] = "l2-101"
next(c for c in d["changes"] if c["id"] == "network-l2-121")["call"]["params"]["vlan"] = "102"'
: >"$WORK/requests"
run "$VM_INGEST" networks apply "$WORK/conflict.json" --yes -o csv
expect_status 6
expect_match "$out" "failed,.*in conflict: another of the same name: network 'l2-101' .*"
expect_match "$out" "failed,.*in conflict: another of the same vlan: network 'l2-102' .* not 'l2-121'"
expect_match "$out" 'network-l2-999,l2-999,verified'
expect [ "$(grep -c '"command": "createNetwork"' "$WORK/requests")" = 1 ]
run "$VM_INGEST" networks undo --yes
expect_status 0

begin 'a job that is lost with its server is read back, and the undo goes on'
run "$VM_INGEST" networks apply "$WORK/plan.json" --yes
expect_status 0
sim hold '{"host": "*", "held": true}'
: >"$WORK/requests"
"$VM_INGEST" networks undo --yes -o csv >"$out" 2>"$err" &
undoing=$!
wait_for 60 grep -q '"command": "deleteNetwork"' "$WORK/requests" || bad 'no deleteNetwork was sent'
sim restart '{}'
sim hold '{"host": "*", "held": false}'
wait $undoing
status=$?
expect_status 6
expect_match "$out" 'deleteNetwork lost: the job ended without a result'
run "$VM_INGEST" networks undo --yes
expect_status 0
networks >"$WORK/again"
expect_same "$WORK/before" "$WORK/again"

begin 'an answer that comes after the client gave up is found again'
printf '[cloudstack lab]\nurl = %s\napi-key = ADMIN-API-KEY\nsecret-key = ADMIN-SECRET-KEY\ntimeout = 6\n' "$url" >"$WORK/lab.conf"
chmod 600 "$WORK/lab.conf"
sim fault '{"slow": "9", "only": "createNetwork"}'
: >"$WORK/requests"
run env -u CLOUDSTACK_ENDPOINT -u CLOUDSTACK_KEY -u CLOUDSTACK_SECRET "$VM_INGEST" networks apply "$WORK/plan.json" \
    --config "$WORK/lab.conf" --yes -o csv
expect_status 6
expect_match "$out" 'network-l2-121,l2-121,submitted,.*apply again'
sim fault '{"slow": null, "only": null}'
all_acted() { [ "$(grep -c '"createNetwork".*"status": 200' "$WORK/requests")" = 3 ]; }
wait_for 60 all_acted || bad 'the server has not acted'
run "$VM_INGEST" networks apply "$WORK/plan.json" --yes -o csv
expect_status 0
expect [ "$(grep -c ',verified,' "$out")" = 4 ]
for name in l2-120 l2-121 l2-999; do expect [ "$(networks | grep -c "^$name ")" = 1 ]; done
run "$VM_INGEST" networks undo --yes
expect_status 0

begin 'what was changed since stays'
run "$VM_INGEST" networks apply "$WORK/plan.json" --yes
sim patch '{"kind": "network", "name": "l2-999", "set": {"account": "bob"}}'
run "$VM_INGEST" networks apply "$WORK/plan.json" --yes -o csv
expect_status 6
expect_match "$out" "network-l2-999,.*failed.*account is 'bob', not 'admin'"
run "$VM_INGEST" networks undo --yes -o csv
expect_status 6
expect_match "$out" "network-l2-999,.*changed since it was made: .*account is 'bob', not 'admin'"
networks >"$WORK/left"
expect_match "$WORK/left" '^l2-999 vlan://999 bob '
sim patch '{"kind": "network", "name": "l2-999", "set": {"account": "admin"}}'
run "$VM_INGEST" networks undo --yes
expect_status 0

begin 'a refusal of the server is told with its words, and undone later is nothing'
sim patch '{"kind": "physicalnetwork", "name": "pn-guest", "set": {"vlan": "900-1000"}}'
run "$VM_INGEST" networks apply "$WORK/plan.json" --yes -o csv
expect_status 6
expect_match "$out" 'network-l2-999,l2-999,failed,.*createNetwork refused: 431 The VLAN tag to use for new guest network, 999 is already'
run "$VM_INGEST" networks undo --yes

begin 'a VLAN of the dynamic range is blocked, with the words of the server and the way out'
run "$VM_INGEST" networks plan --inventory "$WORK/inventory.json" --policy "$WORK/policy" --out "$WORK/blocked.json"
expect_status 3
expect_match "$err" 'networks to create: [0-9]+.*, [1-9][0-9]* blocked'
expect /usr/bin/python3 - "$WORK/blocked.json" "$out" <<'P'
import json, sys
change, = (c for c in json.load(open(sys.argv[1]))["changes"] if c["id"] == "network-l2-999")
finding = change["findings"][0]
assert change["verdict"] == "blocked" and finding["id"] == "create-vlan-dynamic", change
said = json.load(open("tests/recordings/network/vlan-in-dynamic-range-refused.json"))["response"]["body"]["createnetworkresponse"]
assert finding["server"] == {"stage": "submit", "code": said["errorcode"], "text": said["errortext"].replace("101", "999")}, finding
assert "vlan=900-998,1000" in finding["remedy"], finding["remedy"]
P
: >"$WORK/requests"
run "$VM_INGEST" networks apply "$WORK/blocked.json" --yes -o csv
expect_status 3
expect_match "$out" 'network-l2-999,l2-999,skipped,.*blocked: VLAN 999 lies in 900-1000'
expect_no_match "$WORK/requests" '"createNetwork".*"name": "l2-999"'
run "$VM_INGEST" networks undo --yes
sim patch '{"kind": "physicalnetwork", "name": "pn-guest", "set": {"vlan": "2000-2999"}}'

begin 'VLANs that the server takes and no guest can use are refused'
for vlan in 0 4095 4096 -1 1.5 0x10; do
    edit "$WORK/plan.json" "$WORK/odd.json" 'd["changes"][0]["call"]["params"]["vlan"] = "'$vlan'"'
    run "$VM_INGEST" networks apply "$WORK/odd.json" --yes
    expect_status 1
    expect_match "$err" "odd.json.*vlan '$vlan' is none: 1 to 4094"
done

begin 'changes of another cloud change nothing in this one'
edit "$WORK/plan.json" "$WORK/foreign.json" 'd["info"]["zoneid"] = "00000000-0000-0000-0000-000000000001"'
run "$VM_INGEST" networks apply "$WORK/foreign.json" --yes
expect_status 8
expect_match "$err" 'these changes are of another cloud'

begin 'a file that is about something else is refused'
edit "$WORK/plan.json" "$WORK/else.json" 'd["info"]["about"] = "preparations"'
run "$VM_INGEST" networks apply "$WORK/else.json" --yes
expect_status 2
networks >"$WORK/again"
expect_same "$WORK/before" "$WORK/again"
finish
