using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    // sys/socket.h, linux/netlink.h
    internal const int AF_INET = 2, AF_NETLINK = 16;
    internal const int SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RAW = 3, SOCK_CLOEXEC = 0x80000;

    /// <summary>
    /// A socket in the calling thread's network namespace, closed on exec. .NET's own Socket is not used where
    /// it matters that SO_REUSEADDR is off: it switches it on for every TCP bind.
    /// </summary>
    internal static SafeFileHandle Socket(int domain, int type, int protocol)
    {
        int fd = socket(domain, type | SOCK_CLOEXEC, protocol);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true)
            : throw new LinuxException(nameof(socket), Marshal.GetLastPInvokeError(), null);
    }

    // int socket(int domain, int type, int protocol);
    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);
}
