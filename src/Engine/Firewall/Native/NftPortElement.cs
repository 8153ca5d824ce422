using System.Buffers.Binary;
using LayerImage.Engine.Interop.Netlink;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// An element of a set of protocol and port (nft(8): <c>type inet_proto . inet_service; flags interval,timeout</c>) as the
/// kernel has it: each of the two fields in network order, padded to four bytes, for both ends of the range.
/// </summary>
internal static class NftPortElement
{
    private const int PortOffset = 4, Length = 8;

    public static NftElement Write(PortElement element) => new(Key(element.Protocol, element.Range.First), Key(element.Protocol, element.Range.Last))
    {
        Timeout = element.Timeout,
        Expires = element.Expires,
        Comment = element.Owners,
    };

    /// <summary>Null for a protocol that has no ports here.</summary>
    public static PortElement? Read(NftElement element)
    {
        if (element.First.Length != Length || !FirewallProtocols.All.Contains((FirewallProtocol)element.First[0]))
        {
            return null;
        }
        int first = Port(element.First);
        return new PortElement((FirewallProtocol)element.First[0], new PortRange(first, element.Last is { Length: Length } last ? Port(last) : first))
        {
            Timeout = Seconds(element.Timeout),
            Expires = Seconds(element.Expires),
            Owners = element.Comment is { Length: > 0 } owners ? owners : null,
        };
    }

    private static byte[] Key(FirewallProtocol protocol, int port)
    {
        byte[] key = new byte[Length];
        key[0] = (byte)protocol;
        BinaryPrimitives.WriteUInt16BigEndian(key.AsSpan(PortOffset), (ushort)port);
        return key;
    }

    private static int Port(byte[] key) => BinaryPrimitives.ReadUInt16BigEndian(key.AsSpan(PortOffset));

    // Whole ones, as firewalld has them; a part of one is still a time.
    private static TimeSpan? Seconds(TimeSpan? time) =>
        time is { } given && given > TimeSpan.Zero ? TimeSpan.FromSeconds(Math.Max(1, Math.Floor(given.TotalSeconds))) : null;
}
