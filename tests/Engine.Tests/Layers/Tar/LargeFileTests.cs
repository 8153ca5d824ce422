using LayerImage.Engine.Layers;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>Sizes for which the eleven octal digits of a header do not reach: 8 GiB and more.</summary>
public sealed class LargeFileTests : IDisposable
{
    private const long Size = (9L << 30) + 3;
    private readonly TempFolder _folder = new("large-");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void SizeInBase256_IsReadAndTheNextEntryFound()
    {
        byte[] header = new UstarHeader("large").ToBytes();
        Assert.Equal(Size, Numbered(header));
        using FileStream tar = new(_folder["tar"], FileMode.CreateNew);
        tar.Write(header);
        tar.Position = 512 + Size + 509; // the data is a hole
        tar.Write(new LayerBuilder().Raw(new UstarHeader("after")).ToTar());
        tar.Position = 0;
        TarReader reader = new(tar);

        Assert.Equal(Size, reader.Next()!.Attributes.Size);
        Assert.Equal("after", reader.Next()!.Name.ToString());
        Assert.Null(reader.Next());
    }

    [Fact]
    public void SizeThatTheEngineWrites_IsReadBack()
    {
        using MemoryStream tar = new();
        new TarWriter(tar).WriteHeader(new TarEntry { Type = LayerNodeType.File, Name = "large", Attributes = new() { Size = Size } });
        tar.Position = 0;

        Assert.Equal(Size, new TarReader(tar).Next()!.Attributes.Size);
    }

    private static long Numbered(byte[] header)
    {
        TarHeader.SetSize(header, Size);
        TarHeader changed = new(header);
        Assert.True(changed.ChecksumFits);
        return changed.Size;
    }
}
