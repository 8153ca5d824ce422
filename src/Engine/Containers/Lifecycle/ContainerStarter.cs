using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Network;
using LayerImage.Engine.Runtime;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Containers;

/// <summary>
/// Starts a container: reserve ports, unite layers, connect, create, publish, let the program go, record. Each step
/// pushes its undo; a failure leaves the host as it was. The record says "Starting" with this process's identity, so
/// that a later look cleans up when this process is killed in between.
/// </summary>
/// <param name="layout">The store.</param>
/// <param name="options">The engine's.</param>
/// <param name="records">The containers' records.</param>
/// <param name="files">Their files.</param>
/// <param name="hosts">What a container gets of the host: asked for when one is started.</param>
/// <param name="publishOthersAgain">Called with the container's id when the network's rules had to be made anew.</param>
internal sealed class ContainerStarter(StoreLayout layout, EngineOptions options, ContainerRecords records, ContainerFiles files, ContainerHosts hosts, Action<string> publishOthersAgain)
{
    private HostDrivers Host => hosts.Own;

    /// <summary>Called when the container exists and its program waits: who attaches now misses nothing.</summary>
    public delegate Task CreatedHandler(string bundle, CancellationToken cancellationToken);

    /// <summary>Starts a container that does not run. The caller holds its lock.</summary>
    public async Task StartAsync(ContainerRecord record, CreatedHandler? onCreated, IEngineObserver observer, CancellationToken cancellationToken)
    {
        _ = hosts.Own; // a missing tool, before anything is recorded
        records.SetStarting(record.Id);
        try
        {
            UndoStack undo = new();
            await using (undo.ConfigureAwait(false))
            {
                await StartAsync(record, undo, onCreated, observer, cancellationToken).ConfigureAwait(false);
                undo.Commit();
            }
        }
        catch when (record.IsNew)
        {
            throw; // whoever makes it takes it back
        }
        catch
        {
            records.SetSpec(record.Id, record.Spec); // a port that was to be chosen is so again
            records.SetEnded(record with { State = record.StartedAt is null ? ContainerState.Created : ContainerState.Exited, Error = null });
            throw;
        }
    }

    private async Task StartAsync(ContainerRecord record, UndoStack undo, CreatedHandler? onCreated, IEngineObserver observer, CancellationToken cancellationToken)
    {
        VolumeMount.RequireAll(record.Spec.Volumes);
        using PortReservation ports = Reserve(record.Id, record.Ports);
        ContainerSpec spec = record.Spec with { Publish = ports.Mappings };
        if (record.Ports.Any(port => !port.IsChosen))
        {
            records.SetSpec(record.Id, spec);
        }
        (record, string? networkNamespace) = await ConnectAsync(record, undo, observer, cancellationToken).ConfigureAwait(false);
        undo.Push(() => _ = Host.Mounts.Unmount(layout.Merged(record.Id)));
        Host.Mounts.Mount(files.Describe(record.Id, records.StackOf(record.Id)));
        if (networkNamespace is { Length: > 0 } && EtcFiles.Complain() is string complaint)
        {
            observer.Warning(complaint);
        }
        RuntimeSpecOptions specOptions = Describe(record, spec, networkNamespace);
        undo.Push(() => Host.Runtime.DeleteAsync(record.Id, force: true, CancellationToken.None));
        ProcessIdentity process = await Host.Runtime.CreateAsync(Launch(record, spec, specOptions, ports), cancellationToken).ConfigureAwait(false);
        if (onCreated is not null)
        {
            await onCreated(new RuntimePaths(layout.Run).Bundle(record.Id), cancellationToken).ConfigureAwait(false);
        }
        PublishPorts(record, spec, ports.Mappings, undo, observer);
        cancellationToken.ThrowIfCancellationRequested();
        // Recorded before the program goes: were this process killed in between, the next look would find a
        // container that waits, and end it; the other way round, a running one that no record knows.
        records.SetRunning(record.Id, spec, process.Pid, process.StartTime, options.Clock.GetUtcNow());
        await Host.Runtime.StartAsync(record.Id, CancellationToken.None).ConfigureAwait(false);
    }

