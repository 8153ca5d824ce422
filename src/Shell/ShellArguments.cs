using System.Diagnostics.CodeAnalysis;
using System.Management.Automation.Language;
using System.Text.RegularExpressions;

namespace LayerImage.Shell;

/// <summary>What the Shell is asked to do: a prompt, a script file or a line.</summary>
sealed partial record ShellArguments
{
    internal const string Help = """
        LayerImage.Shell: a small PowerShell with the LayerImage module loaded.

          LayerImage.Shell [-NoModule] [-NoBanner]                 a prompt
          LayerImage.Shell [-NoModule] FILE.ps1 [arguments]        run a script
          LayerImage.Shell [-NoModule] -Command 'line'             run a line
          LayerImage.Shell --help

        It has PowerShell's language and core cmdlets only; Select-Object, Format-Table and other
        common cmdlets need pwsh. The exit code is that of `exit`, 1 when the script or line failed,
        130 when Ctrl-C stopped it.

        """;

    internal bool ShowHelp { get; init; }

    internal bool NoModule { get; init; }

    internal bool NoBanner { get; init; }

    /// <summary>A line to run, or null.</summary>
    internal string? Command { get; init; }

    /// <summary>A script to run, or null.</summary>
    internal string? File { get; init; }

    /// <summary>Its arguments, each as PowerShell source: a parameter's name, a quoted value, or both.</summary>
    internal IReadOnlyList<string> FileArguments { get; init; } = [];

    internal static bool TryParse(string[] args, out ShellArguments arguments, [NotNullWhen(false)] out string? problem)
    {
        arguments = new ShellArguments();
        problem = null;
        for (int i = 0; i < args.Length; i++)
        {
            switch (args[i].ToLowerInvariant())
            {
                case "-h" or "-help" or "--help" or "-?":
                    arguments = arguments with { ShowHelp = true };
                    return true;
                case "-nomodule":
                    arguments = arguments with { NoModule = true };
                    break;
                case "-nobanner" or "-nologo":
                    arguments = arguments with { NoBanner = true };
                    break;
                case "-command" or "-c" when i + 1 < args.Length:
                    arguments = arguments with { Command = string.Join(' ', args[(i + 1)..]) };
                    return true;
                case "-file" or "-f" when i + 1 < args.Length:
                    return TryTakeFile(args[(i + 1)..], ref arguments, out problem);
                case ['-', ..]:
                    problem = $"'{args[i]}' is not an option, or its value is missing.";
                    return false;
                default:
                    return TryTakeFile(args[i..], ref arguments, out problem);
            }
        }
        return true;
    }

    static bool TryTakeFile(string[] args, ref ShellArguments arguments, [NotNullWhen(false)] out string? problem)
    {
        string file = Path.GetFullPath(args[0]);
        problem = System.IO.File.Exists(file) ? null
            : $"the script '{args[0]}' does not exist.";
        problem ??= file.EndsWith(".ps1", StringComparison.OrdinalIgnoreCase) ? null
            : $"'{args[0]}' is not a .ps1 file; a line is run with -Command.";
        arguments = arguments with { File = file, FileArguments = [.. args[1..].Select(ToSource)] };
        return problem is null;
    }

    /// <summary>
    /// As pwsh -File does it: a word that begins with a dash names a parameter, <c>-Switch:$false</c> and
    /// <c>-Name:value</c> carry their value, everything else is a value.
    /// </summary>
    static string ToSource(string word)
    {
        Match match = ParameterPattern().Match(word);
        if (!match.Success)
        {
            return Quote(word);
        }
        string name = match.Groups["name"].Value;
        string value = match.Groups["value"].Value;
        return match.Groups["value"].Success && value.Length > 0
            ? $"{name}:{(value.ToLowerInvariant() is "$true" or "$false" ? value : Quote(value))}"
            : name;
    }

    static string Quote(string word) => $"'{CodeGeneration.EscapeSingleQuotedStringContent(word)}'";

    [GeneratedRegex(@"\A(?<name>-[\p{L}_][\p{L}\p{N}_]*)(:(?<value>.*))?\z", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex ParameterPattern();
}
