using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    private const int MNT_DETACH = 2, UMOUNT_NOFOLLOW = 8;

    // int umount2(const char *target, int flags);  umount(2)
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);

    /// <summary>Unmounts; false when nothing is mounted there. Lazily: it disappears when its last user does.</summary>
    public static bool TryUmount(string target, bool lazy)
    {
        if (umount2(target, UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0)) == 0)
        {
            return true;
        }
        return Marshal.GetLastPInvokeError() is LinuxException.EINVAL or LinuxException.ENOENT ? false : throw Failure("umount2", target);
    }
}
