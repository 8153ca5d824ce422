using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    /// <summary>
    /// waitpid(2): pid_t waitpid(pid_t pid, int *status, int options); waits for a child and returns its exit
    /// code, 128 + n after signal n. Null: it ended, and the runtime took its status. .NET reaps every child of a process that
    /// is the first of its pid namespace (a container's only program) or began with SIGCHLD ignored.
    /// </summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    internal static unsafe int? WaitPid(int pid)
    {
        int status;
        while (waitpid(pid, &status, 0) < 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno == LinuxException.ECHILD)
            {
                return null;
            }
            if (errno != LinuxException.EINTR)
            {
                throw new LinuxException(nameof(waitpid), errno, null);
            }
        }
        int signal = status & 0x7F;
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int waitpid(int pid, int* status, int options);
}
