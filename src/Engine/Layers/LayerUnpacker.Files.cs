using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

internal sealed partial class LayerUnpacker
{
    private const int OwnMode = 0x180; // 0600 until an entry's own mode is set
    private const long LargeFile = 1 << 20;
    private const int LargeAttribute = 1 << 10;

    private void PlaceFile(SafeFileHandle parent, LayerPath path, TarEntry entry)
    {
        // Three calls that most files do not need are a tenth of the work of a small one: the mode is given at once where the
        // process's mask lets it through, and what root makes belongs to root.
        bool hasMode = (entry.Permissions & ~0x1FF) == 0 && (entry.Permissions & _umask) == 0;
        using SafeFileHandle file = CreateFile(parent, path.Name, hasMode ? (uint)entry.Permissions : OwnMode);
        if (entry.Sparse is null)
        {
            WritePlain(file, entry);
        }
        else
        {
            WriteSparse(file, entry);
        }
        if (!hasMode || entry.Uid != 0 || entry.Gid != 0 || entry.XAttrs.Count > 0 || _inheritsGroup || _inheritsAcl)
        {
            SetAttributes(parent, path.Name, entry, file);
        }
        Libc.SetTimes(file, entry.ModifiedSeconds, entry.ModifiedNanoseconds, path.Name);
        if (entry.Size >= LargeFile)
        {
            Libc.BeginWriteback(file, 0, entry.Size); // so that the sync at the end finds little left to do
        }
    }

    private SafeFileHandle CreateFile(SafeFileHandle parent, NativePath name, uint mode)
    {
        int flags = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow;
        try
        {
            return Libc.OpenAt(parent, name, flags, mode);
        }
        catch (LinuxException e) when (e.Errno == LinuxException.EEXIST)
        {
            Clear(parent, name);
            return Libc.OpenAt(parent, name, flags, mode);
        }
    }

