using LayerImage.Engine.Content;
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

    /// <summary>Tags to set.</summary>
    public IReadOnlyList<ImageReference> Tags { get; init; } = [];

    /// <summary>Names by digest.</summary>
    public IReadOnlyList<ImageReference> RepoDigests { get; init; } = [];
}

/// <summary>Records images. One transaction: the store has the whole image or does not know it.</summary>
internal static class ImageWriter
{
    /// <summary>Writes an image's records; false when a layer that it needs has been removed meanwhile.</summary>
    public static bool TryWrite(StoreTransaction transaction, NewImage image, DateTimeOffset now)
    {
        if (image.Layers.Any(layer => layer.Key is null
            ? !ContentStore.IsRecorded(transaction, layer.Blob!.Digest)
            : transaction.Scalar<long>("SELECT count(*) FROM layer WHERE key = ?1", layer.Key) == 0))
        {
            return false;
        }
        string id = image.Id.ToString();
        ContentStore.Record(transaction, image.Id, image.ConfigSize);
        foreach ((Digest digest, long size) in image.Manifests)
        {
            ContentStore.Record(transaction, digest, size);
        }
        transaction.Execute("""
            INSERT INTO image (id, manifest, platform, created, stored) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (id) DO UPDATE SET manifest = coalesce(excluded.manifest, manifest)
            """, id, image.Manifests.Count > 0 ? image.Manifests[0].Digest.ToString() : null, ResolvedImage.PlatformOf(image.Config).ToString(), image.Config.Created?.ToUnixTimeMilliseconds(), now.ToUnixTimeMilliseconds());
        for (int i = 0; i < image.Layers.Count; i++)
        {
            NewImageLayer layer = image.Layers[i];
            transaction.Execute("""
                INSERT INTO image_layer (image, position, diff_id, layer, blob, blob_size, media_type) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                ON CONFLICT (image, position) DO UPDATE SET layer = coalesce(excluded.layer, layer), blob = coalesce(excluded.blob, blob),
                    blob_size = coalesce(excluded.blob_size, blob_size), media_type = coalesce(excluded.media_type, media_type)
                """, id, i, layer.DiffId.ToString(), layer.Key, layer.Blob?.Digest.ToString(), layer.Blob?.Size, layer.Blob?.MediaType);
            if (layer.Blob is not null)
            {
                ContentStore.RecordLayer(transaction, layer.DiffId, layer.Blob);
            }
        }
        foreach (ImageReference tag in image.Tags)
        {
            SetTag(transaction, tag, id, now);
        }
        foreach (ImageReference name in image.RepoDigests)
        {
            AddRepoDigest(transaction, name, id);
        }
        FaultPoint.Reach(FaultPoint.ImageRecording);
        return true;
    }

    /// <summary>Gives a tag to an image, taking it from another one that may have it.</summary>
    public static void SetTag(StoreTransaction transaction, ImageReference tag, string id, DateTimeOffset now) =>
        transaction.Execute("INSERT OR REPLACE INTO tag (name, image, updated) VALUES (?1, ?2, ?3)", tag.WithTag(tag.Tag ?? "latest").Canonical, id, now.ToUnixTimeMilliseconds());

    /// <summary>Records that a repository has an image under a digest, if the image is still here.</summary>
    public static void AddRepoDigest(StoreTransaction transaction, ImageReference name, string id) =>
        transaction.Execute("INSERT OR REPLACE INTO repo_digest (name, image) SELECT ?1, id FROM image WHERE id = ?2", name.Canonical, id);
}
