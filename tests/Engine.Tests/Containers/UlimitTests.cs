using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using Xunit;

namespace LayerImage.Engine.Tests.Containers;

public sealed class UlimitTests
{
    [Theory]
    [InlineData("nofile=1024:2048", "nofile", 1024, 2048, "nofile=1024:2048")]
    [InlineData("NOFILE=1024", "nofile", 1024, 1024, "nofile=1024")]
    [InlineData("core=0", "core", 0, 0, "core=0")]
    [InlineData("memlock=-1", "memlock", ulong.MaxValue, ulong.MaxValue, "memlock=-1")]
    [InlineData("stack=8388608:-1", "stack", 8388608, ulong.MaxValue, "stack=8388608:-1")]
    public void Text_IsParsed(string text, string name, ulong soft, ulong hard, string written)
    {
        Ulimit limit = Ulimit.Parse(text);

        Assert.Equal(new Ulimit(name, soft, hard), limit);
        Assert.Equal(written, limit.ToString());
        Assert.Equal(limit, Ulimit.Parse(written));
    }

    [Theory]
    [InlineData("", "no limit ''")]
    [InlineData("files=1", "There are core, cpu,")]
    [InlineData("nofile", "no value")]
    [InlineData("nofile=", "'' is no number")]
    [InlineData("nofile=1:2:3", "too many")]
    [InlineData("nofile=1k", "'1k' is no number")]
    [InlineData("nofile=-2", "'-2' is no number")]
    [InlineData("nofile=2:1", "more than the hard one")]
    [InlineData("nofile=-1:1", "more than the hard one")]
    [InlineData("nofile=1 :2", "'1 ' is no number")]
    public void OtherText_IsRefused(string text, string told)
    {
        LayerImageException error = Assert.Throws<LayerImageException>(() => Ulimit.Parse(text));

        Assert.Equal(EngineError.ParameterInvalid, error.Error);
        Assert.Contains(told, error.Message + error.Advice, StringComparison.Ordinal);
    }
}
