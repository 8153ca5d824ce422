using System.Runtime.InteropServices;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    // int rename(const char *oldpath, const char *newpath);  rename(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int rename(byte* oldPath, byte* newPath);

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
