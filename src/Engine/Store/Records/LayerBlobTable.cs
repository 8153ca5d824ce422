using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Store;

/// <summary>The table <c>layer_blob</c>: which blobs unpack to a layer, one for each way in which it was packed.</summary>
internal static class LayerBlobTable
{
    /// <summary>Records which layer a blob unpacks to. An image whose base image is gone finds its layers' blobs by that.</summary>
    public static void Record(StoreTransaction transaction, Digest diffId, Descriptor blob) => transaction.Execute(
        "INSERT OR REPLACE INTO layer_blob (diff_id, blob, size, media_type) VALUES (?1, ?2, ?3, ?4)",
        diffId.ToString(),
        blob.Digest.ToString(),
        blob.Size,
        blob.MediaType);

    /// <summary>All blobs that are known to unpack to a layer, whether they are here or not.</summary>
    public static List<string> BlobsOf(StoreTransaction transaction, string diffId) =>
        transaction.Query("SELECT blob FROM layer_blob WHERE diff_id = ?1", row => row.GetString(0), diffId);

    /// <summary>The same with those that images name, the smallest first.</summary>
    public static List<Digest> KnownBlobsOf(StoreTransaction transaction, Digest diffId) => transaction.Query("""
        SELECT blob FROM (
            SELECT blob, size FROM layer_blob WHERE diff_id = ?1
            UNION SELECT blob, blob_size FROM image_layer WHERE diff_id = ?1 AND blob IS NOT NULL)
        ORDER BY size
        """, row => Digest.Parse(row.GetString(0)), diffId.ToString());

    /// <summary>The blobs of a layer that are recorded, the smallest first.</summary>
    public static List<Descriptor> RecordedBlobsOf(StoreTransaction transaction, string diffId) => transaction.Query(
        "SELECT layer_blob.blob, blob.size, media_type FROM layer_blob JOIN blob ON blob.digest = layer_blob.blob WHERE diff_id = ?1 ORDER BY blob.size",
        row => new Descriptor { Digest = Digest.Parse(row.GetString(0)), Size = row.GetInt64(1), MediaType = row.GetString(2) }, diffId);

    /// <summary>The layer that a blob unpacks to; null where that is not known.</summary>
    public static Digest? LayerOf(StoreTransaction transaction, Digest blob) =>
        transaction.Scalar<string>("SELECT diff_id FROM layer_blob WHERE blob = ?1", blob.ToString()) is string diffId ? Digest.Parse(diffId) : null;

    /// <summary>Forgets what a blob unpacks to: it goes.</summary>
    public static void Forget(StoreTransaction transaction, string blob) => transaction.Execute("DELETE FROM layer_blob WHERE blob = ?1", blob);
}
