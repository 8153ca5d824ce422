using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    // sys/mount.h
    internal const int MNT_DETACH = 2, UMOUNT_NOFOLLOW = 8;

    // int umount2(const char *target, int flags);  umount(2)
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);

    /// <summary>Unmounts; false when the path is not a mount point or does not exist.</summary>
    internal static bool TryUmount2(string target, int flags)
    {
        if (umount2(target, flags) == 0)
        {
            return true;
        }
        return Marshal.GetLastPInvokeError() is LinuxException.EINVAL or LinuxException.ENOENT ? false : throw Failure("umount2", target);
    }
}
