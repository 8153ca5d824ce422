using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>A layer's directory on the disk, name by name. Each is opened beneath the handle of the one before, never through a link.</summary>
internal sealed class DiskTree : LinkedPath.ITree<DiskNode>
{
    /// <summary>It has no state.</summary>
    public static DiskTree Instance { get; } = new();

    public DiskNode? Child(DiskNode directory, NativePath name)
    {
        try
        {
            return DiskNode.Open(directory, name);
        }
        catch (LinuxException e) when (e.Errno == LinuxException.ENOENT)
        {
            return null;
        }
        catch (LinuxException e) when (e.Errno is LinuxException.ENOTDIR or LinuxException.ELOOP)
        {
            return !Libc.TryStatAt(directory.Handle, name, out FileStatus status) || status.IsWhiteout ? null
                : DiskNode.Other(status.Type == FileType.SymbolicLink ? Libc.ReadLinkAt(directory.Handle, name) : (NativePath?)null);
        }
    }

    public NativePath? LinkOf(DiskNode node) => node.Link;

    public bool IsDirectory(DiskNode node) => node.IsDirectory;

    public void Close(DiskNode node) => node.Close();
}

/// <summary>What is under a name on the disk: a directory that is open, a link, or something else.</summary>
internal sealed class DiskNode
{
    private readonly SafeFileHandle? _handle;
    private bool? _isOpaque;

    private DiskNode(DiskNode? parent, NativePath name, SafeFileHandle? handle) => (Parent, Name, _handle) = (parent, name, handle);

    /// <summary>The directory that an open one really is in, whatever links led there; null for the root.</summary>
    public DiskNode? Parent { get; }

    public NativePath Name { get; }

    /// <summary>What a link leads to; null for all else.</summary>
    public NativePath? Link { get; private init; }

    public bool IsDirectory => _handle is not null;

    public SafeFileHandle Handle => _handle!;

    /// <summary>Bytes of a directory's path.</summary>
    public int PathLength { get; private init; }

    /// <summary>
    /// Whether nothing of lower layers shows in a directory: one above it hides all below itself. Good for a tree that does not change
    /// any more.
    /// </summary>
    public bool IsHidden
    {
        get
        {
            DiskNode? above = Parent;
            while (above is not null && !(above._isOpaque ??= OverlayForm.IsOpaque(above.Handle)))
            {
                above = above.Parent;
            }
            return above is not null;
        }
    }

    /// <summary>A directory, whose handle stays its owner's.</summary>
    public static DiskNode Root(SafeFileHandle handle) => new(null, default, handle);

    /// <summary>Opens a directory in another.</summary>
    public static DiskNode Open(DiskNode parent, NativePath name)
    {
        SafeFileHandle handle = Libc.OpenAt(parent.Handle, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
        return new DiskNode(parent, name, handle) { PathLength = LayerPath.LengthOf(parent.PathLength, name) };
    }

    /// <summary>A link, or what is neither link nor directory.</summary>
    public static DiskNode Other(NativePath? link) => new(null, default, null) { Link = link };

    /// <summary>The path of a name in a directory.</summary>
    public LayerPath PathOf(NativePath name)
    {
        Stack<NativePath> names = new([name]);
        for (DiskNode node = this; node.Parent is not null; node = node.Parent)
        {
            names.Push(node.Name);
        }
        return LayerPath.Of([.. names]);
    }

    public void Close() => _handle?.Dispose();
}
