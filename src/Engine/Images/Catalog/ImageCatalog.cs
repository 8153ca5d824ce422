using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>Finds images in the store.</summary>
internal sealed class ImageCatalog(StoreLayout layout, StoreDatabase database, ContentStore content)
{
    private const int MostCandidates = 10;

    /// <summary>All images, the newest first.</summary>
    public IReadOnlyList<Image> List() => Load(null);

    /// <summary>All tags, as people write them.</summary>
    public IReadOnlyList<string> ListTags() => database.Read(TagTable.Names).ConvertAll(Familiar);

    /// <summary>
    /// What a user's text means: a reference (without a tag: every tag of the repository), or an id or digest or a
    /// unique beginning of one. Names win over ids.
    /// </summary>
    public IReadOnlyList<Image> Find(string text)
    {
        List<string> ids = database.Read(transaction =>
        {
            List<string> named = FindByName(transaction, text);
            return named.Count > 0 ? named : FindById(transaction, text);
        });
        return ids.Count == 0 ? [] : Load([.. ids]);
    }

    /// <summary>The one image that a text names, <c>:latest</c> when it has no tag.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ImageNotFound"/> or <see cref="EngineError.AmbiguousId"/>.</exception>
    public Image Get(string text)
    {
        string withTag = ImageReference.TryParse(text, out ImageReference? reference) ? reference!.WithDefaultTag().Canonical : text;
        List<string> ids = database.Read(transaction =>
        {
            List<string> named = reference is null ? [] : FindByName(transaction, withTag);
            return named.Count > 0 ? named : FindById(transaction, text);
        });
        if (ids.Count == 0)
        {
            if (reference is null && IdPrefix.OfImage(text) is null)
            {
                _ = ImageReference.Parse(text); // says what is wrong with it
            }
            throw NotFound(text);
        }
        return Load([.. ids]) is [Image image, ..] ? image.By(reference) : throw NotFound(text); // removed a moment ago
    }

    /// <summary>Whether a text is a whole id, which no registry is asked for, although it reads as a reference.</summary>
    public static bool IsWholeId(string text) => IdPrefix.OfImage(text) is { Length: 7 + 64 }; // sha256: and all digits

    /// <summary>The image with exactly this id, or null.</summary>
    public Image? FindExact(string id) => Load([id]).FirstOrDefault();

    public static LayerImageException NotFound(string text) => new(EngineError.ImageNotFound, $"There is no image '{text}' in this store.")
    { Target = text, Advice = "Get-LayerImage lists what is here; Receive-LayerImage gets an image from a registry." };

    private static List<string> FindByName(StoreTransaction transaction, string text)
    {
        if (!ImageReference.TryParse(text, out ImageReference? reference))
        {
            return [];
        }
        if (reference!.Digest is Digest digest)
        {
            return RepoDigestTable.OwnerOf(transaction, $"{reference.Name}@{digest}") is string holder ? [holder] : [];
        }
        if (reference.Tag is not null)
        {
            return TagTable.OwnerOf(transaction, reference.Canonical) is string owner ? [owner] : [];
        }
        return TagTable.OwnersIn(transaction, reference.Canonical);
    }

    private static List<string> FindById(StoreTransaction transaction, string text)
    {
        if (IdPrefix.OfImage(text) is not string prefix)
        {
            return [];
        }
        List<string> ids = ImageTable.FindByPrefix(transaction, prefix);
        if (ids.Count <= 1)
        {
            return ids;
        }
        IEnumerable<string> candidates =
            ids.Take(MostCandidates).Select(id => TagTable.FirstOf(transaction, id) is string name ? $"{id[7..19]} ({Familiar(name)})" : id[7..19]);
        throw new LayerImageException(EngineError.AmbiguousId,
            $"'{text}' fits {ids.Count} images: {string.Join(", ", candidates)}{(ids.Count > MostCandidates ? " …" : "")}.")
        { Target = text, Advice = "Give more digits of the id, or a tag." };
    }

