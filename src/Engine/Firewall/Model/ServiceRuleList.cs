namespace LayerImage.Engine.Firewall;

/// <summary>Lays the services of the two configurations side by side.</summary>
internal static class ServiceRuleList
{
    /// <param name="running">What runs, or null.</param>
    /// <param name="permanent">What is on the disk.</param>
    /// <param name="find">A service by its name.</param>
    public static IReadOnlyList<HostServiceRule> Merge(FirewallState? running, FirewallState permanent, Func<string, ServiceDefinition?> find)
    {
        HashSet<(string Zone, string Service)> now = [.. Each(running)], onDisk = [.. Each(permanent)];
        Dictionary<string, IReadOnlyList<ServiceDefinition>> definitions = ServiceResolver.Resolve(
            (running?.Zones.Values ?? []).Concat(permanent.Zones.Values), (name, _) => find(name));
        return [.. now.Union(onDisk).OrderBy(rule => rule.Zone, StringComparer.Ordinal).ThenBy(rule => rule.Service, StringComparer.Ordinal).Select(rule => new HostServiceRule
        {
            Service = rule.Service,
            Zone = rule.Zone,
            Ports = [.. definitions[rule.Service].SelectMany(definition => definition.Ports).Distinct().Select(port => $"{port.Range}/{port.Protocol.Name()}")],
            Runtime = now.Contains(rule),
            Permanent = onDisk.Contains(rule),
            Drift = running is not null && now.Contains(rule) != onDisk.Contains(rule),
        })];
    }

    private static IEnumerable<(string, string)> Each(FirewallState? state) => (state?.Zones.Values ?? []).SelectMany(zone => zone.Services.Select(service => (zone.Name, service)));
}
