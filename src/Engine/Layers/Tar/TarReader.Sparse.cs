using System.Globalization;
using System.Text;

namespace LayerImage.Engine.Layers;

internal sealed partial class TarReader
{
    private const int MostExtents = 1 << 20;

    // ext4's largest file. tmpfs and XFS take one of 8 EiB without a word, and what reads it afterwards never ends.
    private const long MostBytes = 1L << 44;

    /// <summary>
    /// Where a sparse file's data goes, in GNU's four ways: the old 'S' header with its extension blocks, and PAX
    /// 0.0, 0.1 (in the records) and 1.0 (a text at the head of the data). GNU tar manual, "Sparse Formats".
    /// </summary>
    private (IReadOnlyList<SparseExtent>? Extents, long Size) ReadSparseMap(TarHeader header, PaxRecords pax)
    {
        List<SparseExtent>? extents = null;
        long size = _dataLeft;
        if (header.TypeFlag == (byte)'S')
        {
            size = TarHeader.Number(_block.AsSpan(483, 12), "realsize");
            extents = ReadOldExtents();
        }
        else if (pax.SparseMajor == 1)
        {
            size = pax.SparseSize ?? throw TarHeader.Malformed("a sparse file has no size");
            extents = ReadExtentText();
        }
        else if (pax.SparseExtents is not null)
        {
            size = pax.SparseSize ?? throw TarHeader.Malformed("a sparse file has no size");
            extents = pax.SparseExtents;
        }
        if (extents is not null)
        {
            CheckExtents(extents, size);
        }
        return (extents, size);
    }

    private List<SparseExtent> ReadOldExtents()
    {
        List<SparseExtent> extents = [];
        AddOldExtents(_block.AsSpan(386, 96), extents);
        bool more = _block[482] != 0;
        byte[] block = new byte[TarHeader.BlockSize];
        while (more)
        {
            if (source.ReadAtLeast(block, block.Length, throwOnEndOfStream: false) < block.Length)
            {
                throw TarHeader.Malformed("it ends in the middle of a sparse map");
            }
            AddOldExtents(block.AsSpan(0, 504), extents);
            more = block[504] != 0;
        }
        return extents;
    }

    private static void AddOldExtents(ReadOnlySpan<byte> fields, List<SparseExtent> extents)
    {
        for (; fields.Length >= 24 && fields[0] != 0; fields = fields[24..])
        {
            Add(extents, TarHeader.Number(fields[..12], "offset"), TarHeader.Number(fields.Slice(12, 12), "numbytes"));
        }
    }

    // PAX 1.0: decimal numbers, a line each (how many, then offset and length of each), padded to a whole block.
    private List<SparseExtent> ReadExtentText()
    {
        List<SparseExtent> extents = [];
        int used = 0;
        long count = ReadLine(ref used);
        for (long i = 0; i < count; i++)
        {
            long offset = ReadLine(ref used);
            Add(extents, offset, ReadLine(ref used));
        }
        byte[] padding = new byte[(TarHeader.BlockSize - (used % TarHeader.BlockSize)) % TarHeader.BlockSize];
        _ = ReadData(padding);
        return extents;
    }

    private long ReadLine(ref int used)
    {
        StringBuilder digits = new();
        Span<byte> one = stackalloc byte[1];
        while (ReadData(one) == 1)
        {
            used++;
            if (one[0] == (byte)'\n')
            {
                return long.TryParse(digits.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                    ? number
                    : throw TarHeader.Malformed("a sparse map holds something that is no number");
            }
            if (digits.Append((char)one[0]).Length > 20)
            {
                break;
            }
        }
        throw TarHeader.Malformed("a sparse map ends early");
    }

    internal static void Add(List<SparseExtent> extents, long offset, long length)
    {
        if (extents.Count == MostExtents)
        {
            throw TarHeader.Malformed($"a sparse file has more than {MostExtents} pieces");
        }
        extents.Add(new SparseExtent(offset, length));
    }

    private void CheckExtents(List<SparseExtent> extents, long size)
    {
        if (size < 0)
        {
            throw TarHeader.Malformed("a sparse file's size is negative");
        }
        if (size > MostBytes)
        {
            throw TarHeader.Malformed($"a sparse file of {size} bytes is larger than a file can be ({MostBytes})");
        }
        long end = 0, data = 0;
        foreach (SparseExtent extent in extents)
        {
            if (extent.Offset < end || extent.Length < 0 || extent.Length > size - extent.Offset)
            {
                throw TarHeader.Malformed("a sparse map is out of order or leaves the file");
            }
            end = extent.Offset + extent.Length;
            data += extent.Length;
        }
        if (data != _dataLeft)
        {
            throw TarHeader.Malformed("a sparse map does not fit the data");
        }
    }
}
