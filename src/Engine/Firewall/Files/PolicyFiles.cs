using System.Globalization;
using System.Xml.Linq;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>The files of policies and of sets of addresses, which are listed and otherwise left alone.</summary>
/// <param name="folders">Where they are: the administrator's folder before the packages'.</param>
internal sealed class PolicyFiles(IReadOnlyList<string> folders)
{
    /// <summary>The policies, by name; a file that cannot be understood is told and left out.</summary>
    public IReadOnlyList<HostFirewallPolicy> ReadPolicies(IEngineObserver observer) => Read("policies", "policy", observer, (name, path, root) =>
    {
        XElement contents = new(root);
        contents.SetAttributeValue("target", null);
        return HostFirewallPolicy.Of(ZoneFileReader.Read(name, path, contents), root.Attribute("target")?.Value ?? "CONTINUE",
            int.TryParse(root.Attribute("priority")?.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int priority)
                ? priority
                : DefaultPriority,
            Names("ingress-zone"), Names("egress-zone"));

        string[] Names(string kind) => [.. root.Elements(kind).Select(element => FirewallXml.Required(path, element, "name"))];
    });

    /// <summary>The sets of addresses, by name.</summary>
    public IReadOnlyList<HostFirewallIpSet> ReadIpSets(IEngineObserver observer) =>
        Read("ipsets", "ipset", observer, (name, path, root) => new HostFirewallIpSet
        {
            Name = name,
            Type = FirewallXml.Required(path, root, "type"),
            Entries = [.. root.Elements("entry").Select(entry => entry.Value.Trim())],
            Options = [.. root.Elements("option").Select(option => option.Attribute("value")?.Value is { Length: > 0 } value
                ? $"{FirewallXml.Required(path, option, "name")}={value}" : FirewallXml.Required(path, option, "name"))],
            Description = root.Element("description")?.Value ?? "",
        });

    // firewalld.policy(5): the priority of one that says none.
    private const int DefaultPriority = -1;

    private IReadOnlyList<T> Read<T>(string kind, string element, IEngineObserver observer, Func<string, string, XElement, T> read)
    {
        SortedDictionary<string, T> found = new(StringComparer.Ordinal);
        foreach (string path in folders.Select(folder => Path.Combine(folder, kind))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.xml")))
        {
            string name = Path.GetFileNameWithoutExtension(path);
            if (name.StartsWith('.') || found.ContainsKey(name))
            {
                continue;
            }
            try
            {
                using StreamReader text = new(path);
                found.Add(name, read(name, path, FirewallXml.Parse(text, path, element).Root!));
            }
            catch (LayerImageException error) when (error.Error == EngineError.FirewallConfigurationInvalid)
            {
                observer.Warning($"{error.Message} It is left out.");
            }
        }
        return [.. found.Values];
    }
}
