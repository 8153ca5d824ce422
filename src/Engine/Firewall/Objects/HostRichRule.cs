using System.Globalization;
using System.Text;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// A rule in firewalld's rich language (firewalld.richlanguage(5)). It is read and kept here, not made: firewalld alone
/// applies those that are more than a port and a source.
/// </summary>
public sealed record HostRichRule
{
    internal HostRichRule()
    {
    }

    /// <summary>The whole rule, as firewall-cmd writes it.</summary>
    public required string Rule { get; init; }

    /// <summary>Rules of a lower one come first; 0 where none is given.</summary>
    public int Priority { get; init; }

    /// <summary><c>ipv4</c> or <c>ipv6</c>; null: both.</summary>
    public string? Family { get; init; }

    /// <summary>Whose packets: <c>10.0.0.0/8</c>, <c>NOT 10.0.0.0/8</c>, a hardware address or <c>ipset NAME</c>; null: everybody's.</summary>
    public string? Source { get; init; }

    /// <summary>The addresses that packets go to, written as in <see cref="Source"/>.</summary>
    public string? Destination { get; init; }

    /// <summary>What the rule is about: <c>service http</c>, <c>port 80/tcp</c>, <c>masquerade</c>; null: every packet.</summary>
    public string? Element { get; init; }

    /// <summary>What the kernel's log tells of, as the rule says it; null: nothing.</summary>
    public string? Log { get; init; }

    /// <summary>The audit log tells of it.</summary>
    public bool Audit { get; init; }

    /// <summary><c>accept</c>, <c>reject</c>, <c>drop</c> or <c>mark</c>; null where the element acts itself.</summary>
    public string? Action { get; init; }

    /// <summary>The whole rule as firewalld writes it.</summary>
    public override string ToString() => Rule;

    private static readonly string[] s_actions = ["accept", "reject", "drop", "mark"];

    /// <summary>Reads a rule; what is not understood is in <see cref="Rule"/> still.</summary>
    internal static HostRichRule Parse(string text)
    {
        HostRichRule rule = new() { Rule = text };
        List<string> part = [];
        foreach (string word in Words(text).Append(""))
        {
            if (word.Contains('=') || (part.Count > 0 && (word == "NOT" || word is "limit")))
            {
                part.Add(word);
                continue;
            }
            rule = rule.With(part);
            part = [word];
        }
        return rule;
    }

    private HostRichRule With(List<string> part)
    {
        Dictionary<string, string> values = [];
        foreach (string[] pair in part.Skip(1).Where(word => word.Contains('=')).Select(word => word.Split('=', 2)))
        {
            values.TryAdd(pair[0], pair[1].Trim('"'));
        }
        string Address() => (part.Contains("NOT") ? "NOT " : "")
            + (values.GetValueOrDefault("address") ?? values.GetValueOrDefault("mac") ?? (values.GetValueOrDefault("ipset") is { } set ? $"ipset {set}" : ""));
        return part.FirstOrDefault() switch
        {
            null => this,
            "rule" => this with
            {
                Family = values.GetValueOrDefault("family"),
                Priority = int.TryParse(values.GetValueOrDefault("priority"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
                    ? number
                    : 0,
            },
            "source" => this with { Source = Address() },
            "destination" => this with { Destination = Address() },
            "log" or "nflog" => this with { Log = string.Join(' ', part.Skip(1)) },
            "audit" => this with { Audit = true },
            { } action when s_actions.Contains(action) => this with { Action = action },
            { } element => this with { Element = Describe(element, values) },
        };
    }

    private static string Describe(string element, Dictionary<string, string> values) => values switch
    {
        _ when element is "port" or "source-port" => $"{element} {values.GetValueOrDefault("port")}/{values.GetValueOrDefault("protocol")}",
        { Count: 0 } => element,
        _ => $"{element} {string.Join(':', values.Count == 1 ? values.Values : values.Select(value => $"{value.Key}={value.Value}"))}",
    };

    // Blanks within quotes are a part of the word.
    private static IEnumerable<string> Words(string text)
    {
        StringBuilder word = new();
        bool quoted = false;
        foreach (char c in text.Append(' '))
        {
            quoted ^= c == '"';
            if (c != ' ' || quoted)
            {
                word.Append(c);
            }
            else if (word.Length > 0)
            {
                yield return word.ToString();
                word.Clear();
            }
        }
    }
}
