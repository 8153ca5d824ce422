using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;

namespace LayerImage.Engine.Containers;

/// <summary>Makes containers: checks what is asked, gets the image, decides, records, makes the folders. A failure leaves nothing.</summary>
internal sealed class ContainerMaker(
    ImageService images, ContainerRecords records, ContainerFiles files, ContainerCleaner cleaner, ContainerReconciler reconciler, ContainerChecks checks, TimeProvider clock)
{
    /// <summary>Makes one.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="starting">Whether the caller starts it: until then its record says that it is being made.</param>
    /// <param name="observer">Hears of the pull, and with -Verbose of what does nothing.</param>
    /// <param name="cancellationToken">Ends it; nothing is left.</param>
    public async Task<ContainerRecord> MakeAsync(ContainerRequest request, bool starting, IEngineObserver observer, CancellationToken cancellationToken)
    {
        checks.Require(request, starting);
        checks.RequireFreeName(request.Name);
        Tell(request, starting, observer);
        Image image = await images.GetForContainerAsync(request.Image, request.PullPolicy, observer, cancellationToken).ConfigureAwait(false);
        string id = ContainerNames.NewId();
        ContainerSpec spec = SpecMerger.Merge(request, image, id);
        string[] keys = [.. image.Layers.Select(layer => Path.GetFileName(layer.Path!))];
        if (keys.Length == 0)
        {
            throw new LayerImageException(EngineError.ManifestNotSupported, $"The image {request.Image} has no layers: there is nothing to run.")
            { Target = request.Image };
        }
        await reconciler.ReconcileNameAsync(request.Name, cancellationToken).ConfigureAwait(false);
        ContainerRecord record = records.Create(id, request.Name, spec, keys, clock.GetUtcNow());
        try
        {
            files.Create(id, keys, image.Config.Config?.Volumes?.Keys ?? []);
            if (!starting)
            {
                records.SetEnded(record with { State = ContainerState.Created });
            }
            return record;
        }
        catch
        {
            cleaner.Remove(record);
            throw;
        }
    }

    private static void Tell(ContainerRequest request, bool starting, IEngineObserver observer)
    {
        if (request.AutoRemove && !starting)
        {
            observer.Verbose("The container is removed when it ends.");
        }
        foreach (VolumeMount volume in request.Volumes.Where(volume => volume.IdleOptions is not null))
        {
            observer.Verbose($"The volume {volume.Text}: {volume.IdleOptions} does nothing here."
                + " Labels of SELinux stay as they are, and a folder of this host needs no cache and no copy.");
        }
    }
}
