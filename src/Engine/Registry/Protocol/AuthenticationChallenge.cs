namespace LayerImage.Engine.Registry;

/// <summary>One challenge of a WWW-Authenticate header (RFC 9110, 11.6.1): a scheme and its parameters.</summary>
/// <param name="Scheme">"Bearer" or "Basic", as sent.</param>
/// <param name="Parameters">By name in lower case, unquoted.</param>
internal sealed record AuthenticationChallenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    /// <summary>Parses the parameters of a challenge; what is malformed is left out.</summary>
    public static AuthenticationChallenge Parse(string scheme, string? parameters)
    {
        Dictionary<string, string> found = new(StringComparer.OrdinalIgnoreCase);
        ReadOnlySpan<char> rest = parameters ?? "";
        while (rest.IndexOf('=') is int equals and > 0)
        {
            string name = rest[..equals].Trim(", ").ToString();
            rest = rest[(equals + 1)..];
            int end;
            if (rest.StartsWith("\""))
            {
                rest = rest[1..];
                end = rest.IndexOf('"');
            }
            else
            {
                end = rest.IndexOf(',');
            }
            end = end < 0 ? rest.Length : end;
            found[name] = rest[..end].ToString();
            rest = rest[Math.Min(end + 1, rest.Length)..];
        }
        return new AuthenticationChallenge(scheme, found);
    }
}
