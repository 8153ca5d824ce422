using System.Runtime.InteropServices;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    /// <summary>Makes a bound socket listen; returns 0 or the errno.</summary>
    internal static int TryListen(SafeHandle socketHandle, int backlog) =>
        listen(socketHandle, backlog) == 0 ? 0 : Marshal.GetLastPInvokeError();

    // int listen(int sockfd, int backlog);
    [LibraryImport("libc", SetLastError = true)]
    private static partial int listen(SafeHandle sockfd, int backlog);
}
