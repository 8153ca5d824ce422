using LayerImage.Engine.Errors;
using LayerImage.Engine.Network;

namespace LayerImage.Engine.Containers;

/// <summary>The host firewall, as far as containers ask for it.</summary>
internal interface IFirewallOpener
{
    /// <summary>Opens published ports to other hosts for as long as the container runs; a reason when that does nothing.</summary>
    string? Open(string containerId, string containerName, IReadOnlyList<PortMapping> ports);

    /// <summary>Has the host's firewall let containers out and ask its zones about their ports. For a container that is connected, before its ports are published.</summary>
    void Admit(IEngineObserver observer);

    /// <summary>Closes them. Idempotent.</summary>
    void Close(string containerId);
}
