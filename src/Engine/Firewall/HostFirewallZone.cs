namespace LayerImage.Engine.Firewall;

/// <summary>A zone: which packets are its own, and what it lets in. Running values while the firewall runs, else the permanent ones.</summary>
public sealed record HostFirewallZone
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>What happens to everything else: <c>default</c> (rejected, ICMP let in), <c>%%REJECT%%</c>, <c>DROP</c> or <c>ACCEPT</c>.</summary>
    public required string Target { get; init; }

    /// <summary>Interfaces bound to it.</summary>
    public required IReadOnlyList<string> Interfaces { get; init; }

    /// <summary>Source networks and hardware addresses bound to it.</summary>
    public required IReadOnlyList<string> Sources { get; init; }

    /// <summary>Services that it lets in.</summary>
    public required IReadOnlyList<string> Services { get; init; }

    /// <summary>Ports that it lets in, as firewalld writes them: <c>9200/tcp</c>.</summary>
    public required IReadOnlyList<string> Ports { get; init; }

    /// <summary>It is the default zone, or something is bound to it.</summary>
    public required bool IsActive { get; init; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
