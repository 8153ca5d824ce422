namespace LayerImage.Engine.Firewall;

/// <summary>Lays the services of the two configurations side by side.</summary>
internal static class ServiceRuleList
{
    /// <param name="running">What runs, or null.</param>
    /// <param name="permanent">What is on the disk.</param>
    /// <param name="find">A service by its name.</param>
    public static IReadOnlyList<HostServiceRule> Merge(FirewallState? running, FirewallState permanent, Func<string, ServiceDefinition?> find)
    {
        Dictionary<string, IReadOnlyList<ServiceDefinition>> definitions = ServiceResolver.Resolve(
            (running?.Zones.Values ?? []).Concat(permanent.Zones.Values), (name, _) => find(name));
        return [.. TwoConfigurations.Merge(running, permanent, zone => zone.Services)
            .OrderBy(rule => rule.Zone, StringComparer.Ordinal)
            .ThenBy(rule => rule.Item, StringComparer.Ordinal)
            .Select(rule => new HostServiceRule
            {
                Service = rule.Item,
                Zone = rule.Zone,
                Ports = [.. definitions[rule.Item].SelectMany(definition => definition.Ports)
                    .Distinct()
                    .Select(port => $"{port.Range}/{port.Protocol.Name()}")],
                Runtime = rule.Runtime,
                Permanent = rule.Permanent,
                Drift = rule.Drift,
            })];
    }
}
