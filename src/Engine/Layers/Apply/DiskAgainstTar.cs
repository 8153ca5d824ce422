using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>Walks an unpacked layer beside the tree that its tar describes, and tells what differs.</summary>
/// <param name="otherContent">Files whose content was not what the tar has, and the SHA-256 that it should have; null: it is another for sure.</param>
/// <param name="most">After how many differences it ends.</param>
/// <param name="cancellationToken">Ends it.</param>
internal sealed class DiskAgainstTar(IReadOnlyDictionary<LayerEntry, byte[]?> otherContent, int most, CancellationToken cancellationToken)
{
    private static readonly NativePath s_here = NativePath.From("."u8);
    private readonly List<LayerDifference> _differences = [];
    private readonly HashSet<ulong> _linked = []; // inodes with several names that were met
    private readonly Dictionary<LayerEntry, ulong> _inodes = []; // of the files that have several names in the tar

    public IReadOnlyList<LayerDifference> Compare(SafeFileHandle root, LayerEntry expected)
    {
        CompareDirectory(root, s_here, Libc.Stat(root), expected, "");
        using DirectoryWalk<Level, NativePath> levels = new(TellMissing);
        levels.Enter(Libc.OpenAt(root, s_here, OpenFlags.ReadOnly | OpenFlags.Directory), directory => Begin(directory, expected, ""));
        while (_differences.Count < most && levels.TryNext(out Level? level, out NativePath name))
        {
            if (CompareName(level, name) is LayerEntry child)
            {
                levels.Enter(Libc.OpenAt(level.Directory, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow), directory => Begin(directory, child, level.PathOf(name)));
            }
        }
        return _differences;
    }

