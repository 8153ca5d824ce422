BeforeDiscovery {
    . "$PSScriptRoot/Host.ps1"
    $Missing = Get-MissingRequirement
}

Describe "Host ports$(if ($Missing) { " ($Missing)" })" -Skip:([bool]$Missing) {
    BeforeAll {
        . "$PSScriptRoot/Host.ps1"
        $TestHost = Start-TestHost
        # For a process of its own: it asks, and nobody answers.
        function Invoke-OverSsh([string] $Script, [string] $Server = '192.0.2.1', [int] $Port = 2222) {
            $env:SSH_CONNECTION = "192.0.2.9 50000 $Server $Port"
            try { & ([Environment]::ProcessPath) @(if ([Environment]::ProcessPath -like '*dotnet') { "$PSHOME/pwsh.dll" }) -NoProfile -NonInteractive -Command "Import-Module '$ManifestPath'; $Script" 2>&1 | Out-String }
            finally { Remove-Item Env:SSH_CONNECTION }
        }
    }
    AfterAll { Stop-TestHost $TestHost }

    Context 'The firewall does not run' {
        It 'says so, and every port is open' {
            $firewall = Get-HostFirewall
            $firewall.Running | Should -BeFalse
            $firewall.Backend | Should -Be Nftables
            (Test-HostPort 9200 -Detailed).OpenedBy | Should -Be 'no firewall runs'
        }

        It 'takes permanent rules, and none for now' {
            $failure = Get-Failure { Set-HostPortRule -Port 9200 -Scope Runtime }
            $failure.FullyQualifiedErrorId | Should -BeLike 'FirewallNotRunning,*'
            $failure.CategoryInfo.Category | Should -Be InvalidOperation
            (Get-Failure { Set-HostPortRule -Port 9200 }).FullyQualifiedErrorId | Should -BeLike 'FirewallNotRunning,*'
            Get-HostPortRule | Should -BeNullOrEmpty

            $rule = Set-HostPortRule -Port 9200 -Protocol tcp -Zone public -Scope Permanent
            $rule.Permanent | Should -BeTrue
            $rule.Runtime | Should -BeFalse
            Remove-HostPortRule -Port 9200 -Protocol tcp -Zone public -Scope Permanent
            Get-HostPortRule | Should -BeNullOrEmpty
        }
    }

    Context 'The session''s umask' {
        It 'is not the zone files'' (<_>)' -ForEach '000', '077' {
            $command = "Import-Module '$ManifestPath'; `$null = Set-HostPortRule 9200 -Scope Permanent"
            & sh -c "umask $_; exec `"`$@`"" sh @([Environment]::ProcessPath) @(if ([Environment]::ProcessPath -like '*dotnet') { "$PSHOME/pwsh.dll" }) -NoProfile -NonInteractive -Command $command
            stat -c %a "$($env:LAYERIMAGE_CONFIG)/firewall/zones/public.xml" | Should -Be 644
            Remove-HostPortRule 9200 -Scope Permanent
        }
    }

    Context 'A session that came in by SSH' {
        BeforeAll {
            ip link add ssh0 type veth peer name ssh1
            ip address add 192.0.2.1/24 dev ssh0
            ip link set ssh0 up
            $Listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Any, 2222)
            $Listener.Start()
        }
        AfterAll {
            $null = Stop-HostFirewall
            $Listener.Stop()
            ip link delete ssh0
        }

        It 'is told by -WhatIf which ports would close' {
            Invoke-OverSsh 'Start-HostFirewall -WhatIf' | Should -Match 'closes 2222/tcp \(.+\) to other hosts'
            (Get-HostFirewall).Running | Should -BeFalse
        }

        It 'is asked before its own port closes' {
            Invoke-OverSsh 'Start-HostFirewall' | Should -Match 'NonInteractive mode'
            (Get-HostFirewall).Running | Should -BeFalse
            # Another host's session, as a shell in a network namespace still has it in its environment.
            $null = Invoke-OverSsh 'Start-HostFirewall' 203.0.113.1
            (Get-HostFirewall).Running | Should -BeTrue
            $null = Stop-HostFirewall
            $null = Invoke-OverSsh 'Start-HostFirewall -Force'
            (Get-HostFirewall).Running | Should -BeTrue
        }

        It 'is not asked where its port stays open, and asked by Sync and Remove where not' {
            $null = Set-HostPortRule 2222 -Source 192.0.2.0/24
            (Invoke-OverSsh 'Sync-HostFirewall; "done"').Trim() | Should -Match 'done$'
            $null = Remove-HostPortRule 2222 -Source 192.0.2.0/24 -Scope Permanent
            Invoke-OverSsh 'Sync-HostFirewall' | Should -Match 'NonInteractive mode'
            Invoke-OverSsh 'Remove-HostPortRule 2222 -Source 192.0.2.0/24' | Should -Match 'NonInteractive mode'
            (Get-HostPortRule 2222).Runtime | Should -BeTrue
        }
    }

    Context 'A zone that would lock the session out' {
        BeforeAll {
            ip link add ssh0 type veth peer name ssh1
            ip address add 192.0.2.1/24 dev ssh0
            ip link set ssh0 up
            $null = Start-HostFirewall
        }
        AfterAll {
            $null = Stop-HostFirewall
            ip link delete ssh0
        }

        It 'is asked for: <_>' -ForEach 'Set-HostFirewallZone public -Service http', 'Set-HostFirewallZone block -Source 192.0.2.0/24', 'Set-HostFirewall -DefaultZone block',
            'Set-HostPortForward 22 2222' {
            $before = Get-HostFirewallZone | ConvertTo-Json -Depth 4
            Invoke-OverSsh $_ -Port 22 | Should -Match 'NonInteractive mode'
            Get-HostFirewallZone | ConvertTo-Json -Depth 4 | Should -Be $before
            (Get-HostFirewall).DefaultZone | Should -Be public
        }

        It 'is not asked for where the port stays open, was not open, or -Force is there' {
            (Invoke-OverSsh 'Set-HostFirewallZone public -Service ssh, http; "done"' -Port 22).Trim() | Should -Match 'done$'
            (Invoke-OverSsh 'Set-HostFirewallZone public -Service ssh; "done"').Trim() | Should -Match 'done$'
            (Invoke-OverSsh 'Set-HostFirewallZone public -Service @() -Scope Runtime -Force; "done"' -Port 22).Trim() | Should -Match 'done$'
            (Get-HostFirewallZone public).Services | Should -BeNullOrEmpty
            $null = Sync-HostFirewall
        }
    }

    Context 'The firewall runs' {
        BeforeAll { $Started = Start-HostFirewall }
        AfterAll { $null = Stop-HostFirewall }
        AfterEach { Get-HostPortRule | Remove-HostPortRule }

        It 'has zones, of which public is the default' {
            $Started.Running | Should -BeTrue
            $Started.DefaultZone | Should -Be public
            ($Started.Zones | Where-Object Name -eq public).Services | Should -Contain ssh
        }

        It 'a permanent rule comes with Sync, a running one goes' {
            $null = Set-HostPortRule -Port 9200 -Scope Permanent
            $null = Set-HostPortRule -Port 9300 -Scope Runtime
            (Get-HostPortRule 9200).Runtime | Should -BeFalse
            (Get-HostPortRule 9200).Drift | Should -BeTrue
            (Test-HostPort 9200 -Detailed).IsOpen | Should -BeFalse

            $null = Sync-HostFirewall
            (Get-HostPortRule 9200).Runtime | Should -BeTrue
            (Test-HostPort 9200 -Detailed).IsOpen | Should -BeTrue
            Get-HostPortRule 9300 | Should -BeNullOrEmpty
        }

        It 'services open and close, several protocols at once' {
            (Set-HostPortRule -Service https).Ports | Should -Be '443/tcp'
            (Test-HostPort 443 -Detailed).OpenedBy | Should -Be 'service https'
            (Get-HostPortRule -Service h*).Drift | Should -BeFalse
            (Get-Failure { Set-HostPortRule -Service nothing }).FullyQualifiedErrorId | Should -BeLike 'ServiceNotFound,*'
            Remove-HostPortRule -Service https
            Get-HostPortRule -Service https | Should -BeNullOrEmpty
            (Get-Failure { Remove-HostPortRule -Service https }).FullyQualifiedErrorId | Should -BeLike 'PortRuleNotFound,*'
            (Set-HostPortRule 53/udp, 54 -Scope Runtime | ForEach-Object { "$($_.Port) $($_.Protocol)" }) | Should -Be '53 Udp', '54 Tcp'
            (Set-HostPortRule 55 -Protocol tcp, udp | ForEach-Object Protocol) | Should -Be Tcp, Udp
            (Get-Failure { Set-HostPortRule 53/udp -Protocol tcp }).FullyQualifiedErrorId | Should -BeLike 'ParameterInvalid,*'
            (Get-Failure { Set-HostPortRule 53/icmp }).FullyQualifiedErrorId | Should -BeLike 'PortInvalid,*'
        }

        It 'forward ports are set, replaced, listed, piped and removed' {
            $null = Set-HostPortForward 80 8080 -WhatIf
            Get-HostPortForward | Should -BeNullOrEmpty
            $forward = Set-HostPortForward 80 8080
            "$forward" | Should -Be '80/tcp -> :8080'
            $forward.Scope | Should -Be Both
            (Set-HostPortForward 80 -ToAddress 192.0.2.7 -Zone PUBLIC).ToPort | Should -BeNullOrEmpty
            $null = Set-HostPortForward 5000-5010/udp, 6000 -ToAddress 2001:db8::7 -Scope Runtime
            (Get-HostPortForward | ForEach-Object ToString) | Should -Be '80/tcp -> 192.0.2.7', '6000/tcp -> 2001:db8::7', '5000-5010/udp -> 2001:db8::7'
            (Get-HostPortForward 5005 | Out-String -Width 80) | Should -Match '5000-5010 Udp +public 2001:db8::7 +Runtime True'
            (Get-HostPortForward -Protocol tcp -Scope Permanent).Port | Should -Be 80
            (Get-HostFirewallZone public).ForwardPorts | Should -Contain 'port=80:proto=tcp:toport=:toaddr=192.0.2.7'
            $back = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize((Get-HostPortForward 80)))
            $back | Remove-HostPortForward -Scope Permanent
            (Get-HostPortForward 80).Scope | Should -Be Runtime
            $back | Set-HostPortForward | ForEach-Object ToString | Should -Be '80/tcp -> 192.0.2.7'
            Get-HostPortForward | Remove-HostPortForward
            Get-HostPortForward | Should -BeNullOrEmpty
        }

        It 'a forward port that cannot be is refused: <Line>' -ForEach @(
            @{ Line = 'Set-HostPortForward 80'; Id = 'ParameterInvalid' }, @{ Line = "Set-HostPortForward 80 ''"; Id = 'ParameterInvalid' },
            @{ Line = 'Set-HostPortForward 0 80'; Id = 'PortInvalid' }, @{ Line = 'Set-HostPortForward 80 8080/tcp'; Id = 'PortInvalid' },
            @{ Line = 'Set-HostPortForward 80/icmp 8080'; Id = 'PortInvalid' }, @{ Line = 'Set-HostPortForward 80 8080 -ToAddress localhost'; Id = 'ParameterInvalid' },
            @{ Line = 'Set-HostPortForward 80 8080 -ToAddress ::1'; Id = 'ParameterInvalid' }, @{ Line = 'Set-HostPortForward 80 8080 -Zone nowhere'; Id = 'ZoneNotFound' },
            @{ Line = 'Remove-HostPortForward 80'; Id = 'PortRuleNotFound' }, @{ Line = 'Get-HostPortForward -Zone nowhere'; Id = 'ZoneNotFound' }) {
            (Get-Failure ([scriptblock]::Create($Line))).FullyQualifiedErrorId | Should -BeLike "$Id,*"
            Get-HostPortForward | Should -BeNullOrEmpty
        }

        It 'policies, sets of addresses and rich rules in the files are listed and kept' {
            $folder = New-Item -ItemType Directory -Force "$($env:LAYERIMAGE_CONFIG)/firewall/policies", "$($env:LAYERIMAGE_CONFIG)/firewall/ipsets"
            '<policy target="REJECT" priority="-5"><ingress-zone name="HOST"/><egress-zone name="ANY"/><service name="https"/></policy>' | Set-Content "$($folder[0])/out.xml"
            '<policy' | Set-Content "$($folder[0])/broken.xml"
            '<ipset type="hash:net"><option name="family" value="inet"/><entry>192.0.2.0/24</entry></ipset>' | Set-Content "$($folder[1])/guests.xml"
            try {
                $policy = Get-HostFirewallPolicy -WarningVariable warnings -WarningAction SilentlyContinue
                "$policy $($policy.Target) $($policy.Priority) $($policy.IngressZones) $($policy.EgressZones) $($policy.Services)" | Should -Be 'out REJECT -5 HOST ANY https'
                "$warnings" | Should -Match 'broken.xml.*left out.*only firewalld does'
                (Get-HostFirewallIpSet g* -WarningAction SilentlyContinue).Entries | Should -Be 192.0.2.0/24
                (Get-Failure { Get-HostFirewallIpSet nothing -WarningAction SilentlyContinue }).FullyQualifiedErrorId | Should -BeLike 'ParameterInvalid,*'
            }
            finally { Remove-Item -Recurse -Force $folder }
        }

        It 'zones are made, changed, listed and removed' {
            $null = New-HostFirewallZone lab -Target DROP -Source 203.0.113.0/24 -Service http -Description 'a lab'
            (Get-Failure { Get-HostFirewallZone lab }).FullyQualifiedErrorId | Should -BeLike 'ZoneNotFound,*'
            (Get-HostFirewallZone lab -Permanent).Description | Should -Be 'a lab'
            (Get-Failure { New-HostFirewallZone LAB }).FullyQualifiedErrorId | Should -BeLike 'NameInUse,*'
            (Get-Failure { New-HostFirewallZone '<x>' }).FullyQualifiedErrorId | Should -BeLike 'NameInvalid,*'
            $null = Sync-HostFirewall
            $zone = Get-HostFirewallZone lab
            "$($zone.Target) $($zone.Sources) $($zone.Services) $($zone.IsActive)" | Should -Be 'DROP 203.0.113.0/24 http True'
            (Get-Failure { Set-HostFirewallZone work -Source 203.0.113.0/24 }).FullyQualifiedErrorId | Should -BeLike 'ZoneConflict,*'
            $changed = Get-HostFirewallZone lab | Set-HostFirewallZone -Target REJECT -Interface lab0, lab1 -Masquerade -IcmpBlock redirect -SourcePort 68/udp -Protocol gre
            "$($changed.Target) $($changed.Interfaces) $($changed.Masquerade) $($changed.IcmpBlocks) $($changed.SourcePorts) $($changed.Protocols)" |
                Should -Be '%%REJECT%% lab0 lab1 True redirect 68/udp gre'
            $null = Sync-HostFirewall
            (Get-HostFirewallZone lab).Interfaces | Should -Be lab0, lab1
            (Set-HostFirewallZone lab -Interface @() -Masquerade:$false -Scope Runtime).Interfaces | Should -BeNullOrEmpty
            (Get-HostFirewallZone lab -Permanent).Interfaces | Should -Be lab0, lab1
            (Get-Failure { Set-HostFirewallZone lab -Interface 'a b' }).FullyQualifiedErrorId | Should -BeLike 'ParameterInvalid,*'
            (Get-Failure { Remove-HostFirewallZone public }).FullyQualifiedErrorId | Should -BeLike 'ParameterInvalid,*'
            Get-HostFirewallZone lab | Remove-HostFirewallZone
            $null = Sync-HostFirewall
            (Get-HostFirewallZone).Name | Should -Not -Contain lab
        }

        It 'the default zone, panic and the log are set' {
            (Set-HostFirewall -DefaultZone work -LogDenied all).DefaultZone | Should -Be work
            $null = Sync-HostFirewall
            "$((Get-HostFirewall).DefaultZone) $((Get-HostFirewall).LogDenied)" | Should -Be 'work all'
            (Set-HostFirewall -DefaultZone public -LogDenied off).LogDenied | Should -Be off
            (Set-HostFirewall -Panic).Panic | Should -BeTrue
            $null = nft list table inet layerimage_panic
            (Set-HostFirewall -Panic:$false).Panic | Should -BeFalse
            (Get-Failure { Set-HostFirewall -LogDenied some }).FullyQualifiedErrorId | Should -BeLike 'ParameterInvalid,*'
            (Get-Failure { Set-HostFirewall -DefaultZone nowhere }).FullyQualifiedErrorId | Should -BeLike 'ZoneNotFound,*'
        }

        It 'what is wrong with the files is found' {
            Test-HostFirewall | Should -BeNullOrEmpty
            $file = "$($env:LAYERIMAGE_CONFIG)/firewall/zones/home.xml"
            $null = New-Item -ItemType Directory -Force (Split-Path $file)
            Set-Content $file '<zone><port></zone>'
            (Test-HostFirewall).Message | Should -Match 'home.xml, line 1'
            Remove-Item $file
        }

        It 'another table that drops is named' {
            $null = Set-HostPortRule 9200, 9300 -Scope Runtime
            (Test-HostPort 9200 -Detailed).BlockedBy | Should -BeNullOrEmpty
            nft 'table inet mine { chain input { type filter hook input priority 5; policy drop; ct state established,related accept; iifname "lo" accept; tcp dport 9300 accept; }; }'
            try {
                $blocked, $open = Test-HostPort 9200, 9300 -Detailed
                $blocked.IsOpen | Should -BeFalse
                $blocked.BlockedBy | Should -Be 'inet mine, chain input: policy drop'
                $open.IsOpen | Should -BeTrue
                $open.BlockedBy | Should -BeNullOrEmpty
                ($blocked | Out-String -Width 120) | Should -Match 'False.*blocked: inet mine, chain input: policy drop'
            }
            finally { nft delete table inet mine }
        }

        It 'without -Scope a rule is both, at once' {
            $rule = Set-HostPortRule 8000-8010 -Protocol udp
            $rule.Runtime, $rule.Permanent | Should -Be $true, $true
            (Get-HostPortRule 8005).Port | Should -Be '8000-8010'
            Get-HostPortRule 8005 -Protocol tcp | Should -BeNullOrEmpty
        }

        It 'a rule with a time is for now only' {
            $rule = Set-HostPortRule 9400 -Timeout 5m
            $rule.Permanent | Should -BeFalse
            $rule.Timeout | Should -BeGreaterThan ([TimeSpan]'0:04:00')
            (Get-Failure { Set-HostPortRule 9401 -Timeout 5 -Scope Permanent }).FullyQualifiedErrorId | Should -BeLike 'ParameterInvalid,*'
        }

        It 'rules are piped to Remove-HostPortRule' {
            $null = Set-HostPortRule 9500 -Source 192.0.2.0/24
            $null = Set-HostPortRule 9501 -Protocol udp
            Get-HostPortRule | Remove-HostPortRule
            Get-HostPortRule | Should -BeNullOrEmpty
        }

        It 'a zone that is not there and a port that is none are errors' {
            $failure = Get-Failure { Set-HostPortRule 9600 -Zone nosuch }
            $failure.FullyQualifiedErrorId | Should -BeLike 'ZoneNotFound,*'
            $failure.CategoryInfo.Category | Should -Be ObjectNotFound
            (Get-Failure { Set-HostPortRule 70000 }).FullyQualifiedErrorId | Should -BeLike 'PortInvalid,*'
        }

        It '-WhatIf changes nothing' {
            Set-HostPortRule 9700 -WhatIf | Should -BeNullOrEmpty
            Get-HostPortRule | Should -BeNullOrEmpty
            $null = Set-HostPortRule 9701
            Remove-HostPortRule 9701 -WhatIf
            Stop-HostFirewall -WhatIf
            Sync-HostFirewall -WhatIf
            (Get-HostPortRule 9701).Runtime | Should -BeTrue
            (Get-HostFirewall).Running | Should -BeTrue
        }

        It 'the view shows where a rule is in force' {
            $null = Set-HostPortRule 9800
            Get-HostPortRule | Out-String -Width 200 | Should -Match '9800\s+Tcp\s+public\s+Both'
            Get-HostFirewall | Out-String -Width 200 | Should -Match 'Nftables\s+True\s+False\s+public'
        }

        It 'a container opens its port for as long as it runs' {
            $null = Import-LayerImage $TestHost.RootFs box
            $null = Start-LayerContainer box -Name web -Publish 18081:8080 -OpenHostPort -Command httpd, -f, -p, 8080, -h, /srv

            $rule = Get-HostPortRule 18081
            $rule.Runtime | Should -BeTrue
            $rule.Permanent | Should -BeFalse
            $rule.Owner | Should -Not -BeNullOrEmpty
            $null = Sync-HostFirewall
            $status = Test-HostPort 18081 -Detailed
            $status.Container | Should -Be web
            $status.IsOpen | Should -BeTrue
            Test-HostPort 18081 | Should -BeTrue

            Remove-LayerContainer web -Force
            Get-HostPortRule 18081 | Should -BeNullOrEmpty
            Test-HostPort 18081 | Should -BeFalse
        }

        It 'the ports of a container are piped with their ranges and protocols' {
            $null = Import-LayerImage $TestHost.RootFs box
            $null = Start-LayerContainer box -Name web -Publish 18083:8080, 19000-19002:9000-9002/udp -Command sleep, 100
            $rules = Get-ContainerPort web | Set-HostPortRule -Scope Runtime
            "$($rules | ForEach-Object { "$($_.Port)/$($_.Protocol)" })" | Should -Be '18083/Tcp 19000-19002/Udp'
            (Get-ContainerPort web | Test-HostPort -Detailed).IsOpen | Should -Be @($true, $true, $true, $true)
            Get-ContainerPort web | Out-String -Width 200 | Should -Match 'web\s+19000\s+9000 Udp\s+3'
            Remove-LayerContainer web -Force
        }

        It 'a container that does not ask for it leaves the port closed to others' {
            $null = Import-LayerImage $TestHost.RootFs box
            $null = Start-LayerContainer box -Name web -Publish 18082:8080 -Command httpd, -f, -p, 8080, -h, /srv
            (Test-HostPort 18082 -Detailed).IsOpen | Should -BeFalse
            Remove-LayerContainer web -Force
        }
    }
}
