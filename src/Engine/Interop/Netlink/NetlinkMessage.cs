using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace LayerImage.Engine.Interop.Netlink;

/// <summary>Composes one netlink request (netlink(7)): a header, a fixed part, and attributes that may nest. Numbers are in host order.</summary>
internal sealed class NetlinkMessage
{
    // linux/netlink.h
    internal const ushort NLM_F_REQUEST = 1, NLM_F_ACK = 4, NLM_F_REPLACE = 0x100, NLM_F_EXCL = 0x200, NLM_F_CREATE = 0x400;
    internal const int HeaderLength = 16;
    private const int HeadLength = 4; // of an attribute
    internal const ushort NLM_F_DUMP = 0x300, NLA_F_NESTED = 0x8000;
    private const ushort NLA_TYPE_MASK = 0x3FFF;

    private byte[] _bytes = new byte[256];
    private int _length = HeaderLength;

    public NetlinkMessage(ushort type, ushort flags, bool isAcknowledged = true)
    {
        MemoryMarshal.Write(_bytes.AsSpan(4), type);
        MemoryMarshal.Write(_bytes.AsSpan(6), (ushort)(flags | NLM_F_REQUEST | (isAcknowledged ? NLM_F_ACK : 0)));
    }

    /// <summary>Appends the fixed part of a message, or of a nested one (ifinfomsg in VETH_INFO_PEER).</summary>
    public NetlinkMessage Fixed<T>(T value)
        where T : unmanaged
    {
        MemoryMarshal.Write(Grow(Unsafe.SizeOf<T>()), value);
        return this;
    }

    public NetlinkMessage Attribute(ushort type, ReadOnlySpan<byte> value)
    {
        Span<byte> place = Grow(4 + value.Length);
        MemoryMarshal.Write(place, (ushort)(4 + value.Length));
        MemoryMarshal.Write(place[2..], type);
        value.CopyTo(place[4..]);
        return this;
    }

    public NetlinkMessage Attribute(ushort type, int value) => Attribute(type, BitConverter.GetBytes(value));

    /// <summary>A string with its terminating zero.</summary>
    public NetlinkMessage Attribute(ushort type, string value) => Attribute(type, Encoding.ASCII.GetBytes(value + "\0"));

    /// <summary>An attribute that holds what <paramref name="content"/> appends.</summary>
    public NetlinkMessage Nest(ushort type, Action<NetlinkMessage> content)
    {
        int start = _length;
        Attribute((ushort)(type | NLA_F_NESTED), []);
        content(this);
        MemoryMarshal.Write(_bytes.AsSpan(start), (ushort)(_length - start));
        return this;
    }

    /// <summary>An attribute's value among those in an answer; empty when it is not there.</summary>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> attributes, ushort type)
    {
        for (; LengthOf(attributes) is int length and > 0; attributes = After(attributes, length))
        {
            if (TypeOf(attributes) == type)
            {
                return attributes[HeadLength..length];
            }
        }
        return [];
    }

    /// <summary>The values of an attribute that may be there several times.</summary>
    public static List<byte[]> FindAll(ReadOnlySpan<byte> attributes, ushort type)
    {
        List<byte[]> found = [];
        for (; LengthOf(attributes) is int length and > 0; attributes = After(attributes, length))
        {
            if (TypeOf(attributes) == type)
            {
                found.Add(attributes[HeadLength..length].ToArray());
            }
        }
        return found;
    }

    // struct nlattr { u16 len; u16 type; }, each begins at a multiple of 4. 0 where there is no further one.
    private static int LengthOf(ReadOnlySpan<byte> attributes)
    {
        int length = attributes.Length < HeadLength ? 0 : MemoryMarshal.Read<ushort>(attributes);
        return length >= HeadLength && length <= attributes.Length ? length : 0;
    }

    private static int TypeOf(ReadOnlySpan<byte> attributes) => MemoryMarshal.Read<ushort>(attributes[2..]) & NLA_TYPE_MASK;

    private static ReadOnlySpan<byte> After(ReadOnlySpan<byte> attributes, int length) => attributes[Math.Min((length + 3) & ~3, attributes.Length)..];

    /// <summary>The finished bytes under a sequence number.</summary>
    public ReadOnlySpan<byte> Finish(uint sequence)
    {
        MemoryMarshal.Write(_bytes, (uint)_length);
        MemoryMarshal.Write(_bytes.AsSpan(8), sequence);
        return _bytes.AsSpan(0, _length);
    }

    private Span<byte> Grow(int length)
    {
        int aligned = (length + 3) & ~3;
        if (_length + aligned > _bytes.Length)
        {
            Array.Resize(ref _bytes, (_length + aligned) * 2);
        }
        Span<byte> place = _bytes.AsSpan(_length, length);
        _length += aligned;
        return place;
    }
}
