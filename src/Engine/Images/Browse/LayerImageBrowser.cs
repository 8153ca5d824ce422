using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images.Browse;

/// <summary>
/// Looks into images, layers and containers by path, without unpacking or mounting anything. Images need no root:
/// "/images/REPOSITORY/TAG/rootfs/…", "/images/REPOSITORY/TAG/layers/N/…", "/layers/ID/…"; containers do:
/// "/containers/NAME/rootfs/…" and "/containers/NAME/changes/…". Names are exact; '/' and '\' separate. Thread-safe.
/// </summary>
public sealed class LayerImageBrowser
{
    private const int MostNodes = 64;
    private readonly Dictionary<string, DriveNode> _known = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly DriveTree _tree;
    private (long, long, long, long) _stamp;

    private LayerImageBrowser(DriveTree tree) => _tree = tree;

    /// <summary>Looks into a store's images, and into the containers that it is told of.</summary>
    internal static LayerImageBrowser Of(
        StoreLayout layout,
        StoreDatabase database,
        LayerStore layers,
        ContentStore content,
        long? cacheBytes,
        Func<IReadOnlyList<BrowsedContainer>> containers)
    {
        ImageCatalog catalog = new(layout, database, content);
        LayerFiles files = new(layout, layers, content, new LayerCache(layout, cacheBytes));
        return new LayerImageBrowser(new DriveTree(layout, database, content, catalog, files, containers));
    }

    /// <summary>What is at a path, or null. A symbolic link at its end is shown, those before it are followed.</summary>
    /// <param name="path">The path, with or without a leading separator.</param>
    /// <param name="cancellationToken">Ends it, when a layer has to be read for the first time.</param>
    /// <exception cref="LayerImageException">LayerCorrupt, LayerInvalid, NotPrivileged or DiskFull.</exception>
    public LayerImageItem? Find(string path, CancellationToken cancellationToken) => FindNode(path, cancellationToken)?.Item;

    /// <summary>The items in a place as they come, sorted by name. Through a symbolic link those of its target.</summary>
    /// <exception cref="LayerImageException">PathInvalid: there is nothing at the path; else as <see cref="Find"/>.</exception>
    public IEnumerable<LayerImageItem> List(string path, CancellationToken cancellationToken)
    {
        DriveNode node = Get(path, cancellationToken);
        Remember(node);
        return node.Children(cancellationToken).Select(child => child.Item);
    }

    /// <summary>The content of a file, to be read forward; the caller disposes it. A symbolic link is followed, inside the image only.</summary>
    /// <exception cref="LayerImageException">PathInvalid: there is nothing at the path, or nothing that has content; else as <see cref="Find"/>.</exception>
    public Stream OpenContent(string path, CancellationToken cancellationToken) => Get(path, cancellationToken).Open(cancellationToken);

    /// <summary>Copies an item to this machine's files. Links in it are made last, so that nothing is written through one.</summary>
    /// <param name="path">The item.</param>
    /// <param name="destination">An absolute path: a folder to put it into, or the copy's own name.</param>
    /// <param name="recurse">Folders are copied with all that is in them.</param>
    /// <param name="force">Files that are in the way are replaced.</param>
    /// <param name="observer">Hears of devices, pipes and deletions, which are left out.</param>
    /// <param name="cancellationToken">Ends the work; whole files that were copied stay.</param>
    /// <returns>Where the copy is.</returns>
    /// <exception cref="LayerImageException">PathInvalid or DiskFull; else as <see cref="Find"/>.</exception>
    public string CopyOut(string path, string destination, bool recurse, bool force, IEngineObserver observer, CancellationToken cancellationToken) =>
        new CopyOut(this, recurse, force, observer, cancellationToken).Copy(path, destination);

    internal static LayerImageException NotFound(string path) => new(EngineError.PathInvalid, $"There is nothing at '{path}' in the drive LayerImage.")
    { Target = path, Advice = "Get-ChildItem LayerImage:/images shows the images." };

    private DriveNode Get(string path, CancellationToken cancellationToken) => FindNode(path, cancellationToken) ?? throw NotFound(path);

    private DriveNode? FindNode(string path, CancellationToken cancellationToken)
    {
        List<string> names = [];
        foreach (string name in path.Split(['/', '\\'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (name == "..")
            {
                names.RemoveRange(Math.Max(0, names.Count - 1), Math.Min(1, names.Count));
            }
            else if (name != ".")
            {
                names.Add(name);
            }
        }
        CheckRecords();
        return FindNode(names, cancellationToken);
    }

    // From the nearest known node down. Not by recursion: a layer can nest directories deeper than any stack.
    private DriveNode? FindNode(List<string> names, CancellationToken cancellationToken)
    {
        (DriveNode node, int depth) = FindKnown(names);
        for (; depth < names.Count; depth++)
        {
            Remember(node);
            if (node.Child(names[depth], cancellationToken) is not DriveNode child)
            {
                return null;
            }
            node = child;
        }
        return node;
    }

    private (DriveNode Node, int Depth) FindKnown(List<string> names)
    {
        ReadOnlySpan<char> path = "/" + string.Join('/', names);
        lock (_lock)
        {
            Dictionary<string, DriveNode>.AlternateLookup<ReadOnlySpan<char>> known = _known.GetAlternateLookup<ReadOnlySpan<char>>();
            for (int depth = names.Count; depth > 0; depth--, path = path[..path.LastIndexOf('/')])
            {
                if (known.TryGetValue(path, out DriveNode? node))
                {
                    return (node, depth);
                }
            }
        }
        return (_tree.Root, 0);
    }

    private void Remember(DriveNode node)
    {
        if (!node.IsStable)
        {
            return;
        }
        lock (_lock)
        {
            if (_known.Count >= MostNodes)
            {
                _known.Clear();
            }
            _known[node.Path] = node;
        }
    }

    private void CheckRecords()
    {
        (long, long, long, long) stamp = _tree.Stamp();
        lock (_lock)
        {
            if (stamp != _stamp)
            {
                _known.Clear();
                _tree.Forget();
                _stamp = stamp;
            }
        }
    }
}
