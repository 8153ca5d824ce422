using System.Net;
using System.Net.Sockets;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// Ports of this host that a zone sends to other ports, of this host or of another (firewalld.zone(5), forward-port). One
/// without an address is for IPv4 alone.
/// </summary>
public sealed record HostPortForward
{
    internal HostPortForward()
    {
    }

    /// <summary><c>80</c> or <c>8000-8010</c>: what is asked for.</summary>
    public required string Port { get; init; }

    /// <summary>The first port that is forwarded.</summary>
    public required int FirstPort { get; init; }

    /// <summary>The last port; the first when it is a single one.</summary>
    public required int LastPort { get; init; }

    /// <summary>The protocol whose packets are forwarded.</summary>
    public required FirewallProtocol Protocol { get; init; }

    /// <summary>The port, or the range, that they become; null: they stay.</summary>
    public string? ToPort { get; init; }

    /// <summary>The host that they go to; null: this one.</summary>
    public string? ToAddress { get; init; }

    /// <summary>The zone whose packets they are.</summary>
    public required string Zone { get; init; }

    /// <summary>Whether the running firewall forwards the port.</summary>
    public bool Runtime { get; init; }

    /// <summary>The disk has it: it holds after the next Sync or start.</summary>
    public bool Permanent { get; init; }

    /// <summary>In which configurations the port is forwarded, in the words of -Scope.</summary>
    public PortRuleScope Scope => Runtime && Permanent ? PortRuleScope.Both : Runtime ? PortRuleScope.Runtime : PortRuleScope.Permanent;

    /// <summary>The running configuration and the disk differ here.</summary>
    public bool Drift { get; init; }

    /// <summary>From where to where: <c>80/tcp -> 10.0.0.5:8080</c>.</summary>
    public override string ToString() => $"{Port}/{Protocol.Name()} -> {Host}{(ToPort is null ? "" : ":" + ToPort)}";

    private string? Host =>
        ToAddress is not null && IPAddress.Parse(ToAddress).AddressFamily == AddressFamily.InterNetworkV6 && ToPort is not null ? $"[{ToAddress}]" : ToAddress;
}
