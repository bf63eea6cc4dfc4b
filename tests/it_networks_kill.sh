#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Networks are created and taken back once, whenever the command is killed or its disk is full: at
# each write and sync of the journal, and at each send and receive of a call, one after the other.
source "$(dirname "$0")/functions.sh"
requires /usr/bin/python3 gcc
cd "$ROOT" || exit 1
export HOME=$WORK XDG_CONFIG_HOME=$WORK/config
journal=$WORK/state/journal.sqlite
log=$WORK/requests
gcc -D_GNU_SOURCE -shared -fPIC -O1 -o "$WORK/kill_at.so" tests/peers/kill_at.c -ldl || exit 1

tests/peers/cloudstack-sim --port 0 --log "$log" >"$WORK/sim.out" 2>"$WORK/sim.err" &
sim=$!
cleanup_fn "kill $sim 2>/dev/null; wait $sim 2>/dev/null"
begin 'two networks and a permission are planned'
wait_for 60 grep -q 'listening on' "$WORK/sim.out" || { bad "the stand-in does not start"; finish; }
url=$(sed -n 's/^listening on //p' "$WORK/sim.out")
export CLOUDSTACK_ENDPOINT=$url CLOUDSTACK_KEY=ADMIN-API-KEY CLOUDSTACK_SECRET=ADMIN-SECRET-KEY
"$VM_INGEST" discover --quiet --out "$WORK/inventory.json" 2>"$err"
printf 'owner name "web-01" -> domain ROOT/dom-a account alice\n' >"$WORK/policy"
/usr/bin/python3 - "$WORK/inventory.json" <<'P'
import json, sys
d = json.load(open(sys.argv[1]))
for record in d["records"]:
    view = record.get("instance")
    if view and view["name"] in ("web-01", "web-02", "off-01"):
        view["nics"][0]["vlan"] = {"kind": "id", "id": 120}
json.dump(d, open(sys.argv[1], "w"))
P
run "$VM_INGEST" networks plan --inventory "$WORK/inventory.json" --policy "$WORK/policy" --out "$WORK/plan.json"
expect_status 0
expect [ "$(grep -c '"verdict":"ready"' "$WORK/plan.json")" = 3 ]

apply=("$VM_INGEST" networks apply "$WORK/plan.json" --yes --quiet --journal "$journal" -o csv)
undo=("$VM_INGEST" networks undo 1 --yes --quiet --journal "$journal" -o csv)
start_anew() { # the estate as it was, no journal
    rm -rf "$WORK/state"
    curl -sf -d '{}' "${url%/client/api}/sim/reset" >/dev/null || bad 'no reset'
    asked=$(wc -l <"$log")
}
sent() { # sent COMMAND: how often it was accepted since then
    tail -n +$((asked + 1)) "$log" | grep -c "^{\"command\": \"$1\".*\"status\": 200"
}
# What the journal says has to be what was done: all made by this run, each by one accepted call.
journal_says() { # journal_says STATE IS_MADE
    /usr/bin/python3 - "$journal" "$@" <<'P'
import sqlite3, sys
journal = sqlite3.connect(sys.argv[1])
items = journal.execute("SELECT key, state, is_made FROM item").fetchall()
assert len(items) == 3 and all((s, m) == (sys.argv[2], int(sys.argv[3])) for _, s, m in items), items
open_ = journal.execute("SELECT * FROM step WHERE outcome IS NULL OR outcome = 'running'").fetchall()
assert not open_, open_
assert journal.execute("PRAGMA integrity_check").fetchone() == ("ok",)
P
}
points() { # points CMD...: how many calls it makes that can be killed at
    COUNT_TO=$WORK/count LD_PRELOAD=$WORK/kill_at.so "$@" >/dev/null 2>"$err" </dev/null
    cat "$WORK/count"
}
broken() { # broken VARIABLE N CMD...: runs it with its end or its full disk at N; sets status
    env "$1=$2" LD_PRELOAD="$WORK/kill_at.so" "${@:3}" >"$out" 2>"$err" </dev/null
    status=$?
} 2>/dev/null

