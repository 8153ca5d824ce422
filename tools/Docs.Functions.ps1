# The steps of Docs.ps1.

function Assert-PlatyPS {
    if (-not (Get-Module -ListAvailable Microsoft.PowerShell.PlatyPS | Where-Object Version -ge ([version]'1.0.0'))) {
        throw 'build.ps1 Docs needs Microsoft.PowerShell.PlatyPS 1.0 or later: install it by Install-PSResource Microsoft.PowerShell.PlatyPS. Nothing else needs it: pages can be edited and read without.'
    }
}

# The parts of a text under its headings of one level ('##'). What is in a fence is no heading.
function Split-Heading([string] $Text, [string] $Mark) {
    $parts = [ordered]@{}
    $name = $null
    $lines = [Collections.Generic.List[string]]::new()
    $isFenced = $false
    foreach ($line in $Text.Split("`n")) {
        if ($line.StartsWith('```')) { $isFenced = -not $isFenced }
        if (-not $isFenced -and $line.StartsWith("$Mark ")) {
            if ($name) { $parts[$name] = ($lines -join "`n").Trim() }
            $name = $line.Substring($Mark.Length + 1).Trim()
            $lines.Clear()
        }
        elseif ($name) { $lines.Add($line) }
    }
    if ($name) { $parts[$name] = ($lines -join "`n").Trim() }
    $parts
}

# A page with what the module says (syntax, parameters, types) and what people wrote (all else).
function Merge-Page([Management.Automation.CmdletInfo] $Command, [string] $Skeleton, [string] $Old) {
    $Skeleton = $Skeleton.TrimStart([char]0xFEFF).Replace("`r`n", "`n")
    $written = Split-Heading $Old '##'
    # Its date would change with every run.
    $head = $Skeleton.Substring(0, $Skeleton.IndexOf("`n## SYNOPSIS")).TrimEnd() -replace '(?m)^ms\.date:.*\n', ''
    $page = [Collections.Generic.List[string]]::new()
    $page.Add($head)
    $sections = Split-Heading $Skeleton '##'
    foreach ($name in $sections.Keys) {
        # Get-Help tells the aliases by itself.
        if ($name -eq 'ALIASES') { continue }
        $text = switch ($name) {
            'SYNTAX' { $sections[$name] }
            'PARAMETERS' { Merge-Part $sections[$name] $written[$name] { param($Parameter, $New, $Text) Merge-Parameter $Command $Parameter $New $Text } }
            'INPUTS' { Merge-Type $sections[$name] $written[$name] 'This cmdlet takes nothing from the pipeline.' }
            # PlatyPS writes System.Object for a cmdlet that does not say what it emits.
            'OUTPUTS' { Merge-Type $(if ($Command.OutputType.Count -gt 0) { $sections[$name] }) $written[$name] 'This cmdlet emits nothing.' }
            default { Format-Block $(if ($written[$name]) { $written[$name] } else { $sections[$name] }) }
        }
        $page.Add("## $name")
        $page.Add($text)
    }
    (($page -join "`n`n") -replace '\n{3,}', "`n`n").TrimEnd() + "`n"
}

# Blank lines around headings and fences, for every reader of Markdown.
function Format-Block([string] $Text) {
    $text = [regex]::Replace($Text, '(?ms)\n*^(```[a-z]*\n.*?\n```)$\n*', "`n`n`$1`n`n")
    [regex]::Replace($text, '(?m)\n*^(### .*)$\n*', "`n`n`$1`n`n").Trim()
}

function Merge-Type([string] $New, [string] $Written, [string] $None) {
    if (-not $New) {
        $texts = Split-Heading $Written '###'
        return "### None`n`n$($texts['None'] ?? $texts['System.Object'] ?? $None)"
    }
    Merge-Part $New $Written { param($Type, $Skeleton, $Text) if ($Text) { $Text } else { $Skeleton } }
}

function Merge-Part([string] $New, [string] $Written, [scriptblock] $Merge) {
    $parts = Split-Heading $New '###'
    $texts = Split-Heading $Written '###'
    @(foreach ($name in $parts.Keys) { "### $name`n`n$(& $Merge $name $parts[$name] $texts[$name])" }) -join "`n`n"
}

# The text from the page and the block from the module, with the default value that the cmdlet begins with.
function Merge-Parameter([Management.Automation.CmdletInfo] $Command, [string] $Name, [string] $New, [string] $Written) {
    if (-not $Name.StartsWith('-')) { return $New }
    $start = $New.IndexOf('```yaml')
    $end = $Written.IndexOf('```yaml')
    $text = if ($end -gt 0) { $Written.Substring(0, $end).Trim() } else { $New.Substring(0, $start).Trim() }
    $default = (Get-DefaultValue $Command $Name.Substring(1)).Replace("'", "''")
    "$text`n`n$($New.Substring($start) -replace '(?m)^DefaultValue:.*$', "DefaultValue: '$($default.Replace('$', '$$'))'")"
}

function Get-DefaultValue([Management.Automation.CmdletInfo] $Command, [string] $Name) {
    $property = $Command.ImplementingType.GetProperty($Name)
    if (-not $property) { return 'False' } # -WhatIf and -Confirm
    $value = $property.GetValue([Activator]::CreateInstance($Command.ImplementingType))
    if ($value -is [switch]) { return "$([bool]$value)" }
    if ($value -is [array]) { return $value -join ', ' }
    if ($value -is [string] -or $value -is [ValueType]) { return [string]::Format([cultureinfo]::InvariantCulture, '{0}', $value) }
    ''
}

