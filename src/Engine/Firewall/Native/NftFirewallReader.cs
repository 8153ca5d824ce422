using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Netlink;

namespace LayerImage.Engine.Firewall;

/// <summary>Reads the running firewall from its table: sets by their names, zones by the rules' comments.</summary>
internal static class NftFirewallReader
{
    /// <exception cref="LayerImageException"><see cref="EngineError.FirewallFailed"/>: the table is not one that this program made.</exception>
    public static FirewallState Read(NftZoneTable table, NftTableContents contents)
    {
        Dictionary<string, ZoneSettings> zones = [];
        Dictionary<string, Dictionary<PortSetKey, IReadOnlyList<PortElement>>> sets = [];
        string? defaultZone = null;
        string logDenied = FirewallState.LogDeniedOff;
        foreach ((string name, IReadOnlyList<NftElement> elements) in contents.Sets)
        {
            if (PortSetKey.FromName(name) is { } key)
            {
                sets.TryAdd(key.Zone, []);
                sets[key.Zone][key] = [.. elements.Select(NftPortElement.Read).OfType<PortElement>()];
                zones.TryAdd(key.Zone, new ZoneSettings { Name = key.Zone });
            }
        }
        foreach ((string chain, string comment) in contents.Comments)
        {
            logDenied = comment.StartsWith("log ", StringComparison.Ordinal) ? comment["log ".Length..] : logDenied;
            defaultZone = Note(table, zones, chain, comment) ?? defaultZone;
        }
        if (defaultZone is null || !zones.ContainsKey(defaultZone))
        {
            throw new LayerImageException(EngineError.FirewallFailed, $"The nftables table inet {table.Name} is not as this program made it.")
            {
                Target = table.Name,
                Advice = "Stop the firewall and start it again.",
            };
        }
        return new FirewallState(
            defaultZone,
            zones.Values.Select(zone => zone with { Ports = sets[zone.Name] }).ToDictionary(zone => zone.Name)) { LogDenied = logDenied };
    }

    /// <summary>Notes what a rule's comment says; returns the default zone's name when it is about that.</summary>
    private static string? Note(NftZoneTable table, Dictionary<string, ZoneSettings> zones, string chain, string comment)
    {
        string[] words = comment.Split(' ');
        // Where there are both, the forward chains say all of it again.
        string side = table.FiltersHost ? "in." : "fwd.";
        if (chain.StartsWith(side, StringComparison.Ordinal) && zones.TryGetValue(chain[side.Length..], out ZoneSettings? zone))
        {
            zones[zone.Name] = words switch
            {
                ["target", string target] => zone with { Target = target },
                ["service", string name] => zone with { Services = [.. zone.Services.Union([name])] },
                ["icmp-block", string name] => zone with { IcmpBlocks = [.. zone.IcmpBlocks.Union([name])] },
                ["masquerade"] => zone with { Masquerade = true },
                ["forward"] => zone with { Forward = true },
                ["source-port", string port] when ReadPort(port) is { } element => zone with { SourcePorts = [.. zone.SourcePorts.Union([element])] },
                ["forward-port", string forward] when ForwardPort.Parse(forward) is { } known =>
                    zone with { ForwardPorts = [.. zone.ForwardPorts.Union([known])] },
                ["icmp-block-inversion"] => zone with { IcmpBlockInversion = true },
                ["protocol", string name] => zone with { Protocols = [.. zone.Protocols.Union([name])] },
                _ => zone,
            };
        }
        if (chain != (table.FiltersHost ? "input" : "forward")
            || words is not ["bind", string bound, string kind, ..]
            || !zones.TryGetValue(bound, out ZoneSettings? holder))
        {
            return null;
        }
        zones[bound] = (kind, words.ElementAtOrDefault(3)) switch
        {
            ("source", { } source) => holder with { Sources = [.. holder.Sources, source] },
            ("interface", { } name) => holder with { Interfaces = [.. holder.Interfaces, name] },
            _ => holder,
        };
        return kind == "default" ? bound : null;
    }

    private static PortElement? ReadPort(string text) => text.Split('/') is [var range, var name] && PortRange.TryParse(range, out PortRange ports)
        && FirewallProtocols.TryParse(name, out FirewallProtocol protocol) ? new PortElement(protocol, ports) : null;
}
