using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Writes a walked tree as a tar and copies it in the same pass into another directory, in overlayfs's form: file
/// content is read once. Files share their blocks with the original where the file system can (reflink).
/// </summary>
internal sealed class CopyingTarSink : TarSink, IDisposable
{
    private readonly Stack<(SafeFileHandle Handle, TarEntry? Entry)> _directories = new();
    private readonly BeneathRoot _linkTargets;
    private SafeFileHandle? _file;
    private TarEntry? _pending;
    private TarEntry? _root;

    public CopyingTarSink(Stream tar, string destination, CancellationToken cancellationToken)
        : base(tar, cancellationToken)
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
            Dress(Here, name, entry);
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
        base.File(parent, name, entry, status, data);
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

    public override void Finish()
    {
        base.Finish();
        if (_root is not null)
        {
            // Only now: every entry made in it changed its time.
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
            RandomAccess.Write(_file, data, offset);
        }
        catch (IOException e) when (DiskFull.Is(e))
        {
            throw new LinuxException("write", LinuxException.ENOSPC, null);
        }
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
