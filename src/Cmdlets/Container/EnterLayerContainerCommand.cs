using System.Management.Automation;
using System.Runtime.InteropServices;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Opens a terminal inside a running container: a shell, or another command.</summary>
[Cmdlet(VerbsCommon.Enter, "LayerContainer", DefaultParameterSetName = NameSet)]
public sealed class EnterLayerContainerCommand : ContainerSelectionCommand
{
    /// <summary>The container: its name, id or the id's beginning.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = NameSet)]
    [ArgumentCompleter(typeof(ContainerNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>The container from the pipeline.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    public Container? InputObject { get; set; }

    /// <summary>In place of the container's shell.</summary>
    [Parameter(Position = 1)]
    public string[]? Command { get; set; }

    /// <summary>In place of the container's user.</summary>
    [Parameter]
    public string? User { get; set; }

    /// <summary>In place of the container's working directory.</summary>
    [Parameter]
    public string? WorkingDirectory { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        Container container = InputObject ?? await Engine.Containers.GetAsync(Name, cancellationToken);
        if (!HostTerminal.IsInteractive)
        {
            throw new LayerImageException(EngineError.ParameterInvalid, "There is no terminal here to enter a container with.")
            { Target = container.Name, Advice = $"In a script use Invoke-ContainerCommand {container.Name} 'command'." };
        }
        ContainerCommandRequest request = new()
        {
            // bash where there is one: it has the history and completion that a visitor expects.
            Command = Command ?? ["/bin/sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash || exec /bin/sh"],
            User = User,
            WorkingDirectory = WorkingDirectory,
            Environment = [$"TERM={System.Environment.GetEnvironmentVariable("TERM") ?? "xterm"}"],
            Terminal = true,
        };
        using IDisposable terminal = HostTerminal.Keep();
        await using RunningCommand command = await StartProgramAsync(() => Engine.Containers.Commands.InvokeAsync(container.Id, request, cancellationToken));
        using PosixSignalRegistration? resize = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Resize(command));
        SetExitCode(await command.WaitAsync(cancellationToken));
    }

    private static void Resize(RunningCommand command)
    {
        if (HostTerminal.Size is (int rows, int columns))
        {
            command.Resize(rows, columns);
        }
    }
}
