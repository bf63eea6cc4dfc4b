#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What goes wrong: each gives one clear message with thing, place and remedy, the right exit code,
# and loses nothing that was read.
. "$(dirname "$0")/functions.sh"
requires /usr/bin/python3
export HOME=$WORK XDG_CONFIG_HOME=$WORK/config XDG_CACHE_HOME=$WORK/cache
cd "$ROOT" || exit 1
umask 077
SIM=$BUILD/peers/vcsim
listening() { grep -q 'listening on' "$1"; }
start() { # start NAME CMD...: a peer in the background; its URL in $url
    local name=$1
    shift
    "$@" >"$WORK/$name.log" 2>&1 &
    cleanup_fn "kill $! 2>/dev/null"
    peer=$!
    wait_for 60 listening "$WORK/$name.log" || bad "$name did not start: $(cat "$WORK/$name.log")"
    url=$(sed -nE 's/.*listening on (.*)/\1/p' "$WORK/$name.log" | head -1)
}
vsphere_config() { # vsphere_config URL [LINE...]: writes $WORK/c.conf
    printf '[source vc]\ntype = vsphere\nurl = %s\nusername = reader\npassword-file = %s\n' "$1" "$WORK/password" >"$WORK/c.conf"
    shift
    printf '%s\n' "$@" >>"$WORK/c.conf"
}
counters() { curl -sk "${url%/sdk}/counters"; }
echo right-password >"$WORK/password"
echo wrong-password >"$WORK/wrong"
start vc "$SIM" -estate tests/estates/vsphere-small.json -listen 127.0.0.1:0 -write-ca "$WORK/ca.pem" \
    -username reader -password-file "$WORK/password"
vc=$url

begin 'a source that answers well is read whole'
vsphere_config "$vc" "cacert = $WORK/ca.pem"
run "$VM_INGEST" discover --config "$WORK/c.conf" --out "$WORK/whole.json"
expect_status 0
expect_match "$WORK/whole.json" '"is_complete":true'

begin 'a host name that does not exist: exit 5, named'
vsphere_config https://no-such-host.invalid/sdk
run "$VM_INGEST" discover --config "$WORK/c.conf"
expect_status 5
expect_match "$err" 'no-such-host.invalid'

begin 'a refused connection: exit 5, with the port'
vsphere_config https://127.0.0.1:1/sdk
run "$VM_INGEST" discover --config "$WORK/c.conf"
expect_status 5
expect_match "$err" '127.0.0.1'

begin 'a certificate that nobody vouches for: exit 5, with fingerprint and remedy'
vsphere_config "$vc"
run "$VM_INGEST" discover --config "$WORK/c.conf"
expect_status 5
expect_match "$err" 'fingerprint'
expect_match "$err" 'cacert'
seen=$(grep -oE '([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}' "$err" | head -1)
expect [ -n "$seen" ]

begin 'the fingerprint that the message shows is one that can be trusted'
vsphere_config "$vc" "fingerprint = $seen"
run "$VM_INGEST" discover --config "$WORK/c.conf" --out "$WORK/pinned.json"
expect_status 0
vsphere_config "$vc" "fingerprint = $(printf 'AB:%.0s' {1..31})AB"
run "$VM_INGEST" discover --config "$WORK/c.conf"
expect_status 5

begin 'a wrong password: exit 4, the account named, the password not'
vsphere_config "$vc" "cacert = $WORK/ca.pem"
sed -i "s|$WORK/password|$WORK/wrong|" "$WORK/c.conf"
run "$VM_INGEST" discover --config "$WORK/c.conf"
expect_status 4
expect_match "$err" 'reader'
expect_no_match "$err" 'wrong-password'

begin 'a URL that is no vCenter'
start web /usr/bin/python3 -c 'import http.server, ssl, sys
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
print("listening on http://127.0.0.1:%d/sdk" % server.server_port, flush=True)
server.serve_forever()'
vsphere_config "${url/http:/https:}"
run "$VM_INGEST" discover --config "$WORK/c.conf"
expect_status 5
expect [ -s "$err" ]

begin 'a listing that breaks keeps what was read: exit 6, marked partial'
start broken "$SIM" -vms 1200 -listen 127.0.0.1:0 -write-ca "$WORK/ca2.pem" -username reader \
    -password-file "$WORK/password" -fault truncated -fault-skip 1
vsphere_config "$url" "cacert = $WORK/ca2.pem"
run "$VM_INGEST" discover --config "$WORK/c.conf" --out "$WORK/part.json"
expect_status 6
expect_match "$err" 'vc'
expect_match "$WORK/part.json" '"is_complete":false'
[ "$(grep -c '^,\?{"instance"' "$WORK/part.json")" -ge 400 ] || bad 'what was read is lost'
counters >"$out"
expect_match "$out" '"sessions_open": 0'

begin 'an interrupt logs out, keeps what was read, and exits 130'
start slow "$SIM" -vms 3000 -listen 127.0.0.1:0 -write-ca "$WORK/ca3.pem" -username reader \
    -password-file "$WORK/password" -delay 400ms
