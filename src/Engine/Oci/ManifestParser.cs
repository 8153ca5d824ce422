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
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 32 });
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw Invalid(source, "it is no JSON object");
            }
            if (mediaType is MediaTypes.DockerSchema1 or MediaTypes.DockerSchema1Signed
                || (root.TryGetProperty("schemaVersion", out JsonElement version) && version.ValueKind == JsonValueKind.Number && version.TryGetInt32(out int number) && number == 1))
            {
                throw new LayerImageException(EngineError.ManifestNotSupported, $"{source} is in Docker's old format, schema 1, which no current engine reads.")
                { Target = source, Advice = "Push the image again with a current docker, podman or skopeo." };
            }
            return root.TryGetProperty("manifests", out _) || MediaTypes.IsIndex(mediaType);
        }
        catch (JsonException e)
        {
            throw Invalid(source, "it is no JSON: " + e.Message, e);
        }
    }

    /// <summary>Parses an index.</summary>
    public static ImageIndex ParseIndex(byte[] bytes, string source)
    {
        ImageIndex index = Parse(bytes, source, OciJsonContext.Default.ImageIndex);
        return index.Manifests is null || index.Manifests.Any(entry => entry is null || entry.Size < 0)
            ? throw Invalid(source, "the index has no list of manifests, or a broken one")
            : index;
    }

    /// <summary>Parses an image's manifest. Configuration and layers are there and sizes make sense afterwards.</summary>
    public static Manifest ParseManifest(byte[] bytes, string source)
    {
        Manifest manifest = Parse(bytes, source, OciJsonContext.Default.Manifest);
        if (manifest.Config is null || manifest.Layers is null || manifest.Layers.Any(layer => layer is null))
        {
            throw Invalid(source, "the manifest has no configuration or no layers");
        }
        if (!MediaTypes.IsImageConfig(manifest.Config.MediaType))
        {
            throw new LayerImageException(EngineError.ManifestNotSupported, $"{source} is an artifact of type '{manifest.ArtifactType ?? manifest.Config.MediaType}', not a container image.")
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
        return manifest.Layers.Count > MostLayers ? throw Invalid(source, $"it has {manifest.Layers.Count} layers; the kernel unites at most {MostLayers}") : manifest;
    }

    /// <summary>Parses a configuration and checks it against the number of layers that the manifest lists.</summary>
    public static ImageConfig ParseConfig(byte[] bytes, int layers, string source)
    {
        ImageConfig config = Parse(bytes, source, OciJsonContext.Default.ImageConfig);
        return config.Rootfs?.DiffIds is null || config.Rootfs.DiffIds.Count != layers
            ? throw Invalid(source, $"the configuration names {config.Rootfs?.DiffIds?.Count ?? 0} layers and the manifest {layers}")
            : config;
    }

    private static T Parse<T>(byte[] bytes, string source, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, type) ?? throw Invalid(source, "it is empty");
        }
        catch (JsonException e)
        {
            throw Invalid(source, e.Message, e);
        }
    }

    private static LayerImageException Invalid(string source, string why, Exception? inner = null) =>
        new(EngineError.ManifestInvalid, $"What {source} consists of cannot be read: {why}.", inner)
        { Target = source, Advice = "The image was built or pushed wrongly, or the address is not a registry's." };
}
