using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    // int symlinkat(const char *target, int newdirfd, const char *linkpath);  symlink(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int symlinkat(byte* target, SafeFileHandle directory, byte* path);

    /// <summary>Makes a symbolic link with any text as its target.</summary>
    public static void SymlinkAt(NativePath target, SafeFileHandle directory, NativePath name)
    {
        fixed (byte* t = target.Terminated, p = name.Terminated)
        {
            if (symlinkat(t, directory, p) < 0)
            {
                throw Failure("symlinkat", name);
            }
        }
    }
}
