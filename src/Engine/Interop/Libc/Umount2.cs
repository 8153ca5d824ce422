using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    // sys/mount.h
    internal const int MNT_DETACH = 2, UMOUNT_NOFOLLOW = 8;

    /// <summary>Unmounts; false when the path is not a mount point or does not exist.</summary>
    internal static bool TryUmount2(string target, int flags)
    {
        if (umount2(target, flags) == 0)
        {
            return true;
        }
        int errno = Marshal.GetLastPInvokeError();
        return errno is LinuxException.EINVAL or LinuxException.ENOENT ? false
            : throw new LinuxException(nameof(umount2), errno, target);
    }

    // int umount2(const char *target, int flags);
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);
}
