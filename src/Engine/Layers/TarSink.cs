using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>Writes a walked tree as a tar. Call <see cref="Finish"/> at the end.</summary>
/// <param name="destination">Where to.</param>
/// <param name="keepsTree">The tree is to be made durable as it lies: long files begin to be written to the disk while they are read.</param>
/// <param name="cancellationToken">Ends it.</param>
internal class TarSink(Stream destination, bool keepsTree, CancellationToken cancellationToken) : ITreeSink
{
    private readonly TarWriter _writer = new(destination);
    private readonly byte[] _buffer = new byte[1 << 20];

    /// <summary>Entries written so far, marks of deletion included.</summary>
    public long Entries { get; private set; }

    /// <summary>Bytes of file content written so far.</summary>
    public long ContentBytes { get; private set; }

    public virtual void Finish() => _writer.WriteEnd();

    public virtual void Entry(SafeFileHandle parent, NativePath name, TarEntry entry, in FileStatus status) => Write(entry);

    public virtual void File(SafeFileHandle parent, NativePath name, TarEntry entry, in FileStatus status, SafeFileHandle data)
    {
        Write(entry);
        long offset = 0;
        Writeback? source = keepsTree ? new Writeback(data) : null;
        while (offset < entry.Size)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int read = RandomAccess.Read(data, _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, entry.Size - offset)), offset);
            if (read == 0)
            {
                throw new LayerImageException(EngineError.LayerInvalid, $"'{entry.Name}' became shorter while it was read.")
                {
                    Target = entry.Name.ToString(),
                    Advice = "Commit without -NoPause, or stop the container first.",
                };
            }
            destination.Write(_buffer, 0, read);
            Copied(_buffer.AsSpan(0, read), offset);
            offset += read;
            source?.Grown(offset);
        }
        ContentBytes += offset;
        _writer.WritePadding(entry.Size);
    }

    public virtual void Whiteout(SafeFileHandle parent, NativePath name, TarEntry entry) => Write(entry);

    public virtual void Opaque(TarEntry entry) => Write(entry);

    public virtual void Enter(NativePath name)
    {
    }

    public virtual void Leave(SafeFileHandle directory)
    {
    }

    /// <summary>A piece of the current file that has just been written.</summary>
    protected virtual void Copied(ReadOnlySpan<byte> data, long offset)
    {
    }

    private void Write(TarEntry entry)
    {
        Entries++;
        _writer.WriteHeader(entry);
    }
}
