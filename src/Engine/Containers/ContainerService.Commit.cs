using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

// What a commit needs of containers.
public sealed partial class ContainerService
{
    /// <summary>A container's record as it is written.</summary>
    /// <exception cref="LayerImageException">ContainerNotFound or AmbiguousId.</exception>
    internal ContainerRecord Record(string nameOrId) => _records.Get(nameOrId);

    /// <summary>Does something with a container that nobody else starts, stops, commits or removes meanwhile.</summary>
    /// <exception cref="LayerImageException">ContainerNotFound or AmbiguousId, or what the body throws.</exception>
    internal async Task<T> HoldAsync<T>(string nameOrId, IEngineObserver observer, Func<ContainerRecord, Task<T>> body, CancellationToken cancellationToken)
    {
        using IDisposable open = _records.KeepOpen();
        Container container = await GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        using FileLock held = await Cleaner.LockAsync(container.Id, observer, cancellationToken).ConfigureAwait(false);
        return await body(await SettleLockedAsync(container.Id, cancellationToken).ConfigureAwait(false) ?? throw Gone(nameOrId)).ConfigureAwait(false);
    }

    /// <summary>Whether a container runs now and is not paused.</summary>
    internal bool IsRunning(ContainerRecord record) => record.State == ContainerState.Running && StateOf(record).Status == RuntimeStatus.Running;

    /// <summary>Pauses a container whose lock is held, until the result is disposed: see <see cref="CommitPause"/>.</summary>
    internal async Task<IAsyncDisposable> PauseForCommitAsync(ContainerRecord record, CancellationToken cancellationToken) =>
        await CommitPause.BeginAsync(_hosts.Of(record), _options, record.Id, cancellationToken).ConfigureAwait(false);
}
