using System.Net;
using LayerImage.Engine.Firewall;
using LayerImage.Engine.Network;

namespace LayerImage.Engine.Containers;

/// <summary>The ports of this host that somebody listens on, seen with its firewall's eyes.</summary>
public static class ListeningPorts
{
    /// <summary>
    /// The TCP and UDP listeners that other hosts could no longer reach if the permanent rules became the running ones. Who
    /// listens on the loopback only is not among them.
    /// </summary>
    public static IReadOnlyList<PortListener> FindShutOut(IHostFirewall firewall)
    {
        List<PortListener> listeners = [.. new[] { PortProtocol.Tcp, PortProtocol.Udp }
            .SelectMany(protocol => HostPortProbe.Find(PortRange.All.First, PortRange.All.Last, protocol)).Where(listener => !IPAddress.IsLoopback(listener.Address))];
        HashSet<HostConnection> shut = [.. firewall.FindShutOut([.. listeners.Select(ToConnection).Distinct()])];
        return [.. listeners.Where(listener => shut.Contains(ToConnection(listener)))];
    }

    private static HostConnection ToConnection(PortListener listener) => new(listener.Port, FirewallOpener.Protocol(listener.Protocol), null, null);
}
