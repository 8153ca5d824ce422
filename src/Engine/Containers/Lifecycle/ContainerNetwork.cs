using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Network;

namespace LayerImage.Engine.Containers;

/// <summary>The containers' network, as far as others can take it away: its rules, the published ports, what the host's firewall opens for them.</summary>
public sealed class ContainerNetwork
{
    private readonly ContainerRecords _records;
    private readonly ContainerHosts _hosts;
    private readonly ContainerCleaner _cleaner;
    private readonly ContainerReconciler _reconciler;

    internal ContainerNetwork(ContainerRecords records, ContainerHosts hosts, ContainerCleaner cleaner, ContainerReconciler reconciler)
    {
        _records = records;
        _hosts = hosts;
        _cleaner = cleaner;
        _reconciler = reconciler;
    }

    /// <summary>
    /// Brings the network's rules and the published ports of running containers back where somebody took them away, as
    /// <c>nft flush ruleset</c> does, and with it a restart of nftables.service. Until then published ports are dead, and
    /// nothing keeps containers from the host's loopback. A few questions to the kernel where all is there. Idempotent.
    /// </summary>
    /// <param name="anew">Make the rules again although they seem to be there.</param>
    /// <param name="observer">Hears what was brought back.</param>
    /// <exception cref="LayerImageException">NetworkFailed, NotPrivileged or ToolMissing.</exception>
    public void Restore(bool anew, IEngineObserver observer)
    {
        List<ContainerRecord> connected = [.. _records.List().Where(IsConnected)];
        if (connected.Count == 0)
        {
            return;
        }
        INetworkBackend network = _hosts.Own.Network;
        if ((anew || !network.IsReady()) && network.EnsureReady(anew))
        {
            _hosts.Own.HostPorts.Admit(observer);
            observer.Verbose("The rules of the container network were made again.");
        }
        foreach (ContainerRecord container in connected.Where(container => !IsPublished(network, container)))
        {
            PublishAgain(network, container.Id, observer);
        }
    }

    /// <summary>After the host's firewall was started: opens the ports of running containers that asked for it.</summary>
    public async Task OpenHostPortsAgainAsync(CancellationToken cancellationToken)
    {
        TryRestore();
        foreach (ContainerRecord record in _records.List().Where(record => record.Spec.OpenHostPort))
        {
            if (await _reconciler.LookAsync(record, cancellationToken).ConfigureAwait(false) is { State: ContainerState.Running or ContainerState.Paused } container)
            {
                _hosts.Own.HostPorts.Open(container.Id, container.Name, container.Ports);
            }
        }
    }

    // For looks at containers: what cannot be brought back keeps nobody from seeing them.
    internal void TryRestore() => Try(() => Restore(anew: false, SilentObserver.Instance));

    // For a look at one: the others' records are read only where the kernel does not have what this one needs.
    internal void TryRestore(ContainerRecord looked) => Try(() =>
    {
        if (IsConnected(looked) && _hosts.Own.Network is var network && !(network.IsReady() && IsPublished(network, looked)))
        {
            Restore(anew: false, SilentObserver.Instance);
        }
    });

    internal void PublishOthersAgain(string exceptId)
    {
        foreach (ContainerRecord other in _records.List().Where(other => other.Id != exceptId && IsConnected(other)))
        {
            PublishAgain(_hosts.Own.Network, other.Id, SilentObserver.Instance);
        }
    }

    private static void Try(Action restore)
    {
        try
        {
            restore();
        }
        catch (LayerImageException)
        {
            // A start, Sync-HostFirewall and Start-HostFirewall say why.
        }
    }

    // Under its lock: were it ended meanwhile, its ports would lead to whoever gets its address next.
    private void PublishAgain(INetworkBackend network, string id, IEngineObserver observer)
    {
        using FileLock? held = _cleaner.TryLock(id);
        if (held is not null && _cleaner.FindLocked(id) is ContainerRecord container && IsConnected(container) && _reconciler.IsAlive(container))
        {
            network.Publish(id, container.Address!, PortsOf(container));
            observer.Verbose($"The ports of {container.Name} were published again.");
        }
    }

    private static bool IsPublished(INetworkBackend network, ContainerRecord container) => network.IsPublished(container.Address!, PortsOf(container));

    private static bool IsConnected(ContainerRecord record) =>
        record.State is ContainerState.Running or ContainerState.Paused && record.IsOfThisBoot && record.Address is not null;

    private static PortMapping[] PortsOf(ContainerRecord record) => [.. record.Ports.Where(port => port.HostPort != 0)];
}
