#!/usr/bin/env bash
# boot.sh FOLDER PAYLOAD SECONDS: boots the machine of make-disk.sh by software emulation, without a network, until it
# powers off. FOLDER/results has the tests' lines, FOLDER/console the kernel's, systemd's and the script's.
set -euo pipefail
folder=$1 payload=$2 seconds=$3
# An emulated processor is slowest at what a newer one has for speed, vector instructions, and at what guards it against other
# tenants. A second one costs more than it brings: the other machine has the host's other processor.
exec timeout --kill-after=5 "$seconds" qemu-system-x86_64 -M q35 -cpu Nehalem -smp 1 -m 2048 -accel tcg \
    -nodefaults -no-user-config -display none -serial "file:$folder/console" -serial "file:$folder/results" \
    -kernel "$folder/vmlinuz" -initrd "$folder/initrd" \
    -append "root=/dev/vda rw console=ttyS0 quiet mitigations=off audit=0 systemd.show_status=0" \
    -drive "file=$folder/disk.img,if=virtio,format=raw,cache=unsafe" \
    -drive "file=$payload,if=virtio,format=raw,readonly=on,cache=unsafe" </dev/null
