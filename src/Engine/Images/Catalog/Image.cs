using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Text;

namespace LayerImage.Engine.Images;

/// <summary>An image in the store.</summary>
public sealed record Image
{
    private readonly Lazy<ImageConfig> _config = new(new ImageConfig());
    private readonly Lazy<IReadOnlyList<ImageLayer>> _layers = new([]);

    // PowerShell would make one of any object with a property of the same name.
    internal Image()
    {
    }

    /// <summary>The digest of the configuration.</summary>
    public required string Id { get; init; }

    /// <summary>The digest of the platform's manifest; null until a committed image is sent or exported.</summary>
    public string? Digest { get; init; }

    /// <summary>Names, as people write them: "tomcat:9".</summary>
    public IReadOnlyList<string> Tags { get; init => field = ReadableList.Of(value); } = ReadableList.None<string>();

    /// <summary>Names by digest, as received: "tomcat@sha256:…".</summary>
    public IReadOnlyList<string> RepoDigests { get; init => field = ReadableList.Of(value); } = ReadableList.None<string>();

    /// <summary>The tag that it was asked for or made by, else the first one, else the id: what names this image in a pipeline.</summary>
    public string Reference => AskedFor ?? (Tags.Count > 0 ? Tags[0] : Id);

    /// <summary>One of its tags: the one that is meant.</summary>
    internal string? AskedFor { get; private init; }

    /// <summary>The platform that the image is for: "linux/amd64".</summary>
    public required string Platform { get; init; }

    /// <summary>When the image was made, by its configuration.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>When the image came into this store.</summary>
    public DateTimeOffset StoredAt { get; init; }

    /// <summary>When the image was received, made, or taken for a container, to the hour; whichever was last.</summary>
    public DateTimeOffset LastUsedAt { get; init; }

    /// <summary>Who made the image, by its configuration.</summary>
    public string? Author => Config.Author;

    /// <summary>The message of the last step of its history: a commit's message.</summary>
    public string? Message => Config.History is [.., var last] ? last.Comment : null;

    /// <summary>Bytes on this disk: unpacked layers, their blobs as received, and the image's documents.</summary>
    public long Size { get; init; }

    /// <summary>Bytes of the image that stay if it alone is removed: another image or a container has them too.</summary>
    public long SharedSize => Size - UniqueSize;

    /// <summary>Bytes that are freed if this image alone is removed.</summary>
    public long UniqueSize { get; init; }

    /// <summary>Bytes of the layers' blobs, as a registry sends them; 0 for layers made here. A blob that stands for two layers counts once.</summary>
    public long DownloadSize { get; init; }

    /// <summary>How many layers the image has.</summary>
    public int LayerCount { get; init; }

    /// <summary>The layers, the base first.</summary>
    public IReadOnlyList<ImageLayer> Layers { get => ReadableList.Of(_layers.Value); init => _layers = new(value); }

    /// <summary>The configuration as it is in the image.</summary>
    public ImageConfig Config { get => _config.Value; init => _config = new(value); }

    /// <summary>Configuration and layers that are read from the store when somebody looks: a list of a thousand images rarely needs them.</summary>
    internal (Lazy<ImageConfig> Config, Lazy<IReadOnlyList<ImageLayer>> Layers) Late { init => (_config, _layers) = value; }

    /// <summary>The same image, by one of its tags; an image that does not have it is what it was.</summary>
    internal Image By(ImageReference? tag) => tag?.WithDefaultTag().Familiar is string name && Tags.Contains(name) ? this with { AskedFor = name } : this;

    /// <inheritdoc/>
    public override string ToString() => Reference;
}
