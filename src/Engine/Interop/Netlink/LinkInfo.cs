using System.Text;

namespace LayerImage.Engine.Interop.Netlink;

/// <summary>What rtnetlink tells of a link.</summary>
/// <param name="Name">Its name.</param>
/// <param name="OtherNames">Names that lead to it as well (ip-link(8): altname). No two links of a network namespace have one in common.</param>
/// <param name="Alias">What somebody noted about it (ip-link(8): alias); empty for nothing.</param>
internal sealed record LinkInfo(string Name, IReadOnlyList<string> OtherNames, string Alias)
{
    private const int HeaderLength = 16; // struct ifinfomsg
    private const ushort IFLA_IFNAME = 3, IFLA_IFALIAS = 20, IFLA_PROP_LIST = 52, IFLA_ALT_IFNAME = 53; // linux/if_link.h

    /// <summary>Reads an RTM_NEWLINK message without its netlink header.</summary>
    public static LinkInfo Parse(ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> attributes = message[Math.Min(HeaderLength, message.Length)..];
        return new LinkInfo(
            Text(NetlinkMessage.Find(attributes, IFLA_IFNAME)),
            [.. NetlinkMessage.FindAll(NetlinkMessage.Find(attributes, IFLA_PROP_LIST), IFLA_ALT_IFNAME).Select(name => Text(name))],
            Text(NetlinkMessage.Find(attributes, IFLA_IFALIAS)));
    }

    private static string Text(ReadOnlySpan<byte> value) => Encoding.UTF8.GetString(value.TrimEnd((byte)0));
}
