using System.Text;

namespace LayerImage.Engine.Oci;

/// <summary>
/// The words of a Dockerfile's instruction: quotes, backslashes and variables, as moby's line parsers and its shell
/// lexer read them. Not known variables are empty.
/// </summary>
internal sealed class ChangeWords(string change, IReadOnlyList<string> environment)
{
    /// <summary>All as one word.</summary>
    public string One(string text) => Expand(text);

    /// <summary>Words at white space.</summary>
    public IEnumerable<string> Split(string text) => Words(text).Select(Expand);

    /// <summary><c>name=value name="other value"</c>, or the old form <c>name the whole value</c>.</summary>
    public IReadOnlyList<(string Name, string Value)> Pairs(string text)
    {
        List<string> words = Words(text);
        if (!words[0].Contains('=', StringComparison.Ordinal))
        {
            string[] two = text.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries);
            return two.Length == 2 ? [(Expand(two[0]), Expand(two[1].Trim()))] : throw ConfigChange.Invalid(change, $"'{text}' has no value");
        }
        return words.ConvertAll(word => word.IndexOf('=', StringComparison.Ordinal) is int equals and > 0
            ? (Expand(word[..equals]), Expand(word[(equals + 1)..]))
            : throw ConfigChange.Invalid(change, $"'{word}' is not name=value"));
    }

    // Quotes and backslashes stay: Expand takes them off.
    private static List<string> Words(string text)
    {
        List<string> words = [];
        StringBuilder word = new();
        char quote = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            char letter = text[i];
            if (quote == '\0' && char.IsWhiteSpace(letter))
            {
                Take();
                continue;
            }
            word.Append(letter);
            if (letter == '\\' && quote != '\'' && i + 1 < text.Length)
            {
                word.Append(text[++i]);
            }
            else if (letter == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && letter is '"' or '\'')
            {
                quote = letter;
            }
        }
        Take();
        return words;

        void Take()
        {
            if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }
    }

    private string Expand(string word)
    {
        StringBuilder text = new();
        char quote = '\0';
        for (int i = 0; i < word.Length; i++)
        {
            char letter = word[i];
            if (quote == '\0' && letter is '"' or '\'')
            {
                quote = letter;
            }
            else if (letter == quote)
            {
                quote = '\0';
            }
            else if (letter == '\\' && quote != '\'' && i + 1 < word.Length)
            {
                // Within double quotes a backslash means itself unless what follows is special there.
                i++;
                _ = quote == '"' && word[i] is not ('"' or '$' or '\\') ? text.Append('\\').Append(word[i]) : text.Append(word[i]);
            }
            else if (letter == '$' && quote != '\'')
            {
                text.Append(Variable(word, ref i));
            }
            else
            {
                text.Append(letter);
            }
        }
        return quote == '\0' ? text.ToString() : throw ConfigChange.Invalid(change, "a quote is not closed");
    }

    // At a '$'; leaves the index on the last letter that belongs to it.
    private string Variable(string word, ref int index)
    {
        int start = index + 1;
        if (start < word.Length && word[start] == '{')
        {
            int end = word.IndexOf('}', start);
            if (end < 0)
            {
                throw ConfigChange.Invalid(change, "'${' is not closed");
            }
            index = end;
            return Braced(word[(start + 1)..end]);
        }
        int stop = start;
        while (stop < word.Length && (char.IsAsciiLetter(word[stop]) || word[stop] == '_' || (stop > start && char.IsAsciiDigit(word[stop]))))
        {
            stop++;
        }
        index = Math.Max(index, stop - 1);
        return stop == start ? "$" : Lookup(word[start..stop]) ?? "";
    }

    private string Braced(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string? value = Lookup(colon < 0 ? text : text[..colon]);
        if (colon < 0)
        {
            return value ?? "";
        }
        string otherwise = text[Math.Min(colon + 2, text.Length)..];
        return (colon + 1 < text.Length ? text[colon + 1] : '\0') switch
        {
            '-' => string.IsNullOrEmpty(value) ? Expand(otherwise) : value,
            '+' => string.IsNullOrEmpty(value) ? "" : Expand(otherwise),
            _ => throw ConfigChange.Invalid(change, $"'${{{text}}}' is not ${{name}}, ${{name:-word}} or ${{name:+word}}"),
        };
    }

    private string? Lookup(string name) => environment.FirstOrDefault(variable => variable.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
}
