@{
    # The Loader comes first: it gives the engine and its packages a load context of their own.
    NestedModules        = @('bin/LayerImage.Loader.dll')
    RootModule           = 'bin/LayerImage.Cmdlets.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '5d1c7c2e-6f0b-4f0e-9b53-0c6c1f6a7d21'
    Author               = 'The LayerImage authors'
    CompanyName          = 'The LayerImage authors'
    Copyright            = 'Copyright (c) The LayerImage authors. MIT licence.'
    Description          = 'A daemonless container and image engine for Linux whose answers are PowerShell objects: images, layers, containers, commits, published ports and host port rules.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('LayerImage.Format.ps1xml')
    TypesToProcess       = @('LayerImage.Types.ps1xml')
    FunctionsToExport    = @()
    VariablesToExport    = @()
    AliasesToExport      = @('Get-LayerContainer')
    CmdletsToExport      = @(
        'Get-Container'
        'Save-ContainerAsImage'
        'Get-ContainerChange'
        'Invoke-ContainerCommand'
        'Get-ContainerLog'
        'Get-ContainerPort'
        'Disable-HostFirewall'
        'Enable-HostFirewall'
        'Get-HostFirewall'
        'Set-HostFirewall'
        'Test-HostFirewall'
        'Get-HostFirewallIpSet'
        'Get-HostFirewallPolicy'
        'Get-HostFirewallZone'
        'New-HostFirewallZone'
        'Remove-HostFirewallZone'
        'Set-HostFirewallZone'
        'Start-HostFirewall'
        'Stop-HostFirewall'
        'Sync-HostFirewall'
        'Test-HostPort'
        'Get-HostPortForward'
        'Remove-HostPortForward'
        'Set-HostPortForward'
        'Get-HostPortRule'
        'Remove-HostPortRule'
        'Set-HostPortRule'
        'Get-ImageHistory'
        'Get-ImageLayer'
        'Connect-ImageRegistry'
        'Disconnect-ImageRegistry'
        'Get-ImageRegistry'
        'Add-ImageTag'
        'Remove-ImageTag'
        'Connect-LayerContainer'
        'Enter-LayerContainer'
        'New-LayerContainer'
        'Remove-LayerContainer'
        'Rename-LayerContainer'
        'Restart-LayerContainer'
        'Resume-LayerContainer'
        'Start-LayerContainer'
        'Stop-LayerContainer'
        'Suspend-LayerContainer'
        'Wait-LayerContainer'
        'Clear-LayerImage'
        'Compare-LayerImage'
        'Dismount-LayerImage'
        'Copy-LayerImageItem'
        'Export-LayerImage'
        'Find-LayerImage'
        'Get-LayerImage'
        'Get-LayerImageMount'
        'Get-LayerImagePlan'
        'Import-LayerImage'
        'Mount-LayerImage'
        'Receive-LayerImage'
        'Remove-LayerImage'
        'Send-LayerImage'
        'Clear-LayerStore'
        'Get-LayerStore'
        'Repair-LayerStore'
        'Test-LayerStore'
    )
    PrivateData          = @{
        PSData = @{
            Tags         = @('Container', 'Docker', 'OCI', 'Image', 'Firewall', 'Linux')
            ReleaseNotes = 'See CHANGELOG.md.'
        }
    }
}
