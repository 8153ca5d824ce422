namespace LayerImage.Shell;

/// <summary>
/// The lines typed, oldest first, kept across sessions in $XDG_STATE_HOME/layerimage/history: one entry a line,
/// line breaks written as \n. A line that begins with a space is not kept, nor one that repeats the last.
/// </summary>
sealed class LineHistory
{
    const int Capacity = 1000;

    readonly string? _path;
    readonly List<string> _lines;

    LineHistory(string? path, List<string> lines)
    {
        _path = path;
        _lines = lines;
    }

    internal int Count => _lines.Count;

    internal string this[int index] => _lines[index];

    /// <summary>Opens the user's history; one that cannot be read is an empty one that is not kept.</summary>
    internal static LineHistory Open()
    {
        string? state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        if (string.IsNullOrEmpty(state))
        {
            state = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        }
        string path = Path.Combine(state, "layerimage", "history");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            string[] lines = File.Exists(path) ? File.ReadAllLines(path) : [];
            string[] kept = lines.Length > Capacity ? lines[^Capacity..] : lines;
            if (kept.Length < lines.Length)
            {
                File.WriteAllLines(path, kept);
            }
            return new LineHistory(path, [.. kept.Select(Unescape)]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new LineHistory(null, []);
        }
    }

    internal void Add(string line)
    {
        if (line.Length == 0 || line[0] == ' ' || (_lines.Count > 0 && _lines[^1] == line))
        {
            return;
        }
        _lines.Add(line);
        if (_path is null)
        {
            return;
        }
        try
        {
            // Commands can hold secrets: the file is its owner's alone.
            using FileStream file = new(_path, new FileStreamOptions
            {
                Mode = FileMode.Append,
                Access = FileAccess.Write,
                Share = FileShare.ReadWrite,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            using StreamWriter writer = new(file);
            writer.Write(Escape(line) + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The line is in this session's memory all the same.
        }
    }

    static string Escape(string line) => line.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    static string Unescape(string line)
    {
        System.Text.StringBuilder text = new(line.Length);
        for (int i = 0; i < line.Length; i++)
        {
            bool escaped = line[i] == '\\' && i + 1 < line.Length;
            text.Append(!escaped ? line[i] : line[++i] == 'n' ? '\n' : line[i]);
        }
        return text.ToString();
    }
}
