using LayerImage.Engine.Errors;
using LayerImage.Engine.Text;

namespace LayerImage.Engine.Firewall;

/// <summary>The host's firewall as it is.</summary>
public sealed record HostFirewall
{
    /// <summary>Which firewall filters this host: firewalld or the module's own.</summary>
    public required FirewallBackend Backend { get; init; }

    /// <summary>Whether the firewall filters now.</summary>
    public required bool Running { get; init; }

    /// <summary>The service manager starts it at boot.</summary>
    public required bool EnabledAtBoot { get; init; }

    /// <summary>The zone of what is bound to none.</summary>
    public required string DefaultZone { get; init; }

    /// <summary>Nothing goes in or out.</summary>
    public bool Panic { get; init; }

    /// <summary>Which refused packets the kernel's log tells of: off, all, unicast, broadcast, multicast.</summary>
    public string LogDenied { get; init; } = "off";

    /// <summary>All zones, sorted by name.</summary>
    public required IReadOnlyList<HostFirewallZone> Zones { get; init => field = ReadableList.Of(value); }

    /// <summary>Names of the zones that packets can meet.</summary>
    public IReadOnlyList<string> ActiveZones => ReadableList.Of<string>([.. Zones.Where(zone => zone.IsActive).Select(zone => zone.Name)]);

    /// <summary>The zone of a name, in whatever case.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ZoneNotFound"/>.</exception>
    public HostFirewallZone GetZone(string name) => Zones.FirstOrDefault(zone => zone.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw FirewallState.ZoneNotFound(name, Zones.Select(zone => zone.Name));

    /// <summary>The name of the firewall that filters.</summary>
    public override string ToString() => Backend.ToString();

    internal static HostFirewall Of(FirewallBackend backend, FirewallState state, bool isRunning, bool isEnabled) => new()
    {
        Backend = backend,
        Running = isRunning,
        EnabledAtBoot = isEnabled,
        DefaultZone = state.DefaultZone,
        LogDenied = state.LogDenied,
        Zones = [.. state.Zones.Values.OrderBy(zone => zone.Name, StringComparer.Ordinal).Select(zone => HostFirewallZone.Of(zone, state.IsActive(zone)))],
    };
}
