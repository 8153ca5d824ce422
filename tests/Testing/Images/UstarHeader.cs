using System.Globalization;
using System.Text;

namespace LayerImage.Testing.Images;

/// <summary>A ustar header, field by field, for tars that no writer would write. The checksum is right unless given.</summary>
public sealed record UstarHeader(string Name)
{
    /// <summary>'0' file, '1' hard link, '2' symbolic link, '5' folder …</summary>
    public char Type { get; init; } = '0';

    /// <summary>The link's target.</summary>
    public string LinkName { get; init; } = "";

    /// <summary>The size field, in bytes; need not be the content's.</summary>
    public long Size { get; init; }

    /// <summary>The mode field.</summary>
    public int Mode { get; init; } = 0b110_100_100;

    /// <summary>The checksum field; null: the right one.</summary>
    public string? Checksum { get; init; }

    /// <summary>The 512 bytes.</summary>
    public byte[] ToBytes()
    {
        byte[] header = new byte[512];
        Put(header, 0, Name);
        Put(header, 100, Octal(Mode, 7));
        Put(header, 108, Octal(0, 7));
        Put(header, 116, Octal(0, 7));
        Put(header, 124, Octal(Size, 11));
        Put(header, 136, Octal(1_700_000_000, 11));
        Put(header, 148, "        ");
        header[156] = (byte)Type;
        Put(header, 157, LinkName);
        Put(header, 257, "ustar\0" + "00");
        Put(header, 148, Checksum ?? Octal(header.Sum(value => (long)value), 6) + "\0 ");
        return header;
    }

    private static string Octal(long value, int digits) => Convert.ToString(value, 8).PadLeft(digits, '0').ToString(CultureInfo.InvariantCulture);

    private static void Put(byte[] header, int offset, string text) => Encoding.UTF8.GetBytes(text).CopyTo(header, offset);
}
