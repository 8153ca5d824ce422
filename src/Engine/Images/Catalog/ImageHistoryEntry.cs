using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Images;

/// <summary>One step in which an image was made (image-spec, config.md "history").</summary>
public sealed record ImageHistoryEntry
{
    /// <summary>The step's place in the image's history; 0 is the first.</summary>
    public required int Position { get; init; }

    /// <summary>When the step was made.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>The command that made the step.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>Who made the step.</summary>
    public string? Author { get; init; }

    /// <summary>The message that the step was made with.</summary>
    public string? Comment { get; init; }

    /// <summary>Whether the step changed no files, so that there is no layer of it.</summary>
    public bool EmptyLayer { get; init; }

    /// <summary>Bytes of file content in its layer; 0 until it is unpacked.</summary>
    public long Size { get; init; }

    /// <summary>The DiffID of the layer that the step made; null when it made none.</summary>
    public string? DiffId { get; init; }

    /// <summary>The place among the layers of the one that the step made; null when it made none.</summary>
    public int? LayerPosition { get; init; }

    /// <summary>The container and image that it was committed from; null when it does not say so (Save-ContainerAsImage -Provenance).</summary>
    public CommitProvenance? Provenance { get; init; }

    /// <summary>The id of the image whose history was asked for.</summary>
    public required string ImageId { get; init; }

    /// <summary>The image whose history this is, as it was asked for, else by its first tag or its short id.</summary>
    public required string Image { get; init; }

    /// <inheritdoc/>
    public override string ToString() => CreatedBy ?? Comment ?? DiffId ?? $"step {Position}";
}
