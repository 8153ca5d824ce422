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
        byte[] baseConfig = content.Read(Digest.Parse(container.Spec.ImageId));
        ImageConfig before = ManifestParser.ParseConfig(baseConfig, CountLayers(baseConfig), container.Spec.ImageId);
        LayerSelection? selection = Select(container, options, below, observer, cancellationToken);
        bool rootChanged = options.Only is null && IsRootChanged(container.Id, below);
        SealedLayer layer = await Task.Run(() => LayerSealer.Copy(layout.Upper(container.Id), copy, rootChanged, cancellationToken, selection), cancellationToken).ConfigureAwait(false);
        foreach (string socket in layer.Sockets)
        {
            observer.Warning($"The socket {socket} is not part of the image: a layer cannot hold one.");
        }
        bool isEmpty = layer.Entries == 0 && !rootChanged;
        DateTimeOffset now = options.Timestamp?.ToUniversalTime() ?? clock.GetUtcNow();
        IReadOnlyList<NewImageLayer> stack = BaseLayers(below);
        CommitSource source = new(before, [.. stack.Select(part => part.DiffId)], container, images.FindExact(container.Spec.ImageId));
        ImageConfig config = CommittedConfig.Make(source, isEmpty ? null : layer.DiffId, options, now);
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(config, OciJson.Wire.ImageConfig);
        NewImage image = new()
        {
            Id = content.Put(bytes),
            ConfigSize = bytes.Length,
            Config = config,
            Layers = isEmpty ? stack : [.. stack, new NewImageLayer(layer.DiffId, layer.DiffId.Hex, null)],
            Tags = reference is null ? [] : [reference],
        };
        TagMove? move = reference is null ? null : TagMove.Find(database, reference, image.Id);
        await RecordAsync(image, isEmpty ? null : layer, copy, observer, clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        move?.Report(observer);
        return images.FindExact(image.Id.ToString())!;
    }

    /// <summary>Fails as <see cref="CommitAsync"/> would on a malformed name or change: before anything is paused.</summary>
    /// <exception cref="LayerImageException">ReferenceInvalid or ParameterInvalid.</exception>
    public static void Check(ContainerRecord container, CommitOptions options)
    {
        _ = options.Reference is null ? null : ParseName(options.Reference);
        _ = CommittedConfig.Execution(new ExecutionConfig(), container.Spec, options.Changes);
    }

    // What is chosen of the changes; null for all. A choice that nothing fits any more is told.
    private LayerSelection? Select(ContainerRecord container, CommitOptions options, IReadOnlyList<string> below, IEngineObserver observer, CancellationToken cancellationToken)
    {
        if (options.Only is null && options.Excludes is null)
        {
            return null;
        }
        IReadOnlyList<ChangedPath> changes = LayerChanges.ReadPaths(layout.Upper(container.Id), [.. below.Reverse().Select(layers.PathOf)], container.Name, cancellationToken);
        if (options.Only is not null)
        {
            string[] gone = [.. options.Only.Except(changes.Select(change => change.Change.Path)).Order(StringComparer.Ordinal)];
            if (gone.Length > 0)
            {
                observer.Warning($"{gone[0]}{(gone.Length > 1 ? $" and {gone.Length - 1} more" : "")} of the chosen changes: not there any more.");
            }
        }
        return LayerSelection.Of(changes.Where(change => (options.Only?.Contains(change.Change.Path) ?? true) && !IsExcluded(change.Change.Path, options.Excludes)));
    }

    // A path is left out with all that is beneath it.
    private static bool IsExcluded(string path, Func<string, bool>? excludes)
    {
        for (int end = path.Length; excludes is not null && end > 0; end = path.LastIndexOf('/', end - 1))
        {
            if (excludes(path[..end]))
            {
                return true;
            }
        }
        return false;
    }

    private async Task RecordAsync(NewImage image, SealedLayer? layer, string copy, IEngineObserver observer, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (layer is null)
        {
            database.Write(transaction => ImageWriter.TryWrite(transaction, image, now));
            return;
        }
        using FileLock held = await layers.LockAsync(layer.DiffId, observer, cancellationToken).ConfigureAwait(false);
        if (layers.Find(layer.DiffId, layer.DiffId) is null)
        {
            layers.Sync();
            layers.Adopt(copy, layer.ToRecord(), transaction => ImageWriter.TryWrite(transaction, image, now));
        }
        else
        {
            database.Write(transaction => ImageWriter.TryWrite(transaction, image, now)); // the same change was committed before
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
