using System.Net;
using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Netlink;

namespace LayerImage.Engine.Network;

/// <summary>
/// What comes from a container's cable with an address that is not the container's is dropped, IPv4 and ARP, before the
/// bridge has learnt from it. Else a container could take another one's address, or name one that the host's firewall
/// has in a zone of its own. A table of family bridge: in the others a frame no longer tells by which cable it came.
/// </summary>
/// <remarks>A link that is not in <c>ports</c>, of other making or of an earlier version, is not judged.</remarks>
internal static class SourceRules
{
    private const int InterfaceNameLength = 16; // IFNAMSIZ (linux/if.h)

    /// <summary>The rules with the cables that there are; may be applied to a table that has them.</summary>
    public static string Compose(NetworkOptions options, IEnumerable<(string Link, IPAddress Address)> cables)
    {
        string table = $"bridge {options.TableName}";
        StringBuilder script = new($$"""
            add table {{table}}
            add set {{table}} ports { type ifname; }
            add set {{table}} sources { type ifname . ipv4_addr; }
            add chain {{table}} prerouting { type filter hook prerouting priority -300; policy accept; }
            flush chain {{table}} prerouting
            add rule {{table}} prerouting iifname @ports ether type ip iifname . ip saddr != @sources drop comment "a container's own address only"
            add rule {{table}} prerouting iifname @ports ether type arp arp saddr ip != 0.0.0.0 iifname . arp saddr ip != @sources drop

            """);
        foreach ((string link, IPAddress address) in cables)
        {
            script.Append($$"""
                add element {{table}} sources { "{{link}}" . {{address}} }
                add element {{table}} ports { "{{link}}" }

                """);
        }
        return script.ToString();
    }

    /// <summary>The requests that let a container's address in by its cable, and no other.</summary>
    public static IReadOnlyList<NetlinkMessage> Add(NetworkOptions options, string link, IPAddress address) =>
    [
        .. NftMessages.Add(options.TableName, "sources", [Source(link, address)], NftFamily.Bridge),
        .. NftMessages.Add(options.TableName, "ports", [Port(link)], NftFamily.Bridge),
    ];

    /// <summary>The requests that take a cable out of the rules, whether it is in them or not: each is added first.</summary>
    public static IReadOnlyList<NetlinkMessage> Delete(NetworkOptions options, string link, IPAddress address) =>
    [
        .. Add(options, link, address),
        .. NftMessages.Delete(options.TableName, "ports", [Port(link)], NftFamily.Bridge),
        .. NftMessages.Delete(options.TableName, "sources", [Source(link, address)], NftFamily.Bridge),
    ];

    /// <summary>
    /// The requests that take a cable out of the rules that is not there any more: who took it away was killed before he had done
    /// that, or the kernel did, with the last process of its namespace. None, after one question, where there is nothing of it.
    /// </summary>
    /// <exception cref="LinuxException">The kernel did not say.</exception>
    public static IReadOnlyList<NetlinkMessage> Forget(NetworkOptions options, string link)
    {
        if (!NftMessages.HasElement(options.TableName, "ports", Port(link), NftFamily.Bridge))
        {
            return [];
        }
        using NetlinkSocket socket = NetlinkSocket.OpenNetfilter();
        byte[] name = Name(link);
        NftElement[] sources = [.. NftMessages.ListElements(socket, options.TableName, "sources", NftFamily.Bridge)
            .Where(element => element.First.AsSpan().StartsWith(name))];
        return
        [
            .. NftMessages.Delete(options.TableName, "ports", [Port(link)], NftFamily.Bridge),
            .. NftMessages.Delete(options.TableName, "sources", sources, NftFamily.Bridge),
        ];
    }

    private static NftElement Port(string link) => new(Name(link));

    private static NftElement Source(string link, IPAddress address) => new([.. Name(link), .. address.GetAddressBytes()]);

    private static byte[] Name(string link)
    {
        byte[] name = new byte[InterfaceNameLength];
        Encoding.ASCII.GetBytes(link, name);
        return name;
    }
}
