using System.Net;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Netlink;
using static LayerImage.Engine.Interop.Libc.Libc;

namespace LayerImage.Engine.Network;

/// <summary>
/// Which container has which address, as the kernel knows it: the host's end of its cable is also called by its address
/// ("limg-10.89.0.2"). A name of a link is given once, so two stores, whose records know nothing of each other, never
/// use one address at a time. The name goes with the link, whoever takes that away, and no flush of rules takes it.
/// </summary>
internal static class AddressOwner
{
    private const string Prefix = "limg-";

    /// <summary>Gives an address to a link; false when another link of this network namespace has it.</summary>
    /// <exception cref="LinuxException">The kernel refused for another reason.</exception>
    public static bool TryTake(NetlinkSocket host, int link, IPAddress address)
    {
        int errno = host.TryExecute(RouteMessages.AddOtherName(link, Prefix + address));
        return errno switch
        {
            0 => true,
            LinuxException.EEXIST => false,
            _ => throw new LinuxException("netlink", errno, Prefix + address),
        };
    }

    /// <summary>The address of a link of ours; null for one of other making, or of a version that did not note it.</summary>
    public static IPAddress? AddressOf(LinkInfo link) =>
        link.OtherNames.Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => IPAddress.TryParse(name[Prefix.Length..], out IPAddress? address) ? address : null)
            .FirstOrDefault(address => address is not null);

    /// <summary>A link of this network namespace; null when it is not there.</summary>
    public static LinkInfo? Find(NetlinkSocket host, string link) =>
        host.List(RouteMessages.GetLink(link)).Select(answer => LinkInfo.Parse(answer)).FirstOrDefault();

    /// <summary>The containers' cables in a bridge, with their addresses.</summary>
    public static IReadOnlyList<(string Link, IPAddress Address)> CablesOf(string bridge) =>
        [.. LinksIn(bridge)
            .Select(link => (link.Name, Address: AddressOf(link)))
            .Where(cable => cable.Address is not null)
            .Select(cable => (cable.Name, cable.Address!))];

    /// <summary>The links in a bridge; none when there is no such bridge.</summary>
    public static IReadOnlyList<LinkInfo> LinksIn(string bridge)
    {
        int index = (int)IfNameToIndex(bridge);
        if (index == 0)
        {
            return [];
        }
        using NetlinkSocket host = NetlinkSocket.OpenRoute();
        return [.. host.List(RouteMessages.ListPorts(index)).Select(answer => LinkInfo.Parse(answer))];
    }
}
