using LayerImage.Engine.Processes;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>Archives come in and go out without root: the same tests again, in a process of an ordinary user.</summary>
public sealed class OrdinaryUserTests
{
    [Fact]
    public async Task Archives_NeedNoRoot()
    {
        string tests = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../LayerImage.Engine.Tests/release/LayerImage.Engine.Tests.dll"));
        string? missing = Requires.All(Requires.Root, Requires.Tool("setpriv"), Requires.Tool("dotnet"), File.Exists(tests) ? null : "needs the tests of the engine, built");
        Assert.SkipWhen(missing is not null, missing ?? "");
        using TempFolder home = new("nobody-");
        await ImageHarness.ShellAsync($"chmod 777 '{home.Root}'");

        ProcessResult result = await ProcessRunner.RunAsync(
        [
            "env", $"HOME={home.Root}", $"TMPDIR={home.Root}", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
            "dotnet", tests, "-noColor", "-noLogo", "-class", "*ArchiveTests",
        ], null, TestContext.Current.CancellationToken);

        Assert.True(result.ExitCode == 0, result.Output);
        Assert.DoesNotContain("Total: 0", result.Output, StringComparison.Ordinal);
    }
}
