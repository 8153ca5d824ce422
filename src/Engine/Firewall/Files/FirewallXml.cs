using System.Xml;
using System.Xml.Linq;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>Reads firewalld's XML files: no DTD, nothing from outside, a bound on the size, errors that name file and line.</summary>
internal static class FirewallXml
{
    public const int MaxCharacters = 1024 * 1024;

    /// <exception cref="LayerImageException"><see cref="EngineError.FirewallConfigurationInvalid"/>.</exception>
    public static XDocument Parse(TextReader text, string path, string root)
    {
        XmlReaderSettings settings = new()
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            MaxCharactersInDocument = MaxCharacters,
        };
        using XmlReader reader = XmlReader.Create(text, settings);
        try
        {
            XDocument document = XDocument.Load(reader, LoadOptions.PreserveWhitespace | LoadOptions.SetLineInfo);
            return document.Root!.Name.LocalName == root ? document
                : throw Invalid(path, document.Root, $"the root element is <{document.Root.Name.LocalName}>, not <{root}>");
        }
        catch (XmlException error)
        {
            // A refused DTD is reported without a line.
            throw Invalid(path, error.LineNumber, error.Message.TrimEnd('.'), error);
        }
    }

    /// <summary>The file's text: what was read, but for the elements that were changed.</summary>
    public static string Format(XDocument document) =>
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
        + string.Concat(document.Nodes().Where(node => node is not XText).Select(node => node.ToString(SaveOptions.DisableFormatting) + "\n"));

    /// <summary>An attribute that must be there.</summary>
    public static string Required(string path, XElement element, string attribute) => element.Attribute(attribute)?.Value
        ?? throw Invalid(path, element, $"<{element.Name.LocalName}> has no attribute {attribute}");

    /// <summary>An attribute that must be there and be a name.</summary>
    /// <param name="path">The file.</param>
    /// <param name="element">The element.</param>
    /// <param name="attribute">The attribute.</param>
    /// <param name="test">Which texts are names, of <see cref="FirewallNames"/>.</param>
    public static string Name(string path, XElement element, string attribute, Func<string, bool> test)
    {
        string text = Required(path, element, attribute);
        return test(text) ? text : throw Invalid(path, element, $"'{text}' is not a name that <{element.Name.LocalName}> can have");
    }

    /// <summary>The port and protocol of a port or source-port element.</summary>
    public static PortElement Port(string path, XElement element)
    {
        string port = Required(path, element, "port"), protocol = Required(path, element, "protocol");
        if (!PortRange.TryParse(port, out PortRange range))
        {
            throw Invalid(path, element, $"'{port}' is not a port or a range of ports");
        }
        return FirewallProtocols.TryParse(protocol, out FirewallProtocol known) ? new PortElement(known, range)
            : throw Invalid(path, element, $"'{protocol}' is not a protocol with ports (tcp, udp, sctp, dccp)");
    }

    public static LayerImageException Invalid(string path, XObject where, string what) =>
        Invalid(path, ((IXmlLineInfo)where).HasLineInfo() ? ((IXmlLineInfo)where).LineNumber : 0, what, null);

    public static LayerImageException Invalid(string path, int line, string what, Exception? inner) =>
        new(EngineError.FirewallConfigurationInvalid, line > 0 ? $"{path}, line {line}: {what}." : $"{path}: {what}.", inner)
        {
            Target = path,
            Advice = "Correct the file, or remove it to get the defaults. Nothing was changed.",
        };
}
