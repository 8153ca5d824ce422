using LayerImage.Engine.Mounts;
using LayerImage.Engine.Network;
using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

/// <summary>The parts of the host that containers use, behind their interfaces.</summary>
internal sealed class HostDrivers
{
    /// <summary>Where the runtime keeps its files.</summary>
    public required RuntimePaths Paths { get; init; }

    public required IUnionMountDriver Mounts { get; init; }

    public required INetworkBackend Network { get; init; }

    public required IContainerRuntime Runtime { get; init; }

    public required IFirewallOpener HostPorts { get; init; }
}
