using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    private struct TimeSpec
    {
        public long Seconds, Nanoseconds;
    }

    // int utimensat(int dirfd, const char *pathname, const struct timespec times[2], int flags);  utimensat(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int utimensat(SafeFileHandle directory, byte* path, TimeSpec* times, int flags);

    // int futimens(int fd, const struct timespec times[2]);  utimensat(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int futimens(SafeFileHandle file, TimeSpec* times);

    /// <summary>Sets both times of a name, never through a symbolic link.</summary>
    public static void SetTimesAt(SafeFileHandle directory, NativePath name, long seconds, uint nanoseconds)
    {
        TimeSpec* times = stackalloc TimeSpec[2];
        times[0] = times[1] = new TimeSpec { Seconds = seconds, Nanoseconds = nanoseconds };
        fixed (byte* p = name.Terminated)
        {
            if (utimensat(directory, p, times, AT_SYMLINK_NOFOLLOW) < 0)
            {
                throw Failure("utimensat", name);
            }
        }
    }

    /// <summary>Sets both times of an open file.</summary>
    public static void SetTimes(SafeFileHandle file, long seconds, uint nanoseconds, NativePath name)
    {
        TimeSpec* times = stackalloc TimeSpec[2];
        times[0] = times[1] = new TimeSpec { Seconds = seconds, Nanoseconds = nanoseconds };
        if (futimens(file, times) < 0)
        {
            throw Failure("futimens", name);
        }
    }
}
