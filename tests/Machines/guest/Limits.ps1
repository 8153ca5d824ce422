# Control groups of version 2, which systemd made.

Test-That 'Limits_AreTheControlGroups' {
    $container = Start-LayerContainer tomcat -Name limited -Memory 32m -PidsLimit 20 -Cpu 0.9 -Command sleep, 1000
    $group = "/sys/fs/cgroup/layerimage/$($container.Id)"
    Assert-Equal (32MB) (Get-Content "$group/memory.max") 'memory.max'
    Assert-Equal (32MB) (Get-Content "$group/memory.swap.max") 'memory.swap.max'
    Assert-Equal 20 (Get-Content "$group/pids.max") 'pids.max'
    Assert-Equal '90000 100000' (Get-Content "$group/cpu.max") 'cpu.max'
}

Test-That 'Limits_Memory_EndsWhoWantsMore' {
    Invoke-ContainerCommand limited 'head -c 40000000 /dev/zero | tail -n 1 >/dev/null'
    Assert-Equal 137 $LASTEXITCODE 'The exit code'
    Assert-Equal Running (Get-Container limited).State 'The container'
}

Test-That 'Pause_FreezesAndThaws' {
    $events = "/sys/fs/cgroup/layerimage/$((Get-Container limited).Id)/cgroup.events"
    Suspend-LayerContainer limited
    Assert-Equal Paused (Get-Container limited).State
    Assert-Match 'frozen 1' (Get-Content $events)
    Resume-LayerContainer limited
    Assert-Equal Running (Get-Container limited).State
    Assert-Match 'frozen 0' (Get-Content $events)
    Remove-LayerContainer limited -Force
}
