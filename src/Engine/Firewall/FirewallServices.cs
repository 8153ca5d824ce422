namespace LayerImage.Engine.Firewall;

/// <summary>What a firewall knows by its name.</summary>
public static class FirewallServices
{
    /// <summary>The types of ICMP that a zone can block (firewalld.icmptype(5)).</summary>
    public static IReadOnlyList<string> IcmpTypeNames() => [.. IcmpTypes.Names];

    /// <summary>The services, in order: those that are known without a file, and those of an installed firewalld.</summary>
    public static IReadOnlyList<string> Names() =>
        [.. ServiceDefaults.All.Keys.Union(FirewallConfiguration.OfFirewalld.ServiceNames()).Order(StringComparer.Ordinal)];
}
