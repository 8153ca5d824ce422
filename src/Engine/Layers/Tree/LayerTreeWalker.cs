using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Walks a layer's tree in overlayfs's form (a container's upper directory, an unpacked layer) and announces it as a
/// tar's entries in one fixed order: names sorted by their bytes, a directory before its content, an opaque mark and
/// whiteouts before all else in their directory. The tree decides the order, the disk never does.
/// </summary>
internal sealed class LayerTreeWalker(ITreeSink sink, TreeWalkOptions options, CancellationToken cancellationToken)
{
    private static readonly NativePath s_here = NativePath.From("."u8);
    private readonly Dictionary<(ulong Inode, uint Major, uint Minor), NativePath> _firstNames = [];

    /// <summary>Names of sockets, which no tar can hold.</summary>
    public List<string> Sockets { get; } = [];

    /// <summary>
    /// Whether the tree has something that the announced entries do not say: sockets, attributes that belong to the host,
    /// times that were clamped, what was left out. A tree made of the entries would not be the same.
    /// </summary>
    public bool IsAltered { get; private set; }

    /// <summary>Walks a whole tree, or a stack of layers as one.</summary>
    /// <param name="layers">The directories, the top one first.</param>
    public void Walk(IReadOnlyList<string> layers)
    {
        using UnionDirectory root = UnionDirectory.OpenRoot(layers);
        if (options.IncludeRoot)
        {
            FileStatus status = Libc.Stat(root.Top);
            sink.Entry(root.Top, s_here, Describe(root.Top, s_here, NativePath.From("./"u8), LayerNodeType.Directory, status), status);
        }
        WalkContent(root);
    }

    private void WalkContent(UnionDirectory root)
    {
        using DirectoryWalk<Level, UnionEntry> levels = new(level =>
        {
            if (level.Depth > 0)
            {
                sink.Leave(level.Directory.Top);
            }
        });
        levels.Enter(root, directory => Begin(directory, [], isHiding: false, depth: 0));
        while (!(IsAltered && options.StopsWhenAltered) && levels.TryNext(out Level? level, out UnionEntry entry))
        {
            if (!entry.Status.IsWhiteout && Announce(level, entry) is NativePath path)
            {
                levels.Enter(Open(level.Directory, entry), child => Begin(child, path.Bytes.ToArray(), level.IsHiding, level.Depth + 1));
            }
        }
    }

    private static UnionDirectory Open(UnionDirectory parent, UnionEntry entry) =>
        parent.Open(entry) ?? throw new LinuxException("openat", LinuxException.ENOENT, entry.Name.ToString());

    // Announces what is deleted in a directory. isHiding: nothing of the layers below shows in it.
    private Level Begin(UnionDirectory directory, byte[] prefix, bool isHiding, int depth)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (NativePath name in options.Selection?.DeletedIn(prefix) ?? [])
        {
            sink.Whiteout(directory.Top, name, Marker(Join(prefix, Whiteouts.Of(name).Bytes, slash: false)));
        }
        if (directory.IsOpaque && options.Selection is null && !options.IsWhole)
        {
            sink.Opaque(Marker(Join(prefix, Whiteouts.Opaque.Bytes, slash: false)));
        }
        isHiding |= directory.IsOpaque;
        List<UnionEntry> entries = directory.Read(options.MayChange);
        if (options.LeavesOut is not null)
        {
            int all = entries.Count;
            entries = LeaveOut(entries, prefix, options.LeavesOut);
            IsAltered |= entries.Count < all;
        }
        foreach (UnionEntry entry in options.IsWhole ? [] : entries)
        {
            if (entry.Status.IsWhiteout ? directory.Count == 1 || Hides(entry, prefix, isHiding) : entry.Status.Type == FileType.Socket && Hides(entry, prefix, isHiding))
            {
                sink.Whiteout(entry.Parent, entry.Name, Marker(Join(prefix, Whiteouts.Of(entry.Name).Bytes, slash: false)));
            }
        }
        return new Level(directory, prefix, isHiding, depth, entries);
    }

    private static List<UnionEntry> LeaveOut(List<UnionEntry> entries, ReadOnlySpan<byte> prefix, Func<NativePath, bool> leavesOut)
    {
        List<UnionEntry> kept = new(entries.Count);
        foreach (UnionEntry entry in entries)
        {
            if (!leavesOut(Join(prefix, entry.Name.Bytes, slash: false)))
            {
                kept.Add(entry);
            }
        }
        return kept;
    }

    // A socket is left out: a file of that name in a layer below would come back. A whiteout of what another layer of the
    // stack had may have nothing to hide, and overlayfs lists one that stands in a directory of a single layer.
    private bool Hides(in UnionEntry entry, ReadOnlySpan<byte> prefix, bool isHiding) =>
        !isHiding && UnionLookup.Exists(options.LowerDirs, LayerPath.Parse(Join(prefix, entry.Name.Bytes, slash: false)));

    // Gives the path of a directory, which the walk has to go into.
    private NativePath? Announce(Level parent, in UnionEntry entry)
    {
        (NativePath name, FileStatus status, SafeFileHandle directory) = (entry.Name, entry.Status, entry.Parent);
        bool isDirectory = status.Type == FileType.Directory;
        NativePath path = Join(parent.Prefix, name.Bytes, isDirectory);
        if (status.Type == FileType.Socket)
        {
            Sockets.Add(path.ToString());
            IsAltered = true;
            return null;
        }
        if (Whiteouts.IsWhiteout(name))
        {
            throw new LayerImageException(EngineError.LayerInvalid,
                $"'{path}' cannot be part of a layer: names that begin with '.wh.' mean deleted files there.")
            { Target = path.ToString(), Advice = "Rename or remove the file in the container, then commit again." };
        }
        if (path.Bytes.Length > LayerPath.LongestPath || parent.Depth == LayerPath.MostDepth)
        {
            throw new LayerImageException(EngineError.LayerInvalid, $"A path that begins with '{NativePath.From(path.Bytes[..60])}' is longer than {LayerPath.LongestPath} bytes or has more than {LayerPath.MostDepth} parts, and cannot be part of a layer.")
            { Advice = "Remove the deep directories in the container, then commit again." };
        }
        if (!isDirectory && status.LinkCount > 1)
        {
            (ulong, uint, uint) key = (status.Inode, status.FileSystemMajor, status.FileSystemMinor);
            if (_firstNames.TryGetValue(key, out NativePath first))
            {
                TarEntry link = Describe(directory, name, path, LayerNodeType.HardLink, status, first);
                sink.Entry(directory, name, link, status);
                return null;
            }
            _firstNames[key] = path;
        }
        switch (status.Type)
        {
            case FileType.Regular:
                // Another file may have been renamed into its place (-NoPause): then it is that one that is read, and described.
                using (SafeFileHandle data = RegularFile.TryOpen(directory, name, out FileStatus opened) ?? throw Replaced(path))
                {
                    sink.File(directory, name, Describe(directory, name, path, LayerNodeType.File, opened, data: data), opened, data);
                }
                break;
            case FileType.Directory:
                sink.Entry(directory, name, Describe(directory, name, path, LayerNodeType.Directory, status), status);
                sink.Enter(name);
                return path;
            case FileType.SymbolicLink:
                sink.Entry(directory, name, Describe(directory, name, path, LayerNodeType.SymbolicLink, status, Libc.ReadLinkAt(directory, name)), status);
                break;
            default:
                sink.Entry(directory, name, Describe(directory, name, path, status.NodeType, status), status);
                break;
        }
        return null;
    }

    private static LayerImageException Replaced(NativePath path) =>
        new(EngineError.LayerInvalid, $"'{path}' was taken away or replaced while it was read.") { Target = path.ToString(), Advice = "Commit again; without -NoPause the container is paused for the read." };

    private TarEntry Describe(SafeFileHandle directory, NativePath name, NativePath path, LayerNodeType type, in FileStatus status, NativePath link = default, SafeFileHandle? data = null)
    {
        NodeAttributes attributes = Clamp(NodeAttributes.Of(status));
        return new TarEntry
        {
            Type = type,
            Name = path,
            LinkName = link,
            Attributes = type == LayerNodeType.HardLink ? attributes with { Size = 0, DeviceMajor = 0, DeviceMinor = 0 } : attributes,
            XAttrs = type == LayerNodeType.HardLink ? [] : ReadOwnXAttrs(directory, name, data),
        };
    }

    private NodeAttributes Clamp(in NodeAttributes attributes)
    {
        if (options.LatestTime is not DateTimeOffset latest)
        {
            return attributes;
        }
        (long seconds, uint nanoseconds) = (latest.ToUnixTimeSeconds(), (uint)(latest.Ticks % TimeSpan.TicksPerSecond * 100));
        if ((attributes.ModifiedSeconds, attributes.ModifiedNanoseconds).CompareTo((seconds, nanoseconds)) <= 0)
        {
            return attributes;
        }
        IsAltered = true;
        return attributes with { ModifiedSeconds = seconds, ModifiedNanoseconds = nanoseconds };
    }

    private List<XAttr> ReadOwnXAttrs(SafeFileHandle directory, NativePath name, SafeFileHandle? data)
    {
        List<XAttr> attributes = Keep(data is null ? ReadAll(Libc.ThroughDescriptor(directory, name)) : ReadAll(data), out bool isAll);
        IsAltered |= !isAll;
        return attributes;
    }

    /// <summary>The attributes that a layer keeps, sorted by name.</summary>
    public static List<XAttr> ReadXAttrs(NativePath path) => Keep(ReadAll(path), out _);

    private static IEnumerable<(NativePath Name, Func<byte[]?> Value)> ReadAll(NativePath path) =>
        Libc.ListXAttrs(path).Select<NativePath, (NativePath, Func<byte[]?>)>(name => (name, () => Libc.GetXAttr(path, name)));

    private static IEnumerable<(NativePath Name, Func<byte[]?> Value)> ReadAll(SafeFileHandle file) =>
        Libc.ListXAttrs(file).Select<NativePath, (NativePath, Func<byte[]?>)>(name => (name, () => Libc.GetXAttr(file, name)));

    // isAll: but for what overlayfs notes of an upper directory, which means nothing once that is a layer.
    private static List<XAttr> Keep(IEnumerable<(NativePath Name, Func<byte[]?> Value)> all, out bool isAll)
    {
        List<XAttr> attributes = [];
        isAll = true;
        foreach ((NativePath name, Func<byte[]?> read) in all)
        {
            if (OverlayForm.IsPortable(name) && read() is byte[] value)
            {
                attributes.Add(new XAttr(name, value));
            }
            else
            {
                isAll &= OverlayForm.IsBookkeeping(name);
            }
        }
        attributes.Sort(static (a, b) => a.Name.Bytes.SequenceCompareTo(b.Name.Bytes));
        return attributes;
    }

    private static TarEntry Marker(NativePath path) => new() { Type = LayerNodeType.File, Name = path };

    private static NativePath Join(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> name, bool slash)
    {
        byte[] joined = new byte[prefix.Length + name.Length + (slash ? 1 : 0)];
        prefix.CopyTo(joined);
        name.CopyTo(joined.AsSpan(prefix.Length));
        if (slash)
        {
            joined[^1] = (byte)'/';
        }
        return NativePath.From(joined);
    }

    /// <summary>A directory that the walk is in.</summary>
    /// <param name="directory">It, open.</param>
    /// <param name="prefix">Its path with a slash at the end; the root's is empty.</param>
    /// <param name="isHiding">Whether nothing of the layers below the stack shows in it.</param>
    /// <param name="depth">How many parts its path has.</param>
    /// <param name="entries">What is in it.</param>
    private sealed class Level(UnionDirectory directory, byte[] prefix, bool isHiding, int depth, List<UnionEntry> entries) : OpenLevel<UnionEntry>(entries, directory)
    {
        public UnionDirectory Directory => directory;

        public byte[] Prefix => prefix;

        public bool IsHiding => isHiding;

        public int Depth => depth;
    }
}
