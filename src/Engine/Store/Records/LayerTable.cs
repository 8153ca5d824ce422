using LayerImage.Engine.Oci;
using Microsoft.Data.Sqlite;

namespace LayerImage.Engine.Store;

/// <summary>The table <c>layer</c>: the unpacked layers.</summary>
internal static class LayerTable
{
    private const string Columns = "key, diff_id, content, tar_size, entries, has_root, has_implied, writer";

    /// <summary>Whether a layer is recorded.</summary>
    public static bool Exists(StoreTransaction transaction, string key) => transaction.Scalar<long>("SELECT count(*) FROM layer WHERE key = ?1", key) > 0;

    /// <summary>How many unpacked layers there are.</summary>
    public static long Count(StoreTransaction transaction) => transaction.Scalar<long>("SELECT count(*) FROM layer");

    /// <summary>All unpacked layers, by key.</summary>
    public static List<LayerRecord> List(StoreTransaction transaction) => transaction.Query($"SELECT {Columns} FROM layer ORDER BY key", Read);

    /// <summary>A layer by its key, or null.</summary>
    public static LayerRecord? Find(StoreTransaction transaction, string key) =>
        transaction.Query($"SELECT {Columns} FROM layer WHERE key = ?1", Read, key).FirstOrDefault();

    /// <summary>The layer with this DiffID that is good for this stack, or null.</summary>
    public static LayerRecord? Find(StoreTransaction transaction, Digest diffId, Digest chainId) => transaction.Query(
        $"SELECT {Columns} FROM layer WHERE diff_id = ?1 AND (has_implied = 0 OR key = ?2)", Read, diffId.ToString(), chainId.Hex).FirstOrDefault();

    /// <summary>The layers with these DiffIDs: several of one that takes directories' attributes from below.</summary>
    public static List<LayerRecord> WithDiffIds(StoreTransaction transaction, NameList diffIds) =>
        transaction.Query($"SELECT {Columns} FROM layer WHERE diff_id {NameList.In}", Read, diffIds.Json);

    /// <summary>Records a layer whose directory is in place, anew if need be.</summary>
    public static void Record(StoreTransaction transaction, LayerRecord layer) => transaction.Execute(
        $"INSERT OR REPLACE INTO layer ({Columns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        layer.Key, layer.DiffId.ToString(), layer.ContentBytes, layer.TarSize, layer.Entries, layer.HasRoot, layer.HasImplied, layer.Writer);

    private static LayerRecord Read(SqliteDataReader row) => new()
    {
        Key = row.GetString(0),
        DiffId = Digest.Parse(row.GetString(1)),
        ContentBytes = row.GetInt64(2),
        TarSize = row.GetInt64(3),
        Entries = row.GetInt64(4),
        HasRoot = row.GetBoolean(5),
        HasImplied = row.GetBoolean(6),
        Writer = (int?)row.Long(7),
    };
}
