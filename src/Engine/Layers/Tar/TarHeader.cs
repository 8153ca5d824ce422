using System.Buffers.Binary;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Layers;

/// <summary>
/// The fields of a 512-byte tar header block (POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar's tar.h for the
/// base-256 numbers). A view of bytes that the reader owns.
/// </summary>
internal readonly ref struct TarHeader(ReadOnlySpan<byte> block)
{
    public const int BlockSize = 512;

    private readonly ReadOnlySpan<byte> _block = block;

    public ReadOnlySpan<byte> Name => Text(_block[..100]);

    public long Mode => Number(_block.Slice(100, 8), "mode");

    public long Uid => Number(_block.Slice(108, 8), "uid");

    public long Gid => Number(_block.Slice(116, 8), "gid");

    public long Size => Number(_block.Slice(124, 12), "size");

    public long ModifiedSeconds => Number(_block.Slice(136, 12), "mtime");

    public byte TypeFlag => _block[156];

    public ReadOnlySpan<byte> LinkName => Text(_block.Slice(157, 100));

    public bool IsUstar => _block.Slice(257, 6).SequenceEqual("ustar\0"u8);

    public bool IsGnu => _block.Slice(257, 8).SequenceEqual("ustar  \0"u8);

    public long DeviceMajor => Number(_block.Slice(329, 8), "devmajor");

    public long DeviceMinor => Number(_block.Slice(337, 8), "devminor");

    public ReadOnlySpan<byte> Prefix => IsUstar ? Text(_block.Slice(345, 155)) : [];

    public bool IsZero => !_block.ContainsAnyExcept((byte)0);

    /// <summary>Whether the checksum fits, summed over unsigned or (old tars) signed bytes.</summary>
    public bool ChecksumFits
    {
        get
        {
            long expected = Number(_block.Slice(148, 8), "checksum");
            long unsigned = 8 * ' ', signed = 8 * ' ';
            for (int i = 0; i < BlockSize; i++)
            {
                if (i is < 148 or >= 156)
                {
                    unsigned += _block[i];
                    signed += (sbyte)_block[i];
                }
            }
            return expected == unsigned || expected == signed;
        }
    }

    /// <summary>Puts a size into a header that has been made, in base-256 when octal digits do not reach.</summary>
    public static void SetSize(Span<byte> block, long size)
    {
        Span<byte> field = block.Slice(124, 12);
        if (size <= 0x1FFFFFFFF)
        {
            WriteOctal(field, size);
        }
        else
        {
            field.Clear();
            field[0] = 0x80;
            System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(field[4..], size);
        }
        block.Slice(148, 8).Fill((byte)' ');
        int checksum = 0;
        foreach (byte value in block)
        {
            checksum += value;
        }
        WriteOctal(block.Slice(148, 7), checksum);
    }

    /// <summary>Fills a field with octal digits and a closing NUL.</summary>
    public static void WriteOctal(Span<byte> field, long value)
    {
        for (int i = field.Length - 2; i >= 0; i--)
        {
            field[i] = (byte)('0' + (value & 7));
            value >>= 3;
        }
        field[^1] = 0;
    }

    /// <summary>An octal number in ASCII, or GNU's base-256 when the first bit is set.</summary>
    public static long Number(ReadOnlySpan<byte> field, string name)
    {
        if ((field[0] & 0x80) != 0)
        {
            return Base256(field, name);
        }
        long value = 0;
        bool started = false;
        foreach (byte digit in field)
        {
            if (digit is (byte)' ' or 0)
            {
                if (started)
                {
                    break;
                }
                continue;
            }
            if (digit is < (byte)'0' or > (byte)'7')
            {
                throw Malformed($"the field '{name}' is not an octal number");
            }
            started = true;
            value = checked((value << 3) | (long)(digit - '0'));
        }
        return value;
    }

    public static LayerImageException Malformed(string what) =>
        new(EngineError.LayerInvalid, $"The layer is not a readable tar: {what}.") { Advice = "The image was built wrongly or is hostile; ask who made it." };

    private static long Base256(ReadOnlySpan<byte> field, string name)
    {
        ReadOnlySpan<byte> low = field[^8..];
        bool negative = (field[0] & 0x40) != 0;
        byte filler = negative ? (byte)0xff : (byte)0;
        for (int i = 0; i < field.Length - 8; i++)
        {
            if ((i == 0 ? (byte)(field[0] | (negative ? 0x80 : 0)) & (negative ? 0xff : 0x7f) : field[i]) != filler)
            {
                throw Malformed($"the field '{name}' is out of range");
            }
        }
        ulong bits = BinaryPrimitives.ReadUInt64BigEndian(low);
        if (field.Length == 8)
        {
            bits &= 0x7fffffffffffffff;
            bits = negative ? bits | 0x8000000000000000 : bits & 0x3fffffffffffffff;
        }
        return (long)bits;
    }

    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> field) => field.IndexOf((byte)0) is int end and >= 0 ? field[..end] : field;
}
