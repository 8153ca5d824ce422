using System.Runtime.Versioning;
using LayerImage.Testing;
using Xunit;

namespace LayerImage.Module.Tests.Shell;

/// <summary>The prompt, typed to through a pty.</summary>
[SupportedOSPlatform("linux")]
public sealed class ShellPromptTests : IDisposable
{
    readonly ShellProcess _shell = new();

    public ShellPromptTests() => Assert.SkipWhen(Requires.Tool("script") is not null, Requires.Tool("script") ?? "");

    public void Dispose() => _shell.Dispose();

    [Fact]
    public async Task Prompt_RunsWhatIsTyped_AndExitsWithTheCodeOfExit()
    {
        await using Terminal terminal = await StartAsync();

        await terminal.TypeAsync("6*7" + Terminal.Enter);
        await terminal.WaitForAsync("\n42");
        await terminal.TypeAsync("exit 9" + Terminal.Enter);

        Assert.Equal(9, await terminal.WaitForExitAsync());
    }

    [Fact]
    public async Task CtrlC_StopsThePipeline_AndTheShellLivesOn()
    {
        await using Terminal terminal = await StartAsync();

        await terminal.TypeAsync("'be'+'gun'; for (;;) { [Threading.Thread]::Sleep(20) }; 'not '+'reached'" + Terminal.Enter);
        await terminal.WaitForAsync("\nbegun");
        await terminal.TypeAsync(Terminal.CtrlC);
        await terminal.WaitForAsync("PS ");
        await terminal.TypeAsync("'still '+'here'" + Terminal.Enter);

        await terminal.WaitForAsync("\nstill here");
    }

    [Fact]
    public async Task CtrlC_StopsANativeProgram_AndTheShellLivesOn()
    {
        await using Terminal terminal = await StartAsync();

        await terminal.TypeAsync("sh -c 'echo be\"\"gun; exec sleep 60'" + Terminal.Enter);
        await terminal.WaitForAsync("\nbegun");
        await terminal.TypeAsync(Terminal.CtrlC);
        await terminal.WaitForAsync("PS ");
        await terminal.TypeAsync("'still '+'here'" + Terminal.Enter);

        await terminal.WaitForAsync("\nstill here");
    }

    [Fact]
    public async Task CtrlC_AtThePrompt_ClearsTheLine()
    {
        await using Terminal terminal = await StartAsync();

        await terminal.TypeAsync("exit 3" + Terminal.CtrlC);
        await terminal.WaitForAsync("^C");
        await terminal.WaitForAsync("PS ");
        await terminal.TypeAsync("1+1" + Terminal.Enter);

        await terminal.WaitForAsync("\n2");
    }

    [Fact]
    public async Task CtrlD_OnAnEmptyLine_Leaves()
    {
        await using Terminal terminal = await StartAsync();

        await terminal.TypeAsync(Terminal.CtrlD);

        Assert.Equal(0, await terminal.WaitForExitAsync());
    }

    [Fact]
    public async Task Tab_CompletesACmdletOfTheModule_AndCycles()
    {
        await using Terminal terminal = await StartAsync();

        await terminal.TypeAsync("Get-Modu" + Terminal.Tab);
        await terminal.WaitForAsync("Get-Module");
        await terminal.TypeAsync(Terminal.CtrlC + "Get-Command -Mod" + Terminal.Tab);
        await terminal.WaitForAsync("-Module");
        await terminal.TypeAsync(" LayerIm" + Terminal.Tab);

        await terminal.WaitForAsync("-Module LayerImage");
    }

    [Fact]
    public async Task Statement_ThatIsIncomplete_GoesOnInTheNextRow()
    {
        await using Terminal terminal = await StartAsync();

        await terminal.TypeAsync("if ($true) {" + Terminal.Enter);
        await terminal.WaitForAsync(">> ");
        await terminal.TypeAsync("'in'+'side'" + Terminal.Enter);
        await terminal.TypeAsync("}" + Terminal.Enter);

        await terminal.WaitForAsync("\ninside");
    }

    [Fact]
    public async Task History_IsKeptAcrossSessions_WhereOnlyItsOwnerReads()
    {
        await using (Terminal first = await StartAsync())
        {
            await first.TypeAsync("'kept '+'line'" + Terminal.Enter);
            await first.WaitForAsync("\nkept line");
            await first.TypeAsync("exit" + Terminal.Enter);
            await first.WaitForExitAsync();
        }

        await using Terminal second = await StartAsync();
        await second.TypeAsync(Terminal.Up + Terminal.Up + Terminal.Enter);

        await second.WaitForAsync("\nkept line");
        UnixFileMode mode = File.GetUnixFileMode(Path.Combine(_shell.Home, "state", "layerimage", "history"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, mode);
    }

    [Fact]
    public async Task Banner_SaysWhatNeedsPwsh()
    {
        await using Terminal terminal = new(_shell);

        await terminal.WaitForAsync("need pwsh");
        await terminal.WaitForAsync("Select-Object");
        await terminal.WaitForAsync("PS ");
    }

    async Task<Terminal> StartAsync()
    {
        Terminal terminal = new(_shell);
        await terminal.WaitForAsync("PS ");
        return terminal;
    }
}
