BeforeDiscovery {
    . "$PSScriptRoot/Host.ps1"
    $Missing = Get-MissingRequirement
}

Describe "The drive$(if ($Missing) { " ($Missing)" })" -Skip:([bool]$Missing) {
    BeforeAll {
        . "$PSScriptRoot/Host.ps1"
        $TestHost = Start-TestHost
        $null = New-Item -ItemType SymbolicLink "$($TestHost.RootFs)/climbing" -Target ../../../../etc/passwd
        Set-Content -LiteralPath "$($TestHost.RootFs)/srv/[odd] name" odd
        $null = Import-LayerImage $TestHost.RootFs team/box:1.0
        $Rootfs = 'LayerImage:\images\team\box\1.0\rootfs'
        function Complete([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText }
        Push-Location
    }
    AfterEach { Set-Location / }
    AfterAll {
        Pop-Location
        Stop-TestHost $TestHost
    }

    It 'is walked through by cd and dir' {
        Set-Location $Rootfs
        (Get-ChildItem).Name | Should -Contain bin
        Set-Location srv
        (Get-ChildItem).Name | Should -Be '[odd] name', 'index.html'
        Set-Location ..
        (Get-Item etc).Type | Should -Be Directory
        (Get-ChildItem ../layers).Name | Should -Be '0'
        { Set-Location nosuch -ErrorAction Stop } | Should -Throw
    }

    It 'knows wildcards, -Name, -Recurse, -Filter by Where-Object' {
        (Get-ChildItem "$Rootfs/s*/*.html").Name | Should -Be index.html
        Get-ChildItem "$Rootfs/srv" -Name | Should -Contain index.html
        (Get-ChildItem $Rootfs -Recurse | Where-Object Name -Like *.html).FullPath | Should -Be 'LayerImage:/images/team/box/1.0/rootfs/srv/index.html'
        (Get-Item "$Rootfs/bin/busybox").Length | Should -BeGreaterThan 100000
    }

    It 'reads content, also of odd names and through links' {
        Get-Content "$Rootfs/srv/index.html" | Should -Be 'It works.'
        Get-Content -LiteralPath "$Rootfs/srv/[odd] name" | Should -Be odd
        Get-Content "$Rootfs/climbing" | Should -Contain 'web:x:1000:1000:web:/:/bin/sh'
        (Get-Content "$Rootfs/etc/passwd" -TotalCount 1) | Should -Be 'root:x:0:0:root:/root:/bin/sh'
        [Text.Encoding]::ASCII.GetString((Get-Content "$Rootfs/srv/index.html" -AsByteStream -Raw)) | Should -Be "It works.`n"
        Get-Content "$Rootfs/../config" -Raw | ConvertFrom-Json | ForEach-Object os | Should -Be linux
        (Get-Failure { Get-Content "$Rootfs/etc" }).Exception.Message | Should -Match directory
    }

    It 'knows -File, -Directory and -Encoding' {
        (Get-ChildItem $Rootfs -Directory).Name | Should -Contain etc
        (Get-ChildItem $Rootfs -Directory).Name | Should -Not -Contain climbing
        (Get-ChildItem $Rootfs -File).Name | Should -Not -Contain etc
        (Get-ChildItem $Rootfs -File -Recurse -Filter *.html).Name | Should -Be index.html
        (Get-ChildItem $Rootfs -File -Recurse -Include srv, *.html).Name | Should -Be index.html
        Get-ChildItem $Rootfs -Directory -Name | Should -Not -Contain climbing
        Get-Content "$Rootfs/srv/index.html" -Encoding latin1 | Should -Be 'It works.'
        (Get-Content "$Rootfs/srv/index.html" -Encoding unicode -Raw).Length | Should -Be 5
        (Get-Failure { Get-Content "$Rootfs/srv/index.html" -Encoding nosuch }).Exception.Message | Should -Match 'not an encoding'
    }

    It 'is tested' {
        Test-Path "$Rootfs/etc/passwd" | Should -BeTrue
        Test-Path "$Rootfs/etc" -PathType Container | Should -BeTrue
        Test-Path "$Rootfs/etc/passwd" -PathType Container | Should -BeFalse
        Test-Path "$Rootfs/nosuch" | Should -BeFalse
        Test-Path LayerImage:\images\nosuch\1 | Should -BeFalse
        Test-Path "$Rootfs/srv/*.html" | Should -BeTrue
    }

    It 'completes paths' {
        Complete 'Get-Content LayerImage:\images\team\box\1.0\rootfs\srv\in' | Should -Match 'index\.html'
        Complete 'Get-ChildItem LayerImage:\images\te' | Should -Match 'team'
        Set-Location $Rootfs
        Complete 'Get-Content ./etc/pa' | Should -Match 'passwd'
    }

    It 'copies out' {
        Copy-LayerImageItem "$Rootfs/srv" -Recurse -Destination "$($TestHost.Folder)/copy"
        Get-Content "$($TestHost.Folder)/copy/index.html" | Should -Be 'It works.'
        Get-ChildItem "$Rootfs/srv" | Where-Object Name -Like i* | Copy-LayerImageItem -Destination $TestHost.Folder
        "$($TestHost.Folder)/index.html" | Should -Exist
        (Get-Failure { Remove-Item "$Rootfs/srv/index.html" }).Exception.Message | Should -Match 'only be read'
    }

    # What the drive does not have looks like a path of this machine.
    Context 'Writing' {
        BeforeAll { $Here = "$($TestHost.Folder)/precious" }
        BeforeEach { [IO.File]::WriteAllText($Here, 'precious') }

        It 'is refused by <_>, and nothing is written on this machine' -ForEach @(
            'Set-Content {0} x', 'Add-Content {0} x', 'Clear-Content {0}', 'New-Item {0} -Force', 'New-Item {0} -ItemType Directory -Force', 'Set-Item {0} x'
            'Remove-Item {0} -Recurse -Force', 'Rename-Item {0} other', 'Copy-Item {1} {0}', 'Move-Item {1} {0}', '1 | Out-File {0}', 'Get-Date | Export-Csv {0}'
        ) {
            $null = New-PSDrive -Name second -PSProvider LayerImage -Root /
            [IO.File]::WriteAllText("$Here.source", 'source')
            foreach ($path in "LayerImage:$Here", "LayerImage:$($Here.Substring(1))", "LayerImage::$Here", "second:$Here", "LayerImage:$Here.new") {
                Get-Failure ([scriptblock]::Create(($_ -f "'$path'", "'$Here.source'"))) | Should -Not -BeNullOrEmpty -Because $path
            }
            Set-Location LayerImage:/images
            Get-Failure ([scriptblock]::Create(($_ -f "'..$Here'", "'$Here.source'"))) | Should -Not -BeNullOrEmpty
            [IO.File]::ReadAllText($Here) | Should -Be precious
            [IO.File]::ReadAllText("$Here.source") | Should -Be source
            "FileSystem::$Here.new" | Should -Not -Exist
            Remove-PSDrive second
        }

        It 'by this module''s own paths is refused in the drive' {
            Set-Location "$Rootfs/srv"
            foreach ($script in { Export-LayerImage team/box:1.0 ./x.tar }, { Import-LayerImage ./x.tar }, { Import-LayerImage './x*' }, { Import-LayerImage -LiteralPath x.tar }, { Mount-LayerImage team/box:1.0 ./mnt },
                { Copy-LayerImageItem index.html ./copy }, { Dismount-LayerImage -Path ./mnt }, { New-LayerContainer team/box:1.0 -Volume ./x:/y }) {
                $failure = Get-Failure $script
                $failure.FullyQualifiedErrorId | Should -Match '^PathInvalid' -Because "$script"
                $failure.Exception.Message | Should -Match LayerImage
            }
            '/images' | Should -Not -Exist
        }

        It 'without a destination copies to the folder that the session was in' {
            $folder = (New-Item -ItemType Directory "$($TestHost.Folder)/was").FullName
            Set-Location $folder
            Set-Location "$Rootfs/srv"
            Copy-LayerImageItem index.html
            Get-Content "FileSystem::$folder/index.html" | Should -Be 'It works.'
        }

        It 'to a drive that is not there is an error of ours' {
            (Get-Failure { Export-LayerImage team/box:1.0 nosuch:/x.tar }).FullyQualifiedErrorId | Should -Match '^PathInvalid'
        }
    }

    It 'shows a container as it is' {
        $null = Start-LayerContainer team/box:1.0 -Name web -Network none -Command 'rm /srv/index.html; echo mine >/srv/new; echo >/done; exec sleep 1000'
        for ($i = 0; $i -lt 100 -and -not (Test-Path LayerImage:\containers\web\rootfs\done); $i++) { Start-Sleep -Milliseconds 100 }
        (Get-ChildItem LayerImage:\containers\web).Name | Should -Be changes, rootfs
        (Get-ChildItem LayerImage:\containers\web\rootfs\srv).Name | Should -Be '[odd] name', new
        Get-Content LayerImage:\containers\web\rootfs\srv\new | Should -Be mine
        (Get-Item LayerImage:\containers\web\changes\srv\index.html).Type | Should -Be Whiteout
        Stop-LayerContainer web -Timeout 0
        Get-Content LayerImage:\containers\web\rootfs\srv\new | Should -Be mine
        Complete 'Get-Content LayerImage:\containers\w' | Should -Match web
        $null = Get-Container web | Save-ContainerAsImage team/web
        (Get-Item LayerImage:\containers\web\changes\srv\index.html).Type | Should -Be Whiteout
        Get-Content LayerImage:\containers\web\changes\srv\new | Should -Be mine
        Remove-LayerContainer web
        Test-Path LayerImage:\containers\web | Should -BeFalse
    }
}
