using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>The host's firewall as it is.</summary>
public sealed record HostFirewall
{
    /// <summary>Who filters.</summary>
    public required FirewallBackend Backend { get; init; }

    /// <summary>It filters now.</summary>
    public required bool Running { get; init; }

    /// <summary>The service manager starts it at boot.</summary>
    public required bool EnabledAtBoot { get; init; }

    /// <summary>The zone of what is bound to none.</summary>
    public required string DefaultZone { get; init; }

    /// <summary>All zones, by name. Empty when another program's firewall runs that this backend cannot read.</summary>
    public required IReadOnlyList<HostFirewallZone> Zones { get; init; }

    /// <summary>The zone of a name, in whatever case.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ZoneNotFound"/>.</exception>
    public HostFirewallZone GetZone(string name) => Zones.FirstOrDefault(zone => zone.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw FirewallConfiguration.ZoneNotFound(name, Zones.Select(zone => zone.Name));
}
