namespace LayerImage.Engine.Firewall;

/// <summary>
/// The one form of rich rule (firewalld.richlanguage(5)) that is a port rule limited to a source:
/// <c>rule family="ipv4" source address="10.0.0.0/8" port port="8000-8010" protocol="tcp" accept</c>.
/// </summary>
/// <param name="Source">Who is let in.</param>
/// <param name="Port">Where.</param>
internal sealed record FirewalldRichRule(SourceAddress Source, PortElement Port)
{
    /// <summary>The rule's text, as firewalld itself writes it.</summary>
    public override string ToString() =>
        $"rule family=\"{(Source.IsIPv6 ? "ipv6" : "ipv4")}\" source address=\"{Source}\" "
        + $"port port=\"{Port.Range}\" protocol=\"{Port.Protocol.Name()}\" accept";

    /// <summary>Reads a rule of this form; null when it does anything else or more.</summary>
    public static FirewalldRichRule? ReadPort(string rule)
    {
        string[] words = rule.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words is ["rule", var family, "source", var address, "port", var port, var protocol, "accept"]
            && Value(family, "family") is "ipv4" or "ipv6"
            && SourceAddress.TryParse(Value(address, "address"), out SourceAddress source)
            && PortRange.TryParse(Value(port, "port"), out PortRange range)
            && FirewallProtocols.TryParse(Value(protocol, "protocol"), out FirewallProtocol known)
            ? new FirewalldRichRule(source, new PortElement(known, range)) : null;
    }

    private static string? Value(string word, string name) => word.StartsWith(name + "=\"", StringComparison.Ordinal) && word.EndsWith('"')
        ? word[(name.Length + 2)..^1] : null;
}
