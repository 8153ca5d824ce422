using LayerImage.Engine.Layers;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>The names by which a tar deletes.</summary>
public sealed class WhiteoutsTests
{
    [Theory]
    [InlineData(".wh.a", true, false, false)]
    [InlineData(".wh.", true, false, false)]
    [InlineData(".wh..wh..opq", true, true, false)]
    [InlineData(".wh..wh.plnk", true, false, true)]
    [InlineData("wh.a", false, false, false)]
    [InlineData(".wha", false, false, false)]
    public void Name_IsToldByItsBeginning(string name, bool isWhiteout, bool isOpaque, bool isAufs) =>
        Assert.Equal((isWhiteout, isOpaque, isAufs), (Whiteouts.IsWhiteout(name), Whiteouts.IsOpaque(name), Whiteouts.IsAufs(name)));

    [Theory]
    [InlineData("a")]
    [InlineData(".wh.a")]
    [InlineData("é")]
    public void WhiteoutOfAName_HidesThatName(string name) => Assert.Equal(name, Whiteouts.Hidden(Whiteouts.Of(name)).ToString());

    [Fact]
    public void BareWhiteout_HidesNothing() => Assert.Empty(Whiteouts.Hidden(".wh.").Bytes.ToArray());
}
