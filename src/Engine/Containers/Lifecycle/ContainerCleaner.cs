using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Runtime;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Containers;

/// <summary>
/// Takes away what a container that has ended still holds of the host, and records its end. Called by the Agent when
/// conmon reports the end, and by any look that finds an end nobody has dealt with. Idempotent.
/// </summary>
internal sealed class ContainerCleaner(StoreLayout layout, ContainerRecords records, ContainerFiles files, LayerStore layers, ContentStore content, ContainerHosts hosts, TimeProvider clock)
{
    private readonly StoreReserve _reserve = new(layout);

    private const string ExitCodeLost = "The exit code is not known: the container's monitor was gone before it could note it.";

    private const string OutOfMemory = "The kernel ended a process of it: it needed more memory than the container may have.";

    // How long the exit code of a container that removed itself is kept for who waits for it.
    private static readonly TimeSpan s_exitFileLife = TimeSpan.FromMinutes(10);

    /// <summary>Whether nobody is at work on a container now; the lock is held while the result lives.</summary>
    public FileLock? TryLock(string id) => _reserve.Use(() => FileLock.TryAcquire(LockPath(id)));

    /// <summary>Waits until nobody else is at work on a container.</summary>
    public async Task<FileLock> LockAsync(string id, IEngineObserver observer, CancellationToken cancellationToken) =>
        TryLock(id) ?? await FileLock.AcquireAsync(LockPath(id), $"container {id[..12]}", observer, cancellationToken).ConfigureAwait(false);

    /// <summary>The record of a container whose lock is held; null when it is gone, and its lock with it: no id comes back.</summary>
    public ContainerRecord? FindLocked(string id)
    {
        ContainerRecord? record = records.Find(id);
        if (record is null)
        {
            File.Delete(LockPath(id));
            SweepExitFiles(new RuntimePaths(layout.Run));
        }
        return record;
    }

    /// <summary>Deals with a container's end. The caller holds its lock and knows that its program is gone.</summary>
    /// <returns>The record as it is now, or will be when the disk can be written; null when the container is gone.</returns>
    /// <exception cref="LayerImageException">Something that the container held of the host cannot be released; the record is as before.</exception>
    public async Task<ContainerRecord?> EndAsync(ContainerRecord record, RuntimeState state, string? error, CancellationToken cancellationToken)
    {
        if (state.Status == RuntimeStatus.Stopped)
        {
            // Whoever looks between a program's end and the monitor's report would take it for one without exit code.
            state = await hosts.Of(record).Runtime.GetEndAsync(record.Id, cancellationToken).ConfigureAwait(false);
        }
        bool hadNoMemory = File.Exists(hosts.PathsOf(record).OutOfMemoryFile(record.Id));
        await ReleaseAsync(record, cancellationToken).ConfigureAwait(false);
        bool ran = record.State is ContainerState.Running or ContainerState.Paused, goes = record.IsNew || (record.RemovesItself && ran);
        ContainerRecord ended = record with
        {
            State = ran || record.StartedAt is not null ? ContainerState.Exited : ContainerState.Created,
            ExitCode = ran ? state.ExitCode : record.ExitCode,
            FinishedAt = ran ? state.FinishedAt ?? clock.GetUtcNow() : record.FinishedAt,
            Error = error ?? (hadNoMemory ? OutOfMemory : ran && state.ExitCode is null ? ExitCodeLost : null),
        };
        try
        {
            if (goes)
            {
                // One that removes itself, or one that its maker did not live to finish: nobody was told of that.
                Remove(record, keepExitFile: !record.IsNew);
                SweepExitFiles(hosts.PathsOf(record));
                return null;
            }
            _reserve.Use(() => records.SetEnded(ended));
            return ended;
        }
        catch (LayerImageException e) when (e.Error is EngineError.DiskFull or EngineError.NotPrivileged)
        {
            // A disk that cannot be written keeps nobody from hearing of the end. The monitor's exit file stays, and a later look records it.
            return record.IsNew ? null : ended with { Error = $"{ended.Error}{(ended.Error is null ? "" : " ")}{(goes ? "It was to be removed at its end" : "Its end was to be recorded")}: {e.Message}" };
        }
    }

