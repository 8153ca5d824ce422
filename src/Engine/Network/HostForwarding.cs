using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Netlink;
using static LayerImage.Engine.Interop.Libc.Libc;

namespace LayerImage.Engine.Network;

/// <summary>
/// Containers need a host that forwards (net.ipv4.ip_forward), which would make a router of one that is none: whoever
/// sends it packets for another network gets them there. So where it is turned on for containers, what is neither from
/// nor to these is dropped (<see cref="NetworkRules"/>), and the last container takes both back. A host that forwarded
/// before is left as it is.
/// </summary>
/// <remarks>
/// That it was turned on here is noted on the bridge (ip-link(8): alias), with what the kernel changes beside it: a note
/// that lives as long as the setting does, which a flush of the rules leaves, and which is the same for every store.
/// No lock: whoever connects a container looks again after that, and whoever closes looks again for containers.
/// </remarks>
internal sealed class HostForwarding(string bridge, string table)
{
    private const string IpForward = "net/ipv4/ip_forward", Ipv6Forward = "net/ipv6/conf/all/forwarding";

    // Setting ip_forward sets this too (inet_forward_change in net/ipv4/devinet.c): to 0 with 1, and to 1 with 0.
    private const string AcceptRedirects = "net/ipv4/conf/all/accept_redirects";

    private const string Note = "ip_forward is on for containers only; accept_redirects was ";

    private const byte NFPROTO_IPV4 = 2; // linux/netfilter.h

    /// <summary>The network of an engine.</summary>
    public static HostForwarding For(NetworkOptions options) => new(options.BridgeName, options.TableName);

    /// <summary>Has the host forward for its own sake, as a router does.</summary>
    /// <param name="alsoIPv6">Whether IPv6 packets too: the host heeds router advertisements no longer then (ip-sysctl, accept_ra).</param>
    /// <exception cref="LayerImageException">NetworkFailed or NotPrivileged.</exception>
    public static void ForHost(bool alsoIPv6 = false)
    {
        if (alsoIPv6)
        {
            KernelParameter.Set(Ipv6Forward, "1");
        }
        KernelParameter.Set(IpForward, "1");
        For(new NetworkOptions { NamespaceFolder = "" }).LeaveToHost();
    }

    /// <summary>Has the kernel forward; called when the bridge and the rules are there, and after a container was connected. Idempotent.</summary>
    /// <exception cref="LayerImageException">NetworkFailed or NotPrivileged.</exception>
    public void Open()
    {
        if (FindNote() is null)
        {
            if (KernelParameter.Get(IpForward) == "1")
            {
                return;
            }
            SetNote(Note + KernelParameter.Get(AcceptRedirects));
        }
        OpenForContainersOnly();
    }

    /// <summary>Takes it back when there is no container any more. Idempotent.</summary>
    public void CloseIfUnused()
    {
        if (FindNote() is not string note || AddressOwner.LinksIn(bridge).Count > 0)
        {
            return;
        }
        KernelParameter.Set(IpForward, "0");
        KernelParameter.Set(AcceptRedirects, note[^1..]);
        LeaveToHost();
        // One that was connected meanwhile found it still on, or turned it on before it was taken back.
        if (AddressOwner.LinksIn(bridge).Count > 0)
        {
            SetNote(note);
            OpenForContainersOnly();
        }
    }

    /// <summary>From now on the host forwards for its own sake: nothing is dropped any more, and nothing taken back. Idempotent.</summary>
    public void LeaveToHost()
    {
        if (FindNote() is null)
        {
            return;
        }
        SetNote("");
        Execute([.. Drops(NftMessages.Add), .. Drops(NftMessages.Delete)], tolerated: LinuxException.ENOENT);
    }

    // The rule before the setting: no moment in between forwards for everybody.
    private void OpenForContainersOnly()
    {
        Execute([.. Drops(NftMessages.Add)], tolerated: 0);
        KernelParameter.Set(IpForward, "1");
    }

    private IEnumerable<NetlinkMessage> Drops(Func<string, string, IEnumerable<NftElement>, NftFamily, IEnumerable<NetlinkMessage>> verb) =>
        verb(table, NetworkRules.ForContainersOnly, [new NftElement([NFPROTO_IPV4])], NftFamily.Inet);

    private string? FindNote()
    {
        using NetlinkSocket socket = NetlinkSocket.OpenRoute();
        return AddressOwner.Find(socket, bridge)?.Alias is string alias && alias.StartsWith(Note, StringComparison.Ordinal) && alias.Length == Note.Length + 1
            ? alias
            : null;
    }

    private void SetNote(string note)
    {
        using NetlinkSocket socket = NetlinkSocket.OpenRoute();
        socket.Execute(RouteMessages.SetAlias((int)IfNameToIndex(bridge), note), bridge);
    }

    private void Execute(IReadOnlyList<NetlinkMessage> requests, int tolerated)
    {
        using NetlinkSocket socket = NetlinkSocket.OpenNetfilter();
        int errno = socket.TryExecuteTogether(requests);
        if (errno != 0 && errno != tolerated)
        {
            throw new LinuxException("netlink", errno, $"nftables table {table}");
        }
    }
}
