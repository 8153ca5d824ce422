using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Layers;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>Names of a tar as paths in a layer: what they are split into, and what is refused.</summary>
public sealed class LayerPathTests
{
    [Theory]
    [InlineData("a/b", "a/b")]
    [InlineData("./a//b/.", "a/b")]
    [InlineData("/a/", "a")]
    [InlineData(".", "")]
    [InlineData("..a/...", "..a/...")]
    [InlineData(".wh.a", ".wh.a")]
    [InlineData("a/.wh..wh.plnk/b", "a/.wh..wh.plnk/b")]
    public void Name_IsSplitIntoItsParts(string name, string path)
    {
        LayerPath parsed = LayerPath.Parse(name);

        Assert.Equal((path, path, path.Length == 0, path.Length), (parsed.ToString(), parsed.Key, parsed.IsRoot, LayerPath.LengthOf(parsed.Components)));
    }

    [Theory]
    [InlineData("../a")]
    [InlineData("a/../b")]
    [InlineData("a/..")]
    [InlineData("a\0b")]
    [InlineData(".wh.a/b")]
    [InlineData("a/.wh..wh..opq/b")]
    public void NameThatNoFileOfALayerHas_IsRefused(string name) => Assert.Equal(EngineError.LayerInvalid, Assert.Throws<LayerImageException>(() => LayerPath.Parse(name)).Error);

    [Fact]
    public void Limits_AreTakenAndNotPassed()
    {
        string part = new('n', LayerPath.LongestName), deep = string.Concat(Enumerable.Repeat("d/", LayerPath.MostDepth)), longest = string.Concat(Enumerable.Repeat(part + "/", LayerPath.LongestPath / 256));

        Assert.Single(LayerPath.Parse(part).Components);
        Assert.Equal(LayerPath.MostDepth, LayerPath.Parse(deep).Components.Length);
        Assert.Equal(longest.TrimEnd('/'), LayerPath.Parse(longest).ToString());
        Assert.All([part + "n", deep + "d", longest + part + "/"], name => Assert.Throws<LayerImageException>(() => LayerPath.Parse(name)));
    }

    [Theory]
    [InlineData("a/.wh..wh.plnk/b", true)]
    [InlineData(".wh..wh.aufs", true)]
    [InlineData(".wh..wh..opq", false)]
    [InlineData(".wh.a", false)]
    public void AufssOwn_IsBookkeeping(string name, bool isOne) => Assert.Equal(isOne, LayerPath.Parse(name).IsBookkeeping);

    [Fact]
    public void Key_LosesNoByte()
    {
        NativePath name = NativePath.From([0xff, (byte)'/', 0xc3, 0xa9]);

        Assert.Equal("\u00ff/\u00c3\u00a9", LayerPath.Parse(name).Key);
    }
}
