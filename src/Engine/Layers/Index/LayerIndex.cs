using System.Buffers.Binary;
using System.Security.Cryptography;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Reads an index (see <see cref="LayerIndexFormat"/>): a few reads for a name, one after another for a listing. The file
/// was checked when it was opened and never changes; it is not kept open.
/// </summary>
internal sealed class LayerIndex : ILayerTree
{
    private readonly IndexBytes _bytes;
    private readonly long _nodes;

    private LayerIndex(IndexBytes bytes, long nodes, long tarSize, bool hasOffsets)
    {
        (_bytes, _nodes, TarSize, HasOffsets) = (bytes, nodes, tarSize, hasOffsets);
        Root = Read(0, null);
    }

    /// <summary>Bytes of the tar; 0 when the index was made of a directory.</summary>
    public long TarSize { get; }

    /// <summary>Whether the nodes say where their content is in the tar.</summary>
    public bool HasOffsets { get; }

    /// <summary>Entries, the root with them.</summary>
    public long Count => _nodes;

    public LayerNode Root { get; }

    /// <summary>Opens an index; null when there is none, or it is damaged or another version's.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cache">Keeps what is read of it.</param>
    public static LayerIndex? Open(string path, IndexCache cache)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16);
            byte[] header = new byte[LayerIndexFormat.HeaderSize];
            if (file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length || !header.AsSpan().StartsWith(LayerIndexFormat.Magic)
                || BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(8)) != LayerIndexFormat.Version || BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(24)) != file.Length)
            {
                return null;
            }
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(header.AsSpan(0, LayerIndexFormat.HashedHeader));
            byte[] buffer = new byte[1 << 16];
            for (int read; (read = file.Read(buffer)) > 0;)
            {
                hash.AppendData(buffer, 0, read);
            }
            if (!hash.GetHashAndReset().AsSpan().SequenceEqual(header.AsSpan(LayerIndexFormat.HashedHeader)))
            {
                return null;
            }
            return new LayerIndex(new IndexBytes(path, file.Length, cache), BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(16)),
                BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(32)), (BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(12)) & LayerIndexFormat.HasOffsets) != 0);
        }
        catch (IOException)
        {
            return null;
        }
    }

    public LayerNode? Find(LayerNode directory, NativePath name)
    {
        long low = directory.Children.First, high = low + directory.Children.Count - 1;
        Span<byte> record = stackalloc byte[LayerIndexFormat.NodeSize];
        while (low <= high)
        {
            long middle = (low + high) / 2;
            ReadRecord(middle, record);
            int order = ReadText(record, 0, NameLength(record)).AsSpan().SequenceCompareTo(name.Bytes);
            if (order == 0)
            {
                return Read(middle, directory);
            }
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }
        return null;
    }

    /// <summary>The entry of a path of directories, or null; no link is followed.</summary>
    public LayerNode? FindPath(NativePath path)
    {
        LayerNode? node = Root;
        foreach (Range part in path.Bytes.Split((byte)'/'))
        {
            node = node is null ? null : Find(node, NativePath.From(path.Bytes[part]));
        }
        return node;
    }

    public IEnumerable<LayerNode> List(LayerNode directory)
    {
        for (long i = 0; i < directory.Children.Count; i++)
        {
            yield return Read(directory.Children.First + i, directory);
        }
    }

    private LayerNode Read(long index, LayerNode? parent)
    {
        Span<byte> record = stackalloc byte[LayerIndexFormat.NodeSize];
        ReadRecord(index, record);
        int name = NameLength(record), link = BinaryPrimitives.ReadInt32LittleEndian(record[12..]), xattrs = BinaryPrimitives.ReadInt32LittleEndian(record[16..]);
        byte flags = record[21];
        return new LayerNode
        {
            Tree = this,
            Parent = parent,
            Name = NativePath.From(ReadText(record, 0, name)),
            LinkTarget = link == 0 ? default : NativePath.From(ReadText(record, name, link)),
            XAttrNames = xattrs == 0 ? [] : Split(ReadText(record, name + link, xattrs)),
            Type = (LayerNodeType)record[20],
            IsOpaque = (flags & LayerIndexFormat.Opaque) != 0,
            IsImplied = (flags & LayerIndexFormat.Implied) != 0,
            IsSparse = (flags & LayerIndexFormat.Sparse) != 0,
            Attributes = ReadAttributes(record),
            Children = (BinaryPrimitives.ReadUInt32LittleEndian(record[52..]), BinaryPrimitives.ReadUInt32LittleEndian(record[56..])),
            TarOffset = BinaryPrimitives.ReadInt64LittleEndian(record[72..]),
        };
    }

    private static NodeAttributes ReadAttributes(ReadOnlySpan<byte> record) => new()
    {
        Permissions = BinaryPrimitives.ReadUInt16LittleEndian(record[22..]),
        Uid = BinaryPrimitives.ReadUInt32LittleEndian(record[24..]),
        Gid = BinaryPrimitives.ReadUInt32LittleEndian(record[28..]),
        Size = BinaryPrimitives.ReadInt64LittleEndian(record[32..]),
        ModifiedSeconds = BinaryPrimitives.ReadInt64LittleEndian(record[40..]),
        ModifiedNanoseconds = BinaryPrimitives.ReadUInt32LittleEndian(record[48..]),
        DeviceMajor = BinaryPrimitives.ReadUInt32LittleEndian(record[60..]),
        DeviceMinor = BinaryPrimitives.ReadUInt32LittleEndian(record[64..]),
    };

    private void ReadRecord(long index, Span<byte> record)
    {
        if (index < 0 || index >= _nodes)
        {
            throw new LayerImageException(EngineError.LayerCorrupt, "The index of a layer points outside of itself.");
        }
        _bytes.Read(LayerIndexFormat.HeaderSize + (index * LayerIndexFormat.NodeSize), record);
    }

    private static int NameLength(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadInt32LittleEndian(record[8..]);

    private byte[] ReadText(ReadOnlySpan<byte> record, int skip, int length)
    {
        byte[] text = new byte[length];
        _bytes.Read(BinaryPrimitives.ReadInt64LittleEndian(record) + skip, text);
        return text;
    }

    private static List<NativePath> Split(ReadOnlySpan<byte> names)
    {
        List<NativePath> split = [];
        while (names.IndexOf((byte)0) is int end and >= 0)
        {
            split.Add(NativePath.From(names[..end]));
            names = names[(end + 1)..];
        }
        return split;
    }
}
