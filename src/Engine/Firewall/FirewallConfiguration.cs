using System.Xml.Linq;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// The permanent configuration: <c>firewall/firewalld.conf</c>, <c>firewall/zones/*.xml</c> and <c>firewall/services/*.xml</c>,
/// laid out as /etc/firewalld. What has no file has firewalld's defaults.
/// </summary>
internal sealed class FirewallConfiguration(string folder)
{
    private const string ShippedServices = "/usr/lib/firewalld/services";

    private string ZoneFolder => Path.Combine(folder, "zones");

    private string ConfigurationPath => Path.Combine(folder, "firewalld.conf");

    public string PathOf(string zone) => Path.Combine(ZoneFolder, zone + ".xml");

    public string ServicePath(string service) => Path.Combine(folder, "services", service + ".xml");

    /// <summary>All zones with their settings.</summary>
    public FirewallState Read()
    {
        Dictionary<string, ZoneSettings> zones = ZoneNames().ToDictionary(name => name, name => Load(name).Read());
        string zone = DefaultZone();
        return zones.ContainsKey(zone) ? new FirewallState(zone, zones)
            : throw FirewallXml.Invalid(ConfigurationPath, 0, $"DefaultZone '{zone}' is not a zone ({string.Join(", ", zones.Keys)})", null);
    }

    public string DefaultZone()
    {
        if (!File.Exists(ConfigurationPath))
        {
            return ZoneDefaults.DefaultZone;
        }
        return File.ReadLines(ConfigurationPath).Select(line => line.Trim()).Where(line => !line.StartsWith('#'))
            .Select(line => line.Split('=', 2)).LastOrDefault(pair => pair.Length == 2 && pair[0].Trim() == "DefaultZone")?[1].Trim()
            is { Length: > 0 } zone ? zone : ZoneDefaults.DefaultZone;
    }

    public IReadOnlyList<string> ZoneNames()
    {
        IEnumerable<string> own = Directory.Exists(ZoneFolder)
            ? Directory.EnumerateFiles(ZoneFolder, "*.xml").Where(path => !Path.GetFileName(path).StartsWith('.'))
                .Select(path => Path.GetFileNameWithoutExtension(path)!)
            : [];
        return [.. own.Select(Checked).Union(ZoneDefaults.All.Select(zone => zone.Name)).Order(StringComparer.Ordinal)];

        string Checked(string name) => FirewallNames.IsZone(name) ? name
            : throw FirewallXml.Invalid(PathOf(name), 0, "a zone's name has at most 17 letters, digits, - and _", null);
    }

    /// <exception cref="LayerImageException"><see cref="EngineError.ZoneNotFound"/>.</exception>
    public ZoneFile Load(string zone)
    {
        string path = PathOf(zone);
        if (FirewallNames.IsZone(zone) && File.Exists(path))
        {
            using StreamReader text = new(path);
            return ZoneFile.Parse(zone, path, text);
        }
        return ZoneDefaults.Find(zone) is { } known ? ZoneFile.FromDefault(known, path) : throw ZoneNotFound(zone, ZoneNames());
    }

    /// <summary>Stages a zone's file; the caller commits it.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.FirewallFailed"/>: the disk refuses.</exception>
    public ConfigurationFile Stage(string zone, ZoneFile file) => OnDisk(zone, () => ConfigurationFile.Stage(PathOf(zone), file.ToString()));

    public void Commit(string zone, ConfigurationFile file) => OnDisk(zone, () =>
    {
        file.Commit();
        return true;
    });

    /// <summary>A service by its name: the user's file, what is known here, then what an installed firewalld knows.</summary>
    public ServiceDefinition? FindService(string name)
    {
        string own = ServicePath(name), shipped = Path.Combine(ShippedServices, name + ".xml");
        return File.Exists(own) ? ReadService(name, own)
            : ServiceDefaults.All.TryGetValue(name, out ServiceDefinition? known) ? known
            : File.Exists(shipped) ? ReadService(name, shipped) : null;
    }

    public static LayerImageException ZoneNotFound(string zone, IEnumerable<string> zones) =>
        new(EngineError.ZoneNotFound, $"There is no firewall zone '{zone}'.")
        {
            Target = zone,
            Advice = $"The zones are: {string.Join(", ", zones)}.",
        };

    private static ServiceDefinition ReadService(string name, string path)
    {
        using StreamReader text = new(path);
        XElement root = FirewallXml.Parse(text, path, "service").Root!;
        return new ServiceDefinition(name)
        {
            Ports = [.. root.Elements("port").Where(port => port.Attribute("port")?.Value is { Length: > 0 }).Select(port => FirewallXml.Port(path, port))],
            SourcePorts = [.. root.Elements("source-port").Select(port => FirewallXml.Port(path, port))],
            Protocols = [.. root.Elements("protocol").Select(element => FirewallNames.Check(path, element, "value", FirewallNames.IsProtocol))],
            Includes = [.. root.Elements("include").Select(element => FirewallNames.Check(path, element, "service", FirewallNames.IsService))],
            DestinationV4 = Destination("ipv4"),
            DestinationV6 = Destination("ipv6"),
        };

        SourceAddress? Destination(string family) => root.Element("destination") is { } element && element.Attribute(family)?.Value is { } text
            ? SourceAddress.TryParse(text, out SourceAddress address) ? address : throw FirewallXml.Invalid(path, element, $"'{text}' is not a network")
            : null;
    }

    private T OnDisk<T>(string zone, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LayerImageException(EngineError.FirewallFailed, $"The zone file {PathOf(zone)} cannot be written: {error.Message}", error)
            {
                Target = PathOf(zone),
                Advice = "Make the folder writable, or choose -Scope Runtime. Nothing was changed.",
            };
        }
    }
}
