using LayerImage.Engine.Text;

namespace LayerImage.Engine.Images;

/// <summary>An image that was sent to a registry.</summary>
public sealed record SentImage
{
    /// <summary>The image's name in the registry: "registry:5000/team/app:1".</summary>
    public required string Reference { get; init; }

    /// <summary>The digest of its manifest, the same there and here.</summary>
    public required string Digest { get; init; }

    /// <summary>What the manifest is.</summary>
    public required string MediaType { get; init; }

    /// <summary>The layers, the base first.</summary>
    public required IReadOnlyList<SentLayer> Layers { get; init => field = ReadableList.Of(value); }

    /// <summary>How many layers the image has.</summary>
    public int LayerCount => Layers.Count;

    /// <summary>Bytes that went over the wire for it, the configuration's among them.</summary>
    public required long BytesSent { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Reference;
}
