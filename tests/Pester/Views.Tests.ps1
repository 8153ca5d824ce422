# What a table shows can be asked for by its header.
BeforeDiscovery {
    . "$PSScriptRoot/Host.ps1"
    $Missing = Get-MissingRequirement
    Import-Module $ManifestPath
    $Headers = foreach ($view in ([xml][IO.File]::ReadAllText("$Root/LayerImage.Format.ps1xml")).Configuration.ViewDefinitions.View | Where-Object TableControl) {
        $cells = @($view.TableControl.TableRowEntries.TableRowEntry.TableColumnItems.TableColumnItem)
        $place = 0
        foreach ($header in $view.TableControl.TableHeaders.TableColumnHeader) {
            @{ Type = $view.ViewSelectedBy.TypeName; Header = $header.Label; Property = $cells[$place++].PropertyName }
        }
    }
}

Describe 'The headers of the views' {
    BeforeAll {
        . "$PSScriptRoot/Host.ps1"
        Import-Module $ManifestPath
        $Emitted = @{}
        foreach ($command in Get-Command -Module LayerImage -CommandType Cmdlet) {
            foreach ($type in $command.OutputType.Type | Where-Object { $_.FullName -like 'LayerImage.*' }) {
                $Emitted[$type.FullName] = $type
                # What an emitted object has a list of has a view, too.
                foreach ($item in $type.GetProperties().PropertyType | Where-Object IsGenericType | ForEach-Object { $_.GetGenericArguments() } | Where-Object { $_.FullName -like 'LayerImage.*' }) { $Emitted[$item.FullName] = $item }
            }
        }
        # The drive is no cmdlet, and says nowhere what it emits.
        $Emitted['LayerImage.Engine.Images.Browse.LayerImageItem'] = ($Emitted.Values | Where-Object Name -eq Image).Assembly.GetType('LayerImage.Engine.Images.Browse.LayerImageItem')
    }

    It '<Header> is a property of <Type>' -ForEach $Headers {
        $members = @($Emitted[$Type].GetProperties().Name) + @((Get-TypeData $Type).Members.Keys)
        # Get-ContainerPort writes it on each.
        if ($Type -like '*.PortMapping') { $members += 'ContainerName' }
        $members | Should -Contain $Header
        # A column that shows a property as it is bears its name.
        if ($Property) { $Property | Should -Be $Header }
    }

    It 'an other name is that of a property that there is' {
        foreach ($type in $Emitted.Values) {
            foreach ($alias in (Get-TypeData $type.FullName).Members.Values | Where-Object { $_ -is [Management.Automation.Runspaces.AliasPropertyData] }) {
                $type.GetProperties().Name | Should -Contain $alias.ReferencedMemberName -Because "$($alias.Name) of $type is it"
            }
        }
    }
}

Describe "Views$(if ($Missing) { " ($Missing)" })" -Skip:([bool]$Missing) {
    BeforeAll {
        . "$PSScriptRoot/Host.ps1"
        $TestHost = Start-TestHost
        $null = Import-LayerImage $TestHost.RootFs box
        $null = Import-LayerImage $TestHost.RootFs base:1
        $null = Start-LayerContainer box -Name web -Publish 18080:8080, 18443:8443 -Command sleep, 300
        $null = Start-LayerContainer box -Name checkout-service-blue -Command 'exit 127'
        $null = Wait-LayerContainer checkout-service-blue -Condition Exited -Timeout 30
    }
    AfterAll { Stop-TestHost $TestHost }

    It 'what the table of containers shows is found by it' {
        (Get-Container | Where-Object Status -like 'Up*').Name | Should -Be web
        (Get-Container | Where-Object Status -like 'Exited (127)*').Name | Should -Be checkout-service-blue
        (Get-Container web | Select-Object Name, Status).Status | Should -BeLike 'Up *'
    }

    It 'what the table of images shows sorts as times and numbers' {
        $image = Get-LayerImage base:1
        $image.Created | Should -BeOfType ([datetime])
        $image.Created.ToUniversalTime() | Should -Be $image.CreatedAt.UtcDateTime
        (Get-LayerImage | Sort-Object Created -Descending).Reference | Should -Be 'base:1', 'box:latest'
        Get-LayerImage | Where-Object LayerCount -eq 1 | Should -HaveCount 2
        (Get-LayerStore).Total | Should -Be (Get-LayerStore).TotalBytes
        (Get-ImageLayer box).Shared | Should -BeTrue
    }

    It 'a state and what is waited for have one word: <_>' -ForEach 'Stopped', 'Exited' {
        (Get-Container -State $_).Name | Should -Be checkout-service-blue
        (Get-Container -State Running, $_).Name | Sort-Object | Should -Be checkout-service-blue, web
        (Wait-LayerContainer checkout-service-blue -Condition $_ -Timeout 5).ExitCode | Should -Be 127
        (TabExpansion2 "Wait-LayerContainer -Condition ").CompletionMatches.CompletionText | Should -Be LogMatch, PortOpen, Running, Stopped
    }

    It 'other words for a state are none' {
        { Get-Container -State Ended } | Should -Throw -ErrorId 'CannotConvertArgument*'
    }
}
