using LayerImage.Engine.Errors;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Containers;

/// <summary>What containers changed in their file systems.</summary>
public sealed class ContainerChanges
{
    private readonly StoreLayout _layout;
    private readonly ContainerRecords _records;
    private readonly ContainerFiles _files;
    private readonly ContainerReconciler _reconciler;
    private readonly ContainerLooks _looks;

    internal ContainerChanges(StoreLayout layout, ContainerRecords records, ContainerFiles files, ContainerReconciler reconciler, ContainerLooks looks)
    {
        _layout = layout;
        _records = records;
        _files = files;
        _reconciler = reconciler;
        _looks = looks;
    }

    /// <summary>What a container changed in its file system, against its image: as it comes, sorted by path.</summary>
    /// <param name="nameOrId">The container; it may run meanwhile.</param>
    /// <param name="options">How to compare.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    public async Task<IEnumerable<LayerChange>> ReadAsync(string nameOrId, LayerCompareOptions options, CancellationToken cancellationToken)
    {
        Container container = await _looks.GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        if (!Directory.Exists(_layout.Upper(container.Id)))
        {
            await _reconciler.ReconcileAsync(container.Id, cancellationToken).ConfigureAwait(false); // a commit makes a layer of it right now, or was killed then
        }
        return _files.ImageTree(container.Image, _records.StackOf(container.Id)).CompareTo(TreeOf(container), options, cancellationToken);
    }

    /// <summary>All that a container changed in its file system, against its image.</summary>
    public async Task<IReadOnlyList<LayerChange>> GetAsync(string nameOrId, CancellationToken cancellationToken)
    {
        while (true)
        {
            string id = _records.Get(nameOrId).Id;
            int layers = _records.LayersOf(id).Count;
            try
            {
                IEnumerable<LayerChange> changes = await ReadAsync(id, new LayerCompareOptions { Content = ContentComparison.WhenUnsure }, cancellationToken).ConfigureAwait(false);
                IReadOnlyList<LayerChange> all = await Task.Run(() => changes.ToList(), cancellationToken).ConfigureAwait(false);
                if (_records.LayersOf(id).Count == layers)
                {
                    return all;
                }
            }
            catch (LinuxException) when (_records.LayersOf(id).Count != layers)
            {
                // A commit has just made a layer of the upper directory.
            }
        }
    }

    /// <summary>A container's file system, to compare it with another.</summary>
    /// <exception cref="LayerImageException">ContainerNotFound or AmbiguousId.</exception>
    public async Task<LayerStack> GetTreeAsync(string nameOrId, CancellationToken cancellationToken) =>
        TreeOf(await _looks.GetAsync(nameOrId, cancellationToken).ConfigureAwait(false));

    private LayerStack TreeOf(Container container) => _files.Tree(container.Id, container.Name, _records.StackOf(container.Id));
}
