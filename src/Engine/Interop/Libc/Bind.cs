using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    /// <summary>Binds a socket to an IPv4 address and port; returns 0 or the errno, which callers tell apart.</summary>
    internal static int TryBind(SafeHandle socketHandle, IPAddress address, ushort port)
    {
        // struct sockaddr_in (netinet/in.h): family in host order, port and address in network order.
        Span<byte> name = stackalloc byte[16];
        name.Clear();
        BitConverter.TryWriteBytes(name, (ushort)AF_INET);
        BinaryPrimitives.WriteUInt16BigEndian(name[2..], port);
        _ = address.TryWriteBytes(name[4..8], out _);
        fixed (byte* pointer = name)
        {
            return bind(socketHandle, pointer, (uint)name.Length) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    // int bind(int sockfd, const struct sockaddr *addr, socklen_t addrlen);
    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(SafeHandle sockfd, byte* addr, uint addrlen);
}
