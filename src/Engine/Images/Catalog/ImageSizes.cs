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
    /// <summary>Counts for some images, or for all.</summary>
    /// <param name="transaction">A consistent view.</param>
    /// <param name="images">The images' ids; null for all.</param>
    public static IReadOnlyDictionary<string, ImageBytes> Of(StoreTransaction transaction, NameList? images)
    {
        Dictionary<string, ImageBytes> found = new(StringComparer.Ordinal);
        List<ImageHolding> blobs = ImageHoldings.Blobs(transaction, images), layers = ImageHoldings.Layers(transaction, images);
        Count(blobs, ImageHoldings.HoldersOfBlobs(transaction, NamesOf(blobs)), Reachability.UsedBesidesImages(transaction, StoreKinds.Blob), found);
        Count(layers, ImageHoldings.HoldersOfLayers(transaction, NamesOf(layers)), Reachability.UsedBesidesImages(transaction, StoreKinds.Layer), found);
        return found;
    }

    private static NameList NamesOf(List<ImageHolding> holdings) => new(holdings.Select(holding => holding.Name).Distinct());

    private static void Count(List<ImageHolding> all, Dictionary<string, ImageHolders> holders, HashSet<string> pinned, Dictionary<string, ImageBytes> found)
    {
        foreach (ImageHolding thing in all)
        {
            ImageHolders by = holders.GetValueOrDefault(thing.Name) ?? new ImageHolders(0, "");
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
