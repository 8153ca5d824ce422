# The steps of build.ps1 Test. Every test program writes an xUnit XML report; what counts is read from there,
# so that a program that dies without a report is a failure and never silence.

$script:IsRoot = [Environment]::IsPrivilegedProcess
$script:Results = [Collections.Generic.List[object]]::new()

function Test-DefaultSignalOption {
    $null = & env --default-signal true 2>&1
    $LASTEXITCODE -eq 0
}

# What the tests may see of the environment of whoever starts them. Settings of docker, podman and others, and stores that
# are in use, would make them another run on each machine.
$script:KeptVariables = '^(PATH|HOME|USER|LOGNAME|SHELL|TERM|TMPDIR|TZ|LANG|LANGUAGE|LC_.*|CI|DOTNET_.*|NUGET_.*|SSL_CERT_.*|(?i:.*_proxy)|LAYERIMAGE_TEST_.*|LAYERIMAGE_PWSH)$'

# env of coreutils 8.31 or later; busybox's has no such option.
$script:DefaultSignals = @(if (Test-DefaultSignalOption) { 'env', '--default-signal' })

function Add-Result([string] $Status, [string] $Name, [string] $Text) {
    $script:Results.Add([pscustomobject]@{ Status = $Status; Name = $Name; Text = $Text })
}

function Install-TestPackage([string[]] $Kinds = @('runtime', 'tests')) {
    if (-not $script:IsRoot) {
        Write-Line 'Not root: nothing is installed, and the tests that need root are skipped.'
        return
    }
    foreach ($what in $Kinds) {
        $missing = @(bash "$Root/tools/packages.sh" missing $what)
        if ($missing.Count -eq 0) { continue }
        Write-Line "Installing $($missing -join ' ')"
        $log = @(bash "$Root/tools/packages.sh" install $what 2>&1)
        if ($LASTEXITCODE -ne 0) {
            $log | ForEach-Object { Write-Line "  $_" }
            Write-Line 'That failed; the tests that need one of these are skipped.'
        }
    }
}

# Runs all and returns the exit code. The seed says in which order the tests run: each run tries another one.
function Invoke-AllTests([string] $Filter, [Nullable[int]] $Seed, [switch] $NoMachine) {
    $script:Seed = $Seed ?? [Random]::Shared.Next(1, 1000000)
    Write-Line "Order: seed $script:Seed (repeat it with -Seed $script:Seed)"
    $folder = [IO.Directory]::CreateTempSubdirectory('layerimage-tests-').FullName
    $before = Get-HostState
    $withMachines = -not $NoMachine -and (-not $Filter -or $Filter -eq 'Machines')
    $preparation = if ($withMachines) { Start-MachinePreparation $folder }
    try {
        Invoke-TestProgram 'Engine.Tests' $folder $Filter -Minutes 10
        Invoke-TestProgram 'Engine.SystemTests' $folder $Filter -Minutes 25 -Private
        Invoke-TestProgram 'Module.Tests' $folder $Filter -Minutes 35 -Private
        if (-not $Filter) { Invoke-PesterSuite $folder }
        if ($NoMachine) { Write-Line 'Without the machines and the fresh root (-NoMachine).' }
        if ($withMachines) { Invoke-FreshRoot $folder Debian13 trixie }
        if ($preparation) {
            Invoke-MachineTests $folder $preparation
            $preparation = $null
        }
        Test-HostState $before $folder
    }
    finally {
        if ($preparation) { Stop-Guarded $preparation }
        # By rm: it does not descend into what a mount left behind would hold, nor stop at a read-only folder.
        rm -rf --one-file-system $folder
    }
    Write-Summary
}

# Those of one program that needs nothing of the machine; parsers are fed for a moment only.
function Invoke-FastTests([string] $Filter, [Nullable[int]] $Seed) {
    $script:Seed = $Seed ?? [Random]::Shared.Next(1, 1000000)
    $env:LAYERIMAGE_TEST_FUZZ_SECONDS = '0.5'
    $folder = [IO.Directory]::CreateTempSubdirectory('layerimage-tests-').FullName
    try { Invoke-TestProgram 'Engine.Tests' $folder $Filter -Minutes 5 }
    finally { [IO.Directory]::Delete($folder, $true) }
    Write-Summary
}

