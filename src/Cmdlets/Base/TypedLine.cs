using System.Management.Automation;
using System.Management.Automation.Language;
using System.Reflection;

namespace LayerImage.Cmdlets.Base;

/// <summary>
/// The call of a cmdlet as it was typed. PowerShell's binder tells neither the order of parameters and words nor how a
/// parameter was spelt; for a command inside a container both are what it means.
/// </summary>
internal sealed class TypedLine
{
    // Not in the library that the module is built against: PowerShell 7.4 and later have it.
    private static readonly PropertyInfo? s_statement = typeof(InvocationInfo).GetProperty("Statement");

    private readonly string _text;
    private readonly IReadOnlyDictionary<string, ParameterMetadata> _parameters;

    private TypedLine(string text, CommandAst command, IReadOnlyDictionary<string, ParameterMetadata> parameters)
    {
        _text = text;
        _parameters = parameters;
        CommandElementAst[] words = [.. command.CommandElements.Skip(1)];
        int dashes = Array.FindIndex(words, word => word.Extent.Text == "--");
        EndsParameters = dashes >= 0;
        Words = EndsParameters ? words[..dashes] : words;
        Name = command.CommandElements[0].Extent.Text;
    }

    /// <summary>The cmdlet's name as it was typed.</summary>
    public string Name { get; }

    /// <summary>What follows it, up to --.</summary>
    public IReadOnlyList<CommandElementAst> Words { get; }

    /// <summary>Whether -- stands in it: to PowerShell, nothing behind it is a parameter.</summary>
    public bool EndsParameters { get; }

    /// <summary>Reads it; null where nothing was typed (a call from C#, or by splatting alone).</summary>
    public static TypedLine? Of(InvocationInfo invocation)
    {
        if (s_statement?.GetValue(invocation) is not string { Length: > 0 } text)
        {
            return null;
        }
        string name = invocation.InvocationName;
        CommandAst? command = Parser.ParseInput(text, out _, out _).Find(node => node is CommandAst found && found.CommandElements.Count > 0
            && string.Equals(found.CommandElements[0].Extent.Text, name, StringComparison.OrdinalIgnoreCase), searchNestedScriptBlocks: true) as CommandAst;
        return command is null ? null : new TypedLine(text, command, invocation.MyCommand.Parameters);
    }

    /// <summary>The parameter that a spelling means: its name, an alias, or the beginning of one name alone.</summary>
    public ParameterMetadata? Find(string spelling)
    {
        if (_parameters.TryGetValue(spelling, out ParameterMetadata? exact))
        {
            return exact;
        }
        ParameterMetadata[] fitting = [.. _parameters.Values.Where(parameter => parameter.Aliases.Contains(spelling, StringComparer.OrdinalIgnoreCase))];
        fitting = fitting.Length > 0 ? fitting
            : [.. _parameters.Values.Where(parameter => parameter.Name.StartsWith(spelling, StringComparison.OrdinalIgnoreCase))];
        return fitting is [var only] ? only : null;
    }

    /// <summary>Whether a parameter was given by its name.</summary>
    public bool Names(string parameter) => Words.Any(word => word is CommandParameterAst { ParameterName: var spelling } && Find(spelling)?.Name == parameter);

    /// <summary>
    /// Where a parameter's value is: behind its name, or at its position (0 for the first word that belongs to no parameter);
    /// -1 when there is none.
    /// </summary>
    public int IndexOf(string name, int position)
    {
        for (int i = 0; i < Words.Count; i++)
        {
            if (Words[i] is CommandParameterAst parameter)
            {
                if (Find(parameter.ParameterName)?.Name == name && i + 1 < Words.Count)
                {
                    return i + 1;
                }
                // A parameter that takes something has it in the next word.
                if (parameter.Argument is null && Find(parameter.ParameterName) is { SwitchParameter: false })
                {
                    i++;
                }
            }
            else if (position-- == 0)
            {
                return i;
            }
        }
        return -1;
    }

    /// <summary>The first parameter of the cmdlet's own behind a place, but for those that all cmdlets have; null when there is none.</summary>
    public CommandParameterAst? OwnBehind(int first) =>
        Words.Skip(first).OfType<CommandParameterAst>().FirstOrDefault(parameter => IsOwn(parameter) && !IsCommon(parameter));

    /// <summary>The same line with the words from one place on as one quoted argument.</summary>
    /// <param name="first">The place.</param>
    /// <param name="all">Whether parameters of the cmdlet's own go with it, but for those that all have; else they stay behind it.</param>
    public string WithQuoted(int first, bool all = false)
    {
        int end = first;
        while (end < Words.Count && (Words[end] is not CommandParameterAst parameter || !(all ? IsCommon(parameter) : IsOwn(parameter))))
        {
            end++;
        }
        int from = Words[first].Extent.StartOffset, to = Words[end - 1].Extent.EndOffset;
        return $"{_text[..from]}'{_text[from..to].Replace("'", "''", StringComparison.Ordinal)}'{_text[to..]}".Trim();
    }

    private bool IsCommon(CommandParameterAst parameter) => IsOwn(parameter) && Find(parameter.ParameterName)!.Name is string name
        && (Cmdlet.CommonParameters.Contains(name) || Cmdlet.OptionalCommonParameters.Contains(name));

    private bool IsOwn(CommandParameterAst parameter) => parameter.ParameterName.Length > 2
        && Find(parameter.ParameterName) is { } known && known.Name != LooseWords;

    /// <summary>The parameter that is spelt most like a word: at most two letters apart, or a third of them.</summary>
    public string? Nearest(string spelling) => _parameters.Values.Where(parameter => parameter.Name is not (LooseWords or ShortOption))
        .Select(parameter => (parameter.Name, Distance: Distance(parameter.Name.ToUpperInvariant(), spelling.ToUpperInvariant())))
        .Where(candidate => candidate.Distance <= Math.Min(2, spelling.Length / 3)).OrderBy(candidate => candidate.Distance).FirstOrDefault().Name;

    /// <summary>The parameters that catch what belongs to none.</summary>
    public const string LooseWords = nameof(LooseWords), ShortOption = nameof(ShortOption);

    // Levenshtein's, with two letters that changed places as one step.
    private static int Distance(string one, string other)
    {
        int[,] steps = new int[one.Length + 1, other.Length + 1];
        for (int i = 0; i <= one.Length; i++)
        {
            for (int j = 0; j <= other.Length; j++)
            {
                steps[i, j] = i == 0 || j == 0 ? i + j
                    : Math.Min(Math.Min(steps[i - 1, j], steps[i, j - 1]) + 1, steps[i - 1, j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                {
                    steps[i, j] = Math.Min(steps[i, j], steps[i - 2, j - 2] + 1);
                }
            }
        }
        return steps[one.Length, other.Length];
    }
}
