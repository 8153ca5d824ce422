using System.IO.Compression;
using LayerImage.Engine.Layers;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>A piece of a stream takes what it has room for, and its deflated bytes are a piece of a stream again.</summary>
public sealed class GzipBlockTests
{
    [Fact]
    public void Block_TakesNoMoreThanItHasRoomFor()
    {
        GzipBlock block = new();

        Assert.Equal((GzipBlock.Size, 0, GzipBlock.Size), (block.Add(new byte[GzipBlock.Size + 1]), block.Add([1]), block.Length));
        block.Clear();
        Assert.Equal((1, 1), (block.Add([1]), block.Length));
    }

    [Fact]
    public void DeflatedBlocks_AreOneStream()
    {
        GzipBlock block = new();
        using MemoryStream deflated = new();
        foreach (byte[] piece in (byte[][])["first "u8.ToArray(), "second"u8.ToArray()])
        {
            block.Clear();
            block.Add(piece);
            block.Deflate();
            deflated.Write(block.Deflated);
        }
        deflated.Write([0x03, 0x00]); // an empty last block
        deflated.Position = 0;

        using StreamReader text = new(new DeflateStream(deflated, CompressionMode.Decompress));
        Assert.Equal("first second", text.ReadToEnd());
    }
}
