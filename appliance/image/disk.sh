#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# appliance/image/disk.sh OUT VERSION - OUT/disk.raw and the files of a slot, from what rootfs.sh made
#
# Needs no root, no loop device and no mount. The disk boots by BIOS (GRUB in the gap and the BIOS
# boot partition) and by UEFI (GRUB on the ESP), from one grub.cfg. Slot b is empty; the state
# partition is made on the first boot, up to the end of whatever disk that is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
: "${SOURCE_DATE_EPOCH:?}"
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC MTOOLS_SKIP_CHECK=1 PATH=/usr/sbin:/usr/bin:/sbin:/bin
out=$1 version=$2
mib=1048576
disk_mib=${DISK_MIB:-8192} esp_mib=128 slot_mib=320 # slot_mib stands in root/usr/lib/repart.d, too
work=$(mktemp -d "${TMPDIR:-/tmp}/vm-ingest-disk.XXXXXX")
trap 'rm -rf "$work"' EXIT

fail() { echo "disk.sh: $*" >&2; exit 1; }
fits() { [ "$(stat -c %s "$1")" -le "$2" ] || fail "$1 has $(stat -c %s "$1") bytes; $2 is the most"; }

make_slot() { # root.img: the file system, filled up to whole blocks, and its hash tree behind it
    local size salt hash
    cp "$out/root.squashfs" "$work/root.img"
    size=$((($(stat -c %s "$work/root.img") + 4095) / 4096 * 4096))
    truncate -s $size "$work/root.img"
    salt=$(printf 'vm-ingest %s %s' "$version" "$SOURCE_DATE_EPOCH" | sha256sum | cut -c1-64)
    veritysetup format --no-superblock --data-blocks=$((size / 4096)) --hash-offset=$size --salt="$salt" \
        "$work/root.img" "$work/root.img" >"$work/verity"
    hash=$(sed -n 's/^Root hash:[[:space:]]*//p' "$work/verity")
    [ ${#hash} = 64 ] || fail "veritysetup gave no root hash"
    fits "$work/root.img" $((slot_mib * mib))
    mv "$work/root.img" "$out/root.img"
    # Without the slot's letter, which whoever writes the slot puts in.
    echo "root=/dev/mapper/root ro vm_ingest.root=@SLOT@,$((size / 4096)),$hash,$salt" \
        "console=tty0 console=ttyS0,115200 systemd.gpt_auto=0 panic=10 lockdown=integrity quiet loglevel=3 consoleblank=0" \
        >"$out/arguments"
}

make_esp() {
    local modules="part_gpt fat normal linux configfile loadenv test echo serial terminal sleep reboot halt"
    printf 'configfile $prefix/grub.cfg\n' >"$work/early.cfg"
    grub-mkimage -O i386-pc -p '(,gpt2)/grub' -c "$work/early.cfg" -o "$work/core.img" biosdisk $modules
    grub-mkimage -O x86_64-efi -p /grub -c "$work/early.cfg" -o "$work/BOOTX64.EFI" $modules efi_gop efi_uga video all_video
    cp "$here/boot/grub.cfg" "$work/"
    echo "set slot_arguments=\"$(sed s/@SLOT@/a/ "$out/arguments")\"" >"$work/slot.cfg"
    cp "$out/vmlinuz" "$out/initrd" "$work/"
    { printf '# GRUB Environment Block\nslot=a\n'; printf '%1024s' '' | tr ' ' '#'; } | head -c 1024 >"$work/grubenv"
    find "$work" -type f -exec touch --date="@$SOURCE_DATE_EPOCH" {} +
    truncate -s ${esp_mib}M "$work/esp.img"
    mkfs.vfat -F 32 -n VM-INGEST -i 56494E47 --invariant "$work/esp.img" >/dev/null
    mmd -i "$work/esp.img" ::EFI ::EFI/BOOT ::grub ::a ::b
    mcopy -m -i "$work/esp.img" "$work/BOOTX64.EFI" ::EFI/BOOT/
    mcopy -m -i "$work/esp.img" "$work/grub.cfg" "$work/grubenv" ::grub/
    mcopy -m -i "$work/esp.img" "$work/vmlinuz" "$work/initrd" "$work/slot.cfg" ::a/
}

number() { # number VALUE: as 8 bytes, the lowest first
    local i
    for i in 0 1 2 3 4 5 6 7; do printf "\\x$(printf %02x $(($1 >> (8 * i) & 255)))"; done
}
put() { # put OFFSET: standard input into the disk, zeros left out
    dd of="$out/disk.raw" bs=1M oflag=seek_bytes seek="$1" conv=notrunc,sparse iflag=fullblock status=none
}

make_disk() {
    local esp=$((2 * mib)) a=$(((2 + esp_mib) * mib)) b=$(((2 + esp_mib + slot_mib) * mib)) id=76696E67
    rm -f "$out/disk.raw"
    truncate -s "${disk_mib}M" "$out/disk.raw"
    sfdisk --quiet --no-reread --no-tell-kernel "$out/disk.raw" <<END
label: gpt
label-id: $id-0000-4000-8000-000000000000
unit: sectors
start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649, name=vm-ingest-bios, uuid=$id-0000-4000-8000-000000000001
start=$((esp / 512)), size=$((esp_mib * 2048)), type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=vm-ingest-esp, uuid=$id-0000-4000-8000-000000000002
start=$((a / 512)), size=$((slot_mib * 2048)), type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=vm-ingest-a, uuid=$id-0000-4000-8000-000000000003
start=$((b / 512)), size=$((slot_mib * 2048)), type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=vm-ingest-b, uuid=$id-0000-4000-8000-000000000004
END
    put $esp <"$work/esp.img"
    put $a <"$out/root.img"
    # GRUB for the BIOS: boot.img names the sector of core.img, core.img that of its rest.
    fits "$work/core.img" $mib
    put $mib <"$work/core.img"
    head -c 440 /usr/lib/grub/i386-pc/boot.img | put 0
    number 2048 | put 92
    number 2049 | put $((mib + 500))
    printf '\x90\x90' | put 102
}

make_slot
make_esp
make_disk
