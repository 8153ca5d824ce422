using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using static LayerImage.Engine.Interop.Netlink.NetlinkMessage;

namespace LayerImage.Engine.Interop.Netlink;

/// <summary>The rtnetlink requests a container network needs, as values. Numbers: linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h.</summary>
internal static class RouteMessages
{
    internal const int LoopbackIndex = 1;

    private const ushort RTM_NEWLINK = 16, RTM_DELLINK = 17, RTM_GETLINK = 18, RTM_SETLINK = 19, RTM_NEWADDR = 20, RTM_NEWROUTE = 24, RTM_NEWLINKPROP = 108;
    private const ushort IFLA_ADDRESS = 1, IFLA_IFNAME = 3, IFLA_MASTER = 10, IFLA_PROTINFO = 12, IFLA_LINKINFO = 18, IFLA_IFALIAS = 20, IFLA_NET_NS_FD = 28,
        IFLA_EXT_MASK = 29, IFLA_PROP_LIST = 52, IFLA_ALT_IFNAME = 53;
    private const ushort IFLA_INFO_KIND = 1, IFLA_INFO_DATA = 2, VETH_INFO_PEER = 1, IFLA_BRPORT_MODE = 4;
    private const ushort IFA_ADDRESS = 1, IFA_LOCAL = 2, IFA_BROADCAST = 4, RTA_OIF = 4, RTA_GATEWAY = 5;
    private const uint IFF_UP = 1;
    private const int RTEXT_FILTER_SKIP_STATS = 8;
    private const byte AF_INET = 2, AF_BRIDGE = 7, RT_TABLE_MAIN = 254, RTPROT_BOOT = 3, RTN_UNICAST = 1;

    /// <summary>
    /// A bridge. Its hardware address is given: one that the kernel chose would change with each port that
    /// comes and goes, and every container would for a while send to an address that is gone.
    /// </summary>
    public static NetlinkMessage AddBridge(string name, IPAddress address) =>
        new NetlinkMessage(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL)
            .Fixed(default(LinkHeader))
            .Attribute(IFLA_IFNAME, name)
            .Attribute(IFLA_ADDRESS, HardwareAddress(address))
            .Nest(IFLA_LINKINFO, info => info.Attribute(IFLA_INFO_KIND, "bridge"));

    /// <summary>
    /// A veth pair: the host's end in a bridge, the other end in another network namespace, both still down: what a
    /// link believes of its neighbours is to be set before it is up.
    /// </summary>
    public static NetlinkMessage AddVeth(string hostName, int bridgeIndex, string peerName, IPAddress peerAddress, int peerNamespace) =>
        new NetlinkMessage(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL)
            .Fixed(default(LinkHeader))
            .Attribute(IFLA_IFNAME, hostName)
            .Attribute(IFLA_MASTER, bridgeIndex)
            .Nest(IFLA_LINKINFO, info => info
                .Attribute(IFLA_INFO_KIND, "veth")
                .Nest(IFLA_INFO_DATA, data => data.Nest(VETH_INFO_PEER, peer => peer
                    .Fixed(default(LinkHeader))
                    .Attribute(IFLA_IFNAME, peerName)
                    .Attribute(IFLA_ADDRESS, HardwareAddress(peerAddress))
                    .Attribute(IFLA_NET_NS_FD, peerNamespace))));

    /// <summary>Lets a bridge port send a frame back where it came from: a container that calls its own published port.</summary>
    public static NetlinkMessage SetHairpin(int index) =>
        new NetlinkMessage(RTM_SETLINK, 0)
            .Fixed(new LinkHeader { Family = AF_BRIDGE, Index = index })
            .Nest(IFLA_PROTINFO, port => port.Attribute(IFLA_BRPORT_MODE, [1]));

    public static NetlinkMessage SetUp(int index) =>
        new NetlinkMessage(RTM_NEWLINK, 0).Fixed(new LinkHeader { Index = index, Flags = IFF_UP, Change = IFF_UP });

    /// <summary>One more name for a link; EEXIST when any link of the network namespace is called so.</summary>
    public static NetlinkMessage AddOtherName(int index, string name) =>
        new NetlinkMessage(RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL)
            .Fixed(new LinkHeader { Index = index })
            .Nest(IFLA_PROP_LIST, list => list.Attribute(IFLA_ALT_IFNAME, name));

    /// <summary>A note on a link; an empty one takes it away.</summary>
    public static NetlinkMessage SetAlias(int index, string alias) =>
        new NetlinkMessage(RTM_SETLINK, 0).Fixed(new LinkHeader { Index = index }).Attribute(IFLA_IFALIAS, Encoding.UTF8.GetBytes(alias));

    /// <summary>Asks what a link is like (<see cref="LinkInfo"/>).</summary>
    public static NetlinkMessage GetLink(string name) =>
        new NetlinkMessage(RTM_GETLINK, 0).Fixed(default(LinkHeader)).Attribute(IFLA_IFNAME, name).Attribute(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);

    /// <summary>Asks the same of all links in a bridge.</summary>
    public static NetlinkMessage ListPorts(int bridgeIndex) =>
        new NetlinkMessage(RTM_GETLINK, NLM_F_DUMP, isAcknowledged: false)
            .Fixed(default(LinkHeader)).Attribute(IFLA_MASTER, bridgeIndex).Attribute(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);

    public static NetlinkMessage DeleteLink(string name) =>
        new NetlinkMessage(RTM_DELLINK, 0).Fixed(default(LinkHeader)).Attribute(IFLA_IFNAME, name);

    public static NetlinkMessage AddAddress(int index, IPAddress address, IPAddress broadcast, int prefixLength) =>
        new NetlinkMessage(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL)
            .Fixed(new AddressHeader { Family = AF_INET, PrefixLength = (byte)prefixLength, Index = index })
            .Attribute(IFA_LOCAL, address.GetAddressBytes())
            .Attribute(IFA_ADDRESS, address.GetAddressBytes())
            .Attribute(IFA_BROADCAST, broadcast.GetAddressBytes());

    public static NetlinkMessage AddDefaultRoute(int index, IPAddress gateway) =>
        new NetlinkMessage(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL)
            .Fixed(new RouteHeader { Family = AF_INET, Table = RT_TABLE_MAIN, Protocol = RTPROT_BOOT, Type = RTN_UNICAST })
            .Attribute(RTA_GATEWAY, gateway.GetAddressBytes())
            .Attribute(RTA_OIF, index);

    /// <summary>A locally administered address made from the IPv4 one, so that a neighbour's cached entry stays true when an address is used again.</summary>
    internal static byte[] HardwareAddress(IPAddress address) => [0x02, 0x42, .. address.GetAddressBytes()];

    // struct ifinfomsg
    [StructLayout(LayoutKind.Sequential)]
    private struct LinkHeader
    {
        public byte Family;
        public byte Padding;
        public ushort Type;
        public int Index;
        public uint Flags;
        public uint Change;
    }

    // struct ifaddrmsg
    [StructLayout(LayoutKind.Sequential)]
    private struct AddressHeader
    {
        public byte Family;
        public byte PrefixLength;
        public byte Flags;
        public byte Scope;
        public int Index;
    }

    // struct rtmsg
    [StructLayout(LayoutKind.Sequential)]
    private struct RouteHeader
    {
        public byte Family;
        public byte DestinationLength;
        public byte SourceLength;
        public byte Tos;
        public byte Table;
        public byte Protocol;
        public byte Scope;
        public byte Type;
        public uint Flags;
    }
}
