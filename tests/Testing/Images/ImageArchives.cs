using System.Text.Json.Nodes;
using LayerImage.Testing.Registry;

namespace LayerImage.Testing.Images;

/// <summary>Archives of images as other tools write them. They are tars, so a <see cref="LayerBuilder"/> takes them on.</summary>
public static class ImageArchives
{
    /// <summary>A docker archive: configurations, layers as "docker save" names them, manifest.json at the end.</summary>
    /// <param name="images">The images with their tags.</param>
    public static LayerBuilder Docker(params (BuiltImage Image, string[] Tags)[] images)
    {
        LayerBuilder archive = new();
        HashSet<string> written = [];
        JsonArray manifest = [];
        foreach ((BuiltImage image, string[] tags) in images)
        {
            Add(archive, written, Hex(image.Id) + ".json", image.Config);
            foreach (LayerBlob layer in image.Layers)
            {
                Add(archive, written, LayerName(layer), layer.Blob);
            }
            manifest.Add(Entry(image, tags));
        }
        return archive.File("manifest.json", manifest.ToJsonString());
    }

    /// <summary>The entry of manifest.json for an image.</summary>
    public static JsonObject Entry(BuiltImage image, params string[] tags) => new()
    {
        ["Config"] = Hex(image.Id) + ".json",
        ["RepoTags"] = new JsonArray([.. tags.Select(tag => (JsonNode)tag)]),
        ["Layers"] = new JsonArray([.. image.Layers.Select(layer => (JsonNode)LayerName(layer))]),
    };

    /// <summary>The name of a layer in a docker archive.</summary>
    public static string LayerName(LayerBlob layer) => Hex(layer.DiffId) + "/layer.tar";

    /// <summary>An OCI archive; each image under its whole name, or under a bare tag.</summary>
    public static LayerBuilder Oci(params (BuiltImage Image, string? Name)[] images)
    {
        LayerBuilder archive = new();
        HashSet<string> written = [];
        JsonArray manifests = [];
        foreach ((BuiltImage image, string? name) in images)
        {
            foreach (byte[] bytes in image.Layers.Select(layer => layer.Blob).Append(image.Config).Append(image.Manifest))
            {
                Add(archive, written, "blobs/sha256/" + Hex(RegistryServer.DigestOf(bytes)), bytes);
            }
            JsonObject descriptor = ImageBuilder.Descriptor(image.MediaType, image.Manifest);
            if (name is not null)
            {
                descriptor["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = name };
            }
            manifests.Add(descriptor);
        }
        return archive.File("index.json", new JsonObject { ["schemaVersion"] = 2, ["manifests"] = manifests }.ToJsonString())
            .File("oci-layout", """{"imageLayoutVersion":"1.0.0"}""");
    }

    private static void Add(LayerBuilder archive, HashSet<string> written, string name, byte[] bytes)
    {
        if (written.Add(name))
        {
            archive.File(name, bytes);
        }
    }

    private static string Hex(string digest) => digest["sha256:".Length..];
}
