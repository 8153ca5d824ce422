using System.Text.RegularExpressions;
using LayerImage.Engine.Processes;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>Runs this program's portable tests again, in a process that may do less.</summary>
public sealed partial class OrdinaryUserTests
{
    // Of root's powers only that to read what was built where nobody may look.
    private static readonly string[] s_asNobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"];

    [Fact]
    public Task ImageWork_NeedsNoRoot()
    {
        Assert.SkipWhen(Requires.All(Requires.Root, Requires.Tool("setpriv")) is not null, Requires.All(Requires.Root, Requires.Tool("setpriv")) ?? "");
        return RunAgainAsync(s_asNobody, typeof(OrdinaryUserTests).Assembly.Location, "*.PortableImageTests", portable: false);
    }

    [Fact]
    public Task ImageWork_NeedsNothingOfLinux() => RunAgainAsync([], typeof(OrdinaryUserTests).Assembly.Location, "*.PortableImageTests", portable: true);

    [Fact]
    public Task Archives_NeedNoRoot()
    {
        string tests = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../LayerImage.Engine.Tests/release/LayerImage.Engine.Tests.dll"));
        string? missing = Requires.All(Requires.Root, Requires.Tool("setpriv"), File.Exists(tests) ? null : "needs the tests of the engine, built");
        Assert.SkipWhen(missing is not null, missing ?? "");
        return RunAgainAsync(s_asNobody, tests, "*ArchiveTests", portable: false);
    }

    private static async Task RunAgainAsync(string[] through, string tests, string classes, bool portable)
    {
        using TempFolder folder = new("user-");
        if (OperatingSystem.IsLinux())
        {
            File.SetUnixFileMode(folder.Root, (UnixFileMode)0x1FF);
        }
        // Without the network of its own, since what runs beside it here would come and go in its picture of the machine.
        string[] command = [.. through, "env", "-u", "LAYERIMAGE_TEST_NETNS", $"HOME={folder.Root}", $"TMPDIR={folder.Root}", $"{PortableMode.Variable}={(portable ? 1 : 0)}",
            Environment.ProcessPath!, tests, "-noLogo", "-noColor", "-class", classes];

        ProcessResult result = await ProcessRunner.RunAsync(command, null, TestContext.Current.CancellationToken);

        Match total = Totals().Match(result.Output);
        Assert.True(result.ExitCode == 0 && total.Success && int.Parse(total.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) >= 5, result.Output + result.Error);
    }

    [GeneratedRegex(@"Total: (\d+), Errors: 0, Failed: 0, Skipped: 0")]
    private static partial Regex Totals();
}
