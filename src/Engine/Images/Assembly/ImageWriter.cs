using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>A layer of an image that is about to be recorded.</summary>
/// <param name="DiffId">The digest of its tar.</param>
/// <param name="Key">The unpacked layer; null until it is unpacked.</param>
/// <param name="Blob">The blob it came in; null for one made here.</param>
internal sealed record NewImageLayer(Digest DiffId, string? Key, Descriptor? Blob);

/// <summary>An image whose blobs and layers are in place and that is about to be recorded.</summary>
internal sealed record NewImage
{
    public required Digest Id { get; init; }

    public required long ConfigSize { get; init; }

    public required ImageConfig Config { get; init; }

    /// <summary>Manifest (and index) blobs, the platform's manifest first.</summary>
    public IReadOnlyList<(Digest Digest, long Size)> Manifests { get; init; } = [];

    public required IReadOnlyList<NewImageLayer> Layers { get; init; }

    /// <summary>The tags that the image gets.</summary>
    public IReadOnlyList<ImageReference> Tags { get; init; } = [];

    /// <summary>References by digest that the image gets.</summary>
    public IReadOnlyList<ImageReference> RepoDigests { get; init; } = [];
}

/// <summary>Records images. One transaction: the store has the whole image or does not know it.</summary>
internal static class ImageWriter
{
    /// <summary>Writes an image's records; false when a layer that it needs has been removed meanwhile.</summary>
    public static bool TryWrite(StoreTransaction transaction, NewImage image, DateTimeOffset now)
    {
        if (image.Layers.Any(layer => layer.Key is null
            ? !BlobTable.Exists(transaction, layer.Blob!.Digest)
            : !LayerTable.Exists(transaction, layer.Key)))
        {
            return false;
        }
        string id = image.Id.ToString();
        BlobTable.Record(transaction, image.Id, image.ConfigSize);
        foreach ((Digest digest, long size) in image.Manifests)
        {
            BlobTable.Record(transaction, digest, size);
        }
        string? manifest = image.Manifests.Count > 0 ? image.Manifests[0].Digest.ToString() : null;
        ImageTable.Record(transaction, new ImageRow(id, manifest, ResolvedImage.PlatformOf(image.Config).ToString(), image.Config.Created, now));
        for (int i = 0; i < image.Layers.Count; i++)
        {
            NewImageLayer layer = image.Layers[i];
            ImageLayerTable.Record(transaction, id, i, layer.DiffId, layer.Key, layer.Blob);
            if (layer.Blob is not null)
            {
                LayerBlobTable.Record(transaction, layer.DiffId, layer.Blob);
            }
        }
        foreach (ImageReference tag in image.Tags)
        {
            TagTable.Set(transaction, tag.WithTag(tag.Tag ?? "latest").Canonical, id, now);
        }
        foreach (ImageReference name in image.RepoDigests)
        {
            RepoDigestTable.Record(transaction, name.Canonical, id);
        }
        FaultPoint.Reach(FaultPoint.ImageRecording);
        return true;
    }
}
