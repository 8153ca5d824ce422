using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;
using static LayerImage.Engine.Interop.Libc.Libc;

namespace LayerImage.Engine.Interop.Netlink;

/// <summary>
/// One netlink(7) socket. It acts for ever in the network namespace of the thread that opened it, whichever
/// thread uses it later. Not thread-safe.
/// </summary>
internal sealed class NetlinkSocket : IDisposable
{
    private const int NETLINK_ROUTE = 0, NETLINK_NETFILTER = 12; // linux/netlink.h
    private const ushort NLMSG_ERROR = 2;

    private readonly SafeFileHandle _socket;
    private readonly byte[] _answer = new byte[8192];
    private uint _sequence;

    private NetlinkSocket(int protocol) => _socket = Socket(AF_NETLINK, SOCK_RAW, protocol);

    /// <summary>For links, addresses and routes (rtnetlink(7)).</summary>
    public static NetlinkSocket OpenRoute() => new(NETLINK_ROUTE);

    /// <summary>For the table of connections.</summary>
    public static NetlinkSocket OpenNetfilter() => new(NETLINK_NETFILTER);

    /// <summary>Does what the message asks and returns 0 or the errno.</summary>
    public int TryExecute(NetlinkMessage message)
    {
        uint sequence = ++_sequence;
        Send(_socket, message.Finish(sequence));
        while (true)
        {
            ReadOnlySpan<byte> answer = _answer.AsSpan(0, Recv(_socket, _answer));
            // struct nlmsghdr { u32 len; u16 type; u16 flags; u32 seq; u32 pid; }, then for NLMSG_ERROR an int: -errno, or 0 for an acknowledgement.
            if (answer.Length >= NetlinkMessage.HeaderLength + 4
                && MemoryMarshal.Read<ushort>(answer[4..]) == NLMSG_ERROR && MemoryMarshal.Read<uint>(answer[8..]) == sequence)
            {
                return -MemoryMarshal.Read<int>(answer[NetlinkMessage.HeaderLength..]);
            }
        }
    }

    /// <summary>Does what the message asks; <paramref name="what"/> names it in the error.</summary>
    /// <exception cref="LinuxException">The kernel refused, with anything but <paramref name="tolerated"/>.</exception>
    public void Execute(NetlinkMessage message, string what, int tolerated = 0)
    {
        int errno = TryExecute(message);
        if (errno != 0 && errno != tolerated)
        {
            throw new LinuxException("netlink", errno, what);
        }
    }

    public void Dispose() => _socket.Dispose();
}
