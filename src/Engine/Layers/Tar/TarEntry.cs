using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>One extended attribute.</summary>
internal readonly record struct XAttr(NativePath Name, byte[] Value);

/// <summary>A piece of a sparse file that has data.</summary>
internal readonly record struct SparseExtent(long Offset, long Length);

/// <summary>An entry of a layer's tar, after PAX and GNU extensions have been applied. Names are bytes.</summary>
internal sealed class TarEntry
{
    /// <summary>What it makes; a whiteout is a file whose name says so.</summary>
    public required LayerNodeType Type { get; init; }

    /// <summary>The name as the tar has it; a directory's may end with a slash.</summary>
    public required NativePath Name { get; init; }

    /// <summary>The target of a link.</summary>
    public NativePath LinkName { get; init; }

    public NodeAttributes Attributes { get; init; }

    public IReadOnlyList<XAttr> XAttrs { get; init; } = [];

    /// <summary>For a sparse file, where its data goes; else null.</summary>
    public IReadOnlyList<SparseExtent>? Sparse { get; init; }
}
