# A machine in use, the moment before it stops: containers in each state, a writable mount.

Test-That 'Reset_IsPrepared' {
    New-LayerContainer tomcat -Name made
    Start-LayerContainer tomcat -Name paused
    Suspend-LayerContainer paused
    $null = Mount-LayerImage tomcat /mnt/writable -Writable
    [IO.File]::WriteAllText('/mnt/writable/kept', 'kept')
    Assert-Equal 'Created Paused Running' "$(Get-Container | Sort-Object Name | ForEach-Object State)" 'The states'
}
