using LayerImage.Engine.Text;

namespace LayerImage.Engine.Images;

/// <summary>What receiving an image would do about one of its layers.</summary>
public sealed record PullPlanLayer
{
    /// <summary>The layer's place in the image; 0 is the base.</summary>
    public required int Position { get; init; }

    /// <summary>The digest of the blob.</summary>
    public required string Digest { get; init; }

    /// <summary>The digest of the uncompressed tar.</summary>
    public required string DiffId { get; init; }

    /// <summary>What the manifest says the blob is.</summary>
    public required string MediaType { get; init; }

    /// <summary>How many bytes the layer's blob has.</summary>
    public required long DownloadSize { get; init; }

    /// <summary>Whether the layer is here: nothing of it would be received.</summary>
    public required bool Present { get; init; }

    /// <summary>The images here that have it, by a tag or their short id.</summary>
    public required IReadOnlyList<string> SharedWith { get; init => field = ReadableList.Of(value); }

    /// <summary>Bytes that would be received: none when it is here, the rest when an earlier try was cut off.</summary>
    public required long BytesToReceive { get; init; }

    /// <summary>
    /// Bytes that the layer has or will have on disk, blob and unpacked content. Of a layer that is not here the content is what the end
    /// of its gzip blob says (RFC 1952, ISIZE: the tar's bytes, modulo 4 GiB); null when it does not say.
    /// </summary>
    public required long? BytesOnDisk { get; init; }

    /// <summary>The command that made it, from the image's history.</summary>
    public string? CreatedBy { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Digest;
}
