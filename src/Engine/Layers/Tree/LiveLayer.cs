using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// A directory in overlayfs's form that is looked at as it is now: a container's changes. Everything is opened beneath
/// its handle, through no link; what goes away meanwhile is as good as never there. Linux only.
/// </summary>
internal sealed class LiveLayer(string directory) : ILayerTree
{
    public LayerNode Root
    {
        get
        {
            using SafeFileHandle root = Libc.OpenDirectory(directory);
            return Describe(root, NativePath.From("."u8), Libc.Stat(root), null, default);
        }
    }

    public LayerNode? Find(LayerNode directory, NativePath name)
    {
        using SafeFileHandle? parent = Open(directory, OpenFlags.ReadOnly | OpenFlags.Directory);
        return parent is not null && Libc.TryStatAt(parent, name, out FileStatus status) ? Describe(parent, name, status, directory, name) : null;
    }

    public IEnumerable<LayerNode> List(LayerNode directory)
    {
        using SafeFileHandle? parent = Open(directory, OpenFlags.ReadOnly | OpenFlags.Directory);
        if (parent is null)
        {
            yield break;
        }
        List<NativePath> names = Libc.ReadDirectory(parent);
        names.Sort(static (a, b) => a.Bytes.SequenceCompareTo(b.Bytes));
        foreach (NativePath name in names)
        {
            if (Libc.TryStatAt(parent, name, out FileStatus status))
            {
                yield return Describe(parent, name, status, directory, name);
            }
        }
    }

    /// <summary>A file's content; null when it is no regular file any more.</summary>
    public SafeFileHandle? OpenFile(LayerNode file) => OpenFile(directory, file);

    /// <summary>The content of a file of an unpacked layer; null when it is no regular file there.</summary>
    public static SafeFileHandle? OpenFile(string root, LayerNode file)
    {
        using SafeFileHandle? place = Open(root, file, OpenFlags.PathOnly | OpenFlags.NoFollow);
        return place is null ? null : RegularFile.TryOpen(place, out _);
    }

    private SafeFileHandle? Open(LayerNode node, int flags) => Open(directory, node, flags);

    private static SafeFileHandle? Open(string root, LayerNode node, int flags)
    {
        using SafeFileHandle handle = Libc.OpenDirectory(root);
        NativePath path = node.Path;
        return TryOpen(handle, path.Bytes, flags, out int errno)
            ?? (errno is LinuxException.ENOENT or LinuxException.ENOTDIR or LinuxException.ELOOP ? null : throw new LinuxException("openat2", errno, path.ToString()));
    }

    // A path that is too long for one call is walked in steps: without links and "..", each of them stays beneath.
    private static SafeFileHandle? TryOpen(SafeFileHandle root, ReadOnlySpan<byte> path, int flags, out int errno)
    {
        SafeFileHandle? step = null;
        try
        {
            while (path.Length > LayerPath.LongestCall)
            {
                int end = path[..LayerPath.LongestCall].LastIndexOf((byte)'/');
                SafeFileHandle? next = TryStep(step ?? root, path[..end], OpenFlags.ReadOnly | OpenFlags.Directory, out errno);
                if (next is null)
                {
                    return null;
                }
                step?.Dispose();
                step = next;
                path = path[(end + 1)..];
            }
            return TryStep(step ?? root, path.Length == 0 ? "."u8 : path, flags, out errno);
        }
        finally
        {
            step?.Dispose();
        }
    }

    private static SafeFileHandle? TryStep(SafeFileHandle from, ReadOnlySpan<byte> path, int flags, out int errno) =>
        Libc.TryOpenAt2(from, NativePath.From(path), flags, Libc.Resolve.Beneath | Libc.Resolve.NoSymlinks, out errno);

    private LayerNode Describe(SafeFileHandle parent, NativePath entry, in FileStatus status, LayerNode? directory, NativePath name) => new()
    {
        Tree = this,
        Parent = directory,
        Name = name,
        Type = status.NodeType,
        Attributes = NodeAttributes.Of(status),
        LinkTarget = status.Type == FileType.SymbolicLink ? ReadLink(parent, entry) : default,
        XAttrNames = status.IsWhiteout ? [] : [.. Libc.ListXAttrs(Libc.ThroughDescriptor(parent, entry)).Where(OverlayForm.IsPortable)],
        IsOpaque = status.Type == FileType.Directory && OverlayForm.IsOpaque(parent, entry),
    };

    private static NativePath ReadLink(SafeFileHandle parent, NativePath name)
    {
        try
        {
            return Libc.ReadLinkAt(parent, name);
        }
        catch (LinuxException)
        {
            return default; // replaced by something else a moment ago
        }
    }
}
