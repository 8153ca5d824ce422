using LayerImage.Engine.Text;

namespace LayerImage.Engine.Images;

/// <summary>What the removal of an image did, or would do.</summary>
public sealed record ImageRemoval
{
    /// <summary>The id of the image that the removal was about.</summary>
    public required string ImageId { get; init; }

    /// <summary>Names that were taken away.</summary>
    public required IReadOnlyList<string> Untagged { get; init => field = ReadableList.Of(value); }

    /// <summary>Whether the image itself is gone.</summary>
    public bool Deleted { get; init; }

    /// <summary>DiffIDs of layers that are gone, since nothing else has them.</summary>
    public IReadOnlyList<string> DeletedLayers { get; init => field = ReadableList.Of(value); } = ReadableList.None<string>();

    /// <summary>Bytes of file content and blobs that were freed.</summary>
    public long BytesFreed { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Deleted ? $"deleted {ImageId}" : $"untagged {string.Join(", ", Untagged)}";
}
