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
    private byte[]? _buffer;

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
        while (offset < entry.Attributes.Size)
        {
            cancellationToken.ThrowIfCancellationRequested();
            byte[] buffer = Buffer(entry.Attributes.Size - offset);
            int read = Libc.Read(data, buffer.AsSpan(0, (int)Math.Min(buffer.Length, entry.Attributes.Size - offset)), offset, name);
            if (read == 0)
            {
                throw new LayerImageException(EngineError.LayerInvalid, $"'{entry.Name}' became shorter while it was read.")
                {
                    Target = entry.Name.ToString(),
                    Advice = "Commit without -NoPause, or stop the container first.",
                };
            }
            destination.Write(buffer, 0, read);
            Copied(buffer, read, offset);
            offset += read;
            source?.Grown(offset);
        }
        ContentBytes += offset;
        _writer.WritePadding(entry.Attributes.Size);
    }

    public virtual void Whiteout(SafeFileHandle parent, NativePath name, TarEntry entry) => Write(entry);

    public virtual void Opaque(TarEntry entry) => Write(entry);

    public virtual void Enter(NativePath name)
    {
    }

    public virtual void Leave(SafeFileHandle directory)
    {
    }

    /// <summary>Room for the next piece of a file.</summary>
    /// <param name="left">Bytes that are to be read yet.</param>
    protected virtual byte[] Buffer(long left) => _buffer ??= new byte[1 << 20];

    /// <summary>A piece of the current file has been written.</summary>
    /// <param name="buffer">What <see cref="Buffer"/> gave.</param>
    /// <param name="count">How much of it is the piece.</param>
    /// <param name="offset">Where in the file the piece is.</param>
    protected virtual void Copied(byte[] buffer, int count, long offset)
    {
    }

    private void Write(TarEntry entry)
    {
        Entries++;
        _writer.WriteHeader(entry);
    }
}
