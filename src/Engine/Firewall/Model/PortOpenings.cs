namespace LayerImage.Engine.Firewall;

/// <summary>What lets ports in, by the rules of a configuration; the same question for every backend.</summary>
/// <param name="state">The zones.</param>
/// <param name="rules">Their port rules.</param>
/// <param name="findService">What a service's name stands for, or null.</param>
internal sealed class PortOpenings(FirewallState state, IReadOnlyList<HostPortRule> rules, Func<string, ServiceDefinition?> findService)
{
    /// <summary>
    /// What lets each port of a range in, in the ports' order; null for one that is closed. Without a zone the default
    /// zone is asked first, then the other active ones.
    /// </summary>
    public IReadOnlyList<HostPortOpening?> Find(PortRange ports, FirewallProtocol protocol, string? zone)
    {
        IEnumerable<ZoneSettings> zones = zone is not null ? [state.GetZone(zone)]
            : [state.Zones[state.DefaultZone], .. state.Zones.Values.Where(other => other.Name != state.DefaultZone && IsActiveForHosts(other))];
        List<(PortRange Ports, HostPortOpening Opening)> openings = [.. zones.SelectMany(candidate => In(candidate, protocol))
            .Where(found => found.Ports.Overlaps(ports))];
        return [.. ports.Select(port => openings.Find(found => found.Ports.Contains(new PortRange(port, port))).Opening)];
    }

    /// <summary>The connections that no rule would let in.</summary>
    public IReadOnlyList<HostConnection> FindShutOut(IEnumerable<HostConnection> connections) => [.. connections.Where(connection => !LetsIn(connection))];

    private bool LetsIn(HostConnection connection)
    {
        PortRange port = new(connection.Port, connection.Port);
        return In(state.ZoneOf(connection.Client, connection.Interface), connection.Protocol)
            .Any(found => found.Ports.Contains(port) && Admits(found.Opening.Rule?.Source));

        bool Admits(string? source) =>
            source is null || (connection.Client is { } client && SourceAddress.Parse(source).Contains(client));
    }

    /// <summary>Something other than the containers' bridge is bound to it.</summary>
    private static bool IsActiveForHosts(ZoneSettings zone) =>
        zone.Sources.Count > 0 || zone.Interfaces.Any(name => name != NftFirewallScript.ContainerBridge);

    // In their order of precedence: a rule says more than a service, and one for everyone more than one for a network.
    private IEnumerable<(PortRange Ports, HostPortOpening Opening)> In(ZoneSettings zone, FirewallProtocol protocol) =>
    [
        .. rules.Where(rule => rule.Zone == zone.Name && rule.Protocol == protocol).OrderBy(rule => rule.Source is null ? 0 : 1)
            .Select(rule => (new PortRange(rule.FirstPort, rule.LastPort), new HostPortOpening { Zone = zone.Name, Rule = rule })),
        .. zone.Services.SelectMany(service =>
            PortsOf(service, protocol, []).Select(ports => (ports, new HostPortOpening { Zone = zone.Name, Service = service }))),
        .. zone.Target == "ACCEPT"
            ? [(PortRange.All, new HostPortOpening { Zone = zone.Name, ByZoneTarget = true })]
            : Array.Empty<(PortRange, HostPortOpening)>(),
    ];

    private IEnumerable<PortRange> PortsOf(string service, FirewallProtocol protocol, HashSet<string> seen) =>
        !seen.Add(service) || findService(service) is not { } definition ? []
            : definition.Ports.Where(element => element.Protocol == protocol).Select(element => element.Range)
                .Concat(definition.Includes.SelectMany(included => PortsOf(included, protocol, seen)));
}
