namespace LayerImage.Engine.Store;

/// <summary>
/// The questions of <see cref="Reachability"/> as statements about a list of kinds. They are composed once, for every store of the
/// process; each asks one index after the other, as if it were written by hand.
/// </summary>
internal sealed class ClaimQueries
{
    /// <summary>Composes the questions about these kinds.</summary>
    public ClaimQueries(IReadOnlyList<StoreKind> kinds)
    {
        Kinds = kinds;
        Users = Each(ComposeUsers);
        Used = Each(on => Names(ClaimsOn(on)));
        UsedBesidesImages = Each(on => Names(ClaimsOn(on, kinds.Where(kind => kind != StoreKinds.Image))));
        LayersOf = Each(kind => $"SELECT key, diff_id FROM layer WHERE key IN ({NamesBy(kind, StoreKinds.Layer)})");
        BlobsOf = Each(kind => NamesBy(kind, StoreKinds.Blob));
        UnusedLayers = $"SELECT key, diff_id FROM layer AS thing WHERE {Unused(StoreKinds.Layer, "+thing.key")}";
        UnusedBlobs = $"SELECT digest FROM blob AS thing WHERE {Unused(StoreKinds.Blob, "+thing.digest")} ORDER BY digest";
        UnusedBlob = $"SELECT size FROM blob WHERE digest = ?1 AND {Unused(StoreKinds.Blob, "?1")}";
        DeleteUnusedLayer = $"DELETE FROM layer WHERE key = ?1 AND {Unused(StoreKinds.Layer, "?1")}";
        Directories = Union(kinds.Where(kind => kind.Folder is not null).Select(kind => $"SELECT {kind.Key} FROM {kind.Table}"));
        HasDirectory = Any(kinds.Where(kind => kind.Folder is not null).Select(kind => $"SELECT 1 FROM {kind.Table} WHERE {kind.Key} = ?1"));
        List<StoreClaim> described = [.. ClaimsOn(StoreKinds.Layer).Where(claim => claim.DiffId is not null)];
        DiffIds = Union(described.Select(claim => $"SELECT {claim.DiffId} FROM {claim.From}{Where(claim)}").Prepend("SELECT diff_id FROM layer"));
        HasDiffId = Any(described.Select(claim => $"SELECT 1 FROM {claim.From}{Where(claim, $"{claim.DiffId} = ?1")}")
            .Prepend("SELECT 1 FROM layer WHERE diff_id = ?1"));
        RequiredBlobs = ComposeRequiredBlobs();
        RequiredLayers = ComposeRequiredLayers();
        HoldersOfLayers = ComposeHolders(StoreKinds.Layer);
        HoldersOfBlobs = ComposeHolders(StoreKinds.Blob);
        (BlobsOfAllImages, BlobsOfImages) = (ComposeBlobsOfImages(some: false), ComposeBlobsOfImages(some: true));
    }

    /// <summary>The queries about the kinds of things that the store has.</summary>
    public static ClaimQueries Standard { get; } = new(StoreKinds.All);

    public IReadOnlyList<StoreKind> Kinds { get; }

    /// <summary>Who needs ?1: the kind's place in the list, the key, the name, what it does.</summary>
    public IReadOnlyDictionary<StoreKind, string> Users { get; }

    /// <summary>What of a kind is needed at all.</summary>
    public IReadOnlyDictionary<StoreKind, string> Used { get; }

    /// <summary>What of a kind is needed by other things than images.</summary>
    public IReadOnlyDictionary<StoreKind, string> UsedBesidesImages { get; }

    /// <summary>The layers that ?1 of a kind needs: key, DiffID.</summary>
    public IReadOnlyDictionary<StoreKind, string> LayersOf { get; }

    /// <summary>The blobs that ?1 of a kind needs, also those that are not here.</summary>
    public IReadOnlyDictionary<StoreKind, string> BlobsOf { get; }

    /// <summary>Layers that nobody needs: key, DiffID.</summary>
    public string UnusedLayers { get; }

    public string UnusedBlobs { get; }

    /// <summary>The size of the blob ?1 if nothing needs it.</summary>
    public string UnusedBlob { get; }

    public string DeleteUnusedLayer { get; }

    /// <summary>The names of all directories that have a record.</summary>
    public string Directories { get; }

    public string HasDirectory { get; }

    /// <summary>The DiffIDs of layers that are here, in whichever form.</summary>
    public string DiffIds { get; }

    public string HasDiffId { get; }

    /// <summary>Blobs that are recorded or must be: digest, size, whether it is recorded.</summary>
    public string RequiredBlobs { get; }

    /// <summary>Layers that are recorded or must be: key, DiffID, whether it is recorded.</summary>
    public string RequiredLayers { get; }

    /// <summary>How many images need each of the layers ?1, and one of them.</summary>
    public string HoldersOfLayers { get; }

    /// <summary>How many images need each of the blobs ?1, and one of them.</summary>
    public string HoldersOfBlobs { get; }

    /// <summary>
    /// What all images hold, and what goes with them although they hold another packing of the same layer: image, digest, size,
    /// whether it is held.
    /// </summary>
    public string BlobsOfAllImages { get; }

    /// <summary>The same for the images ?1.</summary>
    public string BlobsOfImages { get; }

