namespace LayerImage.Engine.Firewall;

/// <summary>A rule that lets a port or a range of ports in.</summary>
public sealed record HostPortRule
{
    // PowerShell would make one of any object with a property of the same name.
    internal HostPortRule()
    {
    }

    /// <summary><c>9200</c> or <c>8000-8010</c>.</summary>
    public required string Port { get; init; }

    /// <summary>The first port that the rule opens.</summary>
    public required int FirstPort { get; init; }

    /// <summary>The last port; the first when it is a single one.</summary>
    public required int LastPort { get; init; }

    /// <summary>The protocol that the rule is for.</summary>
    public required FirewallProtocol Protocol { get; init; }

    /// <summary>The zone that it is a rule of.</summary>
    public required string Zone { get; init; }

    /// <summary>The network it is limited to, or null.</summary>
    public string? Source { get; init; }

    /// <summary>The kernel has it now.</summary>
    public bool Runtime { get; init; }

    /// <summary>The disk has it: it is there after the next Sync or start.</summary>
    public bool Permanent { get; init; }

    /// <summary>In which configurations the rule is, in the words of -Scope.</summary>
    public PortRuleScope Scope => Runtime && Permanent ? PortRuleScope.Both : Runtime ? PortRuleScope.Runtime : PortRuleScope.Permanent;

    /// <summary>
    /// The running configuration and the disk differ here. Never for a rule with an owner or a timeout,
    /// which are meant to be temporary, nor while no firewall runs.
    /// </summary>
    public bool Drift { get; init; }

    /// <summary>The time left until the kernel takes it away, or null.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>The container (short id) whose life the rule shares, or null.</summary>
    public string? Owner { get; init; }

    /// <summary>The rule as firewalld writes it: <c>9200/tcp</c>.</summary>
    public override string ToString() => $"{Port}/{Protocol.Name()}";
}
