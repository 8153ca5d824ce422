using LayerImage.Engine.Commit;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>Makes an image of one layer from a root file system: a folder, or a tar with any compression.</summary>
internal sealed class ImageImporter(StoreLayout layout, StoreDatabase database, LayerStore layers, ContentStore content, ImageCatalog catalog, TimeProvider clock)
{
    /// <summary>Imports a root file system. Every call makes an image; the same content makes the same layer.</summary>
    /// <param name="path">The folder or tar, absolute.</param>
    /// <param name="reference">The name to give it, or null.</param>
    /// <param name="message">The message in its history, or null.</param>
    /// <param name="cancellationToken">Ends the work and leaves nothing.</param>
    public async Task<Image> ImportAsync(string path, ImageReference? reference, string? message, CancellationToken cancellationToken)
    {
        ScratchFolder.Sweep(layout);
        using ScratchFolder scratch = ScratchFolder.Create(layout);
        string unpacked = Path.Combine(scratch.Path, "layer");
        Directory.CreateDirectory(unpacked);
        SealedLayer layer = Directory.Exists(path)
            ? await Task.Run(() => LayerSealer.Copy(path, unpacked, includeRoot: true, cancellationToken), cancellationToken).ConfigureAwait(false)
            : File.Exists(path)
                ? await UnpackAsync(path, unpacked, cancellationToken).ConfigureAwait(false)
                : throw new LayerImageException(EngineError.PathInvalid, $"There is no folder or file '{path}' to import.") { Target = path, Advice = "Give the folder of a root file system, or a tar of one." };
        DateTimeOffset now = clock.GetUtcNow();
        ImageConfig config = new()
        {
            Created = now,
            Architecture = Platform.Current.Architecture,
            Os = Platform.Current.OS,
            Config = new ExecutionConfig(),
            Rootfs = new RootFs { DiffIds = [layer.DiffId] },
            History = [new HistoryEntry { Created = now, Comment = message ?? $"Imported from {Path.GetFileName(path.TrimEnd('/'))}" }],
        };
        byte[] bytes = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(config, OciJson.Wire.ImageConfig);
        using FileLock held = await layers.LockAsync(layer.DiffId, SilentObserver.Instance, cancellationToken).ConfigureAwait(false);
        layers.Sync();
        NewImage image = new()
        {
            Id = content.Put(bytes),
            ConfigSize = bytes.Length,
            Config = config,
            Layers = [new NewImageLayer(layer.DiffId, layer.DiffId.Hex, null)],
            Tags = reference is null ? [] : [reference.WithDefaultTag()],
        };
        if (layers.Find(layer.DiffId, layer.DiffId) is null)
        {
            layers.Adopt(unpacked, layer.ToRecord(), transaction => ImageWriter.TryWrite(transaction, image, now));
        }
        else
        {
            database.Write(transaction => ImageWriter.TryWrite(transaction, image, now));
        }
        return catalog.FindExact(image.Id.ToString())!;
    }

    // The tar is unpacked as a layer and sealed again: from then on its bytes are ours, and need not be kept twice.
    private static async Task<SealedLayer> UnpackAsync(string path, string unpacked, CancellationToken cancellationToken)
    {
        await LayerPipeline.RunAsync(path, unpacked, cancellationToken).ConfigureAwait(false);
        return await Task.Run(() => LayerSealer.Seal(unpacked, includeRoot: true, cancellationToken), cancellationToken).ConfigureAwait(false);
    }
}
