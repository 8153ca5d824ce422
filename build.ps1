<#
.SYNOPSIS
    Builds, tests and packages LayerImage.
.DESCRIPTION
    Runs in pwsh 7.6 and, without it, through ./layerimage build.ps1: it uses the language, core cmdlets and .NET only.
      Build      out/LayerImage (the module) and out/shell
      Test       builds, then runs every test; as root it installs the programs that the tests compare with
      Docs       brings docs/en-US up to the cmdlets and makes en-US/ of it (needs pwsh with Microsoft.PowerShell.PlatyPS)
      Benchmark  measures beside podman and docker
      Package    out/package/LayerImage-<version>-<runtime>.tar.gz
      Clean      removes out/ and artifacts/
.EXAMPLE
    ./layerimage build.ps1 Test -Filter ShellRunTests
#>
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Docs', 'Benchmark', 'Package', 'Clean')]
    [string] $Task = 'Build',

    # Test: only the classes whose name contains this.
    [string] $Filter,

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

switch ($Task) {
    'Build' { Build-Module }
    'Test' {
        Install-TestPackage
        Build-Module
        Build-TestProgram
        exit (Invoke-AllTests -Filter $Filter -Seed $Seed)
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
            if ([IO.Directory]::Exists("$Root/$folder")) { [IO.Directory]::Delete("$Root/$folder", $true) }
        }
    }
}
