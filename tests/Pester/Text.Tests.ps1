# What the objects are as text, in files, in jobs and from other machines.
BeforeDiscovery {
    . "$PSScriptRoot/Host.ps1"
    $Missing = Get-MissingRequirement
    Import-Module $ManifestPath
    # What the cmdlets emit, and what is in it.
    $seen = @{}
    $next = @((Get-Command -Module LayerImage -CommandType Cmdlet).OutputType.Type | Where-Object { $_.FullName -like 'LayerImage.*' })
    while ($next) {
        $next = @(foreach ($type in $next | Where-Object { -not $seen.ContainsKey($_.FullName) }) {
                $seen[$type.FullName] = $type
                foreach ($property in $type.GetProperties().PropertyType) { @($property) + @($property.GetGenericArguments()) | Where-Object { $_.FullName -like 'LayerImage.*' } }
            })
    }
    $Records = $seen.Values | Where-Object { -not $_.IsEnum -and -not $_.IsGenericType } | Sort-Object FullName -Unique | ForEach-Object { @{ Name = $_.Name; Type = $_ } }
    $Words = $seen.Values | Where-Object IsEnum | Sort-Object FullName -Unique | ForEach-Object { @{ Name = $_.Name; Type = $_ } }
}

Describe 'The types of what is emitted' {
    BeforeAll {
        . "$PSScriptRoot/Host.ps1"
        Import-Module $ManifestPath
    }

    It '<Name> has a text of its own' -ForEach $Records {
        $method = $Type.GetMethod('ToString', [type[]]@())
        $method.DeclaringType.FullName | Should -BeLike 'LayerImage.*'
        # The compiler's is a dump of the record.
        $method.GetCustomAttributes([Runtime.CompilerServices.CompilerGeneratedAttribute], $false) | Should -BeNullOrEmpty
    }

    It '<Name> is a word in JSON' -ForEach $Words {
        $value = [Enum]::GetValues($Type)[0]
        @{ Value = $value } | ConvertTo-Json -Compress | Should -Be "{`"Value`":`"$value`"}"
    }

    It '<Name> comes back with times and words' -ForEach $Records {
        $members = (Get-TypeData "Deserialized.$($Type.FullName)").Members
        $lost = $Type.GetProperties() | Where-Object {
            $kind = [Nullable]::GetUnderlyingType($_.PropertyType) ?? $_.PropertyType
            $kind.IsEnum -or $kind -eq [DateTimeOffset]
        }
        # What is in a configuration is nobody's table.
        if ($Type.FullName -notlike 'LayerImage.Engine.Oci.*') { $lost.Name | Where-Object { $_ -notin @($members.Keys) } | Should -BeNullOrEmpty }
    }
}

