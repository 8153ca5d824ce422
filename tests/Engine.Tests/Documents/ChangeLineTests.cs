using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using Xunit;

namespace LayerImage.Engine.Tests.Documents;

/// <summary>Lines, words and variables of a Dockerfile's instructions, as moby's parsers read them.</summary>
public sealed class ChangeLineTests
{
    private static readonly string[] s_environment = ["name=value", "empty=", "path=/usr/lib/libc.so.6", "list=a b"];

    [Theory]
    [InlineData("USER app", "USER app")]
    [InlineData("  user app  ", "user app")]
    [InlineData("USER app\nWORKDIR /x", "USER app|WORKDIR /x")]
    [InlineData("USER app\r\nWORKDIR /x\r\n", "USER app|WORKDIR /x")]
    [InlineData("# a comment\nUSER app", "USER app")]
    [InlineData("ENV a=1 \\\n  b=2", "ENV a=1   b=2")]
    [InlineData("ENV a=1 \\\n# between\n\n b=2", "ENV a=1  b=2")]
    [InlineData("ENV a=1\\\\\nUSER app", "ENV a=1\\\\|USER app")]
    [InlineData("ENV a=1 \\", "ENV a=1")]
    [InlineData("\n \n#\n", "")]
    public void Instructions_AreSeparatedByLines(string change, string expected) =>
        Assert.Equal(expected, string.Join('|', ChangeLine.Read([change]).Select(line => line.Text)));

    [Fact]
    public void Line_KnowsItsPartsAndItsPlace()
    {
        ChangeLine[] lines = [.. ChangeLine.Read(["expose  80 ", "CMD a\nuser  app"])];

        Assert.Equal([("EXPOSE", "80", 0), ("CMD", "a", 1), ("USER", "app", 2)], lines.Select(line => (line.Instruction, line.Rest, line.Number)));
        Assert.Equal("80", lines[0].Text[lines[0].RestAt..]);
        LayerImageException error = lines[2].Invalid("it is wrong", lines[2].RestAt);
        Assert.Equal((EngineError.ParameterInvalid, "The change 'CMD a\nuser  app' (line 2: user  app) cannot be applied: it is wrong at character 7, `app`."), (error.Error, error.Message));
    }

    [Theory]
    [InlineData("ENV a=1 b=2", "a=1|b=2")]
    [InlineData("ENV a=\"1 2\" b='3 4'", "a=1 2|b=3 4")]
    [InlineData("ENV a=1\\ 2", "a=1 2")]
    [InlineData("ENV a the whole value", "a=the whole value")]
    [InlineData("ENV a=$name b=${name}s", "a=value|b=values")]
    [InlineData("ENV a=", "a=")]
    public void Pairs_HaveNamesAndValues(string text, string expected) =>
        Assert.Equal(expected, string.Join('|', new ChangeWords(ChangeLine.Read([text]).Single(), s_environment).Pairs().Select(pair => $"{pair.Name}={pair.Value}")));

