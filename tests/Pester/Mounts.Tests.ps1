BeforeDiscovery {
    . "$PSScriptRoot/Host.ps1"
    $Missing = Get-MissingRequirement
}

Describe "Mounts$(if ($Missing) { " ($Missing)" })" -Skip:([bool]$Missing) {
    BeforeAll {
        . "$PSScriptRoot/Host.ps1"
        $TestHost = Start-TestHost
        $null = Import-LayerImage $TestHost.RootFs box
        $At = "$($TestHost.Folder)/at"
    }
    AfterAll {
        Get-LayerImageMount | Dismount-LayerImage -Force -Discard
        Stop-TestHost $TestHost
    }

    It 'an image is read-only at a path' {
        $mount = Mount-LayerImage box $At
        $mount.Merged | Should -Be $At
        $mount.IsReadOnly | Should -BeTrue
        $mount.MountedAt | Should -BeOfType ([DateTimeOffset])
        Get-Content "$At/srv/index.html" | Should -Be 'It works.'
        { Set-Content "$At/new" x -ErrorAction Stop } | Should -Throw
        (Get-Failure { Remove-LayerImage box -Confirm:$false }).FullyQualifiedErrorId | Should -Match '^ImageInUse'
        $mount | Dismount-LayerImage
        $At | Should -Not -Exist
    }

    It 'a writable one keeps its changes until they are discarded' {
        $mount = Mount-LayerImage box $At -Writable
        Set-Content "$At/new" mine
        Dismount-LayerImage $At -WarningVariable told -WarningAction SilentlyContinue
        "$told" | Should -Match ([regex]::Escape($mount.UpperDir))
        (Get-LayerImageMount $At).IsMounted | Should -BeFalse
        Get-LayerImageMount $At | Dismount-LayerImage -Discard
        Get-LayerImageMount | Should -BeNullOrEmpty
    }

    It 'two images are compared' {
        Set-Content "$($TestHost.RootFs)/srv/index.html" 'It works better.'
        $null = Import-LayerImage $TestHost.RootFs better
        $change = Compare-LayerImage box better -Content -Path /srv/index.html
        $change.Kind | Should -Be Modified
        $change.Differences | Should -Match Content
        $change.Hash | Should -Not -Be $change.HashBefore
    }
}
