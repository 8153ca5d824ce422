using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    // asm-generic/socket.h
    internal const int SOL_SOCKET = 1, SO_REUSEADDR = 2, SO_SNDBUFFORCE = 32;

    /// <summary>Sets an integer socket option.</summary>
    internal static void SetSockOpt(SafeHandle socketHandle, int level, int option, int value)
    {
        if (setsockopt(socketHandle, level, option, &value, sizeof(int)) != 0)
        {
            throw new LinuxException(nameof(setsockopt), Marshal.GetLastPInvokeError(), null);
        }
    }

    // int setsockopt(int sockfd, int level, int optname, const void *optval, socklen_t optlen);
    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(SafeHandle sockfd, int level, int optname, int* optval, uint optlen);
}
