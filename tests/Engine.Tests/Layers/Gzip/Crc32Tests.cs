using System.Buffers.Binary;
using System.IO.Compression;
using LayerImage.Engine.Layers;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>The CRC of a whole from those of its parts.</summary>
public sealed class Crc32Tests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 7)]
    [InlineData(7, 0)]
    [InlineData(1, 1)]
    [InlineData(1000, 70_001)]
    public void CrcsOfTwoParts_MakeThatOfTheWhole(int first, int second)
    {
        byte[] bytes = [.. Enumerable.Range(0, first + second).Select(i => (byte)(i * 7919 >> 3))];

        Assert.Equal(Crc(bytes), Crc32.Combine(Crc(bytes[..first]), Crc(bytes[first..]), second));
    }

    // zlib's: a gzip trailer has it.
    private static uint Crc(byte[] bytes)
    {
        using MemoryStream gzip = new();
        using (GZipStream stream = new(gzip, CompressionLevel.NoCompression, leaveOpen: true))
        {
            stream.Write(bytes);
            stream.Flush(); // writes a header and a trailer also for nothing
        }
        return gzip.Length == 0 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(gzip.ToArray().AsSpan((int)gzip.Length - 8));
    }
}
