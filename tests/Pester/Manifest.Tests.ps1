BeforeDiscovery {
    . "$PSScriptRoot/Host.ps1"
    Import-Module $ManifestPath
    $Commands = Get-Command -Module LayerImage -CommandType Cmdlet | ForEach-Object { @{ Name = $_.Name } }
    $Changing = $Commands | Where-Object { $_.Name -notmatch '^(Get|Test|Wait|Connect|Enter|Compare|Find)-' }
}

Describe 'Manifest' {
    BeforeAll {
        . "$PSScriptRoot/Host.ps1"
        Import-Module $ManifestPath
        $Module = Get-Module LayerImage
        $Data = Import-PowerShellDataFile $ManifestPath
        $Assembly = [AppDomain]::CurrentDomain.GetAssemblies() | Where-Object { $_.GetName().Name -eq 'LayerImage.Cmdlets' }
        $CmdletTypes = $Assembly.GetExportedTypes() | Where-Object { $_.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false) }
    }

    It 'is valid' {
        Test-ModuleManifest $ManifestPath -ErrorAction Stop | ForEach-Object Name | Should -Be LayerImage
    }

    It 'exports exactly the cmdlets that there are' {
        $types = $CmdletTypes | ForEach-Object { $_.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false) | ForEach-Object { "$($_.VerbName)-$($_.NounName)" } }
        $Data.CmdletsToExport | Sort-Object | Should -Be @($types | Sort-Object)
        $Module.ExportedCmdlets.Keys | Sort-Object | Should -Be @($types | Sort-Object)
    }

    It 'has one alias, no function and no variable' {
        $Module.ExportedAliases.Keys | Should -Be 'Get-LayerContainer'
        $Module.ExportedAliases['Get-LayerContainer'].Definition | Should -Be 'Get-Container'
        $Module.ExportedFunctions.Count + $Module.ExportedVariables.Count | Should -Be 0
    }

    It 'uses approved verbs only' {
        $approved = (Get-Verb).Verb
        $Module.ExportedCmdlets.Values | Where-Object Verb -notin $approved | Should -BeNullOrEmpty
    }

    It '<Name> supports -WhatIf' -ForEach $Changing {
        (Get-Command $Name).Parameters.Keys | Should -Contain WhatIf
    }

    It '<Name> says what it emits, and each such type has a view' -ForEach ($Commands | Where-Object { $_.Name -match '^(Get|New|Start|Import|Receive|Add|Save|Set|Sync)-' }) {
        $outputs = (Get-Command $Name).OutputType.Type
        $outputs | Should -Not -BeNullOrEmpty
        foreach ($type in $outputs | Where-Object { $_.FullName -like 'LayerImage.*' }) {
            (Get-FormatData -TypeName $type.FullName -PowerShellVersion 7.6).FormatViewDefinition | Should -Not -BeNullOrEmpty -Because "$type has a view"
        }
    }

    It 'is imported in less than two seconds, with nothing of others in the default load context' {
        $script = @"
`$watch = [Diagnostics.Stopwatch]::StartNew()
Import-Module '$ManifestPath'
`$null = Get-Command -Module LayerImage | ForEach-Object ParameterSets
`$watch.Elapsed.TotalSeconds.ToString([cultureinfo]::InvariantCulture)
[Runtime.Loader.AssemblyLoadContext]::Default.Assemblies | ForEach-Object { `$_.GetName().Name }
"@
        $lines = & $PSHOME/pwsh -NoLogo -NoProfile -NonInteractive -Command $script
        [double]$lines[0] | Should -BeLessThan 2
        $ours = Get-ChildItem (Split-Path $ManifestPath) -Recurse -Filter *.dll | ForEach-Object BaseName
        $lines | Select-Object -Skip 1 | Where-Object { $_ -in $ours } | Sort-Object | Should -Be 'LayerImage.Cmdlets', 'LayerImage.Loader'
    }

    It 'the concepts have their help' {
        foreach ($topic in 'about_LayerImage', 'about_LayerImage_Store', 'about_LayerImage_Ports', 'about_LayerImage_Registries') {
            "$(Split-Path $ManifestPath)/en-US/$topic.help.txt" | Should -Exist
        }
    }
}
