using System.Buffers;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Writes a walked tree as a tar and copies it in the same pass into another directory, in overlayfs's form: file
/// content is read once. Copies are made on a thread of their own, while the next files are read and hashed.
/// </summary>
internal sealed class CopyingTarSink : TarSink, IDisposable
{
    private const int Piece = 256 << 10;
    private static readonly NativePath s_here = NativePath.From("."u8);

    // The line's own: what follows is touched by its steps alone.
    private readonly Stack<(SafeFileHandle Handle, TarEntry? Entry)> _directories = new();
    private readonly BeneathRoot _linkTargets;
    private TarEntry? _pending;
    private TarEntry? _root;
    private CopiedFile? _copying;

    private readonly WorkLine _line = new("layer copy");
    private CopiedFile? _file;
    private (byte[] Buffer, int Count, long Offset)? _last;
    private bool _canClone = true, _hasCloned;

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
        FileType type = status.Type;
        _line.Add(() => Make(name, entry, type));
    }

    public override void File(SafeFileHandle parent, NativePath name, TarEntry entry, in FileStatus status, SafeFileHandle data)
    {
        CopiedFile copy = new(name, entry, status);
        // A small one is quicker written than cloned. What needs the original is waited for: it is closed after this.
        _file = entry.Attributes.Size > Piece && _canClone && TryClone(copy, data) ? null : copy;
        base.File(parent, name, entry, status, data);
        (byte[] Buffer, int Count, long Offset)? last = _last;
        (_file, _last) = (null, null);
        _line.Add(() =>
        {
            using (_copying = copy)
            {
                if (last is (byte[] buffer, int count, long offset))
                {
                    copy.Write(Here, buffer, count, offset);
                }
                copy.Finish(Here);
            }
        });
    }

    public override void Whiteout(SafeFileHandle parent, NativePath name, TarEntry entry)
    {
        base.Whiteout(parent, name, entry);
        _line.Add(() => OverlayForm.MakeWhiteout(Here, name));
    }

    public override void Opaque(TarEntry entry)
    {
        base.Opaque(entry);
        _line.Add(() => OverlayForm.SetOpaque(Here));
    }

    public override void Enter(NativePath name) => _line.Add(() =>
    {
        SafeFileHandle child = Libc.OpenAt(Here, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
        _directories.Push((child, _pending));
    });

    public override void Leave(SafeFileHandle directory) => _line.Add(() =>
    {
        (SafeFileHandle handle, TarEntry? entry) = _directories.Pop();
        using (handle)
        {
            Dress(handle, s_here, entry!);
            Libc.SetTimes(handle, entry!.Attributes.ModifiedSeconds, entry.Attributes.ModifiedNanoseconds, entry.Name);
        }
    });

    // The root is dressed last: each entry that is made in it changes its time.
    public override void Finish()
    {
        base.Finish();
        _line.Finish();
        if (_root is not null)
        {
            Dress(Here, s_here, _root);
            Libc.SetTimes(Here, _root.Attributes.ModifiedSeconds, _root.Attributes.ModifiedNanoseconds, _root.Name);
        }
    }

    /// <summary>Gives a name its owner, attributes and permissions.</summary>
    public static void Dress(SafeFileHandle directory, NativePath name, TarEntry entry)
    {
        Libc.ChownAt(directory, name, entry.Attributes.Uid, entry.Attributes.Gid);
        foreach (XAttr attribute in entry.XAttrs)
        {
            Libc.SetXAttr(Libc.ThroughDescriptor(directory, name), attribute.Name, attribute.Value);
        }
        if (entry.Type != LayerNodeType.SymbolicLink)
        {
            Libc.ChmodAt(directory, name, entry.Attributes.Permissions);
        }
    }

    public void Dispose()
    {
        _line.Dispose();
        _copying?.Dispose(); // after a failure its last step was not done
        _linkTargets.Dispose();
        foreach ((SafeFileHandle handle, _) in _directories)
        {
            handle.Dispose();
        }
    }

    // A copy's buffers go to the line and come back to the pool from there.
    protected override byte[] Buffer(long left) => _file is null ? base.Buffer(left) : ArrayPool<byte>.Shared.Rent((int)Math.Min(left, Piece));

    // The last piece waits for the end, so that a small file is one step.
    protected override void Copied(byte[] buffer, int count, long offset)
    {
        if (_file is not CopiedFile copy)
        {
            return;
        }
        if (_last is (byte[] before, int length, long at))
        {
            _line.Add(() => (_copying = copy).Write(Here, before, length, at));
        }
        _last = (buffer, count, offset);
    }

    private bool TryClone(CopiedFile copy, SafeFileHandle data)
    {
        bool isCloned = false;
        _line.Do(() => isCloned = (_copying = copy).TryClone(Here, data));
        _hasCloned |= isCloned;
        _canClone = _hasCloned; // who cannot clone the first one cannot clone any
        return isCloned;
    }

    private void Make(NativePath name, TarEntry entry, FileType type)
    {
        if (name.Bytes.SequenceEqual("."u8))
        {
            _root = entry;
            return;
        }
        switch (entry.Type)
        {
            case LayerNodeType.Directory:
                Libc.TryMkdirAt(Here, name, 0x1C0);
                _pending = entry;
                return;
            case LayerNodeType.HardLink:
                LayerPath target = LayerPath.Parse(entry.LinkName);
                Libc.LinkAt(_linkTargets.Open(target.Parent)!, target.Name, Here, name);
                return;
            case LayerNodeType.SymbolicLink:
                Libc.SymlinkAt(entry.LinkName, Here, name);
                break;
            default:
                Libc.MknodAt(Here, name, type, 0, entry.Attributes.DeviceMajor, entry.Attributes.DeviceMinor);
                break;
        }
        Dress(Here, name, entry);
        Libc.SetTimesAt(Here, name, entry.Attributes.ModifiedSeconds, entry.Attributes.ModifiedNanoseconds);
    }
}