# The programs that touch mounts, network and firewall get namespaces and folders of their own, so that what other
# processes of the machine mount meanwhile does not look like theirs.
function Invoke-TestProgram([string] $Name, [string] $Folder, [string] $Filter, [int] $Minutes, [switch] $Private) {
    $report = "$Folder/$Name.xml"
    $program = "$Root/artifacts/bin/LayerImage.$Name/release/LayerImage.$Name.dll"
    $command = @((Find-Dotnet), $program, '-noColor', '-noLogo', '-result-xml', $report)
    if ($Filter) { $command += '-class', "*$Filter*" }
    Write-Line "== $Name"
    $code = Invoke-Guarded $command "$Folder/$Name" $Minutes -Private:$Private
    if (-not [IO.File]::Exists($report)) {
        Add-Result Fail $Name $(if ($code -eq 124) { "did not end within $Minutes minutes" } else { "ended with exit code $code and without a report" })
        return
    }
    $failed = Read-XunitReport $report
    if ($code -ne 0 -and $failed -eq 0 -and -not $Filter) { Add-Result Fail $Name "ended with exit code $code although no test failed" }
}

# Starts a program with folders of its own.
# Not as a command: PowerShell would read its output through a pipe, which stays open as long as any process that a
# test left behind.
function Start-Guarded([string[]] $Command, [string] $Folder, [switch] $Private) {
    $isolated = $Private -and $script:IsRoot
    if ($isolated) { $Command = @('unshare', '--net', '--mount', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh') + $Command }
    # Signals that whoever started this has ignored (nohup, a script's &) would stay ignored in all that the tests start.
    $Command = @($script:DefaultSignals) + $Command
    $start = [Diagnostics.ProcessStartInfo]::new($Command[0])
    for ($i = 1; $i -lt $Command.Count; $i++) { $start.ArgumentList.Add($Command[$i]) }
    foreach ($name in @($start.Environment.Keys)) {
        if ($name -notmatch $script:KeptVariables) { $null = $start.Environment.Remove($name) }
    }
    $start.Environment['LAYERIMAGE_TEST_SEED'] = "$script:Seed"
    foreach ($name in 'root', 'run', 'config') {
        $null = [IO.Directory]::CreateDirectory("$Folder/$name")
        $start.Environment["LAYERIMAGE_$($name.ToUpperInvariant())"] = "$Folder/$name"
    }
    if ($isolated) { $start.Environment['LAYERIMAGE_TEST_NETNS'] = '1' }
    [Diagnostics.Process]::Start($start)
}

# Waits for it and returns its exit code; 124 when it had to be killed.
function Wait-Guarded([Diagnostics.Process] $Process, [int] $Minutes) {
    $end = [DateTime]::UtcNow.AddMinutes($Minutes)
    try {
        # In slices, so that Ctrl-C is seen between them.
        while (-not $Process.WaitForExit(200)) {
            if ([DateTime]::UtcNow -gt $end) { return 124 }
        }
        return $Process.ExitCode
    }
    finally { Stop-Guarded $Process }
}

# Ends it, if it has not ended, and forgets it.
function Stop-Guarded([Diagnostics.Process] $Process) {
    if (-not $Process.HasExited) { $Process.Kill($true) }
    $Process.Dispose()
}

function Invoke-Guarded([string[]] $Command, [string] $Folder, [int] $Minutes, [switch] $Private) {
    $begin = [DateTime]::UtcNow
    try { Wait-Guarded (Start-Guarded $Command $Folder -Private:$Private) $Minutes }
    finally { Write-Line ('== {0} took {1:m\:ss}' -f (Split-Path -Leaf $Folder), ([DateTime]::UtcNow - $begin)) }
}

# Adds the report's tests to the results and returns how many failed.
function Read-XunitReport([string] $Path) {
    $document = [xml]::new()
    $document.Load($Path)
    $failed = 0
    foreach ($test in $document.SelectNodes('//test')) {
        $name = $test.GetAttribute('name')
        switch ($test.GetAttribute('result')) {
            'Pass' { Add-Result Pass $name }
            { $_ -in 'Skip', 'NotRun' } { Add-Result Skip $name "$($test.SelectSingleNode('reason')?.InnerText)" }
            default {
                $failed++
                Add-Result Fail $name "$($test.SelectSingleNode('failure/message')?.InnerText)"
            }
        }
    }
    # What failed outside a test: a fixture's clean-up.
    foreach ($item in $document.SelectNodes('//errors/error')) {
        $failed++
        Add-Result Fail "$($item.GetAttribute('type')) $($item.GetAttribute('name'))" "$($item.SelectSingleNode('failure/message')?.InnerText)"
    }
    $failed
}

function Invoke-PesterSuite([string] $Folder) {
    Write-Line '== Pester'
    $report = "$Folder/Pester.xml"
    $command = @(Get-PwshCommand) + '-NoLogo', '-NoProfile', '-NonInteractive', '-File', "$Root/tools/Pester.ps1", "$Root/tests/Pester", $report, "$script:Seed"
    $code = Invoke-Guarded $command "$Folder/Pester" 20 -Private
    if (-not [IO.File]::Exists($report)) {
        Add-Result Fail 'tests/Pester' "ended with exit code $code and without a report"
        return
    }
    $document = [xml](Get-Content -Raw $report)
    $failed = 0
    foreach ($test in $document.SelectNodes('//test-case')) {
        $name = $test.GetAttribute('name')
        switch ($test.GetAttribute('result')) {
            'Success' { Add-Result Pass $name }
            { $_ -in 'Ignored', 'Inconclusive', 'Skipped' } { Add-Result Skip $name "$($test.SelectSingleNode('reason/message')?.InnerText)" }
            default {
                $failed++
                Add-Result Fail $name "$($test.SelectSingleNode('failure/message')?.InnerText)"
            }
        }
    }
    # A clean-up that failed is not in the report.
    if ($code -ne 0 -and $failed -eq 0) { Add-Result Fail 'tests/Pester' "ended with exit code $code although no test failed" }
}

# What starts a PowerShell: that of LAYERIMAGE_PWSH, or one like this. As a .NET tool it is a program of dotnet's.
function Get-PwshCommand {
    $pwsh = $env:LAYERIMAGE_PWSH
    if (-not $pwsh) { $pwsh = if ((Split-Path -Leaf ([Environment]::ProcessPath)) -eq 'dotnet') { "$PSHOME/pwsh.dll" } else { [Environment]::ProcessPath } }
    if ($pwsh.EndsWith('.dll')) { Find-Dotnet }
    $pwsh
}

# What a test run must leave as it was.
function Get-HostState {
    $state = [ordered]@{}
    # Fields 4, 5 and on: without the ids, which tell nothing.
    $state['mount'] = @([IO.File]::ReadAllLines('/proc/self/mountinfo') | ForEach-Object { ($_ -split ' ')[3..9] -join ' ' })
    $state['network namespace'] = @(if ([IO.Directory]::Exists('/run/netns')) { [IO.Directory]::GetFiles('/run/netns') })
    $state['nft rule'] = @(if ($script:IsRoot -and (Get-Command nft -CommandType Application -ErrorAction Ignore)) { nft -s list ruleset })
    $state['network device'] = @([IO.Directory]::GetDirectories('/sys/class/net'))
    $state
}

# Processes of the run are known by its folder, in their environment or arguments: others' come and go.
function Find-LeftProcess([string] $Folder) {
    foreach ($directory in [IO.Directory]::GetDirectories('/proc')) {
        $id = [IO.Path]::GetFileName($directory)
        if ($id -notmatch '^\d+$' -or $id -eq $PID) { continue }
        try {
            $arguments = [IO.File]::ReadAllText("$directory/cmdline")
            if ("$arguments`0$([IO.File]::ReadAllText("$directory/environ"))".Contains($Folder)) { "$id $($arguments.Replace("`0", ' '))" }
        }
        catch {
            # It ended, or is another user's.
        }
    }
}

function Test-HostState([Collections.IDictionary] $Before, [string] $Folder) {
    $left = @(Find-LeftProcess $Folder)
    for ($i = 0; $i -lt 50 -and $left.Count -gt 0; $i++) {
        [Threading.Thread]::Sleep(100)
        $left = @(Find-LeftProcess $Folder)
    }
    $differences = @($left | ForEach-Object { "process left: $_" })
    $after = Get-HostState
    foreach ($kind in $Before.Keys) {
        $differences += @($after[$kind] | Where-Object { $_ -cnotin $Before[$kind] } | ForEach-Object { "$kind left: $_" })
        $differences += @($Before[$kind] | Where-Object { $_ -cnotin $after[$kind] } | ForEach-Object { "$kind gone: $_" })
    }
    if ($differences.Count -eq 0) { Add-Result Pass 'The host is as it was before' }
    else { Add-Result Fail 'The host is as it was before' ($differences -join "`n") }
}

function Write-Summary {
    $failed = @($script:Results | Where-Object Status -eq Fail)
    $skipped = @($script:Results | Where-Object Status -eq Skip)
    $passed = @($script:Results | Where-Object Status -eq Pass)
    Write-Line ''
    foreach ($result in $skipped) { Write-Line "SKIPPED $($result.Name): $($result.Text)" }
    foreach ($result in $failed) { Write-Line "FAILED $($result.Name)`n    $($result.Text.Replace("`n", "`n    "))" }
    # The check of the host alone is no test run.
    if ($passed.Count + $failed.Count -le 1 -and $failed.Count -eq 0) { Write-Line 'No test ran.' }
    Write-Line "$($passed.Count) passed, $($failed.Count) failed, $($skipped.Count) skipped"
    if ($failed.Count -gt 0 -or $passed.Count -le 1) { 1 } else { 0 }
}
