using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.IO;
using LayerImage.Engine.Runtime;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Containers;

/// <summary>
/// Containers: made, started, looked at, stopped, removed. Nothing is believed of a record that the kernel can be
/// asked: every look reconciles, and an end that nobody has dealt with is dealt with then.
/// </summary>
public sealed class ContainerService
{
    private readonly ContainerRecords _records;
    private readonly ContainerHosts _hosts;
    private readonly ContainerCleaner _cleaner;
    private readonly ContainerReconciler _reconciler;
    private readonly ContainerLooks _looks;
    private readonly ContainerStarter _starter;
    private readonly ContainerMaker _maker;

    internal ContainerService(
        EngineOptions options, StoreLayout layout, ImageService images, LayerStore layers, ContentStore content, ContainerRecords records, ContainerHosts hosts)
    {
        _records = records;
        _hosts = hosts;
        ContainerFiles files = new(layout, layers);
        _cleaner = new ContainerCleaner(layout, records, files, layers, content, hosts, options.Clock);
        _reconciler = new ContainerReconciler(options, layout, records, hosts, _cleaner);
        Network = new ContainerNetwork(records, hosts, _cleaner, _reconciler);
        _looks = new ContainerLooks(records, _reconciler, Network);
        _starter = new ContainerStarter(layout, options, records, files, hosts, Network.PublishOthersAgain);
        SessionRoot root = new();
        Checks = new ContainerChecks(images, records, hosts, _starter, _looks, root);
        Commands = new ContainerCommands(layout, records, hosts, _looks, root);
        Logs = new ContainerLogs(layout, records, hosts);
        Waits = new ContainerWaits(layout, records, hosts, _reconciler, _looks, Logs);
        Changes = new ContainerChanges(layout, records, files, _reconciler, _looks);
        Holder = new ContainerHolder(options, records, hosts, _cleaner, _reconciler, _looks);
        _maker = new ContainerMaker(images, records, files, _cleaner, _reconciler, Checks, options.Clock);
    }

    /// <summary>What a change would refuse.</summary>
    public ContainerChecks Checks { get; }

    /// <summary>Commands in running containers.</summary>
    public ContainerCommands Commands { get; }

    /// <summary>What containers wrote.</summary>
    public ContainerLogs Logs { get; }

    /// <summary>Waiting for containers.</summary>
    public ContainerWaits Waits { get; }

    /// <summary>What containers changed in their file systems.</summary>
    public ContainerChanges Changes { get; }

    /// <summary>Their network and its rules.</summary>
    public ContainerNetwork Network { get; }

    /// <summary>What a commit needs of them.</summary>
    internal ContainerHolder Holder { get; }

    /// <summary>All containers, the newest first.</summary>
    public Task<IReadOnlyList<Container>> ListAsync(CancellationToken cancellationToken) => _looks.ListAsync(cancellationToken);

    /// <summary>By name, or by id or a unique beginning of one.</summary>
    /// <exception cref="LayerImageException">ContainerNotFound or AmbiguousId.</exception>
    public Task<Container> GetAsync(string nameOrId, CancellationToken cancellationToken) => _looks.GetAsync(nameOrId, cancellationToken);

    /// <summary>Makes a container and does not start it.</summary>
    public async Task<Container> CreateAsync(ContainerRequest request, IEngineObserver observer, CancellationToken cancellationToken)
    {
        ContainerRecord record = await _maker.MakeAsync(request, starting: false, observer, cancellationToken).ConfigureAwait(false);
        return record.ToContainer(ContainerState.Created);
    }

    /// <summary>Makes a container and starts it; when that fails there is no container.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="onAttached">Given a session that misses nothing, before the program goes; null to attach nobody.</param>
    /// <param name="observer">Hears of the pull and of warnings.</param>
    /// <param name="cancellationToken">Ends it; nothing is left.</param>
    public async Task<Container> RunAsync(ContainerRequest request, Func<ContainerTerminal, Task>? onAttached, IEngineObserver observer, CancellationToken cancellationToken)
    {
        ContainerRecord record = await _maker.MakeAsync(request, starting: true, observer, cancellationToken).ConfigureAwait(false);
        try
        {
            await _reconciler.ReconcilePortHoldersAsync(record, cancellationToken).ConfigureAwait(false);
            using FileLock held = await _cleaner.LockAsync(record.Id, observer, cancellationToken).ConfigureAwait(false);
            await _starter.StartAsync(record, AttachHandler(onAttached), observer, cancellationToken).ConfigureAwait(false);
            // While the lock keeps the Agent away: one that removes itself may be gone a moment later.
            return Now(record.Id);
        }
        catch
        {
            _cleaner.Remove(record);
            throw;
        }
    }

