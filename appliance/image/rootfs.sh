#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# appliance/image/rootfs.sh OUT VERSION DEB... - the root file system, kernel and initrd of the image
#
# From the packages that fetch.sh left in OUT and those of our own: OUT/root.squashfs, OUT/vmlinuz,
# OUT/initrd and OUT/sbom.cdx.json. Any user who has subordinate user ids may run it: it works in
# name spaces of its own, on a file system in memory, which vanishes with them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
: "${SOURCE_DATE_EPOCH:?}"
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC PATH=/usr/sbin:/usr/bin:/sbin:/bin
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true
umask 022

if [ "${1:-}" != --inside ]; then
    name_spaces=(--mount --pid --fork --kill-child)
    [ "$(id -u)" = 0 ] || name_spaces+=(--user --map-auto --map-root-user)
    root=$(mktemp -d "${TMPDIR:-/tmp}/vm-ingest-root.XXXXXX")
    trap 'rmdir "$root"' EXIT # never more than rmdir: /dev may be mounted below
    if ! unshare "${name_spaces[@]}" true; then
        echo "rootfs.sh: $(id -un) cannot make name spaces: it needs lines in /etc/subuid and /etc/subgid" >&2
        echo "as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un)" >&2
        exit 1
    fi
    unshare "${name_spaces[@]}" "$0" --inside "$root" "$@"
    exit
fi
root=$2 out=$3 version=$4
shift 4
log=$out/rootfs.log
mount -t tmpfs -o mode=755,size=2g root "$root"

deb_of() { # deb_of NAME=VERSION
    local file=${1/=/_}
    compgen -G "$out/cache/${file//:/%3a}_*.deb"
}
in_root() { chroot "$root" "$@" >>"$log" 2>&1 || { tail -n 20 "$log" >&2; echo "rootfs.sh: failed: $*; see $log" >&2; exit 1; }; }

install_packages() {
    local directory package node debs=()
    for directory in bin sbin lib lib64; do
        mkdir -p "$root/usr/$directory"
        ln -s "usr/$directory" "$root/$directory"
    done
    mkdir -p "$root"/{proc,dev,sys,run,var/lib/dpkg/info,debs}
    touch "$root"/var/lib/dpkg/{status,available}
    for node in null zero full random urandom; do
        touch "$root/dev/$node"
        mount --bind "/dev/$node" "$root/dev/$node"
    done
    while read -r _ package; do debs+=("$(deb_of "$package")"); done < <(grep '^root ' "$out/packages.lock")
    # Everything lies there before the first maintainer script runs.
    for package in "${debs[@]}" "$@"; do
        dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --keep-directory-symlink --exclude='./dev/*'
        cp "$package" "$root/debs/"
    done
    mount -t proc proc "$root/proc"
    # No service starts in here, and nobody makes keys that every appliance would share.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    mkdir -p "$root/etc/ssh"
    touch "$root"/etc/ssh/ssh_host_{rsa,ecdsa,ed25519}_key
    in_root sh -c 'dpkg --force-depends --force-unsafe-io --install /debs/*.deb'
    in_root sh -c 'test -z "$(dpkg --audit)"'
    rm -r "$root/debs" "$root/usr/sbin/policy-rc.d" "$root"/etc/ssh/ssh_host_*
}

