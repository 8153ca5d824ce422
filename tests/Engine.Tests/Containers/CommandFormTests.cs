using LayerImage.Engine.Containers;
using Xunit;

namespace LayerImage.Engine.Tests.Containers;

public sealed class CommandFormTests
{
    [Theory]
    [InlineData("ls", "ls")]
    [InlineData("/bin/ls", "/bin/ls")]
    [InlineData("ls -l", "/bin/sh|-c|ls -l")]
    [InlineData("$HOME/run", "/bin/sh|-c|$HOME/run")]
    [InlineData("a;b", "/bin/sh|-c|a;b")]
    [InlineData("A=1", "/bin/sh|-c|A=1")]
    [InlineData("echo|a b", "echo|a b")]
    [InlineData("", "")]
    public void OneStringIsAShellsUnlessItIsAPlainWord(string command, string arguments) =>
        Assert.Equal(arguments.Split('|'), CommandForm.ToArguments(command.Split('|')));

    [Fact]
    public void NoCommand_IsNone() => Assert.Empty(CommandForm.ToArguments([]));
}
