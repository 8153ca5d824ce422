using System.Net;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>All zones of one configuration: the running or the permanent one.</summary>
internal sealed record FirewallState(string DefaultZone, IReadOnlyDictionary<string, ZoneSettings> Zones)
{
    /// <summary>Which refused packets are logged (firewalld.conf(5), LogDenied).</summary>
    public string LogDenied { get; init; } = LogDeniedOff;

    public const string LogDeniedOff = "off";

    public static IReadOnlyList<string> LogDeniedValues { get; } = ["all", "unicast", "broadcast", "multicast", LogDeniedOff];

    public bool IsActive(ZoneSettings zone) => zone.Name == DefaultZone || zone.Interfaces.Count > 0 || zone.Sources.Count > 0;

    /// <summary>The zone of a name, in whatever case.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ZoneNotFound"/>.</exception>
    public ZoneSettings GetZone(string name) => Zones.TryGetValue(Spell(name, Zones.Keys), out ZoneSettings? found) ? found
        : throw ZoneNotFound(name, Zones.Keys.Order(StringComparer.Ordinal));

    /// <summary>The state with one of its zones, or with none when it has no such.</summary>
    public FirewallState Only(string zone) => this with { Zones = Zones.Where(entry => entry.Key == zone).ToDictionary() };

    /// <summary>The error for a name that no zone has.</summary>
    /// <param name="zone">The name.</param>
    /// <param name="zones">Those that there are.</param>
    public static LayerImageException ZoneNotFound(string zone, IEnumerable<string> zones) =>
        new(EngineError.ZoneNotFound, $"There is no firewall zone '{zone}'.")
        {
            Target = zone,
            Advice = $"The zones are: {string.Join(", ", zones)}.",
        };

    /// <summary>Refuses to remove the default zone, or one that is there without a file.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ZoneNotFound"/>, <see cref="EngineError.ParameterInvalid"/>.</exception>
    public void RequireRemovable(string name)
    {
        ZoneSettings zone = GetZone(name);
        string? reason = zone.Name == DefaultZone ? "it is the default zone" : ZoneDefaults.Find(zone.Name) is not null ? "it is built in" : null;
        if (reason is not null)
        {
            throw new LayerImageException(EngineError.ParameterInvalid, $"Zone '{zone.Name}' cannot be removed: {reason}.")
            {
                Target = zone.Name,
                Advice = "Set-HostFirewall -DefaultZone chooses another default zone; "
                    + "a built-in zone lets nothing in that Set-HostFirewallZone takes out of it.",
            };
        }
    }

    /// <exception cref="LayerImageException"><see cref="EngineError.ParameterInvalid"/>.</exception>
    public static void RequireLogDenied(string? value)
    {
        if (value is not null && !LogDeniedValues.Contains(value.ToLowerInvariant()))
        {
            throw new LayerImageException(EngineError.ParameterInvalid, $"'{value}' is not a choice of packets to log.")
            {
                Target = value,
                Advice = $"The choices are {string.Join(", ", LogDeniedValues)}.",
            };
        }
    }

    /// <summary>A zone's name as the zone is written, for who writes it in another case.</summary>
    public static string Spell(string zone, IEnumerable<string> zones) =>
        zones.Where(known => known.Equals(zone, StringComparison.OrdinalIgnoreCase)).OrderBy(known => known == zone ? 0 : 1).FirstOrDefault() ?? zone;

    /// <summary>The zone of what a host sends: by its address (narrowest network first), then by the interface, else the default zone.</summary>
    public ZoneSettings ZoneOf(IPAddress? client, string? interfaceName) => Zones.Values
            .SelectMany(zone => zone.Sources.Select(source => (Zone: zone, Known: SourceAddress.TryParse(source, out SourceAddress address), Address: address)))
            .Where(bound => client is not null && bound.Known && bound.Address.Contains(client))
            .OrderByDescending(bound => bound.Address.PrefixLength)
            .Select(bound => bound.Zone)
            .FirstOrDefault()
        ?? Zones.Values.FirstOrDefault(zone => interfaceName is not null && zone.Interfaces.Any(bound => Matches(bound, interfaceName)))
        ?? Zones[DefaultZone];

    // firewalld: a final + stands for any end.
    private static bool Matches(string bound, string name) =>
        bound.EndsWith('+') ? name.StartsWith(bound[..^1], StringComparison.Ordinal) : bound == name;
}
