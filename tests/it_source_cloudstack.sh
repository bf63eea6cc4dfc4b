#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# CloudStack's own view by the real client from a stand-in server: kept, resumed, joined, refused.
source "$(dirname "$0")/functions.sh"
requires /usr/bin/python3

ESTATE=$ROOT/tests/estates/lab.json
unset "${!GOVC_@}" "${!CLOUDSTACK_@}"
sim_ready() { grep -q 'listening on' "$WORK/$1.out"; }

# sim NAME ARGS...: starts a server; $URL
sim() {
    local name=$1
    shift
    "$ROOT/tests/peers/cloudstack-sim" --estate "$ESTATE" --admin-key K --admin-secret S \
        --log "$WORK/$name.log" "$@" >"$WORK/$name.out" 2>&1 &
    cleanup_fn "kill $! 2>/dev/null"
    wait_for 60 sim_ready "$name" || bad "the stand-in does not start"
    URL=$(sed -nE 's/.*listening on (.*)/\1/p' "$WORK/$name.out" | head -1)
}

# config URL SECRET [LINES...]: writes $WORK/conf
config() {
    local url=$1 secret=$2
    shift 2
    printf '[cloudstack lab]\nurl = %s\napi-key = K\nsecret-key-file = %s\n\n[source cs]\ntype = cloudstack\n' \
        "$url" "$WORK/secret" >"$WORK/conf"
    printf '%s\n' "$@" >>"$WORK/conf"
    (umask 077; printf '%s\n' "$secret" >"$WORK/secret")
    chmod 600 "$WORK/conf" "$WORK/secret"
}
discover() { run "$VM_INGEST" discover --config "$WORK/conf" --out "$WORK/$1"; }
calls() { grep -c "\"$1\"" "$WORK/$2.log"; }

begin 'every cluster is listed, and the file is what the reader takes'
sim one
config "$URL" S
discover first.json
expect_status 0
expect_match "$WORK/first.json" '"product":"Apache CloudStack 4\.'
expect_match "$WORK/first.json" '"name":"kvm-cluster-1"'
expect_match "$WORK/first.json" '"instance":.*"name":"web-01"'
run "$VM_INGEST" discover --inventory "$WORK/first.json" --out "$WORK/again.json"
expect_status 0
expect_same "$WORK/first.json" "$WORK/again.json"

begin 'a kept reply serves while it is young, and says its age'
before=$(calls listUnmanagedInstances one)
config "$URL" S 'max-age = 600'
discover cached.json
expect_status 0
expect [ "$(calls listUnmanagedInstances one)" = "$before" ]
expect_match "$WORK/cached.json" '"is_cached":true'
expect [ "$(grep -c '"instance"' "$WORK/cached.json")" = "$(grep -c '"instance"' "$WORK/first.json")" ]

begin 'what is kept is for the user alone'
expect [ -z "$(find "$XDG_CACHE_HOME" -type f ! -perm 600)" ]
expect [ -n "$(find "$XDG_CACHE_HOME" -type f)" ]

begin 'a wrong secret key is a login error'
config "$URL" wrong
discover refused.json
expect_status 4
expect_match "$err" "source 'cs': "

begin 'a host that does not answer is named, though the server says nothing of it'
sim silent --fault drop-host=esx1.lab.example
config "$URL" S
discover silent.json
expect_status 0
expect_match "$WORK/silent.json" '"id":"host-empty".*vc-cluster-1.*esx1.lab.example'

begin 'a list that breaks off leaves a partial inventory'
sim broken --fault html --fault only=listUnmanagedInstances
config "$URL" S
discover broken.json
expect_status 1
expect_match "$WORK/broken.json" '"id":"cluster-unread"'
expect_match "$WORK/broken.json" '"end":.*"is_complete":false'
expect_match "$err" '3 of 3 clusters were not read'
finish
