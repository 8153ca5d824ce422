using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    private const int LOCK_SH = 1, LOCK_EX = 2, LOCK_NB = 4;

    // int flock(int fd, int operation);  flock(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(SafeFileHandle file, int operation);

    /// <summary>Takes a lock without waiting; false when another has it. It ends with the descriptor, also when the process is killed.</summary>
    public static bool TryFlock(SafeFileHandle file, bool exclusive, string path)
    {
        if (flock(file, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0)
        {
            return true;
        }
        return Marshal.GetLastPInvokeError() is LinuxException.EAGAIN or LinuxException.EINTR ? false : throw Failure("flock", path);
    }
}
