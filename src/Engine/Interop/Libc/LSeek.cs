using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    private const int SEEK_DATA = 3; // unistd.h
    private const int ENXIO = 6; // errno.h

    // off_t lseek(int fd, off_t offset, int whence);  lseek(2)
    [LibraryImport("libc", SetLastError = true, EntryPoint = "lseek64")]
    private static partial long lseek(SafeFileHandle file, long offset, int whence);

    /// <summary>Where the next data of a file begins, at the offset or behind it; null when only a hole follows.</summary>
    public static long? NextData(SafeFileHandle file, long offset)
    {
        long found = lseek(file, offset, SEEK_DATA);
        if (found >= 0)
        {
            return found;
        }
        // A file system that does not know holes has data everywhere.
        return Marshal.GetLastPInvokeError() switch
        {
            ENXIO => null,
            LinuxException.EINVAL => offset,
            _ => throw Failure("lseek", (string?)null),
        };
    }
}
