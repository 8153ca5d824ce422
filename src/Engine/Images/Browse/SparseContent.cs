using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;

namespace LayerImage.Engine.Images.Browse;

/// <summary>A sparse file as a program sees it: the pieces that its tar has, and zeros between them.</summary>
internal sealed class SparseContent : ReadOnlyStream
{
    private readonly Stream _tar;
    private readonly TarReader _reader;
    private readonly TarEntry _entry;
    private readonly IReadOnlyList<SparseExtent> _extents;
    private long _position;
    private int _extent;

    /// <summary>Takes a tar that stands at the file's header.</summary>
    public SparseContent(Stream tar)
    {
        _tar = tar;
        _reader = new TarReader(tar);
        _entry = _reader.Next() ?? throw TarHeader.Malformed("a sparse file is not where it was");
        _extents = _entry.Sparse ?? throw TarHeader.Malformed("a sparse file is not where it was");
    }

    public override int Read(Span<byte> buffer)
    {
        while (_extent < _extents.Count && _position >= _extents[_extent].Offset + _extents[_extent].Length)
        {
            _extent++;
        }
        bool hasData = _extent < _extents.Count && _position >= _extents[_extent].Offset;
        long end = hasData ? _extents[_extent].Offset + _extents[_extent].Length : _extent < _extents.Count ? _extents[_extent].Offset : _entry.Attributes.Size;
        Span<byte> part = buffer[..(int)Math.Min(buffer.Length, end - _position)];
        int read = part.Length;
        if (hasData)
        {
            read = _reader.ReadData(part);
        }
        else
        {
            part.Clear();
        }
        _position += read;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _tar.Dispose();
        }
        base.Dispose(disposing);
    }
}
