using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>Bytes that an image has on this disk.</summary>
/// <param name="Total">All of them.</param>
/// <param name="Unique">Those that go if this image alone goes.</param>
internal readonly record struct ImageBytes(long Total, long Unique);

/// <summary>
/// Counts what images have on the disk: unpacked layers, blobs as received, documents. It asks the questions that
/// <see cref="ImageRemover"/> decides by, for any number of images at once.
/// </summary>
internal static class ImageSizes
{
    private sealed record Thing(string Image, string Name, long Size, bool IsHeld);

    private sealed record Holders(long Count, string First);

    // What an image holds, and what goes with it although it holds another packing of the same layer.
    private const string BlobsOfImages = """
        SELECT thing.image, blob.digest, blob.size, max(thing.held) FROM (
            SELECT id AS image, id AS blob, 1 AS held FROM image WHERE {0}
            UNION ALL SELECT id, manifest, 1 FROM image WHERE manifest IS NOT NULL AND {0}
            UNION ALL SELECT image, substr(name, instr(name, '@') + 1), 1 FROM repo_digest WHERE {1}
            UNION ALL SELECT image, blob, 1 FROM image_layer WHERE blob IS NOT NULL AND {1}
            UNION ALL SELECT il.image, lb.blob, 0 FROM image_layer il JOIN layer_blob lb ON lb.diff_id = il.diff_id WHERE {1}
        ) thing JOIN blob ON blob.digest = thing.blob GROUP BY 1, 2
        """;

    private const string HoldersOfBlobs = """
        SELECT blob, count(DISTINCT image), min(image) FROM (
            SELECT id AS blob, id AS image FROM image WHERE id IN (SELECT value FROM json_each(?1))
            UNION ALL SELECT manifest, id FROM image WHERE manifest IN (SELECT value FROM json_each(?1))
            UNION ALL SELECT substr(name, instr(name, '@') + 1), image FROM repo_digest WHERE substr(name, instr(name, '@') + 1) IN (SELECT value FROM json_each(?1))
            UNION ALL SELECT blob, image FROM image_layer WHERE blob IN (SELECT value FROM json_each(?1))
        ) GROUP BY blob
        """;

    private const string BlobsOfContainers = """
        SELECT image FROM container
        UNION SELECT lb.blob FROM container_layer cl JOIN layer l ON l.key = cl.layer JOIN layer_blob lb ON lb.diff_id = l.diff_id
        """;

    private const string LayersOfImages = """
        SELECT il.image, l.key, l.content, max(il.layer = l.key) FROM image_layer il JOIN layer l ON l.diff_id = il.diff_id WHERE {0} GROUP BY 1, 2
        """;

    private const string HoldersOfLayers = "SELECT layer, count(DISTINCT image), min(image) FROM image_layer WHERE layer IN (SELECT value FROM json_each(?1)) GROUP BY layer";

    /// <summary>Counts for some images, or for all.</summary>
    /// <param name="transaction">A consistent view.</param>
    /// <param name="images">The images' ids; null for all.</param>
    public static IReadOnlyDictionary<string, ImageBytes> Of(StoreTransaction transaction, NameList? images)
    {
        string? ids = images?.Json;
        string only(string column) => ids is null ? "1" : $"{column} IN (SELECT value FROM json_each(?1))";
        Dictionary<string, ImageBytes> found = new(StringComparer.Ordinal);
        Count(transaction, string.Format(null, BlobsOfImages, only("id"), only("image")), HoldersOfBlobs, BlobsOfContainers, ids, found);
        Count(transaction, string.Format(null, LayersOfImages, only("image")), HoldersOfLayers, "SELECT layer FROM container_layer UNION SELECT layer FROM mount_layer", ids, found);
        return found;
    }

    private static void Count(StoreTransaction transaction, string things, string holders, string pins, string? ids, Dictionary<string, ImageBytes> found)
    {
        List<Thing> all = transaction.Query(things, row => new Thing(row.GetString(0), row.GetString(1), row.GetInt64(2), !row.IsDBNull(3) && row.GetBoolean(3)), ids ?? "");
        string names = new NameList(all.Select(thing => thing.Name).Distinct()).Json;
        Dictionary<string, Holders> held = transaction.Query(holders, row => KeyValuePair.Create(row.GetString(0), new Holders(row.GetInt64(1), row.GetString(2))), names).ToDictionary();
        HashSet<string> pinned = [.. transaction.Query(pins, row => row.GetString(0))];
        foreach (Thing thing in all)
        {
            Holders by = held.GetValueOrDefault(thing.Name) ?? new Holders(0, "");
            if (!thing.IsHeld && by.Count > 0)
            {
                continue; // another image's packing of a layer that they share
            }
            bool goes = (by.Count == 0 || (by.Count == 1 && by.First == thing.Image)) && !pinned.Contains(thing.Name);
            ImageBytes sofar = found.GetValueOrDefault(thing.Image);
            found[thing.Image] = new ImageBytes(sofar.Total + thing.Size, sofar.Unique + (goes ? thing.Size : 0));
        }
    }
}
