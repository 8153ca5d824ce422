using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using LayerImage.Engine.Interop.Netlink;

namespace LayerImage.Engine.Network;

/// <summary>
/// An element of the maps of published ports: one for a port, or for a range of ports that keep their numbers.
/// <c>published</c> maps to address and port; <c>published_ranges</c> to an address alone, keeping the port, because
/// nftables cannot shift a range: a range whose ports differ inside is one element for each port in <c>published</c>.
/// </summary>
/// <param name="HostAddress">Where it is published; null for every address (0.0.0.0/0).</param>
/// <param name="Protocol">The transport protocol.</param>
/// <param name="FirstPort">The first port of the host.</param>
/// <param name="LastPort">The last one.</param>
/// <param name="Address">The container's address.</param>
/// <param name="ContainerPort">The container's port; null for the one that was asked for.</param>
internal sealed record PublishedElement(
    IPAddress? HostAddress,
    PortProtocol Protocol,
    ushort FirstPort,
    ushort LastPort,
    IPAddress Address,
    ushort? ContainerPort)
{
    /// <summary>The map that holds it.</summary>
    public string Map => ContainerPort is null ? "published_ranges" : "published";

    /// <summary>The elements of a container's ports.</summary>
    public static IEnumerable<PublishedElement> Of(IPAddress address, IEnumerable<PortMapping> mappings)
    {
        foreach (PortMapping mapping in mappings)
        {
            NetworkRules.RequirePublishable(mapping);
            IPAddress? host = mapping.CoversAllAddresses ? null : mapping.HostAddress;
            if (mapping.Count > 1 && mapping.HostPort == mapping.ContainerPort)
            {
                yield return new PublishedElement(host, mapping.Protocol, mapping.HostPort, (ushort)(mapping.HostPort + mapping.Count - 1), address, null);
                continue;
            }
            for (int offset = 0; offset < mapping.Count; offset++)
            {
                ushort port = (ushort)(mapping.HostPort + offset);
                yield return new PublishedElement(host, mapping.Protocol, port, port, address, (ushort)(mapping.ContainerPort + offset));
            }
        }
    }

    /// <summary>The element in the kernel's form.</summary>
    public NftElement ToKernel() => new(
        [.. Field(HostAddress ?? IPAddress.Any), .. Field(Protocol), .. Field(FirstPort)],
        [.. Field(HostAddress ?? IPAddress.Broadcast), .. Field(Protocol), .. Field(LastPort)],
        ContainerPort is ushort port ? [.. Field(Address), .. Field(port)] : Field(Address));

    /// <summary>In nft's words, as it lists it.</summary>
    public override string ToString()
    {
        string ports = FirstPort == LastPort ? Number(FirstPort) : $"{Number(FirstPort)}-{Number(LastPort)}";
        string key = $"{HostAddress?.ToString() ?? "0.0.0.0/0"} . {Protocol.ToString().ToLowerInvariant()} . {ports}";
        return ContainerPort is ushort port ? $"{key} : {Address} . {Number(port)}" : $"{key} : {Address}";
    }

    // A field of a concatenation fills a register of 4 bytes.
    private static byte[] Field(IPAddress address) => address.GetAddressBytes();

    private static byte[] Field(PortProtocol protocol) => [(byte)(protocol switch
    {
        PortProtocol.Tcp => 6,
        PortProtocol.Udp => 17,
        PortProtocol.Sctp => 132,
        _ => throw new ArgumentOutOfRangeException(nameof(protocol)),
    }), 0, 0, 0];

    private static byte[] Field(ushort port)
    {
        byte[] field = new byte[4];
        BinaryPrimitives.WriteUInt16BigEndian(field, port);
        return field;
    }

    private static string Number(ushort port) => port.ToString(CultureInfo.InvariantCulture);
}
