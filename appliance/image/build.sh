#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# appliance/image/build.sh OUT VERSION DEB - build the appliance's image into the folder OUT
#
# Any user may, on Debian 12. In the environment: KERNEL=cloud-amd64, or amd64 with every driver;
# SIGN=COMMAND that prints the signature of the file it is given; REFRESH=1 asks the apt sources
# for newer packages. The same commit, packages and variables give the same bytes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
version=$2 deb=$(realpath "$3") kernel=${KERNEL:-cloud-amd64}
case $kernel in cloud-amd64 | amd64) ;; *) echo "build.sh: KERNEL is cloud-amd64 or amd64, not '$kernel'" >&2; exit 1 ;; esac
[[ $version =~ ^[0-9][0-9A-Za-z.~+]*$ ]] || { echo "build.sh: '$version' is no version" >&2; exit 1; }
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct 2>/dev/null || dpkg-parsechangelog -l "$here/../debian/changelog" -S Timestamp)}
export SOURCE_DATE_EPOCH

step() { # step WORDS COMMAND...
    local began=$SECONDS
    "${@:2}"
    printf '  %-34s %3d s\n' "$1" $((SECONDS - began)) >&2
}
step 'packages' "$here/fetch.sh" "$out" "$kernel" "$deb"
step 'root file system, kernel, initrd' "$here/rootfs.sh" "$out" "$version" "$deb"
step 'disk' "$here/disk.sh" "$out" "$version"
step 'qcow2, OVA' "$here/publish.sh" "$out" "$version"

name=vm-ingest-$version
cd "$out"
cat <<END
$(ls -sh1 --block-size=MB "$name".{qcow2,ova} | sed "s,  *, ,g; s,^ ,,; s,^\([^ ]*\) ,\1  $out/,")

To import it; none of these lines was tried, their tools are not here (put your own names in for CAPITALS):
  CloudStack, KVM:
    cmk register template name=$name displaytext='vm-ingest $version' format=QCOW2 hypervisor=KVM zoneid=ZONE \\
        ostypeid=OS_TYPE url=https://HOST/$name.qcow2 checksum='{SHA-256}$(sed -n 's/ .*qcow2$//p' SHA256SUMS)'
  CloudStack, VMware:
    cmk register template name=$name displaytext='vm-ingest $version' format=OVA hypervisor=VMware zoneid=ZONE \\
        ostypeid=OS_TYPE url=https://HOST/$name.ova checksum='{SHA-256}$(sed -n 's/ .*ova$//p' SHA256SUMS)' \\
        details[0].rootDiskController=pvscsi details[0].nicAdapter=Vmxnet3
  vSphere, ovftool:
    ovftool --name=vm-ingest --datastore=DATASTORE --network=PORT_GROUP --prop:vm-ingest.address=ADDRESS/PREFIX \\
        --prop:vm-ingest.gateway=GATEWAY --prop:vm-ingest.dns=DNS $name.ova vi://USER@VCENTER/DATACENTER/host/CLUSTER
  vSphere, govc:
    govc import.spec $name.ova >settings.json    # fill in PropertyMapping and NetworkMapping
    govc import.ova -name vm-ingest -options settings.json $name.ova
END