    private List<Image> Load(string[]? ids)
    {
        NameList? only = ids is null ? null : new NameList(ids);
        return database.Read(transaction =>
        {
            List<ImageRow> rows = ImageTable.List(transaction, only);
            ILookup<string, ImageLayerRow> layers = ImageLayerTable.List(transaction, only).ToLookup(row => row.Image);
            ILookup<string, string> tags = TagTable.List(transaction, only).ToLookup(row => row.Image, row => Familiar(row.Name));
            ILookup<string, string> digests = RepoDigestTable.List(transaction, only).ToLookup(row => row.Image, row => Familiar(row.Name));
            string[] diffIds = [.. layers.SelectMany(group => group).Select(row => row.DiffId).Distinct()];
            bool late = ids is null;
            ILookup<string, string>? now = late ? null : LoadUsers(transaction, diffIds);
            Lazy<ILookup<string, string>> users = new(() => now ?? database.Read(later => LoadUsers(later, diffIds)));
            IReadOnlyDictionary<string, ImageBytes> sizes = ImageSizes.Of(transaction, only);
            return rows.ConvertAll(row =>
                Make(row, [.. layers[row.Id]], [.. tags[row.Id]], [.. digests[row.Id]], users, sizes.GetValueOrDefault(row.Id), late));
        });
    }

    // Who has each layer: by DiffID, since that is what is stored once.
    private static ILookup<string, string> LoadUsers(StoreTransaction transaction, string[] diffIds) =>
        ImageLayerTable.NamesOfImagesWith(transaction, new NameList(diffIds))
            .ToLookup(row => row.DiffId, row => row.Image.StartsWith("sha256:", StringComparison.Ordinal) ? row.Image[7..19] : Familiar(row.Image));

    // One whose configuration is damaged can still be received again, and removed; who looks at what it says is told.
    private static void TryRead(Lazy<IReadOnlyList<ImageLayer>> described)
    {
        try
        {
            _ = described.Value;
        }
        catch (LayerImageException e) when (e.Error == EngineError.LayerCorrupt)
        {
            // The value tells it again.
        }
    }

    // Found by name or id, an image is read whole, so that it stays whole for who holds it when it is removed meanwhile.
    private Image Make(ImageRow row, ImageLayerRow[] layers, string[] tags, string[] digests, Lazy<ILookup<string, string>> users, ImageBytes size, bool late)
    {
        Lazy<ImageConfig> config = new(() => ManifestParser.ParseConfig(ReadConfiguration(row.Id), layers.Length, row.Id));
        Lazy<IReadOnlyList<ImageLayer>> described = new(() => Describe(row.Id, tags, layers, users.Value, config.Value));
        if (!late)
        {
            TryRead(described);
        }
        return new Image
        {
            Id = row.Id,
            Digest = row.Manifest,
            Tags = tags,
            RepoDigests = digests,
            Platform = row.Platform,
            CreatedAt = row.Created,
            StoredAt = row.Stored,
            LastUsedAt = row.Used > row.Stored ? row.Used.Value : row.Stored,
            Size = size.Total,
            UniqueSize = size.Unique,
            DownloadSize = layers.DistinctBy(layer => layer.Blob ?? layer.DiffId).Sum(layer => layer.BlobSize),
            LayerCount = layers.Length,
            Late = (config, described),
        };
    }

    private ImageLayer[] Describe(string image, string[] tags, ImageLayerRow[] layers, ILookup<string, string> users, ImageConfig config)
    {
        IReadOnlyList<Digest> chain = ChainId.Of([.. layers.Select(layer => Digest.Parse(layer.DiffId))]);
        string?[] createdBy = [.. (config.History ?? []).Where(entry => entry.EmptyLayer != true).Select(entry => entry.CreatedBy)];
        return [.. layers.Select((layer, i) => new ImageLayer
        {
            Position = i,
            DiffId = layer.DiffId,
            ChainId = chain[i].ToString(),
            Digest = layer.Blob,
            MediaType = layer.MediaType,
            Size = layer.Content,
            DownloadSize = layer.BlobSize,
            Entries = layer.Entries,
            CreatedBy = createdBy.ElementAtOrDefault(i),
            UsedBy = [.. users[layer.DiffId]],
            Path = layer.Key is null ? null : layout.Layer(layer.Key),
            ImageId = image,
            Image = tags is [var first, ..] ? first : image[7..19],
        })];
    }

    // It is read when somebody looks at it: by then another process may have removed the image.
    private byte[] ReadConfiguration(string id)
    {
        try
        {
            return content.Read(Digest.Parse(id));
        }
        catch (LayerImageException e) when (e.Error == EngineError.LayerCorrupt
            && database.Read(transaction => !ImageTable.Exists(transaction, id) && !BlobTable.Exists(transaction, Digest.Parse(id))))
        {
            throw NotFound(id[7..19]);
        }
    }

    private static string Familiar(string canonical) => ImageReference.FamiliarOf(canonical);
}
