using LayerImage.Engine.Errors;
using Xunit;

namespace LayerImage.Engine.Tests.Documents;

public class PrintableTextTests
{
    [Theory]
    [InlineData("plain\ttext\n", "plain\ttext\n")]
    [InlineData("ä 世界 👍", "ä 世界 👍")]
    [InlineData("\u001b]0;PWNED\u0007\u001b[2J", "␛]0;PWNED␇␛[2J")]
    [InlineData("a\rb\u007f\u009bc", "a␍b␡\uFFFDc")]
    public void Controls_AreShownAndNotObeyed(string text, string expected) => Assert.Equal(expected, PrintableText.Of(text));

    [Fact]
    public void Messages_ArePrintable() => Assert.Equal("The registry says ␛[2J.", new LayerImageException(EngineError.RegistryProtocolError, "The registry says \u001b[2J.").Message);
}
