using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>One name in a layer: what a listing shows of it, and where its content is. A value of the moment it was read.</summary>
internal sealed record LayerNode
{
    /// <summary>The layer.</summary>
    public required ILayerTree Tree { get; init; }

    /// <summary>The directory that it is in; null for the root.</summary>
    public LayerNode? Parent { get; init; }

    public NativePath Name { get; init; }

    public required LayerNodeType Type { get; init; }

    public NodeAttributes Attributes { get; init; }

    /// <summary>A symbolic link's text.</summary>
    public NativePath LinkTarget { get; init; }

    /// <summary>Names of extended attributes.</summary>
    public IReadOnlyList<NativePath> XAttrNames { get; init; } = [];

    /// <summary>A directory that hides all that lower layers have in it.</summary>
    public bool IsOpaque { get; init; }

    /// <summary>A directory that the layer uses and does not describe: it looks as it does below.</summary>
    public bool IsImplied { get; init; }

    /// <summary>Where the data begins in the layer's tar; of a sparse file, its header. -1: not known.</summary>
    public long TarOffset { get; init; } = -1;

    /// <summary>A file that its tar holds in pieces.</summary>
    public bool IsSparse { get; init; }

    /// <summary>Which children an index has of it.</summary>
    public (uint First, uint Count) Children { get; init; }

    /// <summary>The path in the layer, relative to its root; empty for the root.</summary>
    public NativePath Path
    {
        get
        {
            Stack<NativePath> names = [];
            for (LayerNode node = this; node.Parent is not null; node = node.Parent)
            {
                names.Push(node.Name);
            }
            List<byte> path = [];
            foreach (NativePath name in names)
            {
                if (path.Count > 0)
                {
                    path.Add((byte)'/');
                }
                path.AddRange(name.Bytes);
            }
            return NativePath.From([.. path]);
        }
    }
}
