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
    public IReadOnlyList<ArchivedImage> Read()
    {
        ImageIndex index = ManifestParser.ParseIndex(ArchiveDocuments.Read(files, archive, ArchiveNames.OciIndex), archive);
        if (index.Manifests!.Count > MostImages)
        {
            throw ArchiveErrors.Invalid(archive, $"it lists more than {MostImages} images");
        }
        string[] excluding = index.Annotations?.GetValueOrDefault(ExcludingAnnotation)?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        List<ArchivedImage> images = [];
        LayerImageException? unsupported = null;
        foreach (IGrouping<Digest, Descriptor> entries in Choose(index).GroupBy(entry => entry.Digest))
        {
            try
            {
                images.Add(Read(entries.First(), [.. entries]) with { Excluding = excluding });
            }
            catch (LayerImageException e) when (e.Error is EngineError.ManifestNotSupported or EngineError.PlatformNotFound)
            {
                // A signature or another artifact beside the images.
                observer.Verbose(e.Message);
                unsupported ??= e;
            }
        }
        return images.Count > 0 || unsupported is null ? images : throw unsupported;
    }

    // Entries for several machines without names are one image; attestations are none.
    private IEnumerable<Descriptor> Choose(ImageIndex index)
    {
        Descriptor[] entries = [.. index.Manifests!.Where(entry => entry.Platform is not { OS: "unknown" } && entry.Annotations?.ContainsKey("vnd.docker.reference.type") != true)];
        return entries.Length > 1 && entries.All(entry => entry.Platform is not null && !IsNamed(entry)) ? [PlatformSelection.Choose(index, Platform.Current, archive)] : entries;
    }

    private ArchivedImage Read(Descriptor first, Descriptor[] entries)
    {
        byte[] bytes = ReadBlob(first);
        Descriptor found = first;
        if (ManifestParser.IsIndex(bytes, first.MediaType, archive))
        {
            found = PlatformSelection.Choose(ManifestParser.ParseIndex(bytes, archive), Platform.Current, archive);
            bytes = ReadBlob(found);
            if (ManifestParser.IsIndex(bytes, found.MediaType, archive))
            {
                throw new LayerImageException(EngineError.ManifestNotSupported, $"The archive '{archive}' has an index of indexes.") { Target = archive };
            }
        }
        Manifest manifest = ManifestParser.ParseManifest(bytes, archive);
        byte[] configuration = ReadBlob(manifest.Config!);
        string[] texts = [.. entries.Select(entry => entry.Annotations?.GetValueOrDefault(FullNameAnnotation) ?? entry.Annotations?.GetValueOrDefault(NameAnnotation)).OfType<string>().Distinct()];
        return new ArchivedImage
        {
            Names = [.. texts.Where(IsWhole).Select(text => ImageReference.TryParse(text, out ImageReference? name) ? name!.WithDefaultTag() : null).OfType<ImageReference>().Where(name => name.Digest is null)],
            Tags = [.. texts.Where(text => !IsWhole(text))],
            Configuration = new ReceivedDocument(manifest.Config!.MediaType, manifest.Config.Digest, configuration),
            Config = ManifestParser.ParseConfig(configuration, manifest.Layers!.Count, archive),
            Layers = manifest.Layers,
            Manifest = new ReceivedDocument(found.MediaType, found.Digest, bytes),
        };
    }

    private byte[] ReadBlob(Descriptor blob) => _budget.Spend(ArchiveDocuments.Read(files, archive, $"blobs/{blob.Digest.Algorithm}/{blob.Digest.Hex}", blob));

    private static bool IsNamed(Descriptor entry) => entry.Annotations?.ContainsKey(FullNameAnnotation) == true || entry.Annotations?.ContainsKey(NameAnnotation) == true;

    // skopeo and umoci write the tag alone, podman and docker the whole name.
    private static bool IsWhole(string text) => text.AsSpan().ContainsAny('/', ':');
}
