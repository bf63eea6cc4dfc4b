#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# appliance/image/publish.sh OUT VERSION - the files to hand out, from OUT/disk.raw
#
# qcow2, OVA, list of packages, SBOM, SHA256SUMS. The same disk gives the same bytes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
: "${SOURCE_DATE_EPOCH:?}"
export LC_ALL=C TZ=UTC
cd "$1"
version=$2
name=vm-ingest-$version

make_ova() {
    local vmdk=$name-disk1.vmdk capacity populated file
    qemu-img convert -O vmdk -o subformat=streamOptimized,adapter_type=lsilogic,hwversion=13 disk.raw "$vmdk"
    # qemu-img draws the content id at random, and writes it without leading zeros.
    python3 - "$vmdk" "$(sha256sum root.img | cut -c1-8)" <<'PYTHON'
import re, sys
with open(sys.argv[1], "r+b") as vmdk:
    vmdk.seek(512)
    text = vmdk.read(20 * 512)
    new, n = re.subn(rb"(?m)^CID=[0-9a-f]+$", b"CID=" + sys.argv[2].encode(), text)
    assert n == 1, "no content id in " + sys.argv[1]
    vmdk.seek(512)
    vmdk.write(new[:len(text)].ljust(len(text), b"\0"))
PYTHON
    capacity=$(stat -c %s disk.raw)
    # What is not zero, not what the file system happens to use for it.
    populated=$(($(stat -c %s root.img) + $(stat -c %s vmlinuz) + $(stat -c %s initrd) + 2097152))
    sed -e "s/@NAME@/$name/" -e "s/@VERSION@/$version/" -e "s/@SIZE@/$(stat -c %s "$vmdk")/" \
        -e "s/@CAPACITY@/$capacity/" -e "s/@POPULATED@/$populated/" "$here/ovf.in" >"$name.ovf"
    for file in "$name.ovf" "$vmdk"; do
        printf 'SHA256(%s)= %s\n' "$file" "$(sha256sum "$file" | cut -d' ' -f1)"
    done >"$name.mf"
    tar --format=ustar --owner=0 --group=0 --numeric-owner --mode=0644 --mtime="@$SOURCE_DATE_EPOCH" \
        -cf "$name.ova" "$name.ovf" "$name.mf" "$vmdk"
    rm "$name.ovf" "$name.mf" "$vmdk"
}

make_ova &
qemu-img convert -c -O qcow2 disk.raw "$name.qcow2"
wait $!
sed -n 's/^[a-z]* //p' packages.lock >"$name.packages"
mv sbom.cdx.json "$name.cdx.json"
sha256sum "$name".{qcow2,ova,packages,cdx.json} >SHA256SUMS
if [ -n "${SIGN:-}" ]; then
    $SIGN SHA256SUMS >SHA256SUMS.sig
fi
