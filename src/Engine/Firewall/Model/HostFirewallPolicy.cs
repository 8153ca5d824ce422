using LayerImage.Engine.Text;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// A policy of firewalld's (firewalld.policy(5)): what may pass from zones to zones, or between them and this host. The
/// module's own firewall keeps the files and does not apply them.
/// </summary>
public sealed record HostFirewallPolicy
{
    internal HostFirewallPolicy()
    {
    }

    /// <summary>The policy's name.</summary>
    public required string Name { get; init; }

    /// <summary>What happens to what its rules do not speak of: <c>CONTINUE</c>, <c>ACCEPT</c>, <c>REJECT</c> or <c>DROP</c>.</summary>
    public required string Target { get; init; }

    /// <summary>Below 0 it comes before the zones' rules, above 0 after them; the lower one first.</summary>
    public required int Priority { get; init; }

    /// <summary>The zones that packets come from; <c>ANY</c> and <c>HOST</c> are the symbolic ones.</summary>
    public required IReadOnlyList<string> IngressZones { get; init => field = ReadableList.Of(value); }

    /// <summary>The zones that they go to.</summary>
    public required IReadOnlyList<string> EgressZones { get; init => field = ReadableList.Of(value); }

    /// <summary>Services that the policy lets through besides its target, by name.</summary>
    public required IReadOnlyList<string> Services { get; init => field = ReadableList.Of(value); }

    /// <summary>Ports that it lets through: <c>9200/tcp</c>.</summary>
    public required IReadOnlyList<string> Ports { get; init => field = ReadableList.Of(value); }

    /// <summary>Whole protocols that it lets through.</summary>
    public required IReadOnlyList<string> Protocols { get; init => field = ReadableList.Of(value); }

    /// <summary>Ports of the sender's that it lets through.</summary>
    public required IReadOnlyList<string> SourcePorts { get; init => field = ReadableList.Of(value); }

    /// <summary>Ports that it sends to other ones.</summary>
    public required IReadOnlyList<string> ForwardPorts { get; init => field = ReadableList.Of(value); }

    /// <summary>Types of ICMP that it does not let through.</summary>
    public required IReadOnlyList<string> IcmpBlocks { get; init => field = ReadableList.Of(value); }

    /// <summary>The policy's rich rules.</summary>
    public required IReadOnlyList<HostRichRule> RichRules { get; init => field = ReadableList.Of(value); }

    /// <summary>What passes gets this host's own address.</summary>
    public bool Masquerade { get; init; }

    /// <summary>What the policy is for, in its maker's words.</summary>
    public string Description { get; init; } = "";

    /// <summary>The policy's name.</summary>
    public override string ToString() => Name;

    /// <param name="contents">What it has in common with a zone.</param>
    /// <param name="target">Its target.</param>
    /// <param name="priority">Its priority.</param>
    /// <param name="ingress">From where.</param>
    /// <param name="egress">To where.</param>
    internal static HostFirewallPolicy Of(ZoneSettings contents, string target, int priority, IReadOnlyList<string> ingress, IReadOnlyList<string> egress)
    {
        HostFirewallZone zone = HostFirewallZone.Of(contents, isActive: false);
        return new HostFirewallPolicy
        {
            Name = zone.Name,
            Target = target,
            Priority = priority,
            IngressZones = ingress,
            EgressZones = egress,
            Services = zone.Services,
            Ports = zone.Ports,
            Protocols = zone.Protocols,
            SourcePorts = zone.SourcePorts,
            ForwardPorts = zone.ForwardPorts,
            IcmpBlocks = zone.IcmpBlocks,
            RichRules = zone.RichRules,
            Masquerade = zone.Masquerade,
            Description = zone.Description,
        };
    }
}
