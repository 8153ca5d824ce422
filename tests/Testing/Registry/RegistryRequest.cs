namespace LayerImage.Testing.Registry;

/// <summary>A request as the server received it.</summary>
/// <param name="Method">GET, HEAD, PUT …</param>
/// <param name="Path">The path, decoded, without the query.</param>
/// <param name="Query">The query's members.</param>
/// <param name="Headers">The headers; names in any case.</param>
/// <param name="Body">The body.</param>
public sealed record RegistryRequest(
    string Method,
    string Path,
    IReadOnlyDictionary<string, string> Query,
    IReadOnlyDictionary<string, string> Headers,
    byte[] Body)
{
    /// <summary>A header, or null.</summary>
    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>"GET /v2/tomcat/manifests/latest".</summary>
    public override string ToString() => $"{Method} {Path}";
}
