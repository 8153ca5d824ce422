using System.Text;
using System.Text.RegularExpressions;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Oci;

/// <summary>
/// A word of a Dockerfile's instruction with its variables in place and its quotes off, as moby's shell lexer has it
/// (moby/buildkit, dockerfile/shell): $name, ${name}, ${name:-word} and its like, ${name#pattern}, ${name%pattern},
/// ${name/pattern/word}. A variable that is not known is empty.
/// </summary>
internal sealed class ChangeVariables(string word, IReadOnlyList<string> environment, Func<string, int, LayerImageException> fail)
{
    private const string SpecialParameters = "@*#?-$!0";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private int _index;

    /// <summary>Reads the word and puts in the values of its variables. To be called once.</summary>
    public string Expand() => ReadTo(null, keepEscapes: false, 0);

    private string ReadTo(char? stop, bool keepEscapes, int start)
    {
        StringBuilder text = new();
        while (_index < word.Length)
        {
            char letter = word[_index];
            if (letter == stop)
            {
                _index++;
                return text.ToString();
            }
            switch (letter)
            {
                case '\'':
                    text.Append(SingleQuoted());
                    break;
                case '"':
                    text.Append(DoubleQuoted());
                    break;
                case '$':
                    text.Append(Variable());
                    break;
                case '\\':
                    _index++;
                    text.Append(keepEscapes ? "\\" : "").Append(_index < word.Length ? word[_index++].ToString() : "");
                    break;
                default:
                    text.Append(letter);
                    _index++;
                    break;
            }
        }
        return stop is null ? text.ToString() : throw fail($"'${{' is not closed with '{stop}'", start);
    }

    private string SingleQuoted()
    {
        int start = _index, end = word.IndexOf('\'', start + 1);
        _index = end + 1;
        return end < 0 ? throw fail("a quote is not closed", start) : word[(start + 1)..end];
    }

    // A backslash means itself unless what follows is special here.
    private string DoubleQuoted()
    {
        StringBuilder text = new();
        int start = _index++;
        while (_index < word.Length)
        {
            char letter = word[_index];
            if (letter == '"')
            {
                _index++;
                return text.ToString();
            }
            if (letter == '$')
            {
                text.Append(Variable());
                continue;
            }
            if (letter == '\\' && _index + 1 < word.Length && word[_index + 1] is '"' or '$' or '\\')
            {
                letter = word[++_index];
            }
            text.Append(letter);
            _index++;
        }
        throw fail("a quote is not closed", start);
    }

    private string Variable()
    {
        int start = _index++;
        if (_index >= word.Length || word[_index] != '{')
        {
            string name = Name();
            return name.Length == 0 ? "$" : Lookup(name) ?? "";
        }
        _index++;
        return Braced(start);
    }

    private string Braced(int start)
    {
        if (_index < word.Length && word[_index] is '{' or '}' or ':')
        {
            throw fail("'${' must be followed by a name", start);
        }
        string name = Name();
        string? value = Lookup(name);
        bool isColon = Take(':');
        char modifier = _index < word.Length ? word[_index++] : throw fail("'${' is not closed with '}'", start);
        if (modifier == '}' && !isColon)
        {
            return value ?? "";
        }
        string? counted = isColon && value?.Length == 0 ? null : value;
        return (modifier, isColon) switch
        {
            ('-', _) => ReadTo('}', keepEscapes: false, start) is string otherwise && counted is null ? otherwise : value!,
            ('+', _) => ReadTo('}', keepEscapes: false, start) is string instead && counted is not null ? instead : "",
            ('?', _) => Required(name, counted, ReadTo('}', keepEscapes: false, start), start),
            ('#' or '%', false) => Trim(value ?? "", ReadTo('}', keepEscapes: true, start), modifier),
            ('/', false) => Replace(value ?? "", start),
            _ => throw fail("what follows the name in '${' is not known", start),
        };
    }

    private string Required(string name, string? value, string message, int start) =>
        value ?? throw fail($"{name} {(message.Length > 0 ? message : "is not set, or is empty")}", start);

    private static string Trim(string value, string pattern, char end)
    {
        bool isLongest = pattern.StartsWith(end);
        string expression = Expression(isLongest ? pattern[1..] : pattern, isLongest);
        // From the right, a pattern that takes as little as it can takes the shortest end.
        return end == '#'
            ? new Regex(@"\A(?:" + expression + ")", RegexOptions.Singleline, s_patience).Replace(value, "", 1)
            : new Regex("(?:" + expression + @")\z", RegexOptions.Singleline | RegexOptions.RightToLeft, s_patience).Replace(value, "", 1);
    }

    private string Replace(string value, int start)
    {
        bool isAll = Take('/');
        string pattern = ReadTo('/', keepEscapes: true, start), instead = ReadTo('}', keepEscapes: true, start);
        return new Regex(Expression(pattern, isLongest: true), RegexOptions.Singleline, s_patience).Replace(value, _ => instead, isAll ? -1 : 1);
    }

    private static string Expression(string pattern, bool isLongest)
    {
        StringBuilder expression = new();
        for (int i = 0; i < pattern.Length; i++)
        {
            expression.Append(pattern[i] switch
            {
                '*' => isLongest ? ".*" : ".*?",
                '?' => ".",
                '\\' when i + 1 < pattern.Length => Regex.Escape(pattern[++i].ToString()),
                char letter => Regex.Escape(letter.ToString()),
            });
        }
        return expression.ToString();
    }

    private bool Take(char letter)
    {
        bool isHere = _index < word.Length && word[_index] == letter;
        _index += isHere ? 1 : 0;
        return isHere;
    }

    // A name, the number of a parameter, or one special parameter; the last two are always empty.
    private string Name()
    {
        int start = _index;
        if (_index < word.Length && char.IsDigit(word[_index]))
        {
            while (_index < word.Length && char.IsDigit(word[_index]))
            {
                _index++;
            }
        }
        else if (_index < word.Length && SpecialParameters.Contains(word[_index], StringComparison.Ordinal))
        {
            _index++;
        }
        else
        {
            while (_index < word.Length && (char.IsLetterOrDigit(word[_index]) || word[_index] == '_'))
            {
                _index++;
            }
        }
        return word[start.._index];
    }

    private string? Lookup(string name) =>
        environment.FirstOrDefault(variable => variable.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
}
