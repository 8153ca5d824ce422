using LayerImage.Engine.Layers;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>Names for people: no two look alike, and those that are text look like it.</summary>
public sealed class PathTextTests
{
    [Theory]
    [InlineData(new byte[] { (byte)'a', 0xc3, 0xa9 }, "aé")]
    [InlineData(new byte[] { (byte)'a', (byte)'\\' }, "a\\")]
    [InlineData(new byte[] { 0xff, (byte)'\\', 0xc3, 0xa9 }, "\\xff\\\\é")]
    [InlineData(new byte[] { 0xc3 }, "\\xc3")]
    [InlineData(new byte[0], "")]
    public void Bytes_AreShownWithoutLoss(byte[] path, string text) => Assert.Equal(text, PathText.Of(path));
}
