using LayerImage.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Images.Archives;

/// <summary>A part of a file as a stream. Any number of windows read the same handle at once; none closes it.</summary>
internal sealed class FileWindow(SafeFileHandle file, long start, long length) : ReadOnlyStream
{
    private long _position;

    public override int Read(Span<byte> buffer)
    {
        int read = RandomAccess.Read(file, buffer[..(int)Math.Min(buffer.Length, length - _position)], start + _position);
        _position += read;
        return read;
    }
}
