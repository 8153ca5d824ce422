namespace LayerImage.Engine.Firewall;

/// <summary>Where a host firewall comes from.</summary>
public static class HostFirewalls
{
    /// <summary>The firewall of this host; which one it is is asked at each call. Nothing is touched until it is used, and no image store is needed.</summary>
    public static IHostFirewall Open(EngineOptions options) => Open(options, ServiceManagerPaths.System);

    internal static IHostFirewall Open(EngineOptions options, ServiceManagerPaths serviceManager) => new ChosenFirewall(options, serviceManager);
}
