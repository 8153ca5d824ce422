namespace LayerImage.Engine.Images;

/// <summary>
/// How much may come out of one layer's blob. A few kilobytes of gzip unpack to gigabytes of zeros, which fill a disk
/// before the digest says that something is wrong.
/// </summary>
public sealed record UnpackLimits
{
    /// <summary>Limits that allow as much as comes.</summary>
    public static UnpackLimits None { get; } = new() { Bytes = long.MaxValue, AlwaysAllowed = long.MaxValue };

    /// <summary>Bytes of tar that any layer may unpack to, however small its blob is: 1 GiB.</summary>
    public long AlwaysAllowed { get; init; } = 1L << 30;

    /// <summary>Beyond that, how many bytes of tar a byte of the blob may unpack to: 200. Layers of real images have 2 to 20.</summary>
    public int Ratio { get; init; } = 200;

    /// <summary>Bytes of tar that no layer may pass: 1 TiB.</summary>
    public long Bytes { get; init; } = 1L << 40;

    /// <summary>Bytes of tar that a blob of this size may unpack to.</summary>
    internal long For(long blobSize) => Math.Min(Bytes, Math.Max(AlwaysAllowed, blobSize > Bytes / Ratio ? Bytes : blobSize * Ratio));
}
