using LayerImage.Engine.Text;

namespace LayerImage.Engine.Firewall;

/// <summary>A service that a zone lets in.</summary>
public sealed record HostServiceRule
{
    internal HostServiceRule()
    {
    }

    /// <summary>The service's name.</summary>
    public required string Service { get; init; }

    /// <summary>The zone that lets the service in.</summary>
    public required string Zone { get; init; }

    /// <summary>Ports that the service opens, with those it includes: <c>443/tcp</c>. Empty where nobody knows the service.</summary>
    public required IReadOnlyList<string> Ports { get; init => field = ReadableList.Of(value); }

    /// <summary>Whether the running firewall lets the service in.</summary>
    public bool Runtime { get; init; }

    /// <summary>The disk has it: it is let in after the next Sync or start.</summary>
    public bool Permanent { get; init; }

    /// <summary>In which configurations the service is let in, in the words of -Scope.</summary>
    public PortRuleScope Scope => Runtime && Permanent ? PortRuleScope.Both : Runtime ? PortRuleScope.Runtime : PortRuleScope.Permanent;

    /// <summary>The running configuration and the disk differ here.</summary>
    public bool Drift { get; init; }

    /// <summary>The service's name.</summary>
    public override string ToString() => Service;
}
