using System.Text;
using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// What a layer's tar leaves under one name, in memory (<see cref="MemoryTarget"/>). Names and texts are Latin-1: one character for each
/// byte.
/// </summary>
internal sealed class LayerEntry(string name, LayerEntry? parent, LayerNodeType type)
{
    private Dictionary<string, LayerEntry>? _children;

    public string Name { get; } = name;

    public LayerEntry? Parent { get; } = parent;

    public LayerNodeType Type { get; } = type;

    /// <summary>Of a directory root's 0755, until the tar says otherwise.</summary>
    public NodeAttributes Attributes { get; private set; } = new() { Permissions = 0x1ED };

    public string LinkTarget { get; private set; } = "";

    /// <summary>Extended attributes that a layer may set; their values are empty where the target keeps none.</summary>
    public IReadOnlyList<XAttr> XAttrs { get; private set; } = [];

    /// <summary>Names of extended attributes, each ended by a NUL.</summary>
    public string XAttrNames => XAttrs.Count == 0 ? "" : string.Concat(XAttrs.Select(attribute => Text(attribute.Name) + '\0'));

    /// <summary>A directory that hides all that is below it.</summary>
    public bool IsOpaque { get; set; }

    /// <summary>A directory that the tar uses and does not describe, and that looks as the one below it.</summary>
    public bool IsImplied { get; set; }

    /// <summary>Whether the tar says what it looks like.</summary>
    public bool IsDescribed { get; private set; }

    public bool IsSparse { get; private set; }

    public long TarOffset { get; private set; } = -1;

    /// <summary>The same for all names of one file.</summary>
    public LayerEntry Inode { get; private set; } = null!;

    /// <summary>Whether other names were given to the file.</summary>
    public bool HasOtherNames { get; private set; }

    /// <summary>Where its children are in the index.</summary>
    public uint FirstChild { get; set; }

    public int ChildCount => _children?.Count ?? 0;

    /// <summary>Bytes of its texts.</summary>
    public int TextLength => Name.Length + LinkTarget.Length
        + (XAttrs.Count == 0 ? 0 : XAttrs.Sum(attribute => attribute.Name.Bytes.Length + 1 + attribute.Value.Length));

    /// <summary>Whether nothing of lower layers shows where it is.</summary>
    public bool IsHidden
    {
        get
        {
            LayerEntry? above = Parent;
            while (above is { IsOpaque: false })
            {
                above = above.Parent;
            }
            return above is not null;
        }
    }

    /// <summary>The path; empty for the root.</summary>
    public LayerPath Path
    {
        get
        {
            Stack<NativePath> names = [];
            for (LayerEntry entry = this; entry.Parent is not null; entry = entry.Parent)
            {
                names.Push(Bytes(entry.Name));
            }
            return LayerPath.Of([.. names]);
        }
    }

    public IEnumerable<LayerEntry> Children => _children is null ? [] : _children.Values;

    public IEnumerable<LayerEntry> SortedChildren => _children is null ? [] : _children.Values.OrderBy(child => child.Name, StringComparer.Ordinal);

    /// <summary>A new tree.</summary>
    public static LayerEntry Root()
    {
        LayerEntry root = new("", null, LayerNodeType.Directory) { IsImplied = true };
        root.Inode = root;
        return root;
    }

    public static string Text(NativePath bytes) => Encoding.Latin1.GetString(bytes.Bytes);

    public static NativePath Bytes(string text) => NativePath.From(Encoding.Latin1.GetBytes(text));

    public LayerEntry? Find(string name) => _children is not null && _children.TryGetValue(name, out LayerEntry? child) ? child : null;

    public LayerEntry? Find(NativePath name)
    {
        if (_children is null)
        {
            return null;
        }
        Span<char> text = stackalloc char[LayerPath.LongestName];
        text = text[..Encoding.Latin1.GetChars(name.Bytes, text)];
        return _children.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out LayerEntry? child) ? child : null;
    }

    /// <summary>Puts a new entry here; null when the name is taken.</summary>
    public LayerEntry? TryPut(NativePath name, LayerNodeType type)
    {
        if (Find(name) is not null)
        {
            return null;
        }
        LayerEntry child = new(Text(name), this, type);
        child.Inode = child;
        (_children ??= new Dictionary<string, LayerEntry>(StringComparer.Ordinal)).Add(child.Name, child);
        return child;
    }

    public void Remove(NativePath name) => _children?.Remove(Text(name));

    /// <summary>Takes what a tar says.</summary>
    /// <param name="entry">That.</param>
    /// <param name="offset">Where its data begins in the tar; -1: not known.</param>
    /// <param name="keepsValues">Whether extended attributes are kept with their values.</param>
    public void Describe(TarEntry entry, long offset, bool keepsValues)
    {
        // The kernel gives every link 0777, whatever a tar says.
        Attributes = Type == LayerNodeType.SymbolicLink ? entry.Attributes with { Permissions = 0x1FF } : entry.Attributes;
        LinkTarget = Type == LayerNodeType.SymbolicLink ? Text(entry.LinkName) : "";
        if (entry.XAttrs.Count > 0)
        {
            AddXAttrs(entry.XAttrs.Where(attribute => OverlayForm.IsPortable(attribute.Name))
                .Select(attribute => keepsValues ? attribute : attribute with { Value = [] }));
        }
        (IsSparse, TarOffset, IsImplied, IsDescribed) = (entry.Sparse is not null, offset, false, true);
    }

    // Of a directory that is described twice they add up; of two of one name the last counts.
    private void AddXAttrs(IEnumerable<XAttr> added) =>
        XAttrs = [.. XAttrs.Concat(added).GroupBy(attribute => Text(attribute.Name), StringComparer.Ordinal).Select(same => same.Last())];

    /// <summary>Becomes another name of a file.</summary>
    public void LinkTo(LayerEntry file)
    {
        (Attributes, LinkTarget, XAttrs) = (file.Attributes, file.LinkTarget, file.XAttrs);
        (IsSparse, TarOffset, Inode, IsDescribed) = (file.IsSparse, file.TarOffset, file.Inode, true);
        Inode.HasOtherNames = true;
    }
}
