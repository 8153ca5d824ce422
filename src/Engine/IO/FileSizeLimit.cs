using System.Runtime.InteropServices;

namespace LayerImage.Engine.IO;

/// <summary>
/// The limit of a file's size (setrlimit(2), "ulimit -f"): who writes beyond it gets SIGXFSZ, which ends the process. A
/// PowerShell that receives a large layer shall get an error instead.
/// </summary>
internal static class FileSizeLimit
{
    private const int SIGXFSZ = 25; // asm-generic/signal.h

    // For the life of the process; a program that is started has the default again.
    private static readonly PosixSignalRegistration? s_registration =
        OperatingSystem.IsLinux() ? PosixSignalRegistration.Create((PosixSignal)SIGXFSZ, context => context.Cancel = true) : null;

    /// <summary>From now on a write beyond the limit is an error (EFBIG). Idempotent.</summary>
    public static void MakeAnError() => _ = s_registration;
}
