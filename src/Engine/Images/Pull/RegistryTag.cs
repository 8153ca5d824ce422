using LayerImage.Engine.References;

namespace LayerImage.Engine.Images;

/// <summary>A tag that a registry has.</summary>
public sealed record RegistryTag
{
    /// <summary>The registry: "docker.io", "127.0.0.1:5000".</summary>
    public required string Registry { get; init; }

    /// <summary>The repository: "library/tomcat".</summary>
    public required string Repository { get; init; }

    /// <summary>The tag itself: "9.0".</summary>
    public required string Tag { get; init; }

    /// <summary>What to receive, as people write it: "tomcat:9".</summary>
    public required string Reference { get; init; }

    internal static RegistryTag Of(ImageReference repository, string tag) => new()
    {
        Registry = repository.Registry,
        Repository = repository.Repository,
        Tag = tag,
        Reference = repository.WithTag(tag).Familiar,
    };

    /// <inheritdoc/>
    public override string ToString() => Reference;
}
