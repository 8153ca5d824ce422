using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Store;

/// <summary>A row of the table of images.</summary>
/// <param name="Id">The configuration's digest.</param>
/// <param name="Manifest">The manifest's digest; null for an image that has none yet.</param>
/// <param name="Platform">What it is for.</param>
/// <param name="Created">What the configuration says.</param>
/// <param name="Stored">When it came into this store.</param>
/// <param name="Used">When a container was last made of it, to the hour.</param>
internal sealed record ImageRow(string Id, string? Manifest, string Platform, DateTimeOffset? Created, DateTimeOffset Stored, DateTimeOffset? Used = null);

/// <summary>The table <c>image</c>. What an image has goes with its row: layers, tags, digests.</summary>
internal static class ImageTable
{
    private static readonly ImageQuery s_list =
        new("SELECT id, manifest, platform, created, stored, used FROM image {0} ORDER BY coalesce(created, stored) DESC, id", "id");

    /// <summary>Whether an image is recorded.</summary>
    public static bool Exists(StoreTransaction transaction, string id) => transaction.Scalar<long>("SELECT count(*) FROM image WHERE id = ?1", id) > 0;

    /// <summary>How many images there are.</summary>
    public static long Count(StoreTransaction transaction) => transaction.Scalar<long>("SELECT count(*) FROM image");

    /// <summary>These images, or all, the newest first.</summary>
    public static List<ImageRow> List(StoreTransaction transaction, NameList? ids) => transaction.Query(s_list.Of(ids),
        row => new ImageRow(row.GetString(0), row.Text(1), row.GetString(2), row.Time(3), row.Time(4)!.Value, row.Time(5)), ids?.Json ?? "");

    /// <summary>The images whose id, or whose manifest's or index's digest, begins like this.</summary>
    public static List<string> FindByPrefix(StoreTransaction transaction, string prefix) => transaction.Query($"""
        SELECT id FROM image WHERE (id >= ?1 AND id < ?1 || 'g') OR (manifest >= ?1 AND manifest < ?1 || 'g')
        UNION SELECT image FROM repo_digest WHERE {RepoDigestTable.DigestInName} >= ?1 AND {RepoDigestTable.DigestInName} < ?1 || 'g'
        """, row => row.GetString(0), prefix);

    /// <summary>Whether a blob is an image's manifest.</summary>
    public static bool HasManifest(StoreTransaction transaction, Digest digest) =>
        transaction.Scalar<long>("SELECT count(*) FROM image WHERE manifest = ?1", digest.ToString()) > 0;

    /// <summary>Whether an image is here and has no manifest.</summary>
    public static bool LacksManifest(StoreTransaction transaction, string id) =>
        transaction.Scalar<long>("SELECT count(*) FROM image WHERE id = ?1 AND manifest IS NULL", id) > 0;

    /// <summary>Records an image; of one that is recorded, a manifest.</summary>
    public static void Record(StoreTransaction transaction, ImageRow image) => transaction.Execute("""
        INSERT INTO image (id, manifest, platform, created, stored) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (id) DO UPDATE SET manifest = coalesce(excluded.manifest, manifest)
        """, image.Id, image.Manifest, image.Platform, image.Created?.ToUnixTimeMilliseconds(), image.Stored.ToUnixTimeMilliseconds());

    /// <summary>Gives an image its manifest.</summary>
    public static void SetManifest(StoreTransaction transaction, string id, Digest manifest) =>
        transaction.Execute("UPDATE image SET manifest = ?2 WHERE id = ?1", id, manifest.ToString());

    /// <summary>Records that a container is made of an image.</summary>
    public static void SetUsed(StoreTransaction transaction, string id, DateTimeOffset now) =>
        transaction.Execute("UPDATE image SET used = ?2 WHERE id = ?1", id, now.ToUnixTimeMilliseconds());

    /// <summary>Deletes an image, with its tags.</summary>
    public static void Delete(StoreTransaction transaction, string id) => transaction.Execute("DELETE FROM image WHERE id = ?1", id);
}
