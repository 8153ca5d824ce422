using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    // int rename(const char *oldpath, const char *newpath);  rename(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int rename(byte* oldPath, byte* newPath);

    // int renameat(int olddirfd, const char *oldpath, int newdirfd, const char *newpath);  rename(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int renameat(SafeFileHandle oldDirectory, byte* oldPath, SafeFileHandle newDirectory, byte* newPath);

    private const uint RENAME_EXCHANGE = 2; // linux/fs.h

    // int renameat2(int olddirfd, const char *oldpath, int newdirfd, const char *newpath, unsigned int flags);  rename(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int renameat2(int oldDirectory, byte* oldPath, int newDirectory, byte* newPath, uint flags);

    /// <summary>Gives each of two names what the other has, in one step; false where the file system cannot.</summary>
    public static bool TryExchange(NativePath onePath, NativePath otherPath)
    {
        fixed (byte* o = onePath.Terminated, n = otherPath.Terminated)
        {
            if (renameat2(AT_FDCWD, o, AT_FDCWD, n, RENAME_EXCHANGE) == 0)
            {
                return true;
            }
        }
        return Marshal.GetLastPInvokeError() is LinuxException.EINVAL or LinuxException.ENOSYS ? false : throw Failure("renameat2", otherPath);
    }

    /// <summary>Renames an entry of a directory into another directory of the same file system.</summary>
    public static void RenameAt(SafeFileHandle oldDirectory, NativePath oldName, SafeFileHandle newDirectory, NativePath newName)
    {
        fixed (byte* o = oldName.Terminated, n = newName.Terminated)
        {
            if (renameat(oldDirectory, o, newDirectory, n) < 0)
            {
                throw Failure("renameat", newName);
            }
        }
    }

    /// <summary>Renames a file or directory within a file system; a file or empty directory at the new name is replaced.</summary>
    public static void Rename(NativePath oldPath, NativePath newPath)
    {
        fixed (byte* o = oldPath.Terminated, n = newPath.Terminated)
        {
            if (rename(o, n) < 0)
            {
                throw Failure("rename", newPath);
            }
        }
    }
}
