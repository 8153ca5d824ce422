using System.Globalization;
using System.Text;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// The nftables commands of the host firewall: pure functions, one transaction each. The comments on rules are read
/// back by <see cref="NftFirewallReader"/>, so the kernel alone says what runs.
/// <para>
/// Packets to the host go through <c>input</c>, packets to containers through <c>forward</c>; both find the zone by the
/// sender, then by the interface, else take the default zone. A published port has been translated by then, so in
/// <c>forward</c> the port that the sender asked for is the one that connection tracking remembers.
/// </para>
/// </summary>
internal static class NftFirewallScript
{
    /// <summary>The bridge that containers are on.</summary>
    public const string ContainerBridge = "limg0";

    private const string Reject = "reject with icmpx admin-prohibited";

    public static string Delete(NftZoneTable table) => $"delete table inet {table.Name}\n";

    /// <summary>Replaces the whole table, or makes it.</summary>
    /// <param name="table">Which table.</param>
    /// <param name="state">The zones, in the order of their names.</param>
    /// <param name="services">The definitions of all services named in them, without includes.</param>
    public static string Load(NftZoneTable table, FirewallState state, IReadOnlyDictionary<string, IReadOnlyList<ServiceDefinition>> services)
    {
        StringBuilder script = new();
        script.Append(CultureInfo.InvariantCulture, $"add table inet {table.Name}\ndelete table inet {table.Name}\ntable inet {table.Name} {{\n");
        ZoneSettings[] zones = [.. state.Zones.Values.OrderBy(zone => zone.Name, StringComparer.Ordinal)];
        foreach (ZoneSettings zone in zones)
        {
            AppendSets(script, table, zone);
            if (table.FiltersHost)
            {
                AppendZone(script, zone, services, state.LogDenied, forward: false);
            }
            AppendZone(script, zone, services, state.LogDenied, forward: true);
        }
        if (table.FiltersHost)
        {
            AppendInput(script, state, zones);
            NftForwardPorts.Append(script, state, zones);
            AppendMasquerade(script, state, zones);
        }
        AppendForward(script, state, zones);
        return script.Append("}\n").ToString();
    }

    /// <summary>Makes a set with its rules: that of a source that no rule was limited to yet.</summary>
    public static string AddSet(NftZoneTable table, PortSetKey key, IReadOnlyList<PortElement> elements)
    {
        StringBuilder script = new();
        script.Append(CultureInfo.InvariantCulture, $"add set inet {table.Name} {key.Name} {{ type inet_proto . inet_service; flags interval,timeout; }}\n");
        if (table.FiltersHost)
        {
            script.AppendJoin("", SourceRules(key, forward: false).Select(rule => $"add rule inet {table.Name} in.{key.Zone}.sources {rule}\n"));
        }
        script.AppendJoin("", SourceRules(key, forward: true).Select(rule => $"add rule inet {table.Name} fwd.{key.Zone}.sources {rule}\n"));
        if (elements.Count > 0)
        {
            script.Append(CultureInfo.InvariantCulture, $"add element inet {table.Name} {key.Name} {{ {string.Join(", ", elements.Select(Element))} }}\n");
        }
        return script.ToString();
    }

    private static void AppendSets(StringBuilder script, NftZoneTable table, ZoneSettings zone)
    {
        foreach (PortSetKey key in zone.Ports.Keys.Union([PortSetKey.Of(zone.Name), PortSetKey.OwnedOf(zone.Name)])
            .OrderBy(key => key.Name, StringComparer.Ordinal))
        {
            script.Append(CultureInfo.InvariantCulture, $"\tset {key.Name} {{\n\t\ttype inet_proto . inet_service\n\t\tflags interval,timeout\n");
            PortElement[] elements = [.. Disjoint(zone.Elements(key))];
            if (elements.Length > 0)
            {
                script.Append(CultureInfo.InvariantCulture, $"\t\telements = {{ {string.Join(", ", elements.Select(Element))} }}\n");
            }
            script.Append("\t}\n");
        }
        foreach (string side in table.FiltersHost ? (string[])["in", "fwd"] : ["fwd"])
        {
            IEnumerable<string> rules = zone.Ports.Keys.Where(key => key.Source is not null).OrderBy(key => key.Name, StringComparer.Ordinal)
                .SelectMany(key => SourceRules(key, side == "fwd"));
            AppendChain(script, $"{side}.{zone.Name}.sources", rules);
        }
    }

