using LayerImage.Engine.Images.Browse;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Containers;

/// <summary>The containers as trees of files to look into.</summary>
internal sealed class ContainerTrees(StoreLayout layout, LayerStore layers, ContainerRecords records)
{
    /// <summary>All of them, by name.</summary>
    public IReadOnlyList<BrowsedContainer> List() => [.. records.List().OrderBy(record => record.Name, StringComparer.Ordinal).Select(Describe)];

    private BrowsedContainer Describe(ContainerRecord record)
    {
        ContainerStack stack = records.StackOf(record.Id);
        string upper = layout.Upper(record.Id), init = Path.Combine(layout.Container(record.Id), "init");
        // A commit may just have made a layer of the upper directory.
        return new BrowsedContainer(record.Name, [.. Directory.Exists(upper) ? [upper] : Array.Empty<string>(), .. stack.Own.Reverse().Select(own => layers.PathOf(own.Key))],
            Directory.Exists(init) ? init : null, [.. layers.Get(stack.Image).Select(layer => new LayerOrigin(layer.DiffId, layer.Key))]);
    }
}
