using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Containers;

/// <summary>Looks at containers: each one reconciles, and brings the network's rules back where somebody flushed them.</summary>
internal sealed class ContainerLooks(ContainerRecords records, ContainerReconciler reconciler, ContainerNetwork network)
{
    /// <summary>All containers, the newest first.</summary>
    public async Task<IReadOnlyList<Container>> ListAsync(CancellationToken cancellationToken)
    {
        List<Container> containers = [];
        foreach (ContainerRecord record in records.List())
        {
            if (await reconciler.LookAsync(record, cancellationToken).ConfigureAwait(false) is Container container)
            {
                containers.Add(container);
            }
        }
        network.TryRestore();
        return containers;
    }

    /// <summary>By name, or by id or a unique beginning of one.</summary>
    /// <exception cref="LayerImageException">ContainerNotFound or AmbiguousId.</exception>
    public async Task<Container> GetAsync(string nameOrId, CancellationToken cancellationToken)
    {
        ContainerRecord record = records.Get(nameOrId);
        Container container = await reconciler.LookAsync(record, cancellationToken).ConfigureAwait(false) ?? throw ContainerRecords.Gone(nameOrId);
        network.TryRestore(record);
        return container;
    }

    /// <summary>One that runs, or is paused.</summary>
    /// <exception cref="LayerImageException">ContainerNotFound, AmbiguousId or ContainerNotRunning.</exception>
    public async Task<Container> GetRunningAsync(string nameOrId, CancellationToken cancellationToken)
    {
        Container container = await GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        return container.State is ContainerState.Running or ContainerState.Paused
            ? container
            : throw new LayerImageException(EngineError.ContainerNotRunning, $"The container {container.Name} is not running.")
            { Target = container.Name, Advice = $"Start it first: Start-LayerContainer -Name {container.Name}" };
    }
}
