using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    /// <summary>How openat2 resolves a path, from linux/openat2.h.</summary>
    [Flags]
    public enum Resolve : ulong
    {
        NoMagicLinks = 0x02,
        NoSymlinks = 0x04,
        Beneath = 0x08,
        InRoot = 0x10,
    }

    private struct OpenHow
    {
        public ulong Flags, Mode, Resolve;
    }

    private const int MostAttempts = 32;
    private const int SYS_openat2 = 437; // The same on every processor (asm-generic/unistd.h).

    // int openat2(int dirfd, const char *pathname, struct open_how *how, size_t size);  openat2(2)
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long openat2(long number, SafeFileHandle directory, byte* path, OpenHow* how, nuint size);

    /// <summary>Opens a path that cannot leave a directory; null and the errno when that fails.</summary>
    public static SafeFileHandle? TryOpenAt2(SafeFileHandle directory, NativePath path, int flags, Resolve resolve, out int errno)
    {
        OpenHow how = new() { Flags = (ulong)(flags | OpenFlags.CloseOnExec), Resolve = (ulong)(resolve | Resolve.NoMagicLinks) };
        long descriptor;
        fixed (byte* p = path.Terminated)
        {
            // EAGAIN: something was renamed while the path was resolved, and the kernel could not be sure.
            int attempt = 0;
            do
            {
                descriptor = openat2(SYS_openat2, directory, p, &how, (nuint)sizeof(OpenHow));
            }
            while (Interrupted(descriptor) || (descriptor < 0 && Marshal.GetLastPInvokeError() == LinuxException.EAGAIN && attempt++ < MostAttempts));
        }
        errno = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return descriptor < 0 ? null : new SafeFileHandle((nint)descriptor, ownsHandle: true);
    }

    /// <summary>Opens a path that cannot leave a directory.</summary>
    public static SafeFileHandle OpenAt2(SafeFileHandle directory, NativePath path, int flags, Resolve resolve) =>
        TryOpenAt2(directory, path, flags, resolve, out int errno) ?? throw new LinuxException("openat2", errno, path.ToString());
}
