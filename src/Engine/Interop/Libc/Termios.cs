using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    private const int TCSANOW = 0;
    private const nuint TIOCGWINSZ = 0x5413, TIOCSWINSZ = 0x5414; // asm-generic/ioctls.h

    /// <summary>struct termios (60 bytes in glibc), kept as a whole: cfmakeraw(3) knows its fields.</summary>
    public struct TerminalSettings
    {
        public fixed byte Data[64];
    }

    private struct WindowSize
    {
        public ushort Rows, Columns, Width, Height;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(int descriptor, TerminalSettings* settings);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(int descriptor, int when, TerminalSettings* settings);

    [LibraryImport("libc")]
    private static partial void cfmakeraw(TerminalSettings* settings);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl_size(int descriptor, nuint request, WindowSize* size);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl_size(SafeFileHandle terminal, nuint request, WindowSize* size);

    /// <summary>A terminal's settings, or null when the descriptor is no terminal.</summary>
    public static TerminalSettings? GetTerminal(int descriptor)
    {
        TerminalSettings settings;
        return tcgetattr(descriptor, &settings) == 0 ? settings : null;
    }

    /// <summary>Gives a terminal its settings, by tcsetattr(3).</summary>
    public static void SetTerminal(int descriptor, TerminalSettings settings)
    {
        if (tcsetattr(descriptor, TCSANOW, &settings) < 0)
        {
            throw Failure("tcsetattr", (string?)null);
        }
    }

    /// <summary>The same settings in raw mode: every key goes through as it is.</summary>
    public static TerminalSettings MakeRaw(TerminalSettings settings)
    {
        cfmakeraw(&settings);
        return settings;
    }

    /// <summary>Gives a terminal a size, which the programs in its foreground are told (SIGWINCH). Where it is none nothing happens.</summary>
    public static void SetWindowSize(SafeFileHandle terminal, int rows, int columns)
    {
        WindowSize size = new() { Rows = (ushort)rows, Columns = (ushort)columns };
        _ = ioctl_size(terminal, TIOCSWINSZ, &size);
    }

    /// <summary>A terminal's size, or null when the descriptor is no terminal.</summary>
    public static (int Rows, int Columns)? GetWindowSize(int descriptor)
    {
        WindowSize size;
        return ioctl_size(descriptor, TIOCGWINSZ, &size) == 0 && size.Rows > 0 ? (size.Rows, size.Columns) : null;
    }
}
