using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    // linux/openat2.h
    internal const ulong RESOLVE_NO_MAGICLINKS = 0x02, RESOLVE_IN_ROOT = 0x10;

    private const nint SYS_openat2 = 437;

    /// <summary>
    /// openat2(2): long openat2(int dirfd, const char *path, struct open_how *how, size_t size);
    /// Null and the errno when it failed.
    /// </summary>
    internal static unsafe SafeFileHandle? TryOpenAt2(SafeFileHandle directory, string path, int flags, ulong resolve, out int errno)
    {
        OpenHow how = new() { Flags = (ulong)(flags | O_CLOEXEC), Resolve = resolve };
        // EAGAIN: something was renamed while the path was resolved, and the kernel could not be sure. It may be tried again.
        for (int attempt = 0; ; attempt++)
        {
            nint fd = syscall(SYS_openat2, directory, path, &how, (nuint)sizeof(OpenHow));
            if (fd >= 0)
            {
                errno = 0;
                return new SafeFileHandle(fd, ownsHandle: true);
            }
            errno = Marshal.GetLastPInvokeError();
            if (errno is not (LinuxException.EAGAIN or LinuxException.EINTR) || attempt == 32)
            {
                return null;
            }
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial nint syscall(nint number, SafeFileHandle directory, string path, OpenHow* how, nuint size);

    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }
}