    private void WritePlain(SafeFileHandle file, TarEntry entry)
    {
        long offset = 0;
        for (int read; (read = _reader.ReadData(_buffer)) > 0; offset += read)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            Libc.Write(file, _buffer.AsSpan(0, read), offset, entry.Name);
        }
        _contentBytes += offset;
    }

    private void WriteSparse(SafeFileHandle file, TarEntry entry)
    {
        try
        {
            RandomAccess.SetLength(file, entry.Size);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw LayerPath.Refuse(entry.Name, "it is larger than a file can be");
        }
        foreach (SparseExtent extent in entry.Sparse!)
        {
            long offset = extent.Offset, end = extent.Offset + extent.Length;
            while (offset < end)
            {
                _cancellationToken.ThrowIfCancellationRequested();
                int read = _reader.ReadData(_buffer.AsSpan(0, (int)Math.Min(_buffer.Length, end - offset)));
                Libc.Write(file, _buffer.AsSpan(0, read), offset, entry.Name);
                offset += read;
            }
            _contentBytes += extent.Length;
        }
    }

    /// <summary>Owner, then extended attributes, then mode: chown clears setuid and security.capability.</summary>
    private void SetAttributes(SafeFileHandle parent, NativePath name, TarEntry entry, SafeFileHandle? file = null)
    {
        Libc.ChownAt(parent, name, entry.Uid, entry.Gid);
        if (_inheritsAcl && entry.Type is not (TarEntryType.Directory or TarEntryType.SymbolicLink))
        {
            RemoveAcl(parent, name, PosixAcl.Access);
        }
        foreach (XAttr attribute in entry.XAttrs)
        {
            if (OverlayForm.IsPortable(attribute.Name))
            {
                SetAttribute(parent, name, entry, attribute);
            }
        }
        if (file is not null)
        {
            Libc.Chmod(file, entry.Permissions, name);
        }
        else if (entry.Type != TarEntryType.SymbolicLink)
        {
            Libc.ChmodAt(parent, name, entry.Permissions);
        }
    }

    private void SetAttribute(SafeFileHandle parent, NativePath name, TarEntry entry, XAttr attribute)
    {
        switch (Libc.TrySetXAttr(Libc.ThroughDescriptor(parent, name), attribute.Name, attribute.Value))
        {
            case 0:
                _inheritsAcl |= attribute.Name.Bytes.SequenceEqual(PosixAcl.Default.Bytes);
                break;
            // A file system without this kind of attribute, or a kind not meant for this type of file, as tar does.
            case LinuxException.EOPNOTSUPP or LinuxException.EPERM:
            case LinuxException.EACCES when attribute.Name.Bytes.SequenceEqual(PosixAcl.Default.Bytes):
                break;
            case LinuxException.E2BIG or LinuxException.EINVAL or LinuxException.ERANGE:
            case LinuxException.ENOSPC when attribute.Value.Length > LargeAttribute && HasRoom(parent):
                throw LayerPath.Refuse(entry.Name, $"its extended attribute '{attribute.Name}' is one that the kernel or the file system does not take");
            case int errno:
                throw new LinuxException($"lsetxattr({attribute.Name})", errno, entry.Name.ToString());
        }
    }

    // ext4 has a block for all attributes of a file, and says of a larger one that the disk is full.
    private static bool HasRoom(SafeFileHandle directory) =>
        new DriveInfo(Libc.ThroughDescriptor(directory, s_here).ToString()).AvailableFreeSpace > 16 << 20;

    // What is made in a directory may have that one's group, or a list from it. The tar says what it has.
    private bool TryMakeDirectory(SafeFileHandle parent, NativePath name)
    {
        if (!Libc.TryMkdirAt(parent, name, Unfinished))
        {
            return false;
        }
        if (_inheritsGroup)
        {
            Libc.ChownAt(parent, name, 0, 0);
        }
        if (_inheritsAcl)
        {
            RemoveAcls(parent, name);
        }
        return true;
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

    private void SetOpaque(SafeFileHandle parent, NativePath name)
    {
        OverlayForm.SetOpaque(parent, name);
        _hasOpaque = true;
    }

    /// <summary>Makes way for a new entry: the same tar had another of that name.</summary>
    private void Clear(SafeFileHandle parent, NativePath name)
    {
        if (!Libc.TryStatAt(parent, name, out FileStatus status))
        {
            return;
        }
        TreeRemoval.Remove(parent, name);
        if (status.Type is FileType.Directory or FileType.SymbolicLink)
        {
            // Its handles are dead, or lead where it does not any more; those of _directories end at its parent.
            _linkTargets.Forget();
        }
    }

    // Making an entry changes its directory's time, so these come last; deepest first is not needed, since setting
    // a time changes nothing else.
    private void RestoreDirectoryTimes()
    {
        // Nobody says when: the moment of unpacking would make two of what is one.
        foreach (LayerPath implied in _implied.Values)
        {
            if (OpenItself(implied) is SafeFileHandle directory)
            {
                Libc.SetTimes(directory, 0, 0, implied.ToString());
            }
        }
        foreach ((LayerPath path, long seconds, uint nanoseconds) in _directoryTimes)
        {
            if (OpenItself(path) is SafeFileHandle directory)
            {
                Libc.SetTimes(directory, seconds, nanoseconds, path.ToString());
            }
        }
    }

    // A directory may have been replaced by something else later in the tar, also by a link to another directory.
    private SafeFileHandle? OpenExisting(LayerPath path)
    {
        try
        {
            if (!path.IsRoot && (_directories.Open(path.Parent, make: null) is not SafeFileHandle parent
                || !Libc.TryStatAt(parent, path.Name, out FileStatus status) || status.Type != FileType.Directory))
            {
                return null;
            }
            return _directories.Open(path.Components, make: null);
        }
        catch (LayerImageException e) when (e.Error == EngineError.LayerInvalid)
        {
            return null;
        }
    }
}
