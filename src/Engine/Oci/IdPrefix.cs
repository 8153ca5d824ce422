namespace LayerImage.Engine.Oci;

/// <summary>Beginnings of ids, as people type them: two hexadecimal digits or more, in upper case too.</summary>
public static class IdPrefix
{
    private const int Shortest = 2, Longest = 64;
    private const string Algorithm = "sha256:";

    /// <summary>What a container's id must begin with to be the one that a text means; null for a text that is no beginning of an id.</summary>
    public static string? OfContainer(string text) =>
        text.Length is >= Shortest and <= Longest && !text.AsSpan().ContainsAnyExcept("0123456789abcdefABCDEF") ? text.ToLowerInvariant() : null;

    /// <summary>What an image's id or digest must begin with to be the one that a text means, with the algorithm, which the text may leave out.</summary>
    public static string? OfImage(string text) =>
        OfContainer(text.StartsWith(Algorithm, StringComparison.OrdinalIgnoreCase) ? text[Algorithm.Length..] : text) is string digits
            ? Algorithm + digits
            : null;
}
