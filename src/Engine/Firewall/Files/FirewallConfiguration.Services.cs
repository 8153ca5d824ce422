using System.Xml.Linq;

namespace LayerImage.Engine.Firewall;

/// <summary>The services that zones let in: of the administrator's files, of an installed firewalld, and those that are known here.</summary>
internal sealed partial class FirewallConfiguration
{
    /// <summary>The services that have a file.</summary>
    public IEnumerable<string> ServiceNames() => new[] { Path.Combine(folder, "services"), Path.Combine(ShippedFirewalld, "services") }.Where(Directory.Exists)
        .SelectMany(path => Directory.EnumerateFiles(path, "*.xml"))
        .Select(path => Path.GetFileNameWithoutExtension(path)!)
        .Where(FirewallNames.IsService)
        .Distinct();

    /// <summary>A service by its name: the user's file, what is known here, then what an installed firewalld knows.</summary>
    public ServiceDefinition? FindService(string name)
    {
        string own = ServicePath(name), packaged = Path.Combine(ShippedFirewalld, "services", name + ".xml");
        return File.Exists(own) ? ReadService(name, own)
            : ServiceDefaults.All.TryGetValue(name, out ServiceDefinition? known) ? known
            : File.Exists(packaged) ? ReadService(name, packaged) : null;
    }

    private static ServiceDefinition ReadService(string name, string path)
    {
        using StreamReader text = new(path);
        XElement root = FirewallXml.Parse(text, path, "service").Root!;
        return new ServiceDefinition(name)
        {
            Ports = [.. root.Elements("port").Where(port => port.Attribute("port")?.Value is { Length: > 0 }).Select(port => FirewallXml.Port(path, port))],
            SourcePorts = [.. root.Elements("source-port").Select(port => FirewallXml.Port(path, port))],
            Protocols = [.. root.Elements("protocol").Select(element => FirewallXml.Name(path, element, "value", FirewallNames.IsProtocol))],
            Includes = [.. root.Elements("include").Select(element => FirewallXml.Name(path, element, "service", FirewallNames.IsService))],
            DestinationV4 = Destination("ipv4"),
            DestinationV6 = Destination("ipv6"),
        };

        SourceAddress? Destination(string family) => root.Element("destination") is { } element && element.Attribute(family)?.Value is { } text
            ? SourceAddress.TryParse(text, out SourceAddress address) ? address : throw FirewallXml.Invalid(path, element, $"'{text}' is not a network")
            : null;
    }
}
