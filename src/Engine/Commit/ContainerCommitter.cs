using System.Text.Json;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Store;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Commit;

/// <summary>How to commit.</summary>
public sealed record CommitOptions
{
    /// <summary>The new image's name; null for none.</summary>
    public string? Reference { get; init; }

    /// <summary>Who made it; null for the base image's author.</summary>
    public string? Author { get; init; }

    /// <summary>A message for its history.</summary>
    public string? Message { get; init; }

    /// <summary>Read a running container without pausing it.</summary>
    public bool NoPause { get; init; }
}

/// <summary>
/// Makes an image of a container: its upper directory becomes a layer, its configuration the image's. The directory
/// is read once: copied (by reflink where the file system can) and hashed as a tar in the same pass. The tar itself
/// is written when the image is sent or exported.
/// </summary>
internal sealed class ContainerCommitter(StoreLayout layout, StoreDatabase database, LayerStore layers, ContentStore content, ImageService images, ContainerRecords records, ContainerFiles files, TimeProvider clock)
{
    /// <summary>Commits. The caller holds the container's lock, and has paused it when it runs.</summary>
    public async Task<Image> CommitAsync(ContainerRecord container, CommitOptions options, IEngineObserver observer, CancellationToken cancellationToken)
    {
        ImageReference? reference = options.Reference is null ? null : ParseName(options.Reference);
        ScratchFolder.Sweep(layout);
        using ScratchFolder scratch = ScratchFolder.Create(layout);
        string copy = Path.Combine(scratch.Path, "layer");
        Directory.CreateDirectory(copy);
        IReadOnlyList<string> below = records.LayersOf(container.Id);
        bool rootChanged = IsRootChanged(container.Id, below);
        SealedLayer layer = await Task.Run(() => LayerSealer.Copy(layout.Upper(container.Id), copy, rootChanged, cancellationToken), cancellationToken).ConfigureAwait(false);
        FaultPoint.Reach(FaultPoint.Sealed);
        foreach (string socket in layer.Sockets)
        {
            observer.Warning($"The socket {socket} is not part of the image: a layer cannot hold one.");
        }
        bool isEmpty = layer.Entries == 0 && !rootChanged;
        DateTimeOffset now = clock.GetUtcNow();
        byte[] baseConfig = content.Read(Digest.Parse(container.Spec.ImageId));
        IReadOnlyList<NewImageLayer> stack = BaseLayers(below);
        ImageConfig config = CommittedConfig.Make(ManifestParser.ParseConfig(baseConfig, CountLayers(baseConfig), container.Spec.ImageId), stack, container, isEmpty ? null : layer.DiffId, options, now);
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(config, OciJson.Wire.ImageConfig);
        scratch.Claim([Digest.Of(bytes), layer.DiffId]);
        NewImage image = new()
        {
            Id = content.Put(bytes),
            ConfigSize = bytes.Length,
            Config = config,
            Layers = isEmpty ? stack : [.. stack, new NewImageLayer(layer.DiffId, layer.DiffId.Hex, null)],
            Tags = reference is null ? [] : [reference],
        };
        await RecordAsync(image, isEmpty ? null : layer, copy, observer, now, cancellationToken).ConfigureAwait(false);
        return images.FindExact(image.Id.ToString())!;
    }

    private async Task RecordAsync(NewImage image, SealedLayer? layer, string copy, IEngineObserver observer, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (layer is null)
        {
            database.Write(transaction => ImageWriter.TryWrite(transaction, image, now));
            return;
        }
        using FileLock held = await layers.LockAsync(layer.DiffId, observer, cancellationToken).ConfigureAwait(false);
        // The same change may have been committed before; that layer may also go in this very moment.
        if (layers.Find(layer.DiffId, layer.DiffId) is null || !database.Write(transaction => ImageWriter.TryWrite(transaction, image, now)))
        {
            layers.Sync();
            layers.Adopt(copy, layer.ToRecord(), transaction => ImageWriter.TryWrite(transaction, image, now));
        }
    }

    // Blobs of received layers are found by DiffID, also when the base image itself is gone.
    private List<NewImageLayer> BaseLayers(IReadOnlyList<string> keys) => database.Read(transaction => keys.Select(key =>
    {
        Digest diffId = Digest.Parse(transaction.Scalar<string>("SELECT diff_id FROM layer WHERE key = ?1", key)!);
        Descriptor? blob = transaction.Query("SELECT blob, size, media_type FROM layer_blob WHERE diff_id = ?1 LIMIT 1",
            row => new Descriptor { Digest = Digest.Parse(row.GetString(0)), Size = row.GetInt64(1), MediaType = row.GetString(2) }, diffId.ToString()).FirstOrDefault();
        return new NewImageLayer(diffId, key, blob);
    }).ToList());

    // Whether the root directory itself looks different: its owner, mode or xattrs. Its time alone is no change.
    private bool IsRootChanged(string id, IReadOnlyList<string> below)
    {
        using SafeFileHandle upper = Libc.OpenDirectory(layout.Upper(id)), lower = Libc.OpenDirectory(files.RootOf(below));
        FileStatus now = Libc.Stat(upper), before = Libc.Stat(lower);
        NativePath here = NativePath.From("."u8);
        return (now.Permissions, now.Uid, now.Gid) != (before.Permissions, before.Uid, before.Gid)
            || !LayerTreeWalker.ReadXAttrs(Libc.ThroughDescriptor(upper, here)).Select(Text).SequenceEqual(LayerTreeWalker.ReadXAttrs(Libc.ThroughDescriptor(lower, here)).Select(Text));
    }

    private static string Text(XAttr attribute) => $"{attribute.Name}={Convert.ToHexString(attribute.Value)}";

    private static int CountLayers(byte[] config)
    {
        using JsonDocument document = JsonDocument.Parse(config);
        return document.RootElement.GetProperty("rootfs").GetProperty("diff_ids").GetArrayLength();
    }

    private static ImageReference ParseName(string text)
    {
        ImageReference reference = ImageReference.Parse(text).WithDefaultTag();
        return reference.Digest is null ? reference : throw new LayerImageException(EngineError.ReferenceInvalid, $"'{text}' names a digest, which a new image cannot choose.") { Target = text, Advice = "Give repository:tag." };
    }
}
