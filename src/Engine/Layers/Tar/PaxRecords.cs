using System.Buffers.Text;
using System.Globalization;
using System.Text;
using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>The records of a PAX extended header that mean something to a layer (POSIX.1-2017 pax; SCHILY as in star).</summary>
internal sealed class PaxRecords
{
    private static ReadOnlySpan<byte> XAttrPrefix => "SCHILY.xattr."u8;

    public NativePath? Path { get; private set; }

    public NativePath? LinkPath { get; private set; }

    public long? Size { get; private set; }

    public long? Uid { get; private set; }

    public long? Gid { get; private set; }

    public long? ModifiedSeconds { get; private set; }

    public uint ModifiedNanoseconds { get; private set; }

    public List<XAttr> XAttrs { get; private set; } = [];

    /// <summary>The list of "tar --acls" in the kernel's form.</summary>
    public byte[]? AccessAcl { get; private set; }

    /// <summary>The same of what is made in a directory.</summary>
    public byte[]? DefaultAcl { get; private set; }

    public int? SparseMajor { get; private set; }

    public long? SparseSize { get; private set; }

    public NativePath? SparseName { get; private set; }

    public List<SparseExtent>? SparseExtents { get; private set; }

    private long _sparseOffset;

    /// <summary>Parses records of the form "length key=value\n", where the length counts the whole record.</summary>
    public static PaxRecords Parse(ReadOnlySpan<byte> bytes)
    {
        PaxRecords records = new();
        while (bytes.Length > 0)
        {
            int space = bytes.IndexOf((byte)' ');
            if (space <= 0 || !Utf8Parser.TryParse(bytes[..space], out int length, out int used) || used != space
                || length <= space + 2 || length > bytes.Length || bytes[length - 1] != (byte)'\n')
            {
                throw TarHeader.Malformed("a PAX record's length is wrong");
            }
            ReadOnlySpan<byte> record = bytes[(space + 1)..(length - 1)];
            int equals = record.IndexOf((byte)'=');
            if (equals <= 0)
            {
                throw TarHeader.Malformed("a PAX record has no key");
            }
            records.Add(record[..equals], record[(equals + 1)..]);
            bytes = bytes[length..];
        }
        return records;
    }

    /// <summary>These records with another header's laid over them.</summary>
    public PaxRecords Overlay(PaxRecords? local) => local is null ? this : new PaxRecords
    {
        Path = local.Path ?? Path,
        LinkPath = local.LinkPath ?? LinkPath,
        Size = local.Size ?? Size,
        Uid = local.Uid ?? Uid,
        Gid = local.Gid ?? Gid,
        ModifiedSeconds = local.ModifiedSeconds ?? ModifiedSeconds,
        ModifiedNanoseconds = local.ModifiedSeconds is null ? ModifiedNanoseconds : local.ModifiedNanoseconds,
        XAttrs = local.XAttrs.Count > 0 ? local.XAttrs : XAttrs,
        AccessAcl = local.AccessAcl ?? AccessAcl,
        DefaultAcl = local.DefaultAcl ?? DefaultAcl,
        SparseMajor = local.SparseMajor,
        SparseSize = local.SparseSize,
        SparseName = local.SparseName,
        SparseExtents = local.SparseExtents,
    };

    /// <summary>
    /// The attributes, with lists that are there as text only: "tar --acls --xattrs" says them in both ways, and the kernel's own
    /// has numbers where the text has names.
    /// </summary>
    public IReadOnlyList<XAttr> AllXAttrs()
    {
        if (AccessAcl is null && DefaultAcl is null)
        {
            return XAttrs;
        }
        List<XAttr> all = XAttrs;
        foreach ((NativePath name, byte[]? list) in ((NativePath, byte[]?)[])[(PosixAcl.Access, AccessAcl), (PosixAcl.Default, DefaultAcl)])
        {
            if (list is not null && !XAttrs.Exists(attribute => attribute.Name.Bytes.SequenceEqual(name.Bytes)))
            {
                all = [.. all, new XAttr(name, list)];
            }
        }
        return all;
    }

    private void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.StartsWith(XAttrPrefix))
        {
            XAttrs.Add(new XAttr(XAttrKey.Decode(key[XAttrPrefix.Length..]), value.ToArray()));
            return;
        }
        if (value.Length == 0 && !key.StartsWith("GNU.sparse."u8))
        {
            return; // as good as not there: what the header says counts. But a map without pieces is one.
        }
        switch (Encoding.UTF8.GetString(key))
        {
            case "path": Path = Name(value); break;
            case "linkpath": LinkPath = Name(value); break;
            case "size": Size = Number(value); break;
            case "uid": Uid = Number(value); break;
            case "gid": Gid = Number(value); break;
            case "mtime": SetTime(value); break;
            case "SCHILY.acl.access": AccessAcl = PosixAcl.Parse(value); break;
            case "SCHILY.acl.default": DefaultAcl = PosixAcl.Parse(value); break;
            case "GNU.sparse.major": SparseMajor = (int)Number(value); break;
            case "GNU.sparse.size" or "GNU.sparse.realsize": SparseSize = Number(value); break;
            case "GNU.sparse.name": SparseName = Name(value); break;
            case "GNU.sparse.offset": _sparseOffset = Number(value); break;
            case "GNU.sparse.numbytes": TarReader.Add(SparseExtents ??= [], _sparseOffset, Number(value)); break;
            case "GNU.sparse.map": SetMap(value); break;
        }
    }

    private void SetMap(ReadOnlySpan<byte> value)
    {
        string[] numbers = Encoding.ASCII.GetString(value).Split(',', StringSplitOptions.RemoveEmptyEntries);
        SparseExtents = [];
        for (int i = 0; i + 1 < numbers.Length; i += 2)
        {
            TarReader.Add(SparseExtents, Number(Encoding.ASCII.GetBytes(numbers[i])), Number(Encoding.ASCII.GetBytes(numbers[i + 1])));
        }
    }

    // Seconds since 1970 in decimal, with an optional fraction of any length.
    private void SetTime(ReadOnlySpan<byte> value)
    {
        int dot = value.IndexOf((byte)'.');
        ReadOnlySpan<byte> whole = dot < 0 ? value : value[..dot];
        long seconds = whole.Length == 0 || whole.SequenceEqual("-"u8) ? 0 : Number(whole);
        string fraction = dot < 0 ? "" : Encoding.ASCII.GetString(value[(dot + 1)..]);
        uint nanoseconds = 0;
        if (fraction.Length > 0 && !uint.TryParse(fraction.PadRight(9, '0')[..9], NumberStyles.None, CultureInfo.InvariantCulture, out nanoseconds))
        {
            throw TarHeader.Malformed("a time is no number");
        }
        if (value is [(byte)'-', ..] && nanoseconds > 0)
        {
            seconds--;
            nanoseconds = 1_000_000_000 - nanoseconds;
        }
        ModifiedSeconds = seconds;
        ModifiedNanoseconds = nanoseconds;
    }

    private static NativePath Name(ReadOnlySpan<byte> value) => value.Contains((byte)0)
        ? throw TarHeader.Malformed("a name holds a NUL")
        : NativePath.From(value);

    private static long Number(ReadOnlySpan<byte> value) => Utf8Parser.TryParse(value, out long number, out int used) && used == value.Length
        ? number
        : throw TarHeader.Malformed($"'{Encoding.UTF8.GetString(value)}' is no number");
}
