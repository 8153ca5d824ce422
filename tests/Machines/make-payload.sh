#!/usr/bin/env bash
# make-payload.sh FILE MODULE PWSH DOTNET: a disk image with the built module, the folder of pwsh.dll, the .NET runtime and
# the guest's scripts. Every machine has it as its second disk, read-only.
set -euo pipefail
umask 022 # whatever the session has: a root, and a disk of one, are for all users in it
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
file=$1 module=$2 pwsh=$3 dotnet=$4
folder=$file.d
mkdir -p "$folder"/{LayerImage,pwsh,guest,dotnet/shared}
cp -a "$module/." "$folder/LayerImage/"
cp -a "$pwsh/." "$folder/pwsh/"
cp -a "$here/guest/." "$folder/guest/"

# The tool has no compiled code in it. Compiled once here, it need not be at each start on an emulated processor.
compiler=$(compgen -G "${NUGET_PACKAGES:-${HOME:-/root}/.nuget/packages}/microsoft.netcore.app.crossgen2.linux-x64/*/tools/crossgen2" | tail -n 1) || true
framework=$(compgen -G "$dotnet/shared/Microsoft.NETCore.App/10.*" | sort -V | tail -n 1)
if [ -n "$compiler" ] && [ ! -e "$pwsh/libcoreclr.so" ]; then
    for name in System.Management.Automation Microsoft.PowerShell.{ConsoleHost,Security,Commands.Utility,Commands.Management}; do
        "$compiler" "$pwsh/$name.dll" -o "$folder/pwsh/$name.dll" -r "$framework/*.dll" -r "$pwsh/*.dll" --targetos linux --targetarch x64 -O
    done
fi
cp -a "$dotnet/dotnet" "$dotnet/host" "$folder/dotnet/"
cp -a "$dotnet/shared/Microsoft.NETCore.App" "$folder/dotnet/shared/"
cat >"$folder/start" <<'START'
#!/bin/sh
# A PowerShell with a runtime of its own (Microsoft's package), or one that needs .NET (the tool).
cd /opt/machine/pwsh
[ ! -e libcoreclr.so ] || exec ./pwsh "$@"
exec ../dotnet/dotnet pwsh.dll "$@"
START
chmod 755 "$folder/start"
# What the session's umask kept to itself is for all users of the machine.
chmod -R a+rX "$folder"
mke2fs -q -t ext4 -O ^has_journal -d "$folder" "$file" 1G
rm -rf --one-file-system "$folder"