    /// <summary>Releases mount, network, ports, rules and the runtime's state. Every step is tried, whatever the others do.</summary>
    public async Task ReleaseAsync(ContainerRecord record, CancellationToken cancellationToken)
    {
        HostDrivers host = hosts.Of(record);
        List<LayerImageException> failures = [];
        await TryAsync(() => EndProgramAsync(record, cancellationToken), failures).ConfigureAwait(false);
        await TryAsync(() => host.Runtime.DeleteAsync(record.Id, force: true, cancellationToken), failures).ConfigureAwait(false);
        await TryAsync(() => Task.Run(() => ClosePorts(record, host), CancellationToken.None), failures).ConfigureAwait(false);
        await TryAsync(() => record.Address is null ? Task.CompletedTask : host.Network.DetachAsync(record.Id, cancellationToken), failures).ConfigureAwait(false);
        await TryAsync(() => Task.Run(() => host.Mounts.Unmount(layout.Merged(record.Id)), CancellationToken.None), failures).ConfigureAwait(false);
        if (failures.Count > 0)
        {
            throw failures[0];
        }
    }

    /// <summary>Deletes a container that holds nothing of the host any more: record first, files after.</summary>
    /// <param name="record">The container.</param>
    /// <param name="keepExitFile">Whether somebody may still wait for the exit code of a container that removed itself.</param>
    public void Remove(ContainerRecord record, bool keepExitFile = false)
    {
        string id = record.Id;
        // Until all of it is gone, what has no record any more is not garbage of a dead process.
        using ScratchFolder claim = _reserve.Use(() => ScratchFolder.Create(layout));
        (IReadOnlyList<(string Key, Oci.Digest DiffId)> unused, IReadOnlyList<Oci.Digest> blobs) = _reserve.Use(() => records.Delete(id, claim.Claim));
        files.Delete(id);
        _reserve.Use(() => content.DeleteFiles(blobs));
        _reserve.Use(() => layers.DeleteDirectories(unused));
        RuntimePaths paths = hosts.PathsOf(record);
        if (!keepExitFile && Directory.Exists(paths.Exits)) // not before the first start of a boot
        {
            File.Delete(paths.ExitFile(id));
        }
        File.Delete(LockPath(id));
    }

    private void SweepExitFiles(RuntimePaths paths)
    {
        DirectoryInfo exits = new(paths.Exits);
        if (!exits.Exists)
        {
            return;
        }
        DateTime old = DateTime.UtcNow - s_exitFileLife;
        foreach (FileInfo file in exits.EnumerateFiles().Where(file => file.LastWriteTimeUtc < old && records.Find(file.Name) is null))
        {
            file.Delete();
        }
    }

    private static void ClosePorts(ContainerRecord record, HostDrivers host)
    {
        if (record.Address is not null && record.Spec.Publish.Count > 0)
        {
            host.Network.Unpublish(record.Id, record.Address, [.. record.Ports.Where(port => port.HostPort != 0)]);
        }
        if (record.Spec.OpenHostPort)
        {
            host.HostPorts.Close(record.Id);
        }
    }

    // Of a container that the runtime does not know any more, its record does: see ContainerHosts.StateOf.
    private async Task EndProgramAsync(ContainerRecord record, CancellationToken cancellationToken)
    {
        if (record.Program is { IsAlive: true } program && hosts.Of(record).Runtime.GetState(record.Id).Status == RuntimeStatus.Unknown)
        {
            program.Signal(Signals.Kill);
            while (program.IsAlive)
            {
                await Task.Delay(2, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task TryAsync(Func<Task> step, List<LayerImageException> failures)
    {
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (LayerImageException e)
        {
            failures.Add(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failures.Add(new LayerImageException(EngineError.RuntimeFailed, e.Message, e));
        }
    }

    private string LockPath(string id) => layout.Lock(StoreLeftovers.ContainerLock + id);
}
