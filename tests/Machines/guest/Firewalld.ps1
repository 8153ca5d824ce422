# The second half of the user's document, on a host where firewalld runs: seen by firewall-cmd, and asked by another machine.

# What changes by a process in the background has changed within some seconds: this machine is an emulation.
function Assert-FromPeerSoon([string] $Expected, [int] $Port) {
    for ($attempt = 0; $attempt -lt 20; $attempt++) {
        try { return Assert-FromPeer $Expected $Port } catch { Start-Sleep -Milliseconds 500 }
    }
    Assert-FromPeer $Expected $Port
}

Test-That 'Firewalld_Runs_AndIsSeen' {
    Start-Peer
    Assert-Equal active (systemctl is-active firewalld)
    $firewall = Get-HostFirewall
    Assert-Equal 'Firewalld True True public' "$($firewall.Backend) $($firewall.Running) $($firewall.EnabledAtBoot) $($firewall.DefaultZone)" 'The firewall'
    Assert-Match 'firewalld' (Get-HostFirewall -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] }) 'What -Verbose says'
    Assert-Equal 'ssh' (Get-HostPortRule -Service ssh -Zone public).Service
    Assert-FromPeer closed 9200
}

# Reloads take long in emulation: the machines share these checks.
if ($Backend -eq 'Firewalld') {
    Test-That 'Document_PermanentPort_OpensAtTheReload' {
        Set-HostPortRule -Port 9200 -Protocol tcp -Zone public -Scope Permanent
        Assert-FromPeer closed 9200
        Sync-HostFirewall
        Assert-FromPeer open 9200
        Assert-Equal '9200 Tcp True True' (Get-HostPortRule | ForEach-Object { "$($_.Port) $($_.Protocol) $($_.Runtime) $($_.Permanent)" }) 'The rules'
        Assert-Equal 9200/tcp (Invoke-Native firewall-cmd --zone=public --list-ports) "firewall-cmd's ports"
    }

    Test-That 'Document_RemovedPort_ClosesAtTheReload' {
        Remove-HostPortRule -Port 9200 -Protocol tcp -Zone public -Scope Permanent
        Assert-FromPeer open 9200
        Sync-HostFirewall
        Assert-FromPeer closed 9200
        Assert-Empty (Get-HostPortRule) 'The list of rules'
    }
}

# With the version that the daily tests do not meet.
if ($Backend -eq 'Nftables') {
    Test-That 'Firewalld_RulesOfItsOwnTool_AreOurs' {
        $null = Invoke-Native firewall-cmd --add-port=9300/tcp
        Assert-Equal '9300 True False True' (Get-HostPortRule | ForEach-Object { "$($_.Port) $($_.Runtime) $($_.Permanent) $($_.Drift)" }) 'The rules'
        Get-HostPortRule 9300 | Remove-HostPortRule
        Assert-FromPeer closed 9300
        Assert-Error ZoneNotFound { Set-HostPortRule 9300 -Zone nowhere }
        Assert-Error ServiceNotFound { Set-HostPortRule -Service nothing }
    }

    Test-That 'Firewalld_ZonesAndServices_AreMadeAndGo' {
        $null = New-HostFirewallZone lab -Target DROP -Source 203.0.113.0/24 -Service http
        Sync-HostFirewall
        $zone = Get-HostFirewallZone lab
        Assert-Equal 'DROP 203.0.113.0/24 http True' "$($zone.Target) $($zone.Sources) $($zone.Services) $($zone.IsActive)" 'The zone'
        Assert-Error ZoneConflict { Set-HostFirewallZone public -Source 203.0.113.0/24 }
        Set-HostPortRule -Service https -Zone lab
        Assert-Equal 'http https' ((Invoke-Native firewall-cmd --zone=lab --list-services) -join ' ') 'The services'
        Remove-HostPortRule -Service https -Zone lab
        Assert-Empty (Test-HostFirewall) 'The list of issues'
        Remove-HostFirewallZone lab
    }
}

