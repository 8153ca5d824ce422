using System.Xml.Linq;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// A zone's file in firewalld's format (firewalld.zone(5)). It is edited, not written anew: elements that this program
/// does not know, comments and the order stay as they are. A port rule limited to a source is a rich rule.
/// </summary>
internal sealed class ZoneFile
{
    private readonly XDocument _document;
    private readonly string _name;
    private readonly string _path;

    private ZoneFile(string name, string path, XDocument document)
    {
        _name = name;
        _path = path;
        _document = document;
    }

    /// <exception cref="LayerImageException"><see cref="EngineError.FirewallConfigurationInvalid"/>.</exception>
    public static ZoneFile Parse(string name, string path, TextReader text)
    {
        ZoneFile file = new(name, path, FirewallXml.Parse(text, path, "zone"));
        _ = file.Read();
        return file;
    }

    /// <summary>What a zone of firewalld's is while it has no file.</summary>
    public static ZoneFile FromDefault(ZoneDefault zone, string path)
    {
        XElement root = new("zone", "\n");
        if (zone.Target != ZoneSettings.DefaultTarget)
        {
            root.SetAttributeValue("target", zone.Target);
        }
        Append(root, new XElement("short", zone.Short));
        Append(root, new XElement("description", zone.Description));
        foreach (string service in zone.Services)
        {
            Append(root, new XElement("service", new XAttribute("name", service)));
        }
        if (zone.Masquerade)
        {
            Append(root, new XElement("masquerade"));
        }
        Append(root, new XElement("forward"));
        return new ZoneFile(zone.Name, path, new XDocument(root));
    }

    public ZoneSettings Read() => ZoneFileReader.Read(_name, _path, _document.Root!);

    /// <summary>Applies a change of the port rules of a set.</summary>
    public void Change(PortSetKey key, PortSetChange change)
    {
        foreach (PortElement removed in change.Removed)
        {
            foreach (XElement element in Find(key.Source).Where(found => ZoneFileReader.PortOf(_path, found) == removed).ToList())
            {
                Remove(element);
            }
        }
        foreach (PortElement added in change.Added)
        {
            Insert(key.Source is { } source ? RichRule(source, added) : Port(added));
        }
    }

    /// <summary>A zone that is not there yet.</summary>
    public static ZoneFile New(string name, string path) => new(name, path, new XDocument(new XElement("zone", "\n")));

    /// <summary>Makes the zone, but for its port rules, what it is to be; what stays is not touched.</summary>
    public void Change(ZoneSettings after)
    {
        ZoneSettings before = Read();
        if (before.Target != after.Target)
        {
            _document.Root!.SetAttributeValue("target", after.Target == ZoneSettings.DefaultTarget ? null : after.Target);
        }
        if (before.Description != after.Description)
        {
            RemoveAll(element => element.Name.LocalName == "description");
            Insert(new XElement("description", after.Description));
        }
        Change("interface", "name", before.Interfaces, after.Interfaces);
        Change("source", SourceAttribute, before.Sources, after.Sources);
        Change("service", "name", before.Services, after.Services);
        Change("protocol", "value", before.Protocols, after.Protocols);
        Change("icmp-block", "name", before.IcmpBlocks, after.IcmpBlocks);
        Change("icmp-block-inversion", before.IcmpBlockInversion, after.IcmpBlockInversion);
        Change("masquerade", before.Masquerade, after.Masquerade);
        Change("forward", before.Forward, after.Forward);
        foreach (ForwardPort forward in before.ForwardPorts.Except(after.ForwardPorts))
        {
            RemoveAll(element => element.Name.LocalName == "forward-port" && ZoneFileReader.Forward(_path, element) == forward);
        }
        foreach (ForwardPort forward in after.ForwardPorts.Except(before.ForwardPorts))
        {
            Insert(Forward(forward));
        }
        foreach (PortElement port in before.SourcePorts.Except(after.SourcePorts))
        {
            RemoveAll(element => element.Name.LocalName == "source-port" && FirewallXml.Port(_path, element) == port);
        }
        foreach (PortElement port in after.SourcePorts.Except(before.SourcePorts))
        {
            Insert(new XElement("source-port", new XAttribute("port", port.Range.ToString()), new XAttribute("protocol", port.Protocol.Name())));
        }
    }

    private static XElement Forward(ForwardPort forward) =>
        new("forward-port", new XAttribute("port", forward.Range.ToString()), new XAttribute("protocol", forward.Protocol.Name()),
            forward.ToPort is { } port ? new XAttribute("to-port", port.ToString()) : null,
            forward.ToAddress is { } address ? new XAttribute("to-addr", address.ToString()) : null);

    public override string ToString() => FirewallXml.Format(_document);

    // A source is written in more ways than one.
    private const string SourceAttribute = "address";

    private void Change(string kind, string attribute, IReadOnlyList<string> before, IReadOnlyList<string> after)
    {
        foreach (string removed in before.Except(after))
        {
            RemoveAll(element => element.Name.LocalName == kind && element.Attribute(attribute)?.Value is { } value
                && (value == removed || (attribute == SourceAttribute && ZoneFileReader.Source(_path, element) == removed)));
        }
        foreach (string added in after.Except(before))
        {
            Insert(new XElement(kind, new XAttribute(attribute, added)));
        }
    }

    private void Change(string kind, bool before, bool after)
    {
        if (before && !after)
        {
            RemoveAll(element => element.Name.LocalName == kind);
        }
        else if (!before && after)
        {
            Insert(new XElement(kind));
        }
    }

    private void RemoveAll(Func<XElement, bool> test)
    {
        foreach (XElement element in _document.Root!.Elements().Where(test).ToList())
        {
            Remove(element);
        }
    }

    private IEnumerable<XElement> Find(SourceAddress? source) => _document.Root!.Elements().Where(element => source is null
        ? element.Name.LocalName == "port"
        : ZoneFileReader.PortRuleSource(element) == source);

    private static XElement Port(PortElement port) =>
        new("port", new XAttribute("port", port.Range.ToString()), new XAttribute("protocol", port.Protocol.Name()));

    private static XElement RichRule(SourceAddress source, PortElement port) => new("rule",
        new XAttribute("family", source.IsIPv6 ? "ipv6" : "ipv4"), "\n    ",
        new XElement("source", new XAttribute("address", source.ToString())), "\n    ",
        Port(port), "\n    ",
        new XElement("accept"), "\n  ");

    /// <summary>After the last of its kind, else where firewalld would put it: ports after services, rules at the end.</summary>
    private void Insert(XElement element)
    {
        XElement root = _document.Root!;
        string kind = element.Name.LocalName;
        XElement? before = root.Elements(kind).LastOrDefault()
            ?? (kind == "port" ? root.Elements().LastOrDefault(other => other.Name.LocalName is "service" or "description" or "short") : null);
        if (before is null)
        {
            Append(root, element);
            return;
        }
        before.AddAfterSelf("\n  ", element);
    }

    private static void Append(XElement root, XElement element)
    {
        // The white space before the closing tag is kept for it.
        if (root.LastNode is XText text && text.Value.EndsWith('\n'))
        {
            root.Add("  ", element, "\n");
        }
        else
        {
            root.Add("\n  ", element, "\n");
        }
    }

    private static void Remove(XElement element)
    {
        if (element.PreviousNode is XText before && string.IsNullOrWhiteSpace(before.Value))
        {
            before.Remove();
        }
        element.Remove();
    }
}
