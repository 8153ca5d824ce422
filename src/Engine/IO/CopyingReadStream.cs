namespace LayerImage.Engine.IO;

/// <summary>Writes what is read from a stream into another one, too.</summary>
internal sealed class CopyingReadStream(Stream source, Stream copy) : ReadOnlyStream
{
    public override int Read(Span<byte> buffer)
    {
        int read = source.Read(buffer);
        copy.Write(buffer[..read]);
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            source.Dispose();
        }
        base.Dispose(disposing);
    }
}
