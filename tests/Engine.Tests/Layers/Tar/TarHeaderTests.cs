using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Layers;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>The fields of a header block.</summary>
public sealed class TarHeaderTests
{
    [Theory]
    [InlineData("0000644\0", 420)]
    [InlineData("   644 \0", 420)]
    [InlineData("644", 420)]
    [InlineData("\0\0\0", 0)]
    [InlineData("        ", 0)]
    public void Number_IsOctal(string field, long number) => Assert.Equal(number, TarHeader.Number(Encoding.ASCII.GetBytes(field), "x"));

    [Theory]
    [InlineData(new byte[] { 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2 }, 258)]
    [InlineData(new byte[] { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe }, -2)]
    [InlineData(new byte[] { 0x80, 0, 0, 0, 0, 1, 0x11, 0x70 }, 70_000)]
    public void Number_IsBase256WhereItsFirstBitIsSet(byte[] field, long number) => Assert.Equal(number, TarHeader.Number(field, "x"));

    [Theory]
    [InlineData("8")]
    [InlineData("12x")]
    [InlineData("-1")]
    public void NumberThatIsNone_IsRefused(string field) =>
        Assert.Equal(EngineError.LayerInvalid, Assert.Throws<LayerImageException>(() => TarHeader.Number(Encoding.ASCII.GetBytes(field), "x")).Error);

    [Theory]
    [InlineData(0)]
    [InlineData(0x1FFFFFFFF)]
    [InlineData(0x200000000)]
    public void Size_IsReadAsItWasSet(long size)
    {
        byte[] block = new UstarHeader("x").ToBytes();

        TarHeader.SetSize(block, size);

        TarHeader header = new(block);
        Assert.Equal((size, true, true, false), (header.Size, header.ChecksumFits, header.IsUstar, header.IsZero));
    }
}
