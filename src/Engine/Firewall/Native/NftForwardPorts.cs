using System.Text;

namespace LayerImage.Engine.Firewall;

/// <summary>The rules of forward ports: they are translated before the routing decision, and let in by the port that was asked for.</summary>
internal static class NftForwardPorts
{
    /// <summary>
    /// The chain that translates, by the sender's zone, as firewalld has it: after the published ports of containers (its
    /// priority is dstnat + 10), and for packets that pass through as well as for those to this host.
    /// </summary>
    public static void Append(StringBuilder script, FirewallState state, ZoneSettings[] zones)
    {
        if (zones.All(zone => zone.ForwardPorts.Count == 0))
        {
            return;
        }
        foreach (ZoneSettings zone in zones)
        {
            NftFirewallScript.AppendChain(script, $"pre.{zone.Name}", zone.ForwardPorts.Select(Translation));
        }
        NftFirewallScript.AppendChain(
            script,
            "prerouting",
            ["type nat hook prerouting priority dstnat + 10; policy accept;", .. NftFirewallScript.Dispatch(state, zones, "pre")]);
    }

    /// <summary>Lets in what was translated; the comment is read back.</summary>
    public static IEnumerable<string> Admitting(ZoneSettings zone) => zone.ForwardPorts.Select(forward =>
        $"ct status dnat meta l4proto {forward.Protocol.Name()} ct original proto-dst {forward.Range} accept comment \"forward-port {forward}\"");

    private static string Translation(ForwardPort forward)
    {
        string match = $"{forward.Protocol.Name()} dport {forward.Range}", port = forward.ToPort is { } range ? $":{range}" : "";
        return forward.ToAddress is not { } address ? $"meta nfproto ipv4 {match} redirect to {port}"
            : forward.IsIPv6 ? $"meta nfproto ipv6 {match} dnat ip6 to {(port.Length > 0 ? $"[{address}]" : address)}{port}"
            : $"meta nfproto ipv4 {match} dnat ip to {address}{port}";
    }
}
