using System.Text;

namespace LayerImage.Shell;

/// <summary>
/// Reads a line from a terminal with editing, history and Tab. Enter on an unfinished statement goes on in the next
/// row. The whole text is drawn anew after each key: a line is short and a terminal is fast.
/// </summary>
sealed class LineEditor(LineHistory history, TabCompleter completer, Func<string, bool> isComplete)
{
    const string Continuation = ">> ";

    readonly StringBuilder _text = new();
    string _prompt = "";
    string _draft = "";
    int _cursor, _row, _historyIndex, _completionIndex;
    Completions? _completions;

    /// <summary>The line, or null when the user ends the input (Ctrl-D). Ctrl-C gives an empty line.</summary>
    internal string? ReadLine(string prompt)
    {
        if (!ShellUserInterface.IsTerminal)
        {
            Console.Out.Write(prompt);
            return Console.In.ReadLine();
        }
        _prompt = prompt;
        _text.Clear();
        (_cursor, _row, _historyIndex, _completions, _draft) = (0, 0, history.Count, null, "");
        // At the prompt Ctrl-C is a key; while a command runs it is a signal again.
        Console.TreatControlCAsInput = true;
        try
        {
            Draw();
            return ReadKeys();
        }
        finally
        {
            Console.TreatControlCAsInput = false;
        }
    }

    string? ReadKeys()
    {
        while (true)
        {
            ConsoleKeyInfo key = Console.ReadKey(intercept: true);
            bool control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
            if (key.Key is not ConsoleKey.Tab)
            {
                _completions = null;
            }
            switch (key.Key)
            {
                case ConsoleKey.Enter when isComplete(_text.ToString()):
                    Finish();
                    history.Add(_text.ToString());
                    return _text.ToString();
                case ConsoleKey.Enter:
                    Insert("\n");
                    break;
                case ConsoleKey.C when control:
                    Finish("^C");
                    return "";
                case ConsoleKey.D when control && _text.Length == 0:
                    Finish();
                    return null;
                default:
                    Edit(key, control);
                    break;
            }
            Draw();
        }
    }

    void Edit(ConsoleKeyInfo key, bool control)
    {
        bool alt = key.Modifiers.HasFlag(ConsoleModifiers.Alt);
        switch (key.Key)
        {
            case ConsoleKey.LeftArrow when control:
            case ConsoleKey.B when alt:
                _cursor = WordStart();
                break;
            case ConsoleKey.RightArrow when control:
            case ConsoleKey.F when alt:
                _cursor = WordEnd();
                break;
            case ConsoleKey.LeftArrow:
            case ConsoleKey.B when control:
                _cursor = Previous();
                break;
            case ConsoleKey.RightArrow:
            case ConsoleKey.F when control:
                _cursor = Next();
                break;
            case ConsoleKey.Home:
            case ConsoleKey.A when control:
                _cursor = 0;
                break;
            case ConsoleKey.End:
            case ConsoleKey.E when control:
                _cursor = _text.Length;
                break;
            case ConsoleKey.Backspace:
            case ConsoleKey.H when control:
                Delete(Previous(), _cursor);
                break;
            case ConsoleKey.Delete:
            case ConsoleKey.D when control:
                Delete(_cursor, Next());
                break;
            case ConsoleKey.W when control:
                Delete(WordStart(), _cursor);
                break;
            case ConsoleKey.U when control:
                Delete(0, _cursor);
                break;
            case ConsoleKey.K when control:
                Delete(_cursor, _text.Length);
                break;
            case ConsoleKey.Escape:
                Replace("");
                break;
            case ConsoleKey.L when control:
                Console.Out.Write("\e[H\e[2J");
                _row = 0;
                break;
            case ConsoleKey.UpArrow:
            case ConsoleKey.P when control:
                Recall(_historyIndex - 1);
                break;
            case ConsoleKey.DownArrow:
            case ConsoleKey.N when control:
                Recall(_historyIndex + 1);
                break;
            case ConsoleKey.Tab:
                CompleteNext(key.Modifiers.HasFlag(ConsoleModifiers.Shift) ? -1 : 1);
                break;
            default:
                if (!char.IsControl(key.KeyChar) && !alt)
                {
                    Insert(key.KeyChar.ToString());
                }
                break;
        }
    }

