#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# appliance/image/fetch.sh OUT KERNEL [DEB...] - get the Debian packages of the image
#
# Asks the apt sources of this machine, as any user; nothing is installed. OUT/packages.lock lists
# what apt chose and is what a build depends on: same list, same image. It is made anew when it is
# older than a day, or with REFRESH=1; without a network the one that is there is used. The .debs
# stay in OUT/cache. KERNEL is cloud-amd64 or amd64; DEB are packages of our own, for their Depends.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1 kernel=$2
shift 2
lock=$out/packages.lock
mkdir -p "$out"/cache/partial "$out"/apt/lists/partial

apt=(-o "Dir::State=$out/apt" -o Dir::State::status=/dev/null -o "Dir::Cache=$out/apt"
    -o "Dir::Cache::archives=$out/cache" -o APT::Architecture=amd64 -o APT::Architectures=amd64
    -o APT::Install-Recommends=false -o Acquire::Languages=none -o Debug::NoLocking=1
    -o APT::Sandbox::User= -o APT::Keep-Downloaded-Packages=true -o Dpkg::Use-Pty=0)

# The release decides what the image holds; another one is another product.
# shellcheck disable=SC1091
release=$(. /etc/os-release && echo "${ID:-} ${VERSION_ID:-}")
[ "$release" = "debian 12" ] || { echo "fetch.sh: the image is built on Debian 12; this is '$release'" >&2; exit 1; }

choose() { # name=version of each package: those of the root, then what is only unpacked
    local names image
    names=$(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$here/packages")
    # shellcheck disable=SC2086
    apt-get "${apt[@]}" --yes --quiet=2 --simulate install '?essential' '?priority(required)' $names "$@" |
        sed -nE 's/^Inst ([^ ]+) \(([^ ]+) .*/root \1=\2/p' | sort
    image=$(apt-cache "${apt[@]}" depends --important "linux-image-$kernel" | sed -nE 's/^ *Depends: (linux-image-.*)/\1/p')
    for name in "$image" busybox-static; do
        apt-cache "${apt[@]}" show --no-all-versions "$name" |
            awk '/^Package:/ {p = $2} /^Version:/ {v = $2} END {print "only " p "=" v}'
    done
}

# What the list was made for.
asked="# $kernel $({ cat "$here/packages"; for deb in "$@"; do dpkg-deb -f "$deb" Depends; done; } | sha256sum | cut -c1-16)"

if [ -n "${REFRESH:-}" ] || [ -z "$(find "$lock" -mtime -1 2>/dev/null)" ] || ! grep -qxF "$asked" "$lock"; then
    if apt-get "${apt[@]}" --quiet=2 update; then
        { echo "$asked" && choose "$@"; } >"$lock.new"
        # Our own packages are not downloaded.
        for deb in "$@"; do
            sed -i "/^root $(dpkg-deb -f "$deb" Package)=/d" "$lock.new"
        done
        cmp -s "$lock.new" "$lock" && rm "$lock.new" || mv "$lock.new" "$lock"
        touch "$lock"
    elif grep -qsxF "$asked" "$lock"; then
        echo "fetch.sh: the apt sources do not answer; using the packages of $(date -r "$lock" +%F)" >&2
    else
        echo "fetch.sh: the apt sources of this machine do not answer (tried as $(id -un): apt-get update)" >&2
        exit 1
    fi
fi

missing=()
while read -r _ package; do
    file=${package/=/_}
    compgen -G "$out/cache/${file//:/%3a}_*.deb" >/dev/null || missing+=("$package")
done < <(grep -v '^#' "$lock")
if [ ${#missing[@]} -gt 0 ]; then
    echo "fetching ${#missing[@]} Debian packages" >&2
    (cd "$out/cache" && apt-get "${apt[@]}" --quiet=2 download "${missing[@]}")
fi
