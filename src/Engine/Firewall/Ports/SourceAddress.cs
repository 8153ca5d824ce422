using System.Globalization;
using System.Net;
using System.Net.Sockets;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>An IPv4 or IPv6 address or network, in canonical form: host bits cleared, no prefix length on a single address.</summary>
internal readonly record struct SourceAddress : IComparable<SourceAddress>
{
    private SourceAddress(IPAddress address, int prefixLength)
    {
        Address = address;
        PrefixLength = prefixLength;
    }

    public IPAddress Address { get; }

    public int PrefixLength { get; }

    public bool IsIPv6 => Address.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>A name for sets, since nft's names have no colon: <c>0a000000.8</c>.</summary>
    public string Key => string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(Address.GetAddressBytes())}.{PrefixLength}");

    public static SourceAddress? FromKey(string key)
    {
        string[] parts = key.Split('.');
        return parts.Length == 2 && parts[0].Length is 8 or 32 && int.TryParse(parts[1], CultureInfo.InvariantCulture, out int length)
            ? new SourceAddress(new IPAddress(Convert.FromHexString(parts[0])), length)
            : null;
    }

    public static bool TryParse(string? text, out SourceAddress source)
    {
        source = default;
        string[] parts = (text ?? "").Split('/');
        // IPAddress also reads 10.1 and zone indexes, which mean something else or nothing here.
        if (parts.Length > 2 || parts[0].Contains('%') || !IPAddress.TryParse(parts[0], out IPAddress? address)
            || (address.AddressFamily == AddressFamily.InterNetwork && parts[0].Count(c => c == '.') != 3)
            || parts[0].StartsWith('['))
        {
            return false;
        }
        int bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        int length = bits;
        if (parts.Length == 2 && !TryLength(parts[1], bits, out length))
        {
            return false;
        }
        source = new SourceAddress(Mask(address, length), length);
        return true;
    }

    /// <exception cref="LayerImageException"><see cref="EngineError.ParameterInvalid"/>.</exception>
    public static SourceAddress Parse(string text) => TryParse(text, out SourceAddress source) ? source
        : throw new LayerImageException(EngineError.ParameterInvalid, $"'{text}' is not an address or a network.")
        {
            Target = text,
            Advice = "Give an IPv4 or IPv6 address or a network with its prefix length: 192.0.2.7, 10.0.0.0/8, 2001:db8::/32.",
        };

    public bool Contains(IPAddress address)
    {
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == Address.AddressFamily && new IPNetwork(Address, PrefixLength).Contains(plain);
    }

    public int CompareTo(SourceAddress other) => string.CompareOrdinal(Key, other.Key);

    public override string ToString() => PrefixLength == (IsIPv6 ? 128 : 32) ? Address.ToString()
        : string.Create(CultureInfo.InvariantCulture, $"{Address}/{PrefixLength}");

    private static bool TryLength(string text, int bits, out int length)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out length))
        {
            return length <= bits;
        }
        // firewalld also takes 10.0.0.0/255.0.0.0.
        if (bits != 32 || !IPAddress.TryParse(text, out IPAddress? mask) || mask.AddressFamily != AddressFamily.InterNetwork)
        {
            return false;
        }
        uint value = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(mask.GetAddressBytes());
        length = System.Numerics.BitOperations.LeadingZeroCount(~value);
        return length == 32 || value << length == 0;
    }

    private static IPAddress Mask(IPAddress address, int length)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int i = 0; i < bytes.Length; i++)
        {
            int kept = Math.Clamp(length - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xff << (8 - kept));
        }
        return new IPAddress(bytes);
    }
}
