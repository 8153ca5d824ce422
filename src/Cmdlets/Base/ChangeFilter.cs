using System.Management.Automation;
using LayerImage.Engine.Layers;

namespace LayerImage.Cmdlets.Base;

/// <summary>
/// What -Path means to cmdlets that emit changes: a path with all beneath it, or a wildcard. What cannot match is not
/// even looked at.
/// </summary>
internal sealed class ChangeFilter
{
    private readonly string[] _literals;
    private readonly WildcardPattern[] _patterns;

    public ChangeFilter(string[]? paths)
    {
        string[] given = [.. (paths ?? []).Select(path => "/" + path.Trim('/'))];
        _literals = [.. given.Where(path => !WildcardPattern.ContainsWildcardCharacters(path)).Select(WildcardPattern.Unescape)];
        _patterns = [.. given.Where(WildcardPattern.ContainsWildcardCharacters).Select(path => new WildcardPattern(path))];
        Beneath = given is [string one] ? Folder(one) : null;
    }

    /// <summary>The folder that everything that matches is in, or null.</summary>
    public string? Beneath { get; }

    /// <summary>Whether a change is asked for.</summary>
    public bool Matches(LayerChange change) => (_literals.Length == 0 && _patterns.Length == 0)
        || _literals.Any(path => path == "/" || change.Path == path || change.Path.StartsWith(path + "/", StringComparison.Ordinal))
        || _patterns.Any(pattern => pattern.IsMatch(change.Path));

    private static string Folder(string path)
    {
        int wildcard = path.AsSpan().IndexOfAny("*?[`");
        return wildcard < 0 ? path : path[..path.LastIndexOf('/', wildcard)] is { Length: > 0 } folder ? folder : "/";
    }
}
