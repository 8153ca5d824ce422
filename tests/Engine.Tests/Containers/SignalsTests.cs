using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using Xunit;

namespace LayerImage.Engine.Tests.Containers;

public sealed class SignalsTests
{
    [Theory]
    [InlineData("SIGTERM", 15)]
    [InlineData("term", 15)]
    [InlineData(" Kill ", 9)]
    [InlineData("15", 15)]
    [InlineData("64", 64)]
    [InlineData("SIGSYS", 31)]
    [InlineData("SIGCLD", 17)]
    [InlineData("iot", 6)]
    [InlineData("Poll", 29)]
    [InlineData("RTMIN", 34)]
    [InlineData("SIGRTMIN+3", 37)]
    [InlineData("RTMAX", 64)]
    [InlineData("RTMAX-2", 62)]
    public void Signal_IsReadByNameAndNumber(string text, int number)
    {
        Assert.Equal(number, Signals.Parse(text));
        Assert.True(Signals.IsSignal(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("65")]
    [InlineData("-9")]
    [InlineData("SIG")]
    [InlineData("SIGNONE")]
    [InlineData("RTMIN+31")]
    [InlineData("RTMAX-31")]
    [InlineData("SIGSIGTERM")]
    public void OtherText_IsRefused(string text)
    {
        Assert.Equal(EngineError.ParameterInvalid, Assert.Throws<LayerImageException>(() => Signals.Parse(text)).Error);
        Assert.False(Signals.IsSignal(text));
    }

    [Fact]
    public void Names_AreThoseThatAreRead() => Assert.Equal(Enumerable.Range(1, 31), Signals.Names.Select(Signals.Parse));
}
