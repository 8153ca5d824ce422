using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Unpacks a layer's tar into a directory in overlayfs's form: whiteouts as character devices 0:0, opaque directories
/// by their xattr. The directory is new and empty and nobody else writes to it. Every name is opened beneath it;
/// a failure leaves a directory that the caller throws away.
/// </summary>
internal sealed partial class LayerUnpacker : IDisposable
{
    private static readonly NativePath s_here = NativePath.From("."u8);
    private const int SetGroupId = 0x400;
    private const long MostImpliedText = 256L << 20; // a path that is deep and long costs its own length for each part
    private const long MostKeptText = 64L << 20; // names that are kept to the end of the tar: millions of directories, or few with very long names
    private const uint Unfinished = 0x1C0; // 0700 until the entry's own mode is set.

    private readonly TarReader _reader;
    private readonly BeneathRoot _directories;
    private readonly BeneathRoot _linkTargets;
    private readonly CancellationToken _cancellationToken;
    private readonly byte[] _buffer = new byte[1 << 20];
    private readonly Dictionary<string, LayerPath> _implied = new(StringComparer.Ordinal);
    private readonly List<(LayerPath Path, long Seconds, uint Nanoseconds)> _directoryTimes = [];
    private readonly List<LateLink> _lateLinks = [];
    private long _entries, _contentBytes, _impliedText, _keptText;
    private readonly int _umask = HostProcess.FileModeMask;
    private bool _hasRoot;
    private bool _hasOpaque;
    private bool _inheritsGroup; // whether a directory has the bit that gives new files its group
    private bool _inheritsAcl; // whether one has an access control list for them

    private LayerUnpacker(Stream tar, SafeFileHandle root, CancellationToken cancellationToken)
    {
        _reader = new TarReader(tar);
        _directories = new BeneathRoot(root);
        _linkTargets = new BeneathRoot(root);
        _cancellationToken = cancellationToken;
    }

    /// <summary>Unpacks a whole tar.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.LayerInvalid"/>, or a system call's failure.</exception>
    public static UnpackResult Unpack(Stream tar, string directory, CancellationToken cancellationToken)
    {
        using SafeFileHandle root = Libc.OpenDirectory(directory);
        Libc.ChownAt(root, s_here, 0, 0);
        Libc.Chmod(root, 0x1ED, directory); // 0755, unless the tar describes its root
        RemoveAcls(root, s_here);
        using LayerUnpacker unpacker = new(tar, root, cancellationToken);
        return unpacker.Run();
    }

    public void Dispose()
    {
        _directories.Dispose();
        _linkTargets.Dispose();
    }

