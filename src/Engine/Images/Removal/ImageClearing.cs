using LayerImage.Engine.References;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>Which images are no longer wanted: all of what is said here holds for them, and nothing uses them.</summary>
public sealed record ImageClearing
{
    /// <summary>Only images without a tag.</summary>
    public bool Dangling { get; init; }

    /// <summary>Only images that were neither received nor made nor taken for a container since.</summary>
    public DateTimeOffset? UnusedSince { get; init; }

    /// <summary>In each repository all tags but those of so many newest images. Images without a tag are not meant.</summary>
    public int? KeepLast { get; init; }

    /// <summary>Only images with all these labels: "key", or "key=value".</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Those of these images that are meant, with the tag when only that is meant.</summary>
    internal IReadOnlyList<(Image Image, string? Tag)> Choose(IReadOnlyList<Image> images, StoreDatabase database)
    {
        HashSet<string> used = database.Read(transaction => Reachability.Used(transaction, StoreKinds.Image));
        ImageFilter filter = new() { Dangling = Dangling ? true : null, Labels = Labels };
        bool isMeant(Image image) => !used.Contains(image.Id) && (UnusedSince is null || image.LastUsedAt < UnusedSince) && filter.Matches(image);
        return KeepLast is int count
            ? [.. Surplus(images, count).Where(item => isMeant(item.Image))]
            : [.. images.Where(isMeant).Select(image => (image, (string?)null))];
    }

    private static IEnumerable<(Image Image, string? Tag)> Surplus(IReadOnlyList<Image> images, int count) => images
        .SelectMany(image => image.Tags.Select(tag => (Image: image, Tag: ImageReference.Parse(tag))))
        .GroupBy(item => item.Tag.Name)
        .SelectMany(repository => repository.GroupBy(item => item.Image.Id)
            .OrderByDescending(image => image.First().Image.CreatedAt ?? image.First().Image.StoredAt).ThenByDescending(image => image.First().Image.StoredAt)
            .Skip(count).SelectMany(image => image))
        .Select(item => (item.Image, (string?)item.Tag.Canonical));
}
