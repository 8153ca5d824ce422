#!/usr/bin/env bash
# make-disk.sh SUITE FOLDER: a whole Debian with its own kernel, systemd and firewalld, as FOLDER/disk.img, and
# FOLDER/vmlinuz and FOLDER/initrd to boot it. Root; in mount and process namespaces of its own (see run.sh).
set -euo pipefail
umask 022 # whatever the session has: a root, and a disk of one, are for all users in it
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$here/debian.sh"
suite=$1 folder=$2
root=$folder/root
packages=systemd-sysv,dbus,udev,kmod,firewalld,netbase,crun,conmon,nftables,iproute2,busybox-static,$(icu_package "$suite")
mkdir -p "$folder"

# The kernel's package is unpacked and not installed: it would bring initramfs-tools, and a minute's work of it.
fetch_kernel="cd '$folder' && export APT_CONFIG=\$MMDEBSTRAP_APT_CONFIG &&
    apt-get -q download \$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-.*\)/\1/p')"
make_root "$suite" "$root" "$packages" --customize-hook="$fetch_kernel"
dpkg-deb -x "$folder"/linux-image-*.deb "$folder/kernel"
cp "$folder"/kernel/boot/vmlinuz-* "$folder/vmlinuz"
modules=$folder/kernel/usr/lib/modules # trixie's package; bookworm's has /lib
[ -d "$modules" ] || modules=$folder/kernel/lib/modules
version=$(ls "$modules")
mkdir -p "$root/usr/lib/modules"
cp -a "$modules/." "$root/usr/lib/modules/"
chroot "$root" depmod "$version"

# An initrd of this machine's own few modules: it is unpacked in no time, where Debian's takes an emulated processor long.
mkdir -p "$folder"/initrd.d/{bin,modules,dev,proc,root}
cp "$root/bin/busybox" "$folder/initrd.d/bin/"
for name in insmod mount switch_root sh; do ln -s busybox "$folder/initrd.d/bin/$name"; done
number=100
{ for module in virtio_pci virtio_blk crc32c_generic ext4; do
    chroot "$root" modprobe --set-version "$version" --show-depends "$module" 2>/dev/null || true
done; } | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
    number=$((number + 1))
    name=$folder/initrd.d/modules/$number-$(basename "$path")
    cp "$root$path" "$name"
    case $name in *.xz) busybox unxz "$name" ;; esac
done
cat >"$folder/initrd.d/init" <<'INIT'
#!/bin/sh
export PATH=/bin
mount -t devtmpfs none /dev
for module in /modules/*; do insmod "$module"; done
mount -t ext4 /dev/vda /root
mount -o move /dev /root/dev
exec switch_root /root /sbin/init
INIT
chmod 755 "$folder/initrd.d/init"
(cd "$folder/initrd.d" && find . | busybox cpio -o -H newc 2>/dev/null) >"$folder/initrd"

# (What is compiled stays as it is compiled: to do it again, and better, does not pay on an emulated processor.)
# The tests are a part of the boot after everything else, so that they see what a user sees who logs in.
cat >"$root/etc/systemd/system/machine-test.service" <<'UNIT'
[Unit]
Description=The machine's tests
After=multi-user.target firewalld.service
[Service]
Type=oneshot
Environment=HOME=/root DOTNET_ROOT=/opt/machine/dotnet DOTNET_TieredPGO=0 DOTNET_TC_CallCounting=0 POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ExecStart=/opt/machine/start -NoLogo -NoProfile -NonInteractive -File /opt/machine/guest/machine.ps1
ExecStopPost=/bin/systemctl --no-block poweroff
StandardOutput=journal+console
StandardError=journal+console
TimeoutStartSec=infinity
[Install]
WantedBy=graphical.target
UNIT
wants=$root/etc/systemd/system/graphical.target.wants
mkdir -p "$wants" "$root/opt/machine"
ln -s ../machine-test.service "$wants/"
ln -sf /lib/systemd/system/graphical.target "$root/etc/systemd/system/default.target"
for unit in apt-daily.timer apt-daily-upgrade.timer getty@tty1.service serial-getty@ttyS0.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
echo machine >"$root/etc/hostname"
echo 'nameserver 192.0.2.53' >"$root/etc/resolv.conf"
printf '%s\n' '/dev/vda / ext4 defaults 0 1' '/dev/vdb /opt/machine ext4 ro,noload 0 0' >"$root/etc/fstab"
mke2fs -q -t ext4 -d "$root" "$folder/disk.img" 4G
rm -rf --one-file-system "$root" "$folder/kernel" "$folder/initrd.d" "$folder"/*.deb
