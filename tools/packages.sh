#!/usr/bin/env bash
# Installs the programs that LayerImage (runtime), its tests (tests) or whole machines to test on need and that are missing.
#   tools/packages.sh missing runtime|tests|machines     print what is missing, one package a line
#   tools/packages.sh install runtime|tests|machines     install it (root)
# No service is started: a policy-rc.d of ours says so while apt works, and a former one comes back.
set -euo pipefail
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

policy=/usr/sbin/policy-rc.d
saved=$policy.before-layerimage
mark='# layerimage: temporary, starts nothing'

manager() {
    local name
    for name in apt-get dnf zypper apk; do
        if command -v "$name" >/dev/null; then
            echo "$name"
            return
        fi
    done
}

# command, package, and the package's name where dnf installs it
runtime_table() {
    cat <<'TABLE'
crun crun crun
conmon conmon conmon
nft nftables nftables
ip iproute2 iproute
TABLE
}

test_packages='podman skopeo umoci buildah docker.io docker-registry firewalld dbus busybox-static mmdebstrap uidmap apache2-utils curl tini tmux e2fsprogs perl xfsprogs btrfs-progs attr acl procps strace zstd xz-utils bzip2'
machine_packages='mmdebstrap e2fsprogs busybox-static git qemu-system-x86'

missing() {
    local command package packages fedora
    case $1 in
        runtime)
            while read -r command package fedora; do
                command -v "$command" >/dev/null && continue
                if [ "$(manager)" = dnf ]; then echo "$fedora"; else echo "$package"; fi
            done < <(runtime_table)
            ;;
        tests | machines)
            # The peers are compared with as Debian has them; elsewhere the tests that need one are skipped.
            command -v dpkg-query >/dev/null || return 0
            packages=$test_packages
            [ "$1" = tests ] || packages=$machine_packages
            # Since Debian 13 docker.io is the daemon alone.
            [ "$1" != tests ] || [ "$(. /etc/os-release && echo "${VERSION_ID:-0}")" -lt 13 ] || packages+=' docker-cli'
            for package in $packages; do
                dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || echo "$package"
            done
            ;;
        *)
            echo "packages.sh: '$1' is none of runtime, tests, machines." >&2
            return 64
            ;;
    esac
}

restore_policy() {
    if [ -e "$saved" ]; then
        mv -f "$saved" "$policy"
    elif grep -qsF "$mark" "$policy"; then
        rm -f "$policy"
    fi
}

start_no_services() {
    # What a killed run left is undone first, so that its file is not taken for the machine's own.
    restore_policy
    trap restore_policy EXIT
    [ ! -e "$policy" ] || mv "$policy" "$saved"
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
    chmod 755 "$policy"
}

install_with() {
    local with=$1
    shift
    case $with in
        apt-get)
            start_no_services
            export DEBIAN_FRONTEND=noninteractive
            apt-get -qq update
            apt-get -qq install -y --no-install-recommends "$@"
            ;;
        dnf) dnf -q -y install "$@" ;;
        zypper) zypper --non-interactive --quiet install "$@" ;;
        apk) apk add --quiet "$@" ;;
        *)
            echo "No package manager that is known here; install by hand: $*" >&2
            return 1
            ;;
    esac
}

main() {
    local action=${1:-} what=${2:-}
    local -a packages
    mapfile -t packages < <(missing "$what")
    case $action in
        missing)
            [ ${#packages[@]} -eq 0 ] || printf '%s\n' "${packages[@]}"
            ;;
        install)
            [ ${#packages[@]} -eq 0 ] && return 0
            # One at a time: two would take each other's policy-rc.d for the machine's.
            exec 8>/run/layerimage-packages.lock
            flock 8
            mapfile -t packages < <(missing "$what")
            [ ${#packages[@]} -eq 0 ] || install_with "$(manager)" "${packages[@]}" </dev/null
            ;;
        *)
            sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
            return 64
            ;;
    esac
}

main "$@"