    private static void AppendZone(StringBuilder script, ZoneSettings zone,
        IReadOnlyDictionary<string, IReadOnlyList<ServiceDefinition>> services, string logDenied, bool forward)
    {
        List<string> rules = forward ? [] : [.. IcmpRules(zone)];
        if (forward && zone.Target != "ACCEPT")
        {
            // Who routes packets straight to a container's address would otherwise pass by the port rules.
            rules.Add($"ct status & dnat == 0 {Reject}");
        }
        rules.AddRange(PortRules(PortSetKey.Of(zone.Name), "", forward));
        rules.AddRange(PortRules(PortSetKey.OwnedOf(zone.Name), "", forward));
        rules.AddRange(NftForwardPorts.Admitting(zone));
        rules.Add($"jump {(forward ? "fwd" : "in")}.{zone.Name}.sources");
        rules.AddRange(zone.Services.SelectMany(name => services[name]
            .SelectMany(service => NftServiceRules.Of(service, forward)).Distinct().Select(rule => $"{rule} accept comment \"service {name}\"")));
        if (!forward)
        {
            rules.AddRange(zone.Protocols.Select(protocol => $"meta l4proto {IpProtocols.Number(protocol)} accept comment \"protocol {protocol}\""));
            rules.AddRange(
                zone.SourcePorts.Select(port =>
                    $"{port.Protocol.Name()} sport {port.Range} accept comment \"source-port {port.Range}/{port.Protocol.Name()}\""));
            if (zone.Target == ZoneSettings.DefaultTarget)
            {
                rules.Add("meta l4proto { 1, 58 } accept comment \"icmp, ipv6-icmp\"");
            }
        }
        rules.AddRange(Log(zone, logDenied));
        string verdict = zone.Target switch { "ACCEPT" => "accept", "DROP" => "drop", _ => Reject };
        rules.Add($"{verdict} comment \"target {zone.Target}\"");
        if (!forward)
        {
            // Never reached: what the zone is besides, to be read back.
            rules.AddRange(zone.Masquerade ? ["continue comment \"masquerade\""] : []);
            rules.AddRange(zone.Forward ? ["continue comment \"forward\""] : []);
        }
        AppendChain(script, $"{(forward ? "fwd" : "in")}.{zone.Name}", rules);
    }

    private static void AppendInput(StringBuilder script, FirewallState state, ZoneSettings[] zones)
    {
        AppendChain(script, "input",
        [
            "type filter hook input priority filter; policy accept;",
            "ct state established,related accept",
            "iifname \"lo\" accept",
            "icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, "
                + "mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } accept",
            "ct state invalid drop",
            .. Dispatch(state, zones, "in"),
        ]);
    }

    private static void AppendForward(StringBuilder script, FirewallState state, ZoneSettings[] zones)
    {
        AppendChain(script, "forward",
        [
            "type filter hook forward priority filter; policy accept;",
            "ct state established,related accept",
            $"oifname != \"{ContainerBridge}\" accept",
            $"iifname \"{ContainerBridge}\" accept",
            .. Dispatch(state, zones, "fwd"),
        ]);
    }

    /// <summary>The types of ICMP that a zone blocks; with the inversion it lets in these and blocks all others. Before everything that lets in.</summary>
    private static IEnumerable<string> IcmpRules(ZoneSettings zone)
    {
        string verdict = zone.IcmpBlockInversion ? "accept" : Reject;
        foreach (string name in zone.IcmpBlocks)
        {
            foreach (string match in IcmpTypes.Matches(name))
            {
                yield return $"{match} {verdict} comment \"icmp-block {name}\"";
            }
        }
        if (zone.IcmpBlockInversion)
        {
            yield return $"meta l4proto {{ 1, 58 }} {Reject} comment \"icmp-block-inversion\"";
        }
    }

    // The words that firewalld's log lines begin with; the kernel cuts them at 127 bytes.
    private static IEnumerable<string> Log(ZoneSettings zone, string logDenied)
    {
        if (logDenied == FirewallState.LogDeniedOff || zone.Target == "ACCEPT")
        {
            return [];
        }
        string of = logDenied == "all" ? "" : $"pkttype {(logDenied == "unicast" ? "host" : logDenied)} ";
        string fate = zone.Target == "DROP" ? "DROP" : "REJECT";
        return [$"{of}log prefix \"filter_IN_{zone.Name}_{fate}: \" comment \"log {logDenied}\""];
    }

