# More layers than fit into mount(2)'s page by their paths: on Linux 6.7 and later each is given by itself (lowerdir+),
# before they are short names in one option.

function Assert-Union([int] $Layers) {
    $folders = foreach ($number in 1..$Layers) {
        $folder = "/var/tmp/layers/a-name-as-long-as-that-of-a-layer-in-the-store-would-be-0123456789/$number"
        $null = [IO.Directory]::CreateDirectory($folder)
        [IO.File]::WriteAllText("$folder/file$number", "$number")
        [IO.File]::WriteAllText("$folder/top", "$number")
        $folder
    }
    $null = Mount-LayerImage -Layer $folders -Path /mnt/union
    try {
        Assert-Equal ($Layers + 1) ([IO.Directory]::GetFiles('/mnt/union').Count) 'The number of files'
        Assert-Equal $Layers ([IO.File]::ReadAllText('/mnt/union/top')) 'The uppermost file'
    }
    finally { Dismount-LayerImage /mnt/union }
}

Test-That 'Union_Of100Layers_ShowsAll' { Assert-Union 100 }
Test-That 'Union_Of190Layers_ShowsAll' { Assert-Union 190 }

if ($LinuxVersion -ge [version]'6.7') {
    Test-That 'Union_Of500Layers_ShowsAll' { Assert-Union 500 }
}
else {
    Test-That 'Union_Of500Layers_IsRefusedWithTheReason' { Assert-Error NotSupportedByKernel { Assert-Union 500 } }
}

Test-That 'Union_Writable_KeepsItsChanges' {
    $null = Mount-LayerImage tomcat /mnt/writable -Writable
    [IO.File]::WriteAllText('/mnt/writable/kept', 'kept')
    [IO.File]::Delete('/mnt/writable/etc/passwd')
    Dismount-LayerImage /mnt/writable -WarningAction SilentlyContinue
    $mount = Get-LayerImageMount /mnt/writable
    Assert-Equal kept ([IO.File]::ReadAllText("$($mount.UpperDir)/kept")) 'The change'
    $mount | Dismount-LayerImage -Discard
    Assert-Empty (Get-LayerImageMount) 'The list of mounts'
}
