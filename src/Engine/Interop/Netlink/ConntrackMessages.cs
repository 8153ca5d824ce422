using System.Buffers.Binary;
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LayerImage.Engine.Interop.Netlink;

/// <summary>UDP flows in the table of connections: those to a port, or those that an address answers.</summary>
/// <param name="Port">The port that they ask for.</param>
/// <param name="AnsweredBy">Who answers them.</param>
internal readonly record struct UdpFlows(ushort? Port, IPAddress? AnsweredBy)
{
    /// <summary>Whether a flow is one of these.</summary>
    public bool Has(ushort? port, IPAddress? answeredBy) => Port is null ? AnsweredBy!.Equals(answeredBy) : Port == port;
}

/// <summary>
/// Requests to the kernel's table of connections, as values. Numbers: linux/netfilter/nfnetlink.h,
/// linux/netfilter/nfnetlink_conntrack.h.
/// </summary>
internal static class ConntrackMessages
{
    private const ushort NFNL_SUBSYS_CTNETLINK = 1, IPCTNL_MSG_CT_GET = 1, IPCTNL_MSG_CT_DELETE = 2;
    private const ushort CTA_TUPLE_ORIG = 1, CTA_TUPLE_REPLY = 2, CTA_ZONE = 18, CTA_FILTER = 25;
    private const ushort CTA_TUPLE_IP = 1, CTA_TUPLE_PROTO = 2, CTA_IP_V4_SRC = 1, CTA_PROTO_NUM = 1, CTA_PROTO_DST_PORT = 3;
    private const ushort CTA_FILTER_ORIG_FLAGS = 1, CTA_FILTER_REPLY_FLAGS = 2;
    private const int FilterIpSource = 1 << 0, FilterProtocol = 1 << 3, FilterDestinationPort = 1 << 5;
    private const byte AF_INET = 2, IPPROTO_UDP = 17;

    /// <summary>Forgets flows (Linux 6.12; earlier ones do not delete by a filter).</summary>
    public static NetlinkMessage Forget(UdpFlows flows) => Filter(Message(IPCTNL_MSG_CT_DELETE, 0), flows);

    /// <summary>Lists flows (Linux 5.8; earlier ones do not know the filter, and list all).</summary>
    public static NetlinkMessage List(UdpFlows flows) => Filter(Message(IPCTNL_MSG_CT_GET, NetlinkMessage.NLM_F_DUMP), flows);

    /// <summary>Forgets one flow of a list, if it is one of those that were meant; else null.</summary>
    /// <param name="flow">What the kernel says of it, from the fixed part on.</param>
    /// <param name="flows">Which were meant.</param>
    public static NetlinkMessage? ForgetOne(ReadOnlySpan<byte> flow, UdpFlows flows)
    {
        ReadOnlySpan<byte> attributes = flow[Unsafe.SizeOf<Header>()..], asked = NetlinkMessage.Find(attributes, CTA_TUPLE_ORIG);
        if (!flows.Has(Port(asked), Source(NetlinkMessage.Find(attributes, CTA_TUPLE_REPLY))) || Protocol(asked) != IPPROTO_UDP)
        {
            return null;
        }
        NetlinkMessage forget = Message(IPCTNL_MSG_CT_DELETE, 0).Attribute(CTA_TUPLE_ORIG | NetlinkMessage.NLA_F_NESTED, asked);
        return NetlinkMessage.Find(attributes, CTA_ZONE) is { Length: > 0 } zone ? forget.Attribute(CTA_ZONE, zone) : forget;
    }

    private static NetlinkMessage Filter(NetlinkMessage message, UdpFlows flows) => flows.Port is ushort port
        ? message.Nest(CTA_TUPLE_ORIG, tuple => tuple.Nest(CTA_TUPLE_PROTO, protocol => protocol
                .Attribute(CTA_PROTO_NUM, [IPPROTO_UDP])
                .Attribute(CTA_PROTO_DST_PORT, BigEndian(port))))
            .Nest(CTA_FILTER, filter => filter.Attribute(CTA_FILTER_ORIG_FLAGS, FilterProtocol | FilterDestinationPort))
        : message.Nest(CTA_TUPLE_REPLY, tuple => tuple
                .Nest(CTA_TUPLE_IP, ip => ip.Attribute(CTA_IP_V4_SRC, flows.AnsweredBy!.GetAddressBytes()))
                .Nest(CTA_TUPLE_PROTO, protocol => protocol.Attribute(CTA_PROTO_NUM, [IPPROTO_UDP])))
            .Nest(CTA_FILTER, filter => filter.Attribute(CTA_FILTER_REPLY_FLAGS, FilterIpSource | FilterProtocol));

    private static byte Protocol(ReadOnlySpan<byte> tuple) =>
        NetlinkMessage.Find(NetlinkMessage.Find(tuple, CTA_TUPLE_PROTO), CTA_PROTO_NUM) is { Length: > 0 } protocol ? protocol[0] : (byte)0;

    private static ushort? Port(ReadOnlySpan<byte> tuple) =>
        NetlinkMessage.Find(NetlinkMessage.Find(tuple, CTA_TUPLE_PROTO), CTA_PROTO_DST_PORT) is { Length: >= 2 } port
            ? BinaryPrimitives.ReadUInt16BigEndian(port)
            : null;

    private static IPAddress? Source(ReadOnlySpan<byte> tuple) =>
        NetlinkMessage.Find(NetlinkMessage.Find(tuple, CTA_TUPLE_IP), CTA_IP_V4_SRC) is { Length: 4 } address ? new IPAddress(address) : null;

    // struct nfgenmsg { u8 family; u8 version; be16 resource; }: with version 0 the kernel ignores the family.
    private static NetlinkMessage Message(ushort type, ushort flags) =>
        new NetlinkMessage((ushort)((NFNL_SUBSYS_CTNETLINK << 8) | type), flags).Fixed(new Header { Family = AF_INET, Version = 1 });

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
