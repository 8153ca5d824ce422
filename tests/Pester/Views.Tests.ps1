# What a table shows can be asked for by its header, and nothing in it is cut while there is room.
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
        $LongTag = 'registry.example.com/team/checkout-service-backend:20261129.1'
        $LongPath = '/usr/local/tomcat/webapps/docs/images/deep/er/and/deeper/index.html'
        $LongLine = 'org.apache.catalina.core.StandardService.startInternal Starting service [Catalina] with all of its connectors'
        $null = Import-LayerImage $TestHost.RootFs box
        $null = Add-ImageTag box $LongTag
        $null = Import-LayerImage $TestHost.RootFs base:1
        $null = Start-LayerContainer box -Name web -Publish 18080:8080, 18443:8443 -Command sleep, 300
        $null = Start-LayerContainer box -Name checkout-service-blue -Command "mkdir -p $(Split-Path $LongPath); echo '$LongLine' | tee $LongPath; exit 127"
        $null = Wait-LayerContainer checkout-service-blue -Condition Exited -Timeout 30

        # The rows as one text, as wrapped cells are not together.
        function Get-Table([int] $Width) { ($input | Out-String -Width $Width) -replace '\e\[[\d;]*m' }
        function Get-Column([string] $Table, [string] $Header) {
            $lines = $Table -split '\r?\n' | Where-Object { $_ }
            $head = $lines | Where-Object { $_ -cmatch "\b$Header\b" } | Select-Object -First 1
            $at = $head.IndexOf($Header)
            -join ($lines | Select-Object -Skip ([Array]::IndexOf($lines, $head) + 2) | ForEach-Object { if ($_.Length -gt $at) { $_.Substring($at).TrimEnd() } })
        }
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

    It 'the tags are all there, <_> columns wide' -ForEach 80, 120, 200 {
        $table = Get-LayerImage box | Get-Table $_
        $table | Should -Match '\d (k|M)B\s+1 '
        Get-Column $table Tags | Should -Be "box:latest, $LongTag"
    }

    It 'state and ports of containers are there, <_> columns wide' -ForEach 80, 120, 200 {
        $table = Get-Container | Get-Table $_
        $table | Should -Match 'checkout-service-blue Exited \(127\) (now|\d+ \w+ ago) '
        $table | Should -Match 'web +Up \d+ \w+ +18080:8080, 18443:8443 '
        if ($_ -ge 120) { $table | Should -Match 'box:latest' }
        if ($_ -ge 200) { $table | Should -Match "$((Get-Container web).Id.Substring(0, 12)) sleep 300" }
    }

    It 'paths of changes are whole, <_> columns wide' -ForEach 80, 120, 200 {
        Get-ContainerChange checkout-service-blue -Path $LongPath | Get-Table $_ | ForEach-Object { Get-Column $_ Path } | Should -Be $LongPath
    }

    It 'lines of a log are whole, <_> columns wide' -ForEach 80, 120, 200 {
        $words = (Get-ContainerLog checkout-service-blue | Get-Table $_ | ForEach-Object { Get-Column $_ Message }) -replace ' '
        $words | Should -Be ($LongLine -replace ' ')
    }

    It 'several containers and images are told apart' {
        Get-ContainerLog checkout-service-blue | Get-Table 80 | Should -Match 'Container: checkout-service-blue'
        $table = 'box', 'base:1' | Get-ImageLayer | Get-Table 80
        $table | Should -Match 'Image: box\s'
        $table | Should -Match 'Image: base:1\s'
        Get-LayerImage base:1 | Get-ImageLayer | ForEach-Object Image | Should -Be base:1
        Get-ImageHistory $LongTag | ForEach-Object Image | Should -Be $LongTag
    }

    It 'the result of a command shows what it wrote' {
        $text = Invoke-ContainerCommand web 'echo one; echo two; echo three >&2' -AsResult | Get-Table 80
        $text | Should -Match 'Output +: one\r?\n +two'
        $text | Should -Match 'Error +: three'
    }
}