    /// <summary>Starts a container that does not run. Idempotent: one that runs is left alone.</summary>
    public async Task<Container> StartAsync(string nameOrId, Func<ContainerTerminal, Task>? onAttached, IEngineObserver observer, CancellationToken cancellationToken)
    {
        Container container = await GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        if (container.State is ContainerState.Running or ContainerState.Paused)
        {
            return container;
        }
        Checks.RequireSessionRoot(container.Name);
        await _reconciler.ReconcilePortHoldersAsync(_records.Find(container.Id) ?? throw ContainerRecords.Gone(nameOrId), cancellationToken).ConfigureAwait(false);
        using FileLock held = await _cleaner.LockAsync(container.Id, observer, cancellationToken).ConfigureAwait(false);
        ContainerRecord record = await _reconciler.ReconcileLockedAsync(container.Id, cancellationToken).ConfigureAwait(false) ?? throw ContainerRecords.Gone(nameOrId);
        if (record.IsAtRest)
        {
            await _starter.StartAsync(record, AttachHandler(onAttached), observer, cancellationToken).ConfigureAwait(false);
        }
        return Now(record.Id);
    }

    /// <summary>
    /// Asks the program to stop with its stop signal and kills it when it has not ended in time. Returns when it is
    /// gone with all it held of the host. Idempotent.
    /// </summary>
    /// <param name="nameOrId">The container.</param>
    /// <param name="timeout">Time to end by itself, <see cref="Timeout.InfiniteTimeSpan"/> for ever; null for the container's own.</param>
    /// <param name="signal">In place of its stop signal.</param>
    /// <param name="cancellationToken">Ends the wait, not the stop.</param>
    /// <returns>The container, or null when it removed itself.</returns>
    public async Task<Container?> StopAsync(string nameOrId, TimeSpan? timeout, string? signal, CancellationToken cancellationToken)
    {
        int number = signal is null ? 0 : Signals.Parse(signal);
        Container container = await GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        if (container.State is not (ContainerState.Running or ContainerState.Paused))
        {
            return container;
        }
        ContainerRecord record = _records.Find(container.Id) ?? throw ContainerRecords.Gone(nameOrId);
        if (container.State == ContainerState.Paused)
        {
            // A commit's pause is its own affair: it ends with the commit, which holds the lock as long.
            using FileLock held = await _cleaner.LockAsync(container.Id, SilentObserver.Instance, cancellationToken).ConfigureAwait(false);
            await _hosts.Of(record).Runtime.ResumeAsync(container.Id, cancellationToken).ConfigureAwait(false);
        }
        TimeSpan patience = timeout ?? container.Spec.StopTimeout ?? SpecMerger.DefaultStopTimeout;
        if (patience > TimeSpan.Zero || patience == Timeout.InfiniteTimeSpan)
        {
            _hosts.Kill(record, number > 0 ? number : Signals.Parse(container.Spec.StopSignal ?? SpecMerger.DefaultStopSignal));
            if (await _hosts.WaitForEndAsync(record, patience, cancellationToken).ConfigureAwait(false))
            {
                return await _reconciler.ReconcileEndAsync(container.Id, cancellationToken).ConfigureAwait(false);
            }
        }
        _hosts.Kill(record, Signals.Kill);
        return await _hosts.WaitForEndAsync(record, TimeSpan.FromSeconds(30), cancellationToken).ConfigureAwait(false)
            ? await _reconciler.ReconcileEndAsync(container.Id, cancellationToken).ConfigureAwait(false)
            : throw new LayerImageException(EngineError.RuntimeFailed, $"The container {container.Name} does not end after SIGKILL.")
            { Target = container.Name, Advice = "Its program hangs in the kernel; look at dmesg." };
    }

