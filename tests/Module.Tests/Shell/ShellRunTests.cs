using System.Diagnostics;
using Xunit;

namespace LayerImage.Module.Tests.Shell;

/// <summary>The Shell with a script or a line.</summary>
public sealed class ShellRunTests : IDisposable
{
    readonly ShellProcess _shell = new();

    public void Dispose() => _shell.Dispose();

    [Theory]
    [InlineData("'fine'", 0)]
    [InlineData("exit 7", 7)]
    [InlineData("throw 'bad'", 1)]
    [InlineData("sh -c 'exit 5'; 'last'", 0)]
    [InlineData("Get-Module -Name (", 1)]
    [InlineData("Import-Module nowhere -ErrorAction Stop; exit 0", 1)]
    public async Task Script_GivesItsExitCode(string script, int expected)
    {
        ShellOutcome outcome = await _shell.RunAsync("", _shell.WriteScript(script));

        Assert.Equal(expected, outcome.ExitCode);
    }

    [Theory]
    [InlineData("'fine'", 0)]
    [InlineData("Get-Nothing", 1)]
    [InlineData("Get-Nothing; 'and on'", 0)]
    [InlineData("sh -c 'exit 5'", 1)]
    [InlineData("exit 5", 5)]
    public async Task Command_GivesItsExitCode(string command, int expected)
    {
        ShellOutcome outcome = await _shell.RunAsync("", "-Command", command);

        Assert.Equal(expected, outcome.ExitCode);
    }

    [Fact]
    public async Task Script_GetsItsArgumentsAsPwshGivesThem()
    {
        string script = _shell.WriteScript("""
            param([string] $Name, [switch] $Loud, [switch] $Quiet, [int] $Count, [Parameter(ValueFromRemainingArguments)] $Rest)
            "$Name|$Loud|$Quiet|$Count|$Rest"
            """);

        ShellOutcome outcome = await _shell.RunAsync("", script, "-Name", "it's $HOME; exit 4", "-Loud", "-Quiet:$false", "-Count:3", "more", "--x");

        Assert.Equal("it's $HOME; exit 4|True|False|3|more --x\n", outcome.Output);
    }

    [Fact]
    public async Task TerminatingError_IsOnStderr_WithItsPlace()
    {
        ShellOutcome outcome = await _shell.RunAsync("", _shell.WriteScript("'before'\nthrow 'the reason'"));

        Assert.Equal("before\n", outcome.Output);
        Assert.Contains("the reason", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("test.ps1:2", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_ShowsObjectsThroughTheViews_WithoutColoursInAPipe()
    {
        ShellOutcome outcome = await _shell.RunAsync("", "-Command", "Get-Module LayerImage; [ordered]@{ One = 1 }");

        Assert.Contains("LayerImage", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("One", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', outcome.Output);
        Assert.Equal(0, outcome.ExitCode);
    }

    [Fact]
    public async Task Input_FromAPipe_IsRunAsAScript()
    {
        ShellOutcome outcome = await _shell.RunAsync("$a = 20\n$a + 3\n");

        Assert.Equal("23\n", outcome.Output);
    }

    [Fact]
    public async Task MissingCmdlet_SaysThatItNeedsPwsh_AndIsStillNotFound()
    {
        ShellOutcome outcome = await _shell.RunAsync("", "-Command",
            "[bool](Get-Command Select-Object -ErrorAction Ignore); try { 1 | Select-Object -First 1 } catch [Management.Automation.CommandNotFoundException] { \"$_\" }");

        Assert.StartsWith("False\n", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("'Select-Object' is not part of this small shell: it needs pwsh", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetHelp_ShowsThePages_InWholeWords()
    {
        ShellOutcome outcome = await _shell.RunAsync("", "-Command", "Get-Help Receive-LayerImage -Full");

        Assert.Contains("Receive-LayerImage tomcat:9\n", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("How many layers are received at once, 1 to 64. The default is 3.\n", outcome.Output, StringComparison.Ordinal);
        // Its description is longer than a line; the invariant culture breaks such a line anywhere.
        string[] description = outcome.Output[outcome.Output.IndexOf("DESCRIPTION", StringComparison.Ordinal)..outcome.Output.IndexOf("PARAMETERS", StringComparison.Ordinal)].Split('\n');
        Assert.True(description.Length > 10);
        Assert.All(description, line => Assert.InRange(line.Length, 0, 79));
    }

    [Fact]
    public async Task Cd_ChangesTheFolder_ForNativeProgramsToo()
    {
        ShellOutcome outcome = await _shell.RunAsync("", "-Command", "cd /usr; sh -c pwd");

        Assert.Equal("/usr\n", outcome.Output);
    }

    [Fact]
    public async Task Confirmation_WithoutAnswer_IsAnErrorAndNoConsent()
    {
        ShellOutcome outcome = await _shell.RunAsync("", "-Command",
            "function Remove-It { [CmdletBinding(SupportsShouldProcess)] param() if ($PSCmdlet.ShouldProcess('it')) { 'removed' } }; Remove-It -Confirm");

        Assert.DoesNotContain("removed", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("the input has ended", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("y\n", true)]
    [InlineData("n\n", false)]
    [InlineData("what\nYes\n", true)]
    public async Task Confirmation_TakesTheAnswer(string answer, bool removed)
    {
        ShellOutcome outcome = await _shell.RunAsync(answer, "-Command",
            "function Remove-It { [CmdletBinding(SupportsShouldProcess)] param() if ($PSCmdlet.ShouldProcess('it')) { 'removed' } }; Remove-It -Confirm");

        Assert.Equal(removed, outcome.Output.Contains("removed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Interrupt_OfAScript_StopsItWith130()
    {
        string script = _shell.WriteScript("'begun'; try { for (;;) { [Threading.Thread]::Sleep(20) } } finally { [Console]::Out.WriteLine('cleaned') }");
        // A test runner may have been started with SIGINT ignored, which children inherit; env gives the default back.
        using Process process = Process.Start(_shell.StartInfo("env", "--default-signal=INT", Repository.Shell, script))!;
        Assert.Equal("begun", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));

        using Process kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
        string rest = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal("cleaned\n", rest);
        Assert.Equal(130, process.ExitCode);
    }

    [Fact]
    public async Task Telemetry_LeavesNoTrace()
    {
        await _shell.RunAsync("", "-Command", "1");

        IEnumerable<string> files = Directory.EnumerateFiles(_shell.Home, "*", SearchOption.AllDirectories);
        Assert.DoesNotContain(files, file => Path.GetFileName(file).Contains("telemetry", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("--help", 0)]
    [InlineData("--nonsense", 64)]
    [InlineData("nowhere.ps1", 64)]
    public async Task WrongCall_IsToldApart(string argument, int expected)
    {
        ShellOutcome outcome = await _shell.RunAsync("", argument);

        Assert.Equal(expected, outcome.ExitCode);
    }
}
