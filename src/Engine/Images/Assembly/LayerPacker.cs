using System.Text.Json;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>
/// Makes blobs of what has none yet: a layer that was committed or imported here is written as a tar and compressed, an
/// image without a manifest gets one. From then on the image goes out byte for byte, each time the same.
/// </summary>
internal sealed class LayerPacker(StoreLayout layout, StoreDatabase database, LayerStore layers, ContentStore content, ImageCatalog catalog)
{
    private const int ZstdLevel = 3;

    /// <summary>
    /// Packs an image. Idempotent; two processes pack a layer once. A layer that has a blob keeps it, whatever its
    /// compression; an image that has a manifest keeps it, OCI's or Docker's.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="compression">How layers without a blob are compressed.</param>
    /// <param name="progress">Told of each layer that is packed.</param>
    /// <param name="cancellationToken">Ends the work; layers that are done stay.</param>
    /// <returns>The image, with its digest and a digest for each layer.</returns>
    /// <exception cref="LayerImageException">LayerCorrupt: a layer is not what was committed; DiskFull; ImageNotFound: removed meanwhile.</exception>
    public async Task<Image> PackAsync(Image image, LayerCompression compression, LayerProgress progress, CancellationToken cancellationToken)
    {
        bool isPacked = image.Digest is not null;
        foreach (ImageLayer layer in image.Layers.Where(layer => layer.Digest is null).DistinctBy(layer => layer.DiffId))
        {
            isPacked = false;
            await PackLayerAsync(layer, compression, progress, cancellationToken).ConfigureAwait(false);
        }
        if (isPacked)
        {
            return image;
        }
        Image packed = Find(image);
        if (packed.Digest is null)
        {
            RecordManifest(packed);
        }
        return Find(image);
    }

    private Image Find(Image image) => catalog.FindExact(image.Id) ?? throw ImageCatalog.NotFound(image.Reference);

    private async Task PackLayerAsync(ImageLayer layer, LayerCompression compression, LayerProgress progress, CancellationToken cancellationToken)
    {
        Digest diffId = Digest.Parse(layer.DiffId);
        using FileLock held = await layers.LockAsync(diffId, progress.Observer, cancellationToken).ConfigureAwait(false);
        if (database.Write(transaction => TryUsePacked(transaction, diffId)))
        {
            return; // another process, or another image that has the layer
        }
        ScratchFolder.Sweep(layout);
        using ScratchFolder scratch = ScratchFolder.Create(layout);
        string file = Path.Combine(scratch.Path, "blob");
        Descriptor blob = await Task.Run(() => Compress(layer, file, compression, progress, cancellationToken), cancellationToken).ConfigureAwait(false);
        scratch.Claim([blob.Digest]);
        database.Write(transaction =>
        {
            content.Adopt(transaction, file, blob.Digest);
            BlobTable.Record(transaction, blob.Digest, blob.Size);
            LayerBlobTable.Record(transaction, diffId, blob);
            ImageLayerTable.SetBlob(transaction, diffId, blob);
        });
    }

    private bool TryUsePacked(StoreTransaction transaction, Digest diffId)
    {
        Descriptor? blob = content.FindLayer(transaction, diffId);
        if (blob is not null)
        {
            ImageLayerTable.SetBlob(transaction, diffId, blob);
        }
        return blob is not null;
    }

    private Descriptor Compress(ImageLayer layer, string path, LayerCompression compression, LayerProgress progress, CancellationToken cancellationToken)
    {
        LayerRecord record = layers.Get([Path.GetFileName(layer.Path ?? "")])[0];
        Descriptor tar = new() { MediaType = MediaTypes.OciLayer, Digest = record.DiffId, Size = record.TarSize };
        try
        {
            using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0);
            using HashingStream compressed = new(file);
            DigestedTree written = Write(record, compressed, compression, done => progress.Report(tar, "Compressing", done), cancellationToken);
            written.Require(record.DiffId);
            file.Flush(flushToDisk: true);
            progress.Report(tar, "Compressed", tar.Size);
            return new Descriptor { MediaType = OciLayerBlob.MediaTypeOf(compression), Digest = compressed.GetDigest(), Size = compressed.Count };
        }
        catch (Exception e) when (DiskFull.Is(e))
        {
            throw DiskFull.ToError(e, path);
        }
    }

    private DigestedTree Write(LayerRecord record, Stream destination, LayerCompression compression, Action<long> progress, CancellationToken cancellationToken)
    {
        DigestedTree WriteTar(Stream stream)
        {
            using CountingStream counted = new(stream, progress);
            return TreeTar.Write(layers.PathOf(record.Key), record.HasRoot, counted, cancellationToken);
        }
        switch (compression)
        {
            case LayerCompression.Gzip:
                using (ParallelGzipStream gzip = new(destination, cancellationToken))
                {
                    DigestedTree written = WriteTar(gzip);
                    gzip.Finish();
                    return written;
                }
            case LayerCompression.Zstd:
                using (ZstdSharp.CompressionStream zstd = new(destination, ZstdLevel, leaveOpen: true))
                {
                    return WriteTar(zstd);
                }
            default:
                return WriteTar(destination);
        }
    }

    private void RecordManifest(Image image)
    {
        Digest id = Digest.Parse(image.Id);
        Manifest manifest = new()
        {
            SchemaVersion = 2,
            MediaType = MediaTypes.OciManifest,
            Config = new Descriptor { MediaType = MediaTypes.OciConfig, Digest = id, Size = content.Read(id).Length },
            Layers = [.. image.Layers.Select(layer => OciLayerBlob.Describe(layer, content))],
            Annotations = CommitProvenance.Annotations(image.Config),
        };
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(manifest, OciJson.Wire.Manifest);
        database.Write(transaction =>
        {
            if (ImageTable.LacksManifest(transaction, image.Id))
            {
                Digest digest = content.Put(bytes);
                BlobTable.Record(transaction, digest, bytes.Length);
                ImageTable.SetManifest(transaction, image.Id, digest);
            }
        });
    }
}
