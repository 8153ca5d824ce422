using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    /// <summary>Sends one message, whole.</summary>
    internal static void Send(SafeHandle socketHandle, ReadOnlySpan<byte> message)
    {
        fixed (byte* pointer = message)
        {
            while (send(socketHandle, pointer, (nuint)message.Length, 0) < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno != LinuxException.EINTR)
                {
                    throw new LinuxException(nameof(send), errno, null);
                }
            }
        }
    }

    // ssize_t send(int sockfd, const void *buf, size_t len, int flags);
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(SafeHandle sockfd, byte* buf, nuint len, int flags);
}
