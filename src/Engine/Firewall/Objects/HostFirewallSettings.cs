namespace LayerImage.Engine.Firewall;

/// <summary>What holds for the firewall as a whole; what is null stays as it is.</summary>
public sealed record HostFirewallSettings
{
    /// <summary>The zone of what is bound to none: at once and for good.</summary>
    public string? DefaultZone { get; init; }

    /// <summary>Nothing goes in or out, established connections included, until it is ended. Not for good: a restart ends it.</summary>
    public bool? Panic { get; init; }

    /// <summary>Which refused packets the kernel's log tells of: <c>off</c>, <c>all</c>, <c>unicast</c>, <c>broadcast</c>, <c>multicast</c>.</summary>
    public string? LogDenied { get; init; }
}
