# What a cmdlet takes for the things that the user means: nothing that went wrong, was empty, or came out of a container may
# choose them.
BeforeDiscovery {
    . "$PSScriptRoot/Host.ps1"
    $Missing = Get-MissingRequirement
}

Describe "Selection$(if ($Missing) { " ($Missing)" })" -Skip:([bool]$Missing) {
    BeforeAll {
        . "$PSScriptRoot/Host.ps1"
        $TestHost = Start-TestHost
        $null = Import-LayerImage $TestHost.RootFs box
        $null = Import-LayerImage $TestHost.RootFs backup/box:1
        $null = Start-LayerContainer box -Name web -Command sleep, 300
        $null = Start-LayerContainer box -Name other -Command sleep, 300
        # It writes what would choose all containers, another one, and an image.
        $null = Start-LayerContainer box -Name liar -Command 'echo "*"; echo other; echo backup/box:1; sleep 300'
        while (@(Get-ContainerLog liar).Count -lt 3) { Start-Sleep -Milliseconds 50 }
    }
    AfterAll { Stop-TestHost $TestHost }

    Context 'A filter that cannot be understood' {
        It 'lets nothing pass: <_>' -ForEach @(
            'Get-LayerImage backup/* -Before nope:1'
            'Get-LayerImage -Since nope:1'
            'Get-LayerImage backup/* -Platform a/b/c/d'
            'Get-LayerImage box | Get-ImageLayer -UsedBy nope:1'
        ) {
            # As a script runs it, where an error alone does not end the pipe.
            $passed = @()
            try { $passed = @(& ([scriptblock]::Create($_)) 2>$null) } catch { $failure = $_ }
            $passed | Should -BeNullOrEmpty
            $failure | Should -Not -BeNullOrEmpty
        }

        It 'deletes nothing' {
            try { Get-LayerImage backup/* -Before nope:1 | Remove-LayerImage -Force } catch { $failure = $_ }
            "$failure" | Should -Match 'nope:1'
            Get-LayerImage backup/box | Should -HaveCount 1
        }
    }

    Context 'A point in time' {
        It 'is how long ago, a date or an image: <_>' -ForEach '30d', '1h', ([TimeSpan]'1:00'), '2020-01-01', ([datetime]'2020-01-01') {
            Get-LayerImage box -Before $_ | Should -BeNullOrEmpty
            Get-LayerImage box -Since $_ | Should -HaveCount 1
            @(Get-ContainerLog liar -Since $_) | Should -HaveCount 3
            @(Get-ContainerLog liar -Until $_) | Should -HaveCount 0
            Clear-LayerImage -UnusedSince $_ -Confirm:$false | Should -BeNullOrEmpty
        }

        It 'is an image, by name or itself' {
            Get-LayerImage box -Before box | Should -BeNullOrEmpty
            Get-LayerImage box -Since (Get-LayerImage backup/box) | Should -BeNullOrEmpty
        }
    }

    Context 'Nothing' {
        It 'is not all: <_>' -ForEach @(
            'Get-Container $nothing', 'Get-Container ""', 'Get-Container @()', 'Get-Container -Image $nothing', 'Get-Container -Label $nothing', 'Get-Container -Id $nothing', 'Get-Container -State $nothing'
            'Get-LayerImage $nothing', 'Get-LayerImage ""', 'Get-LayerImage -Label $nothing', 'Get-LayerImage -Label @{}', 'Get-LayerImage -Before $nothing', 'Get-LayerImage -Platform $nothing', 'Get-LayerImage -Id ""'
            'Clear-LayerImage -Label $nothing -Confirm:$false', 'Clear-LayerImage -UnusedSince $nothing -Confirm:$false', 'Clear-LayerImage -KeepLast $nothing -Confirm:$false'
            'Get-LayerImageMount $nothing', 'Get-HostPortRule -Zone $nothing', 'Get-HostPortRule -Port $nothing', 'Remove-HostPortRule 9200 -Zone $nothing', 'Set-HostPortRule 9200 -Source $nothing'
            'Get-ContainerChange web -Path $nothing', 'Get-ContainerLog liar -Since $nothing', 'Save-ContainerAsImage no:1 -Name web -Exclude $nothing', '$nothing | Get-Container', '$nothing | Stop-LayerContainer'
        ) {
            $nothing = $null
            $emitted = @()
            $failure = $null
            $Error.Clear()
            try { $emitted = @(& ([scriptblock]::Create($_)) 2>$null) } catch { $failure = $_ }
            if (-not $failure -and $Error.Count) { $failure = $Error[0] }
            $emitted | Should -BeNullOrEmpty
            $failure | Should -Not -BeNullOrEmpty
            $failure.Exception | Should -Not -BeOfType ([NullReferenceException])
            $failure.Exception | Should -Not -BeOfType ([ArgumentNullException])
        }
    }

    Context 'What a container writes' {
        It 'does not choose containers: Get-ContainerLog | <_>' -ForEach 'Stop-LayerContainer -Timeout 0', 'Remove-LayerContainer -Force', 'Restart-LayerContainer -Timeout 0', 'Suspend-LayerContainer' {
            $before = Get-Container web, other | ForEach-Object { "$($_.Name) $($_.State) $($_.StartedAt.Ticks)" }
            Get-ContainerLog liar | & ([scriptblock]::Create("`$input | $_ -WhatIf"))
            Get-ContainerLog liar -Tail 1 | Get-Container | ForEach-Object Name | Should -Be liar
            $null = Get-ContainerLog liar | & ([scriptblock]::Create("`$input | $_")) 2>&1
            Get-Container web, other | ForEach-Object { "$($_.Name) $($_.State) $($_.StartedAt.Ticks)" } | Should -Be $before
            if (Get-Container | Where-Object Name -eq liar) {
                Resume-LayerContainer liar -ErrorAction Ignore
                if ((Get-Container liar).State -ne 'Running') { $null = Start-LayerContainer -Name liar }
            }
            else {
                $null = Start-LayerContainer box -Name liar -Command 'echo "*"; echo other; echo backup/box:1; sleep 300'
            }
            while (@(Get-ContainerLog liar).Count -lt 3) { Start-Sleep -Milliseconds 50 }
        }

        It 'does not choose images' {
            (Get-Failure { Get-ContainerLog liar | Remove-LayerImage -Force }).FullyQualifiedErrorId | Should -BeLike 'ParameterArgumentTransformationError,*'
            (Get-LayerImage).Count | Should -BeGreaterOrEqual 1
            Get-LayerImage backup/box | Should -HaveCount 1
        }
    }

    Context 'What is piped' {
        It 'is literal, as text and as a property' {
            '*' | Get-Container -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            [pscustomobject]@{ Name = '*' } | Get-Container -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            [pscustomobject]@{ Reference = '*' } | Get-LayerImage -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            '*' | Stop-LayerContainer -Timeout 0 -ErrorAction SilentlyContinue
            (Get-Container web).State | Should -Be Running
            'backup/*' | Remove-LayerImage -Force -ErrorAction SilentlyContinue
            Get-LayerImage backup/box | Should -HaveCount 1
        }

        It 'finds by its name' {
            ('web' | Get-Container).Name | Should -Be web
            ([pscustomobject]@{ ContainerName = 'web' } | Get-Container).Name | Should -Be web
            (Get-LayerImage box | Get-LayerImage).Tags | Should -Contain 'box:latest'
        }

        It 'has wildcards where it is typed' {
            Get-Container w* | Should -HaveCount 1
            Get-LayerImage back* | Should -HaveCount 1
        }
    }
}
