using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

public sealed partial class ContainerService
{
    // How long the Agent has to clean up after an end before whoever waits does it.
    private static readonly TimeSpan s_agentPatience = TimeSpan.FromSeconds(3);

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
        ContainerRecord record = _records.Find(container.Id) ?? throw Gone(nameOrId);
        if (container.State == ContainerState.Paused)
        {
            // A commit's pause is its own affair: it ends with the commit, which holds the lock as long.
            using FileLock held = await Cleaner.LockAsync(container.Id, SilentObserver.Instance, cancellationToken).ConfigureAwait(false);
            await _hosts.Of(record).Runtime.ResumeAsync(container.Id, cancellationToken).ConfigureAwait(false);
        }
        TimeSpan patience = timeout ?? container.Spec.StopTimeout;
        if (patience > TimeSpan.Zero || patience == Timeout.InfiniteTimeSpan)
        {
            _hosts.Kill(record, number > 0 ? number : Signals.Parse(container.Spec.StopSignal));
            if (await WaitForEndAsync(record, patience, cancellationToken).ConfigureAwait(false))
            {
                return await SettleAsync(container.Id, cancellationToken).ConfigureAwait(false);
            }
        }
        _hosts.Kill(record, Signals.Kill);
        return await WaitForEndAsync(record, TimeSpan.FromSeconds(30), cancellationToken).ConfigureAwait(false)
            ? await SettleAsync(container.Id, cancellationToken).ConfigureAwait(false)
            : throw new LayerImageException(EngineError.RuntimeFailed, $"The container {container.Name} does not end after SIGKILL.") { Target = container.Name, Advice = "Its program hangs in the kernel; look at dmesg." };
    }

    /// <summary>Stops a container and starts it again. One that is removed when it ends stays for this time, as with docker.</summary>
    /// <param name="nameOrId">The container.</param>
    /// <param name="timeout">Time to end by itself, <see cref="Timeout.InfiniteTimeSpan"/> for ever; null for the container's own.</param>
    /// <param name="observer">Hears of warnings.</param>
    /// <param name="cancellationToken">Ends the wait, not the stop.</param>
    public async Task<Container> RestartAsync(string nameOrId, TimeSpan? timeout, IEngineObserver observer, CancellationToken cancellationToken)
    {
        await CheckRestartAsync(nameOrId, cancellationToken).ConfigureAwait(false);
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
        await CheckRemoveAsync(nameOrId, force, cancellationToken).ConfigureAwait(false);
        Container container = await GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        if (container.State is ContainerState.Running or ContainerState.Paused or ContainerState.Starting)
        {
            if (await StopAsync(container.Id, TimeSpan.Zero, null, cancellationToken).ConfigureAwait(false) is null)
            {
                return; // It was to be removed at its end anyway.
            }
        }
        using FileLock held = await Cleaner.LockAsync(container.Id, observer, cancellationToken).ConfigureAwait(false);
        if (Cleaner.FindLocked(container.Id) is ContainerRecord record)
        {
            if (!force && IsAlive(record, StateOf(record)))
            {
                throw StillRunning(record.Name); // somebody has just started it
            }
            await Cleaner.ReleaseAsync(record, cancellationToken).ConfigureAwait(false);
            Cleaner.Remove(record);
        }
    }

    /// <summary>Sends a signal to a container's first process.</summary>
    public async Task KillAsync(string nameOrId, string signal, CancellationToken cancellationToken)
    {
        int number = Signals.Parse(signal);
        Container container = await RequireRunningAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        _hosts.Kill(_records.Find(container.Id) ?? throw Gone(nameOrId), number);
    }

    /// <summary>Freezes all processes of a container, after a commit that is under way. Idempotent.</summary>
    public async Task<Container> PauseAsync(string nameOrId, CancellationToken cancellationToken)
    {
        Container container = await RequireRunningAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        using (await Cleaner.LockAsync(container.Id, SilentObserver.Instance, cancellationToken).ConfigureAwait(false))
        {
            await RuntimeOf(container).PauseAsync(container.Id, cancellationToken).ConfigureAwait(false);
        }
        return await GetAsync(container.Id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Thaws all processes of a container, after a commit that is under way. Idempotent.</summary>
    public async Task<Container> ResumeAsync(string nameOrId, CancellationToken cancellationToken)
    {
        Container container = await RequireRunningAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        using (await Cleaner.LockAsync(container.Id, SilentObserver.Instance, cancellationToken).ConfigureAwait(false))
        {
            await RuntimeOf(container).ResumeAsync(container.Id, cancellationToken).ConfigureAwait(false);
        }
        return await GetAsync(container.Id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until a container has ended; null when it removed itself then.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.WaitTimedOut"/>.</exception>
    public async Task<Container?> WaitForStopAsync(string nameOrId, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        Container container = await GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        if (container.State is ContainerState.Running or ContainerState.Paused or ContainerState.Starting)
        {
            if (_records.Find(container.Id) is ContainerRecord record && !await WaitForEndAsync(record, timeout ?? Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false))
            {
                throw TimedOut(container, "has ended", timeout!.Value);
            }
            return await SettleAsync(container.Id, cancellationToken).ConfigureAwait(false);
        }
        return container;
    }

    private static LayerImageException StillRunning(string name) =>
        new(EngineError.ContainerRunning, $"The container {name} is running.") { Target = name, Advice = "Stop it first (Stop-LayerContainer), or use -Force." };

    private static LayerImageException TimedOut(Container container, string condition, TimeSpan timeout) =>
        new(EngineError.WaitTimedOut, $"The container {container.Name} was to be waited for until it {condition}; after {timeout.TotalSeconds:0.###} s it had not.") { Target = container.Name, Advice = $"Look at its output: Get-ContainerLog {container.Name}" };

    private async Task<Container> RequireRunningAsync(string nameOrId, CancellationToken cancellationToken)
    {
        Container container = await GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        return container.State is ContainerState.Running or ContainerState.Paused
            ? container
            : throw new LayerImageException(EngineError.ContainerNotRunning, $"The container {container.Name} is not running.") { Target = container.Name, Advice = $"Start it first: Start-LayerContainer -Name {container.Name}" };
    }

    private IContainerRuntime RuntimeOf(Container container) => _hosts.Of(_records.Find(container.Id) ?? throw Gone(container.Id)).Runtime;

    // Whether the program is gone in time.
    private async Task<bool> WaitForEndAsync(ContainerRecord record, TimeSpan patience, CancellationToken cancellationToken)
    {
        long start = Environment.TickCount64;
        double pause = 2;
        while (_hosts.StateOf(record).Status is RuntimeStatus.Running or RuntimeStatus.Paused or RuntimeStatus.Created)
        {
            double left = patience == Timeout.InfiniteTimeSpan ? double.MaxValue : patience.TotalMilliseconds - (Environment.TickCount64 - start);
            if (left <= 0)
            {
                return false;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(left, pause)), cancellationToken).ConfigureAwait(false);
            pause = Math.Min(pause * 1.5, 50);
        }
        return true;
    }

    // The program is gone; the Agent is about to take away what is left. When it does not come, this look does it.
    private async Task<Container?> SettleAsync(string id, CancellationToken cancellationToken)
    {
        long start = Environment.TickCount64;
        while (_records.Find(id) is ContainerRecord { State: ContainerState.Running or ContainerState.Paused or ContainerState.Starting })
        {
            bool late = Environment.TickCount64 - start > (_options.AgentPath is null ? 0 : s_agentPatience.TotalMilliseconds);
            if (late)
            {
                using FileLock? held = Cleaner.TryLock(id);
                if (held is not null)
                {
                    return await SettleLockedAsync(id, cancellationToken).ConfigureAwait(false) is ContainerRecord settled ? settled.ToContainer(settled.State) : null;
                }
            }
            await Task.Delay(2, cancellationToken).ConfigureAwait(false);
        }
        return _records.Find(id) is ContainerRecord ended ? ended.ToContainer(ended.State) : null;
    }
}
