namespace LayerImage.Engine.Firewall;

/// <summary>Follows the services of zones to what they include.</summary>
internal static class ServiceResolver
{
    /// <summary>The definitions behind each service that a zone names: its own and those that it includes.</summary>
    /// <param name="zones">The zones.</param>
    /// <param name="find">A service by its name, or null when it is not known; told the zone that asks.</param>
    public static Dictionary<string, IReadOnlyList<ServiceDefinition>> Resolve(
        IEnumerable<ZoneSettings> zones,
        Func<string, ZoneSettings, ServiceDefinition?> find)
    {
        Dictionary<string, IReadOnlyList<ServiceDefinition>> resolved = [];
        foreach (ZoneSettings zone in zones)
        {
            foreach (string name in zone.Services)
            {
                Dictionary<string, ServiceDefinition> found = [];
                Collect(name, found, service => find(service, zone));
                resolved[name] = [.. found.Values];
            }
        }
        return resolved;
    }

    private static void Collect(string name, Dictionary<string, ServiceDefinition> found, Func<string, ServiceDefinition?> find)
    {
        if (found.ContainsKey(name) || find(name) is not { } service)
        {
            return;
        }
        found.Add(name, service);
        foreach (string included in service.Includes)
        {
            Collect(included, found, find);
        }
    }
}
