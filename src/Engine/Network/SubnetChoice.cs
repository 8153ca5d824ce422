using System.Net;

namespace LayerImage.Engine.Network;

/// <summary>
/// Which addresses containers have: those that the bridge has, while it is there; else the first of a fixed list that this host does not
/// reach through something else (a VPN that takes 10.0.0.0/8, networks of podman or docker). Every process comes to the same. Pure.
/// </summary>
internal static class SubnetChoice
{
    /// <summary>In this order. Off podman's 10.88.0.0/16, the beginning of docker's 172.17.0.0/16 onward, and 192.168.0.0/17 of home routers.</summary>
    public static IReadOnlyList<IPNetwork> Candidates { get; } =
    [
        IPNetwork.Parse("10.89.0.0/16"), IPNetwork.Parse("10.189.0.0/16"), IPNetwork.Parse("172.29.0.0/16"), IPNetwork.Parse("172.26.0.0/16"),
        IPNetwork.Parse("172.16.0.0/16"), IPNetwork.Parse("192.168.224.0/20"), IPNetwork.Parse("192.168.128.0/20"),
    ];

    /// <summary>The subnet; the first candidate when none is free.</summary>
    public static IPNetwork Choose(string bridge, IReadOnlyList<(string Interface, IPNetwork Destination)> routes)
    {
        foreach (IPNetwork candidate in Candidates)
        {
            if (routes.Contains((bridge, candidate)))
            {
                return candidate;
            }
        }
        return Candidates.Where(candidate => FindOther(bridge, candidate, routes) is null).FirstOrDefault(Candidates[0]);
    }

    /// <summary>The route by which the host reaches a part of a subnet through something else than the bridge; null when there is none.</summary>
    public static (string Interface, IPNetwork Destination)? FindOther(
        string bridge,
        IPNetwork subnet,
        IReadOnlyList<(string Interface, IPNetwork Destination)> routes)
    {
        foreach ((string Interface, IPNetwork Destination) route in routes)
        {
            if (route.Interface != bridge
                && route.Destination.PrefixLength > 0
                && (route.Destination.Contains(subnet.BaseAddress) || subnet.Contains(route.Destination.BaseAddress)))
            {
                return route;
            }
        }
        return null;
    }
}
