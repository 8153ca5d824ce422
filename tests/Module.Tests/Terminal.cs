using System.Diagnostics;
using System.Text;

namespace LayerImage.Module.Tests;

/// <summary>The Shell in a terminal of its own (util-linux's script makes the pty), typed to and read from.</summary>
sealed class Terminal : IAsyncDisposable
{
    internal const string CtrlC = "\u0003", CtrlD = "\u0004", Tab = "\t", Enter = "\r", Up = "\e[A";
    static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    readonly Process _process;
    readonly StringBuilder _screen = new();
    readonly Task _reader;
    int _seen;

    internal Terminal(ShellProcess shell)
    {
        _process = Process.Start(shell.StartInfo("script", "-qfec", $"stty rows 50 cols 200; exec '{Repository.Shell}'", "/dev/null"))!;
        _reader = ReadAsync();
    }

    /// <summary>Waits until a text appears after what was waited for last.</summary>
    internal async Task WaitForAsync(string text)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            string screen = Screen;
            int at = screen.IndexOf(text, _seen, StringComparison.Ordinal);
            if (at >= 0)
            {
                _seen = at + text.Length;
                return;
            }
            if (Stopwatch.GetElapsedTime(start) > s_limit)
            {
                throw new TimeoutException($"'{text}' did not appear. Since the last text:\n{screen[_seen..]}");
            }
            await Task.Delay(20);
        }
    }

    internal async Task TypeAsync(string keys)
    {
        await _process.StandardInput.WriteAsync(keys);
        await _process.StandardInput.FlushAsync();
    }

    internal async Task<int> WaitForExitAsync()
    {
        using CancellationTokenSource limit = new(s_limit);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
        await _reader;
        _process.Dispose();
    }

    string Screen
    {
        get
        {
            lock (_screen)
            {
                return _screen.ToString();
            }
        }
    }

    async Task ReadAsync()
    {
        char[] buffer = new char[4096];
        while (await _process.StandardOutput.ReadAsync(buffer) is > 0 and int count)
        {
            lock (_screen)
            {
                _screen.Append(buffer, 0, count);
            }
        }
    }
}
