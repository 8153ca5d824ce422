using LayerImage.Engine.Firewall;
using LayerImage.Engine.IO;
using LayerImage.Engine.Network;

namespace LayerImage.Engine.Containers;

/// <summary>Tells who has a port: listener, container, firewall rule.</summary>
public sealed class HostPortService
{
    private readonly IHostFirewall _firewall;
    private readonly ContainerRecords _records;
    private readonly Action _restoreNetwork;

    /// <param name="firewall">The host's firewall.</param>
    /// <param name="records">The containers.</param>
    /// <param name="restoreNetwork">Has published ports lead to their containers again where somebody flushed the host's rules.</param>
    internal HostPortService(IHostFirewall firewall, ContainerRecords records, Action restoreNetwork)
    {
        _firewall = firewall;
        _records = records;
        _restoreNetwork = restoreNetwork;
    }

    /// <summary>What stands behind each port of a range, in their order. Nothing is sent anywhere; the host is looked at once.</summary>
    /// <param name="ports">The ports.</param>
    /// <param name="protocol">Their protocol.</param>
    /// <param name="withRules">Whether to look for what lets them in and what keeps out; else only for who answers.</param>
    public IReadOnlyList<HostPortStatus> Get(PortRange ports, PortProtocol protocol, bool withRules = true)
    {
        _restoreNetwork();
        List<ContainerRecord> running = [.. _records.List().Where(record => record.State == ContainerState.Running && record.BootId == HostProcess.BootId)];
        ILookup<int, PortListener> listeners = HostPortProbe.Find(ports.First, ports.Last, protocol).ToLookup(listener => (int)listener.Port);
        IReadOnlyList<HostPortOpening?>? openings = withRules ? FindOpenings(ports, protocol) : null;
        OtherTables? others = openings is null || !Environment.IsPrivilegedProcess ? null : ReadOtherTables();
        return [.. ports.Select(port =>
        {
            ContainerRecord? owner = running.Find(record => record.Ports.Any(mapping => Covers(mapping, port, protocol)));
            HostPortOpening? opening = openings?[port - ports.First];
            PortMapping? mapping = owner?.Ports.First(published => Covers(published, port, protocol));
            IReadOnlyList<PortBlocker> blockers = others?.Find(FirewallOpener.Protocol(protocol), port, mapping?.ContainerPort + port - mapping?.HostPort) ?? [];
            return new HostPortStatus
            {
                Port = port,
                Protocol = protocol,
                // conmon holds the port for the container.
                Listeners = [.. listeners[port].Where(listener => owner is null || listener.ProcessName != "conmon")],
                Container = owner?.Name,
                Mapping = mapping,
                IsOpen = openings is null ? null : opening is not null && blockers.All(blocker => blocker.InPart),
                Zone = opening?.Zone,
                Rule = opening?.Rule,
                OpenedBy = opening is not null ? Describe(opening) : null,
                BlockedBy = [.. blockers.Select(blocker => blocker.ToString())],
            };
        })];
    }

    // Null where there is no nft: then nobody has rules that it could tell of.
    private static OtherTables? ReadOtherTables()
    {
        try
        {
            return OtherTables.Read();
        }
        catch (Errors.LayerImageException e) when (e.Error == Errors.EngineError.ToolMissing)
        {
            return null;
        }
    }

    // Null for who may not see the rules.
    private IReadOnlyList<HostPortOpening?>? FindOpenings(PortRange ports, PortProtocol protocol)
    {
        try
        {
            return _firewall.FindOpenings(ports, FirewallOpener.Protocol(protocol), zone: null);
        }
        catch (Errors.LayerImageException e) when (e.Error == Errors.EngineError.NotPrivileged)
        {
            return null;
        }
    }

    private static string Describe(HostPortOpening opening) => opening switch
    {
        { Unfiltered: true } => "no firewall runs",
        { Rule: HostPortRule rule } => $"rule {rule.Port}/{rule.Protocol.ToString().ToLowerInvariant()}{(rule.Source is null ? "" : $" from {rule.Source}")}",
        { Service: string service } => $"service {service}",
        _ => "the zone's target",
    };

    private static bool Covers(PortMapping mapping, int port, PortProtocol protocol) =>
        mapping.Protocol == protocol && mapping.HostPort != 0 && port >= mapping.HostPort && port < mapping.HostPort + mapping.Count;
}
