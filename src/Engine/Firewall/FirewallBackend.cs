namespace LayerImage.Engine.Firewall;

/// <summary>Who filters this host's ports.</summary>
public enum FirewallBackend
{
    /// <summary>The module's own nftables table.</summary>
    Nftables,
    /// <summary>The firewalld service.</summary>
    Firewalld,
}
