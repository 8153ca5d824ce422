using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LayerImage.Engine.Oci;

/// <summary>
/// Source-generated JSON for the OCI documents. Go's reader is the format's: the letters' case in a member's name does not
/// count, and null is what is not there.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowDuplicateProperties = false,
    PropertyNameCaseInsensitive = true,
    MaxDepth = 32)]
[JsonSerializable(typeof(Manifest))]
[JsonSerializable(typeof(ImageIndex))]
[JsonSerializable(typeof(ImageConfig))]
[JsonSerializable(typeof(OciLayoutFile))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(Dictionary<string, System.Text.Json.JsonElement>))]
internal sealed partial class OciJsonContext : JsonSerializerContext;

/// <summary>The file <c>oci-layout</c> (image-spec, image-layout.md).</summary>
internal sealed record OciLayoutFile
{
    public string ImageLayoutVersion { get; init; } = "1.0.0";
}

/// <summary>Reads and writes OCI documents as they go over the wire.</summary>
internal static class OciJson
{
    /// <summary>
    /// The context for writing. The default encoder would write <c>tar\u002Bgzip</c>, which is valid and which
    /// other tools' string comparisons do not expect.
    /// </summary>
    public static OciJsonContext Wire { get; } = new(new JsonSerializerOptions(OciJsonContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>A manifest or configuration larger than this is refused before it is parsed (4 MiB).</summary>
    public const int LargestDocument = 4 << 20;
}
