using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Firewall;

/// <summary>The kernel's memory of connections in this network namespace (linux/netfilter/nfnetlink_conntrack.h).</summary>
internal static class ConntrackTable
{
    private const int NETLINK_NETFILTER = 12;
    private const ushort NFNL_SUBSYS_CTNETLINK = 1, IPCTNL_MSG_CT_DELETE = 2;
    private const ushort NLM_F_REQUEST = 1, NLM_F_ACK = 4;
    private const int HeaderLength = 16, MessageLength = HeaderLength + 4;

    /// <summary>Forgets all connections: what goes on must be let in as if it were new. A delete that names none means all.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static void Flush()
    {
        using SafeFileHandle handle = Libc.Socket(Libc.AF_NETLINK, Libc.SOCK_RAW, NETLINK_NETFILTER);
        using FileStream socket = new(handle, FileAccess.ReadWrite, bufferSize: 0);
        // struct nlmsghdr (length, type, flags, sequence, port), then struct nfgenmsg (family, version, resource): all zero.
        byte[] request = new byte[MessageLength];
        MemoryMarshal.Write(request, MessageLength);
        MemoryMarshal.Write(request.AsSpan(4), (ushort)((NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_DELETE));
        MemoryMarshal.Write(request.AsSpan(6), (ushort)(NLM_F_REQUEST | NLM_F_ACK));
        socket.Write(request);
        byte[] answer = new byte[4096];
        int length = socket.Read(answer);
        // struct nlmsgerr begins with the negative error number, 0 for an acknowledgement.
        int error = length >= HeaderLength + 4 ? -MemoryMarshal.Read<int>(answer.AsSpan(HeaderLength)) : LinuxException.EINVAL;
        if (error != 0)
        {
            throw new LinuxException("conntrack flush", error, null);
        }
    }
}
