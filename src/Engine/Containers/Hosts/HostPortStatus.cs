using LayerImage.Engine.Firewall;
using LayerImage.Engine.Network;
using LayerImage.Engine.Text;

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
    public IReadOnlyList<PortListener> Listeners { get; init => field = ReadableList.Of(value); } = ReadableList.None<PortListener>();

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

    /// <summary>
    /// What keeps other hosts out in tables of nftables that are neither ours nor firewalld's, in words: docker's, ufw's or an
    /// administrator's. Empty without root, who alone sees them.
    /// </summary>
    public IReadOnlyList<string> BlockedBy { get; init => field = ReadableList.Of(value); } = ReadableList.None<string>();

    /// <summary>The port and its protocol.</summary>
    public override string ToString() => $"{Port}/{Protocol.ToString().ToLowerInvariant()}";
}
