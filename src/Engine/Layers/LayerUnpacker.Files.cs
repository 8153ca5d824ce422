using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

internal sealed partial class LayerUnpacker
{
    private const int OwnMode = 0x180; // 0600 until an entry's own mode is set
    private const long LargeFile = 1 << 20;

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
        if (!hasMode || entry.Uid != 0 || entry.Gid != 0 || entry.XAttrs.Count > 0 || _inheritsGroup)
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
    private static void SetAttributes(SafeFileHandle parent, NativePath name, TarEntry entry, SafeFileHandle? file = null)
    {
        Libc.ChownAt(parent, name, entry.Uid, entry.Gid);
        foreach (XAttr attribute in entry.XAttrs)
        {
            if (OverlayXAttrs.IsPortable(attribute.Name))
            {
                int errno = Libc.TrySetXAttr(Libc.ThroughDescriptor(parent, name), attribute.Name, attribute.Value);
                if (errno is LinuxException.E2BIG or LinuxException.EINVAL or LinuxException.ERANGE)
                {
                    throw LayerPath.Refuse(entry.Name, $"its extended attribute '{attribute.Name}' is one that the kernel does not take");
                }
                // A file system without this kind of attribute, or a kind not meant for this type of file, as tar does.
                if (errno is not (0 or LinuxException.EOPNOTSUPP or LinuxException.EPERM))
                {
                    throw new LinuxException($"lsetxattr({attribute.Name})", errno, entry.Name.ToString());
                }
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

    /// <summary>Makes way for a new entry: the same tar had another of that name.</summary>
    private void Clear(SafeFileHandle parent, NativePath name)
    {
        if (!Libc.TryStatAt(parent, name, out FileStatus status))
        {
            return;
        }
        TreeRemoval.Remove(parent, name);
        if (status.Type == FileType.Directory)
        {
            // Its handles are dead; those of _directories end at its parent.
            _linkTargets.Forget();
        }
    }

    // Making an entry changes its directory's time, so these come last; deepest first is not needed, since setting
    // a time changes nothing else.
    private void RestoreDirectoryTimes()
    {
        foreach ((LayerPath path, long seconds, uint nanoseconds) in _directoryTimes)
        {
            SafeFileHandle? directory = OpenExisting(path);
            if (directory is not null)
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
