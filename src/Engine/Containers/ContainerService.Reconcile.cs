using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Network;
using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

public sealed partial class ContainerService
{
    // A container whose end cannot be dealt with is seen with the reason, and hides no other one.
    private async Task<Container?> LookAsync(ContainerRecord record, CancellationToken cancellationToken)
    {
        try
        {
            return await ReconcileAsync(record, cancellationToken).ConfigureAwait(false);
        }
        catch (LayerImageException e) when (e.Error is not (EngineError.ToolMissing or EngineError.StoreNotSupported))
        {
            RuntimeState state = StateOf(record);
            return Unsettled(record, state) is Container seen ? seen with { IsUnreleased = true, Error = $"What it held of this machine cannot be released: {e.Message}" } : null;
        }
    }

    // What the kernel says of a container, and the end dealt with when nobody else does.
    private async Task<Container?> ReconcileAsync(ContainerRecord record, CancellationToken cancellationToken)
    {
        long start = Environment.TickCount64;
        while (true)
        {
            if (IsAtRest(record) && !_hosts.HasProcesses(record))
            {
                return record.ToContainer(record.State);
            }
            if (IsBeingStarted(record))
            {
                return record.ToContainer(ContainerState.Starting);
            }
            RuntimeState state = StateOf(record);
            if (IsAlive(record, state) && !IsPausedForCommit(record, state))
            {
                return record.ToContainer(state.Status == RuntimeStatus.Paused ? ContainerState.Paused : ContainerState.Running);
            }
            using (FileLock? held = Cleaner.TryLock(record.Id))
            {
                if (held is not null)
                {
                    return await SettleLockedAsync(record.Id, cancellationToken).ConfigureAwait(false) is ContainerRecord settled
                        ? settled.ToContainer(settled.State)
                        : null;
                }
            }
            // The Agent, a start or a commit is at work on it.
            bool isBetween = record.State == ContainerState.Starting || state.Status == RuntimeStatus.Created;
            if (!isBetween || Environment.TickCount64 - start > s_agentPatience.TotalMilliseconds)
            {
                return Unsettled(record, state);
            }
            // The record is from before that, and says "Starting" of a session that is dead: whoever has the lock undoes its start (a
            // monitor that loses its session in a create calls the Agent), has begun another, or lets the program go just now.
            await Task.Delay(2, cancellationToken).ConfigureAwait(false);
            if (_records.Find(record.Id) is not ContainerRecord fresh)
            {
                return null;
            }
            record = fresh;
        }
    }

    // What is to be said of a container while another process has its lock: what that one will leave.
    private static Container? Unsettled(ContainerRecord record, RuntimeState state) => (record.State, state.Status) switch
    {
        (_, RuntimeStatus.Paused) => record.ToContainer(ContainerState.Paused),
        (ContainerState.Starting, _) => record.IsNew ? null : record.ToContainer(record.StartedAt is null ? ContainerState.Created : ContainerState.Exited),
        (_, RuntimeStatus.Created) => record.ToContainer(ContainerState.Starting),
        _ => (record with { ExitCode = state.ExitCode, FinishedAt = state.FinishedAt }).ToContainer(ContainerState.Exited),
    };

    /// <summary>Deals with what has happened to a container, its end or the end of who committed it: the Agent's task. Idempotent.</summary>
    internal async Task CatchUpAsync(string id, CancellationToken cancellationToken)
    {
        using FileLock held = await Cleaner.LockAsync(id, SilentObserver.Instance, cancellationToken).ConfigureAwait(false);
        _ = await SettleLockedAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Brings a record up to what the kernel says; the caller holds the container's lock, so whoever started or
    /// committed it and is not alive is not coming back.
    /// </summary>
    /// <returns>The record as it is now, or null when the container is gone.</returns>
    private async Task<ContainerRecord?> SettleLockedAsync(string id, CancellationToken cancellationToken)
    {
        if (Cleaner.FindLocked(id) is not ContainerRecord record)
        {
            return null;
        }
        _records.SettleUpper(id, _layout);
        RuntimeState state = StateOf(record);
        if ((IsAtRest(record) || (record.State == ContainerState.Running && !IsOfThisBoot(record))) && state is { Status: RuntimeStatus.Running or RuntimeStatus.Paused, Process: ProcessIdentity program })
        {
            _records.SetFound(id, program);
            return _records.Find(id);
        }
        if (IsAtRest(record) || IsBeingStarted(record))
        {
            return record;
        }
        if (IsAlive(record, state))
        {
            if (IsPausedForCommit(record, state))
            {
                await CommitPause.AbandonAsync(_hosts.Of(record), id, cancellationToken).ConfigureAwait(false);
            }
            return record;
        }
        string? error = IsOfThisBoot(record) ? null : "The host was restarted.";
        return await Cleaner.EndAsync(record, state, error, cancellationToken).ConfigureAwait(false);
    }

    // A port is free when its container has ended, also when nobody has looked at that one since.
    private async Task SettlePortHoldersAsync(ContainerRecord starting, CancellationToken cancellationToken)
    {
        PortMapping[] wanted = [.. starting.Ports.Where(port => port.IsChosen)];
        foreach (ContainerRecord other in wanted.Length == 0 ? [] : _records.List())
        {
            if (other.Id != starting.Id && !IsAtRest(other) && !IsBeingStarted(other)
                && other.Ports.Any(port => wanted.Any(port.Overlaps)) && !IsAlive(other, StateOf(other)))
            {
                await TryCatchUpAsync(other.Id, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // What another container cannot release is its own affair; a port that it holds is told by who wants it.
    private async Task TryCatchUpAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await CatchUpAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (LayerImageException)
        {
            // The next look at that one says why.
        }
    }

    private static bool IsOfThisBoot(ContainerRecord record) => record.BootId == HostProcess.BootId;

    private static bool IsBeingStarted(ContainerRecord record) =>
        record.State == ContainerState.Starting && IsOfThisBoot(record) && HostProcess.IsAlive(record.Pid ?? 0, record.PidStart ?? 0);

    private static bool IsAlive(ContainerRecord record, RuntimeState state) =>
        record.State is ContainerState.Running or ContainerState.Paused && IsOfThisBoot(record) && state.Status is RuntimeStatus.Running or RuntimeStatus.Paused;

    private bool IsPausedForCommit(ContainerRecord record, RuntimeState state) =>
        state.Status == RuntimeStatus.Paused && CommitPause.IsThere(_hosts.PathsOf(record), record.Id);

    private static bool IsAtRest(ContainerRecord record) => record.State is ContainerState.Created or ContainerState.Exited;

    // Of what a record of another boot says only what has processes now can be true.
    private RuntimeState StateOf(ContainerRecord record) => IsOfThisBoot(record) || _hosts.HasProcesses(record) ? _hosts.StateOf(record) : default;
}
