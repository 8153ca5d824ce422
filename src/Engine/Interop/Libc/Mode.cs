using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    // int fchmod(int fd, mode_t mode);  chmod(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(SafeFileHandle file, uint mode);

    // int fchmodat(int dirfd, const char *pathname, mode_t mode, int flags);  chmod(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmodat(SafeFileHandle directory, byte* path, uint mode, int flags);

    /// <summary>Sets the permission bits of an open file.</summary>
    public static void Chmod(SafeFileHandle file, int permissions, NativePath name)
    {
        if (fchmod(file, (uint)permissions) < 0)
        {
            throw Failure("fchmod", name);
        }
    }

    /// <summary>
    /// Sets the permission bits of a name that is known not to be a symbolic link (Linux before 6.6 cannot
    /// refuse to follow one here, so callers make the node themselves just before).
    /// </summary>
    public static void ChmodAt(SafeFileHandle directory, NativePath name, int permissions)
    {
        fixed (byte* p = name.Terminated)
        {
            if (fchmodat(directory, p, (uint)permissions, 0) < 0)
            {
                throw Failure("fchmodat", name);
            }
        }
    }
}
