using System.Text.Json;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Oci;

/// <summary>Tells what a received document is and parses it, strictly: it comes from a stranger.</summary>
internal static class ManifestParser
{
    private const int MostLayers = 500; // as many as the kernel unites

    /// <summary>Whether the bytes are an index; an error when they are neither an index nor an image's manifest.</summary>
    public static bool IsIndex(byte[] bytes, string mediaType, string source)
    {
        using JsonDocument document = Document(bytes, source);
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw Invalid(source, "it is no JSON object");
        }
        HashSet<string> members = Members(root, source);
        if (mediaType is MediaTypes.DockerSchema1 or MediaTypes.DockerSchema1Signed
            || (root.TryGetProperty("schemaVersion", out JsonElement version)
                && version.ValueKind == JsonValueKind.Number
                && version.TryGetInt32(out int number)
                && number == 1))
        {
            throw new LayerImageException(EngineError.ManifestNotSupported, $"{source} is in Docker's old format, schema 1, which no current engine reads.")
            { Target = source, Advice = "Push the image again with a current docker, podman or skopeo." };
        }
        bool isIndex = members.Contains("manifests"), isManifest = members.Contains("layers") || members.Contains("config");
        string named = root.TryGetProperty("mediaType", out JsonElement type) && type.ValueKind == JsonValueKind.String ? type.GetString()! : "";
        // What one engine reads as an index and another as an image would be two things under one digest (CVE-2021-41190).
        return (isIndex && (isManifest || MediaTypes.IsManifest(named))) || (isManifest && MediaTypes.IsIndex(named))
            ? throw Invalid(source, "it is an index and an image's manifest at once")
            : isIndex || (!isManifest && (MediaTypes.IsIndex(mediaType) || MediaTypes.IsIndex(named)));
    }

    /// <summary>Parses an index of manifests.</summary>
    public static ImageIndex ParseIndex(byte[] bytes, string source)
    {
        ImageIndex index = Parse(bytes, source, OciJsonContext.Default.ImageIndex);
        return index.Manifests.Any(entry => entry is null || entry.Size < 0) ? throw Invalid(source, "the index has a broken list of manifests") : index;
    }

    /// <summary>Parses an image's manifest. Configuration and layers are there and sizes make sense afterwards.</summary>
    public static Manifest ParseManifest(byte[] bytes, string source)
    {
        Manifest manifest = Parse(bytes, source, OciJsonContext.Default.Manifest);
        if (manifest.Config is null || manifest.Layers.Any(layer => layer is null))
        {
            throw Invalid(source, "the manifest has no configuration, or a broken list of layers");
        }
        // Who names the kind of an artifact means none of the configurations that were images' by mistake.
        if (!MediaTypes.IsImageConfig(manifest.Config.MediaType)
            || (!string.IsNullOrEmpty(manifest.ArtifactType)
                && !MediaTypes.IsImageConfig(manifest.ArtifactType)
                && manifest.Config.MediaType is not (MediaTypes.OciConfig or MediaTypes.DockerConfig)))
        {
            string type = string.IsNullOrEmpty(manifest.ArtifactType) ? manifest.Config.MediaType : manifest.ArtifactType;
            throw new LayerImageException(EngineError.ManifestNotSupported, $"{source} is an artifact of type '{type}', not a container image.")
            { Target = source, Advice = "Only container images can be received and run." };
        }
        if (manifest.Layers.Append(manifest.Config).Any(descriptor => descriptor.Size < 0))
        {
            throw Invalid(source, "a size is negative");
        }
        if (manifest.Config.Size > OciJson.LargestDocument)
        {
            throw Invalid(source, $"its configuration is larger than {OciJson.LargestDocument} bytes");
        }
        return manifest.Layers.Count > MostLayers
            ? throw Invalid(source, $"it has {manifest.Layers.Count} layers, and the kernel unites at most {MostLayers}")
            : manifest;
    }

    /// <summary>Parses a configuration and checks it against the number of layers that the manifest lists.</summary>
    public static ImageConfig ParseConfig(byte[] bytes, int layers, string source)
    {
        ImageConfig config = Parse(bytes, source, OciJsonContext.Default.ImageConfig).WithoutNulls();
        if (config.Rootfs.DiffIds.Count != layers)
        {
            throw Invalid(source, $"the configuration names {config.Rootfs.DiffIds.Count} layers and the manifest {layers}");
        }
        return IsWord(config.Os) && IsWord(config.Architecture) && IsWord(config.Variant)
            ? config
            : throw Invalid(source, "its platform is not letters, digits, '.', '_' and '-'");
    }

    private static bool IsWord(string? text) => text is null || text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    private static T Parse<T>(byte[] bytes, string source, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        CheckText(bytes, source);
        try
        {
            return JsonSerializer.Deserialize(bytes, type) ?? throw Invalid(source, "it is empty");
        }
        catch (JsonException e)
        {
            throw Invalid(source, e.Message.TrimEnd('.'), e);
        }
    }

    private static JsonDocument Document(byte[] bytes, string source)
    {
        CheckText(bytes, source);
        try
        {
            return JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            throw Invalid(source, "it is no JSON: " + e.Message.TrimEnd('.'), e);
        }
    }

    // The members' names. Go's tools read "Layers" as "layers": whoever writes both shows each tool another image.
    private static HashSet<string> Members(JsonElement root, string source)
    {
        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
        return root.EnumerateObject().FirstOrDefault(member => !names.Add(member.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } twice
            ? throw Invalid(source, $"it has the member '{twice.Name}' twice")
            : names;
    }

    // The parser would look into the texts that it uses only.
    private static void CheckText(byte[] bytes, string source)
    {
        if (bytes.AsSpan().StartsWith("\uFEFF"u8))
        {
            throw Invalid(source, "it begins with a byte order mark, which JSON must not");
        }
        if (!System.Text.Unicode.Utf8.IsValid(bytes))
        {
            throw Invalid(source, "it is not UTF-8");
        }
        try
        {
            Utf8JsonReader reader = new(bytes, new JsonReaderOptions { MaxDepth = 32 });
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                {
                    _ = reader.GetString();
                }
            }
        }
        catch (JsonException e)
        {
            throw Invalid(source, "it is no JSON: " + e.Message.TrimEnd('.'), e);
        }
        catch (InvalidOperationException e)
        {
            throw Invalid(source, "a text in it is no Unicode", e); // half a surrogate pair, escaped
        }
    }

    private static LayerImageException Invalid(string source, string why, Exception? inner = null) =>
        new(EngineError.ManifestInvalid, $"What {source} consists of cannot be read: {why}.", inner)
        { Target = source, Advice = "The image was built or pushed wrongly, or the address is not a registry's." };
}
