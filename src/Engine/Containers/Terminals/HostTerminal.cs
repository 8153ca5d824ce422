using LayerImage.Engine.Interop.Libc;

namespace LayerImage.Engine.Containers;

/// <summary>The terminal of this process, lent to a container.</summary>
public static class HostTerminal
{
    /// <summary>Whether standard input is a terminal.</summary>
    public static bool IsInteractive => Libc.GetTerminal(0) is not null;

    /// <summary>The terminal's size, or null without one.</summary>
    public static (int Rows, int Columns)? Size => Libc.GetWindowSize(0);

    /// <summary>Puts the terminal into raw mode until the result is disposed. Without a terminal it does nothing.</summary>
    public static IDisposable EnterRawMode()
    {
        Kept before = new();
        if (before.Settings is Libc.TerminalSettings settings)
        {
            Libc.SetTerminal(0, Libc.MakeRaw(settings));
        }
        return before;
    }

    /// <summary>
    /// Standard input as a stream whose reads end when the token fires: a read that were left behind would steal the
    /// shell's next key. Without a standard input (a service's, or <c>&lt;&amp;-</c>) it is at its end.
    /// </summary>
    /// <param name="onDetach">Called when the detach keys (docker's ctrl-p ctrl-q) are pressed at a terminal; null to pass them on.</param>
    public static Stream OpenInput(Action? onDetach) => Libc.IsInherited(0) ? new TerminalInput(IsInteractive ? onDetach : null) : Stream.Null;

    /// <summary>
    /// Notes how the terminal is set, for a program that is lent it (crun exec): it is so again when the result is disposed. crun
    /// since 1.15 leaves O_NONBLOCK on what a shell and its programs share, and PowerShell dies of its next read then; one that
    /// is killed leaves raw mode.
    /// </summary>
    public static IDisposable Keep() => new Kept();

    private sealed class Kept : IDisposable
    {
        private readonly int[] _flags = [.. Enumerable.Range(0, 3).Select(Libc.GetFileFlags)];

        public Libc.TerminalSettings? Settings { get; } = Libc.GetTerminal(0);

        public void Dispose()
        {
            for (int descriptor = 0; descriptor < _flags.Length; descriptor++)
            {
                if (_flags[descriptor] >= 0)
                {
                    Libc.SetFileFlags(descriptor, _flags[descriptor]);
                }
            }
            if (Settings is Libc.TerminalSettings settings)
            {
                Libc.SetTerminal(0, settings);
            }
        }
    }
}
