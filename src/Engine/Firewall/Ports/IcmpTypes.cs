namespace LayerImage.Engine.Firewall;

/// <summary>firewalld's names for types of ICMP (firewalld.icmptype(5)) that a zone may block, as nft(8) writes them.</summary>
internal static class IcmpTypes
{
    // IPv4 (RFC 792, 1256), IPv6 (RFC 4443). Neighbour discovery is not among them: it is let in before any zone is asked.
    private static readonly Dictionary<string, (string? V4, string? V6)> s_known = new(StringComparer.Ordinal)
    {
        ["address-mask-reply"] = ("address-mask-reply", null),
        ["address-mask-request"] = ("address-mask-request", null),
        ["destination-unreachable"] = ("destination-unreachable", "destination-unreachable"),
        ["echo-reply"] = ("echo-reply", "echo-reply"),
        ["echo-request"] = ("echo-request", "echo-request"),
        ["packet-too-big"] = (null, "packet-too-big"),
        ["parameter-problem"] = ("parameter-problem", "parameter-problem"),
        ["redirect"] = ("redirect", "nd-redirect"),
        ["router-advertisement"] = ("router-advertisement", null),
        ["router-solicitation"] = ("router-solicitation", null),
        ["source-quench"] = ("source-quench", null),
        ["time-exceeded"] = ("time-exceeded", "time-exceeded"),
        ["timestamp-reply"] = ("timestamp-reply", null),
        ["timestamp-request"] = ("timestamp-request", null),
    };

    public static IEnumerable<string> Names => s_known.Keys;

    public static bool IsKnown(string name) => s_known.ContainsKey(name);

    /// <summary>The matches of nft rules for a type.</summary>
    public static IEnumerable<string> Matches(string name)
    {
        (string? v4, string? v6) = s_known.GetValueOrDefault(name);
        return [.. v4 is null ? [] : (string[])[$"icmp type {v4}"], .. v6 is null ? [] : (string[])[$"icmpv6 type {v6}"]];
    }
}
