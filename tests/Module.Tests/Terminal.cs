using System.Diagnostics;
using System.Globalization;

namespace LayerImage.Module.Tests;

/// <summary>
/// A prompt of ./layerimage in a terminal, typed to and looked at. tmux is the terminal: PowerShell's line editor asks
/// where the cursor is, and what a user sees is what it drew at last.
/// </summary>
sealed class Terminal : IAsyncDisposable
{
    internal const string CtrlC = "\u0003", CtrlD = "\u0004", Tab = "\t", Enter = "\r", Up = "\e[A";
    static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    readonly LauncherProcess _launcher;
    readonly string _socket;
    int _seen;

    Terminal(LauncherProcess launcher)
    {
        _launcher = launcher;
        _socket = Path.Combine(launcher.Home, $"tmux-{Guid.NewGuid():N}"[..12]);
    }

    string ExitFile => _socket + ".exit";

    /// <summary>Opens a terminal and starts the prompt in it.</summary>
    internal static async Task<Terminal> OpenAsync(LauncherProcess launcher, int columns = 200, int rows = 50)
    {
        Terminal terminal = new(launcher);
        // The pane stays when its program has ended. The exit code goes into a file: tmux does not always know one of 0.
        await terminal.TmuxAsync("", "-f", "/dev/null", "new-session", "-d", "-x", Text(columns), "-y", Text(rows), "exec sleep 100", ";",
            "set-option", "-g", "status", "off", ";", "set-option", "-g", "remain-on-exit", "on", ";",
            "respawn-pane", "-k", $"trap : INT; '{Repository.Launcher}'; echo $? >'{terminal.ExitFile}'");
        return terminal;
    }

    /// <summary>Waits until PowerShell reads keys at a prompt that appears after what was waited for last.</summary>
    internal async Task WaitForPromptAsync()
    {
        await WaitForAsync("PS ");
        // The prompt is shown before its line editor listens: until then the kernel would take Ctrl-C and change Enter.
        string device = (await TmuxAsync("", "display-message", "-p", "#{pane_tty}")).Trim();
        await UntilAsync(async () => (await _launcher.RunProgramAsync("", "stty", "-F", device, "-a")).Output.Contains("-isig", StringComparison.Ordinal),
            () => "Nobody reads keys.");
    }

    /// <summary>Waits until a text appears after what was waited for last.</summary>
    internal async Task WaitForAsync(string text)
    {
        string rest = "";
        await UntilAsync(
            async () =>
            {
                string screen = await ScreenAsync();
                int from = Math.Min(_seen, screen.Length);
                int at = screen.IndexOf(text, from, StringComparison.Ordinal);
                rest = screen[from..];
                _seen = at < 0 ? _seen : at + text.Length;
                return at >= 0;
            },
            () => $"'{text}' did not appear. Since the last text:\n{rest}");
    }

    internal Task TypeAsync(string keys) => TmuxAsync(keys, "load-buffer", "-b", "keys", "-", ";", "paste-buffer", "-d", "-r", "-b", "keys");

    internal Task ResizeAsync(int columns, int rows) => TmuxAsync("", "resize-window", "-x", Text(columns), "-y", Text(rows));

    /// <summary>All that is shown, and what was scrolled away.</summary>
    async Task<string> ScreenAsync() => (await TmuxAsync("", "capture-pane", "-p", "-J", "-S", "-")).TrimEnd('\n');

    internal async Task<int> WaitForExitAsync()
    {
        int code = 0;
        await UntilAsync(async () => File.Exists(ExitFile) && int.TryParse(await File.ReadAllTextAsync(ExitFile), CultureInfo.InvariantCulture, out code), () => "The prompt did not end.");
        return code;
    }

    public async ValueTask DisposeAsync() => await TmuxAsync("", "kill-server");

    static async Task UntilAsync(Func<Task<bool>> condition, Func<string> complaint)
    {
        long start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > s_limit)
            {
                throw new TimeoutException(complaint());
            }
            await Task.Delay(50);
        }
    }

    async Task<string> TmuxAsync(string input, params string[] arguments)
    {
        LauncherOutcome outcome = await _launcher.RunProgramAsync(input, "tmux", ["-u", "-S", _socket, .. arguments]);
        return outcome.ExitCode == 0 ? outcome.Output
            : throw new InvalidOperationException($"tmux {string.Join(' ', arguments)}: {outcome.Error}");
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
