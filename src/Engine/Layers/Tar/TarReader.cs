using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Reads a layer's tar forward, once: ustar, PAX and GNU (long names, sparse, base-256). What it meets is hostile:
/// sizes and counts are bounded and every inconsistency is an error. Not thread-safe.
/// </summary>
internal sealed partial class TarReader(Stream source)
{
    /// <summary>The most bytes one PAX or GNU extension header may have.</summary>
    private const int LargestExtension = 4 << 20;

    private readonly byte[] _block = new byte[TarHeader.BlockSize];
    private PaxRecords _global = new();
    private long _dataLeft;
    private int _paddingLeft;

    /// <summary>Bytes of the current entry's data and its padding that were not read yet: the next entry's header follows them.</summary>
    public long BytesToNextEntry => _dataLeft + _paddingLeft;

    /// <summary>The next entry, or null at the end of the archive. Data of the previous one that was not read is skipped.</summary>
    public TarEntry? Next()
    {
        PaxRecords? pax = null;
        NativePath? longName = null, longLink = null;
        while (true)
        {
            SkipData();
            if (!ReadBlock())
            {
                return null;
            }
            TarHeader header = new(_block);
            if (header.IsZero)
            {
                return null;
            }
            if (!header.ChecksumFits)
            {
                throw TarHeader.Malformed("a header's checksum does not fit");
            }
            BeginData(header.Size);
            switch (header.TypeFlag)
            {
                case (byte)'x':
                    pax = PaxRecords.Parse(ReadExtension());
                    break;
                case (byte)'g':
                    _global = PaxRecords.Parse(ReadExtension());
                    break;
                case (byte)'L':
                    longName = GnuText(ReadExtension());
                    break;
                case (byte)'K':
                    longLink = GnuText(ReadExtension());
                    break;
                default:
                    return MakeEntry(header, pax, longName, longLink);
            }
        }
    }

    /// <summary>Reads data of the current entry; 0 at its end.</summary>
    public int ReadData(Span<byte> buffer)
    {
        if (_dataLeft == 0 || buffer.Length == 0)
        {
            return 0;
        }
        int wanted = (int)Math.Min(buffer.Length, _dataLeft);
        int read = source.ReadAtLeast(buffer[..wanted], wanted, throwOnEndOfStream: false);
        if (read < wanted)
        {
            throw TarHeader.Malformed("it ends in the middle of a file");
        }
        _dataLeft -= read;
        return read;
    }

    private void BeginData(long size)
    {
        if (size < 0)
        {
            throw TarHeader.Malformed("a size is negative");
        }
        _dataLeft = size;
        _paddingLeft = (int)((TarHeader.BlockSize - (size % TarHeader.BlockSize)) % TarHeader.BlockSize);
    }

    private void SkipData()
    {
        Span<byte> scratch = stackalloc byte[4096];
        if (source.CanSeek)
        {
            SeekBehindData();
        }
        while (ReadData(scratch) > 0)
        {
        }
        if (_paddingLeft > 0)
        {
            int read = source.ReadAtLeast(scratch[.._paddingLeft], _paddingLeft, throwOnEndOfStream: false);
            // Archives that end without any are read by Go's tar too, and "umoci insert" writes such.
            if (read != 0 && read < _paddingLeft)
            {
                throw TarHeader.Malformed("it ends in the middle of a block");
            }
            _paddingLeft = 0;
        }
    }

    // Of an archive that lies in a file only the headers are read.
    private void SeekBehindData()
    {
        long left = source.Length - source.Position;
        if (_dataLeft > left)
        {
            throw TarHeader.Malformed("it ends in the middle of a file");
        }
        source.Seek(_dataLeft, SeekOrigin.Current);
        _dataLeft = 0;
    }

    private bool ReadBlock()
    {
        int read = source.ReadAtLeast(_block, TarHeader.BlockSize, throwOnEndOfStream: false);
        return read switch
        {
            TarHeader.BlockSize => true,
            0 => false, // GNU tar reads an archive without its two closing blocks too.
            _ => throw TarHeader.Malformed("it ends in the middle of a header"),
        };
    }

    private byte[] ReadExtension()
    {
        if (_dataLeft > LargestExtension)
        {
            throw TarHeader.Malformed($"an extension header has more than {LargestExtension} bytes");
        }
        byte[] bytes = new byte[_dataLeft];
        _ = ReadData(bytes);
        return bytes;
    }

    private static NativePath GnuText(ReadOnlySpan<byte> bytes) =>
        NativePath.From(bytes.IndexOf((byte)0) is int end and >= 0 ? bytes[..end] : bytes);
}
