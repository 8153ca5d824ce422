using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    private const nint SYS_pidfd_send_signal = 424;

    /// <summary>
    /// pidfd_send_signal(2): int pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned flags);
    /// false when the process has ended.
    /// </summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    internal static bool PidFdSendSignal(SafeFileHandle process, int signal)
    {
        if (syscall(SYS_pidfd_send_signal, process, signal, 0, 0) == 0)
        {
            return true;
        }
        int errno = Marshal.GetLastPInvokeError();
        return errno == ESRCH ? false : throw new LinuxException("pidfd_send_signal", errno, null);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, SafeFileHandle process, nint signal, nint info, nint flags);
}
