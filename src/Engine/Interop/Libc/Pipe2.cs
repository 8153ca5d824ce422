using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    /// <summary>pipe2(2): int pipe2(int fds[2], int flags); both ends close on exec.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    internal static unsafe (SafeFileHandle Read, SafeFileHandle Write) Pipe2()
    {
        int* fds = stackalloc int[2];
        return pipe2(fds, OpenFlags.CloseOnExec) == 0
            ? (new SafeFileHandle(fds[0], ownsHandle: true), new SafeFileHandle(fds[1], ownsHandle: true))
            : throw new LinuxException(nameof(pipe2), Marshal.GetLastPInvokeError(), null);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int pipe2(int* fds, int flags);
}
