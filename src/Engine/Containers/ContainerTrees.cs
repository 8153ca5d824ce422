using LayerImage.Engine.Images.Browse;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Containers;

/// <summary>The containers as trees of files to look into.</summary>
internal sealed class ContainerTrees(StoreLayout layout, LayerStore layers, ContainerRecords records)
{
    /// <summary>All of them, by name.</summary>
    public IReadOnlyList<BrowsedContainer> List() => [.. records.List().OrderBy(record => record.Name, StringComparer.Ordinal).Select(record =>
    {
        string init = Path.Combine(layout.Container(record.Id), "init");
        return new BrowsedContainer(record.Name, layout.Upper(record.Id), Directory.Exists(init) ? init : null,
            [.. layers.Get(records.LayersOf(record.Id)).Select(layer => new LayerOrigin(layer.DiffId, layer.Key))]);
    })];
}
