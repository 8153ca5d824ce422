namespace LayerImage.Engine.Firewall;

/// <summary>Who filters this host's ports.</summary>
public enum FirewallBackend : long // ConvertTo-Json writes the words of such an enumeration, and of others the numbers.
{
    /// <summary>The module's own nftables table.</summary>
    Nftables,
    /// <summary>The firewalld service.</summary>
    Firewalld,
}
