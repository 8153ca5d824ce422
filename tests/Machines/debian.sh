#!/usr/bin/env bash
# Sourced: what the machines and the fresh roots need to know of Debian.

# The Debian mirror of this host's own apt, in whichever form its sources are written; nothing where there is none.
debian_mirror() {
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -m 1 '/debian/$'
}

# .NET loads ICU, whose package has another name in each release.
icu_package() {
    case $1 in
        bookworm) echo libicu72 ;;
        trixie) echo libicu76 ;;
        *)
            echo "debian.sh: no ICU package is known for '$1'." >&2
            return 64
            ;;
    esac
}

# make_root SUITE FOLDER PACKAGES [ARGUMENTS OF mmdebstrap]: a root of the mirror's packages. Documentation is deleted afterwards:
# to have dpkg leave it out would start a filter for each package.
make_root() {
    local suite=$1 folder=$2 packages=$3
    shift 3
    mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" \
        --dpkgopt=force-unsafe-io --aptopt='Acquire::Languages "none"' \
        --customize-hook='rm -rf "$1"/usr/share/doc "$1"/usr/share/man "$1"/usr/share/locale' \
        "$@" "$suite" "$folder" "deb $(debian_mirror) $suite main"
}
