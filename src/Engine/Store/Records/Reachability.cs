using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Store;

/// <summary>
/// Who needs what: the only place that says so. What it answers follows from the list of kinds (<see cref="StoreKinds"/>).
/// </summary>
internal static class Reachability
{
    /// <summary>Who needs a layer, a blob or an image: in the order of the kinds, then of names.</summary>
    public static List<StoreUser> UsersOf(StoreTransaction transaction, StoreKind kind, string name) => transaction.Query(transaction.Claims.Users[kind],
        row => new StoreUser(transaction.Claims.Kinds[row.GetInt32(0)], row.GetString(1), row.GetString(2), row.Text(3)), name);

    /// <summary>All layers, blobs or images that anything needs.</summary>
    public static HashSet<string> Used(StoreTransaction transaction, StoreKind kind) => Names(transaction, transaction.Claims.Used[kind]);

    /// <summary>All layers or blobs that other things than images need.</summary>
    public static HashSet<string> UsedBesidesImages(StoreTransaction transaction, StoreKind kind) =>
        Names(transaction, transaction.Claims.UsedBesidesImages[kind]);

    /// <summary>The layers that a thing needs.</summary>
    public static List<(string Key, Digest DiffId)> LayersOf(StoreTransaction transaction, StoreKind kind, string id) =>
        transaction.Query(transaction.Claims.LayersOf[kind], row => (row.GetString(0), Digest.Parse(row.GetString(1))), id);

    /// <summary>The blobs that a thing needs, whether they are here or not.</summary>
    public static List<string> BlobsOf(StoreTransaction transaction, StoreKind kind, string id) =>
        transaction.Query(transaction.Claims.BlobsOf[kind], row => row.GetString(0), id);

    /// <summary>The layers that nothing needs.</summary>
    public static List<(string Key, Digest DiffId)> UnusedLayers(StoreTransaction transaction) =>
        transaction.Query(transaction.Claims.UnusedLayers, row => (row.GetString(0), Digest.Parse(row.GetString(1))));

    /// <summary>The blobs that nothing needs, by digest.</summary>
    public static List<string> UnusedBlobs(StoreTransaction transaction) => transaction.Query(transaction.Claims.UnusedBlobs, row => row.GetString(0));

    /// <summary>Deletes the record of each of these layers that nothing needs; their keys.</summary>
    public static List<string> DeleteUnusedLayers(StoreTransaction transaction, IEnumerable<string> keys) =>
        [.. keys.Distinct().Where(key => transaction.Execute(transaction.Claims.DeleteUnusedLayer, key) > 0)];

    /// <summary>Deletes the records of those of these blobs that nothing needs. The caller deletes their files after its transaction.</summary>
    public static List<(Digest Digest, long Size)> DeleteUnusedBlobs(StoreTransaction transaction, IEnumerable<string> digests)
    {
        List<(Digest, long)> deleted = [];
        foreach (string digest in digests.Distinct())
        {
            if (transaction.Scalar<long?>(transaction.Claims.UnusedBlob, digest) is long size)
            {
                BlobTable.Delete(transaction, digest);
                LayerBlobTable.Forget(transaction, digest);
                deleted.Add((Digest.Parse(digest), size));
            }
        }
        return deleted;
    }

    /// <summary>The names of all directories of things that have a record.</summary>
    public static HashSet<string> Directories(StoreTransaction transaction) => Names(transaction, transaction.Claims.Directories);

    /// <summary>Whether a directory of this name is something's that has a record.</summary>
    public static bool HasDirectory(StoreTransaction transaction, string name) => transaction.Scalar<long>(transaction.Claims.HasDirectory, name) > 0;

    /// <summary>The DiffIDs of all layers that are here, unpacked or as blobs.</summary>
    public static HashSet<string> DiffIds(StoreTransaction transaction) => Names(transaction, transaction.Claims.DiffIds);

    /// <summary>Whether a layer is here, unpacked or as a blob.</summary>
    public static bool HasDiffId(StoreTransaction transaction, Digest diffId) => transaction.Scalar<long>(transaction.Claims.HasDiffId, diffId.ToString()) > 0;

    /// <summary>All blobs that are recorded, and those that are not although something needs them.</summary>
    public static List<(string Digest, long Size, bool IsRecorded)> RequiredBlobs(StoreTransaction transaction) =>
        transaction.Query(transaction.Claims.RequiredBlobs, row => (row.GetString(0), row.GetInt64(1), row.GetBoolean(2)));

    /// <summary>All layers that are recorded, and those that are not although something needs them.</summary>
    public static List<(string Key, string DiffId, bool IsRecorded)> RequiredLayers(StoreTransaction transaction) =>
        transaction.Query(transaction.Claims.RequiredLayers, row => (row.GetString(0), row.GetString(1), row.GetBoolean(2)));

    private static HashSet<string> Names(StoreTransaction transaction, string query) =>
        transaction.Query(query, row => row.GetString(0)).ToHashSet(StringComparer.Ordinal);
}
