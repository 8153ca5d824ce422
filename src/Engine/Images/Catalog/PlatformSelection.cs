using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Registry;

namespace LayerImage.Engine.Images;

/// <summary>
/// Finds the image for a machine in an index, and in the indexes that it lists (image-spec, image-index.md: they should be
/// followed). Where an entry does not say for which machine it is, what it names does.
/// </summary>
/// <param name="wanted">The machine.</param>
/// <param name="source">What messages call it.</param>
/// <param name="readManifest">Reads a manifest or index; null when it is not there.</param>
/// <param name="readConfig">Reads a configuration; null when it is not there.</param>
internal sealed class PlatformSelection(
    Platform wanted,
    string source,
    Func<Descriptor, Task<ReceivedDocument?>> readManifest,
    Func<Descriptor, Task<byte[]?>> readConfig)
{
    // Nobody nests deeper than twice; whoever lists thousands wants to keep us at work.
    private const int Deepest = 4, MostDocuments = 64;

    private readonly List<Platform> _met = [];
    private int _documents;

    /// <summary>An image's manifest, and the indexes on the way to it, the outermost first.</summary>
    public sealed record Found(ReceivedDocument Manifest, IReadOnlyList<ReceivedDocument> Indexes);

    /// <summary>The image that fits best.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.PlatformNotFound"/>, with the platforms there are; what reading fails with.</exception>
    public async Task<Found> FindAsync(ReceivedDocument index)
    {
        if (await FindAsync(index, 1).ConfigureAwait(false) is Found found)
        {
            return found;
        }
        if (_met.Any(platform => platform.Serves(wanted) > 0))
        {
            throw new LayerImageException(EngineError.PlatformNotFound, $"{source} lists an image for {wanted} and does not have it.")
            {
                Target = source,
                Advice = "Make it again with all that it lists.",
            };
        }
        string there = _met.Count == 0 ? "no image at all" : string.Join(", ", _met.Distinct());
        throw new LayerImageException(EngineError.PlatformNotFound, $"{source} has no image for {wanted}. It has: {there}.")
        { Target = source, Advice = _met.Count == 0 ? "Ask who made it." : "Choose one of these with -Platform." };
    }

    /// <summary>Whether an entry is an image's attestation: BuildKit puts them into an index as images for "unknown/unknown".</summary>
    public static bool IsAttestation(Descriptor entry) =>
        entry.Platform is { OS: "unknown" } || entry.Annotations?.ContainsKey("vnd.docker.reference.type") == true;

    private async Task<Found?> FindAsync(ReceivedDocument index, int depth)
    {
        Descriptor[] entries = [.. ManifestParser.ParseIndex(index.Bytes, source).Manifests.Where(entry => !IsAttestation(entry))];
        Descriptor[] told = [.. entries.Where(IsTold)], untold = [.. entries.Where(entry => !IsTold(entry))];
        _met.AddRange(told.Select(entry => entry.Platform!));
        foreach (Descriptor entry in told.Where(entry => entry.Platform!.Serves(wanted) > 0)
            .OrderByDescending(entry => entry.Platform!.Serves(wanted))
            .Concat(untold))
        {
            if (_documents++ >= MostDocuments || await readManifest(entry).ConfigureAwait(false) is not ReceivedDocument document)
            {
                continue;
            }
            if (ManifestParser.IsIndex(document.Bytes, document.MediaType, source))
            {
                if (depth < Deepest && await FindAsync(document, depth + 1).ConfigureAwait(false) is Found deeper)
                {
                    return deeper with { Indexes = [index, .. deeper.Indexes] };
                }
            }
            // One that is alone is taken for what it is, as an image without an index would be.
            else if (IsTold(entry) || entries.Length == 1 || await IsForAsync(document).ConfigureAwait(false))
            {
                return new Found(document, [index]);
            }
        }
        return null;
    }

    private async Task<bool> IsForAsync(ReceivedDocument document)
    {
        Manifest manifest;
        try
        {
            manifest = ManifestParser.ParseManifest(document.Bytes, source);
        }
        catch (LayerImageException e) when (e.Error == EngineError.ManifestNotSupported)
        {
            return false; // a signature or another artifact
        }
        if (_documents++ >= MostDocuments || await readConfig(manifest.Config!).ConfigureAwait(false) is not byte[] configuration)
        {
            return false;
        }
        Platform made = Platform.Of(ManifestParser.ParseConfig(configuration, manifest.Layers.Count, source));
        _met.Add(made);
        return made.Serves(wanted) > 0;
    }

    private static bool IsTold(Descriptor entry) => entry.Platform is { OS.Length: > 0, Architecture.Length: > 0 };
}
