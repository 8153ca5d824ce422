using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Opens directories of a tree by their paths, a name after the other, and keeps the way to the last one open, so that a tar in directory
/// order costs one opening for each directory. A link on the way is followed as in a container. Not thread-safe.
/// </summary>
/// <param name="tree">The tree.</param>
/// <param name="root">Its root; it stays the caller's.</param>
/// <param name="missing">Makes a directory that is not there; null: a way that does not exist is none.</param>
internal sealed class PathWalk<TNode>(LinkedPath.ITree<TNode> tree, TNode root, Func<TNode, NativePath, TNode>? missing) : LinkedPath.ITree<TNode>, IDisposable
    where TNode : class
{
    private readonly List<(NativePath Name, TNode Node)> _open = [];
    private int _firstLink = int.MaxValue; // which of those open is a link first

    /// <summary>Whether the way to the last opened directory goes through a link.</summary>
    public bool IsThroughLink => _firstLink < _open.Count;

    /// <summary>The directory of a path, good until the next call; null where there is none.</summary>
    /// <exception cref="Errors.LayerImageException"><see cref="Errors.EngineError.LayerInvalid"/>: a part of the path is no directory.</exception>
    public TNode? Open(ReadOnlySpan<NativePath> path) => Open(path, followsLinks: true);

    /// <summary>The same without following a link: null where the path itself is no directory.</summary>
    public TNode? OpenItself(ReadOnlySpan<NativePath> path)
    {
        Close(_firstLink);
        return Open(path, followsLinks: false);
    }

    /// <summary>Forgets what is open: a directory or a link on the way may have been removed.</summary>
    public void Forget() => Close(0);

    public void Dispose() => Close(0);

    private TNode? Open(ReadOnlySpan<NativePath> path, bool followsLinks)
    {
        int common = 0;
        while (common < _open.Count && common < path.Length && _open[common].Name.Bytes.SequenceEqual(path[common].Bytes))
        {
            common++;
        }
        Close(common);
        for (int depth = common; depth < path.Length; depth++)
        {
            TNode? child = Child(Last, path[depth]);
            if (child is not null && !tree.IsDirectory(child))
            {
                bool isLink = tree.LinkOf(child) is not null;
                tree.Close(child);
                child = followsLinks ? Follow(path[..(depth + 1)], isLink) : null;
                _firstLink = Math.Min(_firstLink, depth);
            }
            if (child is null)
            {
                return null;
            }
            _open.Add((path[depth], child));
        }
        return Last;
    }

    private TNode Last => _open.Count == 0 ? root : _open[^1].Node;

    // Anew from the root: where ".." leads from here is not known.
    private TNode? Follow(ReadOnlySpan<NativePath> path, bool isLink)
    {
        if (isLink && LayerPath.LengthOf(path) > LayerPath.LongestCall)
        {
            throw LayerPath.RefuseLongLink(path);
        }
        TNode? directory = LinkedPath.Follow(this, root, path, out bool isBlocked);
        return isBlocked ? throw LayerPath.Refuse(string.Join('/', path.ToArray()), "a part of its path is not a directory") : directory;
    }

    private TNode? Child(TNode directory, NativePath name) => tree.Child(directory, name) ?? missing?.Invoke(directory, name);

    TNode? LinkedPath.ITree<TNode>.Child(TNode directory, NativePath name) => Child(directory, name);

    NativePath? LinkedPath.ITree<TNode>.LinkOf(TNode node) => tree.LinkOf(node);

    bool LinkedPath.ITree<TNode>.IsDirectory(TNode node) => tree.IsDirectory(node);

    void LinkedPath.ITree<TNode>.Close(TNode node) => Close(node);

    private void Close(int keep)
    {
        for (int i = _open.Count - 1; i >= keep; i--)
        {
            Close(_open[i].Node);
            _open.RemoveAt(i);
        }
        _firstLink = keep <= _firstLink ? int.MaxValue : _firstLink;
    }

    // A link may lead to the root.
    private void Close(TNode node)
    {
        if (node != root)
        {
            tree.Close(node);
        }
    }
}