    private Dictionary<StoreKind, string> Each(Func<StoreKind, string> compose) => Kinds.ToDictionary(kind => kind, compose);

    private IEnumerable<StoreClaim> ClaimsOn(StoreKind on, IEnumerable<StoreKind>? by = null) =>
        (by ?? Kinds).SelectMany(kind => kind.Claims).Where(claim => claim.On == on);

    private string ComposeUsers(StoreKind on)
    {
        IEnumerable<string> users = Kinds.Select((kind, i) => (Kind: kind, Place: i, Claims: ClaimsOn(on, [kind])))
            .Where(user => user.Claims.Any())
            .Select(user =>
            {
                string keys = Union(user.Claims.Select(claim => $"SELECT {claim.By} FROM {claim.From}{Where(claim, $"{claim.Name} = ?1")}"));
                return $"SELECT {user.Place}, {user.Kind.Key}, {user.Kind.Label ?? user.Kind.Key}, {user.Kind.Standing} FROM {user.Kind.Table} "
                    + $"WHERE {user.Kind.Key} IN ({keys})";
            });
        return Union(users, all: true, none: "SELECT NULL, NULL, NULL, NULL WHERE 0") + " ORDER BY 1, 3";
    }

    // A column is given with a plus: its affinity would keep an index of an expression from being used.
    private string Unused(StoreKind kind, string thing) =>
        string.Join(" AND ", ClaimsOn(kind).Select(claim => $"NOT EXISTS (SELECT 1 FROM {claim.From}{Where(claim, $"{claim.Name} = {thing}")})"));

    private static string Names(IEnumerable<StoreClaim> claims) =>
        Union(claims.Select(claim => $"SELECT {claim.Name} AS name FROM {claim.From}{Where(claim, $"{claim.Name} IS NOT NULL")}"));

    private string NamesBy(StoreKind kind, StoreKind on) =>
        Union(ClaimsOn(on, [kind]).Select(claim => $"SELECT {claim.Name} FROM {claim.From}{Where(claim, $"{claim.By} = ?1", $"{claim.Name} IS NOT NULL")}"));

    private string ComposeRequiredBlobs() => $"""
        SELECT digest, size, 1 FROM blob
        UNION SELECT name, 0, 0 FROM ({Names(ClaimsOn(StoreKinds.Blob).Where(claim => claim.IsRequired))}) WHERE name NOT IN (SELECT digest FROM blob)
        """;

    // Where nothing says what a lost layer's DiffID was, it is what most keys are.
    private string ComposeRequiredLayers()
    {
        ILookup<bool, StoreClaim> claims = ClaimsOn(StoreKinds.Layer).Where(claim => claim.IsRequired).ToLookup(claim => claim.DiffId is not null);
        string described = Union(
            claims[true].Select(claim =>
                $"SELECT {claim.Name}, {claim.DiffId}, 0 FROM {claim.From}{Where(claim, $"{claim.Name} NOT IN (SELECT key FROM layer)")}"));
        return $"""
            SELECT key, diff_id, 1 FROM layer UNION {described}
            UNION SELECT name, 'sha256:' || name, 0 FROM ({Names(claims[false])})
            WHERE name NOT IN (SELECT key FROM layer) AND name NOT IN ({Names(claims[true])})
            """;
    }

    private static string ComposeHolders(StoreKind on)
    {
        IEnumerable<string> held = StoreKinds.Image.Claims.Where(claim => claim.On == on)
            .Select(claim => $"SELECT {claim.Name} AS name, {claim.By} AS image FROM {claim.From}{Where(claim, $"{claim.Name} {NameList.In}")}");
        return $"SELECT name, count(DISTINCT image), min(image) FROM ({Union(held, all: true)}) GROUP BY name";
    }

    private static string ComposeBlobsOfImages(bool some)
    {
        string?[] only(string column) => some ? [$"{column} {NameList.In}"] : [];
        IEnumerable<string> held = StoreKinds.Image.Claims.Where(claim => claim.On == StoreKinds.Blob)
            .Select(claim => $"SELECT {claim.By} AS image, {claim.Name} AS name, 1 AS held FROM {claim.From}{Where(claim, only(claim.By))}");
        string packings = "SELECT image, layer_blob.blob, 0 FROM image_layer JOIN layer_blob ON layer_blob.diff_id = image_layer.diff_id"
            + (some ? $" WHERE image {NameList.In}" : "");
        return $"SELECT thing.image, blob.digest, blob.size, max(thing.held) FROM ({Union(held.Append(packings), all: true)}) thing "
            + "JOIN blob ON blob.digest = thing.name GROUP BY 1, 2";
    }

    private static string Where(StoreClaim claim, params IEnumerable<string?> conditions)
    {
        string all = string.Join(" AND ", conditions.Append(claim.When).OfType<string>());
        return all.Length > 0 ? " WHERE " + all : "";
    }

    private static string Any(IEnumerable<string> queries) => $"SELECT {string.Join(" OR ", queries.Select(query => $"EXISTS ({query})"))}";

    private static string Union(IEnumerable<string> queries, bool all = false, string none = "SELECT NULL WHERE 0") =>
        queries.ToArray() is { Length: > 0 } some ? string.Join(all ? " UNION ALL " : " UNION ", some) : none;
}
