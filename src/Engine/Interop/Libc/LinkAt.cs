using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    // int linkat(int olddirfd, const char *oldpath, int newdirfd, const char *newpath, int flags);  link(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int linkat(SafeFileHandle oldDirectory, byte* oldPath, SafeFileHandle newDirectory, byte* newPath, int flags);

    /// <summary>Gives a file a second name; a symbolic link is linked itself, not followed.</summary>
    public static void LinkAt(SafeFileHandle oldDirectory, NativePath oldName, SafeFileHandle newDirectory, NativePath newName)
    {
        fixed (byte* o = oldName.Terminated, n = newName.Terminated)
        {
            if (linkat(oldDirectory, o, newDirectory, n, 0) < 0)
            {
                throw Failure("linkat", newName);
            }
        }
    }
}
