using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    // int fchownat(int dirfd, const char *pathname, uid_t owner, gid_t group, int flags);  chown(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchownat(SafeFileHandle directory, byte* path, uint owner, uint group, int flags);

    /// <summary>Sets the owner of a name, never through a symbolic link. Clears setuid bits: call before <see cref="ChmodAt"/>.</summary>
    public static void ChownAt(SafeFileHandle directory, NativePath name, uint owner, uint group)
    {
        fixed (byte* p = name.Terminated)
        {
            if (fchownat(directory, p, owner, group, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0)
            {
                throw Failure("fchownat", name);
            }
        }
    }
}
