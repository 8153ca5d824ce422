using System.Text.Json;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Commit;

/// <summary>
/// Makes an image of a container: its changes become a layer (<see cref="ChangeReader"/>), its configuration the image's.
/// The layer's tar is written when the image is sent or exported.
/// </summary>
internal sealed class ContainerCommitter(
    StoreLayout layout,
    StoreDatabase database,
    LayerStore layers,
    ContentStore content,
    ImageService images,
    ContainerRecords records,
    ContainerFiles files,
    TimeProvider clock)
{
    private readonly ChangeReader _reader = new(layout, files);
    private readonly CommitChoice _choice = new(files);

    /// <summary>Commits. The caller holds the container's lock.</summary>
    public async Task<Image> CommitAsync(
        ContainerRecord container,
        CommitOptions options,
        CaptureMode mode,
        IEngineObserver observer,
        CancellationToken cancellationToken)
    {
        ImageReference? reference = options.Reference is null ? null : ImageReference.ParseName(options.Reference).WithDefaultTag();
        ScratchFolder.Sweep(layout);
        using ScratchFolder scratch = ScratchFolder.Create(layout);
        string copy = Path.Combine(scratch.Path, "layer");
        Directory.CreateDirectory(copy);
        ContainerStack layersOf = records.StackOf(container.Id);
        TreeWalkOptions wanted =
            await Task.Run(() => _choice.Make(container, layersOf, options, observer, cancellationToken), cancellationToken).ConfigureAwait(false);
        CapturedChanges changes = await _reader.ReadAsync(container.Id, layersOf, wanted, mode, copy, cancellationToken).ConfigureAwait(false);
        FaultPoint.Reach(FaultPoint.Sealed);
        foreach (string socket in changes.Sockets)
        {
            observer.Warning($"The socket {socket} is not part of the image: a layer cannot hold one.");
        }
        byte[] baseBytes = content.Read(Digest.Parse(container.Spec.ImageId));
        ImageConfig baseConfig = ManifestParser.ParseConfig(baseBytes, CountLayers(baseBytes), container.Spec.ImageId);
        IEnumerable<HistoryEntry> history = [.. baseConfig.History ?? [], .. changes.History];
        // What made the image stays to be read; its layers are in the new one.
        baseConfig = baseConfig with { History = [.. options.Squash ? history.Select(entry => entry with { EmptyLayer = true }) : history] };
        IReadOnlyList<NewImageLayer> stack = BaseLayers(changes.Below);
        CommitSource source = new(baseConfig, [.. stack.Select(part => part.DiffId)], container, images.FindExact(container.Spec.ImageId));
        ImageConfig config = CommittedConfig.Make(source, changes.Layer?.DiffId, options, options.Timestamp?.ToUniversalTime() ?? clock.GetUtcNow());
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(config, OciJson.Wire.ImageConfig);
        scratch.Claim(changes.Layer is null ? [Digest.Of(bytes)] : [Digest.Of(bytes), changes.Layer.DiffId]);
        NewImage image = new()
        {
            Id = content.Put(bytes),
            ConfigSize = bytes.Length,
            Config = config,
            Layers = changes.Layer is DigestedTree layer ? [.. stack, new NewImageLayer(layer.DiffId, layer.DiffId.Hex, null)] : stack,
            Tags = reference is null ? [] : [reference],
        };
        TagMove? move = reference is null ? null : TagMove.Find(database, reference, image.Id);
        try
        {
            await RecordAsync(container.Id, image, changes, observer, clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            content.Withdraw(scratch, [image.Id]);
            throw;
        }
        move?.Report(observer);
        return images.FindExact(image.Id.ToString())?.By(reference) ?? throw ImageCatalog.NotFound(image.Id.ToString()); // removed already
    }

    /// <summary>Fails as <see cref="CommitAsync"/> would on a malformed name or change: before anything is paused.</summary>
    /// <exception cref="LayerImageException">ReferenceInvalid or ParameterInvalid.</exception>
    public static void Check(ContainerRecord container, CommitOptions options)
    {
        _ = options.Reference is null ? null : ImageReference.ParseName(options.Reference);
        if (options.Squash && (options.Only is not null || options.Excludes is not null))
        {
            throw new LayerImageException(EngineError.ParameterInvalid, "Changes cannot be chosen for a squashed image: it has all that the container shows.")
            { Target = container.Name, Advice = "Save the chosen changes as an image first, then a container of that one with -Squash." };
        }
        _ = CommittedConfig.Execution(new ExecutionConfig(), container.Spec, options.Changes);
    }

    private async Task RecordAsync(
        string container,
        NewImage image,
        CapturedChanges changes,
        IEngineObserver observer,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        if (changes.Layer is not DigestedTree layer)
        {
            database.Write(transaction => ImageWriter.TryWrite(transaction, image, now));
            return;
        }
        using FileLock held = await layers.LockAsync(layer.DiffId, observer, cancellationToken).ConfigureAwait(false);
        if (layers.Find(layer.DiffId, layer.DiffId) is not null && database.Write(transaction => ImageWriter.TryWrite(transaction, image, now)))
        {
            return; // the same change was committed before
        }
        if (changes.IsUpper)
        {
            UpperHandover.Mark(changes.Directory, container);
        }
        LayerStore.Sync(changes.Directory, layer.Entries);
        layers.Adopt(changes.Directory, LayerRecord.Of(layer), transaction =>
        {
            if (changes.IsUpper)
            {
                ContainerRecords.AddOwnLayer(transaction, container, new OwnLayer(layer.DiffId.Hex, image.Config.History![^1]));
            }
            ImageWriter.TryWrite(transaction, image, now);
        });
        if (changes.IsUpper)
        {
            UpperHandover.Renew(layout, container, layers.PathOf(layer.DiffId.Hex));
        }
    }

    // Blobs of received layers are found by DiffID, also when the base image itself is gone.
    private List<NewImageLayer> BaseLayers(IReadOnlyList<string> keys) => database.Read(transaction => keys.Select(key =>
    {
        Digest diffId = (LayerTable.Find(transaction, key) ?? throw LayerStore.Missing(key)).DiffId;
        return new NewImageLayer(diffId, key, content.FindLayer(transaction, diffId));
    }).ToList());

    private static int CountLayers(byte[] config)
    {
        using JsonDocument document = JsonDocument.Parse(config);
        return document.RootElement.GetProperty("rootfs").GetProperty("diff_ids").GetArrayLength();
    }
}
