using System.Management.Automation;
using System.Runtime.InteropServices;
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
    private static readonly TimeSpan s_closedPipe = TimeSpan.FromSeconds(2), s_noTime = TimeSpan.FromSeconds(10);

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

    /// <summary>A file that the program reads: its standard input, byte for byte.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? RedirectStandardInput { get; set; }

    /// <summary>A file that the program's standard output goes to, byte for byte; what is in it is replaced.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? RedirectStandardOutput { get; set; }

    /// <inheritdoc/>
    protected override string? NewName => Name.Length switch
    {
        0 => null,
        1 => Name[0],
        _ => throw new LayerImageException(EngineError.ParameterInvalid, "A new container has one name.") { Target = Name, Advice = "Give one -Name, or leave it out." },
    };

    private bool IsRedirected => RedirectStandardInput is not null || RedirectStandardOutput is not null;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ParameterSetName is NameSet or InputObjectSet or PipedNameSet)
        {
            await ForEachContainerAsync(PipedName is null ? Name : [PipedName], InputObject, async container =>
            {
                if (await ShouldProcessAsync(container.Name, "Start container", () => Engine.Containers.Checks.StartAsync(container.Id, cancellationToken)))
                {
                    await RunAsync((attach, token) => Engine.Containers.StartAsync(container.Id, attach, Observer, token), Attach || IsRedirected, container.Spec.Terminal, container.Spec.Interactive, cancellationToken);
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
        // Who gives a program something to read wants it read.
        Interactive |= RedirectStandardInput is not null;
        ContainerRequest request = Request();
        if (await ShouldProcessAsync(request.Image, "Start container", () => Engine.Containers.Checks.CreateAsync(request, starting: true, cancellationToken)))
        {
            await RunAsync((attach, token) => Engine.Containers.RunAsync(request, attach, Observer, token), Attach || Interactive || Tty || IsRedirected, Tty, Interactive, cancellationToken);
        }
    }

    private async Task RunAsync(Func<Func<ContainerTerminal, Task>?, CancellationToken, Task<Container>> start, bool foreground, bool terminal, bool interactive, CancellationToken cancellationToken)
    {
        if (!foreground)
        {
            WriteObject(await start(null, cancellationToken));
            return;
        }
        if (terminal && IsRedirected)
        {
            throw new LayerImageException(EngineError.ParameterInvalid, "A container with a terminal reads and writes that, and no file.") { Target = nameof(Tty), Advice = "Leave -Tty out." };
        }
        ForegroundSession session = new(terminal, interactive, WriteObject, Host) { Input = HostPath.OpenToRead(SessionState, RedirectStandardInput), Output = HostPath.OpenToWrite(SessionState, RedirectStandardOutput) };
        SynchronizationContext pipeline = SynchronizationContext.Current!;
        Container container = await StartProgramAsync(() => start(attached => OnPipeline(pipeline, () => session.BeginAsync(attached, cancellationToken)), cancellationToken));
        using PosixSignalRegistration? terminate = Forward(PosixSignal.SIGTERM, container.Id), hangUp = Forward(PosixSignal.SIGHUP, container.Id);
        bool ended;
        try
        {
            ended = await session.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C in the foreground is meant for the program, as with docker run.
            await Engine.Containers.StopAsync(container.Id, InTime(container.Spec.StopTimeout, s_noTime), "SIGINT", CancellationToken.None);
            throw;
        }
        catch
        {
            // Who takes the output has enough of it (Select-Object -First 3): nobody wants the program any more, which a closed
            // pipe would end at once. It has a moment for an end of its own.
            await Engine.Containers.StopAsync(container.Id, InTime(StopTimeout, s_closedPipe), "SIGINT", CancellationToken.None);
            throw;
        }
        if (ended)
        {
            await SetExitCodeOfAsync(container, cancellationToken);
        }
    }

    // The prompt is waited for here: a program that may take for ever to stop must not keep it for ever.
    private static TimeSpan InTime(TimeSpan? wanted, TimeSpan otherwise) => wanted is null || wanted == System.Threading.Timeout.InfiniteTimeSpan ? otherwise : wanted.Value;

    // What ends this session is meant for its program too, as with docker run. The session ends all the same.
    private PosixSignalRegistration? Forward(PosixSignal signal, string id) => OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(signal, _ =>
    {
        try
        {
            Engine.Containers.KillAsync(id, signal == PosixSignal.SIGTERM ? "SIGTERM" : "SIGHUP", CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (LayerImageException)
        {
            // It has ended.
        }
    });

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
