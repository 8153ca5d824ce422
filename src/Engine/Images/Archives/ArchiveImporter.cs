using System.Runtime.CompilerServices;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images.Archives;

/// <summary>Brings the images of an archive into the store: docker's, OCI's, or an OCI layout folder.</summary>
internal sealed class ArchiveImporter(LayerStore layers, ContentStore content, ImageAssembler assembler)
{
    /// <summary>Imports the images, one after the other. Idempotent: layers that are here are not copied.</summary>
    /// <param name="files">The archive.</param>
    /// <param name="path">What messages call it.</param>
    /// <param name="reference">The name for the image, or the one that is meant; null for all with the names that they have.</param>
    /// <param name="observer">Who hears of it.</param>
    /// <param name="cancellationToken">Ends the work; images that are in stay.</param>
    public async IAsyncEnumerable<Image> ImportAsync(
        IArchiveFiles files,
        string path,
        ImageReference? reference,
        IEngineObserver observer,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (IReadOnlyList<ArchivedImage> images, IReadOnlyDictionary<Digest, string> names) =
            await ReadAsync(files, path, observer, cancellationToken).ConfigureAwait(false);
        if (images.Count == 0)
        {
            throw ArchiveErrors.Invalid(path, "there is no image in it");
        }
        ArchiveBlobSource source = new(files, path, names);
        (ArchivedImage Image, IReadOnlyList<ImageReference> Tags)[] chosen = reference is null
            ? [.. images.Select(image => (image, image.Names))]
            : [(ChooseNamed(images, reference, path), [reference.WithDefaultTag()])];
        ArchivedImage[] wanted = [.. chosen.Select(one => one.Image)];
        CheckLayers(wanted, source, path);
        foreach ((ArchivedImage image, IReadOnlyList<ImageReference> tags) in chosen)
        {
            if (tags.Count == 0)
            {
                observer.Warning($"{image} has no name in '{path}'; -Reference gives one.");
            }
            string name = tags.Count > 0 ? tags[0].Familiar : image.ToString();
            ImageParts parts = Parts(image, source, tags, name);
            LayerProgress progress = new(observer, $"Import {name}");
            int throttle = Math.Max(2, Environment.ProcessorCount);
            yield return await assembler.AssembleAsync(source, parts, throttle, progress, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<(IReadOnlyList<ArchivedImage> Images, IReadOnlyDictionary<Digest, string> Names)> ReadAsync(
        IArchiveFiles files,
        string path,
        IEngineObserver observer,
        CancellationToken cancellationToken)
    {
        bool isDocker = files.Find(ArchiveNames.DockerManifest) is not null;
        if (!ArchiveKinds.IsOci(files))
        {
            DockerArchiveReader docker = new(files, path);
            return (await docker.ReadAsync(cancellationToken).ConfigureAwait(false), docker.Names);
        }
        IReadOnlyList<ArchivedImage> images = await new OciArchiveReader(files, path, observer).ReadAsync().ConfigureAwait(false);
        // docker 25 and later write both; only there some names stand in manifest.json alone.
        return (isDocker ? WithDockerNames(images, DockerArchiveReader.ReadManifest(files, path)) : images, new Dictionary<Digest, string>());
    }

    private static IReadOnlyList<ArchivedImage> WithDockerNames(IReadOnlyList<ArchivedImage> images, DockerArchiveEntry[] entries)
    {
        ILookup<string, ImageReference> names = (
            from entry in entries
            from name in DockerArchiveReader.NamesOf(entry)
            select (Id: Path.GetFileNameWithoutExtension(entry.Config!), Name: name)).ToLookup(pair => pair.Id, pair => pair.Name);
        return [.. images.Select(WithNames)];

        ArchivedImage WithNames(ArchivedImage image)
        {
            IEnumerable<ImageReference> all = image.Names.Concat(names[image.Configuration.Digest.Hex]);
            return image with { Names = [.. all.DistinctBy(name => name.Canonical)] };
        }
    }

    private static ArchivedImage ChooseNamed(IReadOnlyList<ArchivedImage> images, ImageReference reference, string path)
    {
        string wanted = reference.WithDefaultTag().Canonical;
        ArchivedImage[] fitting = [.. images.Where(image => image.Names.Any(name => name.Canonical == wanted))];
        if (fitting.Length == 0)
        {
            fitting = [.. images.Where(image => reference.Tag is not null && image.Tags.Contains(reference.Tag))];
        }
        if (fitting.Length == 0)
        {
            fitting = [.. images];
        }
        return fitting is [var only] ? only
            : throw new LayerImageException(EngineError.ParameterInvalid,
                $"The archive '{path}' has {images.Count} images and not one that {reference} means: {string.Join(", ", images.Take(10))}.")
            { Target = reference.Familiar, Advice = "Leave -Reference away to import all of them, or name one that is in it." };
    }

    // All that is missing is said at once, before anything is copied.
    private void CheckLayers(ArchivedImage[] images, ArchiveBlobSource source, string path)
    {
        List<(ArchivedImage Image, Digest DiffId)> missing = [];
        foreach (ArchivedImage image in images)
        {
            IReadOnlyList<Digest> diffIds = image.Config.Rootfs.DiffIds, chain = ChainId.Of(diffIds);
            bool IsMissing(Descriptor blob, int i) => !source.Has(blob) && !content.Has(blob.Digest)
                && content.FindLayer(diffIds[i]) is null && layers.Find(diffIds[i], chain[i]) is null;
            missing.AddRange(image.Layers.Index().Where(layer => IsMissing(layer.Item, layer.Index)).Select(layer => (image, diffIds[layer.Index])));
        }
        if (missing.Count == 0)
        {
            return;
        }
        string bases = string.Join(", ", images.SelectMany(image => image.Excluding).Distinct());
        string incomplete = string.Join(", ", missing.Select(layer => layer.Image.ToString()).Distinct());
        Digest[] absent = [.. missing.Select(layer => layer.DiffId).Distinct()];
        string which = string.Join(", ", absent.Take(5).Select(digest => digest.Short)), more = absent.Length > 5 ? $" and {absent.Length - 5} more" : "";
        throw new LayerImageException(EngineError.LayerNotFound,
            $"The archive '{path}' leaves out layers of {incomplete} that are not in this store either: {which}{more}.")
        {
            Target = absent[0].ToString(),
            Advice = bases.Length > 0
                ? $"It was exported without the layers of {bases}: bring that into this store first."
                : "Export it again without -Excluding, or copy it again.",
        };
    }

    // What is here already in another packing is not stored twice. Only OCI's manifests name the packing, and are kept with it.
    private ImageParts Parts(ArchivedImage image, ArchiveBlobSource source, IReadOnlyList<ImageReference> tags, string name)
    {
        IReadOnlyList<Digest> diffIds = image.Config.Rootfs.DiffIds;
        bool isHere(Descriptor blob) => content.Has(blob.Digest) || (image.Manifest is not null && source.Has(blob));
        return new ImageParts
        {
            Name = name,
            Configuration = image.Configuration,
            Config = image.Config,
            Layers = [.. image.Layers.Select((blob, i) => isHere(blob) ? blob : content.FindLayer(diffIds[i]) ?? blob)],
            Manifests = image.Manifest is not null && image.Layers.All(isHere) ? [image.Manifest] : [],
            Tags = tags,
        };
    }
}
