namespace LayerImage.Engine.Firewall;

/// <summary>Where a host firewall comes from.</summary>
public static class HostFirewalls
{
    /// <summary>The firewall of this host. Nothing is touched until it is used.</summary>
    public static IHostFirewall Open(EngineOptions options) => new NftablesFirewall(options, ServiceManagerPaths.System);
}
