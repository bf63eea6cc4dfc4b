#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Debian package: what is in it, what lintian says, how far its services are shut in.
. "$(dirname "$0")/functions.sh"
PYTHON=${PYTHON:-/usr/bin/python3}
requires dh lintian

version=$(sed -n 's/^VERSION *:= *//p' "$ROOT/Makefile")

begin 'the package is built'
run "$ROOT/appliance/make-deb" "$BUILD/deb" "$version"
expect_status 0
deb=$(cat "$out")
expect test -s "$deb"
expect test -s "${deb%.deb}.cdx.json"

begin 'lintian has nothing to say'
run lintian --allow-root --fail-on error,warning "${deb%.deb}.changes"
expect_status 0
expect_no_match "$out" '^[EW]:'

begin 'everything that an operator needs is in it, owned by root, and nothing else'
run dpkg-deb -c "$deb"
awk '$1 !~ /^d/ {print $1, $2, $6}' "$out" | sed 's/\.gz$//' | sort >"$WORK/files"
for file in usr/bin/vm-ingest usr/libexec/vm-ingest-libvirt-worker etc/vm-ingest/vm-ingest.conf \
    usr/share/bash-completion/completions/vm-ingest usr/share/zsh/vendor-completions/_vm-ingest \
    usr/share/fish/vendor_completions.d/vm-ingest.fish usr/share/vm-ingest/sbom.cdx.json \
    usr/lib/{sysusers,tmpfiles}.d/vm-ingest.conf \
    usr/share/doc/vm-ingest/{copyright,changelog,README.md,vm-ingest.conf.example}; do
    expect grep -q " \./$file\$" "$WORK/files"
done
for page in "$ROOT"/appliance/man/*.[1-8]; do
    expect grep -q " \./usr/share/man/man${page##*.}/$(basename "$page")\$" "$WORK/files"
done
for unit in "$ROOT"/appliance/units/*.{service,socket,timer}; do
    expect grep -q " \./lib/systemd/system/$(basename "$unit")\$" "$WORK/files"
done
for schema in "$ROOT"/appliance/schema/*.json; do
    expect grep -q " \./usr/share/vm-ingest/$(basename "$schema")\$" "$WORK/files"
done
expect_no_match "$WORK/files" '^[^ ]+ ([^r]|r[^o]|root/[^r])'
expect_no_match "$WORK/files" '^-(..[sS]|.....[sS]|....w|.......w)'
expect_no_match "$WORK/files" ' \./(usr/lib/debug|usr/local|var|root|home|tmp)/'

begin 'the binary package says its licences exactly'
mkdir "$WORK/x"
expect dpkg-deb -x "$deb" "$WORK/x"
copyright=$WORK/x/usr/share/doc/vm-ingest/copyright
expect_match "$copyright" '^Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/$'
expect_match "$copyright" '^License: Apache-2.0 and GPL-3\+$'
expect_match "$copyright" 'GPL-3.0-or-later'
expect_match "$copyright" '^License: GPL-2\+ with OpenSSL exception$'

begin 'the configuration that is installed sets nothing and tells everything'
expect_no_match "$WORK/x/etc/vm-ingest/vm-ingest.conf" '^[^#]'
for group in 'source ' 'cloudstack ' state; do
    expect_match "$WORK/x/etc/vm-ingest/vm-ingest.conf" "^#\[$group"
done

begin 'the bill of materials names what the programs link, with versions'
run "$PYTHON" - "$WORK/x" <<'EOF'
import json, re, subprocess, sys
root = sys.argv[1]
sbom = json.load(open(root + "/usr/share/vm-ingest/sbom.cdx.json"))
assert sbom["bomFormat"] == "CycloneDX" and sbom["specVersion"] == "1.5", sbom
assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", sbom["serialNumber"])
assert sbom["metadata"]["component"]["licenses"] == [{"expression": "GPL-3.0-or-later"}]
names = {part["name"]: part["version"] for part in sbom["components"]}
refs = {part["bom-ref"] for part in sbom["components"]}
assert len(refs) == len(sbom["components"]) and set(sbom["dependencies"][0]["dependsOn"]) == refs
for name in ("gsoap", "libcurl4", "libssl3", "libglib2.0-0", "libvirt0", "libsqlite3-0"):
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], stdout=subprocess.PIPE, text=True).stdout
    assert names[name] == asked, (name, names.get(name), asked)
EOF
expect_status 0

begin 'the version of the package is the version of the program'
expect test "$(dpkg-deb -f "$deb" Version)" = "$version"
run "$WORK/x/usr/bin/vm-ingest" version
expect_match "$out" "^vm-ingest $version\$"
expect test "$(dpkg-parsechangelog -l "$ROOT/appliance/debian/changelog" -S Version)" = "$version"

begin 'the programs are hardened'
for program in "$WORK"/x/usr/bin/* "$WORK"/x/usr/libexec/*; do
    run readelf -Wldh "$program"
    expect_match "$out" 'Type: +DYN'
    expect_match "$out" 'BIND_NOW'
    expect_match "$out" 'GNU_RELRO'
    expect_no_match "$out" 'GNU_STACK.*E '
done

begin 'no service is more exposed than 1.5 of 10, and every unit is well formed'
units=$WORK/x/lib/systemd/system
for service in "$units"/*.service; do
    run systemd-analyze --root="$WORK/x" --offline=true --threshold=15 --no-pager security "$(basename "$service")"
    expect_status 0
    echo "# $(tail -1 "$out")"
done
cp -n /lib/systemd/system/*.target "$units"
for unit in "$ROOT"/appliance/units/*.{service,socket,timer}; do
    name=$(basename "$unit")
    run systemd-analyze --root="$WORK/x" --man=no verify "${name/@./@x.}"
    expect_status 0
    expect_no_match "$err" .
done

begin 'nothing is enabled or started by the package'
dpkg-deb -e "$deb" "$WORK/scripts"
expect_no_match "$WORK/scripts/postinst" 'deb-systemd-invoke|systemctl'
expect_no_match "$WORK/files" '\.wants/'

begin 'what the Makefile needs to build is what the package needs to be built'
make -s --no-print-directory -C "$ROOT" -f - print <<'EOF' | tr ' ' '\n' | grep -vxE 'gcc|make|libc6-dev|' | sort -u >"$WORK/makefile"
include Makefile
print: ; @echo $(PACKAGES_BUILD) python3
EOF
sed -n '/^Build-Depends/,/^Standards/p' "$ROOT/appliance/debian/control" | sed 's/^Build-Depends://; s/([^)]*)//; s/,//' |
    grep -v '^Standards' | tr -d ' ' | grep -vE '^(debhelper-compat|dh-sequence-.*|)$' | sort -u >"$WORK/control"
expect_same "$WORK/makefile" "$WORK/control"
finish
