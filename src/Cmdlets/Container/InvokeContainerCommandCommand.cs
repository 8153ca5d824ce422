using System.Management.Automation;
using System.Text;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Runtime;
using LayerImage.Engine.Text;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Runs a command inside running containers: its output lines are the pipeline's, its exit code is in $LASTEXITCODE.</summary>
/// <remarks>
/// One set of parameters: PowerShell binds words by their position before it looks at the pipeline, so a set for piped
/// containers would lose its command to -Name.
/// </remarks>
[Cmdlet(VerbsLifecycle.Invoke, "ContainerCommand", SupportsShouldProcess = true)]
[OutputType(typeof(string), typeof(ContainerCommandResult))]
public sealed class InvokeContainerCommandCommand : ContainerSelectionCommand
{
    private bool _isWritten;

    /// <summary>Names (wildcards), ids or their beginnings. With piped containers this is left out, and the command comes first.</summary>
    [Parameter(Position = 0)]
    [ArgumentCompleter(typeof(ContainerNameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>The command: one string for the container's shell, several strings to execute as they are.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string[]? Command { get; set; }

    /// <summary>Containers from the pipeline.</summary>
    [Parameter(ValueFromPipeline = true)]
    [ContainerTransformation]
    public Container? InputObject { get; set; }

    /// <summary>Names from the pipeline, which are literal.</summary>
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    [TextTransformation]
    public string? PipedName { get; set; }

    /// <summary>In place of the container's user.</summary>
    [Parameter]
    public string? User { get; set; }

    /// <summary>In place of the container's working directory.</summary>
    [Parameter]
    public string? WorkingDirectory { get; set; }

    /// <summary>Environment: 'NAME=value' or a hashtable.</summary>
    [Parameter]
    [NameValueTransformation]
    public string[] Environment { get; set; } = [];

    /// <summary>All capabilities.</summary>
    [Parameter]
    public SwitchParameter Privileged { get; set; }

    /// <summary>Let it go on by itself.</summary>
    [Parameter]
    public SwitchParameter Detach { get; set; }

    /// <summary>Emit one object with exit code, output, error and duration.</summary>
    [Parameter]
    public SwitchParameter AsResult { get; set; }

    /// <summary>Lines for its standard input.</summary>
    [Parameter]
    public string[]? StandardInput { get; set; }

    /// <summary>A file that the command reads: its standard input, byte for byte.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? RedirectStandardInput { get; set; }

    /// <summary>A file that the command's standard output goes to, byte for byte; what is in it is replaced. Several containers' follow one another.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? RedirectStandardOutput { get; set; }

    /// <summary>Catches loose words, to say what to do with them.</summary>
    [Parameter(ValueFromRemainingArguments = true, DontShow = true)]
    public object[] LooseWords { get; set; } = [];

    /// <summary>Catches the short options of commands, which would be the beginning of a parameter: uname -a, ls -l, id -u, sh -c.</summary>
    [Alias("a", "as", "b", "c", "co", "d", "de", "di", "e", "en", "er", "f", "g", "h", "i", "in", "it", "k", "l", "la", "lo", "m", "n", "na", "o", "p", "pr", "q", "r", "s", "st", "t", "u", "us", "w", "wo", "x", "y")]
    [Parameter(DontShow = true)]
    public SwitchParameter ShortOption { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        bool isPiped = InputObject is not null || PipedName is not null;
        CommandWords.Check(TypedLine, isPiped ? 0 : 1, LooseWords);
        if (isPiped && (Command is null || TypedLine is { EndsParameters: true }))
        {
            (Name, Command) = (null, Name is null ? Command : [.. Name, .. Command ?? []]);
        }
        else if (isPiped && Name is not null)
        {
            CommandWords.Check(TypedLine, 0, [.. Command!]);
        }
        (Command, LooseWords) = (CommandWords.Join(TypedLine, Command, LooseWords), []);
        if (Detach && AsResult)
        {
            throw new LayerImageException(EngineError.ParameterInvalid, "A command that goes on by itself has no result yet.")
            { Target = nameof(AsResult), Advice = "Leave -Detach out to wait for its result, or -AsResult." };
        }
        if ((StandardInput is not null && RedirectStandardInput is not null) || (Detach && (RedirectStandardInput ?? RedirectStandardOutput) is not null))
        {
            throw new LayerImageException(EngineError.ParameterInvalid, Detach ? "A command that goes on by itself reads and writes no file of this session." : "The command reads lines or a file, not both.")
            { Target = nameof(RedirectStandardInput), Advice = Detach ? "Leave -Detach out." : "Give -StandardInput or -RedirectStandardInput." };
        }
        string[] command = Command ?? throw Missing("command", "Give the container and the command: Invoke-ContainerCommand web 'ls -la /'");
        if (!isPiped && Name is null)
        {
            throw Missing("container", "Give its name first, or pipe it: Get-Container web | Invoke-ContainerCommand 'ls -la /'");
        }
        return ForEachContainerAsync(PipedName is null ? Name : [PipedName], InputObject, container => RunAsync(container, command, cancellationToken), cancellationToken);
    }

    private static LayerImageException Missing(string what, string advice) =>
        new(EngineError.ParameterInvalid, $"No {what} was given.") { Advice = advice };

    private async Task RunAsync(Container container, string[] arguments, CancellationToken cancellationToken)
    {
        if (!await ShouldProcessAsync(container.Name, $"Run '{string.Join(' ', arguments)}'", () => Engine.Containers.Checks.RunningAsync(container.Id, cancellationToken)))
        {
            return;
        }
        await using Stream? input = HostPath.OpenToRead(SessionState, RedirectStandardInput), file = HostPath.OpenToWrite(SessionState, RedirectStandardOutput, append: _isWritten);
        _isWritten = true;
        ContainerCommandRequest request = new()
        {
            Command = arguments,
            User = User,
            WorkingDirectory = WorkingDirectory,
            Environment = Environment,
            Privileged = Privileged,
            Detach = Detach,
            StandardInput = StandardInput is null ? input : new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', StandardInput) + "\n")),
            StandardOutput = file,
        };
        await using RunningCommand command = await StartProgramAsync(() => Engine.Containers.Commands.InvokeAsync(container.Id, request, cancellationToken));
        List<string> output = [], error = [];
        await foreach (OutputLine line in command.ReadLinesAsync(cancellationToken))
        {
            Write(line, output, error);
        }
        int exitCode = await command.WaitAsync(cancellationToken);
        SetExitCode(exitCode);
        if (AsResult)
        {
            WriteObject(new ContainerCommandResult { ExitCode = exitCode, Output = new ReadableList<string>(output), Error = new ReadableList<string>(error), Duration = command.Duration, ContainerName = container.Name });
        }
    }

    private void Write(OutputLine line, List<string> output, List<string> error)
    {
        bool isError = line.Stream == LogStream.Stderr;
        if (AsResult)
        {
            (isError ? error : output).Add(line.Text);
        }
        else if (isError)
        {
            Host.UI.WriteErrorLine(line.Text); // never an ErrorRecord: with -ErrorAction Stop it would end a runbook
        }
        else
        {
            WriteObject(line.Text);
        }
    }
}
