using System.Runtime.CompilerServices;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci.Runtime;
using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

/// <summary>A command to run inside a container.</summary>
public sealed record ContainerCommandRequest
{
    /// <summary>One string is the shell form unless it is a single plain word, several are the exec form.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>In place of the container's user.</summary>
    public string? User { get; init; }

    /// <summary>In place of the container's.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>"NAME=value", beside the container's.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>All capabilities.</summary>
    public bool Privileged { get; init; }

    /// <summary>The caller's terminal becomes the command's.</summary>
    public bool Terminal { get; init; }

    /// <summary>The command goes on by itself.</summary>
    public bool Detach { get; init; }

    /// <summary>What it reads; null for nothing.</summary>
    public Stream? StandardInput { get; init; }

    /// <summary>Where its standard output goes, byte for byte; null for lines.</summary>
    public Stream? StandardOutput { get; init; }
}

public sealed partial class ContainerService
{
    /// <summary>
    /// Starts a command inside a running container. Its lines are read as they come; it is ended when the result is
    /// disposed before its end.
    /// </summary>
    public async Task<RunningCommand> InvokeAsync(string nameOrId, ContainerCommandRequest request, CancellationToken cancellationToken)
    {
        Container container = await RequireRunningAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        RequireNamespaceRoot(container.Name);
        if (container.State == ContainerState.Paused)
        {
            throw new LayerImageException(EngineError.ContainerNotRunning, $"The container {container.Name} is paused.") { Target = container.Name, Advice = $"Resume it first: Resume-LayerContainer {container.Name}" };
        }
        ContainerRecord record = _records.Find(container.Id) ?? throw Gone(nameOrId);
        ContainerSpec spec = record.Spec with
        {
            Entrypoint = [],
            Command = CommandForm.ToArguments(request.Command),
            User = request.User ?? record.Spec.User,
            WorkingDirectory = request.WorkingDirectory ?? record.Spec.WorkingDirectory,
            Environment = [.. record.Spec.Environment, .. request.Environment],
            Terminal = request.Terminal,
            Privileged = request.Privileged || record.Spec.Privileged,
            ReadOnly = true, // nothing is made in the root for a command
        };
        using ContainerRoot root = new(_layout.Merged(record.Id));
        RuntimeSpecOptions options = new()
        {
            Id = record.Id,
            Hostname = spec.Hostname,
            RootFsPath = _layout.Merged(record.Id),
            Arguments = spec.Arguments,
            Environment = spec.Environment,
            WorkingDirectory = spec.WorkingDirectory,
            User = ContainerUserResolver.Resolve(root, spec.User),
            Terminal = spec.Terminal,
            Mounts = [.. spec.Volumes.Select(text => VolumeMount.Parse(text).ToBindMount())],
            CapAdd = spec.CapAdd,
            CapDrop = spec.CapDrop,
            Privileged = spec.Privileged,
            CgroupsPath = CgroupLayout.PathOf(record.Id),
        };
        CommandResolver.Check(root, options);
        RequireRootOf(container, options.RootFsPath);
        SpecProcess process = RuntimeSpecBuilder.BuildExec(options, RuntimeHost.Read());
        ExecProcess started = await _hosts.Of(record).Runtime.ExecAsync(record.Id, new ExecOptions { Process = process, StandardInput = request.StandardInput, StandardOutput = request.StandardOutput, Detach = request.Detach }, cancellationToken).ConfigureAwait(false);
        return new RunningCommand(started);
    }

    /// <summary>What a container wrote, as records.</summary>
    public async IAsyncEnumerable<LogRecord> ReadLogAsync(string nameOrId, int? tail, DateTimeOffset? since, DateTimeOffset? until, LogStream? stream, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ContainerRecord record = _records.Get(nameOrId);
        LogReadOptions options = new()
        {
            Tail = tail,
            Since = since,
            Until = until,
            Stream = stream,
            HasEnded = follow ? () => HasEnded(record) : null,
        };
        if (!File.Exists(_layout.Log(record.Id)))
        {
            yield break; // It has not been started yet.
        }
        await foreach (LogRecord line in ContainerLogReader.ReadAsync(_layout.Log(record.Id), options, cancellationToken).ConfigureAwait(false))
        {
            yield return line;
        }
    }

    /// <summary>Attaches a client to a running container.</summary>
    public async Task<ContainerTerminal> AttachAsync(string nameOrId, CancellationToken cancellationToken)
    {
        Container container = await RequireRunningAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        RuntimePaths paths = _hosts.PathsOf(_records.Find(container.Id) ?? throw Gone(nameOrId));
        return Directory.Exists(paths.Bundle(container.Id))
            ? new ContainerTerminal(await AttachSession.ConnectAsync(paths.Bundle(container.Id), cancellationToken).ConfigureAwait(false))
            : throw RuntimeErrors.FolderLost(container.Id, paths.Run);
    }

    private bool HasEnded(ContainerRecord record) => _hosts.StateOf(record).Status is not (RuntimeStatus.Running or RuntimeStatus.Paused or RuntimeStatus.Created);
}