    private Level Begin(SafeFileHandle directory, LayerEntry expected, string path)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new Level(directory, expected, path, Libc.ReadDirectory(directory));
    }

    // Gives a directory that the walk has to go into.
    private LayerEntry? CompareName(Level level, NativePath name)
    {
        string here = level.PathOf(name);
        if (level.Expected.Find(name) is not LayerEntry child)
        {
            Add(here, "is not in the layer");
            return null;
        }
        return Libc.TryStatAt(level.Directory, name, out FileStatus status) && CompareEntry(level.Directory, name, status, child, here) && child.Type == LayerNodeType.Directory ? child : null;
    }

    private void TellMissing(Level level)
    {
        HashSet<string> seen = level.Names.Select(LayerEntry.Text).ToHashSet(StringComparer.Ordinal);
        foreach (LayerEntry missing in level.Expected.Children.Where(child => !seen.Contains(child.Name)))
        {
            Add(level.PathOf(LayerEntry.Bytes(missing.Name)), "is missing");
        }
    }

    // False when it is something else altogether.
    private bool CompareEntry(SafeFileHandle parent, NativePath name, in FileStatus status, LayerEntry expected, string path)
    {
        LayerNodeType type = status.NodeType;
        if (type != expected.Type)
        {
            Add(path, $"is a {Name(type)} instead of a {Name(expected.Type)}");
            return false;
        }
        if (type == LayerNodeType.Directory)
        {
            CompareDirectory(parent, name, status, expected, path);
            return true;
        }
        if (type == LayerNodeType.Whiteout || !IsFirstName(status, expected, path))
        {
            return true;
        }
        NodeAttributes wanted = expected.Attributes;
        switch (type)
        {
            case LayerNodeType.File:
                CompareFile(parent, name, status, expected, path);
                break;
            case LayerNodeType.SymbolicLink when LayerEntry.Text(Libc.ReadLinkAt(parent, name)) != expected.LinkTarget:
                Add(path, $"links to '{Libc.ReadLinkAt(parent, name)}' instead of '{LayerEntry.Bytes(expected.LinkTarget)}'");
                break;
            case LayerNodeType.CharacterDevice or LayerNodeType.BlockDevice when (status.DeviceMajor, status.DeviceMinor) != (wanted.DeviceMajor, wanted.DeviceMinor):
                Add(path, $"is the device {status.DeviceMajor}:{status.DeviceMinor} instead of {wanted.DeviceMajor}:{wanted.DeviceMinor}");
                break;
        }
        CompareAttributes(parent, name, status, expected, path);
        return true;
    }

    // Names of one file are compared once, and must still be names of one file and of no other.
    private bool IsFirstName(in FileStatus status, LayerEntry expected, string path)
    {
        LayerEntry file = expected.Inode;
        ulong met = file.HasOtherNames ? _inodes.GetValueOrDefault(file) : 0;
        if (met == status.Inode)
        {
            return false;
        }
        if (met != 0)
        {
            Add(path, "is a file of its own instead of another name of one");
        }
        else if (status.LinkCount > 1 && !_linked.Add(status.Inode))
        {
            Add(path, "is another name of a file instead of one of its own");
        }
        if (file.HasOtherNames)
        {
            _inodes[file] = status.Inode;
        }
        return true;
    }

    private void CompareFile(SafeFileHandle parent, NativePath name, in FileStatus status, LayerEntry expected, string path)
    {
        if ((long)status.Size != expected.Attributes.Size)
        {
            Add(path, $"has {status.Size} bytes instead of {expected.Attributes.Size}");
        }
        else if (otherContent.TryGetValue(expected.Inode, out byte[]? hash) && (hash is null || !Hash(parent, name).AsSpan().SequenceEqual(hash)))
        {
            Add(path, "has another content");
        }
    }

    private void CompareDirectory(SafeFileHandle parent, NativePath name, in FileStatus status, LayerEntry expected, string path)
    {
        bool isOpaque = OverlayForm.IsOpaque(parent, name);
        if (isOpaque != expected.IsOpaque)
        {
            Add(path, isOpaque ? "hides what is below it, and should not" : "does not hide what is below it, and should");
        }
        if (expected.IsDescribed)
        {
            CompareAttributes(parent, name, status, expected, path);
        }
        // What the tar does not describe looks as the directory below does, if one shows there.
        else if (expected.Parent is not null && (!expected.IsImplied || expected.IsHidden)
            && ((status.Permissions, status.Uid, status.Gid) != (0x1ED, 0u, 0u) || LayerTreeWalker.ReadXAttrs(Libc.ThroughDescriptor(parent, name)).Count > 0))
        {
            Add(path, "has a mode, an owner or attributes, and the layer says none");
        }
    }

    private void CompareAttributes(SafeFileHandle parent, NativePath name, in FileStatus status, LayerEntry expected, string path)
    {
        NodeAttributes found = NodeAttributes.Of(status), wanted = expected.Attributes;
        if (status.Type != FileType.SymbolicLink && found.Permissions != wanted.Permissions)
        {
            Add(path, $"has the mode {Octal(found.Permissions)} instead of {Octal(wanted.Permissions)}");
        }
        if ((found.Uid, found.Gid) != (wanted.Uid, wanted.Gid))
        {
            Add(path, $"belongs to {found.Uid}:{found.Gid} instead of {wanted.Uid}:{wanted.Gid}");
        }
        bool isSameTime = (found.ModifiedSeconds, found.ModifiedNanoseconds) == (wanted.ModifiedSeconds, wanted.ModifiedNanoseconds);
        if (!isSameTime && !IsClamped(wanted.ModifiedSeconds, found.ModifiedSeconds))
        {
            Add(path, "has another modification time");
        }
        CompareXAttrs(Libc.ThroughDescriptor(parent, name), status.Type, expected, path);
    }

    private void CompareXAttrs(NativePath file, FileType type, LayerEntry expected, string path)
    {
        Dictionary<string, byte[]> found = LayerTreeWalker.ReadXAttrs(file).ToDictionary(attribute => LayerEntry.Text(attribute.Name), attribute => attribute.Value, StringComparer.Ordinal);
        foreach (XAttr attribute in expected.XAttrs)
        {
            bool isThere = found.Remove(LayerEntry.Text(attribute.Name), out byte[]? value);
            if (isThere && !value.AsSpan().SequenceEqual(Wanted(attribute, expected)))
            {
                Add(path, $"has another extended attribute {attribute.Name}");
            }
            else if (!isThere && CanHave(attribute, type))
            {
                Add(path, $"lacks the extended attribute {attribute.Name}");
            }
        }
        foreach (string name in found.Keys)
        {
            Add(path, $"has the extended attribute {name}, and should not");
        }
    }

    // The mode is set last, and says itself what the list says of the owner, the mask and the others.
    private static byte[] Wanted(XAttr attribute, LayerEntry entry) =>
        attribute.Name.Bytes.SequenceEqual(PosixAcl.Access.Bytes) ? PosixAcl.WithMode(attribute.Value, entry.Attributes.Permissions) : attribute.Value;

    // The kernel keeps user.* on files and directories only (xattr(7)), no list that says what the mode says, none on links, and
    // one for what is made in it on directories only (acl(5)).
    private static bool CanHave(XAttr attribute, FileType type) =>
        !(attribute.Name.Bytes.StartsWith("user."u8) && type is not (FileType.Regular or FileType.Directory))
        && !(attribute.Name.Bytes.StartsWith("system.posix_acl_"u8)
            && (attribute.Value.Length <= 4 + (3 * 8) || type == FileType.SymbolicLink || (type != FileType.Directory && attribute.Name.Bytes.SequenceEqual(PosixAcl.Default.Bytes))));

    private byte[] Hash(SafeFileHandle parent, NativePath name)
    {
        using SafeFileHandle file = RegularFile.TryOpen(parent, name, out FileStatus status) ?? throw new LinuxException("openat", LinuxException.ENOENT, name.ToString());
        return FileHash.Of(file, (long)status.Size, new byte[128 << 10], cancellationToken);
    }

    // The ends of what ext4 and xfs can say; the kernel sets a time beyond to the end itself.
    private static bool IsClamped(long wanted, long found) =>
        (found == int.MinValue && wanted < found) || (found is int.MaxValue or 15032385535 or 16299260424 && wanted > found);

    private void Add(string path, string what)
    {
        if (_differences.Count < most)
        {
            _differences.Add(new LayerDifference(path, what));
        }
    }

    private static string Octal(int mode) => "0" + Convert.ToString(mode, 8);

    private static string Name(LayerNodeType type) => type switch
    {
        LayerNodeType.Fifo => "fifo",
        LayerNodeType.CharacterDevice => "character device",
        LayerNodeType.Directory => "directory",
        LayerNodeType.BlockDevice => "block device",
        LayerNodeType.SymbolicLink => "symbolic link",
        LayerNodeType.Socket => "socket",
        LayerNodeType.Whiteout => "whiteout",
        _ => "file",
    };

    /// <summary>A directory that the walk is in.</summary>
    /// <param name="directory">It, open.</param>
    /// <param name="expected">What the tar puts there.</param>
    /// <param name="path">Its path; the root's is empty.</param>
    /// <param name="names">What is in it.</param>
    private sealed class Level(SafeFileHandle directory, LayerEntry expected, string path, List<NativePath> names) : OpenLevel<NativePath>(names, directory)
    {
        public SafeFileHandle Directory => directory;

        public LayerEntry Expected => expected;

        public string PathOf(NativePath name) => path.Length == 0 ? name.ToString() : $"{path}/{name}";
    }
}
