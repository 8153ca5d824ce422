using System.Runtime.InteropServices;
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
