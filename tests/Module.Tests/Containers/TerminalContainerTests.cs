using LayerImage.Module.Tests.Acceptance;
using LayerImage.Testing;
using Xunit;

namespace LayerImage.Module.Tests.Containers;

/// <summary>A container's terminal is the user's: keys, size, detaching and coming back, and a prompt as before.</summary>
public sealed class TerminalContainerTests : AcceptanceTest
{
    private const string Detach = "\u0010\u0011";

    [Fact]
    public async Task Terminal_IsTheContainersUntilDetachedAndAgainAfterConnect()
    {
        string? missing = Requires.All(Missing, Requires.Tool("tmux"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        await ImportBoxAsync();
        using LauncherProcess launcher = new() { Environment = Store.Environment };
        await using Terminal terminal = await Terminal.OpenAsync(launcher);
        await terminal.WaitForPromptAsync();

        await terminal.TypeAsync("Start-LayerContainer box -Name shell -Interactive -Tty -Command sh" + Terminal.Enter);
        await terminal.WaitForAsync("/ # ");
        await terminal.TypeAsync("stty size" + Terminal.Enter);
        await terminal.WaitForAsync("50 200");
        await terminal.TypeAsync("sleep 100" + Terminal.Enter);
        await Task.Delay(300, Stop);
        await terminal.TypeAsync(Terminal.CtrlC);
        await terminal.TypeAsync("echo status-$?" + Terminal.Enter);
        await terminal.WaitForAsync("status-130");
        await terminal.TypeAsync(Detach);
        await terminal.WaitForPromptAsync();

        await terminal.TypeAsync("(Get-Container shell).State; Connect-LayerContainer shell" + Terminal.Enter);
        await terminal.WaitForAsync("Running");
        await Task.Delay(1000, Stop);
        await terminal.TypeAsync("echo back-$((6 * 7))" + Terminal.Enter);
        await terminal.WaitForAsync("back-42");
        await terminal.TypeAsync("exit 3" + Terminal.Enter);
        await terminal.WaitForPromptAsync();

        await terminal.TypeAsync("\"code:$($LASTEXITCODE + 100)\"" + Terminal.Enter);
        await terminal.WaitForAsync("code:103");
        await terminal.WaitForPromptAsync();
        await terminal.TypeAsync("exit" + Terminal.Enter);
        Assert.Equal(0, await terminal.WaitForExitAsync());
    }

    // Where 0 is closed the runtime has a pipe of its own there, and that never ends.
    [Theory]
    [InlineData("<&-")]
    [InlineData("</dev/null")]
    [InlineData("<&- 2>&-")]
    public async Task SessionWithoutInput_GivesTheProgramTheEndOfIt(string redirection)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await ImportBoxAsync();
        using LauncherProcess launcher = new() { Environment = Store.Environment };
        string script = launcher.WriteScript("""
            Start-LayerContainer box -Network none -Attach -Interactive -Name one -Command sh, '-c', 'cat; echo ended'
            $null = New-LayerContainer box -Network none -Interactive -Name two -Command sh, '-c', 'cat; sleep 1; echo connected' | Start-LayerContainer
            Connect-LayerContainer two
            $null = Start-LayerContainer box -Network none -Name web -Command sleep, 1000
            Invoke-ContainerCommand web 'cat; echo invoked'
            Invoke-ContainerCommand web cat -StandardInput given
            """);

        LauncherOutcome outcome = await launcher.RunProgramAsync("", "sh", "-c", $"'{Repository.Launcher}' '{script}' {redirection}");

        Assert.Equal(("ended\nconnected\ninvoked\ngiven\n", 0), (outcome.Output, outcome.ExitCode));
    }

    [Theory]
    [InlineData("Start-LayerContainer box -Interactive -Tty -Command sh")]
    [InlineData("Enter-LayerContainer web")]
    public async Task Terminal_FollowsTheSizeOfTheWindow(string command)
    {
        string? missing = Requires.All(Missing, Requires.Tool("tmux"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        await ImportBoxAsync();
        await RunAsync("$null = Start-LayerContainer box -Name web -Command sleep,'1000'");
        using LauncherProcess launcher = new() { Environment = Store.Environment };
        await using Terminal terminal = await Terminal.OpenAsync(launcher, columns: 120, rows: 40);
        await terminal.WaitForPromptAsync();

        await terminal.TypeAsync(command + Terminal.Enter);
        await terminal.WaitForAsync("/ # ");
        await terminal.TypeAsync("stty size" + Terminal.Enter);
        await terminal.WaitForAsync("40 120");
        await terminal.ResizeAsync(columns: 90, rows: 30);
        await Task.Delay(500, Stop);
        await terminal.TypeAsync("stty size" + Terminal.Enter);
        await terminal.WaitForAsync("30 90");
        await terminal.TypeAsync("exit" + Terminal.Enter);
        await terminal.WaitForPromptAsync();
        await terminal.TypeAsync("exit" + Terminal.Enter);
        Assert.Equal(0, await terminal.WaitForExitAsync());
    }
}
