#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The saved catalog of a server: whole, of the schema's form, without secrets, the same bytes again.
source "$(dirname "$0")/functions.sh"
requires /usr/bin/python3
cd "$ROOT" || exit 1

start_sim() { # start_sim OPTION...: sets url
    : >"$WORK/sim.out"
    tests/peers/cloudstack-sim --port 0 "$@" >"$WORK/sim.out" 2>"$WORK/sim.err" &
    sim=$!
    cleanup_fn "kill $sim 2>/dev/null; wait $sim 2>/dev/null"
    wait_for 60 grep -q 'listening on' "$WORK/sim.out" || { bad "the stand-in does not start"; finish; }
    url=$(sed -n 's/^listening on //p' "$WORK/sim.out")
}
keys() { # keys NAME: whose keys are used
    export CLOUDSTACK_ENDPOINT=$url CLOUDSTACK_KEY=$1-API-KEY CLOUDSTACK_SECRET=$1-SECRET-KEY
}
export HOME=$WORK

begin 'a catalog is fetched whole and saved'
start_sim --log "$WORK/requests"
keys ADMIN
run "$VM_INGEST" catalog --out "$WORK/lab.json"
expect_status 0
for words in networks:19 os_types:375 os_mappings:9059 pools:12 service_offerings:12; do
    expect test "$(grep -c "^{\"${words%:*}\":" "$WORK/lab.json")" = "${words#*:}"
done
expect_match "$WORK/lab.json" '"version":"4\.23\.0\.0-SNAPSHOT","version_from":"listCapabilities"'

begin 'no key and no secret is in the saved file, and none was sent'
expect_no_match "$WORK/lab.json" 'ADMIN-API-KEY|ADMIN-SECRET-KEY|"(api|secret)key"'
expect_no_match "$WORK/requests" 'SECRET'

begin 'reading it and saving it gives the same bytes'
run "$VM_INGEST" catalog --catalog "$WORK/lab.json" --out "$WORK/again.json"
expect_status 0
expect_same "$WORK/lab.json" "$WORK/again.json"

begin 'it has the form of the schema'
if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
    run /usr/bin/python3 -c 'import json, sys, jsonschema
jsonschema.Draft202012Validator(json.load(open("appliance/schema/catalog.schema.json"))).validate(json.load(open(sys.argv[1])))' \
        "$WORK/lab.json"
    expect_status 0
fi

begin 'a catalog that was laid out anew by another program is read'
/usr/bin/python3 -c 'import json, sys
json.dump(json.load(open(sys.argv[1])), open(sys.argv[2], "w"), indent=4, sort_keys=False)' \
    "$WORK/lab.json" "$WORK/wide.json"
run "$VM_INGEST" catalog --catalog "$WORK/wide.json" --out "$WORK/again.json"
expect_status 0
expect_same "$WORK/lab.json" "$WORK/again.json"

begin 'an unknown zone is refused with those that there are'
run "$VM_INGEST" catalog --zone north
[ "$status" != 0 ] || bad 'went through'
expect_match "$err" "zone 'north' is not among those that the server shows: 'zone-1'"

begin 'lists that the role may not read are unknown, with the server'"'"'s words'
keys ALICE
run "$VM_INGEST" catalog --out "$WORK/alice.json"
expect_match "$WORK/alice.json" '"name":"hosts".*"is_complete":false.*The API \[listHosts\] does not exist or is not available for the account alice.*"code":432'
expect_match "$WORK/alice.json" '"name":"zones".*"is_complete":true'

begin 'replies that end half-way are one clear error'
start_sim --fault truncate
keys ADMIN
run "$VM_INGEST" catalog --out "$WORK/none.json"
[ "$status" != 0 ] || bad 'went through'
expect_match "$err" 'listApis: .*(cut off|bytes remaining)'
expect test ! -e "$WORK/none.json"
finish
