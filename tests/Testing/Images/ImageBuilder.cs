using System.Text;
using System.Text.Json.Nodes;
using LayerImage.Testing.Registry;

namespace LayerImage.Testing.Images;

/// <summary>The media types that a built image has.</summary>
public enum ImageFormat
{
    /// <summary>OCI image specification.</summary>
    Oci,
    /// <summary>Docker image manifest version 2, schema 2.</summary>
    Docker,
}

/// <summary>Builds an image as bytes. It shares no code with the engine, so both can be wrong only separately.</summary>
public sealed class ImageBuilder
{
    private readonly List<LayerBlob> _layers = [];
    private readonly JsonObject _config = [];
    private ImageFormat _format;
    private string _os = "linux";
    private string _architecture = "amd64";
    private string? _variant;

    /// <summary>Adds a layer over those before.</summary>
    public ImageBuilder WithLayer(Action<LayerBuilder> fill, LayerCompression compression = LayerCompression.Gzip)
    {
        LayerBuilder layer = new();
        fill(layer);
        return WithLayer(LayerBlob.From(layer.ToTar(), compression));
    }

    /// <summary>Adds a layer that exists.</summary>
    public ImageBuilder WithLayer(LayerBlob layer)
    {
        _layers.Add(layer);
        return this;
    }

    /// <summary>OCI (the default) or Docker schema 2.</summary>
    public ImageBuilder WithFormat(ImageFormat format)
    {
        _format = format;
        return this;
    }

    /// <summary>The platform in the configuration; linux/amd64 by default.</summary>
    public ImageBuilder WithPlatform(string os, string architecture, string? variant = null)
    {
        (_os, _architecture, _variant) = (os, architecture, variant);
        return this;
    }

    /// <summary>Cmd.</summary>
    public ImageBuilder WithCommand(params string[] command) => With("Cmd", ArrayOf(command));

    /// <summary>Entrypoint.</summary>
    public ImageBuilder WithEntrypoint(params string[] command) => With("Entrypoint", ArrayOf(command));

    /// <summary>Env, as "NAME=value".</summary>
    public ImageBuilder WithEnvironment(params string[] variables) => With("Env", ArrayOf(variables));

    /// <summary>ExposedPorts, as "8080/tcp".</summary>
    public ImageBuilder WithExposedPorts(params string[] ports) => With("ExposedPorts", SetOf(ports));

    /// <summary>Volumes.</summary>
    public ImageBuilder WithVolumes(params string[] paths) => With("Volumes", SetOf(paths));

    /// <summary>User.</summary>
    public ImageBuilder WithUser(string user) => With("User", user);

    /// <summary>WorkingDir.</summary>
    public ImageBuilder WithWorkingDirectory(string path) => With("WorkingDir", path);

    /// <summary>StopSignal.</summary>
    public ImageBuilder WithStopSignal(string signal) => With("StopSignal", signal);

    /// <summary>A label.</summary>
    public ImageBuilder WithLabel(string name, string value)
    {
        JsonObject labels = _config["Labels"]?.AsObject() ?? [];
        labels[name] = value;
        return _config.ContainsKey("Labels") ? this : With("Labels", labels);
    }

    /// <summary>Any member of the configuration's "config" object, also one that no specification knows.</summary>
    public ImageBuilder With(string member, JsonNode value)
    {
        _config[member] = value;
        return this;
    }

    /// <summary>The image.</summary>
    public BuiltImage Build()
    {
        byte[] config = ConfigBytes();
        bool oci = _format == ImageFormat.Oci;
        string mediaType = oci ? "application/vnd.oci.image.manifest.v1+json" : "application/vnd.docker.distribution.manifest.v2+json";
        JsonObject manifest = new()
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = mediaType,
            ["config"] = Descriptor(oci ? "application/vnd.oci.image.config.v1+json" : "application/vnd.docker.container.image.v1+json", config),
            ["layers"] = new JsonArray([.. _layers.Select(layer => (JsonNode)Descriptor(LayerMediaType(layer), layer.Blob))]),
        };
        return new BuiltImage(mediaType, JsonBytes(manifest), config, [.. _layers], _os, _architecture, _variant);
    }

    public static JsonObject Descriptor(string mediaType, byte[] bytes) => new()
    {
        ["mediaType"] = mediaType,
        ["digest"] = RegistryServer.DigestOf(bytes),
        ["size"] = bytes.Length,
    };

    internal static byte[] JsonBytes(JsonNode document) => Encoding.UTF8.GetBytes(document.ToJsonString());

    private byte[] ConfigBytes()
    {
        JsonObject document = new()
        {
            ["created"] = "2024-02-29T12:00:00Z",
            ["architecture"] = _architecture,
            ["os"] = _os,
            ["config"] = _config.DeepClone(),
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = ArrayOf(_layers.Select(layer => layer.DiffId)) },
            ["history"] = new JsonArray([.. _layers.Select((_, index) => (JsonNode)new JsonObject
            {
                ["created"] = "2024-02-29T12:00:00Z",
                ["created_by"] = $"layer {index + 1}",
            })]),
        };
        if (_variant is not null)
        {
            document["variant"] = _variant;
        }
        return JsonBytes(document);
    }

    private string LayerMediaType(LayerBlob layer) => (_format, layer.Compression) switch
    {
        (ImageFormat.Oci, LayerCompression.None) => "application/vnd.oci.image.layer.v1.tar",
        (ImageFormat.Oci, _) => "application/vnd.oci.image.layer.v1.tar+gzip",
        (_, LayerCompression.None) => "application/vnd.docker.image.rootfs.diff.tar",
        _ => "application/vnd.docker.image.rootfs.diff.tar.gzip",
    };

    private static JsonArray ArrayOf(IEnumerable<string> values) => new([.. values.Select(value => (JsonNode)value)]);

    private static JsonObject SetOf(IEnumerable<string> names) => new([.. names.Select(name => KeyValuePair.Create(name, (JsonNode?)new JsonObject()))]);
}
