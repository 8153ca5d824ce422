using LayerImage.Engine.Processes;
using Xunit;

namespace LayerImage.Engine.Tests.Processes;

/// <summary>Root runs no program out of the folder that it happens to be in.</summary>
public sealed class ToolLocatorTests
{
    [Theory]
    [InlineData("/usr/bin:/bin", "/usr/bin:/bin")]
    [InlineData(".:/usr/bin", "/usr/bin")]
    [InlineData("/usr/bin:.", "/usr/bin")]
    [InlineData("/usr/bin::/bin", "/usr/bin:/bin")] // an empty part means the current folder, execvp(3)
    [InlineData(":", "")]
    [InlineData("bin:./bin:../bin:~/bin:/opt/bin", "/opt/bin")]
    [InlineData("", "")]
    [InlineData(null, "")]
    public void Path_HasNoRelativeFolders(string? path, string safe) => Assert.Equal(safe, ToolLocator.WithoutRelative(path));

    [Fact]
    public void Program_OfTheCurrentFolder_IsNotFound() => Assert.Null(ToolLocator.Find(Path.GetFileName(Directory.EnumerateFiles(Environment.CurrentDirectory).FirstOrDefault() ?? "no-such-program")));
}
