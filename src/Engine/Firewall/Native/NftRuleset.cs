namespace LayerImage.Engine.Firewall;

/// <summary>A chain of the kernel's ruleset, as nft(8) writes it.</summary>
/// <param name="Family">The family of its table: ip, inet …</param>
/// <param name="Table">Its table.</param>
/// <param name="Name">Its name.</param>
internal sealed record NftChain(string Family, string Table, string Name)
{
    /// <summary>Where the kernel calls it, or null for a chain that others jump to.</summary>
    public string? Hook { get; init; }

    /// <summary>The chain's type: filter, nat or route.</summary>
    public string? Type { get; init; }

    /// <summary>What becomes of what no rule decides.</summary>
    public bool DropsByPolicy { get; init; }

    /// <summary>The rules, in their order, as words.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Rules { get; init; } = [];
}

/// <summary>
/// The chains of a ruleset, from nft's text and not from its JSON: only there are the matches of iptables (xtables) told in
/// nft's own words.
/// </summary>
internal static class NftRuleset
{
    public static IReadOnlyList<NftChain> Parse(string text)
    {
        List<NftChain> chains = [];
        string[] table = [];
        NftChain? chain = null;
        List<IReadOnlyList<string>> rules = [];
        foreach (string line in Joined(text))
        {
            switch (Words(line))
            {
                case ["table", var family, var name, "{"]:
                    table = [family, name];
                    break;
                case ["chain", var name, "{"] when table.Length > 0:
                    chain = new NftChain(table[0], table[1], name);
                    rules = [];
                    break;
                case ["}"]:
                    chains.AddRange(chain is null ? [] : [chain with { Rules = rules }]);
                    chain = null;
                    break;
                case ["type", var type, "hook", var hook, .. var rest] when chain is not null:
                    chain = chain with { Type = type, Hook = hook, DropsByPolicy = rest.Contains("drop") };
                    break;
                case { Count: > 0 } rule when chain is not null:
                    rules.Add(rule);
                    break;
                default:
                    break;
            }
        }
        return chains;
    }

    /// <summary>The lines, where a set that is written over several is in one.</summary>
    private static IEnumerable<string> Joined(string text)
    {
        string pending = "";
        foreach (string line in text.Split('\n'))
        {
            pending = pending.Length == 0 ? line : $"{pending} {line.Trim()}";
            // A block's own brace ends its line; one within a rule is closed in it.
            if (pending.Count(c => c == '{') > pending.Count(c => c == '}') && !line.TrimEnd().EndsWith('{'))
            {
                continue;
            }
            yield return pending;
            pending = "";
        }
    }

    private static List<string> Words(string line)
    {
        List<string> words = [];
        for (int i = 0; i < line.Length;)
        {
            char c = line[i];
            int end = i + 1;
            if (c == '"')
            {
                end = line.IndexOf('"', i + 1) + 1;
                end = end == 0 ? line.Length : end;
            }
            else if (c is not (' ' or '\t' or '{' or '}' or ',' or ';'))
            {
                end = line.IndexOfAny([' ', '\t', '{', '}', ',', ';'], i);
                end = end < 0 ? line.Length : end;
            }
            if (c is not (' ' or '\t' or ',' or ';'))
            {
                words.Add(line[i..end]);
            }
            i = end;
        }
        return words is [var first, ..] && first.StartsWith('#') ? [] : words;
    }
}
