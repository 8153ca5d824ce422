using System.Text.Json.Nodes;
using LayerImage.Testing.Registry;

namespace LayerImage.Testing.Images;

/// <summary>An image as bytes.</summary>
/// <param name="MediaType">The manifest's media type.</param>
/// <param name="Manifest">The manifest.</param>
/// <param name="Config">The configuration; its digest is the image's id.</param>
/// <param name="Layers">The layers, lowest first.</param>
/// <param name="Os">The operating system.</param>
/// <param name="Architecture">The architecture.</param>
/// <param name="Variant">The architecture's variant, or null.</param>
public sealed record BuiltImage(
    string MediaType, byte[] Manifest, byte[] Config, IReadOnlyList<LayerBlob> Layers, string Os, string Architecture, string? Variant)
{
    /// <summary>The manifest's digest.</summary>
    public string Digest => RegistryServer.DigestOf(Manifest);

    /// <summary>The configuration's digest.</summary>
    public string Id => RegistryServer.DigestOf(Config);

    /// <summary>Puts the image into a registry's repository, under a tag when given; returns what to pull.</summary>
    public string PushTo(RegistryServer registry, string repository, string? tag = "latest")
    {
        registry.PutBlob(repository, Config);
        foreach (LayerBlob layer in Layers)
        {
            registry.PutBlob(repository, layer.Blob);
        }
        string digest = registry.PutManifest(repository, tag, MediaType, Manifest);
        return tag is null ? $"{registry.Host}/{repository}@{digest}" : $"{registry.Host}/{repository}:{tag}";
    }

    /// <summary>Writes the image into a folder as an OCI layout with one tag.</summary>
    public void WriteLayout(string folder, string tag = "latest")
    {
        string blobs = Path.Combine(folder, "blobs", "sha256");
        Directory.CreateDirectory(blobs);
        File.WriteAllText(Path.Combine(folder, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
        foreach (byte[] bytes in Layers.Select(layer => layer.Blob).Append(Config).Append(Manifest))
        {
            File.WriteAllBytes(Path.Combine(blobs, RegistryServer.DigestOf(bytes)["sha256:".Length..]), bytes);
        }
        JsonObject descriptor = ImageBuilder.Descriptor(MediaType, Manifest);
        descriptor["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = tag };
        JsonObject index = new() { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(descriptor) };
        File.WriteAllBytes(Path.Combine(folder, "index.json"), ImageBuilder.JsonBytes(index));
    }
}