    private RuntimeSpecOptions Describe(ContainerRecord record, ContainerSpec spec, string? networkNamespace)
    {
        using ContainerRoot root = new(layout.Merged(record.Id));
        IReadOnlyList<BindMount> etc = EtcFiles.Write(
            layout.Etc(record.Id), spec.Hostname!, record.Address is null ? [] : [record.Address], spec.Network == NetworkMode.Host, spec.ReadOnly);
        RuntimeSpecOptions described = new()
        {
            Id = record.Id,
            Spec = spec,
            RootFsPath = layout.Merged(record.Id),
            User = ContainerUserResolver.Resolve(root, spec.User ?? "", spec.GroupAdd),
            Mounts = [.. etc, .. spec.Volumes.Select(volume => volume.ToBindMount())],
            NetworkNamespacePath = networkNamespace,
            InitPath = spec.Init ? InitProgram.Get() : null,
            LimitsSwap = spec.Memory is not null && Host.Runtime.LimitsSwap,
        };
        described.RequireProgram(root);
        if (spec is { WorkingDirectory.Length: > 0, ReadOnly: false })
        {
            root.EnsureDirectory(spec.WorkingDirectory);
        }
        return described;
    }

    /// <summary>Fails as a start would when a host port is taken.</summary>
    public void CheckPorts(string id, IReadOnlyList<PortMapping> ports) => Reserve(id, ports).Dispose();

    private PortReservation Reserve(string id, IReadOnlyList<PortMapping> ports)
    {
        List<TakenPort> taken = [.. records.List()
            .Where(other => other.Id != id && other.State is ContainerState.Running or ContainerState.Paused or ContainerState.Starting)
            .SelectMany(other => other.Ports.Where(port => port.HostPort != 0).Select(port => new TakenPort(port, other.Name)))];
        return PortReservation.Reserve(ports, taken);
    }

    private async Task<(ContainerRecord Connected, string? NetworkNamespace)> ConnectAsync(ContainerRecord record, UndoStack undo, IEngineObserver observer, CancellationToken cancellationToken)
    {
        if (record.Address is null)
        {
            return (record, record.Spec.Network == NetworkMode.Host ? null : "");
        }
        if (Host.Network.EnsureReady())
        {
            // Somebody flushed the host's ruleset, or this is the first container after that.
            publishOthersAgain(record.Id);
        }
        if (!records.IsOfNetwork(record.Address))
        {
            record = record with { Address = records.ChangeAddress(record.Id, Host.Network.ListAddresses()) };
        }
        undo.Push(() => Host.Network.DetachAsync(record.Id, CancellationToken.None));
        NetworkAttachment? attachment;
        while ((attachment = await Host.Network.AttachAsync(record.Id, record.Address, cancellationToken).ConfigureAwait(false)) is null)
        {
            // A container of another store has it. Which one was free when this record was made, that store did not know.
            record = record with { Address = records.ChangeAddress(record.Id, Host.Network.ListAddresses()) };
        }
        Host.HostPorts.Admit(observer);
        return (record, attachment.NamespacePath);
    }

    private void PublishPorts(ContainerRecord record, ContainerSpec spec, IReadOnlyList<PortMapping> mappings, UndoStack undo, IEngineObserver observer)
    {
        if (mappings.Count == 0 || record.Address is null)
        {
            return;
        }
        undo.Push(() => Host.Network.Unpublish(record.Id, record.Address, mappings));
        Host.Network.Publish(record.Id, record.Address, mappings);
        if (spec.OpenHostPort)
        {
            undo.Push(() => Host.HostPorts.Close(record.Id));
            if (Host.HostPorts.Open(record.Id, record.Name, mappings) is string reason)
            {
                observer.Warning(reason);
            }
        }
    }

    private ContainerLaunch Launch(ContainerRecord record, ContainerSpec spec, RuntimeSpecOptions specOptions, PortReservation ports) => new()
    {
        Id = record.Id,
        Name = record.Name,
        Spec = RuntimeSpecBuilder.Build(specOptions, RuntimeHost.Read()),
        LogPath = layout.Log(record.Id),
        StandardInput = spec.Interactive,
        // Who detaches from a terminal may come back; without one the end of the input is for the program to see.
        LeaveStandardInputOpen = spec.Terminal,
        ExitCommand = options.AgentPath is null ? [] : options.AgentCommand("exited", record.Id),
        HeldHandles = ports.Handles,
    };
}
