namespace LayerImage.Engine.Images;

/// <summary>How a blob came to be in a repository.</summary>
public enum SentOutcome : long // ConvertTo-Json writes the words of such an enumeration, and of others the numbers.
{
    /// <summary>The blob was sent.</summary>
    Pushed,
    /// <summary>The registry took it from another of its repositories.</summary>
    Mounted,
    /// <summary>The repository had the blob before.</summary>
    AlreadyThere,
}

/// <summary>One layer of an image that was sent.</summary>
/// <param name="Digest">The blob's digest.</param>
/// <param name="Size">Bytes of the blob.</param>
/// <param name="Outcome">How it came to be there.</param>
/// <param name="BytesSent">Bytes that went over the wire for it; less than the size when an earlier try was gone on with.</param>
public sealed record SentLayer(string Digest, long Size, SentOutcome Outcome, long BytesSent)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Digest} {Outcome}";
}
