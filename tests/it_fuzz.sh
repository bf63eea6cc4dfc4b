#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each fuzzer finds nothing on its seeds and for some seconds beyond (FUZZ_SECONDS, 3 unless told).
source "$(dirname "$0")/functions.sh"
requires clang

export B=${B:-build}
cd "$ROOT" || exit 1
shopt -s nullglob
for source in tests/fuzz_*.c; do
    name=$(basename "$source" .c)
    begin "$name finds nothing in ${FUZZ_SECONDS:-3} s"
    if [ ! -x "$B/fuzz/$name" ]; then
        bad "$B/fuzz/$name was not built: make check-programs"
        continue
    fi
    run tests/fuzz "${FUZZ_SECONDS:-3}" "$B/fuzz/$name"
    expect_status 0
    expect_match "$out" 'number_of_executed_units: *[1-9]'
done
finish
