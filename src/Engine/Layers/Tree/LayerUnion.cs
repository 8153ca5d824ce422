using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// What a union mount of some layers would show, name by name, without a mount: a look-up asks each layer once, a listing
/// merges their sorted listings as they come. With <paramref name="showsWhiteout"/> it is not the whole of a file system, but
/// what these layers make of the ones below them.
/// </summary>
/// <param name="layers">The layers, the top one first.</param>
/// <param name="showsWhiteout">Whether a directory (null: the root's own place) shows a whiteout as a name; null: none does.</param>
internal sealed class LayerUnion(IReadOnlyList<ILayerTree> layers, Func<UnionNode?, LayerNode, bool>? showsWhiteout)
{
    /// <summary>The root.</summary>
    public UnionNode Root => Merge(null, [.. layers.Select(layer => layer.Root)])!;

    /// <summary>The entry of a directory with exactly this name, or null.</summary>
    public UnionNode? Find(UnionNode directory, NativePath name)
    {
        List<LayerNode> found = [];
        foreach (LayerNode part in directory.Parts)
        {
            if (part.Tree.Find(part, name) is LayerNode node)
            {
                found.Add(node);
                // An opaque one may look as the one below does.
                if (node.Type != LayerNodeType.Directory || node is { IsOpaque: true, IsImplied: false })
                {
                    break;
                }
            }
        }
        return Merge(directory, found);
    }

    /// <summary>The entries of a directory as they come, sorted by the bytes of their names.</summary>
    public IEnumerable<UnionNode> List(UnionNode directory)
    {
        List<IEnumerator<LayerNode>> listings = [.. directory.Parts.Select(part => part.Tree.List(part).GetEnumerator())];
        try
        {
            listings.RemoveAll(listing => !listing.MoveNext());
            while (listings.Count > 0)
            {
                NativePath least = listings[0].Current.Name;
                foreach (IEnumerator<LayerNode> listing in listings)
                {
                    least = listing.Current.Name.Bytes.SequenceCompareTo(least.Bytes) < 0 ? listing.Current.Name : least;
                }
                List<LayerNode> same = [];
                foreach (IEnumerator<LayerNode> listing in listings.Where(listing => listing.Current.Name.Bytes.SequenceEqual(least.Bytes)).ToList())
                {
                    same.Add(listing.Current);
                    if (!listing.MoveNext())
                    {
                        listings.Remove(listing);
                    }
                }
                if (Merge(directory, same) is UnionNode shown)
                {
                    yield return shown;
                }
            }
        }
        finally
        {
            listings.ForEach(listing => listing.Dispose());
        }
    }

    // The top one decides; directories below it are merged with it up to a file, a whiteout or an opaque directory.
    private UnionNode? Merge(UnionNode? parent, List<LayerNode> sameName)
    {
        if (sameName.Count == 0 || (sameName[0].Type == LayerNodeType.Whiteout && showsWhiteout?.Invoke(parent, sameName[0]) != true))
        {
            return null;
        }
        if (sameName[0].Type != LayerNodeType.Directory)
        {
            return new UnionNode(parent, sameName[0], []);
        }
        List<LayerNode> parts = [];
        bool hidesBelow = UnionRule.Merge(sameName, node => node.Type == LayerNodeType.Directory ? node : null, node => node.IsOpaque, parts);
        // An opaque one that is implied looks as the one below it.
        LayerNode shown = sameName.TakeWhile(node => node.Type == LayerNodeType.Directory).FirstOrDefault(node => !node.IsImplied) ?? parts[0];
        if (showsWhiteout is not null)
        {
            // Also what a lower one of these layers deleted or replaced hides what is below them all.
            shown = shown with { IsOpaque = hidesBelow };
        }
        return new UnionNode(parent, shown, parts);
    }
}
