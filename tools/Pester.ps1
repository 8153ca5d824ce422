# Runs the Pester suite in a pwsh of its own: tools/Pester.ps1 FOLDER REPORT
param([Parameter(Mandatory)] [string] $Path, [Parameter(Mandatory)] [string] $Report)

Import-Module Pester -MinimumVersion 5.0
$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path
$configuration.Run.Exit = $true
$configuration.Output.Verbosity = 'Normal'
$configuration.TestResult.Enabled = $true
$configuration.TestResult.OutputFormat = 'NUnitXml'
$configuration.TestResult.OutputPath = $Report
Invoke-Pester -Configuration $configuration
