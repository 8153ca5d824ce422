using System.Buffers;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// A file that is being copied: it shares its blocks with the original where the file system can (reflink); where it
/// cannot, one that has holes is given holes again.
/// </summary>
internal sealed class CopiedFile(NativePath name, TarEntry entry, in FileStatus original) : IDisposable
{
    private const int Block = 4096; // ext4's, xfs's and btrfs's: the least hole
    private readonly bool _hasHoles = original.Blocks < original.Size / 512;
    private SafeFileHandle? _file;
    private Writeback? _writeback;

    /// <summary>Gives it the original's content, all at once; false where that is not possible.</summary>
    public bool TryClone(SafeFileHandle directory, SafeFileHandle data) => Libc.TryClone(data, Open(directory));

    /// <summary>Gives it a piece of its content, and a buffer of <see cref="ArrayPool{T}.Shared"/> back.</summary>
    public void Write(SafeFileHandle directory, byte[] buffer, int count, long offset)
    {
        SafeFileHandle file = Open(directory);
        if (_hasHoles)
        {
            WriteAroundHoles(file, buffer.AsSpan(0, count), offset);
        }
        else
        {
            Libc.Write(file, buffer.AsSpan(0, count), offset, name);
        }
        ArrayPool<byte>.Shared.Return(buffer);
        _writeback ??= new Writeback(file);
        _writeback.Grown(offset + count);
    }

    /// <summary>Gives it its length and attributes.</summary>
    public void Finish(SafeFileHandle directory)
    {
        SafeFileHandle file = Open(directory);
        if (_hasHoles)
        {
            RandomAccess.SetLength(file, entry.Attributes.Size);
        }
        CopyingTarSink.Dress(directory, name, entry);
        Libc.SetTimes(file, entry.Attributes.ModifiedSeconds, entry.Attributes.ModifiedNanoseconds, name);
    }

    public void Dispose() => _file?.Dispose();

    private SafeFileHandle Open(SafeFileHandle directory) =>
        _file ??= Libc.OpenAt(directory, name, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow, 0x180);

    // Zeros read the same whether they are written or not. Pieces are a whole number of blocks, but for a file's last.
    private void WriteAroundHoles(SafeFileHandle file, ReadOnlySpan<byte> data, long offset)
    {
        int begun = 0;
        for (int at = 0; at < data.Length; at += Block)
        {
            int end = Math.Min(at + Block, data.Length);
            if (!data[at..end].ContainsAnyExcept((byte)0))
            {
                Libc.Write(file, data[begun..at], offset + begun, name);
                begun = end;
            }
        }
        Libc.Write(file, data[begun..], offset + begun, name);
    }
}
