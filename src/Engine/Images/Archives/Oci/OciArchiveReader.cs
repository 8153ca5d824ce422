using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Registry;

namespace LayerImage.Engine.Images.Archives;

/// <summary>Reads what images an OCI image layout has (image-spec, image-layout.md), in a folder or in a tar.</summary>
internal sealed class OciArchiveReader(IArchiveFiles files, string archive, IEngineObserver observer)
{
    /// <summary>The tag, or with some tools the whole name (image-spec, annotations.md).</summary>
    public const string NameAnnotation = "org.opencontainers.image.ref.name";

    /// <summary>The whole name, as containerd and docker write it.</summary>
    public const string FullNameAnnotation = "io.containerd.image.name";

    /// <summary>The images whose layers the archive leaves out, as this engine writes it.</summary>
    public const string ExcludingAnnotation = "io.layerimage.excluding";

    private const int MostImages = 1_000;
    private readonly DocumentBudget _budget = new(archive);

    /// <summary>The images, in the archive's order; several names of one image are one.</summary>
    /// <exception cref="LayerImageException">ManifestInvalid, ManifestNotSupported, DigestMismatch, SizeMismatch or PlatformNotFound.</exception>
    public async Task<IReadOnlyList<ArchivedImage>> ReadAsync()
    {
        byte[] list = ArchiveDocuments.Read(files, archive, ArchiveNames.OciIndex);
        ImageIndex index = ManifestParser.ParseIndex(list, archive);
        if (index.Manifests.Count > MostImages)
        {
            throw ArchiveErrors.Invalid(archive, $"it lists more than {MostImages} images");
        }
        Descriptor[] entries = [.. index.Manifests.Where(entry => !PlatformSelection.IsAttestation(entry))];
        string[] excluding = index.Annotations?.GetValueOrDefault(ExcludingAnnotation)?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        // Entries for several machines without names are one image.
        if (entries.Length > 1 && entries.All(entry => entry.Platform is not null && !IsNamed(entry)))
        {
            ReceivedDocument chosen = await ChooseAsync(new ReceivedDocument(MediaTypes.OciIndex, Digest.Of(list), list)).ConfigureAwait(false);
            return [Describe(chosen, []) with { Excluding = excluding }];
        }
        List<ArchivedImage> images = [];
        LayerImageException? unsupported = null;
        foreach (IGrouping<Digest, Descriptor> alike in entries.GroupBy(entry => entry.Digest))
        {
            try
            {
                images.Add(Describe(await ReadImageAsync(alike.First()).ConfigureAwait(false), [.. alike]) with { Excluding = excluding });
            }
            catch (LayerImageException e) when (e.Error is EngineError.ManifestNotSupported or EngineError.PlatformNotFound)
            {
                // A signature or another artifact beside the images.
                observer.Verbose(e.Message);
                unsupported ??= e;
            }
        }
        return images.Count > 0 || unsupported is null ? OfThisMachine(images) : throw unsupported;
    }

    // Images without a name and without a word of their machine: those for another one are the same image for others.
    private static IReadOnlyList<ArchivedImage> OfThisMachine(List<ArchivedImage> images)
    {
        bool serves(ArchivedImage image) => Platform.Of(image.Config).Serves(Platform.Current) > 0;
        return images.Any(serves) ? images.FindAll(image => image.Names.Count + image.Tags.Count > 0 || serves(image)) : images;
    }

    private async Task<ReceivedDocument> ReadImageAsync(Descriptor entry)
    {
        ReceivedDocument document = new(entry.MediaType, entry.Digest, ReadBlob(entry));
        return ManifestParser.IsIndex(document.Bytes, document.MediaType, archive) ? await ChooseAsync(document).ConfigureAwait(false) : document;
    }

    private async Task<ReceivedDocument> ChooseAsync(ReceivedDocument index)
    {
        PlatformSelection selection = new(
            Platform.Current,
            archive,
            entry => Task.FromResult(TryReadManifest(entry)),
            config => Task.FromResult(Has(config) ? ReadBlob(config) : null));
        try
        {
            return (await selection.FindAsync(index).ConfigureAwait(false)).Manifest;
        }
        catch (LayerImageException e) when (e.Error == EngineError.PlatformNotFound)
        {
            // An archive need not have all that its index lists: "docker save" of an image that was pulled for one machine.
            Descriptor[] present = [.. ManifestParser.ParseIndex(index.Bytes, archive).Manifests
                .Where(entry => !PlatformSelection.IsAttestation(entry) && Has(entry))];
            if (present is not [var only]
                || TryReadManifest(only) is not ReceivedDocument document
                || ManifestParser.IsIndex(document.Bytes, document.MediaType, archive))
            {
                throw;
            }
            observer.Warning($"'{archive}' has an image for {only.Platform} only, not for {Platform.Current}.");
            return document;
        }
    }

    private ReceivedDocument? TryReadManifest(Descriptor entry) => Has(entry) ? new ReceivedDocument(entry.MediaType, entry.Digest, ReadBlob(entry)) : null;

    private ArchivedImage Describe(ReceivedDocument document, Descriptor[] entries)
    {
        Manifest manifest = ManifestParser.ParseManifest(document.Bytes, archive);
        byte[] configuration = ReadBlob(manifest.Config!);
        static string? NameOf(Descriptor entry) =>
            entry.Annotations?.GetValueOrDefault(FullNameAnnotation) ?? entry.Annotations?.GetValueOrDefault(NameAnnotation);
        string[] texts = [.. entries.Select(NameOf).OfType<string>().Distinct()];
        return new ArchivedImage
        {
            Names = [.. texts.Where(IsWhole)
                .Select(text => ImageReference.TryParse(text, out ImageReference? name) ? name!.WithDefaultTag() : null)
                .OfType<ImageReference>()
                .Where(name => name.Digest is null)],
            Tags = [.. texts.Where(text => !IsWhole(text))],
            Configuration = new ReceivedDocument(manifest.Config!.MediaType, manifest.Config.Digest, configuration),
            Config = ManifestParser.ParseConfig(configuration, manifest.Layers.Count, archive),
            Layers = manifest.Layers,
            Manifest = document,
        };
    }

    private bool Has(Descriptor blob) => files.Find(ArchiveNames.Blob(blob.Digest)) is not null;

    private byte[] ReadBlob(Descriptor blob) => _budget.Spend(ArchiveDocuments.Read(files, archive, ArchiveNames.Blob(blob.Digest), blob));

    private static bool IsNamed(Descriptor entry) =>
        entry.Annotations?.ContainsKey(FullNameAnnotation) == true || entry.Annotations?.ContainsKey(NameAnnotation) == true;

    // skopeo and umoci write the tag alone, podman and docker the whole name.
    private static bool IsWhole(string text) => text.AsSpan().ContainsAny('/', ':');
}
