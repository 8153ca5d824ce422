# What a machine does at its boot: all tests up to a reset and, started again by it, the rest. Assert.ps1 says how it tells.

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$second = '/var/second-boot'
function Get-Uptime { ([IO.File]::ReadAllText('/proc/uptime') -split ' ')[0] }
foreach ($part in 'Assert', 'Peer', 'Tomcat') { . "$PSScriptRoot/$part.ps1" }
# Which firewall a machine has over its reset.
$LinuxVersion = [version][regex]::Match((uname -r), '^\d+\.\d+').Value
$Backend = if ($LinuxVersion -ge [version]'6.7') { 'Nftables' } else { 'Firewalld' }

if (-not [IO.File]::Exists($second)) {
    Write-Channel "NOTE Linux $(uname -r), $(dpkg-query -W -f '${Package} ${Version} ' systemd crun conmon nftables firewalld), after $(Get-Uptime) s"
    foreach ($part in 'Start', 'Story', 'Ways', 'Limits', 'Unions', 'Firewalld', 'NativeFirewall', 'BeforeReset') { . "$PSScriptRoot/$part.ps1" }
    [IO.File]::WriteAllText($second, '')
    sync
    Write-Channel "NOTE Reset after $(Get-Uptime) s"
    [IO.File]::WriteAllText('/proc/sysrq-trigger', 'b')
    Start-Sleep 60
    throw 'The machine did not reset.'
}
Write-Channel "NOTE Here again after $(Get-Uptime) s"
Import-Module "$PSScriptRoot/../LayerImage/LayerImage.psd1"
. "$PSScriptRoot/AfterReset.ps1"
Test-That 'End_NoUnitFailed' { Assert-Empty (systemctl --failed --no-legend) 'The list of failed units' }
Write-Channel "NOTE Off after $(Get-Uptime) s"
Write-Channel "END $([IO.File]::ReadAllText('/var/tests'))"
# Off at once: nothing is asked of this machine any more.
sync
[IO.File]::WriteAllText('/proc/sysrq-trigger', 'o')
Start-Sleep 60
