using System.Management.Automation;
using System.Text;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Runtime;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Runs a command inside running containers: its output lines are the pipeline's, its exit code is in $LASTEXITCODE.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "ContainerCommand", SupportsShouldProcess = true, DefaultParameterSetName = NameSet)]
[OutputType(typeof(string), typeof(ContainerCommandResult))]
public sealed class InvokeContainerCommandCommand : ContainerCommand
{
    /// <summary>The command: one string for the container's shell, several strings to execute as they are.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = NameSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = InputObjectSet)]
    [ValidateNotNullOrEmpty]
    public string[] Command { get; set; } = [];

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

    /// <summary>Catches loose words, to say what to do with them.</summary>
    [Parameter(ValueFromRemainingArguments = true, DontShow = true)]
    public object[] LooseWords { get; set; } = [];

    /// <inheritdoc/>
    protected override async Task ProcessContainerAsync(Container container, CancellationToken cancellationToken)
    {
        LooseWordsCheck.Refuse(LooseWords);
        if (!ShouldProcess(container.Name, $"Run '{string.Join(' ', Command)}'"))
        {
            return;
        }
        ContainerCommandRequest request = new()
        {
            Command = Command,
            User = User,
            WorkingDirectory = WorkingDirectory,
            Environment = Environment,
            Privileged = Privileged,
            Detach = Detach,
            StandardInput = StandardInput is null ? null : new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', StandardInput) + "\n")),
        };
        await using RunningCommand command = await StartAsync(container, request, cancellationToken);
        List<string> output = [], error = [];
        await foreach (OutputLine line in command.ReadLinesAsync(cancellationToken))
        {
            Write(line, output, error);
        }
        int exitCode = await command.WaitAsync(cancellationToken);
        SessionState.PSVariable.Set("global:LASTEXITCODE", exitCode);
        if (AsResult)
        {
            WriteObject(new ContainerCommandResult { ExitCode = exitCode, Output = [.. output], Error = [.. error], Duration = command.Duration, ContainerName = container.Name });
        }
    }

    // A program that is not there has docker's exit codes too, for scripts that look at $LASTEXITCODE.
    private async Task<RunningCommand> StartAsync(Container container, ContainerCommandRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await Engine.Containers.InvokeAsync(container.Id, request, cancellationToken);
        }
        catch (LayerImageException e) when (e.Error is EngineError.CommandNotFound or EngineError.CommandNotExecutable)
        {
            SessionState.PSVariable.Set("global:LASTEXITCODE", e.Error == EngineError.CommandNotFound ? 127 : 126);
            throw;
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
