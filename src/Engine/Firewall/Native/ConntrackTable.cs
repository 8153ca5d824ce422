using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Netlink;

namespace LayerImage.Engine.Firewall;

/// <summary>The kernel's memory of connections in this network namespace (linux/netfilter/nfnetlink_conntrack.h).</summary>
internal static class ConntrackTable
{
    private const ushort NFNL_SUBSYS_CTNETLINK = 1, IPCTNL_MSG_CT_DELETE = 2;

    /// <summary>Forgets all connections: what goes on must be let in as if it were new.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static void Flush()
    {
        using NetlinkSocket socket = NetlinkSocket.OpenNetfilter();
        // A delete that names no connection means all; struct nfgenmsg (family, version, resource) is all zero.
        socket.Execute(new NetlinkMessage((NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_DELETE, 0).Fixed(0u), "flush of the table of connections");
    }
}
