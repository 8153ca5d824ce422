using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Makes of a tar's entries the tree that <see cref="LayerUnpacker"/> would make, in memory: what that refuses is refused
/// here with the same error. Entries and texts are bounded.
/// </summary>
internal sealed class LayerIndexBuilder
{
    /// <summary>Entries of one layer. Images with a tenth of that are rare.</summary>
    public const int MostEntries = 4 << 20;

    private const long MostText = 512L << 20;
    private readonly List<LateLink> _lateLinks = [];
    private long _text;
    private int _entries;

    /// <summary>The root directory; implied until the tar describes it.</summary>
    public LayerIndexEntry Root { get; } = new("", null, LayerNodeType.Directory) { IsImplied = true };

    /// <summary>Adds the next entry.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="offset">Where its data begins in the tar, or a sparse file's header; -1 when there is no tar.</param>
    /// <exception cref="LayerImageException"><see cref="EngineError.LayerInvalid"/> or <see cref="EngineError.LayerTooLarge"/>.</exception>
    public void Add(TarEntry entry, long offset)
    {
        if (++_entries > MostEntries)
        {
            throw TooLarge($"it has more than {MostEntries} entries");
        }
        LayerPath path = LayerPath.Parse(entry.Name);
        if (path.IsRoot)
        {
            if (entry.Type != TarEntryType.Directory)
            {
                throw LayerPath.Refuse(entry.Name, "the root of a layer is a directory");
            }
            Describe(Root, entry, offset);
        }
        else if (path.IsBookkeeping)
        {
            return;
        }
        else if (Whiteouts.IsWhiteout(path.Name))
        {
            AddWhiteout(path, entry);
        }
        else if (entry.Type == TarEntryType.HardLink)
        {
            if (!TryHardLink(path, entry.LinkName))
            {
                _lateLinks.Add(new LateLink(path, entry.LinkName));
            }
        }
        else
        {
            AddNode(path, entry, offset);
        }
    }

    /// <summary>Resolves hard links whose target came later.</summary>
    public void Finish()
    {
        foreach (LateLink link in _lateLinks)
        {
            if (!TryHardLink(link.Path, link.Target))
            {
                throw link.Refuse();
            }
        }
    }

    private void AddNode(LayerPath path, TarEntry entry, long offset)
    {
        LayerIndexEntry parent = OpenParent(path);
        string name = LayerIndexEntry.Text(path.Name);
        LayerIndexEntry? existing = parent.Find(name);
        switch (entry.Type)
        {
            case TarEntryType.Directory when existing?.Type == LayerNodeType.Directory:
                Describe(existing, entry, offset);
                return;
            case TarEntryType.SymbolicLink when entry.LinkName.Bytes.Length is 0 or > LayerPath.LongestCall:
                throw LayerPath.Refuse(entry.Name, "a symbolic link's text has 1 to 4095 bytes");
            case TarEntryType.CharacterDevice when entry is { DeviceMajor: 0, DeviceMinor: 0 }:
                throw LayerPath.Refuse(entry.Name, "a character device 0:0 is overlayfs's mark for a deleted file; a layer deletes by '.wh.' names");
        }
        LayerIndexEntry added = parent.Put(name, TypeOf(entry.Type));
        // Deleted, or replaced by a file, and made again in one layer: nothing of the lower directory may show through.
        added.IsOpaque = entry.Type == TarEntryType.Directory && existing is not null;
        Describe(added, entry, offset);
    }

    private static LayerNodeType TypeOf(TarEntryType type) => type switch
    {
        TarEntryType.Directory => LayerNodeType.Directory,
        TarEntryType.SymbolicLink => LayerNodeType.SymbolicLink,
        TarEntryType.CharacterDevice => LayerNodeType.CharacterDevice,
        TarEntryType.BlockDevice => LayerNodeType.BlockDevice,
        TarEntryType.Fifo => LayerNodeType.Fifo,
        _ => LayerNodeType.File,
    };

