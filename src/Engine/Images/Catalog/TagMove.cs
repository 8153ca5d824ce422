using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>A tag that another image had until a commit took it.</summary>
/// <param name="Tag">The tag, as users write it.</param>
/// <param name="From">The other image's id.</param>
/// <param name="IsLast">Whether that image has no other tag.</param>
internal sealed record TagMove(string Tag, string From, bool IsLast)
{
    /// <summary>What giving a tag to an image takes away; null for nothing.</summary>
    public static TagMove? Find(StoreDatabase database, ImageReference tag, Digest image) => database.Read(transaction =>
    {
        string? owner = TagTable.OwnerOf(transaction, tag.Canonical);
        return owner is null || owner == image.ToString()
            ? null
            : new TagMove(tag.Familiar, owner, TagTable.CountOf(transaction, owner) == 1);
    });

    /// <summary>Tells it: as a warning when the other image is left without a name.</summary>
    public void Report(IEngineObserver observer)
    {
        string text = $"The tag {Tag} was taken from the image {From}";
        if (IsLast)
        {
            observer.Warning($"{text}, which has no name now.");
        }
        else
        {
            observer.Verbose($"{text}.");
        }
    }
}