Test-That 'Publish_BesideFirewalld_ObeysItsZones' {
    Start-LayerContainer tomcat -Name web -Publish 8081:8080 -OpenHostPort
    Start-LayerContainer tomcat -Name closed -Publish 8082:8080
    Assert-Equal 404 (Get-PageStatus 8082) 'The page, asked by the host itself'
    Assert-FromPeer closed 8082
    Set-HostPortRule 8082 -Scope Runtime
    Assert-Answers 8082
    Assert-Answers 8081
    Assert-Equal 'web' (Get-HostPortRule 8081 | ForEach-Object { (Get-Container | Where-Object Id -like "$($_.Owner)*").Name }) 'The owner of the rule'
    Assert-Equal 'True True' "$((Test-HostPort 8082 -Detailed).IsOpen) $((Test-HostPort 8081 -Detailed).IsOpen)" 'Open'
}

if ($Backend -eq 'Firewalld') {
    Test-That 'Publish_FollowsFirewalld_WithoutUs' {
        $null = Invoke-Native firewall-cmd --remove-port=8082/tcp
        Assert-FromPeerSoon closed 8082
        $null = Invoke-Native firewall-cmd --add-port=8082/tcp
        Assert-AnswersSoon 8082
        $null = Invoke-Native firewall-cmd --reload
        Assert-FromPeerSoon closed 8082
        Assert-Answers 8081
        Invoke-Native systemctl restart firewalld
        Assert-FromPeerSoon closed 8082
        Assert-Answers 8081
    }
}

if ($Backend -eq 'Nftables') {
    Test-That 'Firewalld_StopsAndStarts_ByOurCmdlets' {
        Stop-HostFirewall
        Assert-Equal inactive (systemctl is-active firewalld)
        Assert-Equal 'Firewalld False' "$((Get-HostFirewall).Backend) $((Get-HostFirewall).Running)" 'The firewall'
        Assert-FromPeer open 9300
        Assert-AnswersSoon 8082
        Assert-Error FirewallNotRunning { Set-HostPortRule 9300 -Scope Runtime }
        Disable-HostFirewall
        Assert-Equal disabled (systemctl is-enabled firewalld)
        Enable-HostFirewall
        Start-HostFirewall
        Assert-Equal 'active enabled' "$(systemctl is-active firewalld) $(systemctl is-enabled firewalld)" 'The unit'
        Assert-FromPeer closed 9300
        Assert-FromPeerSoon closed 8082
        Assert-Answers 8081
    }
}

# polkit answers firewalld here, and there is nobody whom it could ask for a password.
if ($Backend -eq 'Nftables') {
    Test-That 'OrdinaryUser_IsToldWhatNeedsRoot' {
        $null = Invoke-Native install -d -o nobody /tmp/nobody
        $tries = 'Set-HostPortRule 9400', 'Set-HostPortRule 9400 -Scope Permanent', 'Remove-HostPortRule 9300', 'Set-HostFirewallZone public -Masquerade', 'Sync-HostFirewall -Force', 'Stop-HostFirewall', 'Disable-HostFirewall'
        $script = "Import-Module $PSScriptRoot/../LayerImage/LayerImage.psd1
            foreach (`$try in '$($tries -join "', '")') { try { `$null = Invoke-Expression `"`$try -ErrorAction Stop`"; `"`$try works`" } catch { `"`$try `$(`$_.FullyQualifiedErrorId)`" } }"
        $said = Invoke-Native setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME=/tmp/nobody "$PSScriptRoot/../start" -NoLogo -NoProfile -NonInteractive -Command $script
        Assert-Empty ($said -like '* works') 'The list of what a user can do'
        Assert-Equal ($tries | Select-Object -First 2 | ForEach-Object { "$_ NotPrivileged" }) (@($said -replace ',.*') | Select-Object -First 2) 'What a user hears'
        Assert-Empty (@(Invoke-Native firewall-cmd --zone=public --list-ports; Invoke-Native firewall-cmd --permanent --zone=public --list-ports) -match '9400') "firewall-cmd's ports"
        Assert-Equal 'active enabled' "$(systemctl is-active firewalld) $(systemctl is-enabled firewalld)" 'The unit'
    }
}

Test-That 'Firewalld_Masked_LeavesTheHostToUs' {
    Get-Container | Remove-LayerContainer -Force
    $null = Invoke-Native systemctl disable --now firewalld
    $null = Invoke-Native systemctl mask firewalld
    $firewall = Get-HostFirewall
    Assert-Equal 'Nftables False' "$($firewall.Backend) $($firewall.Running)" 'The firewall'
}
