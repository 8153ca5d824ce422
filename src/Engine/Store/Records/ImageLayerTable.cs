using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Store;

/// <summary>A layer in an image, with what its unpacked form has.</summary>
/// <param name="Image">The image.</param>
/// <param name="Position">0 is the base.</param>
/// <param name="DiffId">The digest of its tar.</param>
/// <param name="Key">The unpacked layer; null until it is unpacked.</param>
/// <param name="Blob">The blob it came in; null for one made here.</param>
/// <param name="BlobSize">The blob's bytes.</param>
/// <param name="MediaType">The blob's.</param>
/// <param name="Content">Bytes of file content.</param>
/// <param name="Entries">Entries of the tar.</param>
internal sealed record ImageLayerRow(
    string Image,
    int Position,
    string DiffId,
    string? Key,
    string? Blob,
    long BlobSize,
    string? MediaType,
    long Content,
    long Entries);

/// <summary>The table <c>image_layer</c>: which layers images have.</summary>
internal static class ImageLayerTable
{
    private static readonly ImageQuery s_list = new("""
        SELECT image, position, il.diff_id, layer, blob, coalesce(blob_size, 0), media_type, coalesce(content, 0), coalesce(entries, 0)
        FROM image_layer il LEFT JOIN layer ON layer.key = il.layer {0} ORDER BY image, position
        """, "image");

    /// <summary>The layers of these images, or of all, the base first.</summary>
    public static List<ImageLayerRow> List(StoreTransaction transaction, NameList? images) => transaction.Query(s_list.Of(images),
        row =>
            new ImageLayerRow(
                row.GetString(0),
                row.GetInt32(1),
                row.GetString(2),
                row.Text(3),
                row.Text(4),
                row.GetInt64(5),
                row.Text(6),
                row.GetInt64(7),
                row.GetInt64(8)),
        images?.Json ?? "");

    /// <summary>The DiffIDs of an image's layers, each once.</summary>
    public static List<string> DiffIdsOf(StoreTransaction transaction, string image) =>
        transaction.Query("SELECT DISTINCT diff_id FROM image_layer WHERE image = ?1", row => row.GetString(0), image);

    /// <summary>The images that have a layer.</summary>
    public static List<string> ImagesWith(StoreTransaction transaction, Digest diffId) =>
        transaction.Query("SELECT DISTINCT image FROM image_layer WHERE diff_id = ?1", row => row.GetString(0), diffId.ToString());

    /// <summary>Which images have each of these layers: the first tag of an image, or the id of one without; sorted.</summary>
    public static List<(string DiffId, string Image)> NamesOfImagesWith(StoreTransaction transaction, NameList diffIds) => transaction.Query($"""
        SELECT DISTINCT il.diff_id, coalesce((SELECT min(name) FROM tag WHERE tag.image = il.image), il.image)
        FROM image_layer il WHERE il.diff_id {NameList.In} ORDER BY 2
        """, row => (row.GetString(0), row.GetString(1)), diffIds.Json);

    /// <summary>
    /// The keys of the layers that a layer stands on in one of its images, the top one first. Without those that are not unpacked.
    /// </summary>
    public static List<string> Below(StoreTransaction transaction, string key) => transaction.Query("""
        SELECT b.layer FROM image_layer b
        JOIN (SELECT image, position FROM image_layer WHERE layer = ?1 LIMIT 1) own ON b.image = own.image AND b.position < own.position
        WHERE b.layer IS NOT NULL ORDER BY b.position DESC
        """, row => row.GetString(0), key);

    /// <summary>
    /// All layers that there are by DiffID, in an image or not, with the key of an unpacked form. One that is unpacked twice,
    /// over different ones, comes once.
    /// </summary>
    public static List<(Digest DiffId, string? Key)> AllByDiffId(StoreTransaction transaction) => transaction.Query(
        "SELECT diff_id, max(layer) FROM image_layer GROUP BY diff_id "
            + "UNION SELECT diff_id, max(key) FROM layer WHERE diff_id NOT IN (SELECT diff_id FROM image_layer) GROUP BY diff_id",
        row => (Digest.Parse(row.GetString(0)), row.Text(1)));

    /// <summary>The size of a blob that an image names as a layer, or that is recorded; null where it is not known.</summary>
    public static long? SizeOfBlob(StoreTransaction transaction, Digest blob) =>
        transaction.Scalar<long?>(
            "SELECT blob_size FROM image_layer WHERE blob = ?1 UNION ALL SELECT size FROM blob WHERE digest = ?1 LIMIT 1", blob.ToString());

    /// <summary>Images of which layers in between have no record: how many have, and the last one's position.</summary>
    public static List<(string Image, long Count, long Last)> Gaps(StoreTransaction transaction) => transaction.Query(
        "SELECT image, count(*), max(position) FROM image_layer GROUP BY image HAVING max(position) <> count(*) - 1",
        row => (row.GetString(0), row.GetInt64(1), row.GetInt64(2)));

    /// <summary>Images with a layer that has neither a blob nor an unpacked form.</summary>
    public static List<string> ImagesWithNothing(StoreTransaction transaction) =>
        transaction.Query("SELECT DISTINCT image FROM image_layer WHERE layer IS NULL AND blob IS NULL", row => row.GetString(0));

    /// <summary>Records a layer of an image; of one that is recorded, what was not known of it.</summary>
    public static void Record(StoreTransaction transaction, string image, int position, Digest diffId, string? key, Descriptor? blob) => transaction.Execute("""
        INSERT INTO image_layer (image, position, diff_id, layer, blob, blob_size, media_type) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (image, position) DO UPDATE SET layer = coalesce(excluded.layer, layer), blob = coalesce(excluded.blob, blob),
            blob_size = coalesce(excluded.blob_size, blob_size), media_type = coalesce(excluded.media_type, media_type)
        """, image, position, diffId.ToString(), key, blob?.Digest.ToString(), blob?.Size, blob?.MediaType);

    /// <summary>Records that a layer of an image is unpacked.</summary>
    public static void SetLayer(StoreTransaction transaction, string image, int position, string key) =>
        transaction.Execute("UPDATE image_layer SET layer = ?3 WHERE image = ?1 AND position = ?2", image, position, key);

    /// <summary>Records a blob for every image that has the layer and no blob for it: they all have the same tar.</summary>
    public static void SetBlob(StoreTransaction transaction, Digest diffId, Descriptor blob) => transaction.Execute(
        "UPDATE image_layer SET blob = ?2, blob_size = ?3, media_type = ?4 WHERE diff_id = ?1 AND blob IS NULL",
        diffId.ToString(),
        blob.Digest.ToString(),
        blob.Size,
        blob.MediaType);
}
