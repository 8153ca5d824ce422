# The steps of build.ps1 that make something. $Root is the repository's folder.

function Write-Line([string] $Text) { [Console]::Out.WriteLine($Text) }

# Runs a program that must succeed; its output is the build's.
function Invoke-Program([string] $Name, [string[]] $Arguments) {
    & $Name @Arguments
    if ($LASTEXITCODE -ne 0) { throw "$Name $($Arguments -join ' ') failed with exit code $LASTEXITCODE." }
}

function Invoke-DotnetBuild([string] $Project, [string[]] $Properties) {
    # No build server stays behind: neither MSBuild's nodes nor the compiler's.
    [Environment]::SetEnvironmentVariable('MSBUILDDISABLENODEREUSE', '1')
    [Environment]::SetEnvironmentVariable('DOTNET_CLI_TELEMETRY_OPTOUT', '1')
    [Environment]::SetEnvironmentVariable('DOTNET_NOLOGO', '1')
    Invoke-Program (Find-Dotnet) (@('build', "$Root/$Project", '-v:quiet', '-p:UseSharedCompilation=false') + $Properties)
}

function Find-Dotnet {
    $folder = [Environment]::GetEnvironmentVariable('DOTNET_ROOT')
    if ($folder -and (Test-Path "$folder/dotnet")) { "$folder/dotnet" } else { 'dotnet' }
}

function Build-Module {
    Write-Line 'Building the module.'
    $null = New-Item -ItemType Directory -Force "$Root/out"
    # What ./layerimage goes by: the time before, so that what changes meanwhile is built at its next start.
    Set-Content "$Root/out/.building" ''
    Invoke-DotnetBuild 'src/Package/LayerImage.Package.proj'
    Move-Item -Force "$Root/out/.building" "$Root/out/.built"
}

function Build-TestProgram {
    Write-Line 'Building the tests.'
    Invoke-DotnetBuild 'tests/Tests.proj'
}

function Invoke-Part([string] $Script, [object[]] $Arguments) {
    & "$Root/$Script" @Arguments
}

function New-Package([string] $Runtime) {
    $version = (Get-ManifestVersion)
    if (-not $Runtime) {
        $Runtime = 'linux-' + [Runtime.InteropServices.RuntimeInformation]::OSArchitecture.ToString().ToLowerInvariant()
    }
    $folder = "$Root/out/package/$Runtime"
    Invoke-DotnetBuild 'src/Package/LayerImage.Package.proj' @("-p:ModuleRuntime=$Runtime", "-p:OutputFolder=$folder/")
    $archive = "$Root/out/package/LayerImage-$version-$Runtime.tar.gz"
    # Sorted, without the builder's name and times: the same sources give the same archive.
    Invoke-Program 'tar' @('--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '--exclude=.stamp', '-C', $folder, '-czf', $archive, 'LayerImage')
    Write-Line "Packaged $archive"
}

function Get-ManifestVersion {
    (Import-PowerShellDataFile "$Root/LayerImage.psd1").ModuleVersion
}
