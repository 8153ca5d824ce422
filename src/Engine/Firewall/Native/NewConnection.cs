using System.Globalization;

namespace LayerImage.Engine.Firewall;

/// <summary>The first packet of another host, and which rules fit it.</summary>
/// <param name="Protocol">Its protocol.</param>
/// <param name="Port">The port that it is for there.</param>
/// <param name="IsForwarded">It was translated and goes to a container; false: to this host; null: that is not decided yet.</param>
internal sealed record NewConnection(FirewallProtocol Protocol, int Port, bool? IsForwarded)
{
    // docker's, podman's, CNI's, libvirt's and LXC's names.
    private static readonly string[] s_bridges = [NftFirewallScript.ContainerBridge, "docker", "br-", "podman", "cni", "virbr", "lxcbr", "veth"];

    private static readonly string[] s_verdicts = ["accept", "drop", "reject", "return", "jump", "goto"];

    /// <summary>Reads a rule: whether it fits (null: that cannot be told), its verdict ("" for none), and where it jumps to.</summary>
    public (bool? Fits, string Verdict, string? Target) Read(IReadOnlyList<string> rule)
    {
        bool? fits = true;
        for (int i = 0; i < rule.Count; i++)
        {
            if (s_verdicts.Contains(rule[i]))
            {
                return (fits, rule[i], rule.ElementAtOrDefault(i + 1));
            }
            switch (rule[i])
            {
                case "counter" or "continue":
                    break;
                case "log":
                    // Its words are in quotes, and numbers follow names.
                    while (i + 1 < rule.Count && !s_verdicts.Contains(rule[i + 1]) && rule[i + 1] is not ("counter" or "comment"))
                    {
                        i++;
                    }
                    break;
                case "comment":
                    i++;
                    break;
                default:
                    (bool? part, int length) = Match(rule, i);
                    fits = fits == false || part == false ? false : fits is null || part is null ? null : true;
                    i += length - 1;
                    break;
            }
        }
        return (fits, "", null);
    }

    /// <summary>One match, and how many words it has.</summary>
    private (bool? Fits, int Length) Match(IReadOnlyList<string> rule, int start)
    {
        (Func<string, bool?>? test, int length) = (rule[start], rule.ElementAtOrDefault(start + 1)) switch
        {
            ("tcp" or "udp" or "sctp" or "dccp" or "th", "dport") => (rule[start] == "th" || rule[start] == Protocol.Name() ? IsPort : _ => false, 2),
            ("meta", "l4proto") or ("ip", "protocol") => (IsProtocol, 2),
            ("ct", "state") => ((Func<string, bool?>)(state => state == "new"), 2),
            ("ct", "status") => (HasStatus, 2),
            ("meta", "nfproto") => (family => family == "ipv4", 2),
            ("iif" or "iifname", _) => (IsIncoming, 1),
            ("oif" or "oifname", _) => (IsOutgoing, 1),
            ("icmp" or "icmpv6" or "ip6", _) => (_ => false, 2),
            ("fib", "daddr") => (kind => kind == "local" ? IsForwarded != true : kind is "broadcast" or "multicast" or "anycast" ? false : null, 3),
            _ => (null, 1),
        };
        if (test is null)
        {
            return (null, 1);
        }
        int at = start + length;
        if (rule.ElementAtOrDefault(at) == "vmap")
        {
            // A verdict for each value: of the states, what is not said of new connections does not concern this one.
            return (rule[start] == "ct" && !rule.Contains("new") ? false : null, 1);
        }
        bool isNegated = rule.ElementAtOrDefault(at) == "!=";
        at += isNegated || rule.ElementAtOrDefault(at) == "==" ? 1 : 0;
        List<string> values = [];
        if (rule.ElementAtOrDefault(at) == "{")
        {
            for (at++; at < rule.Count && rule[at] != "}"; at++)
            {
                values.Add(rule[at]);
            }
            at++;
        }
        else if (at < rule.Count)
        {
            // States and the like are a list without braces, whose commas were taken out.
            do
            {
                values.Add(rule[at++]);
            }
            while (rule[start] == "ct" && at < rule.Count && IsWordOf(rule[start + 1], rule[at]));
        }
        bool?[] results = [.. values.Select(test)];
        bool? fits = results.Contains(true) ? true : results.Contains(null) ? null : false;
        return (isNegated ? !fits : fits, at - start);
    }

    private static bool IsWordOf(string kind, string word) => kind == "state"
        ? word is "new" or "established" or "related" or "invalid" or "untracked"
        : word is "dnat" or "snat" or "expected" or "seen-reply" or "assured" or "confirmed" or "dying";

    // Another host's packet comes in by no loopback and by no bridge of containers or virtual machines.
    private bool? HasStatus(string status) => status switch
    {
        "dnat" when IsForwarded is { } forwarded => forwarded,
        "snat" or "seen-reply" or "assured" => false,
        _ => null,
    };

    private bool? IsOutgoing(string name) => IsForwarded switch
    {
        true => name == Quoted(NftFirewallScript.ContainerBridge),
        false => false,
        null => null,
    };

    private static bool? IsIncoming(string name) =>
        name == Quoted("lo") || s_bridges.Any(bridge => name.StartsWith("\"" + bridge, StringComparison.Ordinal)) ? false : null;

    private static string Quoted(string name) => $"\"{name}\"";

    private bool? IsPort(string text) => PortRange.TryParse(text, out PortRange range) ? range.Contains(new PortRange(Port, Port)) : text == "0" ? false : null;

    private bool? IsProtocol(string text) => FirewallProtocols.TryParse(text, out FirewallProtocol protocol) ? protocol == Protocol
        : text is "icmp" or "icmpv6" or "ipv6-icmp" || int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? false : null;
}
