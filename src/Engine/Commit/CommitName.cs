using System.Text.RegularExpressions;

namespace LayerImage.Engine.Commit;

/// <summary>Names of committed images that nobody has named.</summary>
public static partial class CommitName
{
    /// <summary>
    /// A reference made from a container's name: in lower case, tagged "latest". What a container's name may have and an
    /// image's may not (docker's <c>a.-b_</c>) becomes a hyphen, or nothing at the end.
    /// </summary>
    public static string Of(string containerName) =>
        Separators().Replace(
            containerName.ToLowerInvariant().TrimEnd('.', '_', '-'),
            match => match.Value is "." or "_" or "__" || match.Value.All(letter => letter == '-') ? match.Value : "-")
            + ":latest";

    [GeneratedRegex("[._-]+")]
    private static partial Regex Separators();
}
