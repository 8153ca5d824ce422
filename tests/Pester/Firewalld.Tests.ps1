# A host that runs firewalld: the cmdlets are its own, and containers obey its zones with no PowerShell alive.
BeforeDiscovery {
    . "$PSScriptRoot/Host.ps1"
    $Missing = Get-MissingRequirement
    foreach ($tool in 'firewalld', 'firewall-cmd', 'dbus-daemon', 'ip', 'nsenter') {
        if (-not $Missing -and -not (Get-Command $tool -ErrorAction Ignore)) { $Missing = "$tool is not installed" }
    }
}

Describe "Containers beside firewalld$(if ($Missing) { " ($Missing)" })" -Skip:([bool]$Missing) {
    BeforeAll {
        . "$PSScriptRoot/Host.ps1"
        $TestHost = Start-TestHost
        $Folder = [IO.Directory]::CreateTempSubdirectory('limg-firewalld-').FullName
        $Processes = [Collections.Generic.List[Diagnostics.Process]]::new()
        $env:DBUS_SYSTEM_BUS_ADDRESS = "unix:path=$Folder/bus"
        Set-Content "$Folder/bus.conf" @"
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=$Folder/bus</listen>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/><allow send_type="method_call"/></policy></busconfig>
"@
        $Processes.Add((Start-Process dbus-daemon "--config-file=$Folder/bus.conf", '--nofork', '--nopidfile' -PassThru -RedirectStandardError "$Folder/bus.err"))
        $null = New-Item -ItemType Directory "$Folder/etc"
        Copy-Item /etc/firewalld/firewalld.conf "$Folder/etc/"
        function Wait-Until([scriptblock] $Condition, [double] $Seconds = 20) {
            for ($watch = [Diagnostics.Stopwatch]::StartNew(); -not (& $Condition); ) {
                if ($watch.Elapsed.TotalSeconds -gt $Seconds) { return $false }
                Start-Sleep -Milliseconds 50
            }
            $true
        }
        function Start-Firewalld {
            $process = Start-Process firewalld '--nofork', '--nopid', '--system-config', "$Folder/etc", '--log-file', "$Folder/log" -PassThru -RedirectStandardError "$Folder/err"
            $Processes.Add($process)
            Wait-Until { (firewall-cmd --state 2>&1) -eq 'running' } | Should -BeTrue -Because 'firewalld should run'
            $process
        }
        # Another machine, as far as the network can tell.
        ip netns add limg-peer
        ip link add cable type veth peer name cable netns limg-peer
        ip address add 198.51.100.1/30 dev cable
        ip link set cable up
        ip -n limg-peer link set lo up
        ip -n limg-peer address add 198.51.100.2/30 dev cable
        ip -n limg-peer link set cable up
        function Test-FromPeer([int] $Port) {
            $null = nsenter --net=/run/netns/limg-peer busybox timeout 2 busybox wget -q -O - "http://198.51.100.1:$Port/index.html" 2>&1
            $LASTEXITCODE -eq 0
        }
        $null = Import-LayerImage $TestHost.RootFs box
        $Firewalld = Start-Firewalld
    }
    AfterAll {
        Get-Container | Remove-LayerContainer -Force
        $Processes | Where-Object { -not $_.HasExited } | ForEach-Object { $_.Kill(); $_.WaitForExit() }
        ip netns delete limg-peer
        Remove-Item Env:DBUS_SYSTEM_BUS_ADDRESS
        nft delete table inet firewalld 2>$null
        Stop-TestHost $TestHost
        Remove-Item $Folder -Recurse -Force
    }

    It 'closes a published port to other hosts until a rule opens it' {
        $null = Start-LayerContainer box -Name web -Publish 8081:8080 -OpenHostPort -Command httpd, -f, -p, 8080, -h, /srv
        $null = Start-LayerContainer box -Name shut -Publish 8082:8080 -Command httpd, -f, -p, 8080, -h, /srv
        Wait-Until { Test-FromPeer 8081 } | Should -BeTrue
        Test-FromPeer 8082 | Should -BeFalse
        Invoke-RestMethod http://127.0.0.1:8082/index.html | Should -Match 'It works'
        $null = Set-HostPortRule 8082 -Scope Runtime
        Test-FromPeer 8082 | Should -BeTrue
        (Get-HostPortRule 8081).Owner | Should -Be (Get-Container web).Id.Substring(0, 12)
        (Test-HostPort 8081 -Detailed).IsOpen | Should -BeTrue
        Get-HostPortRule | ForEach-Object Port | Should -Be 8081, 8082
    }

    It 'lets containers out, by the zone that firewalld shows' {
        firewall-cmd --get-zone-of-interface=limg0 | Should -Be trusted
        firewall-cmd --permanent --get-zone-of-interface=limg0 | Should -Be trusted
        $server = Start-Process nsenter '--net=/run/netns/limg-peer', 'busybox', 'httpd', '-f', '-p', '7000', '-h', $TestHost.RootFs -PassThru
        $Processes.Add($server)
        $null = Wait-Until { Invoke-ContainerCommand web 'wget -q -O - http://198.51.100.2:7000/srv/index.html' -ErrorAction Ignore 2>$null }
        Invoke-ContainerCommand web 'wget -q -O - http://198.51.100.2:7000/srv/index.html' | Should -Be 'It works.'
    }

    It 'follows what firewall-cmd changes, with no PowerShell''s help' {
        $null = firewall-cmd --remove-port=8082/tcp
        Wait-Until { -not (Test-FromPeer 8082) } 2 | Should -BeTrue
        $null = firewall-cmd --zone=public --add-port=8082/tcp
        Wait-Until { Test-FromPeer 8082 } 2 | Should -BeTrue
    }

    It 'survives <_>' -ForEach '--reload', '--complete-reload' {
        $null = firewall-cmd $_
        Wait-Until { -not (Test-FromPeer 8082) } 2 | Should -BeTrue
        Wait-Until { Test-FromPeer 8081 } 2 | Should -BeTrue
        $null = firewall-cmd --add-port=8082/tcp
        Wait-Until { Test-FromPeer 8082 } 2 | Should -BeTrue
    }

    It 'survives firewalld''s end and its start' {
        # Its own way out, which takes its rules away.
        & /bin/kill -TERM $Firewalld.Id
        $Firewalld.WaitForExit(20000) | Should -BeTrue
        Wait-Until { Test-FromPeer 8082 } 5 | Should -BeTrue
        $Firewalld = Start-Firewalld
        Wait-Until { -not (Test-FromPeer 8082) } 3 | Should -BeTrue
        Test-FromPeer 8081 | Should -BeTrue
        Invoke-ContainerCommand web 'wget -q -O - http://198.51.100.2:7000/srv/index.html' | Should -Be 'It works.'
    }

    It 'adds, lists and removes services, several protocols and zones' {
        (Set-HostPortRule 7001 -Protocol tcp, sctp -Scope Runtime).ForEach({ "$($_.Port)/$($_.Protocol)" }) | Should -Be '7001/Tcp', '7001/Sctp'
        (Set-HostPortRule 7000/udp -Scope Runtime).Protocol | Should -Be Udp
        { Set-HostPortRule 7000/udp -Protocol tcp -ErrorAction Stop } | Should -Throw -ErrorId 'ParameterInvalid*'
        (Set-HostPortRule -Service https).Ports | Should -Be '443/tcp'
        "$(firewall-cmd --zone=public --list-services)" | Should -Match https
        Remove-HostPortRule -Service https
        "$(firewall-cmd --permanent --zone=public --list-services)" | Should -Not -Match https
        $null = New-HostFirewallZone lab -Source 203.0.113.0/24 -Service http
        { Set-HostPortRule 1 -Zone lab -Scope Runtime -ErrorAction Stop } | Should -Throw -ErrorId 'ZoneNotFound*'
        $null = Sync-HostFirewall
        (Get-HostFirewallZone -Active).Name | Should -Contain lab
        (Set-HostFirewallZone lab -Masquerade -Interface lab0).Masquerade | Should -BeTrue
        { Set-HostFirewallZone work -Interface lab0 -ErrorAction Stop } | Should -Throw -ErrorId 'ZoneConflict*'
        Remove-HostFirewallZone lab
        (Set-HostFirewall -DefaultZone work).DefaultZone | Should -Be work
        $null = Set-HostFirewall -DefaultZone public
        "$(Set-HostPortForward 7080 7000)" | Should -Be '7080/tcp -> :7000'
        "$(firewall-cmd --zone=public --list-forward-ports)" | Should -Be 'port=7080:proto=tcp:toport=7000:toaddr='
        Get-HostPortForward | Remove-HostPortForward
        "$(firewall-cmd --permanent --zone=public --list-forward-ports)" | Should -BeNullOrEmpty
        (Get-HostFirewallPolicy).Name | Should -Contain allow-host-ipv6
        Test-HostFirewall | Should -BeNullOrEmpty
    }

    It 'leaves nothing of the containers when they go' {
        Get-Container | Remove-LayerContainer -Force
        Wait-Until { -not (nft list tables | Select-String layerimage_guard) } 5 | Should -BeTrue
        Get-HostPortRule | Where-Object Owner | Should -BeNullOrEmpty
    }
}