Describe "Objects elsewhere$(if ($Missing) { " ($Missing)" })" -Skip:([bool]$Missing) {
    BeforeAll {
        . "$PSScriptRoot/Host.ps1"
        $TestHost = Start-TestHost
        $null = Import-LayerImage $TestHost.RootFs box
        $null = Add-ImageTag box other:1
        $null = Start-HostFirewall
        $null = Set-HostPortRule 9200
        $null = Start-LayerContainer box -Name web -Publish 18080:8080 -Label team=shop -Volume "$($TestHost.Folder):/mnt:ro" -Command 'echo started; sleep 300'
        $null = Start-LayerContainer box -Name failed -Command 'exit 3' | Wait-LayerContainer
        $null = Wait-LayerContainer web -Condition LogMatch -Pattern started -Timeout 30
        $Objects = @{
            Image = Get-LayerImage box; ImageLayer = Get-ImageLayer box; ImageHistoryEntry = Get-ImageHistory box
            Container = Get-Container; PortMapping = Get-ContainerPort web; ContainerLogRecord = Get-ContainerLog web
            LayerChange = Get-ContainerChange web; HostPortRule = Get-HostPortRule; HostFirewall = Get-HostFirewall
            HostServiceRule = Set-HostPortRule -Service https; HostPortStatus = Test-HostPort 18080 -Detailed; LayerStoreInfo = Get-LayerStore
            LayerImageItem = Get-ChildItem LayerImage:/images/box/latest/rootfs
        }
        # A file keeps two levels, a job and another machine one.
        function Get-Copy([object[]] $Of, [int] $Depth) { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($Of, $Depth)) }
        # Less the time that passes meanwhile, which makes columns wider, and those parts of a second that a text has not.
        function Get-View([object[]] $Of) { ($Of | Format-Table -AutoSize | Out-String -Width 500) -replace '\d+ (second|minute)s?( ago)?|now', 'N' -replace '\.\d{3} ', ' ' -replace ' +', ' ' -replace '-+', '-' }
    }
    AfterAll { Stop-TestHost $TestHost }

    It '<_> looks the same when it comes back' -ForEach 'Image', 'ImageLayer', 'ImageHistoryEntry', 'Container', 'PortMapping', 'ContainerLogRecord', 'LayerChange', 'HostPortRule', 'HostFirewall', 'HostServiceRule', 'HostPortStatus', 'LayerStoreInfo', 'LayerImageItem' {
        foreach ($depth in 1, 2) {
            Get-View (Get-Copy $Objects[$_] $depth) | Should -Be (Get-View $Objects[$_]) -Because "it was $depth deep"
        }
    }

    It 'what comes back is compared, sorted and selected as before' {
        foreach ($depth in 1, 2) {
            $copy = Get-Copy $Objects.Container $depth
            ($copy | Where-Object State -eq Running).Name | Should -Be web
            ($copy | Where-Object Status -like 'Exited (3)*').Name | Should -Be failed
            $copy.CreatedAt | Should -BeOfType ([DateTimeOffset])
            $copy | Where-Object CreatedAt -lt ([datetime]'9 December 2025') | Should -BeNullOrEmpty
            (Get-Copy $Objects.Image $depth).Created | Should -BeOfType ([datetime])
            (Get-Copy $Objects.HostPortRule $depth | Where-Object Port -eq 9200).Scope | Should -Be Both
        }
    }

    It 'what comes back comes back again' {
        $twice = Get-Copy (Get-Copy $Objects.Container 1) 1
        Get-View $twice | Should -Be (Get-View $Objects.Container)
    }

    It 'a list of what came back has the properties of the live one' {
        $live = Get-Container web | Format-List | Out-String -Width 300
        foreach ($name in 'ExitCode', 'FinishedAt', 'IPAddress') { $live | Should -Match "$name +:" }
        (Get-Copy (Get-Container web) 1 | Format-List | Out-String -Width 300) -replace '\s*:.*' | Should -Be ($live -replace '\s*:.*')
    }

    It 'CSV has what is in a list: <_>' -ForEach 'Image', 'ImageLayer', 'Container', 'HostFirewall', 'HostServiceRule', 'HostPortStatus', 'LayerImageItem' {
        $Objects[$_] | ConvertTo-Csv | Should -Not -Match '`\d\[|System\.String\[\]|\[\]'
    }

    It 'CSV has the tags, ports, mounts and labels' {
        $row = Get-Container web | ConvertTo-Csv | ConvertFrom-Csv
        $row.Ports | Should -Be '18080:8080'
        $row.Mounts | Should -Be "$($TestHost.Folder):/mnt:ro"
        $row.Labels | Should -Be 'team=shop'
        $row.State | Should -Be Running
        (Get-LayerImage box | ConvertTo-Csv | ConvertFrom-Csv).Tags | Should -Be 'box:latest, other:1'
    }

    It 'lists are lists all the same' {
        $image = Get-LayerImage box
        $image.Tags.Count | Should -Be 2
        $image.Tags[-1] | Should -Be other:1
        "$($image.Tags)" | Should -Be 'box:latest other:1'
        ($image | ConvertTo-Json -Depth 1 -WarningAction Ignore | ConvertFrom-Json).Tags | Should -Be 'box:latest', 'other:1'
        (Get-Container web).Labels['team'] | Should -Be shop
        (Get-Container web).Labels.team | Should -Be shop
        [bool](Get-Container failed).Ports | Should -BeFalse
    }

    It 'JSON has words' {
        $text = Get-Container web | ConvertTo-Json -Depth 2 -WarningAction Ignore | ConvertFrom-Json
        $text.State | Should -Be Running
        $text.Ports[0].Protocol | Should -Be Tcp
        (Get-HostPortRule 9200 | ConvertTo-Json | ConvertFrom-Json).Protocol | Should -Be Tcp
    }

    It 'the text of an object is the shortest that is of use' {
        "$(Get-HostPortRule 9200)" | Should -Be 9200/tcp
        "$(Get-LayerImage box)" | Should -Be box:latest
        "$(Get-Container web)" | Should -Be web
        "$(Get-ContainerPort web)" | Should -Be 18080:8080
        "$(Get-HostFirewall)" | Should -Be Nftables
        "$(Test-HostPort 18080 -Detailed)" | Should -Be 18080/tcp
        "$(Invoke-ContainerCommand web 'echo hi' -AsResult)" | Should -Be hi
    }
}
