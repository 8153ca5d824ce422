using System.Runtime.Versioning;
using LayerImage.Testing;
using Xunit;

namespace LayerImage.Module.Tests.Launcher;

/// <summary>The prompt of ./layerimage, as a user at a terminal has it.</summary>
[SupportedOSPlatform("linux")]
public sealed class LauncherPromptTests : IDisposable
{
    readonly LauncherProcess _launcher = new();

    public LauncherPromptTests() => Assert.SkipWhen(Requires.Tool("tmux") is not null, Requires.Tool("tmux") ?? "");

    public void Dispose() => _launcher.Dispose();

    [Fact]
    public async Task Prompt_RunsWhatIsTyped_AndExitsWithTheCodeOfExit()
    {
        await using Terminal terminal = await StartAsync();

        await terminal.TypeAsync("6*7" + Terminal.Enter);
        await terminal.WaitForAsync("\n42");
        await terminal.WaitForPromptAsync();
        await terminal.TypeAsync("exit 9" + Terminal.Enter);

        Assert.Equal(9, await terminal.WaitForExitAsync());
    }

    [Fact]
    public async Task CtrlC_StopsThePipeline_AndThePromptLivesOn()
    {
        await using Terminal terminal = await StartAsync();

        await terminal.TypeAsync("'be'+'gun'; for (;;) { [Threading.Thread]::Sleep(20) }; 'not '+'reached'" + Terminal.Enter);
        await terminal.WaitForAsync("\nbegun");
        await terminal.TypeAsync(Terminal.CtrlC);
        await terminal.WaitForPromptAsync();
        await terminal.TypeAsync("'still '+'here'" + Terminal.Enter);

        await terminal.WaitForAsync("\nstill here");
    }

    [Fact]
    public async Task CtrlC_StopsANativeProgram_AndThePromptLivesOn()
    {
        await using Terminal terminal = await StartAsync();

        await terminal.TypeAsync("sh -c 'echo be\"\"gun; exec sleep 60'" + Terminal.Enter);
        await terminal.WaitForAsync("\nbegun");
        await terminal.TypeAsync(Terminal.CtrlC);
        await terminal.WaitForPromptAsync();
        await terminal.TypeAsync("'still '+'here'" + Terminal.Enter);

        await terminal.WaitForAsync("\nstill here");
    }

    [Fact]
    public async Task CtrlC_AtThePrompt_ClearsTheLine()
    {
        await using Terminal terminal = await StartAsync();

        // Not before the line editor has the keys: until then the terminal takes Ctrl-C by itself.
        await terminal.TypeAsync("exit 3");
        await terminal.WaitForAsync("exit 3");
        await terminal.TypeAsync(Terminal.CtrlC);
        await terminal.WaitForAsync("^C");
        await terminal.WaitForPromptAsync();
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
    public async Task Tab_CompletesCmdletsParametersAndModules()
    {
        await using Terminal terminal = await StartAsync();

        await terminal.TypeAsync("Get-LayerStor" + Terminal.Tab);
        await terminal.WaitForAsync("Get-LayerStore");
        await terminal.TypeAsync(Terminal.CtrlC);
        await terminal.WaitForPromptAsync();
        await terminal.TypeAsync("Get-Command -Mod" + Terminal.Tab);
        await terminal.WaitForAsync("-Module");
        await terminal.TypeAsync(" LayerIm" + Terminal.Tab);

        await terminal.WaitForAsync(" LayerImage");
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
            await first.WaitForPromptAsync();
            await first.TypeAsync("exit" + Terminal.Enter);
            await first.WaitForExitAsync();
        }

        await using Terminal second = await StartAsync();
        await second.TypeAsync(Terminal.Up + Terminal.Up + Terminal.Enter);

        await second.WaitForAsync("\nkept line");
        string history = Path.Combine(_launcher.Home, "data", "powershell", "PSReadLine", "ConsoleHost_history.txt");
        Assert.Contains("'kept '+'line'", await File.ReadAllLinesAsync(history, TestContext.Current.CancellationToken));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(history)!));
    }

    [Fact]
    public async Task Prompt_IsPowerShellsOwn_WithTheModuleImported()
    {
        await using Terminal terminal = await StartAsync();

        await terminal.TypeAsync("\"$((Get-Module LayerImage, PSReadLine).Name) in $($Host.Name)\"" + Terminal.Enter);

        await terminal.WaitForAsync("\nLayerImage PSReadLine in ConsoleHost");
    }

    async Task<Terminal> StartAsync()
    {
        Terminal terminal = await Terminal.OpenAsync(_launcher);
        await terminal.WaitForPromptAsync();
        return terminal;
    }
}