    private UnpackResult Run()
    {
        while (_reader.Next() is TarEntry entry)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            _entries++;
            Place(entry);
            FaultPoint.Reach(FaultPoint.Unpacking);
        }
        foreach (LateLink link in _lateLinks)
        {
            if (!TryHardLink(link.Path, link.Target))
            {
                throw link.Refuse();
            }
        }
        RestoreDirectoryTimes();
        return new UnpackResult
        {
            Entries = _entries,
            ContentBytes = _contentBytes,
            HasRoot = _hasRoot,
            // Beneath a directory that hides all below it nothing is taken from there.
            ImpliedDirectories = [.. _implied.Values.Where(IsImplied).OrderBy(path => path.Components.Length)],
        };
    }

    private bool IsImplied(LayerPath path) => OpenItself(path) is not null && !(_hasOpaque && _directories.IsHidden);

    // One that a link has taken the place of is another directory now.
    private SafeFileHandle? OpenItself(LayerPath path) => OpenExisting(path) is SafeFileHandle directory && !_directories.IsThroughLink ? directory : null;

    private void Place(TarEntry entry)
    {
        LayerPath path = LayerPath.Parse(entry.Name);
        if (path.IsRoot)
        {
            PlaceRoot(entry);
            return;
        }
        if (path.IsBookkeeping)
        {
            return;
        }
        if (Whiteouts.IsWhiteout(path.Name))
        {
            PlaceWhiteout(path, entry);
            return;
        }
        SafeFileHandle parent = OpenParent(path);
        switch (entry.Type)
        {
            case TarEntryType.Directory:
                PlaceDirectory(parent, path, entry);
                break;
            case TarEntryType.Regular:
                PlaceFile(parent, path, entry);
                break;
            case TarEntryType.HardLink:
                if (!TryHardLink(path, entry.LinkName))
                {
                    Keep(path.Key.Length + entry.LinkName.Bytes.Length);
                    _lateLinks.Add(new LateLink(path, entry.LinkName));
                }
                break;
            default:
                PlaceNode(parent, path, entry);
                break;
        }
    }

    private SafeFileHandle OpenParent(LayerPath path)
    {
        return _directories.Open(path.Parent, (directory, where) =>
        {
            NativePath name = where.Name;
            if (Whiteouts.IsWhiteout(name))
            {
                throw where.RefuseToMake(path);
            }
            if (!TryMakeDirectory(directory, name))
            {
                // Deleted before in this layer: what is made again has nothing of the lower directory.
                MakeInsteadOfOther(directory, name);
                Libc.ChmodAt(directory, name, 0x1ED); // 0755
                SetTimeAtLast(where, 0, 0);
                return;
            }
            // What the tar does not describe gets its attributes from below later; until then root's defaults.
            Libc.ChmodAt(directory, name, 0x1ED); // 0755
            string key = where.Key;
            _impliedText += key.Length;
            if (_impliedText > MostImpliedText)
            {
                throw TooManyNames("directories that it uses and does not describe", MostImpliedText);
            }
            _implied[key] = where;
        })!;
    }

    private static LayerImageException TooManyNames(string what, long most) => new(EngineError.LayerTooLarge, $"The layer is refused: names of {what} have more than {most >> 20} MiB.")
    { Advice = "The image was built wrongly or is hostile; ask who made it." };

    private void Keep(int length)
    {
        _keptText += length;
        if (_keptText > MostKeptText)
        {
            throw TooManyNames("its directories and late links", MostKeptText);
        }
    }

    private void SetTimeAtLast(LayerPath path, long seconds, uint nanoseconds)
    {
        Keep(path.Key.Length);
        _directoryTimes.Add((path, seconds, nanoseconds));
    }

    private void PlaceRoot(TarEntry entry)
    {
        if (entry.Type != TarEntryType.Directory)
        {
            throw LayerPath.Refuse(entry.Name, "the root of a layer is a directory");
        }
        _hasRoot = true;
        SetAttributes(_directories.Root, s_here, entry);
        _inheritsGroup |= (entry.Permissions & SetGroupId) != 0;
        SetTimeAtLast(LayerPath.Parse(default), entry.ModifiedSeconds, entry.ModifiedNanoseconds);
    }

    private void PlaceDirectory(SafeFileHandle parent, LayerPath path, TarEntry entry)
    {
        if (!TryMakeDirectory(parent, path.Name))
        {
            Libc.TryStatAt(parent, path.Name, out FileStatus existing);
            if (existing.Type != FileType.Directory)
            {
                MakeInsteadOfOther(parent, path.Name);
            }
        }
        SetAttributes(parent, path.Name, entry);
        _inheritsGroup |= (entry.Permissions & SetGroupId) != 0;
        Describe(path.Name);
        // A link on the way may lead elsewhere at last.
        SetTimeAtLast(_directories.IsThroughLink ? _directories.Locate(path.Name) : path, entry.ModifiedSeconds, entry.ModifiedNanoseconds);
    }

    // What the tar says of a directory counts, and not what is below.
    private bool Describe(NativePath name) => _implied.Count > 0 && _implied.Remove(_directories.Locate(name).Key);

    // Deleted, or replaced by a file, and made again in one layer: nothing of the lower directory may show through.
    private void MakeInsteadOfOther(SafeFileHandle parent, NativePath name)
    {
        Clear(parent, name);
        TryMakeDirectory(parent, name);
        SetOpaque(parent, name);
    }

    private void PlaceNode(SafeFileHandle parent, LayerPath path, TarEntry entry)
    {
        Clear(parent, path.Name);
        switch (entry.Type)
        {
            case TarEntryType.SymbolicLink:
                if (entry.LinkName.Bytes.Length is 0 or > LayerPath.LongestCall)
                {
                    throw LayerPath.Refuse(entry.Name, "a symbolic link's text has 1 to 4095 bytes");
                }
                Libc.SymlinkAt(entry.LinkName, parent, path.Name);
                break;
            case TarEntryType.CharacterDevice when entry is { DeviceMajor: 0, DeviceMinor: 0 }:
                throw LayerPath.Refuse(entry.Name, "a character device 0:0 is overlayfs's mark for a deleted file; a layer deletes by '.wh.' names");
            case TarEntryType.CharacterDevice:
                Libc.MknodAt(parent, path.Name, FileType.CharacterDevice, 0, entry.DeviceMajor, entry.DeviceMinor);
                break;
            case TarEntryType.BlockDevice:
                Libc.MknodAt(parent, path.Name, FileType.BlockDevice, 0, entry.DeviceMajor, entry.DeviceMinor);
                break;
            case TarEntryType.Fifo:
                Libc.MknodAt(parent, path.Name, FileType.Fifo, 0, 0, 0);
                break;
        }
        SetAttributes(parent, path.Name, entry);
        Libc.SetTimesAt(parent, path.Name, entry.ModifiedSeconds, entry.ModifiedNanoseconds);
    }

    private bool TryHardLink(LayerPath path, NativePath linkName)
    {
        LayerPath target = LayerPath.Parse(linkName);
        if (target.IsRoot)
        {
            throw LayerPath.Refuse(path, "a hard link needs a file as its target");
        }
        SafeFileHandle parent = OpenParent(path);
        if (_linkTargets.Open(target.Parent, make: null) is not SafeFileHandle targetParent
            || !Libc.TryStatAt(targetParent, target.Name, out FileStatus status))
        {
            return false;
        }
        if (status.Type == FileType.Directory || status.IsWhiteout)
        {
            throw LayerPath.Refuse(path, $"its hard link target '{linkName}' is not a file");
        }
        if (Libc.TryStatAt(parent, path.Name, out FileStatus existing))
        {
            if (existing.Inode == status.Inode)
            {
                return true;
            }
            if (existing.Type == FileType.Directory)
            {
                throw LayerPath.Refuse(path, "a hard link cannot take the place of a directory of the same layer");
            }
            Libc.TryUnlinkAt(parent, path.Name, isDirectory: false);
        }
        Libc.LinkAt(targetParent, target.Name, parent, path.Name);
        return true;
    }

    private void PlaceWhiteout(LayerPath path, TarEntry entry)
    {
        if (Whiteouts.IsOpaque(path.Name))
        {
            SafeFileHandle directory = OpenParent(path);
            SetOpaque(directory, s_here);
            return;
        }
        NativePath hidden = Whiteouts.Hidden(path.Name);
        if (hidden.Bytes.Length == 0 || hidden.Bytes.SequenceEqual("."u8) || hidden.Bytes.SequenceEqual(".."u8))
        {
            throw LayerPath.Refuse(entry.Name, "a whiteout names the file that it hides: '.wh.' and that name");
        }
        SafeFileHandle parent = OpenParent(path);
        if (!Libc.TryStatAt(parent, hidden, out FileStatus existing))
        {
            OverlayForm.MakeWhiteout(parent, hidden);
        }
        else if (existing.Type == FileType.Directory)
        {
            // A whiteout speaks of lower layers only; what this layer itself put there stays, and is nothing of theirs.
            SetOpaque(parent, hidden);
            if (Describe(hidden))
            {
                SetTimeAtLast(_directories.Locate(hidden), 0, 0);
            }
        }
    }
}
