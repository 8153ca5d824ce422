using System.Text.Json;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>Reads the running firewall from nft's JSON (libnftables-json(5)): sets by their names, zones by the rules' comments.</summary>
internal static class NftFirewallReader
{
    /// <exception cref="LayerImageException"><see cref="EngineError.FirewallFailed"/>: the table is not one that this program made.</exception>
    public static FirewallState Parse(NftZoneTable table, string json)
    {
        Dictionary<string, ZoneSettings> zones = [];
        Dictionary<string, Dictionary<PortSetKey, IReadOnlyList<PortElement>>> sets = [];
        string? defaultZone = null;
        string logDenied = FirewallState.LogDeniedOff;
        using JsonDocument document = JsonDocument.Parse(json);
        foreach (JsonElement item in document.RootElement.GetProperty("nftables").EnumerateArray())
        {
            if (item.TryGetProperty("set", out JsonElement set) && PortSetKey.FromName(Text(set, "name")) is { } key)
            {
                sets.TryAdd(key.Zone, []);
                sets[key.Zone][key] = [.. Elements(set)];
                zones.TryAdd(key.Zone, new ZoneSettings { Name = key.Zone });
            }
            else if (item.TryGetProperty("rule", out JsonElement rule) && Text(rule, "comment") is { Length: > 0 } comment)
            {
                logDenied = comment.StartsWith("log ", StringComparison.Ordinal) ? comment["log ".Length..] : logDenied;
                defaultZone = Note(table, zones, Text(rule, "chain"), comment) ?? defaultZone;
            }
        }
        if (defaultZone is null || !zones.ContainsKey(defaultZone))
        {
            throw new LayerImageException(EngineError.FirewallFailed, $"The nftables table inet {table.Name} is not as this program made it.")
            {
                Target = table.Name,
                Advice = "Stop the firewall and start it again.",
            };
        }
        return new FirewallState(defaultZone, zones.Values.Select(zone => zone with { Ports = sets[zone.Name] }).ToDictionary(zone => zone.Name)) { LogDenied = logDenied };
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
                ["forward-port", string forward] when ForwardPort.Parse(forward) is { } known => zone with { ForwardPorts = [.. zone.ForwardPorts.Union([known])] },
                ["icmp-block-inversion"] => zone with { IcmpBlockInversion = true },
                ["protocol", string name] => zone with { Protocols = [.. zone.Protocols.Union([name])] },
                _ => zone,
            };
        }
        if (chain != (table.FiltersHost ? "input" : "forward") || words is not ["bind", string bound, string kind, ..] || !zones.TryGetValue(bound, out ZoneSettings? holder))
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

    /// <summary>
    /// An element is a bare value, or an object "elem" around it when it has a time or a comment:
    /// <c>{"concat": ["tcp", 80]}</c>, <c>{"elem": {"val": {"concat": ["tcp", {"range": [1, 2]}]}, "timeout": 9, "expires": 5}}</c>.
    /// </summary>
    private static IEnumerable<PortElement> Elements(JsonElement set)
    {
        if (!set.TryGetProperty("elem", out JsonElement elements))
        {
            yield break;
        }
        foreach (JsonElement item in elements.EnumerateArray())
        {
            bool wrapped = item.TryGetProperty("elem", out JsonElement element);
            JsonElement concat = (wrapped ? element.GetProperty("val") : item).GetProperty("concat");
            JsonElement protocol = concat[0], port = concat[1];
            string name = protocol.ValueKind == JsonValueKind.Number ? protocol.GetRawText() : protocol.GetString()!;
            if (!FirewallProtocols.TryParse(name, out FirewallProtocol known))
            {
                continue;
            }
            PortRange range = port.ValueKind == JsonValueKind.Number ? new PortRange(port.GetInt32(), port.GetInt32())
                : new PortRange(port.GetProperty("range")[0].GetInt32(), port.GetProperty("range")[1].GetInt32());
            yield return new PortElement(known, range)
            {
                Timeout = wrapped ? Seconds(element, "timeout") : null,
                Expires = wrapped ? Seconds(element, "expires") : null,
                Owners = wrapped && Text(element, "comment") is { Length: > 0 } owners ? owners : null,
            };
        }
    }

    // nft rounds down to seconds; a part of one is still a time.
    private static TimeSpan? Seconds(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement seconds) ? TimeSpan.FromSeconds(Math.Max(1, seconds.GetInt64())) : null;

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement text) ? text.GetString() ?? "" : "";
}
