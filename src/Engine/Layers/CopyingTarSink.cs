using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Writes a walked tree as a tar and copies it in the same pass into another directory, in overlayfs's form: file
/// content is read once. Files share their blocks with the original where the file system can (reflink); where it
/// cannot, one that has holes is given holes again.
/// </summary>
internal sealed class CopyingTarSink : TarSink, IDisposable
{
    private const int Block = 4096; // ext4's, xfs's and btrfs's: the least hole
    private readonly Stack<(SafeFileHandle Handle, TarEntry? Entry)> _directories = new();
    private readonly BeneathRoot _linkTargets;
    private SafeFileHandle? _file;
    private Writeback? _writeback;
    private bool _hasHoles;
    private TarEntry? _pending;
    private TarEntry? _root;

    public CopyingTarSink(Stream tar, string destination, CancellationToken cancellationToken)
        : base(tar, keepsTree: false, cancellationToken)
    {
        SafeFileHandle root = Libc.OpenDirectory(destination);
        _directories.Push((root, null));
        _linkTargets = new BeneathRoot(root);
    }

    private SafeFileHandle Here => _directories.Peek().Handle;

    public override void Entry(SafeFileHandle parent, NativePath name, TarEntry entry, in FileStatus status)
    {
        base.Entry(parent, name, entry, status);
        if (name.Bytes.SequenceEqual("."u8))
        {
            _root = entry;
            return;
        }
        switch (entry.Type)
        {
            case TarEntryType.Directory:
                Libc.TryMkdirAt(Here, name, 0x1C0);
                _pending = entry;
                return;
            case TarEntryType.HardLink:
                LayerPath target = LayerPath.Parse(entry.LinkName);
                Libc.LinkAt(_linkTargets.Open(target.Parent, make: null)!, target.Name, Here, name);
                return;
            case TarEntryType.SymbolicLink:
                Libc.SymlinkAt(entry.LinkName, Here, name);
                break;
            default:
                Libc.MknodAt(Here, name, status.Type, 0, entry.DeviceMajor, entry.DeviceMinor);
                break;
        }
        Dress(Here, name, entry);
        Libc.SetTimesAt(Here, name, entry.ModifiedSeconds, entry.ModifiedNanoseconds);
    }

    public override void File(SafeFileHandle parent, NativePath name, TarEntry entry, in FileStatus status, SafeFileHandle data)
    {
        using SafeFileHandle copy = Libc.OpenAt(Here, name, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow, 0x180);
        _file = entry.Size > 0 && Libc.TryClone(data, copy) ? null : copy;
        _writeback = _file is null ? null : new Writeback(copy);
        _hasHoles = status.Blocks < status.Size / 512;
        base.File(parent, name, entry, status, data);
        if (_file is not null && _hasHoles)
        {
            RandomAccess.SetLength(copy, entry.Size);
        }
        _file = null;
        Dress(Here, name, entry);
        Libc.SetTimes(copy, entry.ModifiedSeconds, entry.ModifiedNanoseconds, name);
    }

    public override void Whiteout(SafeFileHandle parent, NativePath name, TarEntry entry)
    {
        base.Whiteout(parent, name, entry);
        Libc.MknodAt(Here, name, FileType.CharacterDevice, 0, 0, 0);
    }

    public override void Opaque(TarEntry entry)
    {
        base.Opaque(entry);
        Libc.SetXAttr(Libc.ThroughDescriptor(Here, NativePath.From("."u8)), OverlayXAttrs.Opaque, OverlayXAttrs.Yes);
    }

    public override void Enter(NativePath name)
    {
        SafeFileHandle child = Libc.OpenAt(Here, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
        _directories.Push((child, _pending));
    }

    public override void Leave(SafeFileHandle directory)
    {
        (SafeFileHandle handle, TarEntry? entry) = _directories.Pop();
        using (handle)
        {
            NativePath here = NativePath.From("."u8);
            Dress(handle, here, entry!);
            Libc.SetTimes(handle, entry!.ModifiedSeconds, entry.ModifiedNanoseconds, entry.Name);
        }
    }

    // The root is dressed last: each entry that is made in it changes its time.
    public override void Finish()
    {
        base.Finish();
        if (_root is not null)
        {
            Dress(Here, NativePath.From("."u8), _root);
            Libc.SetTimes(Here, _root.ModifiedSeconds, _root.ModifiedNanoseconds, _root.Name);
        }
    }

    protected override void Copied(ReadOnlySpan<byte> data, long offset)
    {
        if (_file is null)
        {
            return;
        }
        try
        {
            if (_hasHoles)
            {
                WriteAroundHoles(_file, data, offset);
            }
            else
            {
                RandomAccess.Write(_file, data, offset);
            }
        }
        catch (IOException e) when (DiskFull.Is(e))
        {
            throw new LinuxException("write", LinuxException.ENOSPC, null);
        }
        _writeback!.Grown(offset + data.Length);
    }

    // Zeros read the same whether they are written or not. Pieces are a whole number of blocks, but for a file's last.
    private static void WriteAroundHoles(SafeFileHandle file, ReadOnlySpan<byte> data, long offset)
    {
        int begun = 0;
        for (int at = 0; at < data.Length; at += Block)
        {
            int end = Math.Min(at + Block, data.Length);
            if (!data[at..end].ContainsAnyExcept((byte)0))
            {
                RandomAccess.Write(file, data[begun..at], offset + begun);
                begun = end;
            }
        }
        RandomAccess.Write(file, data[begun..], offset + begun);
    }

    public void Dispose()
    {
        _linkTargets.Dispose();
        foreach ((SafeFileHandle handle, _) in _directories)
        {
            handle.Dispose();
        }
    }

    private static void Dress(SafeFileHandle directory, NativePath name, TarEntry entry)
    {
        Libc.ChownAt(directory, name, entry.Uid, entry.Gid);
        foreach (XAttr attribute in entry.XAttrs)
        {
            Libc.SetXAttr(Libc.ThroughDescriptor(directory, name), attribute.Name, attribute.Value);
        }
        if (entry.Type != TarEntryType.SymbolicLink)
        {
            Libc.ChmodAt(directory, name, entry.Permissions);
        }
    }
}
