BeforeDiscovery {
    . "$PSScriptRoot/Host.ps1"
    $Missing = Get-MissingRequirement
}

Describe "Host ports$(if ($Missing) { " ($Missing)" })" -Skip:([bool]$Missing) {
    BeforeAll {
        . "$PSScriptRoot/Host.ps1"
        $TestHost = Start-TestHost
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