    void Insert(string text)
    {
        _text.Insert(_cursor, text);
        _cursor += text.Length;
    }

    void Delete(int from, int to)
    {
        _text.Remove(from, to - from);
        _cursor = from;
    }

    void Replace(string text)
    {
        _text.Clear().Append(text);
        _cursor = _text.Length;
    }

    void Recall(int index)
    {
        if (index < 0 || index > history.Count)
        {
            return;
        }
        if (_historyIndex == history.Count)
        {
            _draft = _text.ToString();
        }
        _historyIndex = index;
        Replace(index == history.Count ? _draft : history[index]);
    }

    void CompleteNext(int step)
    {
        int replaced;
        if (_completions is null)
        {
            _completions = completer.Complete(_text.ToString(), _cursor);
            if (_completions is null)
            {
                return;
            }
            _completionIndex = step > 0 ? 0 : _completions.Texts.Count - 1;
            replaced = _completions.Length;
        }
        else
        {
            replaced = _completions.Texts[_completionIndex].Length;
            _completionIndex = (_completionIndex + step + _completions.Texts.Count) % _completions.Texts.Count;
        }
        Delete(_completions.Start, _completions.Start + replaced);
        Insert(_completions.Texts[_completionIndex]);
        if (_completions.Texts.Count == 1)
        {
            // Nothing to cycle through: the next Tab completes what is then before the cursor.
            _completions = null;
        }
    }

    int Previous() => _cursor == 0 ? 0 : _cursor - (_cursor > 1 && char.IsSurrogatePair(_text[_cursor - 2], _text[_cursor - 1]) ? 2 : 1);

    int Next() => _cursor == _text.Length ? _cursor
        : _cursor + (_cursor + 1 < _text.Length && char.IsSurrogatePair(_text[_cursor], _text[_cursor + 1]) ? 2 : 1);

    int WordStart()
    {
        int at = _cursor;
        while (at > 0 && !char.IsLetterOrDigit(_text[at - 1]))
        {
            at--;
        }
        while (at > 0 && char.IsLetterOrDigit(_text[at - 1]))
        {
            at--;
        }
        return at;
    }

    int WordEnd()
    {
        int at = _cursor;
        while (at < _text.Length && !char.IsLetterOrDigit(_text[at]))
        {
            at++;
        }
        while (at < _text.Length && char.IsLetterOrDigit(_text[at]))
        {
            at++;
        }
        return at;
    }

    void Finish(string mark = "")
    {
        _cursor = _text.Length;
        Draw();
        Console.Out.Write(mark + "\n");
    }

    void Draw()
    {
        int width = Math.Max(10, Console.WindowWidth);
        string shown = _text.ToString().Replace("\n", "\n" + Continuation, StringComparison.Ordinal);
        string beforeCursor = _text.ToString(0, _cursor).Replace("\n", "\n" + Continuation, StringComparison.Ordinal);
        (int endRow, int endColumn) = TextLayout.EndOf(_prompt + shown, width);
        (int cursorRow, int cursorColumn) = TextLayout.EndOf(_prompt + beforeCursor, width);

        StringBuilder output = new("\r");
        if (_row > 0)
        {
            output.Append("\e[").Append(_row).Append('A');
        }
        output.Append("\e[J").Append(_prompt).Append(shown);
        if (endColumn == 0 && endRow > 0 && !(_prompt + shown).EndsWith('\n'))
        {
            // The last column is filled: without this the terminal keeps the cursor on it until the next character.
            output.Append('\n');
        }
        if (endRow > cursorRow)
        {
            output.Append("\e[").Append(endRow - cursorRow).Append('A');
        }
        output.Append('\r');
        if (cursorColumn > 0)
        {
            output.Append("\e[").Append(cursorColumn).Append('C');
        }
        Console.Out.Write(output.ToString());
        _row = cursorRow;
    }
}
