using System.Text.RegularExpressions;

namespace LayerImage.Module.Tests.Help;

/// <summary>What a page says of a parameter: the text, and the lines of its YAML block.</summary>
sealed record HelpParameter(string Text, IReadOnlyList<string> Block)
{
    /// <summary>The value of a line such as "Type: System.String".</summary>
    internal string this[string key] => Block.First(line => line.StartsWith(key + ":", StringComparison.Ordinal))[(key.Length + 1)..].Trim().Trim('\'');
}

/// <summary>An example: its title, its code, and all of it with the words.</summary>
sealed record HelpExample(string Title, IReadOnlyList<string> Code, string Text);

/// <summary>A page of docs/en-US: PlatyPS's Markdown.</summary>
sealed partial class HelpPage
{
    readonly Dictionary<string, string> _sections;

    HelpPage(string path)
    {
        Name = Path.GetFileNameWithoutExtension(path);
        Text = File.ReadAllText(path);
        _sections = Split(Text, "##");
        Parameters = Split(this["PARAMETERS"], "###").Where(part => part.Key.StartsWith('-')).ToDictionary(part => part.Key[1..], part => Parameter(part.Value), StringComparer.Ordinal);
        Examples = [.. Split(this["EXAMPLES"], "###").Select(part => new HelpExample(part.Key, [.. Code().Matches(part.Value).Select(match => match.Groups[1].Value)], part.Value))];
        Syntax = Split(this["SYNTAX"], "###").ToDictionary(part => part.Key, part => Space().Replace(part.Value.Replace("```", "", StringComparison.Ordinal), " ").Trim(), StringComparer.Ordinal);
        Links = [.. Link().Matches(this["RELATED LINKS"]).Select(match => match.Groups["name"].Value)];
    }

    internal static string Folder => Path.Combine(Repository.Root, "docs", "en-US");

    /// <summary>All pages, by the cmdlets' names.</summary>
    internal static IReadOnlyList<HelpPage> All { get; } = [.. Directory.GetFiles(Folder, "*.md").Order(StringComparer.Ordinal).Select(path => new HelpPage(path))];

    internal string Name { get; }

    internal string Text { get; }

    internal IReadOnlyDictionary<string, HelpParameter> Parameters { get; }

    internal IReadOnlyList<HelpExample> Examples { get; }

    internal IReadOnlyDictionary<string, string> Syntax { get; }

    internal IReadOnlyList<string> Links { get; }

    internal string this[string section] => _sections.GetValueOrDefault(section, "");

    public override string ToString() => Name;

    /// <summary>The types under INPUTS or OUTPUTS.</summary>
    internal IEnumerable<string> Types(string section) => Split(this[section], "###").Keys;

    /// <summary>A text's words: without marks and line ends, which differ between a page and the help that is made of it.</summary>
    internal static string Words(string markdown) =>
        Space().Replace(LinkMark().Replace(FenceMark().Replace(markdown, ""), "$1").Replace("`", "", StringComparison.Ordinal).Replace("**", "", StringComparison.Ordinal), " ").Trim();

    static Dictionary<string, string> Split(string text, string mark)
    {
        List<(string Name, List<string> Lines)> parts = [];
        bool isFenced = false;
        foreach (string line in text.Split('\n'))
        {
            isFenced ^= line.StartsWith("```", StringComparison.Ordinal);
            if (!isFenced && line.StartsWith(mark + " ", StringComparison.Ordinal))
            {
                parts.Add((line[(mark.Length + 1)..].Trim(), []));
            }
            else if (parts.Count > 0)
            {
                parts[^1].Lines.Add(line);
            }
        }
        return parts.ToDictionary(part => part.Name, part => string.Join('\n', part.Lines).Trim(), StringComparer.Ordinal);
    }

    static HelpParameter Parameter(string text)
    {
        int block = text.IndexOf("```yaml", StringComparison.Ordinal);
        return new HelpParameter(text[..block].Trim(), text[block..].Split('\n')[1..^1]);
    }

    [GeneratedRegex(@"^```powershell\n(.*?)\n```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(@"^```[a-z]*$", RegexOptions.Multiline)]
    private static partial Regex FenceMark();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"^- (?:\[(?<name>[^\]]+)\]\(\k<name>\.md\)|(?<name>about_\w+))$", RegexOptions.Multiline)]
    private static partial Regex Link();

    [GeneratedRegex(@"\[([^\]]+)\]\([^)]+\)")]
    private static partial Regex LinkMark();
}
