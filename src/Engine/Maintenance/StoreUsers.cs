using LayerImage.Engine.References;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Maintenance;

/// <summary>Which images and containers need a blob or a layer.</summary>
/// <param name="Images">Images: a name, or the id where there is none.</param>
/// <param name="Containers">Containers' names.</param>
/// <param name="Running">Those of them that run, or may.</param>
/// <param name="Origins">References by digest under which registries have the images.</param>
/// <param name="Mounts">Where unions stand on it: a layer's only.</param>
internal sealed record StoreUsers(IReadOnlyList<string> Images, IReadOnlyList<string> Containers, IReadOnlyList<string> Running, IReadOnlyList<ImageReference> Origins, IReadOnlyList<string> Mounts)
{
    private const string ImagesOfBlob = """
        SELECT id FROM image WHERE id = ?1 OR manifest = ?1 UNION SELECT image FROM image_layer WHERE blob = ?1
        UNION SELECT image FROM repo_digest WHERE substr(name, instr(name, '@') + 1) = ?1
        """;

    private const string ContainersOfBlob = """
        SELECT name, state FROM container WHERE image = ?1
        UNION SELECT c.name, c.state FROM layer_blob lb JOIN layer l ON l.diff_id = lb.diff_id JOIN container_layer cl ON cl.layer = l.key JOIN container c ON c.id = cl.container WHERE lb.blob = ?1
        """;

    private const string ContainersOfLayer = "SELECT DISTINCT c.name, c.state FROM container_layer cl JOIN container c ON c.id = cl.container WHERE cl.layer = ?1";

    private const string MountsOfLayer = "SELECT path FROM mount_layer ml JOIN mount m ON m.id = ml.mount WHERE ml.layer = ?1 AND m.mounted = 1 ORDER BY path";

    /// <summary>Who stands on it now, so that it cannot be replaced: "the container web, the mount /mnt"; empty for nobody.</summary>
    public string Standing => string.Join(", ", Running.Select(name => $"the container {name}").Concat(Mounts.Select(path => $"the mount {path}")));

    /// <summary>Those of a blob.</summary>
    public static StoreUsers OfBlob(StoreTransaction transaction, string digest) => Read(transaction, ImagesOfBlob, ContainersOfBlob, digest);

    /// <summary>Those of a layer.</summary>
    public static StoreUsers OfLayer(StoreTransaction transaction, string key) => Read(transaction, "SELECT DISTINCT image FROM image_layer WHERE layer = ?1", ContainersOfLayer, key)
        with
    { Mounts = transaction.Query(MountsOfLayer, row => row.GetString(0), key) };

    private static StoreUsers Read(StoreTransaction transaction, string images, string containers, string name)
    {
        List<string> ids = transaction.Query(images, row => row.GetString(0), name);
        List<(string Name, string State)> users = transaction.Query(containers, row => (row.GetString(0), row.GetString(1)), name);
        return new StoreUsers(
            [.. ids.Select(id => NameOf(transaction, id))],
            users.ConvertAll(user => user.Name),
            [.. users.Where(user => user.State is not ("Created" or "Exited")).Select(user => user.Name)],
            [.. ids.SelectMany(id => transaction.Query("SELECT name FROM repo_digest WHERE image = ?1 ORDER BY name", row => ImageReference.Parse(row.GetString(0)), id))],
            []);
    }

    private static string NameOf(StoreTransaction transaction, string id) =>
        transaction.Scalar<string>("SELECT name FROM tag WHERE image = ?1 ORDER BY name", id) is string tag ? ImageReference.Parse(tag).Familiar : id;
}