begin 'killed at each point, applying again makes exactly one of each'
start_anew
all=$(points "${apply[@]}")
[ "$all" -gt 100 ] || bad "only $all points"
for ((n = 1; n <= all; n++)); do # a reply may come in one piece or in two: the last points may not be reached
    start_anew
    broken KILL_AT "$n" "${apply[@]}"
    [[ $status == 137 || ($status == 0 && $n -gt $((all - 20))) ]] || bad "point $n of $all: status $status"
    run "${apply[@]}"
    [ "$status" = 0 ] || { bad "killed at $n: applying again gives $status: $(cat "$err" "$out")"; break; }
    [ "$(sent createNetwork) $(sent createNetworkPermissions)" = '2 1' ] ||
        bad "killed at $n: createNetwork $(sent createNetwork), createNetworkPermissions $(sent createNetworkPermissions)"
    journal_says verified 1 2>"$err" || bad "killed at $n: $(tail -1 "$err")"
done

begin 'killed at points of an undo, undoing again leaves nothing'
start_anew
run "${apply[@]}"
all=$(points "${undo[@]}")
[ "$all" -gt 100 ] || bad "only $all points"
killed=0
for ((n = 1; n <= all; n += 3)); do # polls of a job come and go: the last points may not be reached
    start_anew
    run "${apply[@]}"
    broken KILL_AT "$n" "${undo[@]}"
    [ "$status" = 137 ] && killed=$((killed + 1))
    run "${undo[@]}"
    [[ $status == 0 || $n -gt $((all - 20)) ]] || { bad "killed at $n: undoing again gives $status: $(cat "$err" "$out")"; break; }
    [ "$(sent deleteNetwork)" = 2 ] || bad "killed at $n: deleteNetwork $(sent deleteNetwork)"
    journal_says undone 0 2>"$err" || bad "killed at $n: $(tail -1 "$err")"
done
[ "$killed" -gt $((all / 4)) ] || bad "killed only $killed times at $all points"

begin 'a disk that is full from any write on is told, and applying again goes on'
told=0
for ((n = 1; n <= 200; n++)); do
    start_anew
    broken FULL_AT "$n" "${apply[@]}"
    [ "$status" = 0 ] && break # it has no more writes than that
    told=$((told + 1))
    [ "$status" = 1 ] || bad "full at $n: status $status"
    grep -Eq 'the disk is full( or fails)?: make room|No space left on device' "$err" || bad "full at $n: $(cat "$err")"
    run "${apply[@]}"
    [ "$status" = 0 ] || { bad "full at $n: applying again gives $status: $(cat "$err" "$out")"; break; }
    [ "$(sent createNetwork) $(sent createNetworkPermissions)" = '2 1' ] || bad "full at $n: made more than once"
done
[ "$told" -gt 20 ] || bad "only $told writes failed"

begin 'two at once: one carries the run out, and each network is made once'
start_anew
pids=()
for turn in 1 2 3 4; do
    "${apply[@]}" >"$WORK/out.$turn" 2>"$WORK/err.$turn" </dev/null &
    pids+=($!)
done
codes=
for pid in "${pids[@]}"; do
    wait "$pid"
    codes+="$? "
done
[[ $codes =~ ^([08]\ ){4}$ && $codes == *0* ]] || bad "exit codes $codes: $(cat "$WORK"/err.?)"
[ "$(sent createNetwork)" = 2 ] || bad "createNetwork $(sent createNetwork)"

begin 'a journal that is not fit is told and left as it is, and nothing is sent'
fit_for_nothing() { # fit_for_nothing TEXT
    cp "$journal" "$WORK/kept"
    asked=$(wc -l <"$log")
    run "${apply[@]}"
    expect_status 1
    expect_match "$err" "$1"
    expect_same "$WORK/kept" "$journal"
    [ "$(sent createNetwork)" = 0 ] || bad 'something was sent'
}
start_anew
mkdir -p "$WORK/state"
echo 'no journal' >"$journal"
fit_for_nothing 'damaged or no journal, and is left as it is'
rm -f "$journal"
/usr/bin/python3 -c 'import sqlite3, sys
sqlite3.connect(sys.argv[1]).executescript("CREATE TABLE other (a); INSERT INTO other VALUES (1);")' "$journal"
fit_for_nothing 'database of another program'
start_anew
run "${apply[@]}"
/usr/bin/python3 -c 'import sqlite3, sys
c = sqlite3.connect(sys.argv[1]); c.execute("PRAGMA user_version = 99"); c.execute("PRAGMA wal_checkpoint(TRUNCATE)"); c.close()' "$journal"
fit_for_nothing 'newer vm-ingest \(schema 99'
finish
