namespace LayerImage.Engine.Firewall;

/// <summary>An element of one of the kernel's port sets, or an entry of a zone file (then without time and owners).</summary>
internal sealed record PortElement(FirewallProtocol Protocol, PortRange Range)
{
    /// <summary>How long the element lasts from its beginning, or null for ever.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>What is left of <see cref="Timeout"/>.</summary>
    public TimeSpan? Expires { get; init; }

    /// <summary>The owners, joined by commas, as the element's comment holds them; null for a user's rule.</summary>
    public string? Owners { get; init; }

    public bool IsOwnedBy(string owner) => Owners is not null && Owners.Split(',').Contains(owner);
}