install_kernel() {
    local kernel busybox release unused
    kernel=$(deb_of "$(sed -n 's/^only \(linux-image-.*\)/\1/p' "$out/packages.lock")")
    busybox=$(deb_of "$(sed -n 's/^only \(busybox-static=.*\)/\1/p' "$out/packages.lock")")
    mkdir "$root/initrd"
    dpkg-deb --fsys-tarfile "$kernel" | tar -x -C "$root" --keep-directory-symlink --wildcards './boot/vmlinuz*' ./lib/modules './usr/share/doc/*/copyright'
    dpkg-deb --fsys-tarfile "$busybox" | tar -x -C "$root/initrd" ./bin/busybox
    # What is in the image stands in its list of packages.
    for package in "$kernel" "$busybox"; do
        dpkg-deb --field "$package" Package Version Architecture Source Maintainer Description |
            sed -e 's/^Package:.*/&\nStatus: install ok installed/' -e '$a\\'
    done >>"$root/var/lib/dpkg/status"
    release=$(ls "$root/lib/modules")
    if [[ $release == *-cloud-* ]]; then
        while read -r unused; do
            # shellcheck disable=SC2086
            (cd "$root/lib/modules/$release/kernel" && rm -rf $unused)
        done < <(sed -e 's/#.*//' "$here/boot/modules-unused")
    fi
    in_root depmod "$release"
    mv "$root/boot/vmlinuz-$release" "$out/vmlinuz"
    make_initrd "$release"
    rm -rf "$root/initrd" "$root"/boot/*
}

make_initrd() { # busybox, dmsetup with its libraries, drivers of disks, and our init
    local tree=$root/initrd module file library
    mkdir -p "$tree"/{dev,proc,sys,root,sbin,lib/modules,usr}
    install -m 755 "$here/boot/init" "$tree/init"
    in_root /initrd/bin/busybox --install -s /initrd/bin
    for file in "$tree"/bin/*; do [ ! -L "$file" ] || ln -sf busybox "$file"; done
    cp "$root/usr/sbin/dmsetup" "$tree/sbin/"
    chroot "$root" ldd /usr/sbin/dmsetup | grep -oE '/[^ ]+' | while read -r library; do
        install -D -m 755 "$root$library" "$tree$library"
    done
    while read -r module; do
        chroot "$root" modprobe --set-version "$1" --show-depends "$module" 2>/dev/null || true
    done < <(sed -e 's/#.*//' -e '/^$/d' "$here/boot/modules") |
        sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r file; do
            install -D -m 644 "$root$file" "$tree$file"
        done
    cp "$root/lib/modules/$1"/modules.{order,builtin} "$tree/lib/modules/$1/"
    in_root depmod --basedir /initrd "$1"
    rm -f "$tree/lib/modules/$1"/*.bin
    find "$tree" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    (cd "$tree" && find . -print0 | sort -z | cpio --null --create --format=newc --reproducible --owner=0:0 --quiet) |
        zstd --quiet --force -19 -T1 -o "$out/initrd"
}

configure() {
    local os_release
    cp -r --no-preserve=ownership,timestamps "$here/root/." "$root/"
    echo vm-ingest >"$root/etc/hostname"
    printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
    : >"$root/etc/machine-id"
    ln -sf ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
    mkdir -p "$root/efi"
    in_root systemd-sysusers
    # The operator logs in as the user of the services; the config is in the state (see tmpfiles.d).
    in_root usermod --shell /bin/bash --home /var/lib/vm-ingest vm-ingest
    mkdir -p "$root/usr/share/vm-ingest"
    mv "$root/etc/vm-ingest" "$root/usr/share/vm-ingest/etc"
    ln -s ../var/lib/vm-ingest-appliance/etc "$root/etc/vm-ingest"
    # The settings may add authorities, and variables for whoever logs in.
    mv "$root/etc/ssl/certs/ca-certificates.crt" "$root/usr/share/vm-ingest/"
    ln -s /run/vm-ingest-appliance/ca-certificates.crt "$root/etc/ssl/certs/"
    echo 'session required pam_env.so envfile=/run/vm-ingest-appliance/environment' >>"$root/etc/pam.d/sshd"
    in_root systemctl preset-all
    in_root systemctl set-default multi-user.target
    # shellcheck disable=SC2046
    in_root systemctl mask $(sed -e 's/#.*//' "$here/masked-units")
    os_release=$root/usr/lib/os-release
    printf 'IMAGE_ID=vm-ingest\nIMAGE_VERSION=%s\n' "$version" >>"$os_release"
}

strip_root() { # what an image that is only replaced whole has no use for
    local package
    for package in ucf adduser apt debian-archive-keyring gpgv libapt-pkg6.0 debconf libdebconfclient0 \
        init-system-helpers sysvinit-utils logsave sensible-utils perl-base; do
        in_root dpkg --purge --force-depends --force-remove-essential --force-remove-protected "$package"
    done
    "$here/../sbom" --name vm-ingest-appliance --version "$version" --type operating-system --root "$root" >"$out/sbom.cdx.json"
    install -m 644 "$out/sbom.cdx.json" "$root/usr/share/vm-ingest/sbom.cdx.json"
    umount "$root/proc" "$root"/dev/*
    find "$root/etc" -maxdepth 1 -type f -name '*-' -delete
    rm -rf "$root"/var/{cache,log,lib,tmp,backups}/* "$root"/usr/share/{info,locale,man,lintian,bug,bash-completion,zsh,fish} \
        "$root"/dev/* "$root"/run/* "$root"/tmp/* "$root"/usr/lib/udev/hwdb.* \
        "$root"/etc/{apt,cron.*,logrotate.d,init.d,rc*.d,default/ssh~}
    # The licences stay.
    find "$root/usr/share/doc" ! -type d ! -name copyright -delete
    find "$root/usr/share/doc" -type d -empty -delete
    # Nobody needs to become another user.
    find "$root" -xdev -type f -perm /6000 -exec chmod ug-s {} +
}

: >"$log"
install_packages "$@"
configure
install_kernel
strip_root
rm -f "$out/root.squashfs"
mksquashfs "$root" "$out/root.squashfs" -comp zstd -Xcompression-level "${LEVEL:-12}" -b 256K -no-xattrs -noappend -no-progress -quiet
