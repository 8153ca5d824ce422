using LayerImage.Engine.Errors;

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

    /// <exception cref="LayerImageException"><see cref="EngineError.ParameterInvalid"/>: it is none of these.</exception>
    public static FirewallProtocol Require(FirewallProtocol protocol) => All.Contains(protocol) ? protocol
        : throw new LayerImageException(EngineError.ParameterInvalid, $"'{protocol}' is not a protocol with ports.")
        {
            Target = protocol,
            Advice = "The protocols are tcp, udp, sctp and dccp.",
        };
}
