using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;

namespace LayerImage.Engine.SystemTests.Firewall;

/// <summary>The calls of a firewall without a listener to its words.</summary>
internal static class QuietFirewall
{
    public static HostFirewall Get(this IHostFirewall firewall) => firewall.Get(SilentObserver.Instance);

    public static void Stop(this IHostFirewall firewall) => firewall.Stop(SilentObserver.Instance);

    public static IReadOnlyList<HostPortRule> GetRules(this IHostFirewall firewall) => firewall.GetRules(SilentObserver.Instance);

    public static HostPortRule SetRule(this IHostFirewall firewall, PortRuleRequest request) => firewall.SetRule(request, SilentObserver.Instance);

    public static void RemoveRule(this IHostFirewall firewall, PortRuleRequest request) => firewall.RemoveRule(request, SilentObserver.Instance);
}
