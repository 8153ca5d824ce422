using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;

namespace LayerImage.Shell;

/// <summary>One runspace with the module in it, and the three things it is used for: a prompt, a script, a line.</summary>
sealed class ShellSession : IDisposable
{
    readonly ShellHost _host;
    readonly Runspace _runspace;
    readonly PipelineRunner _runner;

    internal ShellSession(ShellHost host)
    {
        _host = host;
        if (!ShellUserInterface.HasColor)
        {
            PSStyle.Instance.OutputRendering = OutputRendering.PlainText;
        }
        PublishModuleFolder();
        // Not CreateDefault: it wants assemblies that only pwsh has.
        InitialSessionState state = InitialSessionState.CreateDefault2();
        // The one absent cmdlet that a prompt cannot do without; the alias cd leads to it.
        state.Commands.Add(new SessionStateFunctionEntry("Set-Location",
            "param([string] $Path = '~') $null = $ExecutionContext.SessionState.Path.SetLocation($Path)"));
        _runspace = RunspaceFactory.CreateRunspace(host, state);
        _runspace.ThreadOptions = PSThreadOptions.ReuseThread;
        _runspace.Open();
        _runspace.SessionStateProxy.InvokeCommand.CommandNotFoundAction = MissingCommands.Advise;
        _runner = new PipelineRunner(_runspace, host);
    }

    static string ModuleManifest => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "LayerImage", "LayerImage.psd1"));

    public void Dispose()
    {
        _runner.Dispose();
        _runspace.Dispose();
    }

    /// <summary>Does what was asked and returns the exit code.</summary>
    internal int Run(ShellArguments arguments)
    {
        if (!arguments.NoModule && ImportModule() is not PipelineEnd.Completed)
        {
            return ExitCodes.Failed;
        }
        if (arguments.File is { } file)
        {
            return ExitCodeOf(_runner.RunFile(file, arguments.FileArguments));
        }
        if (arguments.Command is { } command)
        {
            return ExitCodeOf(_runner.Run(command));
        }
        return Console.IsInputRedirected
            ? ExitCodeOf(_runner.Run(Console.In.ReadToEnd()))
            : new PromptLoop(_host, _runspace, _runner).Run(showBanner: !arguments.NoBanner);
    }

    /// <summary>Runspaces that a script makes (ForEach-Object -Parallel) find the module by its name.</summary>
    static void PublishModuleFolder()
    {
        const string Variable = "PSModulePath";
        string folder = Path.GetDirectoryName(Path.GetDirectoryName(ModuleManifest))!;
        string? others = Environment.GetEnvironmentVariable(Variable);
        if (others?.Split(Path.PathSeparator).Contains(folder) != true)
        {
            Environment.SetEnvironmentVariable(Variable, string.IsNullOrEmpty(others) ? folder : folder + Path.PathSeparator + others);
        }
    }

    PipelineEnd ImportModule() =>
        _runner.Prepare($"Import-Module -Name '{CodeGeneration.EscapeSingleQuotedStringContent(ModuleManifest)}' -ErrorAction Stop");

    int ExitCodeOf(PipelineEnd end) => _host.ExitCode ?? end switch
    {
        PipelineEnd.Stopped => ExitCodes.Interrupted,
        PipelineEnd.Failed => ExitCodes.Failed,
        _ => _runner.LastSucceeded() ? ExitCodes.Success : ExitCodes.Failed,
    };
}
