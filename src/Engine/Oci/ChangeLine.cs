using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Oci;

/// <summary>
/// An instruction of a Dockerfile as it was given: several may stand in one text, a line each; a backslash at the end of
/// a line goes on with the next; lines that begin with '#' are comments (moby/buildkit, dockerfile/parser).
/// </summary>
/// <param name="Text">The instruction in one line.</param>
/// <param name="Change">The text that it is part of.</param>
/// <param name="Number">Its first line there; 0 when the text has only one.</param>
internal sealed record ChangeLine(string Text, string Change, int Number)
{
    private const int LongestExcerpt = 30;

    /// <summary>The instruction's name, in capitals.</summary>
    public string Instruction { get; } = Text.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries)[0].ToUpperInvariant();

    /// <summary>What follows the name, without the space around it.</summary>
    public string Rest { get; } = Text.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries) is [_, string rest] ? rest.Trim() : "";

    /// <summary>Where in <see cref="Text"/> that begins.</summary>
    public int RestAt => Text.Length - Rest.Length;

    /// <summary>The instructions of some texts, in their order.</summary>
    public static IEnumerable<ChangeLine> Read(IEnumerable<string> changes)
    {
        foreach (string change in changes)
        {
            string[] lines = change.Split('\n');
            for (int i = 0; i < lines.Length; i++)
            {
                int first = i;
                string text = lines[i].TrimStart();
                if (text.StartsWith('#'))
                {
                    continue;
                }
                bool goesOn = TakeContinuation(ref text);
                while (goesOn && i + 1 < lines.Length)
                {
                    string next = lines[++i];
                    if (next.TrimStart() is not ("" or ['#', ..]))
                    {
                        goesOn = TakeContinuation(ref next);
                        text += next;
                    }
                }
                if (text.Trim().Length > 0)
                {
                    yield return new ChangeLine(text.Trim(), change, lines.Length == 1 ? 0 : first + 1);
                }
            }
        }
    }

    /// <summary>The failure to apply it.</summary>
    /// <param name="why">What is wrong.</param>
    /// <param name="at">Where in <see cref="Text"/>; -1 for nowhere in particular.</param>
    public LayerImageException Invalid(string why, int at = -1)
    {
        string line = Number > 0 ? $" (line {Number}: {Text})" : "";
        string place = at < 0 || at >= Text.Length ? "" : $" at character {at + 1}, {Excerpt(at)}";
        return new(EngineError.ParameterInvalid, $"The change '{Change}'{line} cannot be applied: {why}{place}.")
        {
            Target = Change,
            Advice = "Write instructions of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME or WORKDIR.",
        };
    }

    private string Excerpt(int at) => Text.Length - at <= LongestExcerpt ? $"`{Text[at..]}`" : $"`{Text[at..(at + LongestExcerpt)]}…`";

    // A backslash after a backslash is none.
    private static bool TakeContinuation(ref string line)
    {
        string end = line.TrimEnd(' ', '\t', '\r');
        bool goesOn = end.EndsWith('\\') && !end.EndsWith("\\\\", StringComparison.Ordinal);
        line = goesOn ? end[..^1] : line.TrimEnd('\r');
        return goesOn;
    }
}
