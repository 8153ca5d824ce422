using System.Text;

namespace LayerImage.Engine.Oci;

/// <summary>The words of a Dockerfile's instruction: quotes and backslashes, as moby's line parsers read them.</summary>
internal sealed class ChangeWords(ChangeLine line, IReadOnlyList<string> environment)
{
    /// <summary>The rest of the line as one word.</summary>
    public string One() => Expand(line.Rest, line.RestAt);

    /// <summary>Words at white space, with their places in the line; a variable may hold several of them.</summary>
    public IEnumerable<(string Text, int At)> Split()
    {
        int end = 0;
        foreach (string part in Parts(line.Rest))
        {
            int start = line.Rest.IndexOf(part, end, StringComparison.Ordinal);
            end = start + part.Length;
            foreach (string word in Parts(Expand(part, line.RestAt + start)))
            {
                yield return (word, line.RestAt + start);
            }
        }
    }

    /// <summary>Replaces variables and takes quotes off.</summary>
    public string Expand(string word) => Expand(word, line.RestAt);

    /// <summary><c>name=value name="other value"</c>, or the old form <c>name the whole value</c>.</summary>
    public IReadOnlyList<(string Name, string Value)> Pairs()
    {
        List<(string Text, int At)> words = Words();
        if (!words[0].Text.Contains('=', StringComparison.Ordinal))
        {
            string[] two = line.Rest.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries);
            return two.Length == 2
                ? [(Expand(two[0], line.RestAt), Expand(two[1].Trim(), line.RestAt + line.Rest.IndexOf(two[1], two[0].Length, StringComparison.Ordinal)))]
                : throw line.Invalid("there is a name and no value", line.RestAt);
        }
        return words.ConvertAll(word => word.Text.IndexOf('=', StringComparison.Ordinal) switch
        {
            > 0 and int equals => (Expand(word.Text[..equals], word.At), Expand(word.Text[(equals + 1)..], word.At + equals + 1)),
            0 => throw line.Invalid("a name is missing before '='", word.At),
            _ => throw line.Invalid("there is no '=' in the word", word.At),
        });
    }

    private static string[] Parts(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private string Expand(string word, int at) => new ChangeVariables(word, environment, (why, index) => line.Invalid(why, at + index)).Expand();

    // Quotes and backslashes stay: Expand takes them off.
    private List<(string Text, int At)> Words()
    {
        string text = line.Rest;
        List<(string, int)> words = [];
        StringBuilder word = new();
        char quote = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            char letter = text[i];
            if (quote == '\0' && char.IsWhiteSpace(letter))
            {
                Take(i);
                continue;
            }
            if (letter == '\\' && quote != '\'')
            {
                if (i + 1 < text.Length)
                {
                    word.Append(letter).Append(text[++i]);
                }
                continue; // at the end it is skipped
            }
            word.Append(letter);
            quote = letter == quote ? '\0' : quote == '\0' && letter is '"' or '\'' ? letter : quote;
        }
        Take(text.Length);
        return words;

        void Take(int end)
        {
            if (word.Length > 0)
            {
                words.Add((word.ToString(), line.RestAt + end - word.Length));
                word.Clear();
            }
        }
    }
}
