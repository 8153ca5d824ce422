using System.IO.Compression;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Layers;

/// <summary>How a layer's tar is compressed.</summary>
public enum LayerCompression
{
    /// <summary>Not at all.</summary>
    None,
    /// <summary>gzip (RFC 1952).</summary>
    Gzip,
    /// <summary>Zstandard (RFC 8878).</summary>
    Zstd,
}

/// <summary>
/// Decompresses a layer by what its first bytes say: media types lie, and every engine looks at the bytes.
/// </summary>
internal static class Decompression
{
    /// <summary>The tar inside. Disposing it leaves the source open.</summary>
    public static Stream Open(Stream source, out LayerCompression compression)
    {
        byte[] magic = new byte[4];
        int length = source.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        compression = Sniff(magic.AsSpan(0, length));
        Stream whole = new PrefixedStream(magic.AsMemory(0, length), source);
        return compression switch
        {
            LayerCompression.Gzip => new GZipStream(whole, CompressionMode.Decompress, leaveOpen: true),
            LayerCompression.Zstd => new ZstdSharp.DecompressionStream(whole, leaveOpen: true),
            _ => whole,
        };
    }

    /// <summary>Whether an exception says that compressed data is malformed.</summary>
    public static bool IsMalformed(Exception exception) => exception is InvalidDataException or ZstdSharp.ZstdException or EndOfStreamException;

    public static LayerImageException Malformed(Exception inner) =>
        new(EngineError.LayerInvalid, $"The layer's compression is malformed: {inner.Message}", inner) { Advice = "The image was built wrongly or is hostile; ask who made it." };

    /// <summary>What the first four bytes say.</summary>
    public static LayerCompression Sniff(ReadOnlySpan<byte> magic) => magic switch
    {
        [0x1f, 0x8b, ..] => LayerCompression.Gzip,
        [0x28, 0xb5, 0x2f, 0xfd] => LayerCompression.Zstd,
        [>= 0x50 and <= 0x5f, 0x2a, 0x4d, 0x18] => LayerCompression.Zstd, // a skippable frame comes first
        _ => LayerCompression.None,
    };
}