# PlatyPS's MAML in the form that Get-Help shows best: paragraphs without marks, examples' code where code belongs,
# default values, links without addresses (they are names for Get-Help).
function Get-Maml([string] $Path, [string] $Pages) {
    $document = [xml]::new()
    $document.Load($Path)
    $names = [Xml.XmlNamespaceManager]::new($document.NameTable)
    foreach ($prefix in 'maml', 'command', 'dev') { $names.AddNamespace($prefix, $document.DocumentElement.GetNamespaceOfPrefix($prefix)) }
    foreach ($item in $document.DocumentElement.SelectNodes('command:command', $names)) {
        $page = Split-Heading ([IO.File]::ReadAllText("$Pages/$($item.SelectSingleNode('command:details/command:name', $names).InnerText).md")) '##'
        foreach ($text in $item.SelectNodes('.//maml:description[maml:para] | .//maml:alert', $names)) {
            Set-Paragraphs $text (@($text.SelectNodes('maml:para', $names) | ForEach-Object InnerText) -join "`n`n")
        }
        $parameters = Split-Heading $page['PARAMETERS'] '###'
        foreach ($parameter in $item.SelectNodes('command:parameters/command:parameter', $names)) {
            $default = [regex]::Match($parameters["-$($parameter.SelectSingleNode('maml:name', $names).InnerText)"], "(?m)^DefaultValue: '(.*)'$").Groups[1].Value
            $null = Add-Node $parameter 'dev' 'defaultValue' $(if ($default) { $default.Replace("''", "'") } else { 'None' })
        }
        $examples = Split-Heading $page['EXAMPLES'] '###'
        $nodes = @($item.SelectNodes('command:examples/command:example', $names))
        for ($i = 0; $i -lt $nodes.Count; $i++) { Set-Example $nodes[$i] $names @($examples.Values)[$i] }
        Set-Links $item.SelectSingleNode('command:relatedLinks', $names) $page['RELATED LINKS']
    }
    $settings = [Xml.XmlWriterSettings]@{ Indent = $true; NewLineChars = "`n"; Encoding = [Text.UTF8Encoding]::new($false); OmitXmlDeclaration = $true }
    $text = [Text.StringBuilder]::new()
    $writer = [Xml.XmlWriter]::Create($text, $settings)
    $document.DocumentElement.WriteTo($writer)
    $writer.Dispose()
    "<?xml version=`"1.0`" encoding=`"utf-8`"?>`n$text`n"
}

function Add-Node([Xml.XmlElement] $Parent, [string] $Prefix, [string] $Name, [string] $Text) {
    $node = $Parent.OwnerDocument.CreateElement($Prefix, $Name, $Parent.OwnerDocument.DocumentElement.GetNamespaceOfPrefix($Prefix))
    if ($Text) { $node.InnerText = $Text }
    $Parent.AppendChild($node)
}

function Set-Paragraphs([Xml.XmlElement] $Node, [string] $Markdown) {
    $Node.InnerXml = ''
    foreach ($paragraph in Split-Paragraph $Markdown) { $null = Add-Node $Node 'maml' 'para' $paragraph }
}

# Paragraphs and list items without marks; a fenced block as it is.
function Split-Paragraph([string] $Markdown) {
    foreach ($block in [regex]::Matches($Markdown, '(?ms)^```[a-z]*\n(?<code>.*?)\n```$|^(?<text>\S.*?)(?=\n\n|\n```|\z)')) {
        if ($block.Groups['code'].Success) { $block.Groups['code'].Value }
        else {
            foreach ($part in [regex]::Split($block.Groups['text'].Value, '\n(?=- )')) {
                Format-Line ([regex]::Replace($part, '\s*\n\s*', ' ') -replace '\*\*([^*]+)\*\*', '$1' -replace '`([^`]+)`', '$1' -replace '\[([^\]]+)\]\([^)]+\)', '$1')
            }
        }
    }
}

# Lines that fit 80 columns where Get-Help indents them most: where the culture is the invariant one (LANG=C, the small
# shell), Get-Help breaks lines in the midst of words.
function Format-Line([string] $Text) {
    $indent = if ($Text.StartsWith('- ')) { '  ' } else { '' }
    $result = [Text.StringBuilder]::new()
    $width = 0
    foreach ($word in $Text.Split(' ')) {
        if ($width -gt 0 -and $width + 1 + $word.Length -gt 70) {
            $null = $result.Append("`n$indent$word")
            $width = $indent.Length + $word.Length
        }
        else {
            $null = $result.Append($(if ($width -gt 0) { " $word" } else { $word }))
            $width += $word.Length + [Math]::Sign($width)
        }
    }
    $result.ToString()
}

function Set-Example([Xml.XmlElement] $Node, [Xml.XmlNamespaceManager] $Names, [string] $Markdown) {
    $code = [regex]::Match($Markdown, '(?ms)^```powershell\n(.*?)\n```$')
    $Node.SelectSingleNode('maml:introduction', $Names).InnerXml = ''
    $Node.SelectSingleNode('dev:code', $Names).InnerText = $code.Groups[1].Value
    $remarks = $Node.SelectSingleNode('dev:remarks', $Names)
    Set-Paragraphs $remarks $Markdown.Remove($code.Index, $code.Length)
    # A line between this example and the next one.
    $null = Add-Node $remarks 'maml' 'para'
}

function Set-Links([Xml.XmlElement] $Node, [string] $Markdown) {
    $Node.InnerXml = ''
    foreach ($link in [regex]::Matches($Markdown, '(?m)^- (?:\[(?<name>[^\]]+)\]\([^)]+\)|(?<name>about_\w+))')) {
        $item = Add-Node $Node 'maml' 'navigationLink'
        $null = Add-Node $item 'maml' 'linkText' $link.Groups['name'].Value
        $null = Add-Node $item 'maml' 'uri'
    }
}