    /// <summary>Packets that leave by a zone that masquerades get this host's own address (firewalld.zone(5)).</summary>
    private static void AppendMasquerade(StringBuilder script, FirewallState state, ZoneSettings[] zones)
    {
        if (!zones.Any(zone => zone.Masquerade))
        {
            return;
        }
        List<string> rules = ["type nat hook postrouting priority srcnat; policy accept;"];
        string[] bound = [.. zones.SelectMany(zone => zone.Interfaces).Where(name => name != ContainerBridge).Select(Pattern)];
        foreach (ZoneSettings zone in zones.Where(zone => zone.Masquerade))
        {
            rules.AddRange(zone.Interfaces.Where(name => name != ContainerBridge).Select(name => $"oifname \"{Pattern(name)}\" masquerade"));
            if (zone.Name == state.DefaultZone)
            {
                rules.Add(string.Concat(bound.Append("lo").Append(ContainerBridge).Select(name => $"oifname != \"{name}\" ")) + "masquerade");
            }
        }
        AppendChain(script, "postrouting", rules);
    }

    private static string Pattern(string interfaceName) => interfaceName.EndsWith('+') ? interfaceName[..^1] + "*" : interfaceName;

    /// <summary>The rules that lead a packet to the chain of its zone: by the sender, then by the interface, else the default zone's.</summary>
    public static IEnumerable<string> Dispatch(FirewallState state, ZoneSettings[] zones, string side)
    {
        // The narrower network first, so that a host can be in another zone than its network.
        IEnumerable<(string Source, ZoneSettings Zone)> sources = zones
            .SelectMany(zone => zone.Sources.Select(source => (source, zone)))
            .OrderByDescending(pair => SourceAddress.TryParse(pair.source, out SourceAddress address) ? address.PrefixLength : 128)
            .ThenBy(pair => pair.source, StringComparer.Ordinal);
        foreach ((string source, ZoneSettings zone) in sources)
        {
            string match = !SourceAddress.TryParse(source, out SourceAddress address) ? $"ether saddr {source}" : From(address);
            yield return $"{match} goto {side}.{zone.Name} comment \"bind {zone.Name} source {source}\"";
        }
        foreach ((string name, ZoneSettings zone) in zones.SelectMany(zone => zone.Interfaces.Select(name => (name, zone)))
            .OrderBy(pair => pair.name.EndsWith('+')).ThenByDescending(pair => pair.name.Length))
        {
            yield return $"iifname \"{Pattern(name)}\" goto {side}.{zone.Name} comment \"bind {zone.Name} interface {name}\"";
        }
        yield return $"goto {side}.{state.DefaultZone} comment \"bind {state.DefaultZone} default\"";
    }

    private static IEnumerable<string> SourceRules(PortSetKey key, bool forward) =>
        key.Source is { } source ? PortRules(key, From(source) + " ", forward) : [];

    private static IEnumerable<string> PortRules(PortSetKey key, string match, bool forward)
    {
        // Connection tracking's port has a type only where the protocol is known, hence a rule for each.
        return forward
            ? FirewallProtocols.All.Select(protocol => $"{match}meta l4proto {protocol.Name()} meta l4proto . ct original proto-dst @{key.Name} accept")
            : [$"{match}meta l4proto . th dport @{key.Name} accept"];
    }

    public static void AppendChain(StringBuilder script, string name, IEnumerable<string> rules) =>
        script.Append(CultureInfo.InvariantCulture, $"\tchain {name} {{\n").AppendJoin("", rules.Select(rule => $"\t\t{rule}\n")).Append("\t}\n");

    // A file edited by hand may hold ranges that overlap, which a set of the kernel's refuses.
    private static IEnumerable<PortElement> Disjoint(IReadOnlyList<PortElement> elements) =>
        elements.Any(element => element.Owners is not null) ? elements : PortSetAlgebra.Unite(elements);

    private static string From(SourceAddress source) => $"{(source.IsIPv6 ? "ip6" : "ip")} saddr {source}";

    private static string Value(PortElement element) => $"{element.Protocol.Name()} . {element.Range}";

    private static string Element(PortElement element)
    {
        string text = Value(element);
        if (element.Timeout is { } timeout)
        {
            text += $" timeout {Milliseconds(timeout)}" + (element.Expires is { } expires ? $" expires {Milliseconds(expires)}" : "");
        }
        return element.Owners is null ? text : $"{text} comment \"{element.Owners}\"";
    }

    private static string Milliseconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, (long)time.TotalMilliseconds)}ms");
}
