# SPDX-License-Identifier: Apache-2.0
# Shell test helpers, sourced by tests/it_*.sh: cases speak TAP, a missing tool skips aloud.
#
#   requires virsh qemu-system-x86_64     # skip the whole file if one is missing
#   begin 'what must hold'                # names the case that follows
#   run CMD...                            # runs it: $status, $out (file), $err (file)
#   expect_status 3; expect_match "$err" 'regex'; expect_no_match ...; expect_same a b
#   finish                                # prints the plan; exits 1 if a case failed
set -u

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$ROOT/${B:-build}
VM_INGEST=$BUILD/vm-ingest
WORK=$(mktemp -d "${TMPDIR:-/tmp}/vmi.XXXXXX")
export XDG_CACHE_HOME=$WORK/cache # what a run keeps is not the user's
out=$WORK/out
err=$WORK/err
tap_count=0
tap_failed=0
tap_case=
cleanups=()

at_exit() {
    local i
    for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do eval "${cleanups[i]}"; done
    rm -rf "$WORK"
}
trap at_exit EXIT
cleanup_fn() { cleanups+=("$*"); }

tap_flush() {
    [ -z "$tap_case" ] && return
    tap_count=$((tap_count + 1))
    if [ "$tap_ok" = 1 ]; then
        echo "ok $tap_count - $tap_case"
    else
        echo "not ok $tap_count - $tap_case"
        tap_failed=$((tap_failed + 1))
    fi
    tap_case=
}
begin() { tap_flush; tap_case=$1; tap_ok=1; }
bad() {
    echo "# $tap_case: $*"
    tap_ok=0
}
finish() {
    tap_flush
    echo "1..$tap_count"
    [ "$tap_failed" = 0 ]
    exit
}
requires() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || { echo "1..0 # skip $tool is not installed"; exit 0; }
    done
}

run() {
    "$@" >"$out" 2>"$err" </dev/null
    status=$?
}
expect_status() {
    [ "$status" = "$1" ] && return
    bad "exit status $status, not $1"
    sed 's/^/#   out: /' "$out" | head -20
    sed 's/^/#   err: /' "$err" | head -20
}
expect_match() {
    grep -Eq -- "$2" "$1" && return
    bad "no match of /$2/ in $(basename "$1"):"
    head -20 "$1" | sed 's/^/#   /'
}
expect_no_match() {
    grep -Eq -- "$2" "$1" || return 0
    bad "unwanted match of /$2/ in $(basename "$1"):"
    grep -E -- "$2" "$1" | head -5 | sed 's/^/#   /'
}
expect_same() {
    cmp -s "$1" "$2" && return
    bad "$1 and $2 differ:"
    diff -u "$1" "$2" | head -40 | sed 's/^/#   /'
}
expect() { "$@" || bad "failed: $*"; }
wait_for() { # wait_for SECONDS CMD...: until it succeeds
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.1
    done
}
