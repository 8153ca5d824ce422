using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// What a union mount of some layers would show, name by name, without a mount: a look-up asks each layer once, a listing
/// merges their sorted listings as they come. With one layer and <paramref name="showsWhiteouts"/> it shows that layer as
/// it is.
/// </summary>
/// <param name="layers">The layers, the top one first.</param>
/// <param name="showsWhiteouts">Whiteouts are shown as names instead of taking names away.</param>
internal sealed class LayerUnion(IReadOnlyList<ILayerTree> layers, bool showsWhiteouts)
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
                if (node.Type != LayerNodeType.Directory || node.IsOpaque)
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
        if (sameName.Count == 0 || (sameName[0].Type == LayerNodeType.Whiteout && !showsWhiteouts))
        {
            return null;
        }
        if (sameName[0].Type != LayerNodeType.Directory)
        {
            return new UnionNode(parent, sameName[0], []);
        }
        List<LayerNode> parts = [];
        foreach (LayerNode node in sameName.TakeWhile(node => node.Type == LayerNodeType.Directory))
        {
            parts.Add(node);
            if (node.IsOpaque)
            {
                break;
            }
        }
        return new UnionNode(parent, parts.Find(part => !part.IsImplied) ?? parts[0], parts);
    }
}
