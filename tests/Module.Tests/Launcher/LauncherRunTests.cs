using System.Diagnostics;
using Xunit;

namespace LayerImage.Module.Tests.Launcher;

/// <summary>./layerimage with a script or a line.</summary>
public sealed class LauncherRunTests : IDisposable
{
    readonly LauncherProcess _launcher = new();

    public void Dispose() => _launcher.Dispose();

    [Theory]
    [InlineData("'fine'", 0)]
    [InlineData("exit 7", 7)]
    [InlineData("throw 'bad'", 1)]
    [InlineData("sh -c 'exit 5'; 'last'", 0)]
    [InlineData("sh -c 'exit 5'; throw 'bad'", 1)]
    [InlineData("Get-Nothing; exit 3", 3)]
    [InlineData("Get-Module -Name (", 1)]
    [InlineData("Import-Module nowhere -ErrorAction Stop; exit 0", 1)]
    public async Task Script_GivesItsExitCode(string script, int expected)
    {
        LauncherOutcome outcome = await _launcher.RunAsync("", _launcher.WriteScript(script));

        Assert.Equal(expected, outcome.ExitCode);
    }

    [Theory]
    [InlineData("'fine'", 0)]
    [InlineData("Get-Nothing", 1)]
    [InlineData("Get-Nothing; 'and on'", 0)]
    [InlineData("sh -c 'exit 5'", 1)]
    [InlineData("exit 5", 5)]
    [InlineData("throw 'bad'", 1)]
    [InlineData("Get-Module -Name (", 1)]
    [InlineData("'fine'; return", 0)]
    [InlineData("'fine' # and a comment", 0)]
    public async Task Command_GivesItsExitCode(string command, int expected)
    {
        LauncherOutcome outcome = await _launcher.RunAsync("", "-Command", command);

        Assert.Equal(expected, outcome.ExitCode);
    }

    [Fact]
    public async Task Script_GetsItsArgumentsAsPwshGivesThem()
    {
        string script = _launcher.WriteScript("""
            param([string] $Name, [switch] $Loud, [switch] $Quiet, [int] $Count, [Parameter(ValueFromRemainingArguments)] $Rest)
            "$Name|$Loud|$Quiet|$Count|$Rest"
            """);

        LauncherOutcome outcome = await _launcher.RunAsync("", script, "-Name", "it's $HOME; exit 4", "-Loud", "-Quiet:$false", "-Count:3", "more", "--x");

        Assert.Equal("it's $HOME; exit 4|True|False|3|more --x\n", outcome.Output);
    }

