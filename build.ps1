<#
.SYNOPSIS
    Builds, tests and packages LayerImage.
.DESCRIPTION
    Needs PowerShell 7.6: ./layerimage build.ps1 brings one where none is installed.
      Build      out/LayerImage (the module)
      Test       builds, then runs every test; as root it installs the programs that the tests compare with. -NoMachine leaves out
                 the whole machines, -Filter Machines runs them alone; -Long adds the cases that take minutes; -Fresh runs README's commands in fresh roots;
                 -Fast runs what needs neither root nor a program beside it, in seconds
      Docs       brings docs/en-US up to the cmdlets and makes en-US/ of it (needs Microsoft.PowerShell.PlatyPS)
      Benchmark  measures beside podman and docker
      Package    out/package/LayerImage-<version>-<runtime>.tar.gz
      Clean      removes out/ and artifacts/
.EXAMPLE
    ./layerimage build.ps1 Test -Filter PortMappingTests
#>
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Docs', 'Benchmark', 'Package', 'Clean')]
    [string] $Task = 'Build',

    # Test: only the classes whose name contains this.
    [string] $Filter,

    # Test: leave out the whole machines and the fresh root.
    [switch] $NoMachine,

    # Test: instead, README's two commands in fresh roots of Debian 12 and 13, or of the one that -Filter names.
    [switch] $Fresh,

    # Test: with the cases that take minutes, too.
    [switch] $Long,

    # Test: instead, only what needs neither root nor a program beside it.
    [switch] $Fast,

    # Test: the order of the tests, as a former run printed it.
    [Nullable[int]] $Seed,

    # Package: the machine it is for.
    [ValidateSet('linux-x64', 'linux-arm64')]
    [string] $Runtime,

    # Benchmark: passed on (--quick).
    [Parameter(ValueFromRemainingArguments)]
    [object[]] $Arguments
)

$ErrorActionPreference = 'Stop'
$Root = $PSScriptRoot
. "$Root/tools/Build.Functions.ps1"
. "$Root/tools/Test.Functions.ps1"
. "$Root/tools/Machine.Functions.ps1"

switch ($Task) {
    'Build' { Build-Module }
    'Test' {
        if ($Long) { $env:LAYERIMAGE_TEST_LONG = '1' }
        if ($Fresh) {
            Install-TestPackage -Kinds machines
            exit (Invoke-FreshTests $Filter)
        }
        if ($Fast) {
            Invoke-DotnetBuild 'tests/Engine.Tests/LayerImage.Engine.Tests.csproj'
            exit (Invoke-FastTests -Filter $Filter -Seed $Seed)
        }
        Install-TestPackage -Kinds @(@('runtime', 'tests') + @(if (-not $NoMachine) { 'machines' }))
        Build-Module
        Build-TestProgram
        exit (Invoke-AllTests -Filter $Filter -Seed $Seed -NoMachine:$NoMachine)
    }
    'Docs' {
        # Before the build, which takes longer.
        . "$Root/tools/Docs.Functions.ps1"
        Assert-PlatyPS
        Build-Module
        Invoke-Part 'tools/Docs.ps1' $Arguments
        Build-Module
    }
    'Benchmark' {
        Install-TestPackage
        Build-Module
        Invoke-Program (Find-Dotnet) (@('run', '-c', 'Release', '--project', "$Root/benchmarks", '--', '--repository', $Root) + $Arguments)
    }
    'Package' { New-Package -Runtime $Runtime }
    'Clean' {
        foreach ($folder in 'out', 'artifacts') {
            if (Test-Path "$Root/$folder") { Remove-Item -Recurse -Force "$Root/$folder" }
        }
    }
}
