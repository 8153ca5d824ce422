using System.Management.Automation;

namespace LayerImage.Cmdlets.Commands;

/// <summary>
/// The paths that patterns leave out. They are of whole paths from the root, and may do without the slash at its beginning,
/// as docker's patterns do; one at their end means nothing.
/// </summary>
internal sealed class PathExclusion
{
    private readonly List<(string Text, WildcardPattern Pattern)> _patterns;
    private readonly HashSet<string> _unused;

    public PathExclusion(IReadOnlyCollection<string> patterns)
    {
        _patterns = [.. patterns.Select(text => (text, new WildcardPattern(Normalize(text))))];
        _unused = [.. patterns];
    }

    /// <summary>Patterns that have fitted no path yet.</summary>
    public IEnumerable<string> Unused => _patterns.Select(pattern => pattern.Text).Where(_unused.Contains);

    /// <summary>Whether a path is left out.</summary>
    public bool Fits(string path)
    {
        bool fits = false;
        foreach ((string text, WildcardPattern pattern) in _patterns)
        {
            if (pattern.IsMatch(path) || pattern.IsMatch(path[1..]))
            {
                _unused.Remove(text);
                fits = true;
            }
        }
        return fits;
    }

    private static string Normalize(string text)
    {
        string path = text.StartsWith("./", StringComparison.Ordinal) ? text[2..] : text;
        return path.Length > 1 ? path.TrimEnd('/') : path;
    }
}
