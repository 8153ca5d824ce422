using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;

namespace LayerImage.Engine.Images.Browse;

/// <summary>A part of a tar that is read forward.</summary>
/// <param name="tar">The tar, at the part's beginning; it is disposed with this stream.</param>
/// <param name="length">The part's bytes.</param>
/// <param name="owner">Disposed with it, too; or null.</param>
internal sealed class TarPart(Stream tar, long length, IDisposable? owner) : ReadOnlyStream
{
    private long _left = length;

    public override int Read(Span<byte> buffer)
    {
        Span<byte> part = buffer[..(int)Math.Min(buffer.Length, _left)];
        if (part.Length == 0)
        {
            return 0;
        }
        try
        {
            int read = tar.Read(part);
            _left -= read;
            return read > 0 ? read : throw new EndOfStreamException();
        }
        catch (Exception e) when (Decompression.IsMalformed(e))
        {
            throw Decompression.Malformed(e);
        }
    }

    /// <summary>Reads so many bytes away.</summary>
    public static void Skip(Stream tar, long bytes, CancellationToken cancellationToken)
    {
        byte[] scratch = new byte[128 << 10];
        while (bytes > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int read = tar.Read(scratch, 0, (int)Math.Min(scratch.Length, bytes));
            if (read == 0)
            {
                throw new EndOfStreamException();
            }
            bytes -= read;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            tar.Dispose();
            owner?.Dispose();
        }
        base.Dispose(disposing);
    }
}
