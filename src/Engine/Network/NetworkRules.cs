using System.Globalization;
using System.Net;
using System.Net.Sockets;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Netlink;

namespace LayerImage.Engine.Network;

/// <summary>
/// The nft commands of the container network, as text, and what is asked of the kernel for each container. Whatever the number
/// of published ports, a new connection costs two map look-ups, and a packet of an existing one costs none (chains of type nat
/// see first packets only).
/// </summary>
/// <remarks>
/// A key is host address . protocol . host port, each of which may be an interval (<see cref="PublishedElement"/>). The
/// kernel refuses elements of a map that overlap.
/// </remarks>
internal static class NetworkRules
{
    /// <summary>Raise it whenever <see cref="Compose"/> changes: a table of another version is filled anew.</summary>
    internal const int Version = 4;

    /// <summary>The set whose element "ipv4" has the host forward for containers only (<see cref="HostForwarding"/>).</summary>
    internal const string ForContainersOnly = "for_containers_only";

    /// <summary>The shared rules; may be applied to a table that has them, and keeps its published ports.</summary>
    public static string Compose(NetworkOptions options)
    {
        string table = Table(options);
        string bridge = options.BridgeName;
        string net = options.Subnet.ToString();
        const string look = "meta l4proto { tcp, udp, sctp } fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map";
        string inbound = $"add rule {table} raw_prerouting iifname \"{bridge}\"";
        string toContainers = $"add rule {table} forward oifname \"{bridge}\" iifname != \"{bridge}\"";
        string pastContainers = $"add rule {table} forward iifname != \"{bridge}\" oifname != \"{bridge}\"";
        return $$"""
            add table {{table}}
            add map {{table}} published { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; flags interval; }
            add map {{table}} published_ranges { type ipv4_addr . inet_proto . inet_service : ipv4_addr; flags interval; }
            add set {{table}} {{ForContainersOnly}} { type nf_proto; }
            add chain {{table}} raw_prerouting { type filter hook prerouting priority raw; policy accept; }
            add chain {{table}} prerouting { type nat hook prerouting priority dstnat; policy accept; }
            add chain {{table}} output { type nat hook output priority -100; policy accept; }
            add chain {{table}} postrouting { type nat hook postrouting priority srcnat; policy accept; }
            add chain {{table}} forward { type filter hook forward priority filter; policy accept; }
            flush chain {{table}} raw_prerouting
            flush chain {{table}} prerouting
            flush chain {{table}} output
            flush chain {{table}} postrouting
            flush chain {{table}} forward
            {{inbound}} ip daddr 127.0.0.0/8 drop comment "route_localnet must not open the host's loopback to containers"
            {{inbound}} ip saddr 127.0.0.0/8 drop
            {{inbound}} ip saddr != {{net}} drop comment "a forged address would choose the firewall's zone"
            {{inbound}} ip6 saddr != { ::, fe80::/10 } drop
            {{inbound}} icmpv6 type { nd-router-advert, nd-redirect } drop comment "no container is this host's router"
            add rule {{table}} prerouting iifname != "lo" ip daddr 127.0.0.0/8 return comment "a port of the loopback is not for other hosts"
            add rule {{table}} prerouting {{look}} @published
            add rule {{table}} prerouting {{look}} @published_ranges
            add rule {{table}} output {{look}} @published
            add rule {{table}} output {{look}} @published_ranges
            add rule {{table}} postrouting oifname "{{bridge}}" ip saddr 127.0.0.0/8 masquerade comment "the host's loopback to a published port"
            add rule {{table}} postrouting oifname "{{bridge}}" ip saddr {{net}} ct status dnat masquerade comment "a container to a published port"
            add rule {{table}} postrouting oifname != "{{bridge}}" ip saddr {{net}} masquerade comment "containers to the world"
            {{toContainers}} ct state new ct status & dnat == 0 drop comment "other hosts reach published ports only"
            {{toContainers}} ct state invalid drop comment "nor what belongs to no connection"
            {{pastContainers}} meta nfproto @{{ForContainersOnly}} drop comment "the host was no router before"
            add chain {{table}} {{VersionChain}}
            flush chain {{table}} {{VersionChain}}
            add rule {{table}} {{VersionChain}} accept comment "gone with the other rules when somebody flushes the table"

            """;
    }

    /// <summary>Whether the rules of this version are there, in the calling thread's network namespace.</summary>
    public static bool AreThere(NetworkOptions options) => NftMessages.HasRule(options.TableName, VersionChain);

    /// <summary>Whether a port is published, as far as its first element tells.</summary>
    public static bool IsPublished(NetworkOptions options, IPAddress address, PortMapping mapping)
    {
        PublishedElement first = PublishedElement.Of(address, [mapping]).First();
        return NftMessages.HasElement(options.TableName, first.Map, first.ToKernel());
    }

    /// <summary>The requests that add a container's ports.</summary>
    public static IReadOnlyList<NetlinkMessage> Publish(NetworkOptions options, IPAddress address, IReadOnlyList<PortMapping> mappings) =>
        [.. Requests(NftMessages.Add, options, address, mappings)];

    /// <summary>
    /// The requests that remove a container's ports whether they are there or not: each is added first, which changes
    /// nothing when it is there and fails the transaction when it leads elsewhere.
    /// </summary>
    public static IReadOnlyList<NetlinkMessage> Unpublish(NetworkOptions options, IPAddress address, IReadOnlyList<PortMapping> mappings) =>
        [.. Requests(NftMessages.Add, options, address, mappings), .. Requests(NftMessages.Delete, options, address, mappings)];

    /// <summary>Refuses what this network cannot publish.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.PortInvalid"/>.</exception>
    public static void RequirePublishable(PortMapping mapping)
    {
        if (mapping.HostAddress is { AddressFamily: AddressFamily.InterNetworkV6 })
        {
            throw new LayerImageException(EngineError.PortInvalid, $"The port '{mapping}' cannot be published: the container network has no IPv6.")
            {
                Target = mapping.ToString(),
                Advice = "Name an IPv4 address of this host, or none at all.",
            };
        }
    }

    private static string VersionChain => string.Create(CultureInfo.InvariantCulture, $"version_{Version}");

    private static string Table(NetworkOptions options) => $"inet {options.TableName}";

    private static IEnumerable<NetlinkMessage> Requests(
        Func<string, string, IEnumerable<NftElement>, NftFamily, IEnumerable<NetlinkMessage>> verb,
        NetworkOptions options,
        IPAddress address,
        IReadOnlyList<PortMapping> mappings) =>
        PublishedElement.Of(address, mappings).ToLookup(element => element.Map)
            .SelectMany(map => verb(options.TableName, map.Key, map.Select(element => element.ToKernel()), NftFamily.Inet));
}
