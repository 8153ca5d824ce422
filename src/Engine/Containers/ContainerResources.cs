using System.Net;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Network;
using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

/// <summary>The parts of the host that containers use, behind their interfaces.</summary>
internal sealed class ContainerResources
{
    /// <summary>Where the runtime keeps its files.</summary>
    public required RuntimePaths Paths { get; init; }

    public required IUnionMountDriver Mounts { get; init; }

    public required INetworkBackend Network { get; init; }

    public required IContainerRuntime Runtime { get; init; }

    public required IContainerPorts HostPorts { get; init; }
}

/// <summary>The host firewall, as far as containers ask for it.</summary>
internal interface IContainerPorts
{
    /// <summary>Opens published ports to other hosts for as long as the container runs; a reason when that does nothing.</summary>
    string? Open(string containerId, string containerName, IReadOnlyList<PortMapping> ports);

    /// <summary>Has the host's firewall let containers out and ask its zones about their ports. For a container that is connected, before its ports are published.</summary>
    void Admit(IEngineObserver observer);

    /// <summary>Closes them. Idempotent.</summary>
    void Close(string containerId);
}
