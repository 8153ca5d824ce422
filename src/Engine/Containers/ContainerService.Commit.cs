using LayerImage.Engine.Commit;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.IO;
using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

public sealed partial class ContainerService
{
    /// <summary>
    /// Makes an image of a container. One that runs is paused for the read and goes on after it, whatever happens; one
    /// that was paused stays so. A failure leaves container and store as before.
    /// </summary>
    /// <exception cref="LayerImageException">ContainerNotFound, ReferenceInvalid, ParameterInvalid: a change cannot be applied, LayerInvalid, DiskFull.</exception>
    public async Task<Image> CommitAsync(string nameOrId, CommitOptions options, IEngineObserver observer, CancellationToken cancellationToken)
    {
        using IDisposable open = _records.KeepOpen();
        Container container = await GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        foreach (string volume in container.Spec.Volumes)
        {
            observer.Warning($"The data in {VolumeMount.Parse(volume).Destination} is a volume's and not part of the image.");
        }
        using FileLock held = await Cleaner.LockAsync(container.Id, observer, cancellationToken).ConfigureAwait(false);
        ContainerRecord record = await SettleLockedAsync(container.Id, cancellationToken).ConfigureAwait(false) ?? throw Gone(nameOrId);
        ContainerCommitter.Check(record, options);
        bool isStopped = record.State is ContainerState.Created or ContainerState.Exited;
        bool pause = !options.NoPause && record.State == ContainerState.Running && StateOf(record).Status == RuntimeStatus.Running;
        return await _committer.CommitAsync(record, options, new ContainerReading
        {
            IsStopped = isStopped,
            IsConsistent = !options.NoPause || isStopped,
            PauseAsync = pause ? async token => await CommitPause.BeginAsync(_hosts.Of(record), _options, record.Id, token).ConfigureAwait(false) : null,
        }, observer, cancellationToken).ConfigureAwait(false);
    }
}
