using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// What a layer's tar puts under one name, as its unpacked form must show it. A file with several names (hard links)
/// is one node under all of them.
/// </summary>
internal sealed class ExpectedNode
{
    private Dictionary<string, ExpectedNode>? _children;

    private ExpectedNode(TarEntry? entry, bool isDirectory)
    {
        Entry = entry;
        IsDirectory = isDirectory;
    }

    /// <summary>What the tar says of it; null for a whiteout and for a directory that the tar uses and does not describe.</summary>
    public TarEntry? Entry { get; private set; }

    public bool IsDirectory { get; }

    public bool IsWhiteout => !IsDirectory && Entry is null;

    /// <summary>Whether the directory hides all below it.</summary>
    public bool IsOpaque { get; set; }

    /// <summary>Whether the directory is used and not described, and looks as it does below.</summary>
    public bool IsImplied { get; set; }

    /// <summary>The directory that a directory is in.</summary>
    public ExpectedNode? Parent { get; private set; }

    private string _name = ""; // a directory's: files have many

    /// <summary>A directory's path.</summary>
    public NativePath[] Path
    {
        get
        {
            Stack<NativePath> names = [];
            for (ExpectedNode node = this; node.Parent is not null; node = node.Parent)
            {
                names.Push(NativePath.From(System.Text.Encoding.Latin1.GetBytes(node._name)));
            }
            return [.. names];
        }
    }

    /// <summary>Whether nothing of lower layers shows where it is.</summary>
    public bool IsHidden
    {
        get
        {
            ExpectedNode? above = Parent;
            while (above is { IsOpaque: false })
            {
                above = above.Parent;
            }
            return above is not null;
        }
    }

    /// <summary>Whether a directory is in the tree yet: nothing took its place, or that of one above it.</summary>
    public bool IsBeneath(ExpectedNode root)
    {
        ExpectedNode node = this;
        while (node.Parent is ExpectedNode above && above.Children.GetValueOrDefault(node._name) == node)
        {
            node = above;
        }
        return node == root;
    }

    /// <summary>Of a directory that is described twice: the attributes add up, as they do in unpacking.</summary>
    public IReadOnlyList<XAttr> XAttrs { get; private set; } = [];

    /// <summary>Whether a file's content on the disk has been found to be the tar's.</summary>
    public bool HasRightContent { get; set; }

    /// <summary>The SHA-256 of a file's content, where it could not be compared when it went by; else null.</summary>
    public byte[]? ContentHash { get; set; }

    /// <summary>The inode under which its first name was met on the disk; 0 before.</summary>
    public ulong Inode { get; set; }

    /// <summary>A directory's entries; a name has one character for each byte.</summary>
    public IReadOnlyDictionary<string, ExpectedNode> Children => _children ??= new(StringComparer.Ordinal);

    public static ExpectedNode Directory(TarEntry? entry = null)
    {
        ExpectedNode node = new(null, isDirectory: true);
        if (entry is not null)
        {
            node.Describe(entry);
        }
        return node;
    }

    public static ExpectedNode File(TarEntry entry) => new(entry, isDirectory: false) { XAttrs = [.. entry.XAttrs.Where(attribute => OverlayForm.IsPortable(attribute.Name))] };

    public static ExpectedNode Whiteout() => new(null, isDirectory: false);

    public void Put(string name, ExpectedNode child)
    {
        _ = Children;
        _children![name] = child;
        (child.Parent, child._name) = child.IsDirectory ? (this, name) : (null, "");
    }

    /// <summary>Describes a directory, perhaps once more.</summary>
    public void Describe(TarEntry entry)
    {
        (Entry, IsImplied) = (entry, false);
        IEnumerable<XAttr> added = entry.XAttrs.Where(attribute => OverlayForm.IsPortable(attribute.Name));
        XAttrs = [.. XAttrs.Concat(added).GroupBy(attribute => Key(attribute.Name), StringComparer.Ordinal).Select(same => same.Last())];
    }

    /// <summary>A name as a key.</summary>
    public static string Key(NativePath name) => LayerIndexEntry.Text(name);
}
