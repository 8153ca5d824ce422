using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Registry;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>
/// Brings a whole image into the store: all layers side by side, then one record. Until that record is written the
/// store does not know the image; what was received stays to be gone on with.
/// </summary>
internal sealed class ImageAssembler(
    StoreLayout layout,
    StoreDatabase database,
    StackMaker stacks,
    ContentStore content,
    ImageCatalog catalog,
    TimeProvider clock)
{
    private const int MostTries = 10;

    /// <summary>Brings it in. Idempotent: what is here is not fetched again.</summary>
    public async Task<Image> AssembleAsync(IBlobSource source, ImageParts parts, int throttle, LayerProgress progress, CancellationToken cancellationToken)
    {
        ScratchFolder.Sweep(layout);
        IReadOnlyList<Digest> diffIds = parts.Config.Rootfs.DiffIds;
        using ScratchFolder claim = ScratchFolder.Claim(
            layout,
            [.. diffIds, .. parts.Layers.Select(layer => layer.Digest), parts.Configuration.Digest, .. parts.Manifests.Select(document => document.Digest)]);
        try
        {
            return await AssembleAsync(source, parts, diffIds, throttle, progress, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            content.Withdraw(claim, [parts.Configuration.Digest, .. parts.Manifests.Select(document => document.Digest)]);
            throw;
        }
    }

    private async Task<Image> AssembleAsync(
        IBlobSource source,
        ImageParts parts,
        IReadOnlyList<Digest> diffIds,
        int throttle,
        LayerProgress progress,
        CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            IReadOnlyList<LayerRecord?> records = await stacks.ReceiveAsync(
                source, parts.Layers, diffIds, parts.Name, throttle, progress, cancellationToken, parts.Limits).ConfigureAwait(false);
            NewImageLayer[] layers = [.. parts.Layers.Select((blob, i) =>
                new NewImageLayer(diffIds[i], records[i]?.Key, content.Has(blob.Digest) ? blob : null))];
            // A manifest promises the blobs that it names. Layers that an archive left out may be here in another form.
            bool isWhole = layers.All(layer => layer.Blob is not null);
            NewImage image = new()
            {
                Id = PutDocument(parts.Configuration),
                ConfigSize = parts.Configuration.Bytes.Length,
                Config = parts.Config,
                Manifests = isWhole ? [.. parts.Manifests.Select(document => (PutDocument(document), (long)document.Bytes.Length))] : [],
                Layers = layers,
                Tags = parts.Tags,
                RepoDigests = isWhole ? parts.RepoDigests : [],
            };
            FaultPoint.Reach(FaultPoint.DocumentsPut);
            if (database.Write(transaction => HasFiles(image) && ImageWriter.TryWrite(transaction, image, clock.GetUtcNow())))
            {
                FaultPoint.Reach(FaultPoint.ImageRecorded);
                return catalog.FindExact(image.Id.ToString())?.By(parts.Tags.FirstOrDefault()) ?? throw ImageCatalog.NotFound(parts.Name); // removed already
            }
            if (attempt == MostTries)
            {
                throw new LayerImageException(EngineError.StoreLocked, $"Layers of {parts.Name} were removed by another process while it was received.")
                {
                    Target = parts.Name,
                    Advice = "Receive it again.",
                };
            }
        }
    }

    // Inside the transaction: files are deleted in one, too.
    private bool HasFiles(NewImage image) => image.Manifests.Select(manifest => manifest.Digest).Append(image.Id)
        .Concat(image.Layers.Select(layer => layer.Blob).OfType<Descriptor>().Select(blob => blob.Digest)).All(digest => File.Exists(layout.Blob(digest)));

    private Digest PutDocument(ReceivedDocument document)
    {
        content.Put(document.Bytes, document.Digest);
        return document.Digest;
    }
}
