<#
.SYNOPSIS
The whole story in one go: an image, a container, a fix inside it, a commit, published ports, host ports.

.DESCRIPTION
A busybox web server plays Tomcat, so that nothing is downloaded but Debian's busybox-static where it is missing: like
the image on Docker Hub it starts with empty webapps and answers 404 until webapps.dist is moved there.

    ./layerimage examples/tomcat-story.ps1

Needs root. It touches nothing of this machine's own: the store is in a temporary folder, ports and firewall are those
of a network namespace that it makes. Both are gone at the end, also when a step fails.

.PARAMETER Inside
Set by the script itself when it runs again inside the network namespace.
#>
param([switch] $Inside)

$ErrorActionPreference = 'Stop'
$catalina = '/usr/local/tomcat'

function Install-Busybox {
    if ([IO.File]::Exists('/bin/busybox') -or [IO.File]::Exists('/usr/bin/busybox')) {
        return
    }
    # While packages are installed, none of them may start a service.
    $policy = '/usr/sbin/policy-rc.d'
    $own = -not [IO.File]::Exists($policy)
    try {
        if ($own) {
            [IO.File]::WriteAllText($policy, "#!/bin/sh`nexit 101`n")
            & chmod 755 $policy
        }
        & apt-get install -qq --no-install-recommends busybox-static
        if ($LASTEXITCODE -ne 0) {
            throw 'busybox-static is not installed and apt-get cannot install it.'
        }
    }
    finally {
        if ($own) {
            [IO.File]::Delete($policy)
        }
    }
}

# Runs this script again in a network namespace of its own, with a store of its own.
function Invoke-Inside {
    if ([Environment]::UserName -ne 'root') {
        throw 'Containers and ports need root: run this with sudo.'
    }
    Install-Busybox
    $folder = [IO.Directory]::CreateTempSubdirectory('layerimage-story-').FullName
    $env:LAYERIMAGE_ROOT = "$folder/root"
    $env:LAYERIMAGE_RUN = "$folder/run"
    $env:LAYERIMAGE_CONFIG = "$folder/config"
    try {
        & unshare --net -- "$PSScriptRoot/../layerimage" $PSCommandPath -Inside | Out-Default
    }
    finally {
        foreach ($line in [IO.File]::ReadAllLines('/proc/self/mountinfo')) {
            $point = $line.Split(' ')[4]
            if ($point.StartsWith("$folder/")) {
                & umount --lazy $point
            }
        }
        [IO.Directory]::Delete($folder, $true)
    }
}

# A root file system as an image would have it.
function New-TomcatFolder([string] $Folder) {
    foreach ($name in 'bin', 'etc', 'proc', 'sys', 'dev', 'tmp', "$catalina/bin", "$catalina/webapps", "$catalina/webapps.dist") {
        $null = [IO.Directory]::CreateDirectory("$Folder/$name")
    }
    & cp @(Get-Command busybox -CommandType Application)[0].Source "$Folder/bin/busybox"
    foreach ($applet in & busybox --list) {
        if ($applet -ne 'busybox') {
            $null = [IO.File]::CreateSymbolicLink("$Folder/bin/$applet", 'busybox')
        }
    }
    [IO.File]::WriteAllText("$Folder/etc/passwd", "root:x:0:0:root:/:/bin/sh`n")
    [IO.File]::WriteAllText("$Folder$catalina/bin/catalina.sh", "#!/bin/sh`nexec httpd -f -p 8080 -h $catalina/webapps`n")
    [IO.File]::WriteAllText("$Folder$catalina/webapps.dist/index.html", "<h1>If you see this, you have installed it</h1>`n")
    & chmod 755 "$Folder$catalina/bin/catalina.sh"
}

function Write-Comment([string] $Text) {
    [Console]::Out.WriteLine("`n# $Text")
}

# Shows a comment and the command, then what the command emits.
function Step([string] $Comment, [scriptblock] $Command) {
    Write-Comment $Comment
    [Console]::Out.WriteLine("PS> $("$Command".Trim())")
    & $Command | Out-Default
}

# The status of http://127.0.0.1:PORT/, waiting a moment for a server that is about to start.
function Assert-Page([int] $Port, [int] $Expected) {
    $client = [System.Net.Http.HttpClient]::new()
    try {
        for ($attempt = 0; $attempt -lt 50; $attempt++) {
            try {
                $status = [int]$client.GetAsync("http://127.0.0.1:$Port/").GetAwaiter().GetResult().StatusCode
                break
            }
            catch {
                $status = "no answer ($($_.Exception.InnerException.Message))"
                [Threading.Thread]::Sleep(100)
            }
        }
    }
    finally {
        $client.Dispose()
    }
    [Console]::Out.WriteLine("http://127.0.0.1:$Port/ answers $status")
    if ($status -ne $Expected) {
        throw "http://127.0.0.1:$Port/ should answer $Expected and answers $status."
    }
}

