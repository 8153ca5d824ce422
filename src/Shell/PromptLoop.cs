using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Reflection;

namespace LayerImage.Shell;

/// <summary>Prompt, line, run, again; until <c>exit</c> or Ctrl-D.</summary>
sealed class PromptLoop
{
    readonly ShellHost _host;
    readonly PipelineRunner _runner;
    readonly LineEditor _editor;

    internal PromptLoop(ShellHost host, Runspace runspace, PipelineRunner runner)
    {
        _host = host;
        _runner = runner;
        _editor = new LineEditor(LineHistory.Open(), new TabCompleter(runspace), IsComplete);
        host.NestedPrompt = RunNested;
    }

    internal int Run(bool showBanner)
    {
        if (showBanner)
        {
            Version version = Assembly.GetExecutingAssembly().GetName().Version!;
            _host.Screen.WriteLine($"LayerImage {version.ToString(3)}, PowerShell {PSVersionInfoOf()} (core cmdlets). Get-Command -Module LayerImage lists the cmdlets; exit leaves.");
            _host.Screen.WriteLine($"These need pwsh 7.6 or later: {MissingCommands.Examples} and the like.");
        }
        Loop(() => _host.ExitCode is null);
        return _host.ExitCode ?? ExitCodes.Success;
    }

    /// <summary>What -Confirm's "Suspend" opens: the same prompt inside the pipeline that waits for the answer.</summary>
    void RunNested()
    {
        _host.NestedExitRequested = false;
        Loop(() => !_host.NestedExitRequested);
        _host.NestedExitRequested = _host.ExitCode is not null;
    }

    void Loop(Func<bool> goesOn)
    {
        while (goesOn())
        {
            if (!_host.Screen.AtLineStart)
            {
                _host.Screen.WriteLine("");
            }
            string prompt = string.Concat(_runner.Query("prompt"));
            string? line = _editor.ReadLine(prompt.Length > 0 ? prompt : "PS> ");
            if (line is null)
            {
                return;
            }
            if (!string.IsNullOrWhiteSpace(line))
            {
                _runner.Run(line);
            }
        }
    }

    string PSVersionInfoOf() => string.Concat(_runner.Query("$PSVersionTable.PSVersion.ToString()"));

    static bool IsComplete(string text)
    {
        Parser.ParseInput(text, out _, out ParseError[] errors);
        return !errors.Any(error => error.IncompleteInput);
    }
}
