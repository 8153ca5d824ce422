using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

internal sealed partial class DirectoryTarget
{
    private const int OwnMode = 0x180; // 0600 until an entry's own mode is set
    private const long LargeFile = 1 << 20;
    private const int LargeAttribute = 1 << 10;

    private readonly byte[] _buffer = new byte[1 << 20];
    private readonly int _umask = HostProcess.FileModeMask;

    private bool TryPutFile(SafeFileHandle parent, NativePath name, TarEntry entry)
    {
        // Three calls that most files do not need are a tenth of the work of a small one: the mode is given at once where the
        // process's mask lets it through, and what root makes belongs to root.
        bool hasMode = (entry.Attributes.Permissions & ~0x1FF) == 0 && (entry.Attributes.Permissions & _umask) == 0;
        using SafeFileHandle? file = TryCreate(parent, name, hasMode ? (uint)entry.Attributes.Permissions : OwnMode);
        if (file is null)
        {
            return false;
        }
        if (entry.Sparse is null)
        {
            WritePlain(file, entry);
        }
        else
        {
            WriteSparse(file, entry);
        }
        if (!hasMode || entry.Attributes.Uid != 0 || entry.Attributes.Gid != 0 || entry.XAttrs.Count > 0 || _inheritsGroup || _inheritsAcl)
        {
            SetAttributes(parent, name, entry, file);
        }
        Libc.SetTimes(file, entry.Attributes.ModifiedSeconds, entry.Attributes.ModifiedNanoseconds, name);
        if (entry.Attributes.Size >= LargeFile)
        {
            Libc.BeginWriteback(file, 0, entry.Attributes.Size); // so that the sync at the end finds little left to do
        }
        return true;
    }

    private static SafeFileHandle? TryCreate(SafeFileHandle parent, NativePath name, uint mode)
    {
        try
        {
            return Libc.OpenAt(parent, name, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow, mode);
        }
        catch (LinuxException e) when (e.Errno == LinuxException.EEXIST)
        {
            return null;
        }
    }

    private bool TryPutSpecial(SafeFileHandle parent, NativePath name, TarEntry entry)
    {
        try
        {
            switch (entry.Type)
            {
                case LayerNodeType.SymbolicLink:
                    Libc.SymlinkAt(entry.LinkName, parent, name);
                    break;
                case LayerNodeType.CharacterDevice:
                    Libc.MknodAt(parent, name, FileType.CharacterDevice, 0, entry.Attributes.DeviceMajor, entry.Attributes.DeviceMinor);
                    break;
                case LayerNodeType.BlockDevice:
                    Libc.MknodAt(parent, name, FileType.BlockDevice, 0, entry.Attributes.DeviceMajor, entry.Attributes.DeviceMinor);
                    break;
                case LayerNodeType.Fifo:
                    Libc.MknodAt(parent, name, FileType.Fifo, 0, 0, 0);
                    break;
            }
        }
        catch (LinuxException e) when (e.Errno == LinuxException.EEXIST)
        {
            return false;
        }
        SetAttributes(parent, name, entry);
        Libc.SetTimesAt(parent, name, entry.Attributes.ModifiedSeconds, entry.Attributes.ModifiedNanoseconds);
        return true;
    }

    private void WritePlain(SafeFileHandle file, TarEntry entry)
    {
        long offset = 0;
        for (int read; (read = reader.ReadData(_buffer)) > 0; offset += read)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Libc.Write(file, _buffer.AsSpan(0, read), offset, entry.Name);
        }
        ContentBytes += offset;
    }

    private void WriteSparse(SafeFileHandle file, TarEntry entry)
    {
        try
        {
            RandomAccess.SetLength(file, entry.Attributes.Size);
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
                cancellationToken.ThrowIfCancellationRequested();
                int read = reader.ReadData(_buffer.AsSpan(0, (int)Math.Min(_buffer.Length, end - offset)));
                Libc.Write(file, _buffer.AsSpan(0, read), offset, entry.Name);
                offset += read;
            }
            ContentBytes += extent.Length;
        }
    }

    /// <summary>Owner, then extended attributes, then mode: chown clears setuid and security.capability.</summary>
    private void SetAttributes(SafeFileHandle parent, NativePath name, TarEntry entry, SafeFileHandle? file = null)
    {
        Libc.ChownAt(parent, name, entry.Attributes.Uid, entry.Attributes.Gid);
        if (_inheritsAcl && entry.Type is not (LayerNodeType.Directory or LayerNodeType.SymbolicLink))
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
            Libc.Chmod(file, entry.Attributes.Permissions, name);
        }
        else if (entry.Type != LayerNodeType.SymbolicLink)
        {
            Libc.ChmodAt(parent, name, entry.Attributes.Permissions);
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
}
