#!/usr/bin/env bash
# fresh.sh SUITE FOLDER DOTNET NAME=COMMAND…: README's commands, in a clean clone in a Debian root that has the .NET SDK and
# nothing else of ours: no package, no cache, an empty home. FOLDER/results has a line for each, as a machine's (guest/Assert.ps1).
# Start it by "unshare --mount --pid --fork --kill-child", so that neither mounts nor processes are left, however it ends.
# Its root is pivoted to. In a chroot the mount namespace's root would still be this host's, and that is where crun's exec ends.
set -euo pipefail
umask 022 # whatever the session has: a root, and a disk of one, are for all users in it
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$here/debian.sh"
suite=$1 folder=$2 dotnet=$3
shift 3
root=$folder/root
repository=$(readlink -f "$here/../..")

make_root "$suite" "$root" "$(icu_package "$suite"),ca-certificates" >"$folder/make.log" 2>&1

# What reaches a mirror and a package source from here must do so from there.
cp -a /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
cp -a /etc/ssl/certs/. "$root/etc/ssl/certs/"
for path in /etc/hosts /etc/resolv.conf; do cp -L "$path" "$root/etc/" 2>/dev/null || true; done
for path in /usr/local/share/ca-certificates "${HOME:-/root}/.nuget/NuGet"; do
    [ ! -d "$path" ] || { mkdir -p "$root${path/#${HOME:-/root}//root}" && cp -a "$path/." "$root${path/#${HOME:-/root}//root}/"; }
done

# A clone, and over it the files that are changed here and not committed yet.
git -c safe.directory='*' clone -q "$repository" "$root/opt/checkout"
cd "$repository"
git -c safe.directory='*' ls-files -z --deleted | (cd "$root/opt/checkout" && xargs -0r rm -f)
git -c safe.directory='*' ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
    [ ! -e "$file" ] || printf '%s\0' "$file"
done | tar --null --no-recursion -T - -cf - | tar -C "$root/opt/checkout" -xf -

mkdir -p "$root/usr/share/dotnet" "$root/old"
mount --bind "$root" "$root"
mount --bind "$dotnet" "$root/usr/share/dotnet"
mount -o remount,bind,ro "$root/usr/share/dotnet"
mount -t proc none "$root/proc"
for path in /sys /dev; do mount --rbind "$path" "$root$path"; done
for path in /run /tmp; do mount -t tmpfs none "$root$path"; done
exec 9>"$folder/results"
cd "$root"
pivot_root . old
cd /
umount -l /old

environment=(HOME=/root DOTNET_ROOT=/usr/share/dotnet PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
for name in http_proxy https_proxy no_proxy NUGET_CERT_REVOCATION_MODE; do
    [ -z "${!name:-}" ] || environment+=("$name=${!name}")
done

# The end of a log as one line: guest/Assert.ps1's escapes.
one_line() { tail -n 40 "$1" | tr -d '\r' | sed -e 's/\\/\\\\/g' | awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }'; }

cd /opt/checkout
for test in "$@"; do
    start=$SECONDS
    if env -i "${environment[@]}" bash -c "${test#*=}" </dev/null >/var/log/command 2>&1 9>&-; then
        echo "TEST PASS $(((SECONDS - start) * 1000)) ${test%%=*}" >&9
        echo "NOTE ${test#*=}: $((SECONDS - start)) s, its last line is: $(tail -n 1 /var/log/command)" >&9
    else
        echo "TEST FAIL $(((SECONDS - start) * 1000)) ${test%%=*}: exit code $?\\n$(one_line /var/log/command)" >&9
    fi
done
echo "END $#" >&9
