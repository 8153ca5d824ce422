using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Store;

/// <summary>The table <c>blob</c>: which blobs are here. The file comes first, the record after.</summary>
internal static class BlobTable
{
    /// <summary>Whether a blob is recorded.</summary>
    public static bool Exists(StoreTransaction transaction, Digest digest) =>
        transaction.Scalar<long>("SELECT count(*) FROM blob WHERE digest = ?1", digest.ToString()) > 0;

    /// <summary>How many blobs there are.</summary>
    public static long Count(StoreTransaction transaction) => transaction.Scalar<long>("SELECT count(*) FROM blob");

    /// <summary>The recorded size of a blob; null for one that is not recorded.</summary>
    public static long? SizeOf(StoreTransaction transaction, Digest digest) =>
        transaction.Scalar<long?>("SELECT size FROM blob WHERE digest = ?1", digest.ToString());

    /// <summary>All of them, by digest.</summary>
    public static List<(string Digest, long Size)> List(StoreTransaction transaction) =>
        transaction.Query("SELECT digest, size FROM blob ORDER BY digest", row => (row.GetString(0), row.GetInt64(1)));

    /// <summary>Records a blob whose file is in place.</summary>
    public static void Record(StoreTransaction transaction, Digest digest, long size) =>
        transaction.Execute("INSERT OR IGNORE INTO blob (digest, size) VALUES (?1, ?2)", digest.ToString(), size);

    /// <summary>Records a blob whose file was read and is whole: its size, too, whatever was recorded.</summary>
    public static void Correct(StoreTransaction transaction, Digest digest, long size) =>
        transaction.Execute("INSERT INTO blob (digest, size) VALUES (?1, ?2) ON CONFLICT (digest) DO UPDATE SET size = excluded.size", digest.ToString(), size);

    /// <summary>Deletes the record of a blob that nothing needs: see <see cref="Reachability"/>.</summary>
    public static void Delete(StoreTransaction transaction, string digest) => transaction.Execute("DELETE FROM blob WHERE digest = ?1", digest);
}
