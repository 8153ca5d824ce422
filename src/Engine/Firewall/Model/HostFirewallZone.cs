using LayerImage.Engine.Text;

namespace LayerImage.Engine.Firewall;

/// <summary>A zone: which packets are its own, and what it lets in. Running values while the firewall runs, else the permanent ones.</summary>
public sealed record HostFirewallZone
{
    /// <summary>The zone's name.</summary>
    public required string Name { get; init; }

    /// <summary>What happens to everything else: <c>default</c> (rejected, ICMP let in), <c>%%REJECT%%</c>, <c>DROP</c> or <c>ACCEPT</c>.</summary>
    public required string Target { get; init; }

    /// <summary>Interfaces bound to it.</summary>
    public required IReadOnlyList<string> Interfaces { get; init => field = ReadableList.Of(value); }

    /// <summary>Source networks and hardware addresses bound to it.</summary>
    public required IReadOnlyList<string> Sources { get; init => field = ReadableList.Of(value); }

    /// <summary>Services that it lets in.</summary>
    public required IReadOnlyList<string> Services { get; init => field = ReadableList.Of(value); }

    /// <summary>Ports that it lets in, as firewalld writes them: <c>9200/tcp</c>.</summary>
    public required IReadOnlyList<string> Ports { get; init => field = ReadableList.Of(value); }

    /// <summary>Whole protocols that it lets in.</summary>
    public IReadOnlyList<string> Protocols { get; init => field = ReadableList.Of(value); } = ReadableList.None<string>();

    /// <summary>Ports of the sender's that it lets in: <c>68/udp</c>.</summary>
    public IReadOnlyList<string> SourcePorts { get; init => field = ReadableList.Of(value); } = ReadableList.None<string>();

    /// <summary>Packets that leave by it get this host's own address.</summary>
    public bool Masquerade { get; init; }

    /// <summary>Packets may go between its interfaces.</summary>
    public bool Forward { get; init; }

    /// <summary>Ports that it sends to other ones, as firewalld writes them: <c>port=80:proto=tcp:toport=8080:toaddr=</c>.</summary>
    public IReadOnlyList<string> ForwardPorts { get; init => field = ReadableList.Of(value); } = ReadableList.None<string>();

    /// <summary>Types of ICMP that it does not let in; with <see cref="IcmpBlockInversion"/> the only ones that it does.</summary>
    public IReadOnlyList<string> IcmpBlocks { get; init => field = ReadableList.Of(value); } = ReadableList.None<string>();

    /// <summary>The blocked types are let in and all others blocked.</summary>
    public bool IcmpBlockInversion { get; init; }

    /// <summary>Rich rules other than a port and a source, which are port rules (firewalld.richlanguage(5)).</summary>
    public IReadOnlyList<HostRichRule> RichRules { get; init => field = ReadableList.Of(value); } = ReadableList.None<HostRichRule>();

    /// <summary>What the zone is for, in its maker's words.</summary>
    public string Description { get; init; } = "";

    /// <summary>Whether packets can meet the zone: it is the default zone, or something is bound to it.</summary>
    public required bool IsActive { get; init; }

    /// <summary>The zone's name.</summary>
    public override string ToString() => Name;

    internal static HostFirewallZone Of(ZoneSettings zone, bool isActive) => new()
    {
        Name = zone.Name,
        Target = zone.Target,
        Interfaces = zone.Interfaces,
        Sources = zone.Sources,
        Services = zone.Services,
        Ports = [.. zone.Ports.SelectMany(set => set.Value.Select(element => (set.Key.Source, element)))
            .OrderBy(pair => (pair.element.Protocol, pair.element.Range))
            .Select(pair => $"{pair.element.Range}/{pair.element.Protocol.Name()}" + (pair.Source is { } source ? $" from {source}" : ""))],
        Protocols = zone.Protocols,
        SourcePorts = [.. zone.SourcePorts.Select(port => $"{port.Range}/{port.Protocol.Name()}")],
        Masquerade = zone.Masquerade,
        Forward = zone.Forward,
        ForwardPorts = [.. zone.ForwardPorts.Select(forward => forward.ToString())],
        IcmpBlocks = zone.IcmpBlocks,
        IcmpBlockInversion = zone.IcmpBlockInversion,
        RichRules = [.. zone.RichRules.Select(HostRichRule.Parse)],
        Description = zone.Description,
        IsActive = isActive,
    };
}
