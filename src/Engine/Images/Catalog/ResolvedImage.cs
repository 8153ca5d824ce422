using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Registry;

namespace LayerImage.Engine.Images;

/// <summary>What a reference means in its registry now: the documents of one image, checked and parsed. No layer is read.</summary>
internal sealed record ResolvedImage
{
    /// <summary>The platform's manifest.</summary>
    public required ReceivedDocument Manifest { get; init; }

    /// <summary>The indexes that named it, the outermost first.</summary>
    public required IReadOnlyList<ReceivedDocument> Indexes { get; init; }

    /// <summary>The image's configuration, byte for byte.</summary>
    public required ReceivedDocument Configuration { get; init; }

    /// <summary>The configuration, parsed.</summary>
    public required ImageConfig Config { get; init; }

    /// <summary>The layers' blobs, the base first.</summary>
    public required IReadOnlyList<Descriptor> Layers { get; init; }

    /// <summary>The manifest, then the indexes from the inside out.</summary>
    public IReadOnlyList<ReceivedDocument> Manifests => [Manifest, .. Indexes.Reverse()];

    /// <summary>Asks the registry.</summary>
    /// <param name="client">The registry.</param>
    /// <param name="reference">The image.</param>
    /// <param name="wanted">For which machine; null for this one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LayerImageException">The registry's failure, ManifestInvalid, ManifestNotSupported or PlatformNotFound.</exception>
    public static async Task<ResolvedImage> AskAsync(RegistryClient client, ImageReference reference, Platform? wanted, CancellationToken cancellationToken)
    {
        string source = reference.Familiar;
        ReceivedDocument document = await client.GetManifestAsync(reference.ManifestName, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ReceivedDocument> indexes = [];
        if (ManifestParser.IsIndex(document.Bytes, document.MediaType, source))
        {
            PlatformSelection selection = new(wanted ?? Platform.Current, source,
                async entry => await client.GetManifestAsync(entry.Digest.ToString(), cancellationToken).ConfigureAwait(false),
                async config => await client.GetSmallBlobAsync(config, cancellationToken).ConfigureAwait(false));
            (document, indexes) = await selection.FindAsync(document).ConfigureAwait(false);
        }
        Manifest manifest = ManifestParser.ParseManifest(document.Bytes, source);
        byte[] bytes = await client.GetSmallBlobAsync(manifest.Config!, cancellationToken).ConfigureAwait(false);
        ImageConfig config = ManifestParser.ParseConfig(bytes, manifest.Layers.Count, source);
        // An index has been chosen from; an image alone is for whom it is for.
        if (indexes.Count == 0 && wanted is not null && PlatformOf(config) is Platform made && made.Serves(wanted) == 0)
        {
            throw new LayerImageException(EngineError.PlatformNotFound, $"{source} is for {made} only, not for {wanted}.")
            {
                Target = source,
                Advice = "Leave -Platform away to receive it as it is.",
            };
        }
        return new ResolvedImage
        {
            Manifest = document,
            Indexes = indexes,
            Configuration = new ReceivedDocument(manifest.Config!.MediaType, manifest.Config.Digest, bytes),
            Config = config,
            Layers = manifest.Layers,
        };
    }

    /// <summary>The machine that a configuration is for.</summary>
    public static Platform PlatformOf(ImageConfig config) => Platform.Of(config);
}
