using Tmds.DBus.Protocol;

namespace LayerImage.Engine.Firewall;

/// <summary>A zone as firewalld tells it: a dictionary whose members are those of firewalld.zone(5), absent where they are empty.</summary>
internal sealed class FirewalldZone(string name, IReadOnlyDictionary<string, VariantValue> settings)
{
    /// <summary>The settings that hold port rules.</summary>
    public const string PortsKey = "ports", RulesKey = "rules_str";

    // A policy's name for its rich rules.
    private const string PolicyRulesKey = "rich_rules";

    private const string ForwardsKey = "forward_ports";

    public string Name => name;

    /// <summary>The ports that are open to everyone, as pairs of port and protocol.</summary>
    public IReadOnlyList<PortElement> Ports => [.. PortsOf(settings, PortsKey)];

    /// <summary>The rich rules, as firewalld writes them.</summary>
    public IReadOnlyList<string> Rules => Texts(settings.ContainsKey(PolicyRulesKey) ? PolicyRulesKey : RulesKey);

    /// <summary>The same of a policy, which has most of a zone's members.</summary>
    public HostFirewallPolicy ReadPolicy() => HostFirewallPolicy.Of(Read(), Text("target"),
        settings.TryGetValue("priority", out VariantValue priority) ? priority.GetInt32() : 0, Texts("ingress_zones"), Texts("egress_zones"));

    /// <summary>The zone in the module's own terms.</summary>
    public ZoneSettings Read() => new()
    {
        Name = name,
        Target = Text("target") is { Length: > 0 } target ? target : ZoneSettings.DefaultTarget,
        Short = Text("short"),
        Description = Text("description"),
        Interfaces = Texts("interfaces"),
        Sources = Texts("sources"),
        Services = Texts("services"),
        Protocols = Texts("protocols"),
        SourcePorts = [.. PortsOf(settings, "source_ports")],
        ForwardPorts = [.. ForwardPorts()],
        Masquerade = Flag("masquerade"),
        Forward = Flag("forward"),
        IcmpBlocks = Texts("icmp_blocks"),
        IcmpBlockInversion = Flag("icmp_block_inversion"),
        RichRules = [.. Rules.Where(rule => FirewalldRichRule.ReadPort(rule) is null)],
        Ports = PortSets(),
    };

    /// <summary>The pairs of port and protocol of a member; of protocols that have no ports here, none.</summary>
    public static IEnumerable<PortElement> PortsOf(IReadOnlyDictionary<string, VariantValue> settings, string key)
    {
        if (!settings.TryGetValue(key, out VariantValue pairs))
        {
            yield break;
        }
        for (int i = 0; i < pairs.Count; i++)
        {
            VariantValue pair = pairs.GetItem(i);
            if (PortRange.TryParse(pair.GetItem(0).GetString(), out PortRange range)
                && FirewallProtocols.TryParse(pair.GetItem(1).GetString(), out FirewallProtocol protocol))
            {
                yield return new PortElement(protocol, range);
            }
        }
    }

    /// <summary>The members that must be set to make one zone another.</summary>
    /// <param name="before">What it is.</param>
    /// <param name="after">What it is to be.</param>
    /// <param name="forDisk">Whether the members that firewalld has on the disk only are wanted too.</param>
    public static Dictionary<string, VariantValue> Difference(ZoneSettings before, ZoneSettings after, bool forDisk)
    {
        Dictionary<string, VariantValue> members = [];
        List("interfaces", zone => zone.Interfaces);
        List("sources", zone => zone.Sources);
        List("services", zone => zone.Services);
        List("protocols", zone => zone.Protocols);
        List("icmp_blocks", zone => zone.IcmpBlocks);
        if (!before.SourcePorts.SequenceEqual(after.SourcePorts))
        {
            members.Add("source_ports", Pairs(after.SourcePorts));
        }
        if (!before.ForwardPorts.SequenceEqual(after.ForwardPorts))
        {
            members.Add(ForwardsKey, Forwards(after.ForwardPorts));
        }
        Flag("icmp_block_inversion", zone => zone.IcmpBlockInversion);
        Flag("masquerade", zone => zone.Masquerade);
        Flag("forward", zone => zone.Forward);
        if (forDisk)
        {
            Text("target", zone => zone.Target);
            Text("description", zone => zone.Description);
        }
        return members;

        void List(string key, Func<ZoneSettings, IReadOnlyList<string>> get)
        {
            if (!get(before).SequenceEqual(get(after)))
            {
                members.Add(key, VariantValue.Array(get(after).ToArray()));
            }
        }

        void Flag(string key, Func<ZoneSettings, bool> get)
        {
            if (get(before) != get(after))
            {
                members.Add(key, get(after));
            }
        }

        void Text(string key, Func<ZoneSettings, string> get)
        {
            if (get(before) != get(after))
            {
                members.Add(key, get(after));
            }
        }
    }

    /// <summary>Ports as firewalld's members hold them.</summary>
    public static VariantValue Pairs(IEnumerable<PortElement> ports)
    {
        Array<Struct<string, string>> pairs = [.. ports.Select(port => Struct.Create(port.Range.ToString(), port.Protocol.Name()))];
        return pairs.AsVariantValue();
    }

    private static VariantValue Forwards(IEnumerable<ForwardPort> forwards)
    {
        Array<Struct<string, string, string, string>> all = [.. forwards.Select(forward =>
            Struct.Create(forward.Range.ToString(), forward.Protocol.Name(), $"{forward.ToPort}", $"{forward.ToAddress}"))];
        return all.AsVariantValue();
    }

    private IEnumerable<ForwardPort> ForwardPorts()
    {
        VariantValue all = settings.GetValueOrDefault(ForwardsKey);
        for (int i = 0; i < (all.Type == VariantValueType.Array ? all.Count : 0); i++)
        {
            VariantValue one = all.GetItem(i);
            if (ForwardPort.Read(one.GetItem(0).GetString(), one.GetItem(1).GetString(), one.GetItem(2).GetString(), one.GetItem(3).GetString()) is { } forward)
            {
                yield return forward;
            }
        }
    }

    private Dictionary<PortSetKey, IReadOnlyList<PortElement>> PortSets()
    {
        IEnumerable<(PortSetKey Key, PortElement Port)> everyone = Ports.Select(port => (PortSetKey.Of(name), port));
        IEnumerable<(PortSetKey Key, PortElement Port)> limited = Rules.Select(FirewalldRichRule.ReadPort).Where(rule => rule is not null)
            .Select(rule => (PortSetKey.Of(name, rule!.Source), rule.Port));
        return everyone.Concat(limited)
            .GroupBy(rule => rule.Key)
            .ToDictionary(set => set.Key, set => (IReadOnlyList<PortElement>)[.. set.Select(rule => rule.Port).Distinct()]);
    }

    private string Text(string key) => settings.TryGetValue(key, out VariantValue value) ? value.GetString() : "";

    private bool Flag(string key) => settings.TryGetValue(key, out VariantValue value) && value.GetBool();

    private string[] Texts(string key) => settings.TryGetValue(key, out VariantValue value) ? value.GetArray<string>() : [];
}
