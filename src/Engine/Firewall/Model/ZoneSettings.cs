namespace LayerImage.Engine.Firewall;

/// <summary>What a zone is, whether read from its file or from the kernel.</summary>
internal sealed record ZoneSettings
{
    /// <summary>The target of most zones: ICMP is let in, the rest is rejected.</summary>
    public const string DefaultTarget = "default";

    public required string Name { get; init; }

    public string Target { get; init; } = DefaultTarget;

    public IReadOnlyList<string> Interfaces { get; init; } = [];

    /// <summary>Networks (canonical) and hardware addresses.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Whole IP protocols that are let in, by name or number.</summary>
    public IReadOnlyList<string> Protocols { get; init; } = [];

    /// <summary>Ports that are let in when they are the sender's.</summary>
    public IReadOnlyList<PortElement> SourcePorts { get; init; } = [];

    /// <summary>The zone's name for people, and what it is for.</summary>
    public string Short { get; init; } = "";

    public string Description { get; init; } = "";

    /// <summary>Packets that leave by the zone get the host's own address.</summary>
    public bool Masquerade { get; init; }

    /// <summary>Packets may go between the zone's interfaces.</summary>
    public bool Forward { get; init; }

    /// <summary>Ports that are sent to other ones, of this host or another.</summary>
    public IReadOnlyList<ForwardPort> ForwardPorts { get; init; } = [];

    /// <summary>The types of ICMP that are not let in; with the inversion, the only ones that are.</summary>
    public IReadOnlyList<string> IcmpBlocks { get; init; } = [];

    public bool IcmpBlockInversion { get; init; }

    /// <summary>Rich rules that are more than a port and a source, as firewalld writes them.</summary>
    public IReadOnlyList<string> RichRules { get; init; } = [];

    /// <summary>What its file has that the module's own firewall does not do, once each.</summary>
    public IReadOnlyList<string> NotSupported { get; init; } = [];

    /// <summary>The port rules, by set.</summary>
    public IReadOnlyDictionary<PortSetKey, IReadOnlyList<PortElement>> Ports { get; init; } =
        new Dictionary<PortSetKey, IReadOnlyList<PortElement>>();

    public IReadOnlyList<PortElement> Elements(PortSetKey key) => Ports.GetValueOrDefault(key, []);
}
