using System.Text.Json.Nodes;
using LayerImage.Testing.Registry;

namespace LayerImage.Testing.Images;

/// <summary>Builds an index (OCI) or a manifest list (Docker) over images of several platforms.</summary>
public sealed class IndexBuilder(ImageFormat format = ImageFormat.Oci)
{
    private readonly List<BuiltImage> _images = [];
    private readonly JsonArray _manifests = [];

    /// <summary>Adds an image with the platform of its configuration.</summary>
    public IndexBuilder With(BuiltImage image)
    {
        JsonObject platform = new() { ["architecture"] = image.Architecture, ["os"] = image.Os };
        if (image.Variant is not null)
        {
            platform["variant"] = image.Variant;
        }
        JsonObject descriptor = ImageBuilder.Descriptor(image.MediaType, image.Manifest);
        descriptor["platform"] = platform;
        _images.Add(image);
        return WithDescriptor(descriptor);
    }

    /// <summary>Adds any descriptor: an attestation, one with a wrong size …</summary>
    public IndexBuilder WithDescriptor(JsonObject descriptor)
    {
        _manifests.Add(descriptor);
        return this;
    }

    /// <summary>The index's media type.</summary>
    public string MediaType => format == ImageFormat.Oci
        ? "application/vnd.oci.image.index.v1+json"
        : "application/vnd.docker.distribution.manifest.list.v2+json";

    /// <summary>The index.</summary>
    public byte[] ToBytes() => ImageBuilder.JsonBytes(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = MediaType,
        ["manifests"] = _manifests.DeepClone(),
    });

    /// <summary>Puts the images and the index into a registry's repository; returns what to pull.</summary>
    public string PushTo(RegistryServer registry, string repository, string tag = "latest")
    {
        foreach (BuiltImage image in _images)
        {
            image.PushTo(registry, repository, tag: null);
        }
        registry.PutManifest(repository, tag, MediaType, ToBytes());
        return $"{registry.Host}/{repository}:{tag}";
    }
}
