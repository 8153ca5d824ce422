# A session that has thousands of files open: descriptors of 1,024 and more, which select(2) cannot take.
BeforeDiscovery {
    . "$PSScriptRoot/Host.ps1"
    $Missing = Get-MissingRequirement
    if (-not $Missing) {
        # .NET has raised the soft limit to the hard one.
        $limit = [regex]::Match([IO.File]::ReadAllText('/proc/self/limits'), 'Max open files\s+(\d+)').Groups[1].Value
        if ([long]$limit -lt 4000) { $Missing = "needs 4,000 files (the limit is $limit)" }
    }
}

Describe "A session with 3,000 open files$(if ($Missing) { " ($Missing)" })" -Skip:([bool]$Missing) {
    BeforeAll {
        . "$PSScriptRoot/Host.ps1"
        $TestHost = Start-TestHost
        $Files = foreach ($i in 1..3000) { [IO.File]::OpenRead('/dev/null') }
        $null = Import-LayerImage $TestHost.RootFs box
    }
    AfterAll {
        Stop-TestHost $TestHost
        $Files | ForEach-Object Dispose
    }

    It 'lives through every verb of the firewall' {
        $Files[-1].SafeFileHandle.DangerousGetHandle() | Should -BeGreaterThan 3000
        (Start-HostFirewall).Running | Should -BeTrue
        (Set-HostPortRule 9200 -Scope Runtime).Runtime | Should -BeTrue
        (Set-HostPortRule 9201 -Source 192.0.2.0/24).Permanent | Should -BeTrue
        (Set-HostPortRule 9202 -Timeout 5m).Timeout | Should -Not -BeNullOrEmpty
        (Test-HostPort 9200 -Detailed).IsOpen | Should -BeTrue
        (Sync-HostFirewall -Complete).Running | Should -BeTrue
        (Get-HostPortRule).Port | Should -Be 9201
        Get-HostPortRule | Remove-HostPortRule
        $null = Set-HostPortRule 9203 -Scope Runtime
        $null = Sync-HostFirewall -RuntimeToPermanent
        (Get-HostPortRule 9203).Permanent | Should -BeTrue
        Remove-HostPortRule 9203
        $null = Stop-HostFirewall
        (Get-HostFirewall).Running | Should -BeFalse
    }

    It 'lives through the life of a container that publishes ports' {
        $null = Start-HostFirewall
        $null = Start-LayerContainer box -Name web -Publish 8081:80, 9000-9010:9000-9010 -OpenHostPort -Command httpd, -f, -h, /srv
        (Test-HostPort 8081 -Detailed).Container | Should -Be web
        (Get-HostPortRule 8081).Owner | Should -Not -BeNullOrEmpty
        Invoke-ContainerCommand web 'cat /srv/index.html' | Should -Be 'It works.'
        Suspend-LayerContainer web
        Resume-LayerContainer web
        Restart-LayerContainer web -Timeout 0
        (Get-Container web | Save-ContainerAsImage box:2).Tags | Should -Contain 'box:2'
        Stop-LayerContainer web -Timeout 0
        Get-HostPortRule | Should -BeNullOrEmpty
        Get-Container | Remove-LayerContainer
        $null = Stop-HostFirewall
    }

    It 'and through every way to the layers' {
        $mount = Mount-LayerImage box -Path "$($TestHost.Folder)/union" -Writable
        Get-Content "$($mount.Merged)/srv/index.html" | Should -Be 'It works.'
        Dismount-LayerImage $mount.Merged
        $file = Export-LayerImage box "$($TestHost.Folder)/box.tar"
        (Import-LayerImage $file.FullName again).Layers.Count | Should -BeGreaterThan 0
        Test-LayerStore -Full | Should -BeNullOrEmpty
    }
}
