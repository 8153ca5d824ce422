using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Registry;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>When an image is asked of its registry.</summary>
public enum PullPolicy
{
    /// <summary>Always.</summary>
    Always,
    /// <summary>When it is not in the store.</summary>
    Missing,
    /// <summary>Never.</summary>
    Never,
    /// <summary>When the registry has another one under that tag.</summary>
    Newer,
}

/// <summary>How to receive an image.</summary>
public sealed record ReceiveOptions
{
    /// <summary>For which machine; null for this one.</summary>
    public Platform? Platform { get; init; }

    /// <summary>When to ask the registry.</summary>
    public PullPolicy Policy { get; init; } = PullPolicy.Always;

    /// <summary>A user's name and password.</summary>
    public RegistryCredential? Credential { get; init; }

    /// <summary>How many layers are received at once.</summary>
    public int ThrottleLimit { get; init; } = 3;
}

/// <summary>Pulls images: resolve, then all layers side by side, then one record.</summary>
internal sealed class ImageReceiver(StoreLayout layout, StoreDatabase database, LayerStore layers, ContentStore content, ImageCatalog catalog, TimeProvider clock)
{
    private const int MostTries = 10;

    private sealed record Resolved(ReceivedDocument Manifest, ReceivedDocument? Index, Manifest Parsed);

    /// <summary>Receives an image. Idempotent: what is here is not received again.</summary>
    public async Task<Image> ReceiveAsync(ImageReference asked, ReceiveOptions options, IEngineObserver observer, CancellationToken cancellationToken)
    {
        ImageReference reference = asked.WithDefaultTag();
        Image? present = catalog.Find(reference.Canonical).FirstOrDefault();
        if (options.Policy == PullPolicy.Never || (options.Policy == PullPolicy.Missing && present is not null && Fits(present, options.Platform)))
        {
            return present ?? throw ImageCatalog.NotFound(reference.Familiar);
        }
        using RegistryClient client = new(reference, options.Credential);
        if (present is not null && Fits(present, options.Platform ?? Platform.Current) && await IsUpToDateAsync(client, reference, present, cancellationToken).ConfigureAwait(false))
        {
            observer.Verbose($"{reference.Familiar} is up to date: {present.Digest}.");
            return present;
        }
        Resolved resolved = await ResolveAsync(client, reference, options.Platform ?? Platform.Current, cancellationToken).ConfigureAwait(false);
        return await FetchAsync(client, reference, resolved, options, observer, cancellationToken).ConfigureAwait(false);
    }

    // A tag and an index's digest have one image at a time, whatever the platform.
    private static bool Fits(Image image, Platform? wanted) => wanted is null || Platform.Parse(image.Platform).Serves(wanted) > 0;

    private static async Task<bool> IsUpToDateAsync(RegistryClient client, ImageReference reference, Image present, CancellationToken cancellationToken)
    {
        if (present.Layers.Any(layer => layer.Path is null))
        {
            return false;
        }
        Digest? current = reference.Digest ?? await client.HeadManifestAsync(reference.ManifestName, cancellationToken).ConfigureAwait(false);
        return current is Digest digest && present.RepoDigests.Contains(reference.WithDigest(digest).Familiar);
    }

    private static async Task<Resolved> ResolveAsync(RegistryClient client, ImageReference reference, Platform platform, CancellationToken cancellationToken)
    {
        string source = reference.Familiar;
        ReceivedDocument document = await client.GetManifestAsync(reference.ManifestName, cancellationToken).ConfigureAwait(false);
        if (!ManifestParser.IsIndex(document.Bytes, document.MediaType, source))
        {
            return new Resolved(document, null, ManifestParser.ParseManifest(document.Bytes, source));
        }
        Descriptor chosen = PlatformSelection.Choose(ManifestParser.ParseIndex(document.Bytes, source), platform, source);
        ReceivedDocument manifest = await client.GetManifestAsync(chosen.Digest.ToString(), cancellationToken).ConfigureAwait(false);
        if (ManifestParser.IsIndex(manifest.Bytes, manifest.MediaType, source))
        {
            throw new LayerImageException(EngineError.ManifestNotSupported, $"{source} is an index of indexes.") { Target = source };
        }
        return new Resolved(manifest, document, ManifestParser.ParseManifest(manifest.Bytes, source));
    }

