using System.Security.Cryptography;
using System.Text.Json;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Registry;

namespace LayerImage.Engine.Images.Archives;

/// <summary>
/// Reads what images a docker archive has. Its layers are plain tars, whose digests are the DiffIDs that the
/// configuration names, so none need be read to be known. A compressed one (docker reads those, too) is hashed first.
/// </summary>
internal sealed class DockerArchiveReader(IArchiveFiles files, string archive)
{
    private const int MostImages = 1_000;
    private readonly DocumentBudget _budget = new(archive);
    private readonly Dictionary<Digest, string> _names = [];
    private readonly Dictionary<string, Descriptor> _compressed = new(StringComparer.Ordinal);

    /// <summary>The layers' names in the archive, by digest.</summary>
    public IReadOnlyDictionary<Digest, string> Names => _names;

    /// <summary>The entries of manifest.json.</summary>
    public static DockerArchiveEntry[] ReadManifest(IArchiveFiles files, string archive)
    {
        DockerArchiveEntry[]? entries;
        try
        {
            entries = JsonSerializer.Deserialize(
                ArchiveDocuments.Read(files, archive, ArchiveNames.DockerManifest), ArchiveJsonContext.Default.DockerArchiveEntryArray);
        }
        catch (JsonException e)
        {
            throw ArchiveErrors.Invalid(archive, "its manifest.json is no list of images: " + e.Message, e);
        }
        if (entries is null || entries.Length > MostImages || entries.Any(entry => entry?.Config is null || (entry.Layers ?? []).Any(layer => layer is null)))
        {
            throw ArchiveErrors.Invalid(
                archive,
                entries?.Length > MostImages ? $"it lists more than {MostImages} images" : "its manifest.json names no configuration for an image");
        }
        return entries;
    }

    /// <summary>The tags of an entry that are names.</summary>
    public static IEnumerable<ImageReference> NamesOf(DockerArchiveEntry entry) => (entry.RepoTags ?? [])
        .Select(tag => ImageReference.TryParse(tag ?? "", out ImageReference? name) && name!.Digest is null ? name.WithDefaultTag() : null)
        .OfType<ImageReference>();

    /// <summary>The images, in the archive's order.</summary>
    /// <exception cref="Errors.LayerImageException">ManifestInvalid or DigestMismatch.</exception>
    public async Task<IReadOnlyList<ArchivedImage>> ReadAsync(CancellationToken cancellationToken)
    {
        List<ArchivedImage> images = [];
        foreach (DockerArchiveEntry entry in ReadManifest(files, archive))
        {
            byte[] bytes = _budget.Spend(ArchiveDocuments.Read(files, archive, entry.Config!));
            Digest id = Digest.Of(bytes);
            string stem = Path.GetFileNameWithoutExtension(entry.Config!);
            if (Digest.TryParse("sha256:" + stem, out Digest named) && named != id)
            {
                throw ArchiveErrors.WrongDigest(archive, entry.Config!, named.ToString(), id.ToString());
            }
            IReadOnlyList<string> layers = entry.Layers ?? [];
            ImageConfig config = ManifestParser.ParseConfig(bytes, layers.Count, archive);
            List<Descriptor> blobs = [];
            for (int i = 0; i < layers.Count; i++)
            {
                blobs.Add(await DescribeAsync(layers[i], config.Rootfs.DiffIds[i], cancellationToken).ConfigureAwait(false));
            }
            images.Add(new ArchivedImage
            {
                Names = [.. NamesOf(entry)],
                Configuration = new ReceivedDocument(MediaTypes.OciConfig, id, bytes),
                Config = config,
                Layers = blobs,
                Excluding = entry.Excluding ?? [],
            });
        }
        return images;
    }

    private async Task<Descriptor> DescribeAsync(string name, Digest diffId, CancellationToken cancellationToken)
    {
        if (files.Find(name) is not long size)
        {
            return new Descriptor { MediaType = MediaTypes.OciLayer, Digest = diffId, Size = 0 }; // left out
        }
        if (_compressed.TryGetValue(name, out Descriptor? known))
        {
            return known;
        }
        using Stream stream = files.Open(name);
        _ = Decompression.Open(stream, out LayerCompression compression);
        if (compression == LayerCompression.None)
        {
            _names[diffId] = name;
            return new Descriptor { MediaType = MediaTypes.OciLayer, Digest = diffId, Size = size };
        }
        using Stream whole = files.Open(name);
        Descriptor blob = new()
        {
            MediaType = OciLayerBlob.MediaTypeOf(compression),
            Digest = Digest.FromSha256(await SHA256.HashDataAsync(whole, cancellationToken).ConfigureAwait(false)),
            Size = size,
        };
        _names[blob.Digest] = name;
        return _compressed[name] = blob;
    }
}
