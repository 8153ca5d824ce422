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
    /// <summary>The registry is asked always.</summary>
    Always,
    /// <summary>The registry is asked when the image is not in the store.</summary>
    Missing,
    /// <summary>The registry is never asked.</summary>
    Never,
    /// <summary>The image is received when the registry has another one under that tag.</summary>
    Newer,
}

/// <summary>How an image is received from a registry.</summary>
public sealed record ReceiveOptions
{
    /// <summary>The platform to receive the image for; null for this machine's.</summary>
    public Platform? Platform { get; init; }

    /// <summary>When the registry is asked.</summary>
    public PullPolicy Policy { get; init; } = PullPolicy.Always;

    /// <summary>A user's name and password.</summary>
    public RegistryCredential? Credential { get; init; }

    /// <summary>How many layers are received at once.</summary>
    public int ThrottleLimit { get; init; } = 3;

    /// <summary>How much may come out of a layer; <see cref="UnpackLimits.None"/> for a maker that is trusted.</summary>
    public UnpackLimits Limits { get; init; } = new();

    /// <summary>How often a request that failed for a passing reason is made again, as long as no try gets further.</summary>
    public int RetryCount { get; init; } = RetryPolicy.DefaultCount;
}

/// <summary>Pulls images: resolve, then all layers side by side, then one record.</summary>
internal sealed class ImageReceiver(RegistryConnector registries, ImageAssembler assembler, ImageCatalog catalog, ContentStore content, TimeProvider clock)
{
    /// <summary>Receives an image. Idempotent: what is here is not received again.</summary>
    public async Task<Image> ReceiveAsync(ImageReference asked, ReceiveOptions options, IEngineObserver observer, CancellationToken cancellationToken)
    {
        ImageReference reference = asked.WithDefaultTag();
        Image? present = catalog.Find(reference.Canonical).FirstOrDefault()?.By(reference);
        if (options.Policy == PullPolicy.Never || (options.Policy == PullPolicy.Missing && present is not null && Fits(present, options.Platform)))
        {
            return present ?? throw ImageCatalog.NotFound(reference.Familiar);
        }
        using RegistryClient client = registries.Open(reference, options.Credential, new RetryPolicy(options.RetryCount, clock), useMirrors: true);
        if (present is not null
            && Fits(present, options.Platform ?? Platform.Current)
            && await IsUpToDateAsync(client, reference, present, cancellationToken).ConfigureAwait(false))
        {
            observer.Verbose($"{reference.Familiar} is up to date: {present.Digest}.");
            return present;
        }
        ResolvedImage image = await ResolvedImage.AskAsync(client, reference, options.Platform, cancellationToken).ConfigureAwait(false);
        ImageParts parts = new()
        {
            Name = reference.Familiar,
            Configuration = image.Configuration,
            Config = image.Config,
            Layers = image.Layers,
            Manifests = image.Manifests,
            Tags = reference.Tag is null || reference.Digest is not null ? [] : [reference],
            Limits = options.Limits,
            RepoDigests = [.. image.Manifests.Select(document => reference.WithDigest(document.Digest))],
        };
        RegistryBlobSource source = new(client, new RetryPolicy(options.RetryCount, clock));
        return await assembler.AssembleAsync(
            source,
            parts,
            options.ThrottleLimit,
            new LayerProgress(observer, $"Receive {reference.Familiar}"),
            cancellationToken).ConfigureAwait(false);
    }

    // A tag and an index's digest have one image at a time, whatever the platform.
    private static bool Fits(Image image, Platform? wanted) => wanted is null || Platform.Parse(image.Platform).Serves(wanted) > 0;

    private async Task<bool> IsUpToDateAsync(RegistryClient client, ImageReference reference, Image present, CancellationToken cancellationToken)
    {
        if (!IsThere(present))
        {
            return false;
        }
        Digest? current = reference.Digest ?? await client.HeadManifestAsync(reference.ManifestName, cancellationToken).ConfigureAwait(false);
        return current is Digest digest && present.RepoDigests.Contains(reference.WithDigest(digest).Familiar);
    }

    // What was lost or cut short comes again; what is damaged otherwise is for a check to find.
    private bool IsThere(Image image)
    {
        try
        {
            foreach (string document in new[] { image.Id, image.Digest }.OfType<string>())
            {
                content.Read(Digest.Parse(document));
            }
        }
        catch (LayerImageException e) when (e.Error == EngineError.LayerCorrupt)
        {
            return false;
        }
        return image.Layers.All(layer => layer.Path is null ? !LayerMaker.CanUnpack : StoreEntry.IsDirectory(layer.Path))
            && image.Layers.All(layer => layer.Digest is null || StoreEntry.FileLength(content.PathOf(Digest.Parse(layer.Digest))) == layer.DownloadSize);
    }
}