    private void AddWhiteout(LayerPath path, TarEntry entry)
    {
        if (Whiteouts.IsOpaque(path.Name))
        {
            OpenParent(path).IsOpaque = true;
            return;
        }
        NativePath hidden = Whiteouts.Hidden(path.Name);
        if (hidden.Bytes.Length == 0 || hidden.Bytes.SequenceEqual("."u8) || hidden.Bytes.SequenceEqual(".."u8))
        {
            throw LayerPath.Refuse(entry.Name, "a whiteout names the file that it hides: '.wh.' and that name");
        }
        LayerIndexEntry parent = OpenParent(path);
        string name = LayerIndexEntry.Text(hidden);
        // A whiteout speaks of lower layers only; what this layer itself put there stays, and is nothing of theirs.
        if (parent.Find(name) is not LayerIndexEntry existing)
        {
            Count(parent.Put(name, LayerNodeType.Whiteout));
        }
        else if (existing.Type == LayerNodeType.Directory)
        {
            (existing.IsOpaque, existing.IsImplied) = (true, false);
        }
    }

    private bool TryHardLink(LayerPath path, NativePath linkName)
    {
        LayerPath target = LayerPath.Parse(linkName);
        if (target.IsRoot)
        {
            throw LayerPath.Refuse(path, "a hard link needs a file as its target");
        }
        LayerIndexEntry parent = OpenParent(path);
        string name = LayerIndexEntry.Text(path.Name);
        if (Open(target.Parent, target, make: false)?.Find(LayerIndexEntry.Text(target.Name)) is not LayerIndexEntry file)
        {
            return false;
        }
        if (file.Type is LayerNodeType.Directory or LayerNodeType.Whiteout)
        {
            throw LayerPath.Refuse(path, $"its hard link target '{linkName}' is not a file");
        }
        LayerIndexEntry? existing = parent.Find(name);
        if (existing?.Type == LayerNodeType.Directory)
        {
            throw LayerPath.Refuse(path, "a hard link cannot take the place of a directory of the same layer");
        }
        if (existing?.Inode != file.Inode || existing is null)
        {
            LayerIndexEntry added = parent.Put(name, file.Type);
            added.LinkTo(file);
            Count(added);
        }
        return true;
    }

    private LayerIndexEntry OpenParent(LayerPath path) => Open(path.Parent, path, make: true)!;

    private LayerIndexEntry? Open(ReadOnlySpan<NativePath> components, LayerPath path, bool make)
    {
        LayerIndexEntry? directory = LinkedPath.Follow(new Entries(this, path, make), Root, components, out bool isBlocked);
        return isBlocked ? throw LayerPath.Refuse(path.ToString(), "a part of its path is not a directory") : directory;
    }

    private LayerIndexEntry Make(LayerIndexEntry parent, string name, bool wasDeleted)
    {
        if (++_entries > MostEntries)
        {
            throw TooLarge($"it has more than {MostEntries} entries");
        }
        LayerIndexEntry made = parent.Put(name, LayerNodeType.Directory);
        (made.IsImplied, made.IsOpaque) = (!wasDeleted, wasDeleted);
        Count(made);
        return made;
    }

    private sealed class Entries(LayerIndexBuilder builder, LayerPath path, bool make) : LinkedPath.ITree<LayerIndexEntry>
    {
        public LayerIndexEntry? Child(LayerIndexEntry directory, string name) => directory.Find(name) switch
        {
            null when make && Whiteouts.IsWhiteout(name) => throw LayerPath.Of([name]).RefuseToMake(path),
            null => make ? builder.Make(directory, name, wasDeleted: false) : null,
            { Type: LayerNodeType.Whiteout } => make ? builder.Make(directory, name, wasDeleted: true) : null,
            var child => child,
        };

        // The unpacker can ask the kernel only as far down as one call reaches.
        public string? LinkOf(LayerIndexEntry node) => node.Type != LayerNodeType.SymbolicLink ? null
            : path.Components.Sum(component => component.Bytes.Length + 1) > LayerPath.LongestCall ? throw LayerPath.RefuseLongLink(path.Components)
            : node.LinkTarget;

        public bool IsDirectory(LayerIndexEntry node) => node.Type == LayerNodeType.Directory;
    }

    private void Describe(LayerIndexEntry node, TarEntry entry, long offset)
    {
        node.Describe(entry, offset);
        Count(node);
    }

    private void Count(LayerIndexEntry node)
    {
        _text += node.TextLength;
        if (_text > MostText)
        {
            throw TooLarge($"its names have more than {MostText >> 20} MiB");
        }
    }

    private static LayerImageException TooLarge(string why) => new(EngineError.LayerTooLarge, $"The layer cannot be shown: {why}.") { Advice = "The image was built wrongly or is hostile; ask who made it." };
}
