using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    private const int F_DUPFD_CLOEXEC = 1030;

    /// <summary>fcntl(2): int fcntl(int fd, F_DUPFD_CLOEXEC, int lowest); a copy whose number is not below the lowest.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    internal static SafeFileHandle FcntlDupFd(SafeHandle file, int lowest)
    {
        int fd = fcntl(file, F_DUPFD_CLOEXEC, lowest);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true)
            : throw new LinuxException(nameof(fcntl), Marshal.GetLastPInvokeError(), null);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeHandle fd, int command, int argument);
}
