using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    /// <summary>Waits for one message and returns its length.</summary>
    internal static int Recv(SafeHandle socketHandle, Span<byte> buffer)
    {
        fixed (byte* pointer = buffer)
        {
            while (true)
            {
                nint length = recv(socketHandle, pointer, (nuint)buffer.Length, 0);
                if (length >= 0)
                {
                    return (int)length;
                }
                int errno = Marshal.GetLastPInvokeError();
                if (errno != LinuxException.EINTR)
                {
                    throw new LinuxException(nameof(recv), errno, null);
                }
            }
        }
    }

    // ssize_t recv(int sockfd, void *buf, size_t len, int flags);
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(SafeHandle sockfd, byte* buf, nuint len, int flags);
}
