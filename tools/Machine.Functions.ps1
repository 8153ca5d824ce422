# The steps of build.ps1 Test that need whole machines: Debian 12 and 13 booted by qemu, and README's commands in roots that
# have the .NET SDK and nothing else. What runs in them is in tests/Machines; here the results are read and counted.

# Why none can be made here; nothing when they can.
function Get-MachineObstacle([string[]] $Programs) {
    if (-not [Environment]::IsPrivilegedProcess) { return 'needs root' }
    foreach ($program in $Programs) {
        if (-not (Get-Command $program -CommandType Application -ErrorAction Ignore)) { return "needs the program '$program'" }
    }
    if (-not @(bash -c '. "$1" && debian_mirror' bash "$Root/tests/Machines/debian.sh")) {
        return "needs a Debian mirror among apt's sources"
    }
}

# The folder of pwsh.dll, which the machines get: of the PowerShell that runs this, or that LAYERIMAGE_PWSH names.
function Get-PwshFolder {
    foreach ($folder in $PSHOME, [IO.Path]::GetDirectoryName("$([Environment]::GetEnvironmentVariable('LAYERIMAGE_PWSH'))")) {
        if ($folder -and [IO.File]::Exists("$folder/pwsh.dll")) { return $folder }
    }
}

function Get-DotnetFolder {
    [IO.Path]::GetDirectoryName(@(readlink -f @(Get-Command (Find-Dotnet) -CommandType Application)[0].Source)[0])
}

# So that neither mounts nor processes are left, however it ends.
function Get-IsolatedCommand([string[]] $Command) { @('unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc') + $Command }

function Invoke-Isolated([string[]] $Command, [string] $Folder, [int] $Minutes) { Invoke-Guarded (Get-IsolatedCommand $Command) $Folder $Minutes }

$script:Machines = 'Debian12', 'Debian13'

# Begins to make the machines' disks, which takes a minute and a half of both processors: at the lowest priority, in the time
# that the tests before wait. Nothing where they cannot be made.
function Start-MachinePreparation([string] $Folder) {
    $obstacle = Get-MachineObstacle 'mmdebstrap', 'mke2fs', 'busybox', 'qemu-system-x86_64'
    if (-not $obstacle -and [Runtime.InteropServices.RuntimeInformation]::OSArchitecture -ne 'X64') { $obstacle = 'needs an x64 host' }
    if (-not $obstacle -and -not (Get-PwshFolder)) { $obstacle = 'needs a PowerShell to put into them' }
    if ($obstacle) {
        foreach ($name in $script:Machines) { Add-Result Skip "Machines.$name" $obstacle }
        return
    }
    $all = "$Folder/Machines"
    $null = [IO.Directory]::CreateDirectory("$all/machines")
    $make = @("$Root/tests/Machines/run.sh", 'make', "$all/machines", "$Root/out/LayerImage", (Get-PwshFolder), (Get-DotnetFolder)) + $script:Machines
    Start-Guarded (@('nice', '-n', '19') + (Get-IsolatedCommand $make)) $all
}

# Boots the machines, when their disks are made, and adds their tests to the results.
function Invoke-MachineTests([string] $Folder, [Diagnostics.Process] $Preparation) {
    Write-Line '== Machines'
    $all = "$Folder/Machines"
    $code = Wait-Guarded $Preparation 20
    if ($code -eq 0) { $code = Invoke-Isolated @("$Root/tests/Machines/run.sh", 'boot', "$all/machines") $all 20 }
    foreach ($name in $script:Machines) { Read-MachineResult "Machines.$name" "$all/machines/$name" $code }
}

# Adds what one machine said. Whatever keeps it from its last line is a failure, and never silence.
function Read-MachineResult([string] $Name, [string] $Folder, [int] $ExitCode) {
    $lines = if ([IO.File]::Exists("$Folder/results")) { [IO.File]::ReadAllLines("$Folder/results") } else { @() }
    $count = 0
    $end = $null
    $times = [Collections.Generic.List[object]]::new()
    foreach ($line in $lines) {
        if ($line -match '^TEST PASS (\d+) ([^:]+)$') {
            $count++
            $times.Add([pscustomobject]@{ Seconds = [int]$Matches[1] / 1000; Name = $Matches[2] })
            Add-Result Pass "$Name.$($Matches[2])"
        }
        elseif ($line -match '^TEST FAIL \d+ ([^:]+): (.*)$') {
            $count++
            Add-Result Fail "$Name.$($Matches[1])" ([regex]::Unescape($Matches[2]))
        }
        elseif ($line -match '^NOTE (.*)$') { Write-Line "  ${Name}: $([regex]::Unescape($Matches[1]))" }
        elseif ($line -match '^END (\d+)$') { $end = [int]$Matches[1] }
    }
    if ($times.Count -gt 5) {
        Write-Line "  ${Name}: the longest: $(($times | Sort-Object Seconds -Descending -Top 8 | ForEach-Object { '{0} {1:f0} s' -f $_.Name, $_.Seconds }) -join ', ')"
    }
    if ($end -eq $count) { Add-Result Pass "$Name.End_IsReached" }
    elseif ($null -ne $end) { Add-Result Fail "$Name.End_IsReached" "It ran $end tests, of which $count were heard." }
    else {
        Add-Result Fail "$Name.End_IsReached" "After $count tests nothing more was heard; exit code $ExitCode.`n$(Get-LogEnd "$Folder/make.log")`n$(Get-LogEnd "$Folder/console")"
    }
}

# README's commands in fresh roots; the first one alone unless all are asked for.
function Invoke-FreshRoot([string] $Folder, [string] $Name, [string] $Suite, [switch] $All) {
    $obstacle = Get-MachineObstacle 'mmdebstrap', 'git'
    if ($obstacle) {
        Add-Result Skip "Fresh.$Name" $obstacle
        return
    }
    Write-Line "== Fresh $Name"
    $here = "$Folder/Fresh.$Name"
    $null = [IO.Directory]::CreateDirectory($here)
    $commands = @('Story_Runs=./layerimage examples/tomcat-story.ps1')
    if ($All) { $commands += 'Tests_Pass=./layerimage build.ps1 Test -NoMachine' }
    $code = Invoke-Isolated (@("$Root/tests/Machines/fresh.sh", $Suite, $here, (Get-DotnetFolder)) + $commands) $here 60
    Read-MachineResult "Fresh.$Name" $here $code
}

# build.ps1 Test -Fresh: nothing of this host's but its kernel. Returns the exit code.
function Invoke-FreshTests([string] $Filter) {
    $folder = [IO.Directory]::CreateTempSubdirectory('layerimage-tests-').FullName
    $before = Get-HostState
    try {
        foreach ($machine in @{ Name = 'Debian12'; Suite = 'bookworm' }, @{ Name = 'Debian13'; Suite = 'trixie' }) {
            if (-not $Filter -or $machine.Name -like "*$Filter*") { Invoke-FreshRoot $folder $machine.Name $machine.Suite -All }
        }
        Test-HostState $before $folder
    }
    finally { rm -rf --one-file-system $folder }
    Write-Summary
}

function Get-LogEnd([string] $Path) {
    if (-not [IO.File]::Exists($Path)) { return '' }
    $lines = @([IO.File]::ReadAllLines($Path))
    $lines[[Math]::Max(0, $lines.Count - 30)..($lines.Count)] -join "`n"
}
