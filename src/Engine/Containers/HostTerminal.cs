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
    public static IDisposable EnterRawMode() => new RawMode();

    /// <summary>
    /// Standard input as a stream whose reads end when the token fires: a read that were left behind would steal the
    /// shell's next key. Without a standard input (a service's, or <c>&lt;&amp;-</c>) it is at its end.
    /// </summary>
    /// <param name="onDetach">Called when the detach keys (docker's ctrl-p ctrl-q) are pressed at a terminal; null to pass them on.</param>
    public static Stream OpenInput(Action? onDetach) => Libc.IsInherited(0) ? new TerminalInput(IsInteractive ? onDetach : null) : Stream.Null;

    private sealed class RawMode : IDisposable
    {
        private readonly Libc.TerminalSettings? _before = Libc.GetTerminal(0);

        public RawMode()
        {
            if (_before is Libc.TerminalSettings settings)
            {
                Libc.SetTerminal(0, Libc.MakeRaw(settings));
            }
        }

        public void Dispose()
        {
            if (_before is Libc.TerminalSettings settings)
            {
                Libc.SetTerminal(0, settings);
            }
        }
    }
}
