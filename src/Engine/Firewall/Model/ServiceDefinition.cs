namespace LayerImage.Engine.Firewall;

/// <summary>What a service's name stands for.</summary>
internal sealed record ServiceDefinition(string Name)
{
    public IReadOnlyList<PortElement> Ports { get; init; } = [];

    public IReadOnlyList<PortElement> SourcePorts { get; init; } = [];

    public IReadOnlyList<string> Protocols { get; init; } = [];

    public IReadOnlyList<string> Includes { get; init; } = [];

    /// <summary>Only packets to this network; with one family given, the other is not let in.</summary>
    public SourceAddress? DestinationV4 { get; init; }

    public SourceAddress? DestinationV6 { get; init; }
}
