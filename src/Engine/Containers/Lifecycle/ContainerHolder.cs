using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

/// <summary>Containers that are held: what a commit needs of them.</summary>
internal sealed class ContainerHolder(
    EngineOptions options, ContainerRecords records, ContainerHosts hosts, ContainerCleaner cleaner, ContainerReconciler reconciler, ContainerLooks looks)
{
    /// <summary>A container's record as it is written.</summary>
    /// <exception cref="LayerImageException">ContainerNotFound or AmbiguousId.</exception>
    public ContainerRecord Record(string nameOrId) => records.Get(nameOrId);

    /// <summary>Does something with a container that nobody else starts, stops, commits or removes meanwhile.</summary>
    /// <exception cref="LayerImageException">ContainerNotFound or AmbiguousId, or what the body throws.</exception>
    public async Task<T> HoldAsync<T>(string nameOrId, IEngineObserver observer, Func<ContainerRecord, Task<T>> body, CancellationToken cancellationToken)
    {
        using IDisposable open = records.KeepOpen();
        Container container = await looks.GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        using FileLock held = await cleaner.LockAsync(container.Id, observer, cancellationToken).ConfigureAwait(false);
        ContainerRecord record = await reconciler.ReconcileLockedAsync(container.Id, cancellationToken).ConfigureAwait(false) ?? throw ContainerRecords.Gone(nameOrId);
        return await body(record).ConfigureAwait(false);
    }

    /// <summary>Whether a container runs now and is not paused.</summary>
    public bool IsRunning(ContainerRecord record) => record.State == ContainerState.Running && reconciler.StateOf(record).Status == RuntimeStatus.Running;

    /// <summary>Pauses a container whose lock is held, until the result is disposed: see <see cref="CommitPause"/>.</summary>
    public async Task<IAsyncDisposable> PauseAsync(ContainerRecord record, CancellationToken cancellationToken) =>
        await CommitPause.BeginAsync(hosts.Of(record), options, record.Id, cancellationToken).ConfigureAwait(false);
}
