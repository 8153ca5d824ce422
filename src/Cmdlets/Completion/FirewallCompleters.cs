using System.Collections;
using System.Net.NetworkInformation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Completion;

/// <summary>Completes what a zone does with what nothing lets in.</summary>
public sealed class FirewallTargetCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound) =>
        [("default", "reject it, let ICMP in"), ("ACCEPT", "let it in"), ("DROP", "no answer"), ("REJECT", "refuse it, ICMP too")];
}

/// <summary>Completes which refused packets are logged.</summary>
public sealed class FirewallLogCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound) =>
        ((string[])["off", "all", "unicast", "broadcast", "multicast"]).Select(choice => (choice, choice));
}

/// <summary>Completes services that firewalls know.</summary>
public sealed class FirewallServiceCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound) =>
        FirewallServices.Names().Select(name => (name, $"service {name}"));
}

/// <summary>Completes zones of the host's firewall.</summary>
public sealed class FirewallZoneCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound) =>
        EngineSession.GetFirewall(null).Get(SilentObserver.Instance).Zones.Select(zone => (zone.Name, $"target {zone.Target}"));
}

/// <summary>Completes the network interfaces of this host.</summary>
public sealed class NetworkInterfaceCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound) =>
        NetworkInterface.GetAllNetworkInterfaces()
            .Where(found => found.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .Select(found => (found.Name, $"{found.OperationalStatus}"));
}

/// <summary>Completes the types of ICMP that a zone can block.</summary>
public sealed class IcmpTypeCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound) =>
        FirewallServices.IcmpTypeNames().Select(name => (name, $"ICMP {name}"));
}
