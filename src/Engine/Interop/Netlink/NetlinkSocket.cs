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
    private const int SOL_NETLINK = 270, NETLINK_CAP_ACK = 10;
    private const ushort NLMSG_ERROR = 2, NLMSG_DONE = 3;
    private const int DefaultSendBuffer = 64 * 1024; // well below net.core.wmem_default

    private readonly SafeFileHandle _socket;
    private readonly byte[] _answer = new byte[8192];
    private uint _sequence;

    private NetlinkSocket(int protocol) => _socket = Socket(AF_NETLINK, SOCK_RAW, protocol);

    /// <summary>For links, addresses and routes (rtnetlink(7)).</summary>
    public static NetlinkSocket OpenRoute() => new(NETLINK_ROUTE);

    /// <summary>For the table of connections and for nf_tables.</summary>
    public static NetlinkSocket OpenNetfilter() => new(NETLINK_NETFILTER);

    /// <summary>Does what the message asks and returns 0 or the errno.</summary>
    public int TryExecute(NetlinkMessage message)
    {
        Send(_socket, message.Finish(++_sequence));
        return Receive(_sequence, _sequence);
    }

    /// <summary>
    /// Does what the messages ask as one transaction of nf_tables, all of it or nothing, and returns 0 or the errno of the
    /// first that was refused.
    /// </summary>
    public int TryExecuteTogether(IReadOnlyList<NetlinkMessage> messages)
    {
        if (messages.Count == 0)
        {
            return 0;
        }
        uint first = _sequence + 1;
        List<byte> batch = [];
        foreach (NetlinkMessage message in (IEnumerable<NetlinkMessage>)[NftMessages.Begin(), .. messages, NftMessages.End()])
        {
            batch.AddRange(message.Finish(++_sequence));
        }
        // An error would bring its whole request back, and several of them more than the socket holds.
        SetSockOpt(_socket, SOL_NETLINK, NETLINK_CAP_ACK, 1);
        if (batch.Count > DefaultSendBuffer)
        {
            SetSockOpt(_socket, SOL_SOCKET, SO_SNDBUFFORCE, batch.Count);
        }
        Send(_socket, CollectionsMarshal.AsSpan(batch));
        return Receive(first, _sequence - 1);
    }

    /// <summary>What a request with NLM_F_DUMP lists: each answer without its header. Empty when the kernel refuses.</summary>
    public List<byte[]> List(NetlinkMessage message)
    {
        Send(_socket, message.Finish(++_sequence));
        List<byte[]> list = [];
        while (true)
        {
            ReadOnlySpan<byte> answers = _answer.AsSpan(0, Recv(_socket, _answer));
            while (answers.Length >= NetlinkMessage.HeaderLength)
            {
                int length = MemoryMarshal.Read<int>(answers);
                ushort type = MemoryMarshal.Read<ushort>(answers[4..]);
                if (length < NetlinkMessage.HeaderLength || length > answers.Length)
                {
                    break;
                }
                if (MemoryMarshal.Read<uint>(answers[8..]) == _sequence)
                {
                    if (type is NLMSG_ERROR or NLMSG_DONE)
                    {
                        return list;
                    }
                    list.Add(answers[NetlinkMessage.HeaderLength..length].ToArray());
                }
                answers = answers[Math.Min((length + 3) & ~3, answers.Length)..];
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

    /// <summary>
    /// Reads the answers to requests and returns the first errno, or 0 when the last of them was acknowledged. The commit
    /// of a transaction fails under the number of its first message.
    /// </summary>
    private int Receive(uint first, uint last)
    {
        while (true)
        {
            ReadOnlySpan<byte> answer = _answer.AsSpan(0, Recv(_socket, _answer));
            // struct nlmsghdr { u32 len; u16 type; u16 flags; u32 seq; u32 pid; }, then for NLMSG_ERROR an int: -errno, or 0 for an acknowledgement.
            if (answer.Length < NetlinkMessage.HeaderLength + 4 || MemoryMarshal.Read<ushort>(answer[4..]) != NLMSG_ERROR)
            {
                continue;
            }
            uint about = MemoryMarshal.Read<uint>(answer[8..]);
            int errno = -MemoryMarshal.Read<int>(answer[NetlinkMessage.HeaderLength..]);
            if (about >= first && (errno != 0 || about >= last))
            {
                return errno;
            }
        }
    }
}