# Another machine, as far as the network can tell: a network namespace joined to ours by a cable.
function Start-Peer {
    $peer = [Diagnostics.Process]::Start('unshare', [string[]]('--net', 'sleep', '600'))
    $ours = [IO.FileInfo]::new('/proc/self/ns/net').LinkTarget
    while ([IO.FileInfo]::new("/proc/$($peer.Id)/ns/net").LinkTarget -eq $ours) {
        [Threading.Thread]::Sleep(10)
    }
    & ip link add cable type veth peer name cable netns $peer.Id
    & ip address add 198.51.100.1/30 dev cable
    & ip link set cable up
    & nsenter "--net=/proc/$($peer.Id)/ns/net" ip address add 198.51.100.2/30 dev cable
    & nsenter "--net=/proc/$($peer.Id)/ns/net" ip link set cable up
    $peer
}

function Assert-FromPeer([string] $Expected) {
    $null = & nsenter "--net=/proc/$($peer.Id)/ns/net" timeout 2 busybox wget -q -O - http://198.51.100.1:9200/ 2>$null
    $seen = if ($LASTEXITCODE -eq 0) { 'open' } else { 'closed' }
    [Console]::Out.WriteLine("from the other machine port 9200 is $seen")
    if ($seen -ne $Expected) {
        throw "Port 9200 should be $Expected and is $seen."
    }
}

function Invoke-ContainerStory {
    Step 'The image. With a registry at hand: Receive-LayerImage tomcat' { Import-LayerImage -Path $rootfs -Reference tomcat }
    Step 'Its layers' { Get-LayerImage tomcat | Get-ImageLayer }
    Step 'docker run --name mytomcat -p 8081:8080 tomcat' { Start-LayerContainer tomcat -Name mytomcat -Publish 8081:8080 -Command /usr/local/tomcat/bin/catalina.sh, run }
    Step 'docker ps' { Get-Container }
    Step 'Who answers on that port' { Test-HostPort 8081 -Detailed }
    Assert-Page 8081 404

    Step 'The fix, inside the container' { Invoke-ContainerCommand mytomcat 'mv /usr/local/tomcat/webapps.dist/* /usr/local/tomcat/webapps' }
    Assert-Page 8081 200
    Step 'docker diff, as objects' { Get-ContainerChange mytomcat }
    Step 'docker commit -a zyp -m "direct use tomcat"' { Get-Container mytomcat | Save-ContainerAsImage zyp/mytomcat:1.0.0 -Author zyp -Message 'direct use tomcat' }
    Step 'The new image shares every layer of the old one' { Get-LayerImage }

    Step 'A container of the new image serves its page at once' { Start-LayerContainer zyp/mytomcat:1.0.0 -Name fixed -Publish 8082:8080 }
    Assert-Page 8082 200
    Step 'A fresh one of the old image does not' { Start-LayerContainer tomcat -Name fresh -Publish 8083:8080 -Command /usr/local/tomcat/bin/catalina.sh, run }
    Assert-Page 8083 404
    Step 'The end of the containers' { Get-Container | Remove-LayerContainer -Force }
}

function Invoke-FirewallStory {
    Step 'systemctl start firewalld' { Start-HostFirewall }
    Step 'systemctl status firewalld' { Get-HostFirewall }
    Assert-FromPeer closed
    Step 'firewall-cmd --zone=public --add-port=9200/tcp: open until the next reload' { Set-HostPortRule -Port 9200 -Protocol tcp -Zone public -Scope Runtime }
    Assert-FromPeer open
    Step 'firewall-cmd --reload' { Sync-HostFirewall }
    Assert-FromPeer closed
    Step 'firewall-cmd --add-port=9200/tcp --permanent: open from the next reload on' { Set-HostPortRule -Port 9200 -Protocol tcp -Zone public -Scope Permanent }
    Assert-FromPeer closed
    Step 'firewall-cmd --reload' { Sync-HostFirewall }
    Assert-FromPeer open
    Step 'firewall-cmd --list-ports' { Get-HostPortRule }
    Step 'Closed again, now and for good' { Remove-HostPortRule -Port 9200 -Protocol tcp -Zone public }
    Assert-FromPeer closed
    Step 'systemctl stop firewalld' { Stop-HostFirewall }
}

if (-not $Inside) {
    Invoke-Inside
    exit $LASTEXITCODE
}

$rootfs = [IO.Path]::Combine([IO.Path]::GetDirectoryName($env:LAYERIMAGE_ROOT), 'tomcat')
$processes = @()
try {
    & ip link set lo up
    New-TomcatFolder $rootfs
    Invoke-ContainerStory

    Write-Comment 'Host ports: a web server on this machine, asked from another one'
    $peer = Start-Peer
    $processes += $peer
    $processes += [Diagnostics.Process]::Start('busybox', [string[]]('httpd', '-f', '-p', '9200', '-h', "$rootfs$catalina/webapps.dist"))
    Assert-FromPeer open
    Invoke-FirewallStory
    Write-Comment 'Done.'
}
finally {
    foreach ($process in $processes) {
        $process.Kill()
        $process.Dispose()
    }
    Get-Container | Remove-LayerContainer -Force
}
