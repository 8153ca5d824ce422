using System.Text;
using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.Tests.Runtime;

public sealed class LogLineJoinerTests
{
    private const string Time = "2024-05-06T07:08:09.5+00:00 ";

    [Fact]
    public void Parts_AreJoinedByStream()
    {
        LogLineJoiner joiner = new();

        Assert.Null(Add(joiner, "stdout P a"));
        Assert.Null(Add(joiner, "stderr P x"));
        Assert.Equal(new LogRecord(DateTimeOffset.Parse(Time, System.Globalization.CultureInfo.InvariantCulture), LogStream.Stdout, "ab"), Add(joiner, "stdout F b"));
        Assert.Equal("x", Assert.Single(joiner.Finish()).Message);
    }

    [Theory]
    [InlineData("stdout F line", "line")]
    [InlineData("stdout F line\r", "line")]
    [InlineData("stdout F ", "")]
    [InlineData("stdout F", "")]
    public void FullLine_IsARecord(string line, string message) => Assert.Equal(message, Add(new LogLineJoiner(), line)!.Message);

    [Theory]
    [InlineData("stdout X line")]
    [InlineData("stdlog F line")]
    [InlineData("")]
    public void OtherText_IsNone(string line) => Assert.Null(Add(new LogLineJoiner(), line));

    private static LogRecord? Add(LogLineJoiner joiner, string line) => joiner.Add(Encoding.UTF8.GetBytes(Time + line));
}
