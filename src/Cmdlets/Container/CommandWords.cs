using System.Management.Automation;
using System.Management.Automation.Language;
using LayerImage.Engine.Errors;

namespace LayerImage.Cmdlets.Base;

/// <summary>
/// Checks the words of a cmdlet that takes a command. People type them as docker does, one after the other, and PowerShell's
/// binder takes each that begins with a dash for a parameter: what was meant for the command must not become something
/// else in silence.
/// </summary>
internal static class CommandWords
{
    // docker's long options that are called otherwise here.
    private static readonly Dictionary<string, string> s_dockerNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["rm"] = "-Remove",
        ["env"] = "-Environment",
        ["workdir"] = "-WorkingDirectory",
        ["cpus"] = "-Cpu",
        ["pids-limit"] = "-PidsLimit",
        ["read-only"] = "-ReadOnly",
        ["cap-add"] = "-CapAdd",
        ["cap-drop"] = "-CapDrop",
        ["stop-signal"] = "-StopSignal",
        ["stop-timeout"] = "-StopTimeout",
        ["publish-all"] = "-PublishAll",
        ["pull"] = "-PullPolicy",
    };

    /// <summary>Refuses what belongs to no parameter, and short options that follow the command.</summary>
    /// <param name="line">The call as it was typed; null where nothing was.</param>
    /// <param name="position">The command's position: 1, or 0 where what it is run in is piped.</param>
    /// <param name="looseWords">The words that belong to no parameter.</param>
    /// <param name="understood">The short options that are understood before the command.</param>
    /// <exception cref="LayerImageException"><see cref="EngineError.ParameterInvalid"/>, with the line to write.</exception>
    public static void Check(TypedLine? line, int position, object[] looseWords, params string[] understood)
    {
        // Behind -- all words are the command's: Join makes it of them. What stands before it is a parameter, or none.
        looseWords = line is { EndsParameters: true } ? [.. line.Words.OfType<CommandParameterAst>().Where(word => line.Find(word.ParameterName) is null).Select(word => word.Extent.Text)] : looseWords;
        int command = line?.IndexOf("Command", position) ?? -1;
        // docker's long options are words to PowerShell, which takes them for an image or a command.
        if (line?.Words.Take(Math.Max(command, 0) + 1).FirstOrDefault(word => IsBare(word) && word.Extent.Text.StartsWith("--", StringComparison.Ordinal)) is { } early)
        {
            throw NoParameter(line, early.Extent.Text.Split('=')[0].TrimStart('-'), early.Extent.Text);
        }
        if (line is not null && looseWords.OfType<string>().FirstOrDefault(word => IsOption(word)) is string option && !FollowsBareWord(line, command, option))
        {
            throw NoParameter(line, option.TrimStart('-').TrimEnd(':'), option);
        }
        int strayed = line is null ? -1 : IndexOfShort(line, command, understood);
        if (strayed >= 0 || looseWords.Length > 0)
        {
            int first = command >= 0 ? command : strayed;
            string words = looseWords.Length > 0 ? string.Join(' ', looseWords) : line!.Words[strayed].Extent.Text;
            throw new LayerImageException(EngineError.ParameterInvalid, strayed >= 0 && looseWords.Length == 0 && strayed < command
                ? $"'{words}' is no parameter."
                : $"'{words}' was not understood: it is no parameter, and the command is one argument.")
            {
                Target = words,
                Advice = line is null || first < 0
                    ? "Quote the whole command ('ls -la /'), or give its words as a list (ls,'-la','/')."
                    : strayed >= 0 && strayed < command ? $"Get-Help {line.Name} lists the parameters; {Hint(line.Words[strayed])}." : $"Quote the whole command: {Quoted(line, first)}",
            };
        }
    }

    /// <summary>The command: behind -- all words are its own, in the order in which they were typed, as kubectl exec and sudo take them.</summary>
    /// <param name="line">The call as it was typed; null where nothing was.</param>
    /// <param name="bound">The words that PowerShell bound by their position, or by the command's name; null for none.</param>
    /// <param name="looseWords">Those that belong to no parameter.</param>
    public static string[]? Join(TypedLine? line, string[]? bound, object[] looseWords) =>
        line is { EndsParameters: true } && looseWords.Length > 0 ? [.. bound ?? [], .. looseWords.Select(LanguagePrimitives.ConvertTo<string>)] : bound;

    // A parameter's name behind the command may be the command's (find / -name x): the user knows. Where a container goes before its
    // command, -name as commands spell it behind both is the command's, and -Name says that there was none before.
    private static string Quoted(TypedLine line, int first)
    {
        if (line.OwnBehind(first) is not { } own)
        {
            return line.WithQuoted(first);
        }
        string all = line.WithQuoted(first, all: true);
        return TakesContainerFirst(line) && line.Find(own.ParameterName)?.Name == "Name"
            ? char.IsAsciiLetterLower(own.ParameterName[0]) ? all : line.WithQuoted(Math.Max(line.IndexOf("Command", 0), 0))
            : $"{line.WithQuoted(first)} (or, if {own.Extent.Text} is the command's, {all})";
    }

    private static bool TakesContainerFirst(TypedLine line) => line.Find("Image") is null;

    private static bool IsOption(string word) => word.Length > 3 && word[0] == '-' && (word[1] == '-' ? word.Length > 4 || s_dockerNames.ContainsKey(word[2..]) : char.IsAsciiLetter(word[1]));

    // After a command in one bare word a long option can be its own: find -name.
    private static bool FollowsBareWord(TypedLine line, int command, string option)
    {
        int at = Enumerable.Range(0, line.Words.Count).FirstOrDefault(i => line.Words[i].Extent.Text.TrimEnd(':').Equals(option.TrimEnd(':'), StringComparison.OrdinalIgnoreCase), -1);
        return command >= 0 && at > command && IsBare(line.Words[command]) && line.Nearest(option.TrimStart('-')) is null && !s_dockerNames.ContainsKey(option.TrimStart('-'));
    }

    private static bool IsBare(CommandElementAst word) => word is StringConstantExpressionAst { StringConstantType: StringConstantType.BareWord };

    // A short option behind a command in one bare word is the command's (uname -a), and none of ours that is not known.
    private static int IndexOfShort(TypedLine line, int command, string[] understood) => Enumerable.Range(0, line.Words.Count).FirstOrDefault(i =>
        line.Words[i] is CommandParameterAst { ParameterName: var name } && name.Length <= 2 && !(i <= command || command < 0
            ? line.Find(name)?.Name != TypedLine.ShortOption || understood.Contains(name, StringComparer.OrdinalIgnoreCase)
            : !IsBare(line.Words[command]) && line.Find(name)?.Name != TypedLine.ShortOption), -1);

    private static string Hint(CommandElementAst word) => word is CommandParameterAst { ParameterName: var name } ? name.ToUpperInvariant() switch
    {
        "U" => "a user is -User",
        "E" => "a variable is -Environment",
        "W" => "a folder is -WorkingDirectory",
        "D" => "to let it go on by itself is -Detach",
        "I" => "what goes to its standard input is -StandardInput, and Enter-LayerContainer is for people",
        "T" or "IT" or "TI" => "Enter-LayerContainer opens a terminal",
        _ => "words of the command's own are quoted together with it",
    } : "";

    private static LayerImageException NoParameter(TypedLine line, string spelling, string typed)
    {
        string? instead = s_dockerNames.GetValueOrDefault(spelling) ?? (line.Find(spelling) is { } known && known.Name != TypedLine.LooseWords ? "-" + known.Name : line.Nearest(spelling) is string near ? "-" + near : null);
        return new LayerImageException(EngineError.ParameterInvalid, $"{line.Name} has no parameter '{typed}'.")
        { Target = typed, Advice = instead is null ? $"Get-Help {line.Name} lists its parameters. A command with options of its own is quoted: 'ls --all'." : $"Write {instead}." };
    }
}