    /// <summary>Stops a container and starts it again. One that is removed when it ends stays for this time, as with docker.</summary>
    /// <param name="nameOrId">The container.</param>
    /// <param name="timeout">Time to end by itself, <see cref="Timeout.InfiniteTimeSpan"/> for ever; null for the container's own.</param>
    /// <param name="observer">Hears of warnings.</param>
    /// <param name="cancellationToken">Ends the wait, not the stop.</param>
    public async Task<Container> RestartAsync(string nameOrId, TimeSpan? timeout, IEngineObserver observer, CancellationToken cancellationToken)
    {
        await Checks.RestartAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        Container container = await GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        if (container.Spec.AutoRemove)
        {
            _records.Keep(container.Id);
        }
        try
        {
            await StopAsync(container.Id, timeout, null, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (container.Spec.AutoRemove)
            {
                _records.Unkeep(container.Id);
            }
        }
        return await StartAsync(container.Id, null, observer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes a container. One that runs is killed first when forced.</summary>
    public async Task RemoveAsync(string nameOrId, bool force, IEngineObserver observer, CancellationToken cancellationToken)
    {
        await Checks.RemoveAsync(nameOrId, force, cancellationToken).ConfigureAwait(false);
        Container container = await GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        if (container.State is ContainerState.Running or ContainerState.Paused or ContainerState.Starting)
        {
            if (await StopAsync(container.Id, TimeSpan.Zero, null, cancellationToken).ConfigureAwait(false) is null)
            {
                return; // It was to be removed at its end anyway.
            }
        }
        using FileLock held = await _cleaner.LockAsync(container.Id, observer, cancellationToken).ConfigureAwait(false);
        if (_cleaner.FindLocked(container.Id) is ContainerRecord record)
        {
            if (!force && _reconciler.IsAlive(record))
            {
                throw ContainerChecks.StillRunning(record.Name); // somebody has just started it
            }
            await _cleaner.ReleaseAsync(record, cancellationToken).ConfigureAwait(false);
            _cleaner.Remove(record);
        }
    }

    /// <summary>Sends a signal to a container's first process.</summary>
    public async Task KillAsync(string nameOrId, string signal, CancellationToken cancellationToken)
    {
        int number = Signals.Parse(signal);
        Container container = await _looks.GetRunningAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        _hosts.Kill(_records.Find(container.Id) ?? throw ContainerRecords.Gone(nameOrId), number);
    }

    /// <summary>Freezes all processes of a container, after a commit that is under way. Idempotent.</summary>
    public async Task<Container> PauseAsync(string nameOrId, CancellationToken cancellationToken)
    {
        Container container = await _looks.GetRunningAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        using (await _cleaner.LockAsync(container.Id, SilentObserver.Instance, cancellationToken).ConfigureAwait(false))
        {
            await RuntimeOf(container).PauseAsync(container.Id, cancellationToken).ConfigureAwait(false);
        }
        return await GetAsync(container.Id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Thaws all processes of a container, after a commit that is under way. Idempotent.</summary>
    public async Task<Container> ResumeAsync(string nameOrId, CancellationToken cancellationToken)
    {
        Container container = await _looks.GetRunningAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        using (await _cleaner.LockAsync(container.Id, SilentObserver.Instance, cancellationToken).ConfigureAwait(false))
        {
            await RuntimeOf(container).ResumeAsync(container.Id, cancellationToken).ConfigureAwait(false);
        }
        return await GetAsync(container.Id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives a container another name.</summary>
    public async Task<Container> RenameAsync(string nameOrId, string newName, CancellationToken cancellationToken)
    {
        ContainerRecord record = _records.Get(nameOrId);
        await _reconciler.ReconcileNameAsync(newName, cancellationToken).ConfigureAwait(false);
        _records.Rename(record.Id, newName);
        return await GetAsync(record.Id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deals with what has happened to a container, its end or the end of who committed it: the Agent's task. Idempotent.</summary>
    internal Task ReconcileAsync(string id, CancellationToken cancellationToken) => _reconciler.ReconcileAsync(id, cancellationToken);

    private IContainerRuntime RuntimeOf(Container container) => _hosts.Of(_records.Find(container.Id) ?? throw ContainerRecords.Gone(container.Id)).Runtime;

    private Container Now(string id)
    {
        ContainerRecord record = _records.Find(id) ?? throw ContainerRecords.Gone(id);
        return record.ToContainer(record.State);
    }

    private static ContainerStarter.CreatedHandler? AttachHandler(Func<ContainerTerminal, Task>? onAttached) => onAttached is null ? null : async (bundle, token) =>
        await onAttached(new ContainerTerminal(await AttachSession.ConnectAsync(bundle, token).ConfigureAwait(false))).ConfigureAwait(false);
}
