#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Debian package is the same bytes for an ordinary user, in another folder, without git.
. "$(dirname "$0")/functions.sh"
requires dh

version=$(sed -n 's/^VERSION *:= *//p' "$ROOT/Makefile")
SOURCE_DATE_EPOCH=$(git -C "$ROOT" log -1 --format=%ct 2>/dev/null || date +%s)
export SOURCE_DATE_EPOCH
elsewhere=$WORK/some/where/else

as_user() { # an environment of his own, too
    local other=(env -i "HOME=$elsewhere" PATH=/usr/sbin:/usr/bin:/sbin:/bin "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH" LANG=C.UTF-8)
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid nobody --regid nogroup --clear-groups "${other[@]}" "$@"
    else
        "${other[@]}" "$@"
    fi
}

begin 'the package is built'
run "$ROOT/appliance/make-deb" "$BUILD/deb" "$version"
expect_status 0
deb=$(cat "$out")

begin 'an ordinary user gets the same bytes in another folder'
mkdir -p "$elsewhere"
(cd "$ROOT" && find . \( -name .git -o -path ./build \) -prune -o -type f -print0 | tar --null -cf - -T -) | tar -xf - -C "$elsewhere"
chmod 755 "$WORK"
[ "$(id -u)" != 0 ] || chown -R nobody "$elsewhere"
run as_user "$elsewhere/appliance/make-deb" "$elsewhere/build/deb" "$version"
expect_status 0
expect_same "$deb" "$(cat "$out")"
expect_same "${deb%.deb}.cdx.json" "$elsewhere/build/deb/$(basename "${deb%.deb}").cdx.json"

begin 'the same inputs are not built again'
before=$(stat -c %Y.%i "$deb")
run "$ROOT/appliance/make-deb" "$BUILD/deb" "$version"
expect_status 0
expect [ "$before" = "$(stat -c %Y.%i "$deb")" ]
finish
