using System.Xml.Linq;

namespace LayerImage.Engine.Firewall;

/// <summary>A rule element of a zone's or policy's file in the rich language's words (firewalld.zone(5), firewalld.richlanguage(5)).</summary>
internal static class RichRuleText
{
    private const string Invert = "invert";

    public static string Of(XElement rule) => string.Join(' ', (IEnumerable<string>)["rule", .. Values(rule), .. rule.Elements().SelectMany(Part)]);

    private static IEnumerable<string> Part(XElement element) =>
    [
        element.Name.LocalName,
        .. element.Attribute(Invert)?.Value is "true" or "True" or "yes" or "1" ? ["NOT"] : Array.Empty<string>(),
        .. Values(element),
        .. element.Elements("limit").SelectMany(limit => Values(limit).Prepend("limit")),
    ];

    private static IEnumerable<string> Values(XElement element) => element.Attributes().Where(attribute => attribute.Name.LocalName != Invert)
        .Select(attribute => $"{attribute.Name.LocalName}=\"{attribute.Value}\"");
}