    [Fact]
    public async Task TerminatingError_IsOnStderr_WithItsPlace()
    {
        LauncherOutcome outcome = await _launcher.RunAsync("", _launcher.WriteScript("'before'\nthrow 'the reason'"));

        Assert.Equal("before\n", outcome.Output);
        Assert.Contains("the reason", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("test.ps1:2", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_ShowsObjectsThroughTheViews_WithoutColoursInAPipe()
    {
        LauncherOutcome outcome = await _launcher.RunAsync("", "-Command", "Get-Module LayerImage; [ordered]@{ One = 1 }");

        Assert.Contains("LayerImage", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("One", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', outcome.Output);
        Assert.Equal(0, outcome.ExitCode);
    }

    [Fact]
    public async Task Input_FromAPipe_IsRunAsAScript()
    {
        LauncherOutcome outcome = await _launcher.RunAsync("$a = 20\n$a + 3\n");

        Assert.Equal("23\n", outcome.Output);
    }

    [Fact]
    public async Task Input_FromAPipe_ReachesTheProgramsOfALine()
    {
        LauncherOutcome outcome = await _launcher.RunAsync("one\ntwo\n", "-Command", "sh -c 'tr a-z A-Z'");

        Assert.Equal("ONE\nTWO\n", outcome.Output);
    }

    [Fact]
    public async Task Input_ThatFails_HasItsExitCode()
    {
        Assert.Equal(1, (await _launcher.RunAsync("throw 'bad'\n")).ExitCode);
        Assert.Equal(6, (await _launcher.RunAsync("exit 6\n")).ExitCode);
    }

    [Fact]
    public async Task Module_IsFoundInJobsAndParallelBlocks()
    {
        LauncherOutcome outcome = await _launcher.RunAsync("", "-Command",
            "Start-Job { (Get-Command Get-LayerImage).Module.ModuleBase } | Receive-Job -Wait; 1 | ForEach-Object -Parallel { (Get-Command Get-LayerImage).Module.ModuleBase }");

        string folder = Path.GetDirectoryName(Repository.Manifest)!;
        Assert.Equal($"{folder}\n{folder}\n", outcome.Output);
    }

    [Fact]
    public async Task Module_OfTheUsersOwnFolder_IsNotTakenForThisOne()
    {
        string own = Path.Combine(_launcher.Home, "data", "powershell", "Modules", "LayerImage");
        Directory.CreateDirectory(own);
        await File.WriteAllTextAsync(Path.Combine(own, "LayerImage.psm1"), "function Get-LayerImage { 'another' }", TestContext.Current.CancellationToken);

        LauncherOutcome outcome = await _launcher.RunAsync("", _launcher.WriteScript("(Get-Command Get-LayerImage).Module.ModuleBase"));

        Assert.Equal(Path.GetDirectoryName(Repository.Manifest) + "\n", outcome.Output);
    }

    [Fact]
    public async Task GetHelp_ShowsThePages_InWholeWords()
    {
        // PowerShell breaks lines at words in the cultures that it knows to do so.
        using LauncherProcess launcher = new() { Environment = new Dictionary<string, string> { ["LANG"] = "en_US.UTF-8" } };
        LauncherOutcome outcome = await launcher.RunAsync("", "-Command", "Get-Help Receive-LayerImage -Full");

        Assert.Contains("Receive-LayerImage tomcat:9\n", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("How many layers are received at once, 1 to 64. The default is 3.\n", outcome.Output, StringComparison.Ordinal);
        // Its description is longer than a line.
        string[] description = outcome.Output[outcome.Output.IndexOf("DESCRIPTION", StringComparison.Ordinal)..outcome.Output.IndexOf("PARAMETERS", StringComparison.Ordinal)].Split('\n');
        Assert.True(description.Length > 10);
        Assert.All(description, line => Assert.InRange(line.Length, 0, 79));
    }

    [Fact]
    public async Task Cd_ChangesTheFolder_ForNativeProgramsToo()
    {
        LauncherOutcome outcome = await _launcher.RunAsync("", "-Command", "cd /usr; sh -c pwd");

        Assert.Equal("/usr\n", outcome.Output);
    }

    [Fact]
    public async Task Confirmation_WithoutAnswer_IsAnErrorAndNoConsent()
    {
        LauncherOutcome outcome = await _launcher.RunAsync("", "-Command",
            "function Remove-It { [CmdletBinding(SupportsShouldProcess)] param() if ($PSCmdlet.ShouldProcess('it')) { 'removed' } }; Remove-It -Confirm");

        Assert.DoesNotContain("removed", outcome.Output, StringComparison.Ordinal);
        Assert.NotEqual("", outcome.Error);
    }

    [Theory]
    [InlineData("y\n", true)]
    [InlineData("n\n", false)]
    [InlineData("what\nYes\n", true)]
    public async Task Confirmation_TakesTheAnswer(string answer, bool removed)
    {
        LauncherOutcome outcome = await _launcher.RunAsync(answer, "-Command",
            "function Remove-It { [CmdletBinding(SupportsShouldProcess)] param() if ($PSCmdlet.ShouldProcess('it')) { 'removed' } }; Remove-It -Confirm");

        Assert.Equal(removed, outcome.Output.Contains("removed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Interrupt_OfAScript_StopsItWith130()
    {
        string script = _launcher.WriteScript("'begun'; try { for (;;) { [Threading.Thread]::Sleep(20) } } finally { [Console]::Out.WriteLine('cleaned') }");
        // A test runner may have been started with SIGINT ignored, which children inherit; env gives the default back.
        using Process process = Process.Start(_launcher.StartInfo("env", "--default-signal=INT", Repository.Launcher, script))!;
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
        await _launcher.RunAsync("", "-Command", "1");

        IEnumerable<string> files = Directory.EnumerateFiles(_launcher.Home, "*", SearchOption.AllDirectories);
        Assert.DoesNotContain(files, file => Path.GetFileName(file).Contains("telemetry", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("--help", 0)]
    [InlineData("--nonsense", 64)]
    [InlineData("nowhere.ps1", 64)]
    public async Task WrongCall_IsToldApart(string argument, int expected)
    {
        LauncherOutcome outcome = await _launcher.RunAsync("", argument);

        Assert.Equal(expected, outcome.ExitCode);
    }
}
