using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    private const int AT_REMOVEDIR = 0x200;

    // int unlinkat(int dirfd, const char *pathname, int flags);  unlink(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlinkat(SafeFileHandle directory, byte* path, int flags);

    /// <summary>Removes a name; false when it is not there.</summary>
    public static bool TryUnlinkAt(SafeFileHandle directory, NativePath name, bool isDirectory)
    {
        fixed (byte* p = name.Terminated)
        {
            if (unlinkat(directory, p, isDirectory ? AT_REMOVEDIR : 0) == 0)
            {
                return true;
            }
        }
        return Marshal.GetLastPInvokeError() == LinuxException.ENOENT ? false : throw Failure("unlinkat", name);
    }
}
