namespace LayerImage.Engine.Store;

/// <summary>Something that an image has on the disk.</summary>
/// <param name="Image">The image.</param>
/// <param name="Name">A blob's digest or a layer's key.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="IsHeld">Whether the image needs just this; else it needs the same layer in another form, and this one goes with
/// it if no image needs this one.</param>
internal sealed record ImageHolding(string Image, string Name, long Size, bool IsHeld);

/// <summary>Which images need a thing.</summary>
/// <param name="Count">How many.</param>
/// <param name="First">One of them.</param>
internal sealed record ImageHolders(long Count, string First);

/// <summary>What images have on the disk, for any number of them at once: the questions that a removal decides by.</summary>
internal static class ImageHoldings
{
    private static readonly ImageQuery s_layers = new(
        "SELECT il.image, l.key, l.content, max(il.layer = l.key) FROM image_layer il JOIN layer l ON l.diff_id = il.diff_id {0} GROUP BY 1, 2", "image");

    /// <summary>The blobs of these images, or of all.</summary>
    public static List<ImageHolding> Blobs(StoreTransaction transaction, NameList? images) =>
        Read(transaction, images is null ? transaction.Claims.BlobsOfAllImages : transaction.Claims.BlobsOfImages, images);

    /// <summary>The unpacked layers of these images, or of all.</summary>
    public static List<ImageHolding> Layers(StoreTransaction transaction, NameList? images) => Read(transaction, s_layers.Of(images), images);

    /// <summary>Which images need each of these blobs.</summary>
    public static Dictionary<string, ImageHolders> HoldersOfBlobs(StoreTransaction transaction, NameList digests) =>
        ReadHolders(transaction, transaction.Claims.HoldersOfBlobs, digests);

    /// <summary>Which images need each of these layers.</summary>
    public static Dictionary<string, ImageHolders> HoldersOfLayers(StoreTransaction transaction, NameList keys) =>
        ReadHolders(transaction, transaction.Claims.HoldersOfLayers, keys);

    private static List<ImageHolding> Read(StoreTransaction transaction, string query, NameList? images) => transaction.Query(query,
        row => new ImageHolding(row.GetString(0), row.GetString(1), row.GetInt64(2), !row.IsDBNull(3) && row.GetBoolean(3)), images?.Json ?? "");

    private static Dictionary<string, ImageHolders> ReadHolders(StoreTransaction transaction, string query, NameList names) => transaction
        .Query(query, row => KeyValuePair.Create(row.GetString(0), new ImageHolders(row.GetInt64(1), row.GetString(2))), names.Json)
        .ToDictionary(StringComparer.Ordinal);
}
