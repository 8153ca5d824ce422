BeforeDiscovery {
    . "$PSScriptRoot/Host.ps1"
    $Missing = Get-MissingRequirement
}

Describe "Tab completion$(if ($Missing) { " ($Missing)" })" -Skip:([bool]$Missing) {
    BeforeAll {
        . "$PSScriptRoot/Host.ps1"
        $TestHost = Start-TestHost
        foreach ($name in 'alpine', 'team/app:1.2', 'tomcat:9') { $null = Import-LayerImage $TestHost.RootFs $name }
        foreach ($name in 'web-1', 'web-2', 'worker') { $null = New-LayerContainer alpine -Name $name -Command sleep, 1 }
        function Complete([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches }
    }
    AfterAll { Stop-TestHost $TestHost }

    It 'names of containers' {
        (Complete 'Get-Container w').CompletionText | Should -Be 'worker', 'web-2', 'web-1'
        (Complete 'Stop-LayerContainer -Name web').CompletionText | Should -Be 'web-2', 'web-1'
        (Complete 'Invoke-ContainerCommand wo').ToolTip | Should -Match 'alpine:latest, Created'
    }

    It 'references of images' {
        (Complete 'Start-LayerContainer ').CompletionText | Should -Contain 'team/app:1.2'
        (Complete 'Get-LayerImage tom').CompletionText | Should -Be 'tomcat:9'
        (Complete 'Remove-LayerImage -Reference te').CompletionText | Should -Be 'team/app:1.2'
    }

    It 'what is in quotes already' {
        (Complete "Get-Container 'wor").CompletionText | Should -Match 'worker'
    }

    It 'zones, and the values of enumerations' {
        (Complete 'Set-HostPortRule 80 -Zone pu').CompletionText | Should -Be public
        (Complete 'Set-HostPortForward 80 8080 -Zone pu').CompletionText | Should -Be public
        (Complete 'Set-HostFirewallZone public -Service http').CompletionText | Should -Contain https
        (Complete 'Set-HostFirewallZone public -IcmpBlock echo-re').CompletionText | Should -Be 'echo-reply', 'echo-request'
        ip link add tabbed0 type veth peer name peered0
        try { (Complete 'Set-HostFirewallZone public -Interface tab').CompletionText | Should -Be tabbed0 }
        finally { ip link delete tabbed0 }
        (Complete 'Set-HostPortRule 80 -Scope P').CompletionText | Should -Be Permanent
        (Complete 'Start-LayerContainer alpine -Network ').CompletionText | Should -Be 'bridge', 'host', 'none'
    }

    It 'signals, capabilities, platforms, and the ports that an image exposes' {
        (Complete 'Stop-LayerContainer web-1 -Signal SIGU').CompletionText | Should -Be 'SIGUSR1', 'SIGUSR2', 'SIGURG'
        (Complete 'Start-LayerContainer alpine -CapAdd NET_A').CompletionText | Should -Be NET_ADMIN
        (Complete 'Start-LayerContainer alpine -Ulimit nof').CompletionText | Should -Be 'nofile='
        (Complete 'Receive-LayerImage alpine -Platform linux/arm6').CompletionText | Should -Be linux/arm64
        $null = Import-LayerImage $TestHost.RootFs exposing -Change 'EXPOSE 8080', 'EXPOSE 53/udp'
        (Complete 'Start-LayerContainer exposing -Publish ').CompletionText | Should -Be '53:53/udp', '8080:8080'
    }

    It 'a wildcard in the word is taken as it is, and nothing is no error' {
        $Error.Clear()
        Complete 'Get-Container nosuch' | Where-Object ResultType -eq ParameterValue | Should -BeNullOrEmpty
        $Error | Should -BeNullOrEmpty
    }

    It 'parameters' {
        (Complete 'Start-LayerContainer alpine -Pub').CompletionText | Should -Be '-Publish', '-PublishAll'
    }
}
