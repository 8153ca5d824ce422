BeforeDiscovery {
    . "$PSScriptRoot/Host.ps1"
    Import-Module $ManifestPath
    $Commands = Get-Command -Module LayerImage -CommandType Cmdlet | ForEach-Object { @{ Name = $_.Name } }
}

Describe 'Help' {
    BeforeAll {
        . "$PSScriptRoot/Host.ps1"
        Import-Module $ManifestPath
        $Common = [System.Management.Automation.Cmdlet]::CommonParameters
        function Get-Text($Description) { ($Description | ForEach-Object Text) -join ' ' }
    }

    It '<Name> has its help, and each of its parameters' -ForEach $Commands {
        $help = Get-Help $Name -Full
        $help.Category | Should -Be Cmdlet
        # Without help Get-Help makes a synopsis of the syntax.
        $help.Synopsis | Should -Not -BeNullOrEmpty
        $help.Synopsis | Should -Not -Match "^\s*$Name"
        Get-Text $help.description | Should -Not -BeNullOrEmpty
        @($help.examples.example).Count | Should -BeGreaterOrEqual 2
        $help.examples.example | ForEach-Object { $_.code | Should -Not -BeNullOrEmpty }
        $help.relatedLinks.navigationLink | Should -Not -BeNullOrEmpty
        @($help.syntax.syntaxItem).Count | Should -Be (Get-Command $Name).ParameterSets.Count
        $parameters = $help.parameters.parameter
        $parameters | Where-Object { -not (Get-Text $_.description) } | ForEach-Object name | Should -BeNullOrEmpty
        $parameters | ForEach-Object name | Sort-Object | Should -Be @((Get-Command $Name).Parameters.Keys | Where-Object { $_ -notin $Common } | Sort-Object)
    }

    It 'is found by its words and by the alias' {
        (Get-Help Get-LayerContainer).Name | Should -Be 'Get-Container'
        # docker's words lead to the cmdlets.
        Get-Help 'docker pull' | ForEach-Object Name | Should -Contain 'Receive-LayerImage'
    }

    It 'shows examples as text' {
        $text = Get-Help Receive-LayerImage -Examples | Out-String
        $text | Should -Match 'Receive-LayerImage tomcat:9\s'
        $text | Should -Not -Match '```'
    }
}
