using System.Collections.Concurrent;
using System.Globalization;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images.Browse;

/// <summary>Makes the places of the drive: see docs/design/drive.md for the paths.</summary>
internal sealed class Places(StoreLayout layout, StoreDatabase database, ContentStore content, ImageCatalog catalog, LayerFiles files, Func<IReadOnlyList<BrowsedContainer>> containers)
{
    private const int MostTrees = 16;
    private readonly ConcurrentDictionary<string, BrowsedTree> _trees = new(StringComparer.Ordinal);
    private readonly ImageFolders _images = new(catalog);

    public Place Root => new FolderPlace("", LayerImageItemType.Folder, (name, _) => name.ToLowerInvariant() switch
    {
        "images" => Repository("/images", []),
        "layers" => new FolderPlace("/layers", LayerImageItemType.Folder, FindLayer, () => AllLayers().Keys.Select(diffId => diffId.Short).Order(StringComparer.Ordinal)),
        "containers" => new FolderPlace("/containers", LayerImageItemType.Folder, FindContainer, () => containers().Select(container => container.Name)),
        _ => null,
    }, () => ["containers", "images", "layers"]);

    /// <summary>Forgets what it knows of the store's records.</summary>
    public void Forget() => _trees.Clear();

    private FolderPlace Repository(string path, IReadOnlyList<string> names) =>
        new(path, LayerImageItemType.Folder, (name, _) => FindImage($"{path}/{name}", [.. names, name]), () => _images.Names(names));

    private Place? FindImage(string path, IReadOnlyList<string> names)
    {
        (string? tag, bool isFolder) = _images.Find(names);
        if (tag is null)
        {
            return isFolder ? Repository(path, names) : null;
        }
        Image? image = catalog.Find(tag) is [Image found, ..] ? found : null;
        return image is null ? null : new FolderPlace(path, LayerImageItemType.Image,
            (name, token) => FindInImage(image, $"{path}/{name}", name, token) ?? (isFolder ? FindImage($"{path}/{name}", [.. names, name]) : null),
            () => ((string[])["config", "layers", .. image.Digest is null ? Array.Empty<string>() : ["manifest"], "rootfs"]).Union(isFolder ? _images.Names(names) : []));
    }

    private Place? FindInImage(Image image, string path, string name, CancellationToken cancellationToken) => name switch
    {
        "config" => new DocumentPlace(path, () => content.Read(Digest.Parse(image.Id))),
        "manifest" when image.Digest is not null => new DocumentPlace(path, () => content.Read(Digest.Parse(image.Digest))),
        "rootfs" => Tree(path, image.Id, [.. image.Layers.Select(Origin)], showsWhiteouts: false, LayerImageItemType.Directory, cancellationToken),
        "layers" => new FolderPlace(path, LayerImageItemType.Folder, (layer, token) => FindLayer(image, $"{path}/{layer}", layer, token),
            () => image.Layers.Select(layer => layer.Position.ToString(CultureInfo.InvariantCulture))),
        _ => null,
    };

    private Place? FindLayer(Image image, string path, string name, CancellationToken cancellationToken)
    {
        ImageLayer? layer = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int position) && position < image.Layers.Count ? image.Layers[position]
            : IsId(name) ? image.Layers.FirstOrDefault(layer => Digest.Parse(layer.DiffId).Hex.StartsWith(name, StringComparison.Ordinal)) : null;
        return layer is null ? null : Layer(path, Origin(layer), cancellationToken);
    }

    private Place? FindLayer(string name, CancellationToken cancellationToken) =>
        IsId(name) && AllLayers().FirstOrDefault(layer => layer.Key.Hex.StartsWith(name, StringComparison.Ordinal)) is { Key: var diffId, Value: var key } && diffId != default
            ? Layer($"/layers/{name}", new LayerOrigin(diffId, key), cancellationToken) : null;

    private Place? FindContainer(string name, CancellationToken cancellationToken)
    {
        BrowsedContainer? container = containers().FirstOrDefault(container => string.Equals(container.Name, name, StringComparison.OrdinalIgnoreCase));
        string path = $"/containers/{name}";
        return container is null ? null : new FolderPlace(path, LayerImageItemType.Container, (child, token) => child.ToLowerInvariant() switch
        {
            "rootfs" => Live(path + "/rootfs", [container.Upper, .. container.Init is null ? Array.Empty<string>() : [container.Init]], container.Layers, showsWhiteouts: false, token),
            "changes" => Live(path + "/changes", [container.Upper], [], showsWhiteouts: true, token),
            _ => null,
        }, () => ["changes", "rootfs"]);
    }

    private TreePlace Live(string path, IEnumerable<string> directories, IReadOnlyList<LayerOrigin> layers, bool showsWhiteouts, CancellationToken cancellationToken)
    {
        if (!LayerReceiver.CanUnpack)
        {
            throw new LayerImageException(EngineError.NotPrivileged, "The files of containers need root on Linux.") { Target = "LayerImage:" + path, Advice = "Run the session as root, for example: sudo ./layerimage" };
        }
        BrowsedTree tree = new(files, directories.Select(directory => new LiveLayer(directory)), layers, showsWhiteouts, cancellationToken);
        return new TreePlace(path, tree, tree.Root, null);
    }

    private TreePlace Layer(string path, LayerOrigin layer, CancellationToken cancellationToken) =>
        Tree(path, layer.DiffId.ToString(), [layer], showsWhiteouts: true, LayerImageItemType.Layer, cancellationToken);

    private TreePlace Tree(string path, string key, IReadOnlyList<LayerOrigin> layers, bool showsWhiteouts, LayerImageItemType type, CancellationToken cancellationToken)
    {
        string id = (showsWhiteouts ? "layer " : "image ") + key;
        if (!_trees.TryGetValue(id, out BrowsedTree? tree))
        {
            if (_trees.Count >= MostTrees)
            {
                _trees.Clear();
            }
            tree = _trees[id] = new BrowsedTree(files, [], layers, showsWhiteouts, cancellationToken);
        }
        return new TreePlace(path, tree, tree.Root, null, type);
    }

    private static LayerOrigin Origin(ImageLayer layer) => new(Digest.Parse(layer.DiffId), layer.Path is null ? null : Path.GetFileName(layer.Path));

    // By DiffID; a layer that is unpacked twice, over different ones, is one.
    private Dictionary<Digest, string?> AllLayers() => database.Read(transaction => transaction.Query(
        "SELECT diff_id, max(layer) FROM image_layer GROUP BY diff_id UNION SELECT diff_id, max(key) FROM layer WHERE diff_id NOT IN (SELECT diff_id FROM image_layer) GROUP BY diff_id",
        row => (DiffId: Digest.Parse(row.GetString(0)), Key: row.Text(1)))).ToDictionary(row => row.DiffId, row => row.Key);

    private static bool IsId(string name) => name.Length >= 12 && !name.AsSpan().ContainsAnyExcept("0123456789abcdef");

    /// <summary>What tells whether the store's records are as they were.</summary>
    public (long, long, long, long) Stamp()
    {
        FileInfo records = new(layout.Database), log = new(layout.Database + "-wal");
        return (records.LastWriteTimeUtc.Ticks, records.Exists ? records.Length : 0, log.LastWriteTimeUtc.Ticks, log.Exists ? log.Length : 0);
    }
}
