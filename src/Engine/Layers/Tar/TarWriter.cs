using System.Globalization;
using System.Text;
using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Writes a layer's tar, always the same bytes for the same entries: ustar headers, and a PAX header with sorted
/// records where ustar cannot say it (long or non-ASCII names, large numbers, parts of a second, xattrs).
/// <see cref="Version"/> names these bytes in the store's records: a change of a single byte is a new version.
/// </summary>
internal sealed class TarWriter(Stream destination)
{
    /// <summary>The version of the bytes that this writer makes.</summary>
    public const int Version = 2;

    private const long LargestOctal7 = 0x1FFFFF, LargestOctal11 = 0x1FFFFFFFF;
    private readonly byte[] _block = new byte[TarHeader.BlockSize];

    /// <summary>Writes an entry's headers. For a file <see cref="NodeAttributes.Size"/> bytes of data must follow.</summary>
    public void WriteHeader(TarEntry entry)
    {
        SortedDictionary<string, byte[]> pax = new(StringComparer.Ordinal);
        ReadOnlySpan<byte> name = FitName(entry.Name, "path", pax);
        ReadOnlySpan<byte> link = FitName(entry.LinkName, "linkpath", pax);
        FitNumber(entry.Attributes.Uid, LargestOctal7, "uid", pax);
        FitNumber(entry.Attributes.Gid, LargestOctal7, "gid", pax);
        FitNumber(entry.Attributes.Size, LargestOctal11, "size", pax);
        if (entry.Attributes.ModifiedNanoseconds != 0 || entry.Attributes.ModifiedSeconds is < 0 or > LargestOctal11)
        {
            pax["mtime"] = Encoding.ASCII.GetBytes(FormatTime(entry.Attributes.ModifiedSeconds, entry.Attributes.ModifiedNanoseconds));
        }
        foreach (XAttr attribute in entry.XAttrs)
        {
            pax["SCHILY.xattr." + Encoding.Latin1.GetString(XAttrKey.Encode(attribute.Name.Bytes))] = attribute.Value;
        }
        if (pax.Count > 0)
        {
            WritePax(pax);
        }
        WriteBlock(name, link, entry, TypeFlag(entry.Type));
    }

    /// <summary>Fills up the last block of a file's data.</summary>
    public void WritePadding(long size)
    {
        int used = (int)(size % TarHeader.BlockSize);
        if (used > 0)
        {
            _block.AsSpan().Clear();
            destination.Write(_block, 0, TarHeader.BlockSize - used);
        }
    }

    /// <summary>Writes the two zero blocks that end an archive.</summary>
    public void WriteEnd()
    {
        _block.AsSpan().Clear();
        destination.Write(_block);
        destination.Write(_block);
    }

    private static ReadOnlySpan<byte> FitName(NativePath name, string key, SortedDictionary<string, byte[]> pax)
    {
        ReadOnlySpan<byte> bytes = name.Bytes;
        if (bytes.Length <= 100 && !bytes.ContainsAnyExceptInRange((byte)0x20, (byte)0x7e))
        {
            return bytes;
        }
        pax[key] = bytes.ToArray();
        return bytes[..Math.Min(bytes.Length, 100)];
    }

    private static void FitNumber(long value, long largest, string key, SortedDictionary<string, byte[]> pax)
    {
        if (value > largest)
        {
            pax[key] = Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static string FormatTime(long seconds, uint nanoseconds)
    {
        if (seconds < 0 && nanoseconds > 0)
        {
            return string.Create(CultureInfo.InvariantCulture, $"-{-(seconds + 1)}.{1_000_000_000 - nanoseconds:D9}").TrimEnd('0');
        }
        return nanoseconds == 0
            ? seconds.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{seconds}.{nanoseconds:D9}").TrimEnd('0');
    }

    private void WritePax(SortedDictionary<string, byte[]> pax)
    {
        using MemoryStream records = new();
        foreach ((string key, byte[] value) in pax)
        {
            // The record's length counts its own digits.
            byte[] keyBytes = Encoding.Latin1.GetBytes(key);
            int content = keyBytes.Length + value.Length + 3;
            int length = content + Digits(content);
            length = content + Digits(length);
            records.Write(Encoding.ASCII.GetBytes(length.ToString(CultureInfo.InvariantCulture)));
            records.WriteByte((byte)' ');
            records.Write(keyBytes);
            records.WriteByte((byte)'=');
            records.Write(value);
            records.WriteByte((byte)'\n');
        }
        WriteBlock("PaxHeaders/entry"u8, default, new TarEntry { Type = LayerNodeType.File, Name = default, Attributes = new() { Permissions = 0x1A4, Size = records.Length } }, (byte)'x');
        records.Position = 0;
        records.CopyTo(destination);
        WritePadding(records.Length);
    }

    private static int Digits(int number) => number.ToString(CultureInfo.InvariantCulture).Length;

    private void WriteBlock(ReadOnlySpan<byte> name, ReadOnlySpan<byte> link, TarEntry entry, byte type)
    {
        Span<byte> block = _block;
        block.Clear();
        name.CopyTo(block);
        TarHeader.WriteOctal(block.Slice(100, 8), entry.Attributes.Permissions);
        TarHeader.WriteOctal(block.Slice(108, 8), Math.Min(entry.Attributes.Uid, LargestOctal7));
        TarHeader.WriteOctal(block.Slice(116, 8), Math.Min(entry.Attributes.Gid, LargestOctal7));
        TarHeader.WriteOctal(block.Slice(124, 12), Math.Min(entry.Attributes.Size, LargestOctal11));
        TarHeader.WriteOctal(block.Slice(136, 12), Math.Clamp(entry.Attributes.ModifiedSeconds, 0, LargestOctal11));
        block[156] = type;
        link.CopyTo(block[157..]);
        "ustar\000"u8.CopyTo(block[257..]);
        TarHeader.WriteOctal(block.Slice(329, 8), entry.Attributes.DeviceMajor);
        TarHeader.WriteOctal(block.Slice(337, 8), entry.Attributes.DeviceMinor);
        int checksum = 8 * ' ';
        foreach (byte value in block)
        {
            checksum += value;
        }
        TarHeader.WriteOctal(block.Slice(148, 7), checksum);
        block[155] = (byte)' ';
        destination.Write(_block);
    }

    private static byte TypeFlag(LayerNodeType type) => type switch
    {
        LayerNodeType.HardLink => (byte)'1',
        LayerNodeType.SymbolicLink => (byte)'2',
        LayerNodeType.CharacterDevice => (byte)'3',
        LayerNodeType.BlockDevice => (byte)'4',
        LayerNodeType.Directory => (byte)'5',
        LayerNodeType.Fifo => (byte)'6',
        _ => (byte)'0',
    };
}
