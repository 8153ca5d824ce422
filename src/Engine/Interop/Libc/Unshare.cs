using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    // linux/sched.h
    internal const int CLONE_FS = 0x200, CLONE_NEWNS = 0x20000, CLONE_NEWNET = 0x40000000;

    /// <summary>
    /// Moves the calling thread into namespaces of its own. Only for a thread that ends afterwards: a pool
    /// thread would carry the namespace into other work.
    /// </summary>
    internal static void Unshare(int flags)
    {
        if (unshare(flags) != 0)
        {
            throw new LinuxException(nameof(unshare), Marshal.GetLastPInvokeError(), null);
        }
    }

    // int unshare(int flags);
    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);
}
