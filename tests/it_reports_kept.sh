#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Reports that dry runs keep: whole or not at all, the oldest go first, the journal never.
. "$(dirname "$0")/functions.sh"
requires unshare flock
cd "$ROOT" || exit 1

state=$WORK/state
config=$WORK/keep.conf
printf '[state]\nfolder = %s\nkeep-reports = 2\nkeep-free = 1M\n' "$state" >"$config"
keep() { run "$VM_INGEST" dry-run --demo --config "$config" --keep "$@"; }
list() { "$VM_INGEST" reports list --config "$config" -o csv --no-headers "$@"; }
reports() { find "$state/reports/${1:-demo}" -mindepth 1 -maxdepth 1 -type d -name '2*' | sort; }

begin 'a dry run is kept with all of its files, and listed'
keep demo
expect_status 3
expect_match "$err" "$state/reports/demo/[0-9T-]*Z/report.html"
for file in report.html report.csv networks.csv absent.csv report.json inventory.json catalog.json run.json; do
    expect [ -s "$state/reports/demo/latest/$file" ]
done
list >"$out"
expect_match "$out" '^demo,[0-9TZ:-]+,3,44,4,32,3,[0-9]+,/'
expect [ "$(wc -l <"$out")" = 1 ]
first=$(reports)

begin 'of each name no more than keep-reports are kept, and the oldest goes'
keep demo
keep demo
expect [ "$(reports | wc -l)" = 2 ]
expect [ ! -e "$first" ]
expect [ "$(readlink "$state/reports/demo/latest")" = "$(basename "$(reports | tail -1)")" ]
keep other
expect [ "$(reports | wc -l)" = 2 ]
expect [ "$(list | wc -l)" = 3 ]
expect [ "$(list other | wc -l)" = 1 ]

begin 'a run that fails leaves the reports that are there, and is listed with its reason until one succeeds'
before=$(reports)
cp "$config" "$WORK/bad.conf"
printf '[source a]\ntype = vsphere\nurl = 127.0.0.1:1\nusername = u\npassword-file = credential:a\n[cloudstack c]\nurl = http://127.0.0.1:1/\napi-key-file = credential:a\nsecret-key-file = credential:a\n' >>"$WORK/bad.conf"
mkdir -m 700 "$WORK/credentials"
(umask 077 && echo word >"$WORK/credentials/a")
run "$VM_INGEST" dry-run --keep demo --config "$WORK/bad.conf"
expect_status 5
expect [ "$(reports)" = "$before" ]
list demo >"$out"
expect_match "$out" "^demo,[0-9TZ:-]+,5,.*cloudstack 'c': .*127.0.0.1"
expect_no_match "$out" 'word'
keep demo
list demo >"$out"
expect_no_match "$out" '127.0.0.1'

begin 'one dry run of a name at a time'
flock "$state/reports/demo/.lock" "$VM_INGEST" dry-run --demo --config "$config" --keep demo >"$out" 2>"$err"
status=$?
expect_status 8
expect_match "$err" "'demo' is being made"

begin 'what a killed run left is removed by the next, and never listed'
mkdir "$state/reports/demo/.2026-01-01T000000Z.partial" "$state/reports/demo/2026-01-01"
touch "$state/reports/demo/.2026-01-01T000000Z.partial/report.html" "$state/reports/notes"
list >"$out"
expect_no_match "$out" '2026-01-01'
keep demo
expect [ ! -e "$state/reports/demo/.2026-01-01T000000Z.partial" ]
expect [ -d "$state/reports/demo/2026-01-01" ]
expect [ -e "$state/reports/notes" ]

begin 'a damaged run.json leaves the numbers unknown'
echo '{"exit' >"$state/reports/demo/latest/run.json"
list demo >"$out"
expect_match "$out" '^demo,,,,,,,[0-9]+,/'

begin 'names that are no folder names, and options that contradict each other, are refused'
for name in ../x .x a/b '' "$(printf 'x%.0s' {1..65})"; do
    keep "$name"
    expect_status 2
done
run "$VM_INGEST" dry-run --demo --keep demo --out-dir "$WORK/x"
expect_status 2
expect_match "$err" '--out-dir cannot be used with --keep'
run "$VM_INGEST" dry-run --keep no-such-estate
expect_status 2
expect_match "$err" '/etc/vm-ingest/no-such-estate.conf'
for line in 'keep-free = much' 'keep-free = 999999T' 'keep-reports = 0' 'keep-reports = -1'; do
    printf '[state]\nfolder = %s\n%s\n' "$state" "$line" >"$WORK/odd.conf"
    run "$VM_INGEST" reports prune --config "$WORK/odd.conf"
    expect_status 2
    expect_match "$err" "${line%% *}"
done

begin 'the policy of the name is taken from beside the config'
mkdir "$WORK/estate"
cp "$config" "$WORK/estate/prod.conf"
echo 'no such rule' >"$WORK/estate/prod.policy"
run "$VM_INGEST" dry-run --keep prod --config "$WORK/estate/prod.conf" --inventory appliance/demo/inventory.json --catalog appliance/demo/catalog.json
expect_status 2
expect_match "$err" 'prod.policy'

# In a file system of 4 MiB: three reports of the demo estate do not fit beside the journal and what is left free.
begin 'on a full disk the oldest reports go, and the journal never'
cat >"$WORK/full.sh" <<'EOF'
mkdir -p "$1" && mount -t tmpfs -o size=4M full "$1" || exit 99
head -c 300000 /dev/urandom >"$1/journal.sqlite"
sum=$(sha256sum <"$1/journal.sqlite")
sed -i 's/keep-reports.*/keep-reports = 9/' "$2"
for i in 1 2 3; do
    "$3" dry-run --demo --keep demo --config "$2" -q >/dev/null; echo "run $i: $?"
done
echo "kept: $(ls -d "$1"/reports/demo/2* | wc -l)"
echo "free: $(df --output=avail -k "$1" | tail -1)"
head -c 1200000 /dev/zero >"$1/something"
"$3" reports prune --config "$2"; echo "prune: $?"
echo "kept: $(ls -d "$1"/reports/demo/2* | wc -l)"
cat /dev/zero >"$1/more" 2>/dev/null
"$3" dry-run --demo --keep demo --config "$2" -q; echo "full: $?"
echo "kept: $(ls -d "$1"/reports/demo/2* | wc -l)"
rm "$1/more" "$1/something"
mount -o remount,ro "$1"
"$3" dry-run --demo --keep demo --config "$2" -q; echo "read-only: $?"
[ "$sum" = "$(sha256sum <"$1/journal.sqlite")" ] && echo 'the journal is as it was'
EOF
cp "$config" "$WORK/full.conf"
sed -i "s|^folder.*|folder = $WORK/full|" "$WORK/full.conf"
run unshare --user --map-root-user --mount bash "$WORK/full.sh" "$WORK/full" "$WORK/full.conf" "$VM_INGEST"
if [ "$status" = 99 ]; then
    echo "# no file system can be mounted here: $(cat "$err")"
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $tap_case # skip no file system can be mounted here"
    tap_case=
else
    expect_status 0
    for line in 'run 1: 3' 'run 2: 3' 'run 3: 3' 'kept: 2' 'prune: 0' 'kept: 1' 'full: 1' 'read-only: 1' 'the journal is as it was'; do
        expect_match "$out" "^$line\$"
    done
    expect [ "$(sed -n 's/free: *//p' "$out")" -ge 1024 ]
    expect_match "$err" "'$WORK/full': 0 MiB of the disk are free, and 1 MiB are left to the journal"
    expect_match "$err" 'Read-only file system'
fi
finish
