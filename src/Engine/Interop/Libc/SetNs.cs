using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    /// <summary>
    /// Moves the calling thread into a namespace. Only for a thread that ends afterwards; into a mount namespace only for one
    /// that has unshared CLONE_FS.
    /// </summary>
    internal static void SetNs(SafeFileHandle target, int kind)
    {
        if (setns(target, kind) != 0)
        {
            throw new LinuxException(nameof(setns), Marshal.GetLastPInvokeError(), null);
        }
    }

    // int setns(int fd, int nstype);
    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(SafeFileHandle fd, int nstype);
}
