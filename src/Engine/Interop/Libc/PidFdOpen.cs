using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    private const nint SYS_pidfd_open = 434;
    private const int ESRCH = 3;

    /// <summary>pidfd_open(2): int pidfd_open(pid_t pid, unsigned flags); null when there is no such process.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    internal static SafeFileHandle? PidFdOpen(int pid)
    {
        nint fd = syscall(SYS_pidfd_open, pid, 0);
        if (fd >= 0)
        {
            return new SafeFileHandle(fd, ownsHandle: true);
        }
        int errno = Marshal.GetLastPInvokeError();
        return errno == ESRCH ? null : throw new LinuxException("pidfd_open", errno, null);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint pid, nint flags);
}
