using System.Xml.Linq;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>What a zone file's elements mean.</summary>
internal static class ZoneFileReader
{
    private static readonly string[] s_known =
        [
            "short",
            "description",
            "service",
            "port",
            "source",
            "interface",
            "forward",
            "protocol",
            "source-port",
            "icmp-block",
            "icmp-block-inversion",
            "masquerade",
            "forward-port",
        ];

    /// <exception cref="LayerImageException"><see cref="EngineError.FirewallConfigurationInvalid"/>.</exception>
    public static ZoneSettings Read(string name, string path, XElement root)
    {
        return new ZoneSettings
        {
            Name = name,
            Target = Target(path, root),
            Interfaces = [.. Each("interface").Select(element => Interface(path, element)).Distinct()],
            Sources = [.. Each("source").Where(element => element.Attribute("ipset") is null).Select(element => Source(path, element)).Distinct()],
            Services = [.. Each("service").Select(element => FirewallXml.Name(path, element, "name", FirewallNames.IsService)).Distinct()],
            Protocols = [.. Each("protocol").Select(element => FirewallXml.Name(path, element, "value", FirewallNames.IsProtocol)).Distinct()],
            SourcePorts = [.. Each("source-port").Select(element => FirewallXml.Port(path, element)).Distinct()],
            Short = Text("short"),
            Description = Text("description"),
            ForwardPorts = [.. Each("forward-port").Select(element => Forward(path, element)).Distinct()],
            Masquerade = root.Element("masquerade") is not null,
            Forward = root.Element("forward") is not null,
            IcmpBlocks = [.. Each("icmp-block").Select(element => FirewallXml.Required(path, element, "name")).Distinct()],
            IcmpBlockInversion = root.Element("icmp-block-inversion") is not null,
            RichRules = [.. Each("rule").Where(element => PortRuleSource(element) is null).Select(RichRuleText.Of).Distinct()],
            NotSupported = [.. NotSupported(root)],
            Ports = Ports(name, path, root),
        };

        string Text(string kind) => root.Element(kind)?.Value ?? "";

        IEnumerable<XElement> Each(string kind) => root.Elements(kind);
    }

    /// <summary>Element names (with the rule's action for rich rules) that are skipped.</summary>
    private static IEnumerable<string> NotSupported(XElement root) => root.Elements()
        .Where(element => !s_known.Contains(element.Name.LocalName) && PortRuleSource(element) is null)
        .Select(element => $"<{element.Name.LocalName}>")
        .Concat(root.Elements("source").Where(element => element.Attribute("ipset") is not null).Select(_ => "<source ipset>"))
        .Distinct();

    /// <summary>The source of a rich rule that does nothing but let a port in from there; null for anything else.</summary>
    public static SourceAddress? PortRuleSource(XElement element)
    {
        if (element.Name.LocalName != "rule" || element.Attribute("priority") is not null || element.Elements().Count() != 3
            || element.Element("port") is null || element.Element("accept") is not { HasElements: false }
            || element.Element("source") is not { } source || source.Attribute("invert") is not null)
        {
            return null;
        }
        return SourceAddress.TryParse(source.Attribute("address")?.Value, out SourceAddress address) ? address : null;
    }

    /// <summary>The port of a port element or of a rich rule.</summary>
    public static PortElement PortOf(string path, XElement element) =>
        FirewallXml.Port(path, element.Name.LocalName == "rule" ? element.Element("port")! : element);

    private static Dictionary<PortSetKey, IReadOnlyList<PortElement>> Ports(string name, string path, XElement root)
    {
        Dictionary<PortSetKey, HashSet<PortElement>> ports = [];
        foreach (XElement element in root.Elements())
        {
            SourceAddress? source = PortRuleSource(element);
            if (source is null && element.Name.LocalName != "port")
            {
                continue;
            }
            PortSetKey key = PortSetKey.Of(name, source);
            PortElement port = PortOf(path, element);
            ports.TryAdd(key, []);
            // A file edited by hand may hold overlapping ranges, which a set of the kernel's refuses; they are left
            // apart here (so that each can be found again) and become one where the set is made.
            ports[key].Add(port);
        }
        return ports.ToDictionary(set => set.Key, set => (IReadOnlyList<PortElement>)[.. set.Value]);
    }

    private static string Target(string path, XElement root)
    {
        string target = root.Attribute("target")?.Value ?? "";
        return target switch
        {
            "" or ZoneSettings.DefaultTarget => ZoneSettings.DefaultTarget,
            "ACCEPT" or "DROP" or "%%REJECT%%" => target,
            "REJECT" => "%%REJECT%%",
            _ => throw FirewallXml.Invalid(path, root, $"'{target}' is not a target (default, ACCEPT, DROP, %%REJECT%%)"),
        };
    }

    public static ForwardPort Forward(string path, XElement element)
    {
        string port = FirewallXml.Required(path, element, "port"), protocol = FirewallXml.Required(path, element, "protocol");
        string toPort = element.Attribute("to-port")?.Value ?? "", toAddress = element.Attribute("to-addr")?.Value ?? "";
        return ForwardPort.Read(port, protocol, toPort, toAddress)
            ?? throw FirewallXml.Invalid(
                path, element, $"port '{port}', protocol '{protocol}', to-port '{toPort}' and to-addr '{toAddress}' are no forward port");
    }

    private static string Interface(string path, XElement element) =>
        FirewallXml.Name(path, element, "name", FirewallNames.IsInterface);

    public static string Source(string path, XElement element)
    {
        string text = FirewallXml.Required(path, element, "address");
        return SourceAddress.TryParse(text, out SourceAddress address) ? address.ToString()
            : FirewallNames.IsHardwareAddress(text) ? text.ToLowerInvariant()
            : throw FirewallXml.Invalid(path, element, $"'{text}' is not an address, a network or a hardware address");
    }
}
