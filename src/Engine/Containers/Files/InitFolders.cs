using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.Layers;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Containers;

/// <summary>
/// Makes folders in the init layer, where a container would find them: through links that the image has, and never out of its
/// root. What is on the way to them looks as the image shows it, since overlayfs shows the upper-most directory's attributes.
/// </summary>
internal sealed class InitFolders : LinkedPath.ITree<InitFolders.Node>, IDisposable
{
    private readonly List<IDisposable> _handles = [];
    private readonly Node _root;

    /// <param name="layer">The init layer.</param>
    /// <param name="image">The root of the image, which is below.</param>
    private InitFolders(SafeFileHandle layer, UnionDirectory image) => _root = new Node { Lower = image, Own = layer };

    /// <summary>Makes one folder with all above it, root's and 0755, where it is missing. Where something else is in the way there is none.</summary>
    /// <returns>Whether the layer has something more now.</returns>
    public static bool Make(SafeFileHandle layer, UnionDirectory image, string path)
    {
        if (Parse(path) is not { IsRoot: false } parsed)
        {
            return false;
        }
        using InitFolders folders = new(layer, image);
        _ = LinkedPath.Follow(folders, folders._root, parsed.Components, out _);
        return folders.HasMade;
    }

    /// <summary>Makes a directory, whatever umask the session has.</summary>
    public static void MakeDirectory(SafeFileHandle parent, NativePath name)
    {
        Libc.TryMkdirAt(parent, name, 0x1ED);
        Libc.ChmodAt(parent, name, 0x1ED /* 0755 */);
    }

    private bool HasMade { get; set; }

    // An image's configuration is free text. As docker reads it: absolute, and ".." at the root is the root.
    private static LayerPath? Parse(string path)
    {
        try
        {
            return path.Contains('\0', StringComparison.Ordinal) ? null : LayerPath.Parse(Path.GetFullPath("/" + path));
        }
        catch (LayerImageException e) when (e.Error == EngineError.LayerInvalid)
        {
            return null; // longer than any path can be
        }
    }

    Node? LinkedPath.ITree<Node>.Child(Node directory, NativePath child)
    {
        FileStatus? own = directory.Own is not null && Libc.TryStatAt(directory.Own, child, out FileStatus status) ? status : null;
        if ((own ?? directory.Lower?.Find(child)?.Status) is not FileStatus found)
        {
            MakeIn(directory, child);
            return new Node { Parent = directory, Name = child, Own = Open(directory.Own!, child) };
        }
        return found.Type switch
        {
            FileType.SymbolicLink => new Node { Link = ReadLink(directory, child) },
            FileType.Directory => new Node { Parent = directory, Name = child, Lower = OpenLower(directory, child), Own = own is null ? null : Open(directory.Own!, child) },
            _ => new Node(),
        };
    }

    NativePath? LinkedPath.ITree<Node>.LinkOf(Node node) => node.Link;

    bool LinkedPath.ITree<Node>.IsDirectory(Node node) => node.Own is not null || node.Lower is not null;

    public void Dispose() => _handles.ForEach(handle => handle.Dispose());

    private void MakeIn(Node directory, NativePath name)
    {
        SafeFileHandle own = Own(directory);
        MakeDirectory(own, name);
        HasMade = true;
        Dress(directory);
    }

    private SafeFileHandle Own(Node directory)
    {
        if (directory.Own is null)
        {
            MakeIn(directory.Parent!, directory.Name);
            directory.Own = Open(directory.Parent!.Own!, directory.Name);
            Dress(directory);
        }
        return directory.Own;
    }

    // Anew after each change: that is not to be seen in its time. The root's attributes are the upper directory's affair.
    private static void Dress(Node directory)
    {
        if (directory.Parent is not null && directory.Lower is not null)
        {
            ImpliedDirectories.Copy(directory.Lower.Top, directory.Own!);
        }
    }

    private static NativePath ReadLink(Node directory, NativePath name) => Libc.ReadLinkAt(directory.Lower!.Find(name)!.Value.Parent, name);

    private UnionDirectory? OpenLower(Node directory, NativePath name)
    {
        UnionDirectory? opened = directory.Lower?.Open(name);
        if (opened is not null)
        {
            _handles.Add(opened);
        }
        return opened;
    }

    private SafeFileHandle Open(SafeFileHandle parent, NativePath name)
    {
        SafeFileHandle opened = Libc.OpenAt(parent, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
        _handles.Add(opened);
        return opened;
    }

    /// <summary>A directory of the container, a link, or something else.</summary>
    internal sealed class Node
    {
        public Node? Parent { get; init; }

        public NativePath Name { get; init; }

        /// <summary>The image's directory that shows there; null where it has none.</summary>
        public UnionDirectory? Lower { get; init; }

        /// <summary>The init layer's, once it has one.</summary>
        public SafeFileHandle? Own { get; set; }

        public NativePath? Link { get; init; }
    }
}
