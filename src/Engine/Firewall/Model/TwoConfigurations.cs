namespace LayerImage.Engine.Firewall;

/// <summary>What a zone has in the running configuration, the permanent one, or both.</summary>
/// <param name="Zone">The zone.</param>
/// <param name="Item">What it has.</param>
/// <param name="Runtime">It holds now.</param>
/// <param name="Permanent">The disk has it.</param>
/// <param name="Drift">A firewall runs, and the two differ.</param>
internal sealed record InConfigurations<T>(string Zone, T Item, bool Runtime, bool Permanent, bool Drift);

/// <summary>Lays what zones have in the two configurations side by side.</summary>
internal static class TwoConfigurations
{
    /// <param name="running">What runs, or null.</param>
    /// <param name="permanent">What is on the disk.</param>
    /// <param name="select">What a zone has.</param>
    public static IEnumerable<InConfigurations<T>> Merge<T>(FirewallState? running, FirewallState permanent, Func<ZoneSettings, IEnumerable<T>> select)
    {
        HashSet<(string Zone, T Item)> now = [.. Each(running)], onDisk = [.. Each(permanent)];
        return now.Union(onDisk).OrderBy(found => found.Zone, StringComparer.Ordinal).Select(found =>
            new InConfigurations<T>(
                found.Zone,
                found.Item,
                now.Contains(found),
                onDisk.Contains(found),
                running is not null && now.Contains(found) != onDisk.Contains(found)));

        IEnumerable<(string, T)> Each(FirewallState? state) => (state?.Zones.Values ?? []).SelectMany(zone => select(zone).Select(item => (zone.Name, item)));
    }
}
