using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>
/// Unpacks the layers of an image that came into the store where that could not be done: unpacking is what needs Linux
/// and root, so it waits until something is mounted.
/// </summary>
internal sealed class ImageUnpacker(StoreLayout layout, StoreDatabase database, StackMaker stacks, ContentStore content, ImageCatalog catalog)
{
    private const int MostTries = 10;

    /// <summary>The image with all layers unpacked, also those whose directories were lost. Idempotent, and free when they are.</summary>
    /// <exception cref="LayerImageException">NotPrivileged: this process cannot unpack; LayerCorrupt: a blob is missing.</exception>
    public async Task<Image> UnpackAsync(Image image, IEngineObserver observer, CancellationToken cancellationToken)
    {
        if (IsUnpacked(image))
        {
            return image;
        }
        if (!LayerMaker.CanUnpack)
        {
            throw new LayerImageException(EngineError.NotPrivileged, $"The layers of {image.Reference} are not unpacked yet, and that needs root on Linux.")
            {
                Target = image.Reference,
                Advice = "Run the session as root, for example: sudo ./layerimage",
            };
        }
        using ScratchFolder claim = ScratchFolder.Claim(layout, image.Layers.Select(layer => Digest.Parse(layer.DiffId)));
        IReadOnlyList<Descriptor> blobs = [.. image.Layers.Select(Describe)];
        IReadOnlyList<Digest> diffIds = [.. image.Layers.Select(layer => Digest.Parse(layer.DiffId))];
        LayerProgress progress = new(observer, $"Unpack {image.Reference}");
        for (int attempt = 1; ; attempt++)
        {
            IReadOnlyList<LayerRecord?> records;
            try
            {
                records = await stacks.ReceiveAsync(
                    new NoBlobSource(content), blobs, diffIds, image.Reference, Environment.ProcessorCount, progress, cancellationToken).ConfigureAwait(false);
            }
            catch (LayerImageException e) when (e.Error == EngineError.LayerCorrupt)
            {
                // Lost with the image, which another process has removed; it may have come back since.
                Image now = catalog.FindExact(image.Id) ?? throw ImageCatalog.NotFound(image.Reference);
                if (IsUnpacked(now))
                {
                    return now;
                }
                throw;
            }
            if (database.Write(transaction => TryRecord(transaction, image.Id, records)))
            {
                return catalog.FindExact(image.Id) ?? throw ImageCatalog.NotFound(image.Reference);
            }
            if (attempt == MostTries)
            {
                throw new LayerImageException(EngineError.StoreLocked, $"Layers of {image.Reference} were removed by another process while it was unpacked.")
                {
                    Target = image.Reference,
                    Advice = "Try again.",
                };
            }
        }
    }

    // A layer that was made here has no blob; it is unpacked, and nothing is asked of its descriptor but a name.
    private static Descriptor Describe(ImageLayer layer) => new()
    {
        Digest = Digest.Parse(layer.Digest ?? layer.DiffId),
        Size = layer.DownloadSize,
        MediaType = layer.MediaType ?? MediaTypes.OciLayer,
    };

    private static bool IsUnpacked(Image image) => image.Layers.All(layer => layer.Path is not null && StoreEntry.IsDirectory(layer.Path));

    // A layer that was there may have gone with the last image that had it: this one has had it only from here on.
    private static bool TryRecord(StoreTransaction transaction, string image, IReadOnlyList<LayerRecord?> records)
    {
        if (records.Any(record => !LayerTable.Exists(transaction, record!.Key)))
        {
            return false;
        }
        for (int i = 0; i < records.Count; i++)
        {
            ImageLayerTable.SetLayer(transaction, image, i, records[i]!.Key);
        }
        return true;
    }
}
