using System.Buffers.Binary;
using System.IO.Compression;

namespace LayerImage.Engine.Layers;

/// <summary>
/// A piece of a stream on its way through <see cref="ParallelGzipStream"/>: filled by the writer, deflated by any
/// thread, written out by the writer again. Used over and over.
/// </summary>
internal sealed class GzipBlock
{
    /// <summary>Bytes of a full block. Fixed: the compressed bytes must not depend on the machine.</summary>
    public const int Size = 1 << 20;

    private const int HeaderLength = 10, TrailerLength = 8;

    private readonly byte[] _input = new byte[Size];
    private readonly MemoryStream _output = new(Size / 2);
    private int _deflatedEnd;

    /// <summary>Bytes in it.</summary>
    public int Length { get; private set; }

    /// <summary>The CRC-32 of those bytes, once deflated.</summary>
    public uint Crc { get; private set; }

    /// <summary>The deflated bytes: whole blocks that end on a byte, none of them the last.</summary>
    public ReadOnlySpan<byte> Deflated => _output.GetBuffer().AsSpan(HeaderLength, _deflatedEnd - HeaderLength);

    /// <summary>Takes as much of the bytes as there is room for; how many.</summary>
    public int Add(ReadOnlySpan<byte> bytes)
    {
        int count = Math.Min(bytes.Length, Size - Length);
        bytes[..count].CopyTo(_input.AsSpan(Length));
        Length += count;
        return count;
    }

    /// <summary>Deflates it. zlib's own gzip trailer tells the CRC, at zlib's speed.</summary>
    public void Deflate()
    {
        _output.SetLength(0);
        using (GZipStream gzip = new(_output, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(_input, 0, Length);
            gzip.Flush(); // a sync flush: an empty stored block, so that the next one starts on a byte
            _deflatedEnd = (int)_output.Length;
        }
        Crc = BinaryPrimitives.ReadUInt32LittleEndian(_output.GetBuffer().AsSpan((int)_output.Length - TrailerLength));
    }

    /// <summary>Empties it for the next piece.</summary>
    public void Clear() => Length = 0;
}
