using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace LayerImage.Engine.Interop.Netlink;

/// <summary>
/// Requests to the kernel's table of connections, as values. Numbers: linux/netfilter/nfnetlink.h,
/// linux/netfilter/nfnetlink_conntrack.h.
/// </summary>
internal static class ConntrackMessages
{
    private const ushort NFNL_SUBSYS_CTNETLINK = 1, IPCTNL_MSG_CT_DELETE = 2;
    private const ushort CTA_TUPLE_ORIG = 1, CTA_TUPLE_REPLY = 2, CTA_FILTER = 25;
    private const ushort CTA_TUPLE_IP = 1, CTA_TUPLE_PROTO = 2, CTA_IP_V4_SRC = 1, CTA_PROTO_NUM = 1, CTA_PROTO_DST_PORT = 3;
    private const ushort CTA_FILTER_ORIG_FLAGS = 1, CTA_FILTER_REPLY_FLAGS = 2;
    private const int FilterIpSource = 1 << 0, FilterProtocol = 1 << 3, FilterDestinationPort = 1 << 5;
    private const byte AF_INET = 2, IPPROTO_UDP = 17;

    /// <summary>Forgets the UDP flows to a port (kernel 5.8 and later; an older one answers with an error).</summary>
    public static NetlinkMessage ForgetUdpTo(ushort port) =>
        Delete().Nest(CTA_TUPLE_ORIG, tuple => tuple.Nest(CTA_TUPLE_PROTO, protocol => protocol
                .Attribute(CTA_PROTO_NUM, [IPPROTO_UDP])
                .Attribute(CTA_PROTO_DST_PORT, BigEndian(port))))
            .Nest(CTA_FILTER, filter => filter.Attribute(CTA_FILTER_ORIG_FLAGS, FilterProtocol | FilterDestinationPort));

    /// <summary>Forgets the UDP flows that a container answers.</summary>
    public static NetlinkMessage ForgetUdpAnsweredBy(IPAddress address) =>
        Delete().Nest(CTA_TUPLE_REPLY, tuple => tuple
                .Nest(CTA_TUPLE_IP, ip => ip.Attribute(CTA_IP_V4_SRC, address.GetAddressBytes()))
                .Nest(CTA_TUPLE_PROTO, protocol => protocol.Attribute(CTA_PROTO_NUM, [IPPROTO_UDP])))
            .Nest(CTA_FILTER, filter => filter.Attribute(CTA_FILTER_REPLY_FLAGS, FilterIpSource | FilterProtocol));

    // struct nfgenmsg { u8 family; u8 version; be16 resource; }: with version 0 the kernel ignores the family.
    private static NetlinkMessage Delete() =>
        new NetlinkMessage((NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_DELETE, 0).Fixed(new Header { Family = AF_INET, Version = 1 });

    private static byte[] BigEndian(ushort value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return bytes;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public byte Family;
        public byte Version;
        public ushort Resource;
    }
}
