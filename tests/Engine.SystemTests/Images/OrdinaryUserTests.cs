using System.Text.RegularExpressions;
using LayerImage.Engine.Processes;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>Runs this program's portable tests again, in a process that may do less.</summary>
public sealed partial class OrdinaryUserTests
{
    private static readonly string[] s_classes = ["*.PortableImageTests"];

    [Fact]
    public Task ImageWork_NeedsNoRoot()
    {
        Assert.SkipWhen(Requires.All(Requires.Root, Requires.Tool("setpriv")) is not null, Requires.All(Requires.Root, Requires.Tool("setpriv")) ?? "");
        // Nobody's user id, and of root's powers only that to read what was built where nobody may look.
        return RunAgainAsync(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"], portable: false);
    }

    [Fact]
    public Task ImageWork_NeedsNothingOfLinux() => RunAgainAsync([], portable: true);

    private static async Task RunAgainAsync(string[] through, bool portable)
    {
        using TempFolder folder = new("user-");
        if (OperatingSystem.IsLinux())
        {
            File.SetUnixFileMode(folder.Root, (UnixFileMode)0x1FF);
        }
        string[] command = [.. through, "env", $"HOME={folder.Root}", $"TMPDIR={folder.Root}", $"{PortableMode.Variable}={(portable ? 1 : 0)}",
            Environment.ProcessPath!, .. Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? [typeof(OrdinaryUserTests).Assembly.Location] : Array.Empty<string>(),
            "-noLogo", "-noColor", .. s_classes.SelectMany(name => (string[])["-class", name])];

        ProcessResult result = await ProcessRunner.RunAsync(command, null, TestContext.Current.CancellationToken);

        Match total = Totals().Match(result.Output);
        Assert.True(result.ExitCode == 0 && total.Success && int.Parse(total.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) >= 5, result.Output + result.Error);
    }

    [GeneratedRegex(@"Total: (\d+), Errors: 0, Failed: 0, Skipped: 0")]
    private static partial Regex Totals();
}
