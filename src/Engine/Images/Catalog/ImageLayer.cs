using LayerImage.Engine.Text;

namespace LayerImage.Engine.Images;

/// <summary>One layer of an image.</summary>
public sealed record ImageLayer
{
    /// <summary>The layer's place in the image; 0 is the base.</summary>
    public required int Position { get; init; }

    /// <summary>The digest of the uncompressed tar.</summary>
    public required string DiffId { get; init; }

    /// <summary>The digest of the stack up to this layer.</summary>
    public required string ChainId { get; init; }

    /// <summary>The digest of the blob as received; null for a layer made here.</summary>
    public string? Digest { get; init; }

    /// <summary>What the blob is; null for a layer made here.</summary>
    public string? MediaType { get; init; }

    /// <summary>Bytes of file content, as unpacked on disk; 0 until it is unpacked.</summary>
    public long Size { get; init; }

    /// <summary>Bytes of the blob, as received; 0 for a layer made here.</summary>
    public long DownloadSize { get; init; }

    /// <summary>Entries in the layer.</summary>
    public long Entries { get; init; }

    /// <summary>The command that made it, from the image's history.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>The images that have it, by a tag or their short id.</summary>
    public IReadOnlyList<string> UsedBy { get; init => field = ReadableList.Of(value); } = ReadableList.None<string>();

    /// <summary>Whether another image has it too: it is on disk once.</summary>
    public bool IsShared => UsedBy.Count > 1;

    /// <summary>The layer's directory, in overlayfs's form; null until it is unpacked.</summary>
    public string? Path { get; init; }

    /// <summary>The id of the image whose layers were asked for.</summary>
    public required string ImageId { get; init; }

    /// <summary>The image whose layers were asked for, in the words of who asked, else by its first tag or its short id.</summary>
    public required string Image { get; init; }

    /// <inheritdoc/>
    public override string ToString() => DiffId;
}
