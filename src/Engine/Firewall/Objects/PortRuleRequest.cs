namespace LayerImage.Engine.Firewall;

/// <summary>Which port rule to make or to take away.</summary>
public sealed record PortRuleRequest
{
    /// <summary>A port (<c>9200</c>) or a range (<c>8000-8010</c>), 1 to 65535.</summary>
    public required string Port { get; init; }

    /// <summary>The protocol that the rule is for.</summary>
    public FirewallProtocol Protocol { get; init; } = FirewallProtocol.Tcp;

    /// <summary>The zone; null is the default zone.</summary>
    public string? Zone { get; init; }

    /// <summary>Only for packets from this address or network (IPv4 or IPv6, CIDR); null is from anywhere in the zone.</summary>
    public string? Source { get; init; }

    /// <summary>Null is <see cref="PortRuleScope.Runtime"/> with a timeout and <see cref="PortRuleScope.Both"/> without.</summary>
    public PortRuleScope? Scope { get; init; }

    /// <summary>The kernel takes the rule away after this time. Runtime only.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Removal only: the rule is this container's, as <see cref="HostPortRule.Owner"/> says.</summary>
    public string? Owner { get; init; }
}
