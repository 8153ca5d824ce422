using System.Text;
using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>An entry of a layer's tree while its index is made. Names and texts are Latin-1: one character for each byte.</summary>
internal sealed class LayerIndexEntry(string name, LayerIndexEntry? parent, LayerNodeType type)
{
    private Dictionary<string, LayerIndexEntry>? _children;

    public string Name { get; } = name;

    public LayerIndexEntry? Parent { get; } = parent;

    public LayerNodeType Type { get; } = type;

    public int Permissions { get; private set; } = 0x1ED; // 0755, until the tar says otherwise

    public uint Uid { get; private set; }

    public uint Gid { get; private set; }

    public long Size { get; private set; }

    public long ModifiedSeconds { get; private set; }

    public uint ModifiedNanoseconds { get; private set; }

    public uint DeviceMajor { get; private set; }

    public uint DeviceMinor { get; private set; }

    public string LinkTarget { get; private set; } = "";

    /// <summary>Names of extended attributes, each ended by a NUL.</summary>
    public string XAttrNames { get; private set; } = "";

    public bool IsOpaque { get; set; }

    public bool IsImplied { get; set; }

    public bool IsSparse { get; private set; }

    public long TarOffset { get; private set; } = -1;

    /// <summary>The same for all names of one file.</summary>
    public LayerIndexEntry Inode { get; private set; } = null!;

    /// <summary>Where its children are in the index.</summary>
    public uint FirstChild { get; set; }

    public int ChildCount => _children?.Count ?? 0;

    /// <summary>Bytes of its texts.</summary>
    public int TextLength => Name.Length + LinkTarget.Length + XAttrNames.Length;

    public IEnumerable<LayerIndexEntry> SortedChildren => _children is null ? [] : _children.Values.OrderBy(child => child.Name, StringComparer.Ordinal);

    public static string Text(NativePath bytes) => Encoding.Latin1.GetString(bytes.Bytes);

    public LayerIndexEntry? Find(string name) => _children is not null && _children.TryGetValue(name, out LayerIndexEntry? child) ? child : null;

    /// <summary>Puts a new entry here, in place of one of the same name.</summary>
    public LayerIndexEntry Put(string name, LayerNodeType type)
    {
        LayerIndexEntry child = new(name, this, type);
        child.Inode = child;
        (_children ??= new Dictionary<string, LayerIndexEntry>(StringComparer.Ordinal))[name] = child;
        return child;
    }

    /// <summary>Takes what a tar says.</summary>
    public void Describe(TarEntry entry, long offset)
    {
        // The kernel gives every link 0777, whatever a tar says.
        (Permissions, Uid, Gid, Size) = (Type == LayerNodeType.SymbolicLink ? 0x1FF : entry.Permissions, entry.Uid, entry.Gid, entry.Size);
        (ModifiedSeconds, ModifiedNanoseconds) = (entry.ModifiedSeconds, entry.ModifiedNanoseconds);
        (DeviceMajor, DeviceMinor) = (entry.DeviceMajor, entry.DeviceMinor);
        LinkTarget = Type == LayerNodeType.SymbolicLink ? Text(entry.LinkName) : "";
        XAttrNames = string.Concat(entry.XAttrs.Where(attribute => OverlayForm.IsPortable(attribute.Name)).Select(attribute => Text(attribute.Name) + '\0'));
        (IsSparse, TarOffset, IsImplied) = (entry.Sparse is not null, offset, false);
    }

    /// <summary>Becomes another name of a file.</summary>
    public void LinkTo(LayerIndexEntry file)
    {
        (Permissions, Uid, Gid, Size) = (file.Permissions, file.Uid, file.Gid, file.Size);
        (ModifiedSeconds, ModifiedNanoseconds) = (file.ModifiedSeconds, file.ModifiedNanoseconds);
        (DeviceMajor, DeviceMinor, LinkTarget, XAttrNames) = (file.DeviceMajor, file.DeviceMinor, file.LinkTarget, file.XAttrNames);
        (IsSparse, TarOffset, Inode) = (file.IsSparse, file.TarOffset, file.Inode);
    }
}
