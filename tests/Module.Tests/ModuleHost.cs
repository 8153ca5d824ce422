using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace LayerImage.Module.Tests;

/// <summary>What a script gave: its objects and everything it said.</summary>
public sealed record ModuleResult(
    IReadOnlyList<PSObject> Output,
    IReadOnlyList<ErrorRecord> Errors,
    IReadOnlyList<string> Warnings,
    IReadOnlyList<string> Verbose,
    IReadOnlyList<ProgressRecord> Progress,
    ErrorRecord? TerminatingError);

/// <summary>A runspace of PowerShell with the built module in it. Each instance has its own.</summary>
public sealed class ModuleHost : IDisposable
{
    static ModuleHost() => Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");

    readonly Runspace _runspace;

    /// <summary>Opens a runspace and imports the module from out/.</summary>
    public ModuleHost()
    {
        _runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        _runspace.ThreadOptions = PSThreadOptions.ReuseThread;
        _runspace.Open();
        ModuleResult import = Invoke($"Import-Module -Name '{Repository.Manifest}' -ErrorAction Stop");
        if (import.TerminatingError is { } error)
        {
            Dispose();
            throw new InvalidOperationException($"The module in {Repository.Manifest} does not import (was it built?): {error}", error.Exception);
        }
    }

    /// <summary>Runs a script. <c>$args</c> and parameters: pass values with <paramref name="variables"/> instead of quoting them.</summary>
    public ModuleResult Invoke(string script, params IReadOnlyList<(string Name, object? Value)> variables)
    {
        using PowerShell shell = PowerShell.Create();
        shell.Runspace = _runspace;
        foreach ((string name, object? value) in variables)
        {
            _runspace.SessionStateProxy.SetVariable(name, value);
        }
        shell.AddScript(script);
        PSDataCollection<PSObject> output = [];
        ErrorRecord? terminating = null;
        try
        {
            shell.Invoke(null, output);
        }
        catch (RuntimeException e)
        {
            terminating = e.ErrorRecord;
        }
        return new ModuleResult(
            [.. output],
            [.. shell.Streams.Error],
            [.. shell.Streams.Warning.Select(record => record.Message)],
            [.. shell.Streams.Verbose.Select(record => record.Message)],
            [.. shell.Streams.Progress],
            terminating);
    }

    /// <inheritdoc/>
    public void Dispose() => _runspace.Dispose();
}
