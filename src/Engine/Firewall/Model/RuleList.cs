using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>Lays the two configurations side by side: one rule for each range that either has.</summary>
internal static class RuleList
{
    public static IReadOnlyList<HostPortRule> Merge(FirewallState? running, FirewallState permanent)
    {
        Dictionary<(PortSetKey, FirewallProtocol, PortRange), HostPortRule> rules = [];
        foreach ((PortSetKey key, PortElement element) in Each(permanent))
        {
            rules[(key, element.Protocol, element.Range)] = Rule(key, element) with { Permanent = true, Drift = running is not null };
        }
        foreach ((PortSetKey key, PortElement element) in running is null ? [] : Each(running))
        {
            if (key.IsOwned)
            {
                continue;
            }
            (PortSetKey, FirewallProtocol, PortRange) place = (key, element.Protocol, element.Range);
            bool isPermanent = rules.ContainsKey(place);
            rules[place] = Rule(key, element) with { Runtime = true, Permanent = isPermanent, Drift = !isPermanent && element.Timeout is null };
        }
        return [.. rules.Values.Concat(Owned(running)).OrderBy(rule => rule.Zone, StringComparer.Ordinal)
            .ThenBy(rule => rule.Protocol)
            .ThenBy(rule => rule.FirstPort)
            .ThenBy(rule => rule.Source, StringComparer.Ordinal)
            .ThenBy(rule => rule.Owner, StringComparer.Ordinal)];
    }

    /// <summary>The same for one zone, in whatever case its name is, or for all.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ZoneNotFound"/>: neither has it.</exception>
    public static IReadOnlyList<HostPortRule> Merge(FirewallState? running, FirewallState permanent, string? only)
    {
        if (only is null)
        {
            return Merge(running, permanent);
        }
        string[] zones = [.. permanent.Zones.Keys.Union(running?.Zones.Keys ?? []).Order(StringComparer.Ordinal)];
        string zone = FirewallState.Spell(only, zones);
        return zones.Contains(zone) ? Merge(running?.Only(zone), permanent.Only(zone)) : throw FirewallState.ZoneNotFound(only, zones);
    }

    private static IEnumerable<HostPortRule> Owned(FirewallState? running) =>
        from zone in running?.Zones.Values ?? []
        let elements = zone.Elements(PortSetKey.OwnedOf(zone.Name))
        from owner in elements.SelectMany(element => (element.Owners ?? "").Split(',')).Distinct()
        from element in PortSetAlgebra.OwnedBy(elements, owner)
        select Rule(PortSetKey.OwnedOf(zone.Name), element) with { Runtime = true, Owner = owner };

    private static IEnumerable<(PortSetKey, PortElement)> Each(FirewallState state) =>
        from zone in state.Zones.Values from set in zone.Ports from element in set.Value select (set.Key, element);

    private static HostPortRule Rule(PortSetKey key, PortElement element) => new()
    {
        Port = element.Range.ToString(),
        FirstPort = element.Range.First,
        LastPort = element.Range.Last,
        Protocol = element.Protocol,
        Zone = key.Zone,
        Source = key.Source?.ToString(),
        Timeout = element.Expires ?? element.Timeout,
    };
}
