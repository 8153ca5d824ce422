namespace LayerImage.Engine.Firewall;

/// <summary>A forward port that is to be made, or taken away.</summary>
public sealed record PortForwardRequest
{
    /// <summary>The ports that are asked for: <c>80</c> or <c>8000-8010</c>.</summary>
    public required string Port { get; init; }

    /// <summary>The protocol whose packets are to be forwarded.</summary>
    public FirewallProtocol Protocol { get; init; } = FirewallProtocol.Tcp;

    /// <summary>The port, or the range, that they become; null: they stay.</summary>
    public string? ToPort { get; init; }

    /// <summary>The host that they go to; null: this one.</summary>
    public string? ToAddress { get; init; }
}
