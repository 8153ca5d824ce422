using LayerImage.Engine.Firewall;
using LayerImage.Engine.IO;
using LayerImage.Engine.Network;

namespace LayerImage.Engine.Containers;

/// <summary>What stands behind a port of this host.</summary>
public sealed record HostPortStatus
{
    /// <summary>The port.</summary>
    public required int Port { get; init; }

    /// <summary>The transport protocol.</summary>
    public required PortProtocol Protocol { get; init; }

    /// <summary>Whether somebody would answer: a process that listens, or a container that publishes it.</summary>
    public bool Answers => Listeners.Count > 0 || Container is not null;

    /// <summary>Processes of the host that listen.</summary>
    public IReadOnlyList<PortListener> Listeners { get; init; } = [];

    /// <summary>The name of the running container that publishes it, or null.</summary>
    public string? Container { get; init; }

    /// <summary>Its mapping, or null.</summary>
    public PortMapping? Mapping { get; init; }

    /// <summary>Whether other hosts may reach it; null when only root could tell.</summary>
    public bool? IsOpen { get; init; }

    /// <summary>The zone that lets it in, or null.</summary>
    public string? Zone { get; init; }

    /// <summary>The rule that lets it in, or null.</summary>
    public HostPortRule? Rule { get; init; }

    /// <summary>What lets it in, in words.</summary>
    public string? OpenedBy { get; init; }
}

/// <summary>Tells who has a port: listener, container, firewall rule.</summary>
public sealed class HostPortService
{
    private readonly IHostFirewall _firewall;
    private readonly ContainerRecords _records;

    internal HostPortService(IHostFirewall firewall, ContainerRecords records)
    {
        _firewall = firewall;
        _records = records;
    }

    /// <summary>What stands behind a port. Nothing is sent anywhere.</summary>
    public HostPortStatus Get(int port, PortProtocol protocol)
    {
        if (port is < 1 or > 65535)
        {
            throw new Errors.LayerImageException(Errors.EngineError.PortInvalid, $"{port} is not a port.") { Target = port, Advice = "A port is a number from 1 to 65535." };
        }
        ContainerRecord? owner = _records.List().Find(record => record.State == ContainerState.Running && record.BootId == HostProcess.BootId && record.Ports.Any(mapping => Covers(mapping, port, protocol)));
        HostPortOpening? opening = Environment.IsPrivilegedProcess ? _firewall.FindOpening(port, ContainerPorts.Protocol(protocol), zone: null) : null;
        return new HostPortStatus
        {
            Port = port,
            Protocol = protocol,
            Listeners = [.. HostPortProbe.Find((ushort)port, protocol).Where(listener => owner is null || listener.ProcessName != "conmon")],
            Container = owner?.Name,
            Mapping = owner?.Ports.First(mapping => Covers(mapping, port, protocol)),
            IsOpen = Environment.IsPrivilegedProcess ? opening is not null : null,
            Zone = opening?.Zone,
            Rule = opening?.Rule,
            OpenedBy = opening switch
            {
                null => null,
                { Unfiltered: true } => "no firewall runs",
                { Rule: HostPortRule rule } => $"rule {rule.Port}/{rule.Protocol.ToString().ToLowerInvariant()}",
                { Service: string service } => $"service {service}",
                _ => "the zone's target",
            },
        };
    }

    private static bool Covers(PortMapping mapping, int port, PortProtocol protocol) =>
        mapping.Protocol == protocol && mapping.HostPort != 0 && port >= mapping.HostPort && port < mapping.HostPort + mapping.Count;
}
