namespace LayerImage.Engine.Firewall;

/// <summary>The names that firewalld's files and nftables use for the protocols.</summary>
internal static class FirewallProtocols
{
    public static IReadOnlyList<FirewallProtocol> All { get; } =
        [FirewallProtocol.Tcp, FirewallProtocol.Udp, FirewallProtocol.Sctp, FirewallProtocol.Dccp];

    public static string Name(this FirewallProtocol protocol) => protocol switch
    {
        FirewallProtocol.Tcp => "tcp",
        FirewallProtocol.Udp => "udp",
        FirewallProtocol.Sctp => "sctp",
        FirewallProtocol.Dccp => "dccp",
        _ => throw new ArgumentOutOfRangeException(nameof(protocol)),
    };

    /// <summary>Reads a name, or the number that nft prints where /etc/protocols is missing.</summary>
    public static bool TryParse(string? text, out FirewallProtocol protocol)
    {
        foreach (FirewallProtocol candidate in All)
        {
            if (text == candidate.Name() || text == ((int)candidate).ToString())
            {
                protocol = candidate;
                return true;
            }
        }
        protocol = default;
        return false;
    }
}
