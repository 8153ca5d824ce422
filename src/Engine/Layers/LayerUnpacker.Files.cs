using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

internal sealed partial class LayerUnpacker
{
    private void PlaceFile(SafeFileHandle parent, LayerPath path, TarEntry entry)
    {
        using SafeFileHandle file = CreateFile(parent, path.Name);
        if (entry.Sparse is null)
        {
            WritePlain(file, entry);
        }
        else
        {
            WriteSparse(file, entry);
        }
        SetAttributes(parent, path.Name, entry, file);
        Libc.SetTimes(file, entry.ModifiedSeconds, entry.ModifiedNanoseconds, path.Name);
    }

    private SafeFileHandle CreateFile(SafeFileHandle parent, NativePath name)
    {
        int flags = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow;
        try
        {
            return Libc.OpenAt(parent, name, flags, 0x180); // 0600 until its own mode is set
        }
        catch (LinuxException e) when (e.Errno == LinuxException.EEXIST)
        {
            Clear(parent, name);
            return Libc.OpenAt(parent, name, flags, 0x180);
        }
    }

    private void WritePlain(SafeFileHandle file, TarEntry entry)
    {
        long offset = 0;
        for (int read; (read = _reader.ReadData(_buffer)) > 0; offset += read)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            Write(file, _buffer.AsSpan(0, read), offset, entry.Name);
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
                Write(file, _buffer.AsSpan(0, read), offset, entry.Name);
                offset += read;
            }
            _contentBytes += extent.Length;
        }
    }

    private static void Write(SafeFileHandle file, ReadOnlySpan<byte> data, long offset, NativePath name)
    {
        try
        {
            RandomAccess.Write(file, data, offset);
        }
        catch (IOException e) when (DiskFull.Is(e))
        {
            throw new LinuxException("write", LinuxException.ENOSPC, name.ToString());
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
