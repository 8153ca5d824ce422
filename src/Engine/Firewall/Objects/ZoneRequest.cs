namespace LayerImage.Engine.Firewall;

/// <summary>What a zone is to be; what is null stays as it is. A list is the whole list.</summary>
public sealed record ZoneRequest
{
    /// <summary>The name of the zone that is made or changed.</summary>
    public required string Zone { get; init; }

    /// <summary>Which configuration; null is both.</summary>
    public PortRuleScope? Scope { get; init; }

    /// <summary>What happens to what nothing lets in: <c>default</c>, <c>ACCEPT</c>, <c>DROP</c> or <c>REJECT</c> (firewalld.zone(5)).</summary>
    public string? Target { get; init; }

    /// <summary>What the zone is for; null leaves the description as it is.</summary>
    public string? Description { get; init; }

    /// <summary>Interfaces whose packets are its own.</summary>
    public IReadOnlyList<string>? Interfaces { get; init; }

    /// <summary>Addresses, networks and hardware addresses whose packets are its own.</summary>
    public IReadOnlyList<string>? Sources { get; init; }

    /// <summary>Services that it lets in.</summary>
    public IReadOnlyList<string>? Services { get; init; }

    /// <summary>Services that it lets in besides those that it does already.</summary>
    public IReadOnlyList<string> AddServices { get; init; } = [];

    /// <summary>Services that it no longer lets in.</summary>
    public IReadOnlyList<string> RemoveServices { get; init; } = [];

    /// <summary>Forward ports that it has besides; one for the same ports and protocol is replaced.</summary>
    public IReadOnlyList<PortForwardRequest> AddForwards { get; init; } = [];

    /// <summary>Forward ports that it no longer has.</summary>
    public IReadOnlyList<PortForwardRequest> RemoveForwards { get; init; } = [];

    /// <summary>Whole protocols that it lets in, by name or number.</summary>
    public IReadOnlyList<string>? Protocols { get; init; }

    /// <summary>Ports of the sender's that it lets in: <c>68/udp</c>.</summary>
    public IReadOnlyList<string>? SourcePorts { get; init; }

    /// <summary>Types of ICMP that it does not let in.</summary>
    public IReadOnlyList<string>? IcmpBlocks { get; init; }

    /// <summary>The blocked types are let in and all others blocked.</summary>
    public bool? IcmpBlockInversion { get; init; }

    /// <summary>Packets that leave by it get this host's own address.</summary>
    public bool? Masquerade { get; init; }

    /// <summary>Packets may go between its interfaces.</summary>
    public bool? Forward { get; init; }
}
