# The module's own firewall, asked by another machine: permanent, running, reloaded.

# firewalld needs them; from here on one of the machines is without, as minimal ones are.
if ($Backend -eq 'Nftables') { Remove-Item /etc/protocols, /etc/services }

Test-That 'Firewall_Starts_AndClosesThePorts' {
    Assert-FromPeer open 9200
    Start-HostFirewall
    Assert-Equal True (Get-HostFirewall).Running
    Assert-FromPeer closed 9200
}

Test-That 'Firewall_RuntimeRule_OpensUntilTheReload' {
    Set-HostPortRule -Port 9300 -Protocol tcp -Zone public -Scope Runtime
    Assert-FromPeer open 9300
    Sync-HostFirewall
    Assert-FromPeer closed 9300
}

Test-That 'Firewall_PermanentRule_OpensFromTheReloadOn' {
    Set-HostPortRule -Port 9200 -Protocol tcp -Zone public -Scope Permanent
    Assert-FromPeer closed 9200
    Sync-HostFirewall
    Assert-FromPeer open 9200
    $rule = Get-HostPortRule 9200
    Assert-Equal 'True True' "$($rule.Runtime) $($rule.Permanent)" 'Runtime and Permanent'
}

Test-That 'Firewall_Enabled_IsAUnitOfSystemd' {
    Enable-HostFirewall
    Assert-Equal True (Get-HostFirewall).EnabledAtBoot
    Assert-Equal enabled (systemctl is-enabled layerimage-firewall)
}

# One machine has firewalld over the reset, the other the module's own firewall.
if ($Backend -eq 'Firewalld') {
    Test-That 'Firewalld_TakesOver_FromTheNativeFirewall' {
        Disable-HostFirewall
        $null = Invoke-Native systemctl unmask firewalld
        $null = Invoke-Native systemctl enable --now firewalld
        Assert-Match 'was stopped' (Start-HostFirewall 3>&1 | Where-Object { $_ -is [Management.Automation.WarningRecord] }) 'The warning'
        Assert-Empty ((nft list tables) -match 'layerimage_firewall') 'The list of tables'
        $null = Set-HostPortRule 9200
        Assert-FromPeer open 9200
        Assert-FromPeer closed 9300
    }
}

Test-That 'Publish_OpenHostPort_LetsOthersIn' {
    Start-LayerContainer tomcat -Name web -Publish 8081:8080 -OpenHostPort
    Invoke-ContainerCommand web 'mv /usr/local/tomcat/webapps.dist/* /usr/local/tomcat/webapps; echo kept >/kept'
    Assert-Equal 200 (Get-PageStatus 8081)
    Assert-FromPeer open 8081
    Start-LayerContainer tomcat -Name closed -Publish 8082:8080
    Assert-Equal 404 (Get-PageStatus 8082)
    Assert-FromPeer closed 8082
    Remove-LayerContainer closed -Force
}