    private async Task<Image> FetchAsync(RegistryClient client, ImageReference reference, Resolved resolved, ReceiveOptions options, IEngineObserver observer, CancellationToken cancellationToken)
    {
        ScratchFolder.Sweep(layout);
        IReadOnlyList<Descriptor> blobs = resolved.Parsed.Layers!;
        byte[] configBytes = await client.GetSmallBlobAsync(resolved.Parsed.Config!, cancellationToken).ConfigureAwait(false);
        ImageConfig config = ManifestParser.ParseConfig(configBytes, blobs.Count, reference.Familiar);
        IReadOnlyList<Digest> diffIds = config.Rootfs!.DiffIds, chain = ChainId.Of(diffIds);
        CheckPlatform(resolved, config, options.Platform, reference);
        WantedLayer[] wanted = [.. blobs.Select((blob, i) => new WantedLayer(blob, diffIds[i], chain[i]))];
        if (wanted.GroupBy(layer => layer.Blob.Digest).FirstOrDefault(same => same.Select(layer => layer.DiffId).Distinct().Count() > 1) is { } two)
        {
            throw new LayerImageException(EngineError.DigestMismatch, $"{reference.Familiar} says that the layer {two.Key} unpacks to two different things.") { Target = two.Key.ToString(), Advice = "The image was built wrongly or is hostile; ask who made it." };
        }
        for (int attempt = 1; ; attempt++)
        {
            LayerRecord[] records = await ReceiveLayersAsync(client, wanted, reference, options, observer, cancellationToken).ConfigureAwait(false);
            NewImage image = new()
            {
                Id = PutDocument(configBytes, resolved.Parsed.Config!.Digest),
                ConfigSize = configBytes.Length,
                Config = config,
                Manifests = [.. new[] { resolved.Manifest, resolved.Index }.OfType<ReceivedDocument>().Select(document => (PutDocument(document.Bytes, document.Digest), (long)document.Bytes.Length))],
                Layers = [.. wanted.Select((layer, i) => new NewImageLayer(layer.DiffId, records[i].Key, layer.Blob))],
                Tag = reference.Tag is null || reference.Digest is not null ? null : reference,
                RepoDigests = [.. new[] { resolved.Manifest, resolved.Index }.OfType<ReceivedDocument>().Select(document => reference.WithDigest(document.Digest))],
            };
            if (database.Write(transaction => HasFiles(image) && ImageWriter.TryWrite(transaction, image, clock.GetUtcNow())))
            {
                return catalog.FindExact(image.Id.ToString())!;
            }
            if (attempt == MostTries)
            {
                throw new LayerImageException(EngineError.StoreLocked, $"Layers of {reference.Familiar} were removed by another process while it was received.") { Target = reference.Familiar, Advice = "Receive it again." };
            }
        }
    }

    // An index has been chosen from; an image alone is for whom it is for.
    private static void CheckPlatform(Resolved resolved, ImageConfig config, Platform? wanted, ImageReference reference)
    {
        Platform made = new() { OS = config.Os ?? "linux", Architecture = config.Architecture ?? Platform.Current.Architecture, Variant = config.Variant };
        if (wanted is not null && resolved.Index is null && made.Serves(wanted) == 0)
        {
            throw new LayerImageException(EngineError.PlatformNotFound, $"{reference.Familiar} is for {made} only, not for {wanted}.") { Target = reference.Familiar, Advice = "Leave -Platform away to receive it as it is." };
        }
    }

    private async Task<LayerRecord[]> ReceiveLayersAsync(RegistryClient client, WantedLayer[] wanted, ImageReference reference, ReceiveOptions options, IEngineObserver observer, CancellationToken cancellationToken)
    {
        using CancellationTokenSource failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using SemaphoreSlim slots = new(Math.Max(1, options.ThrottleLimit));
        LayerReceiver receiver = new(layout, layers, content, observer, $"Receive {reference.Familiar}");
        Task<LayerRecord>[] tasks = new Task<LayerRecord>[wanted.Length];
        for (int i = 0; i < wanted.Length; i++)
        {
            int position = i;
            tasks[i] = Task.Run(() => receiver.ReceiveAsync(client, wanted[position],
                async () => await Task.WhenAll(tasks[..position]).ConfigureAwait(false), slots, failed.Token), CancellationToken.None);
        }
        foreach (Task<LayerRecord> task in tasks)
        {
            _ = task.ContinueWith(_ => failed.Cancel(), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
        await ((Task)Task.WhenAll(tasks)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (tasks.Any(task => task.Exception?.InnerException is LayerImageException { Error: EngineError.DiskFull }))
        {
            receiver.Forget(wanted);
        }
        // The first real failure, not the cancellations that followed from it.
        if (tasks.FirstOrDefault(task => task.IsFaulted) is Task<LayerRecord> broken)
        {
            throw Named(reference, broken.Exception!.InnerException!);
        }
        return await Task.WhenAll(tasks).ConfigureAwait(false);
    }

    // What is wrong with a layer is told together with the image that it belongs to.
    private static Exception Named(ImageReference reference, Exception failure) => failure is LayerImageException { Error: EngineError.LayerInvalid or EngineError.DigestMismatch or EngineError.SizeMismatch } known
        ? new LayerImageException(known.Error, $"{reference.Familiar} was not received. {known.Message}", known) { Target = known.Target, Advice = known.Advice }
        : failure;

    // Inside the transaction: files are deleted in one, too.
    private bool HasFiles(NewImage image) => image.Manifests.Select(manifest => manifest.Digest).Append(image.Id)
        .Concat(image.Layers.Select(layer => layer.Blob!.Digest)).All(digest => File.Exists(layout.Blob(digest)));

    private Digest PutDocument(byte[] bytes, Digest digest)
    {
        content.Put(bytes, digest);
        return digest;
    }
}
