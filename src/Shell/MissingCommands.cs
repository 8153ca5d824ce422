using System.Collections.Frozen;
using System.Management.Automation;

namespace LayerImage.Shell;

/// <summary>
/// The cmdlets that every PowerShell user's fingers know and that are not in the engine's package. Instead of
/// "is not recognized", the error says what has them.
/// </summary>
static class MissingCommands
{
    /// <summary>The most common ones, for the banner.</summary>
    internal const string Examples = "Select-Object, Sort-Object, Format-Table, ConvertTo-Json, Write-Host";

    static readonly FrozenSet<string> s_names = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Select-Object", "Sort-Object", "Group-Object", "Measure-Object", "Compare-Object", "Tee-Object", "New-Object", "Add-Member",
        "Format-Table", "Format-List", "Format-Wide", "Format-Custom", "Format-Hex", "Out-String", "Out-File", "Out-GridView",
        "Write-Host", "Write-Output", "Write-Error", "Write-Warning", "Write-Verbose", "Write-Debug", "Write-Information", "Write-Progress",
        "Read-Host", "Add-Type", "ConvertTo-Json", "ConvertFrom-Json", "ConvertTo-Csv", "ConvertFrom-Csv", "Import-Csv", "Export-Csv",
        "ConvertTo-Xml", "ConvertTo-Html", "Export-Clixml", "Import-Clixml", "Select-String", "Select-Xml", "Get-Date", "Get-Random", "Get-Unique",
        "Get-Variable", "Set-Variable", "New-Variable", "Remove-Variable", "Clear-Variable", "Get-Alias", "Set-Alias", "New-Alias", "Get-FormatData",
        "Invoke-Expression", "Invoke-WebRequest", "Invoke-RestMethod", "Measure-Command", "Start-Sleep", "New-Guid", "New-TimeSpan", "Get-FileHash",
        "Get-Item", "Get-ChildItem", "Set-Item", "New-Item", "Remove-Item", "Copy-Item", "Move-Item", "Rename-Item", "Clear-Item", "Invoke-Item",
        "Get-Content", "Set-Content", "Add-Content", "Clear-Content", "Get-ItemProperty", "Set-ItemProperty", "Get-Location",
        "Push-Location", "Pop-Location", "Test-Path", "Join-Path", "Split-Path", "Resolve-Path", "Convert-Path", "Get-PSDrive", "New-PSDrive",
        "Get-Process", "Start-Process", "Stop-Process", "Wait-Process", "Get-Host", "Get-Culture", "ConvertTo-SecureString", "ConvertFrom-SecureString", "Get-Credential");

    /// <summary>Answers PowerShell's question for a command it does not know; silent about names it should not know.</summary>
    internal static void Advise(object? sender, CommandLookupEventArgs e)
    {
        if (!s_names.Contains(e.CommandName))
        {
            return;
        }
        CommandNotFoundException error = new(
            $"'{e.CommandName}' is not part of this small shell: it needs pwsh (PowerShell 7.6 or later). "
            + "Install it, and ./layerimage uses it; or use the language and .NET here.")
        {
            CommandName = e.CommandName,
        };
        ScriptBlock thrower = ScriptBlock.Create("throw $layerImageMissingCommand").GetNewClosure();
        thrower.Module.SessionState.PSVariable.Set("layerImageMissingCommand", error);
        e.CommandScriptBlock = thrower;
        e.StopSearch = true;
    }
}
