using LayerImage.Engine.Oci;
using Xunit;

namespace LayerImage.Engine.Tests.Oci;

public sealed class IdPrefixTests
{
    [Theory]
    [InlineData("ab", "ab", "sha256:ab")]
    [InlineData("0FF", "0ff", "sha256:0ff")]
    [InlineData("sha256:AB", null, "sha256:ab")]
    [InlineData("SHA256:ab", null, "sha256:ab")]
    [InlineData("a", null, null)]
    [InlineData("", null, null)]
    [InlineData("sha256:", null, null)]
    [InlineData("sha512:ab", null, null)]
    [InlineData("box", null, null)]
    [InlineData("00000000000000000000000000000000000000000000000000000000000000000", null, null)]
    public void Text_IsABeginningOfAnIdOrNone(string text, string? container, string? image) =>
        Assert.Equal((container, image), (IdPrefix.OfContainer(text), IdPrefix.OfImage(text)));
}
