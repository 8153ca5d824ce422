# firewalld runs, and the host's ports are its own: what our cmdlets say to that.

Test-That 'Firewalld_Runs_AndIsSeen' {
    Assert-Equal active (systemctl is-active firewalld)
    $firewall = Get-HostFirewall
    Assert-Equal Firewalld $firewall.Backend
    Assert-Equal True $firewall.Running
}

Test-That 'Firewalld_Runs_ChangesAreRefused' {
    foreach ($change in { Set-HostPortRule 9200 -Scope Permanent }, { Set-HostPortRule 9200 -Scope Runtime }, { Sync-HostFirewall }, { Start-HostFirewall }) {
        Assert-Error FirewallOwned $change
    }
    Assert-Equal active (systemctl is-active firewalld)
    Assert-Empty (Get-ChildItem /etc/firewalld/zones) "firewalld's own zones"
}

Test-That 'Firewalld_Stopped_LeavesTheHostToUs' {
    $null = Invoke-Native systemctl disable --now firewalld
    $firewall = Get-HostFirewall
    Assert-Equal Nftables $firewall.Backend
    Assert-Equal False $firewall.Running
}
