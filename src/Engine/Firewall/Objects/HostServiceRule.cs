using LayerImage.Engine.Text;

namespace LayerImage.Engine.Firewall;

/// <summary>A service that a zone lets in.</summary>
public sealed record HostServiceRule
{
    internal HostServiceRule()
    {
    }

    /// <summary>Its name.</summary>
    public required string Service { get; init; }

    /// <summary>The zone.</summary>
    public required string Zone { get; init; }

    /// <summary>What it opens, with what it includes: <c>443/tcp</c>. Empty where nobody knows the service.</summary>
    public required IReadOnlyList<string> Ports { get; init => field = ReadableList.Of(value); }

    /// <summary>It is let in now.</summary>
    public bool Runtime { get; init; }

    /// <summary>The disk has it: it is let in after the next Sync or start.</summary>
    public bool Permanent { get; init; }

    /// <summary>Where it is let in, in the words of -Scope.</summary>
    public PortRuleScope Scope => Runtime && Permanent ? PortRuleScope.Both : Runtime ? PortRuleScope.Runtime : PortRuleScope.Permanent;

    /// <summary>The running configuration and the disk differ here.</summary>
    public bool Drift { get; init; }

    /// <summary>The name.</summary>
    public override string ToString() => Service;
}
