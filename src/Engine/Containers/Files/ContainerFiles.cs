using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Store;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Containers;

/// <summary>
/// A container's part of the store: <c>upper</c> (its changes), <c>work</c> (overlayfs's), <c>merged</c> (where the
/// union appears), <c>init</c> (see <see cref="InitLayer"/>), <c>etc</c> and <c>log</c>.
/// </summary>
internal sealed class ContainerFiles(StoreLayout layout, LayerStore layers)
{
    /// <summary>Makes the folders of a new container. A failure leaves nothing.</summary>
    /// <param name="id">The container.</param>
    /// <param name="layerKeys">The image's layers, the base first.</param>
    /// <param name="volumes">The folders that the image declares as volumes.</param>
    public void Create(string id, IReadOnlyList<string> layerKeys, IEnumerable<string> volumes)
    {
        string folder = layout.Container(id);
        try
        {
            foreach (string name in (string[])["upper", "work", "merged", "init", "etc"])
            {
                Directory.CreateDirectory(Path.Combine(folder, name));
            }
            DressUpper(id, layerKeys);
            if (!InitLayer.Fill(Init(id), LowerDirs(layerKeys), volumes))
            {
                Directory.Delete(Init(id));
            }
        }
        catch
        {
            TreeRemoval.Remove(folder);
            throw;
        }
    }

    /// <summary>The container's union, as a value.</summary>
    public OverlayMount Describe(string id, ContainerStack stack) => new()
    {
        LowerDirs = UnionLookup.Once(UnionLookup.Visible([.. OwnDirs(stack), .. Directory.Exists(Init(id)) ? [Init(id)] : Array.Empty<string>(), .. LowerDirs(stack.Image)])),
        UpperDir = layout.Upper(id),
        WorkDir = layout.Work(id),
        Merged = layout.Merged(id),
    };

    /// <summary>The directories that hold all that the container changed of its image, the top one first.</summary>
    public IReadOnlyList<string> ChangedDirs(string id, ContainerStack stack) => [layout.Upper(id), .. OwnDirs(stack)];

    /// <summary>What the container's image shows, to compare with.</summary>
    public LayerStack ImageTree(string image, ContainerStack stack) => new(image, null, [.. stack.Image.Reverse().Select(layers.PathOf)], RootOf(stack.Image));

    /// <summary>What the container shows, but for the layer of mount points: those are neither the image's nor a change.</summary>
    public LayerStack Tree(string id, string name, ContainerStack stack) => new(name, name, [layout.Upper(id), .. stack.All.Reverse().Select(layers.PathOf)], layout.Upper(id));

    /// <summary>The directories of layers, the top one first.</summary>
    /// <param name="layerKeys">The layers, the base first.</param>
    public List<string> LowerDirs(IReadOnlyList<string> layerKeys) => UnionLookup.Visible(layerKeys.Reverse().Select(layers.PathOf));

    /// <summary>
    /// The layer whose root directory the union shows: the top-most whose tar describes its root, else the base.
    /// The upper directory takes its attributes, since overlayfs shows the upper's.
    /// </summary>
    public string RootOf(IReadOnlyList<string> layerKeys) => layers.RootOf(layerKeys);

    /// <summary>Deletes all of it. The union must not be mounted. Idempotent.</summary>
    public void Delete(string id) => TreeRemoval.Remove(layout.Container(id));

    private void DressUpper(string id, IReadOnlyList<string> layerKeys)
    {
        using SafeFileHandle source = Libc.OpenDirectory(RootOf(layerKeys)), upper = Libc.OpenDirectory(layout.Upper(id));
        ImpliedDirectories.Copy(source, upper);
    }

    private string Init(string id) => Path.Combine(layout.Container(id), "init");

    private List<string> OwnDirs(ContainerStack stack) => LowerDirs([.. stack.Own.Select(layer => layer.Key)]);
}
