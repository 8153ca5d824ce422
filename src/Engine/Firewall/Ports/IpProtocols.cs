using System.Globalization;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// The numbers of IP protocols by the names that firewalld's files use for them: IANA's "Assigned Internet Protocol
/// Numbers", as protocols(5) spells them. nft asks /etc/protocols for most names, which minimal machines do not have
/// (Debian: package netbase), so it is given numbers.
/// </summary>
internal static class IpProtocols
{
    private const string Names = """
        ip 0 hopopt 0 icmp 1 igmp 2 ggp 3 ipencap 4 st 5 tcp 6 egp 8 igp 9 pup 12 udp 17 hmp 20 xns-idp 22 rdp 27
        iso-tp4 29 dccp 33 xtp 36 ddp 37 idpr-cmtp 38 ipv6 41 ipv6-route 43 ipv6-frag 44 idrp 45 rsvp 46 gre 47 esp 50
        ah 51 skip 57 ipv6-icmp 58 icmpv6 58 ipv6-nonxt 59 ipv6-opts 60 rspf 73 vmtp 81 eigrp 88 ospf 89 ospfigp 89
        ax.25 93 ipip 94 etherip 97 encap 98 pim 103 ipcomp 108 vrrp 112 l2tp 115 isis 124 sctp 132 fc 133
        mobility-header 135 udplite 136 mpls-in-ip 137 manet 138 hip 139 shim6 140 wesp 141 rohc 142 ethernet 143
        """;

    private const string HostFile = "/etc/protocols";

    private static readonly Dictionary<string, byte> s_numbers = Names.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        .Chunk(2).ToDictionary(pair => pair[0], pair => byte.Parse(pair[1], CultureInfo.InvariantCulture), StringComparer.OrdinalIgnoreCase);

    /// <summary>The number of a protocol that is given by name or number.</summary>
    public static bool TryGetNumber(string text, out byte number) =>
        byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)
            || s_numbers.TryGetValue(text, out number)
            || TryFindOnHost(text, out number);

    /// <summary>The number of one that is known to be one.</summary>
    public static byte Number(string text) =>
        TryGetNumber(text, out byte number) ? number : throw new ArgumentException($"'{text}' is no IP protocol.", nameof(text));

    // A name that only this host has: "name number aliases # comment".
    private static bool TryFindOnHost(string text, out byte number)
    {
        number = 0;
        return File.Exists(HostFile) && File.ReadLines(HostFile).Select(line => line.Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(words => words.Length > 1 && words.Where((_, index) => index != 1).Contains(text)) is { } found
            && byte.TryParse(found[1], NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
