using System.Net;
using System.Net.Sockets;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// A forward port of a zone (firewalld.zone(5), forward-port): what comes for the ports goes to other ones, of this host or
/// of another.
/// </summary>
/// <param name="Protocol">The protocol.</param>
/// <param name="Range">The ports that are asked for.</param>
/// <param name="ToPort">Where it goes; null: the port stays.</param>
/// <param name="ToAddress">Whose port it is then; null: this host's.</param>
internal sealed record ForwardPort(FirewallProtocol Protocol, PortRange Range, PortRange? ToPort, IPAddress? ToAddress)
{
    private const string Advice = "Give -ToPort (a port, or a range), -ToAddress (an IPv4 or IPv6 address of another host), or both.";

    /// <summary>Whether it is about the same packets as another.</summary>
    public bool Overlaps(ForwardPort other) => Protocol == other.Protocol && Range.Overlaps(other.Range)
        && IsIPv6 == other.IsIPv6;

    /// <summary>Whether it is for IPv6 packets. As in firewalld one without an address is for IPv4 alone.</summary>
    public bool IsIPv6 => ToAddress?.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>Reads a request's texts and checks that its parts fit together.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.PortInvalid"/>, <see cref="EngineError.ParameterInvalid"/>.</exception>
    public static ForwardPort From(PortForwardRequest request)
    {
        ForwardPort forward = new(
            FirewallProtocols.Require(request.Protocol),
            PortRange.Parse(request.Port),
            request.ToPort is null ? null : PortRange.Parse(request.ToPort),
            request.ToAddress is null
                ? null
                : ReadAddress(request.ToAddress) ?? throw Invalid(request.ToAddress, $"'{request.ToAddress}' is not an address of another host."));
        return forward is { ToPort: null, ToAddress: null } ? throw Invalid(request.Port, $"It is not said where port {request.Port} is to go.")
            : forward.ToAddress is { } address && IPAddress.IsLoopback(address)
                ? throw Invalid(
                    request.ToAddress!,
                    $"Packets of other hosts never get to {address}.",
                    "Leave -ToAddress out to forward to a port of this host.")
            : forward;
    }

    /// <summary>Reads <see cref="ToString"/>'s form.</summary>
    public static ForwardPort? Parse(string text) => text.Split(':', 4) is [var port, var protocol, var toPort, var toAddress]
        && Value(port, "port") is { } ports
        && Value(protocol, "proto") is { } name
        && Value(toPort, "toport") is { } target
        && Value(toAddress, "toaddr") is { } address
        ? Read(ports, name, target, address) : null;

    /// <summary>Reads the four values that firewalld has of one, of which the last two may be empty; null when it is none.</summary>
    public static ForwardPort? Read(string port, string protocol, string toPort, string toAddress)
    {
        PortRange target = default;
        IPAddress? address = toAddress.Length == 0 ? null : ReadAddress(toAddress);
        return PortRange.TryParse(port, out PortRange range) && FirewallProtocols.TryParse(protocol, out FirewallProtocol known)
            && (toPort.Length == 0 || PortRange.TryParse(toPort, out target))
            && (toAddress.Length == 0 || address is not null)
            && toPort.Length + toAddress.Length > 0
            ? new ForwardPort(known, range, toPort.Length == 0 ? null : target, address) : null;
    }

    /// <summary>As firewall-cmd writes it: <c>port=80:proto=tcp:toport=8080:toaddr=</c>.</summary>
    public override string ToString() => $"port={Range}:proto={Protocol.Name()}:toport={ToPort}:toaddr={ToAddress}";

    private static IPAddress? ReadAddress(string text) =>
        SourceAddress.TryParse(text, out SourceAddress source)
            && !text.Contains('/')
            && !source.Address.Equals(IPAddress.Any)
            && !source.Address.Equals(IPAddress.IPv6Any)
            ? source.Address
            : null;

    private static string? Value(string word, string name) => word.StartsWith(name + "=", StringComparison.Ordinal) ? word[(name.Length + 1)..] : null;

    private static LayerImageException Invalid(string target, string message, string? advice = null) =>
        new(EngineError.ParameterInvalid, message) { Target = target, Advice = advice ?? Advice };
}
