using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Starts a new container of an image, or one that was made before (by name or piped).</summary>
[Cmdlet(VerbsLifecycle.Start, "LayerContainer", SupportsShouldProcess = true, DefaultParameterSetName = NameSet)]
[OutputType(typeof(Container), typeof(string))]
public sealed class StartLayerContainerCommand : NewContainerCommand
{
    private const string PipedNameSet = "PipedName";

    /// <summary>With -Image the new container's name; else the containers to start (wildcards), ids or their beginnings.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [ArgumentCompleter(typeof(ContainerNameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Containers from the pipeline.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ContainerTransformation]
    public Container? InputObject { get; set; }

    // Not -Name itself: that is in the default set, which the binder tries first, and a piped container would be bound by its name.
    /// <summary>Names from the pipeline, which are literal.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PipedNameSet, ValueFromPipeline = true, DontShow = true)]
    [TextTransformation]
    public string? PipedName { get; set; }

    /// <summary>Stay in the foreground and emit the program's output lines.</summary>
    [Parameter]
    public SwitchParameter Attach { get; set; }

    /// <inheritdoc/>
    protected override string? NewName => Name.Length switch
    {
        0 => null,
        1 => Name[0],
        _ => throw new LayerImageException(EngineError.ParameterInvalid, "A new container has one name.") { Target = Name, Advice = "Give one -Name, or leave it out." },
    };

    private bool InForeground => Attach || Interactive || Tty;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ParameterSetName is NameSet or InputObjectSet or PipedNameSet)
        {
            await ForEachContainerAsync(PipedName is null ? Name : [PipedName], InputObject, async container =>
            {
                if (await ShouldProcessAsync(container.Name, "Start container", () => Engine.Containers.CheckStartAsync(container.Id, cancellationToken)))
                {
                    await RunAsync((attach, token) => Engine.Containers.StartAsync(container.Id, attach, Observer, token), Attach, container.Spec.Terminal, container.Spec.Interactive, cancellationToken);
                }
            }, cancellationToken);
            return;
        }
        CheckWords();
        if (Tty && Interactive && !HostTerminal.IsInteractive)
        {
            throw new LayerImageException(EngineError.ParameterInvalid, "There is no terminal here for -Tty to pass on.")
            { Target = nameof(Tty), Advice = "In a script leave -Tty out: -Interactive alone passes the standard input on." };
        }
        ContainerRequest request = Request();
        if (await ShouldProcessAsync(request.Image, "Start container", () => Engine.Containers.CheckAsync(request, starting: true, cancellationToken)))
        {
            await RunAsync((attach, token) => Engine.Containers.RunAsync(request, attach, Observer, token), InForeground, Tty, Interactive, cancellationToken);
        }
    }

    private async Task RunAsync(Func<Func<ContainerTerminal, Task>?, CancellationToken, Task<Container>> start, bool foreground, bool terminal, bool interactive, CancellationToken cancellationToken)
    {
        if (!foreground)
        {
            WriteObject(await start(null, cancellationToken));
            return;
        }
        ForegroundSession session = new(terminal, interactive, WriteObject, Host);
        SynchronizationContext pipeline = SynchronizationContext.Current!;
        Container container = await StartProgramAsync(() => start(attached => OnPipeline(pipeline, () => session.BeginAsync(attached, cancellationToken)), cancellationToken));
        bool ended;
        try
        {
            ended = await session.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C in the foreground is meant for the program, as with docker run.
            await Engine.Containers.StopAsync(container.Id, null, "SIGINT", CancellationToken.None);
            throw;
        }
        if (ended)
        {
            await SetExitCodeOfAsync(container, cancellationToken);
        }
    }

    // The engine calls back on a thread of its own.
    private static Task OnPipeline(SynchronizationContext pipeline, Func<Task> body)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        pipeline.Post(async _ =>
        {
            try
            {
                await body();
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }, null);
        return done.Task;
    }
}
