namespace LayerImage.Engine.Firewall;

/// <summary>Why a port is let in: exactly one of rule, service, zone target, or that nothing filters.</summary>
public sealed record HostPortOpening
{
    /// <summary>The zone that lets it in, or null when no firewall runs.</summary>
    public string? Zone { get; init; }

    /// <summary>The port rule that opens the port; null when something else does.</summary>
    public HostPortRule? Rule { get; init; }

    /// <summary>The service of the zone.</summary>
    public string? Service { get; init; }

    /// <summary>The zone's target is ACCEPT.</summary>
    public bool ByZoneTarget { get; init; }

    /// <summary>No firewall runs: nothing is blocked.</summary>
    public bool Unfiltered { get; init; }

    internal static HostPortOpening WithoutFirewall { get; } = new() { Unfiltered = true };
}
