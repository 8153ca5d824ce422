# What the suites share; dot-sourced in BeforeDiscovery and BeforeAll.

$Root = [IO.Path]::GetFullPath("$PSScriptRoot/../..")
$ManifestPath = "$Root/out/LayerImage/LayerImage.psd1"

# Why containers and ports cannot be tested here; nothing when they can.
function Get-MissingRequirement {
    if (-not [Environment]::IsPrivilegedProcess) { return 'needs root' }
    if ($env:LAYERIMAGE_TEST_NETNS -ne '1') { return 'needs a network namespace of its own: run through ./layerimage build.ps1 Test' }
    foreach ($tool in 'crun', 'conmon', 'nft', 'ip', 'busybox') {
        if (-not (Get-Command $tool -CommandType Application -ErrorAction Ignore)) { return "needs the program '$tool'" }
    }
}

# A store of the suite's own, and the root file system that its images are made of.
function Start-TestHost {
    $folder = [IO.Directory]::CreateTempSubdirectory('limg-').FullName
    $saved = @{}
    foreach ($name in 'ROOT', 'RUN', 'CONFIG') {
        $saved[$name] = [Environment]::GetEnvironmentVariable("LAYERIMAGE_$name")
        [Environment]::SetEnvironmentVariable("LAYERIMAGE_$name", "$folder/$($name.ToLowerInvariant())")
    }
    Import-Module $ManifestPath
    New-BusyboxRoot "$folder/rootfs"
    [pscustomobject]@{ Folder = $folder; Saved = $saved; RootFs = "$folder/rootfs" }
}

function Stop-TestHost($TestHost) {
    try {
        Get-Container | Remove-LayerContainer -Force
        if ((Get-HostFirewall).Running) { $null = Stop-HostFirewall }
    }
    finally {
        foreach ($name in $TestHost.Saved.Keys) { [Environment]::SetEnvironmentVariable("LAYERIMAGE_$name", $TestHost.Saved[$name]) }
        # It stops at mounts, should a failed test have left one.
        & rm -rf --one-file-system $TestHost.Folder
    }
}

function New-BusyboxRoot([string] $Folder) {
    foreach ($name in 'bin', 'dev', 'etc', 'proc', 'root', 'sys', 'srv', 'tmp') { $null = New-Item -ItemType Directory "$Folder/$name" }
    Copy-Item @(Get-Command busybox -CommandType Application)[0].Source "$Folder/bin/busybox"
    foreach ($applet in & busybox --list) {
        if ($applet -ne 'busybox') { $null = [IO.File]::CreateSymbolicLink("$Folder/bin/$applet", 'busybox') }
    }
    [IO.File]::WriteAllText("$Folder/etc/passwd", "root:x:0:0:root:/root:/bin/sh`nweb:x:1000:1000:web:/:/bin/sh`n")
    [IO.File]::WriteAllText("$Folder/srv/index.html", "It works.`n")
    # Whatever the umask of whoever runs this.
    & chmod -R go+rX $Folder
}

# The error that a script block writes or throws; nothing when it does neither.
function Get-Failure([scriptblock] $Script) {
    $Error.Clear()
    try { $null = & $Script 2>&1 } catch { return $_ }
    if ($Error.Count -gt 0) { $Error[$Error.Count - 1] }
}
