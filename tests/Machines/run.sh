#!/usr/bin/env bash
# run.sh make FOLDER MODULE PWSH DOTNET [NAME…]: makes the disks of the machines, side by side.
# run.sh boot FOLDER [NAME…]: boots those that were made, side by side, until they power off. Everything is in FOLDER
# afterwards: NAME/results (the tests), NAME/console, NAME/make.log. Start it by
#   unshare --mount --pid --fork --kill-child --mount-proc tests/Machines/run.sh …
# so that neither mounts nor processes are left, however it ends.
#
#   FOLDER   a folder that exists, with 4 GB of room
#   MODULE   the built module: out/LayerImage
#   PWSH     the folder of pwsh.dll
#   DOTNET   the folder of the .NET that runs it
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
verb=$1 folder=$2
seconds=${MACHINE_SECONDS:-1200}

suite_of() {
    case $1 in
        Debian12) echo bookworm ;;
        Debian13) echo trixie ;;
        *)
            echo "run.sh: there is no machine '$1'." >&2
            return 64
            ;;
    esac
}

# Runs a step in the background, tells how long it took, and keeps what it writes.
step() {
    local what=$1 log=$2
    shift 2
    (
        TIMEFORMAT="  $what took %R s (%U + %S s of a processor)"
        time "$@" >>"$log" 2>&1
    ) &
    jobs+=($!)
}

all_done() {
    local job
    for job in "${jobs[@]}"; do wait "$job" || status=1; done
    jobs=()
}

jobs=()
status=0
case $verb in
    make) names=("${@:6}") ;;
    boot) names=("${@:3}") ;;
    *)
        sed -n '2,4s/^# \{0,1\}//p' "$0" >&2
        exit 64
        ;;
esac
[ ${#names[@]} -gt 0 ] || names=(Debian12 Debian13)
[ "$verb" = boot ] || step "The payload" "$folder/payload.log" "$here/make-payload.sh" "$folder/payload.img" "$3" "$4" "$5"
for name in "${names[@]}"; do
    if [ "$verb" = make ]; then
        suite=$(suite_of "$name")
        mkdir -p "$folder/$name"
        step "Making $name" "$folder/$name/make.log" "$here/make-disk.sh" "$suite" "$folder/$name"
    elif [ -e "$folder/$name/disk.img" ]; then
        step "Running $name" "$folder/$name/make.log" "$here/boot.sh" "$folder/$name" "$folder/payload.img" "$seconds"
    fi
done
all_done
exit $status
