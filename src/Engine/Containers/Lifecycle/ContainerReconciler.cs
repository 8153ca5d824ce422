using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Network;
using LayerImage.Engine.Runtime;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Containers;

/// <summary>
/// Brings records up to what the kernel says: an end that nobody has dealt with is dealt with, a start or a commit whose process
/// was killed is undone. Every look at a container asks for this, and the Agent does when a monitor reports an end. Idempotent.
/// </summary>
internal sealed class ContainerReconciler(EngineOptions options, StoreLayout layout, ContainerRecords records, ContainerHosts hosts, ContainerCleaner cleaner)
{
    // How long the Agent has to clean up after an end before whoever waits does it.
    private static readonly TimeSpan s_agentPatience = TimeSpan.FromSeconds(3);

    /// <summary>A container as it is now; null when it is gone. One whose end cannot be dealt with is seen with the reason, and hides no other one.</summary>
    public async Task<Container?> LookAsync(ContainerRecord record, CancellationToken cancellationToken)
    {
        try
        {
            return await ReconcileAsync(record, cancellationToken).ConfigureAwait(false);
        }
        catch (LayerImageException e) when (e.Error is not (EngineError.ToolMissing or EngineError.StoreNotSupported))
        {
            return Unreconciled(record, StateOf(record)) is Container seen
                ? seen with { IsUnreleased = true, Error = $"What it held of this machine cannot be released: {e.Message}" } : null;
        }
    }

    /// <summary>What the kernel says of a container, and its end dealt with when nobody else does; null when it is gone.</summary>
    public async Task<Container?> ReconcileAsync(ContainerRecord record, CancellationToken cancellationToken)
    {
        long start = Environment.TickCount64;
        while (true)
        {
            if (record.IsAtRest && !hosts.HasProcesses(record))
            {
                return record.ToContainer(record.State);
            }
            if (record.IsBeingStarted)
            {
                return record.ToContainer(ContainerState.Starting);
            }
            RuntimeState state = StateOf(record);
            if (IsAlive(record, state) && !IsPausedForCommit(record, state))
            {
                return record.ToContainer(state.Status == RuntimeStatus.Paused ? ContainerState.Paused : ContainerState.Running);
            }
            using (FileLock? held = cleaner.TryLock(record.Id))
            {
                if (held is not null)
                {
                    return await ReconcileLockedAsync(record.Id, cancellationToken).ConfigureAwait(false) is ContainerRecord now ? now.ToContainer(now.State) : null;
                }
            }
            // The Agent, a start or a commit is at work on it.
            bool isBetween = record.State == ContainerState.Starting || state.Status == RuntimeStatus.Created;
            if (!isBetween || Environment.TickCount64 - start > s_agentPatience.TotalMilliseconds)
            {
                return Unreconciled(record, state);
            }
            // The record is from before that, and says "Starting" of a session that is dead: whoever has the lock undoes its start (a
            // monitor that loses its session in a create calls the Agent), has begun another, or lets the program go just now.
            await Task.Delay(2, cancellationToken).ConfigureAwait(false);
            if (records.Find(record.Id) is not ContainerRecord fresh)
            {
                return null;
            }
            record = fresh;
        }
    }

