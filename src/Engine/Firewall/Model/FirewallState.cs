using System.Net;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>All zones of one configuration: the running or the permanent one.</summary>
internal sealed record FirewallState(string DefaultZone, IReadOnlyDictionary<string, ZoneSettings> Zones)
{
    public bool IsActive(ZoneSettings zone) => zone.Name == DefaultZone || zone.Interfaces.Count > 0 || zone.Sources.Count > 0;

    /// <summary>The zone of a name, in whatever case.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ZoneNotFound"/>.</exception>
    public ZoneSettings GetZone(string name) => Zones.TryGetValue(Spell(name, Zones.Keys), out ZoneSettings? found) ? found
        : throw FirewallConfiguration.ZoneNotFound(name, Zones.Keys.Order(StringComparer.Ordinal));

    /// <summary>A zone's name as the zone is written, for who writes it in another case.</summary>
    public static string Spell(string zone, IEnumerable<string> zones) =>
        zones.Where(known => known.Equals(zone, StringComparison.OrdinalIgnoreCase)).OrderBy(known => known == zone ? 0 : 1).FirstOrDefault() ?? zone;

    /// <summary>The zone of what a host sends: by its address (narrowest network first), then by the interface, else the default zone.</summary>
    public ZoneSettings ZoneOf(IPAddress? client, string? interfaceName) => Zones.Values
            .SelectMany(zone => zone.Sources.Select(source => (Zone: zone, Known: SourceAddress.TryParse(source, out SourceAddress address), Address: address)))
            .Where(bound => client is not null && bound.Known && bound.Address.Contains(client)).OrderByDescending(bound => bound.Address.PrefixLength).Select(bound => bound.Zone).FirstOrDefault()
        ?? Zones.Values.FirstOrDefault(zone => interfaceName is not null && zone.Interfaces.Any(bound => Matches(bound, interfaceName)))
        ?? Zones[DefaultZone];

    // firewalld: a final + stands for any end.
    private static bool Matches(string bound, string name) =>
        bound.EndsWith('+') ? name.StartsWith(bound[..^1], StringComparison.Ordinal) : bound == name;
}
