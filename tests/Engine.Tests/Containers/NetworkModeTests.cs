using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using Xunit;

namespace LayerImage.Engine.Tests.Containers;

public sealed class NetworkModeTests
{
    [Fact]
    public void Word_IsReadInAnyCase() => Assert.All(NetworkMode.All, mode =>
    {
        Assert.Same(mode, NetworkMode.Parse(mode.ToString()));
        Assert.Same(mode, NetworkMode.Parse(mode.ToString().ToUpperInvariant()));
    });

    [Theory]
    [InlineData("")]
    [InlineData("bridge ")]
    [InlineData("everywhere")]
    public void OtherText_IsRefusedWithThoseThatAre(string text)
    {
        LayerImageException error = Assert.Throws<LayerImageException>(() => NetworkMode.Parse(text));

        Assert.Equal(EngineError.ParameterInvalid, error.Error);
        Assert.Contains("bridge, host, none", error.Advice, StringComparison.Ordinal);
    }
}
