using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Layers;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Images.Browse;

/// <summary>A root file system, or a single layer, to look into. Links are resolved inside of it and nowhere else.</summary>
internal sealed class BrowsedTree
{
    private const int MostLinks = 40; // as the kernel, MAXSYMLINKS
    private readonly LayerUnion _union;
    private readonly LayerFiles _files;
    private readonly Dictionary<ILayerTree, LayerOrigin> _origins;

    /// <summary>Makes the tree of live directories upon layers.</summary>
    /// <param name="files">The store's layers.</param>
    /// <param name="live">Directories over the layers, the top one first.</param>
    /// <param name="layers">The layers, the base first.</param>
    /// <param name="showsWhiteout">See <see cref="LayerUnion"/>.</param>
    /// <param name="cancellationToken">Ends the making of an index.</param>
    public BrowsedTree(
        LayerFiles files,
        IEnumerable<LiveLayer> live,
        IReadOnlyList<LayerOrigin> layers,
        Func<UnionNode?, LayerNode, bool>? showsWhiteout,
        CancellationToken cancellationToken)
    {
        _files = files;
        List<ILayerTree> trees = [.. live];
        IsStable = trees.Count == 0;
        _origins = new(ReferenceEqualityComparer.Instance);
        foreach (LayerOrigin layer in layers.Reverse())
        {
            ILayerTree tree = files.Open(layer, cancellationToken);
            trees.Add(tree);
            _origins[tree] = layer;
        }
        _union = new LayerUnion(trees, showsWhiteout);
        Root = _union.Root;
    }

    /// <summary>Whether the tree never changes: it is of layers alone.</summary>
    public bool IsStable { get; }

    public UnionNode Root { get; }

    public UnionNode? Find(UnionNode directory, NativePath name) => _union.Find(directory, name);

    public IEnumerable<UnionNode> List(UnionNode directory) => _union.List(directory);

    /// <summary>The layer that a node comes from; null for a directory that changes.</summary>
    public string? DiffIdOf(UnionNode node) => _origins.TryGetValue(node.Node.Tree, out LayerOrigin? layer) ? layer.DiffId.ToString() : null;

    /// <summary>What a node is in the end, through links; null when it leads nowhere or in circles.</summary>
    public UnionNode? Resolve(UnionNode node)
    {
        int links = 0;
        return Resolve(node, ref links);
    }

    /// <summary>The content of a file.</summary>
    public Stream Open(UnionNode file, CancellationToken cancellationToken)
    {
        if (_origins.TryGetValue(file.Node.Tree, out LayerOrigin? layer))
        {
            return _files.OpenContent(layer, file.Node, cancellationToken);
        }
        SafeFileHandle handle = ((LiveLayer)file.Node.Tree).OpenFile(file.Node)
            ?? throw new LayerImageException(EngineError.PathInvalid,
                $"The file '{file.Node.Path}' went away while it was opened.") { Target = file.Node.Path.ToString() };
        return new FileStream(handle, FileAccess.Read, 1);
    }

    private UnionNode? Resolve(UnionNode node, ref int links)
    {
        while (node.Node.Type == LayerNodeType.SymbolicLink)
        {
            if (++links > MostLinks || Follow(node, ref links) is not UnionNode target)
            {
                return null;
            }
            node = target;
        }
        return node;
    }

    private UnionNode? Follow(UnionNode link, ref int links)
    {
        byte[] text = link.Node.LinkTarget.Bytes.ToArray();
        UnionNode? at = text is [(byte)'/', ..] ? Root : link.Parent ?? Root;
        foreach (Range part in text.AsSpan().Split((byte)'/'))
        {
            ReadOnlySpan<byte> name = text.AsSpan()[part];
            if (name.Length == 0 || name.SequenceEqual("."u8))
            {
                continue;
            }
            at = Resolve(at, ref links);
            if (at is not { IsDirectory: true })
            {
                return null;
            }
            // ".." of the root is the root, as for a program in the container.
            at = name.SequenceEqual(".."u8) ? at.Parent ?? at : _union.Find(at, NativePath.From(name));
            if (at is null)
            {
                return null;
            }
        }
        return at;
    }
}
