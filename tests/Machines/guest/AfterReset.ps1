# The same machine after it stopped without warning and started again.

Test-That 'Reset_FirewallIsThereFromTheBootOn' {
    Assert-Equal active (systemctl is-active ($Backend -eq 'Firewalld' ? 'firewalld' : 'layerimage-firewall'))
    $firewall = Get-HostFirewall
    Assert-Equal "$Backend True True" "$($firewall.Backend) $($firewall.Running) $($firewall.EnabledAtBoot)" 'The firewall'
    Assert-Equal '9200 True True' "$(Get-HostPortRule | ForEach-Object { "$($_.Port) $($_.Runtime) $($_.Permanent)" })" 'The rules'
}

Test-That 'Reset_FirewallLetsInWhatIsPermanent' {
    Start-Peer
    Assert-FromPeer open 9200
    Assert-FromPeer closed 9300
}

Test-That 'Reset_ContainersEnded_AndSayWhy' {
    Assert-Equal 'made Created ; paused Exited The host was restarted.; web Exited The host was restarted.' `
        (@(Get-Container | Sort-Object Name | ForEach-Object { "$($_.Name) $($_.State) $($_.Error)" }) -join '; ') 'The containers'
}

Test-That 'Reset_WritableMount_KeptItsChanges' {
    $mount = Get-LayerImageMount /mnt/writable
    Assert-Equal False $mount.IsMounted
    Assert-Equal kept ([IO.File]::ReadAllText("$($mount.UpperDir)/kept"))
    $mount | Dismount-LayerImage -Discard
    Assert-Empty (Get-LayerImageMount) 'The list of mounts'
}

Test-That 'Reset_ContainerStartsAgain_WithItsData' {
    Start-LayerContainer -Name web
    Assert-Equal 200 (Get-PageStatus 8081)
    Assert-Equal kept (Invoke-ContainerCommand web 'cat /kept') 'The file'
    Assert-FromPeer open 8081
}

Test-That 'Reset_OthersStartAgain' {
    foreach ($name in 'made', 'paused') { Assert-Equal Running (Start-LayerContainer -Name $name).State "The container $name" }
}

Test-That 'Reset_Store_IsWhole' { Assert-Empty (Test-LayerStore -Full | ForEach-Object Message) 'The list of issues' }

Test-That 'End_NothingIsLeft' {
    Get-Container | Remove-LayerContainer -Force
    Clear-LayerStore -Force
    Assert-Empty (Get-Container) 'The list of containers'
    Assert-Empty (Select-String -Path /proc/self/mountinfo -Pattern layerimage -Raw) 'The list of mounts'
    Assert-Empty (Get-ChildItem /var/lib/layerimage/containers, /var/lib/layerimage/mounts) "The store's folders"
    Assert-Empty (Get-ChildItem /run/netns -Exclude peer) 'The list of network namespaces'
    Assert-Empty (Get-ChildItem /sys/fs/cgroup/layerimage -Directory -Exclude monitors) 'The list of control groups'
    Assert-Empty (busybox pidof conmon) 'The list of monitors'
}

Test-That 'End_FirewallGoes_WithItsUnit' {
    Disable-HostFirewall
    Stop-HostFirewall
    Assert-FromPeer open 9300
    Assert-Match 'not-found|No such file' "$(systemctl is-enabled layerimage-firewall 2>&1)" 'The unit'
    if ($Backend -eq 'Firewalld') { Assert-Equal 'inactive disabled' "$(systemctl is-active firewalld) $(systemctl is-enabled firewalld)" 'The unit' }
    Assert-Empty ((nft list tables) -match 'layerimage_(firewall|guard)') 'The list of tables'
}
