using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace LayerImage.Engine.Layers;

/// <summary>Writes an index: see <see cref="LayerIndexFormat"/>.</summary>
internal static class LayerIndexWriter
{
    /// <summary>Writes a tree. The stream is at its beginning and can seek.</summary>
    /// <param name="file">Takes the bytes; it is left open.</param>
    /// <param name="root">The tree.</param>
    /// <param name="tarSize">Bytes of the tar; 0 when the tree is a directory's, whose nodes have no offsets.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static void Write(Stream file, LayerEntry root, long tarSize, CancellationToken cancellationToken)
    {
        List<LayerEntry> nodes = Order(root, cancellationToken);
        long text = LayerIndexFormat.HeaderSize + ((long)nodes.Count * LayerIndexFormat.NodeSize);
        long length = text + nodes.Sum(node => (long)node.TextLength);
        byte[] header = MakeHeader(nodes.Count, length, tarSize);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(header.AsSpan(0, LayerIndexFormat.HashedHeader));
        file.Write(header);
        using (BufferedStream buffered = new(new HashedOutput(file, hash), 1 << 16))
        {
            Span<byte> record = stackalloc byte[LayerIndexFormat.NodeSize];
            foreach (LayerEntry node in nodes)
            {
                Fill(record, node, text);
                buffered.Write(record);
                text += node.TextLength;
            }
            foreach (LayerEntry node in nodes)
            {
                buffered.Write(Encoding.Latin1.GetBytes(node.Name + node.LinkTarget + node.XAttrNames));
            }
        }
        hash.GetHashAndReset(header.AsSpan(LayerIndexFormat.HashedHeader));
        file.Position = 0;
        file.Write(header);
    }

    private static List<LayerEntry> Order(LayerEntry root, CancellationToken cancellationToken)
    {
        List<LayerEntry> nodes = [root];
        for (int i = 0; i < nodes.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            nodes[i].FirstChild = (uint)nodes.Count;
            nodes.AddRange(nodes[i].SortedChildren);
        }
        return nodes;
    }

    private static byte[] MakeHeader(int nodes, long length, long tarSize)
    {
        byte[] header = new byte[LayerIndexFormat.HeaderSize];
        LayerIndexFormat.Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), LayerIndexFormat.Version);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), tarSize > 0 ? LayerIndexFormat.HasOffsets : 0);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), nodes);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(24), length);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(32), tarSize);
        return header;
    }

    private static void Fill(Span<byte> record, LayerEntry node, long text)
    {
        record.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(record, text);
        BinaryPrimitives.WriteInt32LittleEndian(record[8..], node.Name.Length);
        BinaryPrimitives.WriteInt32LittleEndian(record[12..], node.LinkTarget.Length);
        BinaryPrimitives.WriteInt32LittleEndian(record[16..], node.XAttrNames.Length);
        record[20] = (byte)node.Type;
        record[21] = (byte)((node.IsOpaque ? LayerIndexFormat.Opaque : 0) | (node.IsImplied ? LayerIndexFormat.Implied : 0) | (node.IsSparse ? LayerIndexFormat.Sparse : 0));
        BinaryPrimitives.WriteUInt16LittleEndian(record[22..], (ushort)node.Attributes.Permissions);
        BinaryPrimitives.WriteUInt32LittleEndian(record[24..], node.Attributes.Uid);
        BinaryPrimitives.WriteUInt32LittleEndian(record[28..], node.Attributes.Gid);
        BinaryPrimitives.WriteInt64LittleEndian(record[32..], node.Attributes.Size);
        BinaryPrimitives.WriteInt64LittleEndian(record[40..], node.Attributes.ModifiedSeconds);
        BinaryPrimitives.WriteUInt32LittleEndian(record[48..], node.Attributes.ModifiedNanoseconds);
        BinaryPrimitives.WriteUInt32LittleEndian(record[52..], node.FirstChild);
        BinaryPrimitives.WriteInt32LittleEndian(record[56..], node.ChildCount);
        BinaryPrimitives.WriteUInt32LittleEndian(record[60..], node.Attributes.DeviceMajor);
        BinaryPrimitives.WriteUInt32LittleEndian(record[64..], node.Attributes.DeviceMinor);
        BinaryPrimitives.WriteInt64LittleEndian(record[72..], node.TarOffset);
    }

    private sealed class HashedOutput(Stream inner, IncrementalHash hash) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            hash.AppendData(buffer);
            inner.Write(buffer);
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
