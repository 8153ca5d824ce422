using LayerImage.Module.Tests.Acceptance;
using LayerImage.Testing;
using LayerImage.Testing.Host;
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
}
