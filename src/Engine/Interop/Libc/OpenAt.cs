using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    // int openat(int dirfd, const char *pathname, int flags, mode_t mode);  open(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(int directory, byte* path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    private static partial int openat_safe(SafeFileHandle directory, byte* path, int flags, uint mode);

    /// <summary>Opens a path relative to a directory; close-on-exec always.</summary>
    public static SafeFileHandle OpenAt(SafeFileHandle directory, NativePath path, int flags, uint mode = 0)
    {
        int descriptor;
        fixed (byte* p = path.Terminated)
        {
            do
            {
                descriptor = openat_safe(directory, p, flags | OpenFlags.CloseOnExec, mode);
            }
            while (Interrupted(descriptor));
        }
        return descriptor < 0 ? throw Failure("openat", path) : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Opens a path of the host; close-on-exec always.</summary>
    public static SafeFileHandle Open(NativePath path, int flags, uint mode = 0)
    {
        int descriptor;
        fixed (byte* p = path.Terminated)
        {
            do
            {
                descriptor = openat(AT_FDCWD, p, flags | OpenFlags.CloseOnExec, mode);
            }
            while (Interrupted(descriptor));
        }
        return descriptor < 0 ? throw Failure("open", path) : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Opens a directory of the host.</summary>
    public static SafeFileHandle OpenDirectory(NativePath path) => Open(path, OpenFlags.ReadOnly | OpenFlags.Directory);
}