    /// <summary>Deals with what has happened to a container, its end or the end of who committed it, when nobody else is at work on it.</summary>
    public async Task ReconcileAsync(string id, CancellationToken cancellationToken)
    {
        using FileLock held = await cleaner.LockAsync(id, SilentObserver.Instance, cancellationToken).ConfigureAwait(false);
        _ = await ReconcileLockedAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Brings a record up to what the kernel says; the caller holds the container's lock, so whoever started or
    /// committed it and is not alive is not coming back.
    /// </summary>
    /// <returns>The record as it is now, or null when the container is gone.</returns>
    public async Task<ContainerRecord?> ReconcileLockedAsync(string id, CancellationToken cancellationToken)
    {
        if (cleaner.FindLocked(id) is not ContainerRecord record)
        {
            return null;
        }
        records.SettleUpper(id, layout);
        RuntimeState state = StateOf(record);
        bool seemsEnded = record.IsAtRest || (record.State == ContainerState.Running && !record.IsOfThisBoot);
        if (seemsEnded && state is { Status: RuntimeStatus.Running or RuntimeStatus.Paused, Process: ProcessIdentity program })
        {
            records.SetFound(id, program);
            return records.Find(id);
        }
        if (record.IsAtRest || record.IsBeingStarted)
        {
            return record;
        }
        if (IsAlive(record, state))
        {
            if (IsPausedForCommit(record, state))
            {
                await CommitPause.AbandonAsync(hosts.Of(record), id, cancellationToken).ConfigureAwait(false);
            }
            return record;
        }
        string? error = record.IsOfThisBoot ? null : "The host was restarted.";
        return await cleaner.EndAsync(record, state, error, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// For a container whose program is gone: the Agent is about to take away what is left. When it does not come, this does it.
    /// </summary>
    /// <returns>The container as it is then; null when it removed itself.</returns>
    public async Task<Container?> ReconcileEndAsync(string id, CancellationToken cancellationToken)
    {
        long start = Environment.TickCount64;
        while (records.Find(id) is ContainerRecord { State: ContainerState.Running or ContainerState.Paused or ContainerState.Starting })
        {
            bool late = Environment.TickCount64 - start > (options.AgentPath is null ? 0 : s_agentPatience.TotalMilliseconds);
            if (late)
            {
                using FileLock? held = cleaner.TryLock(id);
                if (held is not null)
                {
                    return await ReconcileLockedAsync(id, cancellationToken).ConfigureAwait(false) is ContainerRecord now ? now.ToContainer(now.State) : null;
                }
            }
            await Task.Delay(2, cancellationToken).ConfigureAwait(false);
        }
        return records.Find(id) is ContainerRecord ended ? ended.ToContainer(ended.State) : null;
    }

    /// <summary>Frees the ports that a container wants of those that have ended, also when nobody has looked at these since.</summary>
    public async Task ReconcilePortHoldersAsync(ContainerRecord starting, CancellationToken cancellationToken)
    {
        PortMapping[] wanted = [.. starting.Ports.Where(port => port.IsChosen)];
        foreach (ContainerRecord other in wanted.Length == 0 ? [] : records.List())
        {
            if (other.Id != starting.Id && !other.IsAtRest && !other.IsBeingStarted
                && other.Ports.Any(port => wanted.Any(port.Overlaps)) && !IsAlive(other, StateOf(other)))
            {
                await TryReconcileAsync(other.Id, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>A name may be that of a container whose maker was killed: nobody was told of that one, and nobody sees it.</summary>
    public async Task ReconcileNameAsync(string? name, CancellationToken cancellationToken)
    {
        if (name is not null && records.FindByName(name) is ContainerRecord { IsNew: true } other)
        {
            _ = await ReconcileAsync(other, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether a container runs, or is frozen, by its record and by the kernel.</summary>
    public bool IsAlive(ContainerRecord record) => IsAlive(record, StateOf(record));

    /// <summary>What the kernel says of a container. Of what a record of another boot says only what has processes now can be true.</summary>
    public RuntimeState StateOf(ContainerRecord record) => record.IsOfThisBoot || hosts.HasProcesses(record) ? hosts.StateOf(record) : default;

    private static bool IsAlive(ContainerRecord record, RuntimeState state) =>
        record.State is ContainerState.Running or ContainerState.Paused && record.IsOfThisBoot && state.Status is RuntimeStatus.Running or RuntimeStatus.Paused;

    // What is to be said of a container while another process has its lock: what that one will leave.
    private static Container? Unreconciled(ContainerRecord record, RuntimeState state) => (record.State, state.Status) switch
    {
        (_, RuntimeStatus.Paused) => record.ToContainer(ContainerState.Paused),
        (ContainerState.Starting, _) => record.IsNew ? null : record.ToContainer(record.StartedAt is null ? ContainerState.Created : ContainerState.Exited),
        (_, RuntimeStatus.Created) => record.ToContainer(ContainerState.Starting),
        _ => (record with { ExitCode = state.ExitCode, FinishedAt = state.FinishedAt }).ToContainer(ContainerState.Exited),
    };

    // What another container cannot release is its own affair; a port that it holds is told by who wants it.
    private async Task TryReconcileAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await ReconcileAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (LayerImageException)
        {
            // The next look at that one says why.
        }
    }

    private bool IsPausedForCommit(ContainerRecord record, RuntimeState state) =>
        state.Status == RuntimeStatus.Paused && CommitPause.IsThere(hosts.PathsOf(record), record.Id);
}
