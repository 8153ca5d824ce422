using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images.Archives;

/// <summary>
/// Makes an image of one layer from a root file system: a folder, or a tar with any compression. Where layers can be
/// unpacked that is done at once and no blob is kept; elsewhere the tar becomes the layer's blob as it is.
/// </summary>
internal sealed class RootFileSystemImporter(StoreDatabase database, LayerStore layers, ContentStore content, ImageCatalog catalog, TimeProvider clock)
{
    /// <summary>Imports a root file system. Every call makes an image; the same content makes the same layer.</summary>
    /// <param name="path">The folder or tar, absolute; it exists.</param>
    /// <param name="reference">The name to give it, or null.</param>
    /// <param name="options">Message and changes.</param>
    /// <param name="scratch">Where to work.</param>
    /// <param name="cancellationToken">Ends the work and leaves nothing.</param>
    public async Task<Image> ImportAsync(
        string path,
        ImageReference? reference,
        ImportOptions options,
        ScratchFolder scratch,
        CancellationToken cancellationToken)
    {
        ExecutionConfig execution = ConfigChange.Apply(new ExecutionConfig(), options.Changes);
        if (LayerMaker.CanUnpack)
        {
            string unpacked = Path.Combine(scratch.Path, "layer");
            Directory.CreateDirectory(unpacked);
            DigestedTree layer = Directory.Exists(path)
                ? await Task.Run(() => TreeTar.Copy(path, unpacked, includeRoot: true, cancellationToken), cancellationToken).ConfigureAwait(false)
                : await UnpackAsync(path, unpacked, scratch, cancellationToken).ConfigureAwait(false);
            RefuseLayout(path, unpacked);
            FaultPoint.Reach(FaultPoint.Sealed);
            using FileLock held = await layers.LockAsync(layer.DiffId, SilentObserver.Instance, cancellationToken).ConfigureAwait(false);
            LayerStore.Sync(unpacked, layer.Entries);
            return Record(
                path,
                reference,
                options,
                execution,
                scratch,
                new NewImageLayer(layer.DiffId, layer.DiffId.Hex, null),
                (image, now) => Adopt(layer, unpacked, image, now));
        }
        (Digest diffId, Descriptor blob, string file) = await RootFileSystemBlob.MakeAsync(path, scratch, cancellationToken).ConfigureAwait(false);
        scratch.Claim([blob.Digest]);
        content.AdoptReceived(file, blob.Digest, blob.Size);
        return Record(
            path,
            reference,
            options,
            execution,
            scratch,
            new NewImageLayer(diffId, null, blob),
            (image, now) => database.Write(transaction => ImageWriter.TryWrite(transaction, image, now)));
    }

    // A compressed tar is not read to its end to tell what it is.
    private static void RefuseLayout(string path, string unpacked)
    {
        if (!Directory.Exists(path) && LayoutFolder.Is(unpacked))
        {
            throw new LayerImageException(EngineError.ManifestInvalid, $"'{path}' holds a root file system and an archive of images beside it.")
            { Target = path, Advice = "Decompress it first: then the images are taken, and the other files passed over." };
        }
    }

    private Image Record(
        string path,
        ImageReference? reference,
        ImportOptions options,
        ExecutionConfig execution,
        ScratchFolder scratch,
        NewImageLayer layer,
        Action<NewImage, DateTimeOffset> write)
    {
        DateTimeOffset now = clock.GetUtcNow();
        ImageConfig config = new()
        {
            Created = now,
            Architecture = Platform.Current.Architecture,
            Os = Platform.Current.OS,
            Config = execution,
            Rootfs = new RootFs { DiffIds = [layer.DiffId] },
            History = [new HistoryEntry
            {
                Created = now,
                Comment = options.Message ?? $"Imported from {Path.GetFileName(Path.TrimEndingDirectorySeparator(path))}",
            }],
        };
        byte[] bytes = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(config, OciJson.Wire.ImageConfig);
        scratch.Claim([Digest.Of(bytes), layer.DiffId, layer.Blob?.Digest ?? layer.DiffId]);
        NewImage image = new()
        {
            Id = content.Put(bytes),
            ConfigSize = bytes.Length,
            Config = config,
            Layers = [layer],
            Tags = reference is null ? [] : [reference.WithDefaultTag()],
        };
        try
        {
            write(image, now);
        }
        catch
        {
            content.Withdraw(scratch, [image.Id]);
            throw;
        }
        return catalog.FindExact(image.Id.ToString())?.By(reference) ?? throw ImageCatalog.NotFound(image.Id.ToString()); // removed already
    }

    private void Adopt(DigestedTree layer, string unpacked, NewImage image, DateTimeOffset now)
    {
        // The same content may have been imported before; that layer may also go in this very moment.
        if (layers.Find(layer.DiffId, layer.DiffId) is null || !database.Write(transaction => ImageWriter.TryWrite(transaction, image, now)))
        {
            layers.Adopt(unpacked, LayerRecord.Of(layer), transaction => ImageWriter.TryWrite(transaction, image, now));
        }
    }

    // The tar is unpacked as a layer and sealed again: from then on its bytes are ours, and need not be kept twice.
    private static async Task<DigestedTree> UnpackAsync(string path, string unpacked, ScratchFolder scratch, CancellationToken cancellationToken)
    {
        if (ArchiveCompression.NeedsProgram(path))
        {
            string tar = Path.Combine(scratch.Path, "tar");
            await LayerPipeline.RunAsync(
                tar,
                (grown, token) => Task.Run(() => Decompress(path, tar, grown, token), token),
                unpacked,
                cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await LayerPipeline.RunAsync(path, unpacked, cancellationToken).ConfigureAwait(false);
        }
        return await Task.Run(() => TreeTar.Digest(unpacked, includeRoot: true, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private static void Decompress(string path, string tar, Action<long> grown, CancellationToken cancellationToken)
    {
        try
        {
            using Stream source = ArchiveCompression.Open(path, out _);
            using FileStream target = new(tar, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 0);
            byte[] buffer = new byte[1 << 20];
            for (int read; (read = source.Read(buffer)) > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                target.Write(buffer, 0, read);
                grown(target.Position);
            }
        }
        catch (Exception e) when (DiskFull.Is(e))
        {
            throw DiskFull.ToError(e, tar);
        }
    }
}
