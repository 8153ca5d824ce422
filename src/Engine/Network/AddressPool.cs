using System.Buffers.Binary;
using System.Net;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Network;

/// <summary>Chooses a container's address. Pure: who calls keeps the addresses.</summary>
internal static class AddressPool
{
    /// <summary>The bridge's own address: the first of the subnet.</summary>
    public static IPAddress Gateway(IPNetwork subnet) => ToAddress(ToNumber(subnet.BaseAddress) + 1);

    /// <summary>The address that reaches all in the subnet: its last.</summary>
    public static IPAddress Broadcast(IPNetwork subnet) => ToAddress(ToNumber(subnet.BaseAddress) + Size(subnet) - 1);

    /// <summary>
    /// The next free address after <paramref name="last"/>, round the subnet: one that was just given back is used
    /// again as late as possible, since peers may still send to it.
    /// </summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.AddressExhausted"/>: none is left.</exception>
    public static IPAddress Next(IPNetwork subnet, IReadOnlySet<IPAddress> used, IPAddress? last)
    {
        uint first = ToNumber(subnet.BaseAddress) + 2;
        uint count = Size(subnet) >= 4 ? Size(subnet) - 3 : 0;
        uint start = last is not null && subnet.Contains(last) ? ToNumber(last) + 1 - first : 0;
        for (uint i = 0; i < count; i++)
        {
            IPAddress address = ToAddress(first + ((start + i) % count));
            if (!used.Contains(address))
            {
                return address;
            }
        }
        throw new LayerImageException(EngineError.AddressExhausted, $"All {count} addresses of the container network {subnet} are in use.")
        {
            Target = subnet.ToString(),
            Advice = "Stop or remove containers that are no longer needed.",
        };
    }

    private static uint Size(IPNetwork subnet) => (uint)(1UL << (32 - subnet.PrefixLength));

    private static uint ToNumber(IPAddress address) => BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());

    private static IPAddress ToAddress(uint number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes);
    }
}
