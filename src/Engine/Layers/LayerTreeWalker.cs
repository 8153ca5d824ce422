using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Walks a layer's tree in overlayfs's form (a container's upper directory, an unpacked layer) and announces it as a
/// tar's entries in one fixed order: names sorted by their bytes, a directory before its content, an opaque mark and
/// whiteouts before all else in their directory. The tree decides the order, the disk never does.
/// </summary>
internal sealed class LayerTreeWalker(ITreeSink sink, CancellationToken cancellationToken, LayerSelection? selection = null)
{
    private readonly Dictionary<(ulong Inode, uint Major, uint Minor), NativePath> _firstNames = [];

    /// <summary>Names of sockets, which no tar can hold.</summary>
    public List<string> Sockets { get; } = [];

    /// <summary>Walks a whole tree. The root itself is announced only when asked.</summary>
    public void Walk(string directory, bool includeRoot)
    {
        using SafeFileHandle root = Libc.OpenDirectory(directory);
        if (includeRoot)
        {
            FileStatus status = Libc.Stat(root);
            NativePath here = NativePath.From("."u8);
            sink.Entry(root, here, Describe(root, here, NativePath.From("./"u8), TarEntryType.Directory, status), status);
        }
        WalkContent(root, []);
    }

    private void WalkContent(SafeFileHandle directory, ReadOnlySpan<byte> prefix)
    {
        cancellationToken.ThrowIfCancellationRequested();
        List<NativePath> names = Libc.ReadDirectory(directory);
        names.Sort(static (a, b) => a.Bytes.SequenceCompareTo(b.Bytes));
        NativePath here = NativePath.From("."u8);
        foreach (NativePath name in selection?.DeletedIn(prefix) ?? [])
        {
            sink.Whiteout(directory, name, Marker(Join(prefix, Whiteouts.Of(name).Bytes, slash: false)));
        }
        if (selection is null && Libc.GetXAttr(Libc.ThroughDescriptor(directory, here), OverlayXAttrs.Opaque) is [(byte)'y'])
        {
            sink.Opaque(Marker(Join(prefix, Whiteouts.Opaque.Bytes, slash: false)));
        }
        List<(NativePath Name, FileStatus Status)> entries = new(names.Count);
        foreach (NativePath name in names)
        {
            if (!Libc.TryStatAt(directory, name, out FileStatus status))
            {
                throw new LinuxException("statx", LinuxException.ENOENT, name.ToString());
            }
            if (status.IsWhiteout && selection is not null)
            {
                continue;
            }
            if (status.IsWhiteout)
            {
                sink.Whiteout(directory, name, Marker(Join(prefix, Whiteouts.Of(name).Bytes, slash: false)));
            }
            else
            {
                entries.Add((name, status));
            }
        }
        foreach ((NativePath name, FileStatus status) in entries)
        {
            Announce(directory, name, status, prefix);
        }
    }

    private void Announce(SafeFileHandle directory, NativePath name, in FileStatus status, ReadOnlySpan<byte> prefix)
    {
        bool isDirectory = status.Type == FileType.Directory;
        NativePath path = Join(prefix, name.Bytes, isDirectory);
        if (selection?.Includes(path) == false)
        {
            return;
        }
        if (status.Type == FileType.Socket)
        {
            Sockets.Add(path.ToString());
            return;
        }
        if (Whiteouts.IsWhiteout(name))
        {
            throw new LayerImageException(EngineError.LayerInvalid,
                $"'{path}' cannot be part of a layer: names that begin with '.wh.' mean deleted files there.")
            { Target = path.ToString(), Advice = "Rename or remove the file in the container, then commit again." };
        }
        if (path.Bytes.Length > LayerPath.LongestPath)
        {
            throw new LayerImageException(EngineError.LayerInvalid, $"A path that begins with '{NativePath.From(path.Bytes[..60])}' is longer than {LayerPath.LongestPath} bytes and cannot be part of a layer.")
            { Advice = "Remove the deep directories in the container, then commit again." };
        }
        if (!isDirectory && status.LinkCount > 1)
        {
            (ulong, uint, uint) key = (status.Inode, status.FileSystemMajor, status.FileSystemMinor);
            if (_firstNames.TryGetValue(key, out NativePath first))
            {
                TarEntry link = Describe(directory, name, path, TarEntryType.HardLink, status, first);
                sink.Entry(directory, name, link, status);
                return;
            }
            _firstNames[key] = path;
        }
        switch (status.Type)
        {
            case FileType.Regular:
                using (SafeFileHandle data = Libc.OpenAt(directory, name, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking))
                {
                    sink.File(directory, name, Describe(directory, name, path, TarEntryType.Regular, status), status, data);
                }
                break;
            case FileType.Directory:
                sink.Entry(directory, name, Describe(directory, name, path, TarEntryType.Directory, status), status);
                sink.Enter(name);
                using (SafeFileHandle child = Libc.OpenAt(directory, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow))
                {
                    WalkContent(child, path.Bytes);
                    sink.Leave(child);
                }
                break;
            case FileType.SymbolicLink:
                sink.Entry(directory, name, Describe(directory, name, path, TarEntryType.SymbolicLink, status, Libc.ReadLinkAt(directory, name)), status);
                break;
            default:
                TarEntryType type = status.Type switch
                {
                    FileType.CharacterDevice => TarEntryType.CharacterDevice,
                    FileType.BlockDevice => TarEntryType.BlockDevice,
                    _ => TarEntryType.Fifo,
                };
                sink.Entry(directory, name, Describe(directory, name, path, type, status), status);
                break;
        }
    }

    private static TarEntry Describe(SafeFileHandle directory, NativePath name, NativePath path, TarEntryType type, in FileStatus status, NativePath link = default) => new()
    {
        Type = type,
        Name = path,
        LinkName = link,
        Permissions = status.Permissions,
        Uid = status.Uid,
        Gid = status.Gid,
        Size = type == TarEntryType.Regular ? (long)status.Size : 0,
        ModifiedSeconds = status.ModifiedSeconds,
        ModifiedNanoseconds = status.ModifiedNanoseconds,
        DeviceMajor = type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice ? status.DeviceMajor : 0,
        DeviceMinor = type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice ? status.DeviceMinor : 0,
        XAttrs = type == TarEntryType.HardLink ? [] : ReadXAttrs(Libc.ThroughDescriptor(directory, name)),
    };

    /// <summary>The attributes that a layer keeps, sorted by name.</summary>
    public static List<XAttr> ReadXAttrs(NativePath path)
    {
        List<XAttr> attributes = [];
        foreach (NativePath name in Libc.ListXAttrs(path))
        {
            if (OverlayXAttrs.IsPortable(name) && Libc.GetXAttr(path, name) is byte[] value)
            {
                attributes.Add(new XAttr(name, value));
            }
        }
        attributes.Sort(static (a, b) => a.Name.Bytes.SequenceCompareTo(b.Name.Bytes));
        return attributes;
    }

    private static TarEntry Marker(NativePath path) => new() { Type = TarEntryType.Regular, Name = path };

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
}
