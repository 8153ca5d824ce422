using System.Globalization;
using System.Net;
using System.Net.Sockets;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Network;

/// <summary>
/// A published port, or a range of them: what reaches the host there reaches the container here.
/// <see cref="ToString"/> yields docker's syntax and <see cref="Parse"/> takes all of it.
/// </summary>
public sealed record PortMapping
{
    /// <summary>The host's address that it is bound to; null for all of them.</summary>
    public IPAddress? HostAddress { get; init; }

    /// <summary>The host's (first) port; 0 while it is still to be chosen at random.</summary>
    public ushort HostPort { get; init; }

    /// <summary>Only in a request: the last of several host ports of which the first free one is to be taken.</summary>
    public ushort? HostPortLast { get; init; }

    /// <summary>The container's (first) port.</summary>
    public required ushort ContainerPort { get; init; }

    /// <summary>The transport protocol.</summary>
    public PortProtocol Protocol { get; init; }

    /// <summary>How many ports in a row, on both sides: 1 for a single port.</summary>
    public ushort Count { get; init; } = 1;

    /// <summary>The host's port, or its range, as text: "8081" or "8000-8010", as the firewall takes it. Empty while it is still to be chosen.</summary>
    public string HostPorts => HostPort == 0 ? "" : Range(HostPort, HostPortLast ?? (HostPort + Count - 1));

    /// <summary>Whether the host's port is known: neither random nor one of several.</summary>
    internal bool IsChosen => HostPort != 0 && HostPortLast is null;

    /// <summary>Reads docker's syntax: <c>[[address:][hostPort]:]containerPort[/tcp|udp|sctp]</c>, ports or ranges of ports.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.PortInvalid"/>: the text is not of that form.</exception>
    public static PortMapping Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        (string ports, PortProtocol protocol) = SplitProtocol(text);
        (string? address, string? host, string container) = SplitParts(ports);
        (int first, int last) = ParseRange(container, text, minimum: 1);
        PortMapping mapping = new()
        {
            HostAddress = string.IsNullOrEmpty(address) ? null : ParseAddress(address, text),
            ContainerPort = (ushort)first,
            Count = (ushort)(last - first + 1),
            Protocol = protocol,
        };
        return string.IsNullOrEmpty(host) ? mapping : mapping.WithHostPorts(ParseRange(host, text, minimum: 0), text);
    }

    /// <summary>Docker's syntax; <see cref="Parse"/> gives an equal mapping back.</summary>
    public override string ToString()
    {
        string address = HostAddress is null ? ""
            : HostAddress.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{HostAddress}]:" : $"{HostAddress}:";
        string separator = address.Length > 0 || HostPorts.Length > 0 ? ":" : "";
        string protocol = Protocol == PortProtocol.Tcp ? "" : $"/{Protocol.ToString().ToLowerInvariant()}";
        return $"{address}{HostPorts}{separator}{Range(ContainerPort, ContainerPort + Count - 1)}{protocol}";
    }

    /// <summary>Whether the two cannot be published at once: same protocol, a host port in common, addresses equal or one of them all.</summary>
    internal bool Overlaps(PortMapping other) =>
        Protocol == other.Protocol
        && HostPort < other.HostPort + other.Count && other.HostPort < HostPort + Count
        && (CoversAllAddresses || other.CoversAllAddresses || HostAddress!.Equals(other.HostAddress));

    /// <summary>Whether it answers on every IPv4 address of the host.</summary>
    internal bool CoversAllAddresses => HostAddress is null || HostAddress.Equals(IPAddress.Any);

    private PortMapping WithHostPorts((int First, int Last) host, string text)
    {
        if (host.First == 0)
        {
            return host.Last == 0 ? this : throw Invalid(text, "a range of host ports cannot begin at 0");
        }
        int count = host.Last - host.First + 1;
        if (count == Count)
        {
            return this with { HostPort = (ushort)host.First };
        }
        return Count == 1
            ? this with { HostPort = (ushort)host.First, HostPortLast = (ushort)host.Last }
            : throw Invalid(text, $"{count} host ports cannot lead to {Count} container ports");
    }

    private static (string Ports, PortProtocol Protocol) SplitProtocol(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return (text, PortProtocol.Tcp);
        }
        PortProtocol protocol = text[(slash + 1)..].ToLowerInvariant() switch
        {
            "tcp" => PortProtocol.Tcp,
            "udp" => PortProtocol.Udp,
            "sctp" => PortProtocol.Sctp,
            string other => throw Invalid(text, $"'{other}' is not a protocol"),
        };
        return (text[..slash], protocol);
    }

    // From the right: what is left over after two colons is the address, which may hold colons itself.
    private static (string? Address, string? Host, string Container) SplitParts(string text)
    {
        int last = text.LastIndexOf(':');
        if (last < 0)
        {
            return (null, null, text);
        }
        int middle = last == 0 ? -1 : text.LastIndexOf(':', last - 1);
        return (middle < 0 ? null : text[..middle], text[(middle + 1)..last], text[(last + 1)..]);
    }

    private static IPAddress ParseAddress(string address, string text)
    {
        string bare = address is ['[', .., ']'] ? address[1..^1] : address;
        // .NET also reads "1" and "0x7f.1" as IPv4 addresses; nobody who publishes a port means those.
        bool good = IPAddress.TryParse(bare, out IPAddress? parsed) && !bare.Contains('%', StringComparison.Ordinal)
            && (parsed.AddressFamily == AddressFamily.InterNetworkV6 || (parsed.ToString() == bare && bare == address));
        return good ? parsed! : throw Invalid(text, $"'{address}' is not an IP address");
    }

    private static (int First, int Last) ParseRange(string range, string text, int minimum)
    {
        int dash = range.IndexOf('-', StringComparison.Ordinal);
        int first = ParsePort(dash < 0 ? range : range[..dash], text, minimum);
        int last = dash < 0 ? first : ParsePort(range[(dash + 1)..], text, minimum);
        return last >= first ? (first, last) : throw Invalid(text, $"the range {range} runs backwards");
    }

    private static int ParsePort(string port, string text, int minimum) =>
        ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort value) && value >= minimum
            ? value : throw Invalid(text, port.Length == 0 ? "a port is missing" : $"'{port}' is not a port (1 to 65535)");

    private static string Range(int first, int last) =>
        first == last ? first.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{first}-{last}");

    private static LayerImageException Invalid(string text, string why) => new(EngineError.PortInvalid, $"The port '{text}' cannot be published: {why}.")
    {
        Target = text,
        Advice = "Write [[address:][hostPort]:]containerPort[/tcp|udp|sctp], for example 8081:8080, 127.0.0.1::80, 53:53/udp or 8000-8010:8000-8010.",
    };
}
