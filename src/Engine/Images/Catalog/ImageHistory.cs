using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Images;

/// <summary>Puts the steps of an image's history beside its layers.</summary>
internal static class ImageHistory
{
    /// <summary>
    /// The steps, the first one first. A history is free text: steps beyond the layers have none, and layers that no
    /// step speaks of are steps of their own at the end.
    /// </summary>
    public static IReadOnlyList<ImageHistoryEntry> Of(Image image)
    {
        List<ImageHistoryEntry> entries = [];
        int next = 0;
        foreach (HistoryEntry step in image.Config.History ?? [])
        {
            ImageLayer? layer = step.EmptyLayer == true ? null : image.Layers.ElementAtOrDefault(next++);
            entries.Add(Entry(image, entries.Count, layer) with
            {
                CreatedAt = step.Created,
                CreatedBy = step.CreatedBy,
                Author = step.Author,
                Comment = step.Comment,
                EmptyLayer = step.EmptyLayer == true,
                Provenance = CommitProvenance.Read(step),
            });
        }
        foreach (ImageLayer layer in image.Layers.Skip(next))
        {
            entries.Add(Entry(image, entries.Count, layer));
        }
        return entries;
    }

    private static ImageHistoryEntry Entry(Image image, int position, ImageLayer? layer) => new()
    {
        Position = position,
        Size = layer?.Size ?? 0,
        DiffId = layer?.DiffId,
        LayerPosition = layer?.Position,
        ImageId = image.Id,
        Image = image.Tags is [var first, ..] ? first : image.Id[7..19],
    };
}
