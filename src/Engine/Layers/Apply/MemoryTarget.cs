using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Applies a layer's tar to a tree in memory, of which an index is made or by which a directory is checked. Entries and texts are
/// bounded.
/// </summary>
/// <param name="purpose">What the tree is for: the layer cannot be shown, or checked, when it is too large.</param>
/// <param name="keepsValues">Whether extended attributes are kept with their values.</param>
internal sealed class MemoryTarget(string purpose = "shown", bool keepsValues = false) : ILayerTarget<LayerEntry>
{
    /// <summary>Entries of one layer. Images with a tenth of that are rare.</summary>
    public const int MostEntries = 4 << 20;

    private const long MostText = 512L << 20;
    private long _text;
    private int _entries;
    private LayerEntry? _file;

    /// <summary>The root directory; implied until the tar describes it.</summary>
    public LayerEntry Root { get; } = LayerEntry.Root();

    /// <summary>Where the data of the entry that comes next begins in the tar, or a sparse file's header; -1 when there is no tar.</summary>
    public long TarOffset { get; set; } = -1;

    /// <summary>Directories that the tar uses and does not describe, and that look as they do below: parents first.</summary>
    public IEnumerable<LayerPath> Implied
    {
        get
        {
            Queue<LayerEntry> directories = new([Root]);
            while (directories.TryDequeue(out LayerEntry? directory))
            {
                if (directory is { IsImplied: true, Parent: not null, IsHidden: false })
                {
                    yield return directory.Path;
                }
                foreach (LayerEntry child in directory.Children.Where(child => child.Type == LayerNodeType.Directory))
                {
                    directories.Enqueue(child);
                }
            }
        }
    }

    /// <summary>The regular file that the last entry became, whose content follows; null when it became none. Gives it once.</summary>
    public LayerEntry? TakeFile()
    {
        LayerEntry? file = _file;
        _file = null;
        return file;
    }

    public int PathLengthOf(LayerEntry directory)
    {
        int length = 0;
        for (LayerEntry entry = directory; entry.Parent is not null; entry = entry.Parent)
        {
            length += entry.Name.Length + (length > 0 ? 1 : 0);
        }
        return length;
    }

    public LayerEntry? Child(LayerEntry directory, NativePath name) =>
        directory.Find(name) is LayerEntry child && child.Type != LayerNodeType.Whiteout ? child : null;

    public NativePath? LinkOf(LayerEntry node) => node.Type == LayerNodeType.SymbolicLink ? LayerEntry.Bytes(node.LinkTarget) : (NativePath?)null;

    public bool IsDirectory(LayerEntry node) => node.Type == LayerNodeType.Directory;

    public LayerNodeType? TypeOf(LayerEntry directory, NativePath name) => directory.Find(name)?.Type;

    public bool IsSameFile(LayerEntry directory, NativePath name, LayerEntry otherDirectory, NativePath otherName) =>
        directory.Find(name)?.Inode == otherDirectory.Find(otherName)?.Inode;

    public bool TryMakeDirectory(LayerEntry parent, NativePath name) => TryPut(parent, name, LayerNodeType.Directory) is not null;

    public void Describe(LayerEntry parent, NativePath name, TarEntry entry) => Describe(parent.Find(name)!, entry);

    public void DescribeRoot(TarEntry entry) => Describe(Root, entry);

    public void LeaveUndescribed(LayerEntry parent, NativePath name, bool isImplied)
    {
        LayerEntry directory = parent.Find(name)!;
        directory.IsImplied = isImplied;
        Count(directory);
    }

    public bool IsImplied(LayerEntry parent, NativePath name) => parent.Find(name) is { IsImplied: true };

    public bool TryPut(LayerEntry parent, NativePath name, TarEntry entry)
    {
        LayerEntry? added = TryPut(parent, name, entry.Type);
        if (added is null)
        {
            return false;
        }
        Describe(added, entry);
        _file = added.Type == LayerNodeType.File ? added : null;
        return true;
    }

    public void Link(LayerEntry directory, NativePath file, LayerEntry parent, NativePath name)
    {
        LayerEntry target = directory.Find(file)!, added = TryPut(parent, name, target.Type)!;
        added.LinkTo(target);
        Count(added);
    }

    public void PutWhiteout(LayerEntry parent, NativePath name) => Count(TryPut(parent, name, LayerNodeType.Whiteout)!);

    public void SetOpaque(LayerEntry directory) => directory.IsOpaque = true;

    public void SetOpaque(LayerEntry parent, NativePath name) => parent.Find(name)!.IsOpaque = true;

    public void Remove(LayerEntry parent, NativePath name) => parent.Remove(name);

    private LayerEntry? TryPut(LayerEntry parent, NativePath name, LayerNodeType type)
    {
        if (++_entries > MostEntries)
        {
            throw TooLarge($"it has more than {MostEntries} entries");
        }
        return parent.TryPut(name, type);
    }

    private void Describe(LayerEntry node, TarEntry entry)
    {
        node.Describe(entry, TarOffset, keepsValues);
        Count(node);
    }

    private void Count(LayerEntry node)
    {
        _text += node.TextLength;
        if (_text > MostText)
        {
            throw TooLarge($"its names have more than {MostText >> 20} MiB");
        }
    }

    private LayerImageException TooLarge(string why) => new(EngineError.LayerTooLarge, $"The layer cannot be {purpose}: {why}.")
    { Advice = "The image was built wrongly or is hostile; ask who made it." };
}