vsphere_config "$url" "cacert = $WORK/ca3.pem" 'page = 100'
"$VM_INGEST" discover --config "$WORK/c.conf" --out "$WORK/int.json" 2>"$err" &
job=$!
reads_on() { counters | grep -q '"ContinueRetrievePropertiesEx": [1-9]'; }
wait_for 120 reads_on || bad 'the listing did not begin'
kill -INT $job
wait $job
status=$?
expect_status 130
counters >"$out"
expect_match "$out" '"sessions_open": 0'

begin 'a peer that never answers: exit 7 within its deadline'
start silent /usr/bin/python3 -c 'import socket, time
listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen(5)
print("listening on https://127.0.0.1:%d/sdk" % listener.getsockname()[1], flush=True)
time.sleep(300)'
vsphere_config "$url" 'timeout = 2'
run timeout 300 "$VM_INGEST" discover --config "$WORK/c.conf"
expect_status 7

begin 'truncated, oversized and odd inventories are refused with file and line'
inventory=appliance/demo/inventory.json
head -c 5000 $inventory >"$WORK/cut.json"
sed 's/"kind":"Inventory"/"kind":"Catalog"/' $inventory >"$WORK/kind.json"
sed 's#vm-ingest/v1#vm-ingest/v9#' $inventory >"$WORK/version.json"
sed '0,/"name"/s//"nmae"/' $inventory >"$WORK/typo.json"
{ printf '{"apiVersion":"vm-ingest/v1","kind":"Inventory","records":['; head -c 200000 /dev/zero | tr '\0' '['; } >"$WORK/deep.json"
: >"$WORK/empty.json"
printf '\xff\xfe{' >"$WORK/utf16.json"
for case in cut kind version typo deep empty utf16; do
    run "$VM_INGEST" plan --inventory "$WORK/$case.json" --catalog appliance/demo/catalog.json
    expect_status 1
    expect_match "$err" "$case.json"
done
run "$VM_INGEST" plan --inventory "$WORK/none.json" --catalog appliance/demo/catalog.json
expect_status 1
expect_match "$err" 'none.json.*No such file'

begin 'the same for catalogs'
head -c 3000 appliance/demo/catalog.json >"$WORK/cut.json"
run "$VM_INGEST" plan --inventory $inventory --catalog "$WORK/cut.json"
expect_status 1
expect_match "$err" 'cut.json.*(truncated|line)'

begin 'a wrong key, an absent API and a wrong path of CloudStack are told apart'
start cs tests/peers/cloudstack-sim --estate tests/estates/lab.json --port 0
target() { printf '[cloudstack lab]\nurl = %s\napi-key = %s\nsecret-key = %s\n' "$1" "$2" "$3" >"$WORK/t.conf"; }
target "$url" ADMIN-API-KEY wrong-secret-key
run "$VM_INGEST" catalog --config "$WORK/t.conf"
expect_status 4
expect_match "$err" '401'
expect_no_match "$err" 'wrong-secret-key'
target "${url/client\/api/nowhere}" ADMIN-API-KEY ADMIN-SECRET-KEY
run "$VM_INGEST" catalog --config "$WORK/t.conf"
[ "$status" != 0 ] || bad 'a wrong path went through'
expect_match "$err" '404'

begin 'keys of a user without rights: the catalog says what it could not read'
target "$url" ALICE-API-KEY ALICE-SECRET-KEY
run "$VM_INGEST" catalog --config "$WORK/t.conf" -o csv --no-headers
expect_status 6
expect_match "$err" 'was not read to its end.*432'
expect_match "$out" '432|does not exist or is not available'

begin 'a secret file that others may read is refused with the chmod to run'
cp "$WORK/password" "$WORK/open"
chmod 644 "$WORK/open"
vsphere_config "$vc" "cacert = $WORK/ca.pem"
sed -i "s|$WORK/password|$WORK/open|" "$WORK/c.conf"
run "$VM_INGEST" discover --config "$WORK/c.conf"
expect_status 2
expect_match "$err" 'chmod 600'

begin 'one source of two fails: the other is kept, exit 6'
vsphere_config "$vc" "cacert = $WORK/ca.pem" '[source gone]' 'type = vsphere' 'url = https://127.0.0.1:1/sdk' \
    'username = x' "password-file = $WORK/password"
run "$VM_INGEST" discover --config "$WORK/c.conf" --out "$WORK/two.json"
expect_status 6
expect_match "$err" 'gone'
expect_match "$WORK/two.json" '"instance"'

begin 'a disk that fills up: the file is named, what was read stays beside it'
mkdir "$WORK/small"
if mount -t tmpfs -o size=64k tmpfs "$WORK/small" 2>/dev/null; then
    cleanup_fn "umount '$WORK/small'"
    vsphere_config "$vc" "cacert = $WORK/ca.pem"
    run "$VM_INGEST" discover --config "$WORK/c.conf" --out "$WORK/small/inventory.json"
    expect_status 1
    expect_match "$err" 'small/inventory.json.*No space'
    expect [ ! -e "$WORK/small/inventory.json" ]
    expect [ -s "$WORK/small/inventory.json.partial" ]
else
    vsphere_config "$vc" "cacert = $WORK/ca.pem"
    run "$VM_INGEST" discover --config "$WORK/c.conf" --out /dev/full
    expect_status 1
    expect_match "$err" 'No space'
fi
finish
