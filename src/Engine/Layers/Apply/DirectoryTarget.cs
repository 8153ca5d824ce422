using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Applies a layer's tar to a directory on the disk, which gets overlayfs's form (<see cref="OverlayForm"/>). Every name is opened
/// beneath it. What changes a directory's time while the tar is read, and what the disk cannot say (that a directory looks as the one
/// below it), is kept and done in <see cref="Finish"/>.
/// </summary>
internal sealed partial class DirectoryTarget(TarReader reader, SafeFileHandle root, CancellationToken cancellationToken) : ILayerTarget<DiskNode>
{
    private const int SetGroupId = 0x400;
    private const int Undescribed = 0x1ED; // 0755
    private const uint Unfinished = 0x1C0; // 0700 until the entry's own mode is set
    private static readonly NativePath s_here = NativePath.From("."u8);

    private readonly Dictionary<string, LayerPath> _implied = new(StringComparer.Ordinal);
    private readonly List<(LayerPath Path, long Seconds, uint Nanoseconds)> _directoryTimes = [];
    private bool _hasOpaque;
    private bool _inheritsGroup; // whether a directory has the bit that gives new files its group
    private bool _inheritsAcl; // whether one has an access control list for them

    /// <summary>Makes the root look as one that no tar describes.</summary>
    public void Begin()
    {
        Libc.ChownAt(root, s_here, 0, 0);
        Libc.ChmodAt(root, s_here, Undescribed);
        RemoveAcls(root, s_here);
    }

    /// <summary>Bytes of file content written so far.</summary>
    public long ContentBytes { get; private set; }

    public DiskNode Root { get; } = DiskNode.Root(root);

    public int PathLengthOf(DiskNode directory) => directory.PathLength;

    public DiskNode? Child(DiskNode directory, NativePath name) => DiskTree.Instance.Child(directory, name);

    public NativePath? LinkOf(DiskNode node) => node.Link;

    public bool IsDirectory(DiskNode node) => node.IsDirectory;

    public void Close(DiskNode node) => node.Close();

    public LayerNodeType? TypeOf(DiskNode directory, NativePath name) => Libc.TryStatAt(directory.Handle, name, out FileStatus status) ? status.NodeType : null;

    public bool IsSameFile(DiskNode directory, NativePath name, DiskNode otherDirectory, NativePath otherName) =>
        Libc.TryStatAt(directory.Handle, name, out FileStatus one) && Libc.TryStatAt(otherDirectory.Handle, otherName, out FileStatus other)
        && one.Inode == other.Inode;

    // What is made in a directory may have that one's group, or a list from it. The tar says what it has.
    public bool TryMakeDirectory(DiskNode parent, NativePath name)
    {
        if (!Libc.TryMkdirAt(parent.Handle, name, Unfinished))
        {
            return false;
        }
        if (_inheritsGroup)
        {
            Libc.ChownAt(parent.Handle, name, 0, 0);
        }
        if (_inheritsAcl)
        {
            RemoveAcls(parent.Handle, name);
        }
        return true;
    }

    public void Describe(DiskNode parent, NativePath name, TarEntry entry)
    {
        SetDirectoryAttributes(parent.Handle, name, entry);
        LayerPath path = parent.PathOf(name);
        if (_implied.Count > 0)
        {
            _implied.Remove(path.Key);
        }
        _directoryTimes.Add((path, entry.Attributes.ModifiedSeconds, entry.Attributes.ModifiedNanoseconds));
    }

    public void DescribeRoot(TarEntry entry)
    {
        SetDirectoryAttributes(root, s_here, entry);
        _directoryTimes.Add((LayerPath.Of([]), entry.Attributes.ModifiedSeconds, entry.Attributes.ModifiedNanoseconds));
    }

    // An implied one gets its attributes from below later; until then root's defaults.
    public void LeaveUndescribed(DiskNode parent, NativePath name, bool isImplied)
    {
        Libc.ChmodAt(parent.Handle, name, Undescribed);
        LayerPath path = parent.PathOf(name);
        if (isImplied)
        {
            _implied[path.Key] = path;
        }
        else
        {
            _implied.Remove(path.Key);
            _directoryTimes.Add((path, 0, 0));
        }
    }

    public bool IsImplied(DiskNode parent, NativePath name) => _implied.Count > 0 && _implied.ContainsKey(parent.PathOf(name).Key);

    public bool TryPut(DiskNode parent, NativePath name, TarEntry entry) =>
        entry.Type == LayerNodeType.File ? TryPutFile(parent.Handle, name, entry) : TryPutSpecial(parent.Handle, name, entry);

    public void Link(DiskNode directory, NativePath file, DiskNode parent, NativePath name) => Libc.LinkAt(directory.Handle, file, parent.Handle, name);

    public void PutWhiteout(DiskNode parent, NativePath name) => OverlayForm.MakeWhiteout(parent.Handle, name);

    public void SetOpaque(DiskNode directory) => SetOpaque(directory, s_here);

    public void SetOpaque(DiskNode parent, NativePath name)
    {
        OverlayForm.SetOpaque(parent.Handle, name);
        _hasOpaque = true;
    }

    public void Remove(DiskNode parent, NativePath name) => TreeRemoval.Remove(parent.Handle, name);

    /// <summary>
    /// The tar is over. Gives directories their times, since each entry that is made in one changes its time; deepest first is not
    /// needed, for setting a time changes nothing else.
    /// </summary>
    /// <returns>See <see cref="UnpackResult.ImpliedDirectories"/>.</returns>
    public List<LayerPath> Finish()
    {
        using PathWalk<DiskNode> walk = new(DiskTree.Instance, Root, missing: null);
        foreach ((LayerPath path, long seconds, uint nanoseconds) in _directoryTimes)
        {
            if (walk.OpenItself(path.Components) is DiskNode directory)
            {
                Libc.SetTimes(directory.Handle, seconds, nanoseconds, directory.Name);
            }
        }
        // After those: the tar may have described another directory of that name, which something took the place of.
        List<LayerPath> implied = [];
        foreach (LayerPath path in _implied.Values)
        {
            // One that something else has taken the place of is another directory now, or none.
            if (walk.OpenItself(path.Components) is DiskNode directory)
            {
                // Nobody says when: the moment of unpacking would make two of what is one.
                Libc.SetTimes(directory.Handle, 0, 0, directory.Name);
                if (!_hasOpaque || !directory.IsHidden)
                {
                    implied.Add(path);
                }
            }
        }
        return [.. implied.OrderBy(path => path.Components.Length)];
    }

    private static void RemoveAcls(SafeFileHandle parent, NativePath name)
    {
        RemoveAcl(parent, name, PosixAcl.Access);
        RemoveAcl(parent, name, PosixAcl.Default);
    }

    private static void RemoveAcl(SafeFileHandle parent, NativePath name, NativePath list)
    {
        NativePath path = Libc.ThroughDescriptor(parent, name);
        if (Libc.GetXAttr(path, list) is not null)
        {
            Libc.RemoveXAttr(path, list);
        }
    }

    private void SetDirectoryAttributes(SafeFileHandle parent, NativePath name, TarEntry entry)
    {
        SetAttributes(parent, name, entry);
        _inheritsGroup |= (entry.Attributes.Permissions & SetGroupId) != 0;
    }
}
