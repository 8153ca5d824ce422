using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Images;

/// <summary>Which images are meant: all of what is said here holds for them.</summary>
public sealed record ImageFilter
{
    /// <summary>With a tag (false), without one (true), or both (null).</summary>
    public bool? Dangling { get; init; }

    /// <summary>For this machine; without a variant for all its variants.</summary>
    public Platform? Platform { get; init; }

    /// <summary>With all these labels: "key", or "key=value".</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Only images that were made before this time.</summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>Only images that were made after this time.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Whether an image passes the filter.</summary>
    public bool Matches(Image image) =>
        (Dangling is null || Dangling == (image.Tags.Count == 0))
        && (Platform is null || IsFor(Platform, image.Platform))
        && (Before is null || (image.CreatedAt ?? image.StoredAt) < Before)
        && (Since is null || (image.CreatedAt ?? image.StoredAt) > Since)
        && Labels.All(label => HasLabel(image.Config, label));

    private static bool IsFor(Platform wanted, string platform)
    {
        Platform made = Platform.Parse(platform);
        return made.OS == wanted.OS && made.Architecture == wanted.Architecture && (wanted.Variant is null || made.Variant == wanted.Variant);
    }

    private static bool HasLabel(ImageConfig config, string label)
    {
        int equals = label.IndexOf('=', StringComparison.Ordinal);
        string key = equals < 0 ? label : label[..equals];
        return config.Config?.Labels?.TryGetValue(key, out string? value) == true && (equals < 0 || value == label[(equals + 1)..]);
    }
}
