# Runs the Pester suite in a pwsh of its own: tools/Pester.ps1 FOLDER REPORT SEED. The seed says in which order the files run.
# Pester comes with the tests' build.
param([Parameter(Mandatory)] [string] $Path, [Parameter(Mandatory)] [string] $Report, [int] $Seed)

Import-Module "$PSScriptRoot/../artifacts/bin/LayerImage.Pester/release/Pester.psd1"
$configuration = New-PesterConfiguration
$files = [string[]](Get-ChildItem $Path -Filter *.Tests.ps1 | Sort-Object Name).FullName
[Random]::new($Seed).Shuffle($files)
$configuration.Run.Path = $files
$configuration.Run.Exit = $true
$configuration.Output.Verbosity = 'Normal'
$configuration.TestResult.Enabled = $true
$configuration.TestResult.OutputFormat = 'NUnitXml'
$configuration.TestResult.OutputPath = $Report
Invoke-Pester -Configuration $configuration