    [Theory]
    [InlineData("ENV a", "a name and no value")]
    [InlineData("ENV a=1 b", "no '=' in the word")]
    [InlineData("ENV a=1 =b", "a name is missing")]
    [InlineData("ENV a='1", "a quote is not closed")]
    public void Pairs_ThatAreNone_SayWhere(string text, string expected)
    {
        LayerImageException error = Assert.Throws<LayerImageException>(() => new ChangeWords(ChangeLine.Read([text]).Single(), []).Pairs());

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Words_OfAVariableAreSeveral() =>
        Assert.Equal(["x", "a", "b"], new ChangeWords(ChangeLine.Read(["VOLUME x $list"]).Single(), s_environment).Split().Select(word => word.Text));

    [Theory]
    [InlineData("$name", "value")]
    [InlineData("${name}", "value")]
    [InlineData("$nosuch", "")]
    [InlineData("\\$name", "$name")]
    [InlineData("'$name'", "$name")]
    [InlineData("\"$name\"", "value")]
    [InlineData("\"\\$name\\\\ \\x\"", "$name\\ \\x")]
    [InlineData("$", "$")]
    [InlineData("a$ b", "a$ b")]
    [InlineData("${nosuch-other}", "other")]
    [InlineData("${empty-other}", "")]
    [InlineData("${empty:-other}", "other")]
    [InlineData("${nosuch:-${name}}", "value")]
    [InlineData("${name:+other}", "other")]
    [InlineData("${empty:+other}", "")]
    [InlineData("${empty+other}", "other")]
    [InlineData("${path#*/}", "usr/lib/libc.so.6")]
    [InlineData("${path##*/}", "libc.so.6")]
    [InlineData("${path%.*}", "/usr/lib/libc.so")]
    [InlineData("${path%%.*}", "/usr/lib/libc")]
    [InlineData("${path/lib/LIB}", "/usr/LIB/libc.so.6")]
    [InlineData("${path//lib/LIB}", "/usr/LIB/LIBc.so.6")]
    [InlineData("${name?}", "value")]
    [InlineData("$1$name", "value")]
    public void Variables_AreReplaced(string word, string expected) =>
        Assert.Equal(expected, new ChangeVariables(word, s_environment, (why, _) => new LayerImageException(EngineError.ParameterInvalid, why)).Expand());

    [Theory]
    [InlineData("${", 0)]
    [InlineData("${name", 0)]
    [InlineData("x${name:-", 1)]
    [InlineData("${}", 0)]
    [InlineData("${name!x}", 0)]
    [InlineData("${nosuch:?must be there}", 0)]
    [InlineData("ab\"c", 2)]
    [InlineData("ab'c", 2)]
    public void Variable_ThatIsNone_SaysWhere(string word, int at)
    {
        int where = -1;

        Assert.Throws<LayerImageException>(() => new ChangeVariables(word, s_environment, (why, index) =>
        {
            where = index;
            return new LayerImageException(EngineError.ParameterInvalid, why);
        }).Expand());
        Assert.Equal(at, where);
    }

    [Theory]
    [InlineData("HEALTHCHECK NONE", """{"Test":["NONE"]}""")]
    [InlineData("HEALTHCHECK CMD curl localhost", """{"Test":["CMD-SHELL","curl localhost"]}""")]
    [InlineData("HEALTHCHECK CMD [\"a\",\"b\"]", """{"Test":["CMD","a","b"]}""")]
    [InlineData("HEALTHCHECK --interval=1m30s --retries=3 CMD a", """{"Test":["CMD-SHELL","a"],"Interval":90000000000,"Retries":3}""")]
    [InlineData("HEALTHCHECK --timeout=1.5s --start-period=500ms --start-interval=0 CMD a", """{"Test":["CMD-SHELL","a"],"Timeout":1500000000,"StartPeriod":500000000}""")]
    public void Healthcheck_IsDockersMember(string text, string expected) => Assert.Equal(expected, HealthcheckChange.Parse(ChangeLine.Read([text]).Single()).GetRawText());

    [Theory]
    [InlineData("HEALTHCHECK")]
    [InlineData("HEALTHCHECK CMD")]
    [InlineData("HEALTHCHECK CMD []")]
    [InlineData("HEALTHCHECK NONE x")]
    [InlineData("HEALTHCHECK --interval=1s NONE")]
    [InlineData("HEALTHCHECK --interval CMD a")]
    [InlineData("HEALTHCHECK --interval=1 CMD a")]
    [InlineData("HEALTHCHECK --interval=1us CMD a")]
    [InlineData("HEALTHCHECK --interval=99999999999h CMD a")]
    [InlineData("HEALTHCHECK --retries=x CMD a")]
    [InlineData("HEALTHCHECK --retries=1 --retries=2 CMD a")]
    [InlineData("HEALTHCHECK --nosuch=1 CMD a")]
    public void Healthcheck_ThatIsNone_IsRefused(string text) =>
        Assert.Equal(EngineError.ParameterInvalid, Assert.Throws<LayerImageException>(() => HealthcheckChange.Parse(ChangeLine.Read([text]).Single())).Error);
}
