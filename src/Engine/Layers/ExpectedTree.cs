using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// The tree that a layer's tar makes, by the rules that <see cref="LayerUnpacker"/> unpacks by: later entries take the
/// place of earlier ones, whiteouts are for lower layers only, a path may go through a link that the layer itself made.
/// </summary>
internal sealed class ExpectedTree
{
    private readonly List<LateLink> _lateLinks = [];

    private readonly List<ExpectedNode> _implied = [];

    public ExpectedNode Root { get; } = ExpectedNode.Directory();

    /// <summary>
    /// Directories that the tar uses and does not describe, and that look as they do below: parents first, each where it really is.
    /// </summary>
    public IReadOnlyList<LayerPath> Implied => [.. _implied.Where(node => node is { IsImplied: true, IsHidden: false } && node.IsBeneath(Root)).Select(node => LayerPath.Of(node.Path))];

    /// <summary>Puts an entry into its place; the node of a regular file, whose content follows, else null.</summary>
    public ExpectedNode? Place(TarEntry entry)
    {
        LayerPath path = LayerPath.Parse(entry.Name);
        if (path.IsRoot)
        {
            Root.Describe(entry);
            return null;
        }
        if (path.IsBookkeeping)
        {
            return null;
        }
        string name = ExpectedNode.Key(path.Name);
        if (Whiteouts.IsWhiteout(path.Name))
        {
            PlaceWhiteout(path);
            return null;
        }
        if (Open(path.Parent, make: true) is not ExpectedNode parent)
        {
            return null;
        }
        ExpectedNode? existing = parent.Children.GetValueOrDefault(name);
        switch (entry.Type)
        {
            case TarEntryType.Directory when existing is { IsDirectory: true }:
                existing.Describe(entry);
                return null;
            case TarEntryType.Directory:
                // Deleted, or replaced by a file, and made again in one layer: nothing of the lower directory shows through.
                parent.Put(name, ExpectedNode.Directory(entry));
                parent.Children[name].IsOpaque = existing is not null;
                return null;
            case TarEntryType.HardLink:
                if (!TryLink(parent, name, entry.LinkName))
                {
                    _lateLinks.Add(new LateLink(path, entry.LinkName));
                }
                return null;
            default:
                ExpectedNode node = ExpectedNode.File(entry);
                parent.Put(name, node);
                return entry.Type == TarEntryType.Regular ? node : null;
        }
    }

    /// <summary>The tar is over: links whose targets came after them find them now.</summary>
    public void Finish()
    {
        foreach (LateLink link in _lateLinks)
        {
            if (Open(link.Path.Parent, make: true) is ExpectedNode parent)
            {
                TryLink(parent, ExpectedNode.Key(link.Path.Name), link.Target);
            }
        }
    }

    private void PlaceWhiteout(LayerPath path)
    {
        if (Open(path.Parent, make: true) is not ExpectedNode parent)
        {
            return;
        }
        if (Whiteouts.IsOpaque(path.Name))
        {
            parent.IsOpaque = true;
            return;
        }
        string hidden = ExpectedNode.Key(Whiteouts.Hidden(path.Name));
        if (!parent.Children.TryGetValue(hidden, out ExpectedNode? existing))
        {
            parent.Put(hidden, ExpectedNode.Whiteout());
        }
        else if (existing.IsDirectory)
        {
            (existing.IsOpaque, existing.IsImplied) = (true, false);
        }
    }

    private bool TryLink(ExpectedNode parent, string name, NativePath linkName)
    {
        LayerPath target = LayerPath.Parse(linkName);
        if (target.IsRoot || Open(target.Parent, make: false)?.Children.GetValueOrDefault(ExpectedNode.Key(target.Name)) is not { IsDirectory: false, IsWhiteout: false } node)
        {
            return false;
        }
        parent.Put(name, node);
        return true;
    }

    // The directory of a path; where the way does not exist it is made for an entry, or null.
    private ExpectedNode? Open(ReadOnlySpan<NativePath> path, bool make) => LinkedPath.Follow(new Nodes(this, make), Root, path, out _);

    private ExpectedNode Make(ExpectedNode parent, string name, bool wasDeleted)
    {
        parent.Put(name, ExpectedNode.Directory());
        ExpectedNode made = parent.Children[name];
        (made.IsOpaque, made.IsImplied) = (wasDeleted, !wasDeleted);
        if (made.IsImplied)
        {
            _implied.Add(made);
        }
        return made;
    }

    private sealed class Nodes(ExpectedTree tree, bool make) : LinkedPath.ITree<ExpectedNode>
    {
        public ExpectedNode? Child(ExpectedNode directory, string name) => directory.Children.GetValueOrDefault(name) switch
        {
            null => make ? tree.Make(directory, name, wasDeleted: false) : null,
            { IsWhiteout: true } => make ? tree.Make(directory, name, wasDeleted: true) : null,
            var child => child,
        };

        public string? LinkOf(ExpectedNode node) => node.Entry is { Type: TarEntryType.SymbolicLink } link ? ExpectedNode.Key(link.LinkName) : null;

        public bool IsDirectory(ExpectedNode node) => node.IsDirectory;
    }
}
