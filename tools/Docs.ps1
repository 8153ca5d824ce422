# The help: brings docs/en-US up to the built module and makes en-US/LayerImage.Cmdlets.dll-Help.xml of it.
# build.ps1 Docs calls it. Nothing in either depends on the day or the machine: the same pages make the same bytes.
$ErrorActionPreference = 'Stop'
$Root = [IO.Path]::GetFullPath("$PSScriptRoot/..")
. "$PSScriptRoot/Docs.Functions.ps1"

Assert-PlatyPS
Import-Module Microsoft.PowerShell.PlatyPS -MinimumVersion 1.0.0
Import-Module "$Root/out/LayerImage/LayerImage.psd1"
$module = Get-Module LayerImage
$pages = "$Root/docs/en-US"
$null = [IO.Directory]::CreateDirectory($pages)
$work = [IO.Directory]::CreateTempSubdirectory('layerimage-docs-').FullName
try {
    # Of a copy without help, in a session that has seen no other: what PlatyPS finds in a module's help it takes for the
    # cmdlets' own. Its Update-MarkdownCommandHelp adds such texts to ours and drops links to about topics.
    Copy-Item "$Root/out/LayerImage" "$work/LayerImage" -Recurse
    Remove-Item "$work/LayerImage/en-US" -Recurse
    $make = "`$ErrorActionPreference = 'Stop'; Import-Module Microsoft.PowerShell.PlatyPS; Import-Module '$work/LayerImage/LayerImage.psd1'; `$null = New-MarkdownCommandHelp -ModuleInfo (Get-Module LayerImage) -OutputFolder '$work/skeleton' -Force"
    & ([Environment]::ProcessPath) -NoLogo -NoProfile -NonInteractive -Command $make
    if ($LASTEXITCODE -ne 0) { throw 'PlatyPS did not make its pages of the module.' }
    foreach ($command in $module.ExportedCmdlets.Values | Sort-Object Name) {
        $skeleton = [IO.File]::ReadAllText("$work/skeleton/LayerImage/$($command.Name).md")
        $path = "$pages/$($command.Name).md"
        $isNew = -not [IO.File]::Exists($path)
        $old = if ($isNew) { '' } else { [IO.File]::ReadAllText($path) }
        $page = Merge-Page $command $skeleton $old
        if ($page -cne $old) {
            [IO.File]::WriteAllText($path, $page)
            "$(if ($isNew) { 'New' } else { 'Updated' }): docs/en-US/$($command.Name).md"
        }
    }
    foreach ($file in [IO.Directory]::GetFiles($pages, '*.md')) {
        if (-not $module.ExportedCmdlets.ContainsKey([IO.Path]::GetFileNameWithoutExtension($file))) { throw "$file is the page of no cmdlet. Delete it, or give it the cmdlet's new name." }
    }
    [string[]] $files = [IO.Directory]::GetFiles($pages, '*.md')
    [Array]::Sort($files, [StringComparer]::Ordinal)
    $help = @($files | ForEach-Object { Import-MarkdownCommandHelp $_ })
    $null = $help | Export-MamlCommandHelp -OutputFolder "$work/maml" -Force
    $xml = Get-Maml "$work/maml/LayerImage/LayerImage.Cmdlets.dll-Help.xml" $pages
    [IO.File]::WriteAllText("$Root/en-US/LayerImage.Cmdlets.dll-Help.xml", $xml)
    "$($help.Count) pages: en-US/LayerImage.Cmdlets.dll-Help.xml"
}
finally {
    [IO.Directory]::Delete($work, $true)
}
