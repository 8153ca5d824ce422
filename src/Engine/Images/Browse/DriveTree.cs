using System.Collections.Concurrent;
using System.Globalization;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images.Browse;

/// <summary>The nodes of the drive, made as they are asked for: see docs/design/drive.md for the paths.</summary>
internal sealed class DriveTree(
    StoreLayout layout,
    StoreDatabase database,
    ContentStore content,
    ImageCatalog catalog,
    LayerFiles files,
    Func<IReadOnlyList<BrowsedContainer>> containers)
{
    private const int MostTrees = 16;
    private static readonly string[] s_folders = ["containers", "images", "layers"], s_inContainer = ["changes", "rootfs"];
    private readonly ConcurrentDictionary<string, BrowsedTree> _trees = new(StringComparer.Ordinal);
    private readonly ImageFolders _images = new(catalog);

    public DriveNode Root => new FolderNode("", LayerImageItemType.Folder, name => name.ToLowerInvariant() switch
    {
        "images" => Repository("/images", []),
        "layers" => new FolderNode("/layers", LayerImageItemType.Folder, FindLayer, ListLayers),
        "containers" => new FolderNode("/containers", LayerImageItemType.Folder, FindContainer, ListContainers),
        _ => null,
    }, () => s_folders.Select(name => Root.Child(name, default)));

    /// <summary>Forgets what it knows of the store's records.</summary>
    public void Forget()
    {
        _trees.Clear();
        _images.Forget();
    }

    private IEnumerable<DriveNode> ListLayers() => AllLayers().Select(LayerByShortId).OrderBy(layer => layer.Path, StringComparer.Ordinal);

    private IEnumerable<DriveNode> ListContainers() => containers().Select(container => Container(container.Name, container));

    private FolderNode Repository(string path, IReadOnlyList<string> names)
    {
        DriveNode? Find(string name) => FindImage($"{path}/{name}", [.. names, name]);
        return new FolderNode(path, LayerImageItemType.Folder, Find, () => _images.Names(names).Select(Find));
    }

    private DriveNode? FindImage(string path, IReadOnlyList<string> names)
    {
        (string? tag, bool isFolder) = _images.Find(names);
        if (tag is null)
        {
            return isFolder ? Repository(path, names) : null;
        }
        Lazy<Image> image = new(() => catalog.Find(tag) is [Image found, ..] ? found : throw ImageCatalog.NotFound(tag));
        DriveNode? Find(string name) => FindInImage(image.Value, $"{path}/{name}", name) ?? (isFolder ? FindImage($"{path}/{name}", [.. names, name]) : null);
        IEnumerable<DriveNode?> List()
        {
            string[] own = image.Value.Digest is null ? ["config", "layers", "rootfs"] : ["config", "layers", "manifest", "rootfs"];
            return own.Union(isFolder ? _images.Names(names) : []).Select(Find);
        }
        return new FolderNode(path, LayerImageItemType.Image, Find, List);
    }

    private DriveNode? FindInImage(Image image, string path, string name) => name switch
    {
        "config" => new DocumentNode(path, () => content.Read(Digest.Parse(image.Id))),
        "manifest" when image.Digest is not null => new DocumentNode(path, () => content.Read(Digest.Parse(image.Digest))),
        "rootfs" => Tree(path, image.Id, [.. image.Layers.Select(Origin)], isLayer: false),
        "layers" => new FolderNode(path, LayerImageItemType.Folder, layer => FindLayer(image, $"{path}/{layer}", layer),
            () => image.Layers.Select(layer => Layer(string.Create(CultureInfo.InvariantCulture, $"{path}/{layer.Position}"), Origin(layer)))),
        _ => null,
    };

    private LazyTreeNode? FindLayer(Image image, string path, string name)
    {
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int position) && position < image.Layers.Count)
        {
            return Layer(path, Origin(image.Layers[position]));
        }
        ImageLayer? layer = IsId(name)
            ? image.Layers.FirstOrDefault(layer => Digest.Parse(layer.DiffId).Hex.StartsWith(name, StringComparison.Ordinal))
            : null;
        return layer is null ? null : Layer(path, Origin(layer));
    }

    private LazyTreeNode? FindLayer(string name)
    {
        if (!IsId(name))
        {
            return null;
        }
        (Digest diffId, string? key) = AllLayers().FirstOrDefault(layer => layer.Key.Hex.StartsWith(name, StringComparison.Ordinal));
        return diffId == default ? null : Layer($"/layers/{name}", new LayerOrigin(diffId, key));
    }

    private LazyTreeNode LayerByShortId(KeyValuePair<Digest, string?> layer) => Layer($"/layers/{layer.Key.Short}", new LayerOrigin(layer.Key, layer.Value));

    private FolderNode? FindContainer(string name) =>
        containers().FirstOrDefault(container => string.Equals(container.Name, name, StringComparison.OrdinalIgnoreCase)) is BrowsedContainer container
            ? Container(name, container)
            : null;

    private FolderNode Container(string name, BrowsedContainer container)
    {
        string path = $"/containers/{name}";
        DriveNode? Find(string child) => child.ToLowerInvariant() switch
        {
            "rootfs" => Live(path + "/rootfs", container.Init is null ? container.Own : [.. container.Own, container.Init], container.Image, null),
            "changes" => Live(path + "/changes", container.Own, [], (directory, whiteout) => Hides(container, directory, whiteout)),
            _ => null,
        };
        return new FolderNode(path, LayerImageItemType.Container, Find, () => s_inContainer.Select(Find));
    }

    // One layer with the same effect would not delete what the image does not show there, or what is deleted with its directory.
    private bool Hides(BrowsedContainer container, UnionNode? directory, LayerNode whiteout)
    {
        for (UnionNode? above = directory; above is not null; above = above.Parent)
        {
            if (above.Node.IsOpaque)
            {
                return false;
            }
        }
        return UnionLookup.Exists(UnionLookup.Visible(container.Image.Reverse().Select(layer => layout.Layer(layer.Key!))), LayerPath.Parse(whiteout.Path));
    }

    private LazyTreeNode Live(
        string path,
        IReadOnlyList<string> directories,
        IReadOnlyList<LayerOrigin> layers,
        Func<UnionNode?, LayerNode, bool>? showsWhiteout) =>
        new(path, LayerImageItemType.Directory, null, isStable: false, token =>
        {
            if (!LayerMaker.CanUnpack)
            {
                throw new LayerImageException(EngineError.NotPrivileged, "The files of containers need root on Linux.")
                {
                    Target = "LayerImage:" + path,
                    Advice = "Run the session as root, for example: sudo ./layerimage",
                };
            }
            BrowsedTree tree = new(files, directories.Select(directory => new LiveLayer(directory)), layers, showsWhiteout, token);
            return new TreeNode(path, tree, tree.Root, null);
        });

    private LazyTreeNode Layer(string path, LayerOrigin layer) => Tree(path, layer.DiffId.ToString(), [layer], isLayer: true);

    private LazyTreeNode Tree(string path, string key, IReadOnlyList<LayerOrigin> layers, bool isLayer) =>
        new(path, isLayer ? LayerImageItemType.Layer : LayerImageItemType.Directory, isLayer ? key : null, isStable: true, token =>
        {
            string id = (isLayer ? "layer " : "image ") + key;
            if (!_trees.TryGetValue(id, out BrowsedTree? tree))
            {
                if (_trees.Count >= MostTrees)
                {
                    _trees.Clear();
                }
                tree = _trees[id] = new BrowsedTree(files, [], layers, isLayer ? static (_, _) => true : null, token);
            }
            return new TreeNode(path, tree, tree.Root, null);
        });

    private static LayerOrigin Origin(ImageLayer layer) => new(Digest.Parse(layer.DiffId), layer.Path is null ? null : Path.GetFileName(layer.Path));

    // By DiffID; a layer that is unpacked twice, over different ones, is one.
    private Dictionary<Digest, string?> AllLayers() => database.Read(ImageLayerTable.AllByDiffId).ToDictionary(row => row.DiffId, row => row.Key);

    private static bool IsId(string name) => name.Length >= 12 && !name.AsSpan().ContainsAnyExcept("0123456789abcdef");

    /// <summary>What tells whether the store's records are as they were.</summary>
    public (long, long, long, long) Stamp()
    {
        FileInfo records = new(layout.Database), log = new(layout.Database + "-wal");
        return (records.LastWriteTimeUtc.Ticks, records.Exists ? records.Length : 0, log.LastWriteTimeUtc.Ticks, log.Exists ? log.Length : 0);
    }
}
