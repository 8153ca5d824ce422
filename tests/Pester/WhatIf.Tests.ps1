BeforeDiscovery {
    . "$PSScriptRoot/Host.ps1"
    $Missing = Get-MissingRequirement
}

# What -WhatIf promises, the run does: so it refuses what the run would refuse, and changes nothing.
Describe "-WhatIf$(if ($Missing) { " ($Missing)" })" -Skip:([bool]$Missing) {
    BeforeAll {
        . "$PSScriptRoot/Host.ps1"
        $TestHost = Start-TestHost
        $null = Import-LayerImage $TestHost.RootFs box
        $null = Start-LayerContainer box -Name web -Publish 18080:8080 -Command sleep, 1000
        $null = New-LayerContainer box -Name idle -Publish 18080:8080 -Command sleep, 1000
        $null = New-Item "$($TestHost.Folder)/there.tar"
        function Get-State { (Get-Container | Sort-Object Name | ForEach-Object { "$($_.Name) $($_.State) $($_.ProcessId)" }) -join ';' }
    }
    AfterAll { Stop-TestHost $TestHost }

    It 'refuses <Id>: <Script>' -ForEach @(
        @{ Id = 'NameInUse'; Script = 'New-LayerContainer box -Name web' }
        @{ Id = 'NameInUse'; Script = 'Start-LayerContainer box -Name WEB' }
        @{ Id = 'NameInvalid'; Script = "New-LayerContainer box -Name 'a b'" }
        @{ Id = 'NameInUse'; Script = 'Rename-LayerContainer idle web' }
        @{ Id = 'PortInUse'; Script = 'Start-LayerContainer box true -Publish 18080:80' }
        @{ Id = 'PortInUse'; Script = 'Start-LayerContainer -Name idle' }
        @{ Id = 'PortInvalid'; Script = 'Start-LayerContainer box -Publish nonsense' }
        @{ Id = 'ImageNotFound'; Script = 'Start-LayerContainer nosuch:1 -PullPolicy Never' }
        @{ Id = 'VolumeInvalid'; Script = 'New-LayerContainer box -Volume /no/such:/data' }
        @{ Id = 'VolumeInvalid'; Script = 'Start-LayerContainer box -Volume /tmp:/dev' }
        @{ Id = 'ParameterInvalid'; Script = "Start-LayerContainer box -Hostname 'a b'" }
        @{ Id = 'ParameterInvalid'; Script = 'Start-LayerContainer box -CapAdd NONSENSE' }
        @{ Id = 'ContainerRunning'; Script = 'Remove-LayerContainer web' }
        @{ Id = 'ContainerNotRunning'; Script = 'Suspend-LayerContainer idle' }
        @{ Id = 'ContainerNotRunning'; Script = 'Invoke-ContainerCommand idle true' }
        @{ Id = 'NameInUse'; Script = 'Get-Container | Save-ContainerAsImage one:1' }
        @{ Id = 'ReferenceInvalid'; Script = "Save-ContainerAsImage 'Not A Name' -Name web" }
        @{ Id = 'PathInvalid'; Script = 'Export-LayerImage box "$($TestHost.Folder)/there.tar"' }
        @{ Id = 'PathInvalid'; Script = 'Import-LayerImage "$($TestHost.Folder)/nosuch.tar"' }
        @{ Id = 'ReferenceInvalid'; Script = "Add-ImageTag box 'Not A Name'" }
        @{ Id = 'ImageNotFound'; Script = 'Remove-ImageTag box nosuch:1' }
        @{ Id = 'PathInvalid'; Script = 'Mount-LayerImage box "$($TestHost.Folder)/no/such/parent"' }
        @{ Id = 'ImageInUse'; Script = 'Remove-LayerImage box -Force' }
        @{ Id = 'ParameterInvalid'; Script = 'Start-LayerContainer box' }
    ) {
        $before = Get-State
        (Get-Failure ([scriptblock]::Create("$Script -WhatIf"))).FullyQualifiedErrorId | Should -Match "^$Id,"
        # The run says the same.
        (Get-Failure ([scriptblock]::Create($Script))).FullyQualifiedErrorId | Should -Match "^$Id,"
        Get-State | Should -Be $before
        Get-LayerImage one:1 -ErrorAction Ignore | Remove-LayerImage
    }

    It 'changes nothing where the run would' -ForEach @(
        'Start-LayerContainer box true -Name new -Publish 18081:80', 'New-LayerContainer box true -Name new', 'Remove-LayerContainer web -Force', 'Stop-LayerContainer web', 'Restart-LayerContainer web'
        'Rename-LayerContainer idle other', 'Save-ContainerAsImage new:1 -Name web', 'Suspend-LayerContainer web', 'Clear-LayerStore'
    ) {
        $before = Get-State
        Get-Failure ([scriptblock]::Create("$_ -WhatIf")) | Should -BeNullOrEmpty
        Get-State | Should -Be $before
        (Get-LayerImage).Reference | Should -Be 'box:latest'
    }

    It 'has nothing to promise for a container that has ended' {
        Stop-LayerContainer idle -WhatIf *>&1 | Should -BeNullOrEmpty
    }
}
