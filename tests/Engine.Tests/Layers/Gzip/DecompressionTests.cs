using System.IO.Compression;
using LayerImage.Engine.Layers;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>A layer's compression is told by its first bytes.</summary>
public sealed class DecompressionTests
{
    private static readonly byte[] s_tar = [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 31))];

    public static TheoryData<string, byte[]> Blobs => new()
    {
        { nameof(LayerCompression.None), s_tar },
        { nameof(LayerCompression.Gzip), Compressed(stream => new GZipStream(stream, CompressionLevel.Fastest)) },
        { nameof(LayerCompression.Zstd), Compressed(stream => new ZstdSharp.CompressionStream(stream)) },
        { nameof(LayerCompression.Zstd), [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3, .. Compressed(stream => new ZstdSharp.CompressionStream(stream))] },
    };

    [Theory]
    [MemberData(nameof(Blobs))]
    public void Blob_IsOpenedByWhatItIs(string compression, byte[] blob)
    {
        using Stream tar = Decompression.Open(new MemoryStream(blob), out LayerCompression found);
        using MemoryStream read = new();
        tar.CopyTo(read);

        Assert.Equal(compression, found.ToString());
        Assert.Equal(s_tar, read.ToArray());
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0x1f })]
    [InlineData(new byte[] { 0x28, 0xb5, 0x2f })]
    public void TooFewBytes_AreNotCompressed(byte[] blob)
    {
        using Stream tar = Decompression.Open(new MemoryStream(blob), out LayerCompression found);
        using MemoryStream read = new();
        tar.CopyTo(read);

        Assert.Equal(LayerCompression.None, found);
        Assert.Equal(blob, read.ToArray());
    }

    private static byte[] Compressed(Func<Stream, Stream> open)
    {
        MemoryStream bytes = new();
        using (Stream stream = open(bytes))
        {
            stream.Write(s_tar);
        }
        return bytes.ToArray();
    }
}
