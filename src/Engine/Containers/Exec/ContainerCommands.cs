using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci.Runtime;
using LayerImage.Engine.Runtime;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Containers;

/// <summary>Commands in running containers, and clients at their terminals.</summary>
public sealed class ContainerCommands
{
    private readonly StoreLayout _layout;
    private readonly ContainerRecords _records;
    private readonly ContainerHosts _hosts;
    private readonly ContainerLooks _looks;
    private readonly SessionRoot _root;

    internal ContainerCommands(StoreLayout layout, ContainerRecords records, ContainerHosts hosts, ContainerLooks looks, SessionRoot root)
    {
        _layout = layout;
        _records = records;
        _hosts = hosts;
        _looks = looks;
        _root = root;
    }

    /// <summary>
    /// Starts a command inside a running container. Its lines are read as they come; it is ended when the result is
    /// disposed before its end.
    /// </summary>
    public async Task<RunningCommand> InvokeAsync(string nameOrId, ContainerCommandRequest request, CancellationToken cancellationToken)
    {
        Container container = await _looks.GetRunningAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        _root.Require(container.Name);
        if (container.State == ContainerState.Paused)
        {
            throw new LayerImageException(EngineError.ContainerNotRunning, $"The container {container.Name} is paused.")
            { Target = container.Name, Advice = $"Resume it first: Resume-LayerContainer {container.Name}" };
        }
        ContainerRecord record = _records.Find(container.Id) ?? throw ContainerRecords.Gone(nameOrId);
        SpecProcess process = Describe(record, request);
        RequireRootOf(container, _layout.Merged(record.Id));
        ExecOptions options = new() { Process = process, StandardInput = request.StandardInput, StandardOutput = request.StandardOutput, Detach = request.Detach };
        return new RunningCommand(await _hosts.Of(record).Runtime.ExecAsync(record.Id, options, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Attaches a client to a running container.</summary>
    public async Task<ContainerTerminal> AttachAsync(string nameOrId, CancellationToken cancellationToken)
    {
        Container container = await _looks.GetRunningAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        RuntimePaths paths = _hosts.PathsOf(_records.Find(container.Id) ?? throw ContainerRecords.Gone(nameOrId));
        return Directory.Exists(paths.Bundle(container.Id))
            ? new ContainerTerminal(await AttachSession.ConnectAsync(paths.Bundle(container.Id), cancellationToken).ConfigureAwait(false))
            : throw RuntimeErrors.FolderLost(container.Id, paths.Run);
    }

    private SpecProcess Describe(ContainerRecord record, ContainerCommandRequest request)
    {
        ContainerSpec spec = record.Spec with
        {
            Entrypoint = [],
            Command = CommandForm.ToArguments(request.Command),
            User = request.User ?? record.Spec.User,
            WorkingDirectory = request.WorkingDirectory ?? record.Spec.WorkingDirectory,
            Environment = [.. record.Spec.Environment, .. request.Environment],
            Terminal = request.Terminal,
            Privileged = request.Privileged || record.Spec.Privileged,
        };
        using ContainerRoot root = new(_layout.Merged(record.Id));
        RuntimeSpecOptions options = new()
        {
            Id = record.Id,
            Spec = spec,
            RootFsPath = _layout.Merged(record.Id),
            User = ContainerUserResolver.Resolve(root, spec.User ?? "", spec.GroupAdd),
            Mounts = [.. spec.Volumes.Select(volume => new BindMount(volume.Source, volume.Destination))], // where the program may be, and not to be seen here
        };
        options.RequireProgram(root);
        return RuntimeSpecBuilder.BuildExec(options, RuntimeHost.Read());
    }

    // A container that was started in a chroot, which SessionRoot does not allow, is in its own files; a command would not be.
    private static void RequireRootOf(Container container, string merged)
    {
        if (container.ProcessId is int pid && NamespaceRoot.IsFolder(pid, merged) == false)
        {
            throw new LayerImageException(EngineError.RootNotIsolated, $"No command is run in the container {container.Name}: the root of its mount namespace is not the container's, as after a start in a chroot, and the command would run in the host's own root.")
            { Target = container.Name, Advice = $"Start it again on the host itself: Restart-LayerContainer {container.Name}" };
        }
    }
}
