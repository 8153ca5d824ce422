using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;

namespace LayerImage.Engine.Commit;

/// <summary>Makes images of containers: what a container changed becomes a layer on those of its image.</summary>
public sealed class CommitService
{
    private readonly ContainerService _containers;
    private readonly ContainerCommitter _committer;

    internal CommitService(ContainerService containers, ContainerCommitter committer) => (_containers, _committer) = (containers, committer);

    /// <summary>
    /// Makes an image of a container. One that runs is paused for the read and goes on after it, whatever happens; one
    /// that was paused stays so. A failure leaves container and store as before.
    /// </summary>
    /// <exception cref="LayerImageException">ContainerNotFound, ReferenceInvalid, ParameterInvalid: a change cannot be applied,
    /// LayerInvalid, DiskFull.</exception>
    public Task<Image> CommitAsync(string nameOrId, CommitOptions options, IEngineObserver observer, CancellationToken cancellationToken) =>
        _containers.Holder.HoldAsync(nameOrId, observer, record =>
        {
            foreach (VolumeMount volume in record.Spec.Volumes)
            {
                observer.Warning($"The data in {volume.Destination} is a volume's and not part of the image.");
            }
            ContainerCommitter.Check(record, options);
            bool isStopped = record.State is ContainerState.Created or ContainerState.Exited;
            return _committer.CommitAsync(record, options, new CaptureMode
            {
                IsStopped = isStopped,
                IsConsistent = !options.NoPause || isStopped,
                PauseAsync = !options.NoPause && _containers.Holder.IsRunning(record) ? token => _containers.Holder.PauseAsync(record, token) : null,
            }, observer, cancellationToken);
        }, cancellationToken);

    /// <summary>Fails as a commit would, as far as that can be told before it.</summary>
    /// <exception cref="LayerImageException">ContainerNotFound, ReferenceInvalid or ParameterInvalid.</exception>
    public void Check(string nameOrId, CommitOptions options) => ContainerCommitter.Check(_containers.Holder.Record(nameOrId), options);
}
