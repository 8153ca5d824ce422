using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Images;

/// <summary>One step in which an image was made (image-spec, config.md "history").</summary>
public sealed record ImageHistoryEntry
{
    /// <summary>0 is the first step.</summary>
    public required int Position { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>By which command.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>By whom.</summary>
    public string? Author { get; init; }

    /// <summary>With which message.</summary>
    public string? Comment { get; init; }

    /// <summary>Whether the step changed no files, so that there is no layer of it.</summary>
    public bool EmptyLayer { get; init; }

    /// <summary>Bytes of file content in its layer; 0 until it is unpacked.</summary>
    public long Size { get; init; }

    /// <summary>Its layer's DiffID; null when there is none.</summary>
    public string? DiffId { get; init; }

    /// <summary>Its layer's place among the layers; null when there is none.</summary>
    public int? LayerPosition { get; init; }

    /// <summary>The container and image that it was committed from; null when it does not say so (Save-ContainerAsImage -Provenance).</summary>
    public CommitProvenance? Provenance { get; init; }

    /// <summary>The image that it was asked of.</summary>
    public required string ImageId { get; init; }

    /// <summary>That image as it was asked for, else by its first tag or its short id.</summary>
    public required string Image { get; init; }

    /// <inheritdoc/>
    public override string ToString() => CreatedBy ?? Comment ?? DiffId ?? $"step {Position}";
}
