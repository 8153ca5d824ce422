BeforeDiscovery {
    . "$PSScriptRoot/Host.ps1"
    $Missing = Get-MissingRequirement
}

Describe "Images$(if ($Missing) { " ($Missing)" })" -Skip:([bool]$Missing) {
    BeforeAll {
        . "$PSScriptRoot/Host.ps1"
        $TestHost = Start-TestHost
        $Imported = Import-LayerImage -Path $TestHost.RootFs -Reference box -Message 'from a folder'
    }
    AfterAll { Stop-TestHost $TestHost }

    It 'Import emits the image' {
        $Imported.Tags | Should -Be 'box:latest'
        $Imported.Message | Should -Be 'from a folder'
        $Imported.Layers | Should -HaveCount 1
        $Imported.Size | Should -BeOfType ([long])
        $Imported.CreatedAt | Should -BeOfType ([DateTimeOffset])
    }

    It 'the same content is one layer' {
        $again = Import-LayerImage $TestHost.RootFs again

        $again.Layers[0].DiffId | Should -Be $Imported.Layers[0].DiffId
        (Get-ImageLayer again).UsedBy | Should -Be 'again:latest', 'box:latest'
        (Get-ChildItem "$($TestHost.Folder)/root/layers") | Should -HaveCount 1
    }

    It 'a tar gives the same layer as the folder it was made of' {
        # In the pax format, which has all of a file's time.
        & tar --format=posix -C $TestHost.RootFs -czf "$($TestHost.Folder)/rootfs.tar.gz" .
        (Import-LayerImage "$($TestHost.Folder)/rootfs.tar.gz" fromtar).Layers[0].DiffId | Should -Be $Imported.Layers[0].DiffId
    }

    It 'is found by name, by id, by the beginning of an id and by wildcard' {
        (Get-LayerImage box).Id | Should -Be $Imported.Id
        (Get-LayerImage $Imported.Id).Id | Should -Be $Imported.Id
        (Get-LayerImage $Imported.Id.Substring(7, 12)).Id | Should -Be $Imported.Id
        (Get-LayerImage -Id $Imported.Id).Id | Should -Be $Imported.Id
        (Get-LayerImage 'bo?').Id | Should -Be $Imported.Id
        (Get-LayerImage 'box:lat*').Id | Should -Be $Imported.Id
    }

    It 'a literal name that is not there is an error; the others are still emitted' {
        $found = Get-LayerImage nosuch, box -ErrorVariable failures -ErrorAction SilentlyContinue

        $found.Id | Should -Be $Imported.Id
        $failures | Should -HaveCount 1
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'ImageNotFound,*'
        $failures[0].CategoryInfo.Category | Should -Be ObjectNotFound
        $failures[0].TargetObject | Should -Be nosuch
        $failures[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    }

    It 'a wildcard that matches nothing is nothing' {
        Get-LayerImage 'nosuch*' -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'a malformed name is an InvalidArgument' {
        $failure = Get-Failure { Get-LayerImage 'UPPER//case' }
        $failure.FullyQualifiedErrorId | Should -BeLike 'ReferenceInvalid,*'
        $failure.CategoryInfo.Category | Should -Be InvalidArgument
    }

    It 'a path that is not there is a PathInvalid' {
        $failure = Get-Failure { Import-LayerImage "$($TestHost.Folder)/nothing" x }
        $failure.FullyQualifiedErrorId | Should -BeLike 'PathInvalid,*'
        $failure.TargetObject | Should -Be "$($TestHost.Folder)/nothing"
    }

    It 'a relative path is relative to the location of the session' {
        Push-Location $TestHost.Folder
        try { (Import-LayerImage ./rootfs relative).Tags | Should -Be 'relative:latest' } finally { Pop-Location }
    }

    It 'folders are taken from the pipeline' {
        (Get-Item $TestHost.RootFs | Import-LayerImage -Reference piped).Tags | Should -Be 'piped:latest'
    }

    It 'images are piped to Get-ImageLayer, Add-ImageTag and Export-LayerImage' {
        (Get-LayerImage box | Get-ImageLayer).DiffId | Should -Be $Imported.Layers[0].DiffId
        (Get-LayerImage box | Add-ImageTag -Tag 'example.org/team/box:2').Tags | Should -Contain 'example.org/team/box:2'
        $folder = Get-LayerImage box | Export-LayerImage -Path "$($TestHost.Folder)/exported"
        $folder.FullName | Should -Be "$($TestHost.Folder)/exported"
        "$folder/oci-layout" | Should -Exist
        "$folder/index.json" | Should -Exist
    }

    It '-WhatIf changes nothing' {
        $before = Get-LayerImage | ForEach-Object { "$($_.Id) $($_.Tags)" }

        Import-LayerImage $TestHost.RootFs whatif -WhatIf | Should -BeNullOrEmpty
        Add-ImageTag box whatif -WhatIf
        Remove-LayerImage box -WhatIf | Should -BeNullOrEmpty
        Export-LayerImage box "$($TestHost.Folder)/whatif" -WhatIf | Should -BeNullOrEmpty
        Receive-LayerImage registry.invalid/whatif -WhatIf | Should -BeNullOrEmpty

        Get-LayerImage | ForEach-Object { "$($_.Id) $($_.Tags)" } | Should -Be $before
        "$($TestHost.Folder)/whatif" | Should -Not -Exist
    }

    It 'a piped image with several tags needs -Force' {
        $null = Import-LayerImage $TestHost.RootFs several:1
        $null = Add-ImageTag several:1 several:2
        $failure = Get-Failure { Get-LayerImage several:1 | Remove-LayerImage }
        $failure.FullyQualifiedErrorId | Should -BeLike 'ImageInUse,*'
        $failure.CategoryInfo.Category | Should -Be ResourceBusy

        $removal = Get-LayerImage several:1 | Remove-LayerImage -Force
        $removal.Untagged | Should -Be 'several:1', 'several:2'
        $removal.Deleted | Should -BeTrue
    }

    It 'removing a tag leaves the image its others' {
        $null = Import-LayerImage $TestHost.RootFs tags:1
        $null = Add-ImageTag tags:1 tags:2
        (Remove-LayerImage tags:1).Deleted | Should -BeFalse
        (Get-LayerImage tags).Tags | Should -Be 'tags:2'
    }

    It 'an image is meant by the tag that it was asked for, and a container notes that one' {
        $null = Import-LayerImage $TestHost.RootFs zz/asked:2
        $null = Add-ImageTag zz/asked:2 aa/first:1
        (Get-LayerImage zz/asked:2).Reference | Should -Be 'zz/asked:2'
        (Get-LayerImage zz/*).Reference | Should -Be 'zz/asked:2'
        (Get-LayerImage aa/first:1).Reference | Should -Be 'aa/first:1'
        $container = Get-LayerImage zz/asked:2 | New-LayerContainer -Command sleep, 1
        $container.Image | Should -Be 'zz/asked:2'
        $container | Remove-LayerContainer
        (Remove-LayerImage zz/asked:2, aa/first:1).Deleted | Should -Be $false, $true
    }

    It 'taking the last tag of another image is told' {
        $null = Import-LayerImage $TestHost.RootFs first:1 -Message one
        $null = Import-LayerImage $TestHost.RootFs second:1 -Message two
        $null = Add-ImageTag second:1 first:1 -WarningVariable told -WarningAction SilentlyContinue
        "$told" | Should -Match 'first:1 was taken from the image .* which has no name now'
        $null = Add-ImageTag second:1 third:1 -WarningVariable told -WarningAction SilentlyContinue
        $told | Should -BeNullOrEmpty
        Remove-LayerImage second:1, first:1, third:1
        Clear-LayerImage -Dangling -Force
    }

    It 'a name of a compressed archive makes no folder in silence: <_>' -ForEach 'm.tar.gz', 'm.tgz', 'm.tar.zst' {
        $failure = Get-Failure { Export-LayerImage box "$($TestHost.Folder)/$_" }
        $failure.FullyQualifiedErrorId | Should -BeLike 'ParameterInvalid,*'
        Test-Path "$($TestHost.Folder)/$_" | Should -BeFalse
    }

    It 'the view has a row with name, id, age and size' {
        $text = Get-LayerImage box | Out-String -Width 200
        $text | Should -Match 'LayerCount'
        $text | Should -Match "$($Imported.Id.Substring(7, 12)).*box:latest"
        $text | Should -Match '\d (k|M)B'
        Get-ImageLayer box | Out-String -Width 200 | Should -Match 'DiffId.*\r?\n.*\r?\n.*[0-9a-f]{12}'
    }

    It 'Select-Object -First 1 stops the listing' {
        Get-LayerImage | Select-Object -First 1 | Should -HaveCount 1
        Get-LayerImage | Should -Not -HaveCount 1
    }
}
