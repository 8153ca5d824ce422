using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    // int mkdirat(int dirfd, const char *pathname, mode_t mode);  mkdir(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdirat(SafeFileHandle directory, byte* path, uint mode);

    /// <summary>Makes a directory; false when something of that name is there.</summary>
    public static bool TryMkdirAt(SafeFileHandle directory, NativePath name, uint mode)
    {
        fixed (byte* p = name.Terminated)
        {
            if (mkdirat(directory, p, mode) == 0)
            {
                return true;
            }
        }
        return Marshal.GetLastPInvokeError() == LinuxException.EEXIST ? false : throw Failure("mkdirat", name);
    }
}
