using LayerImage.Engine.Images;

namespace LayerImage.Engine.Containers;

/// <summary>What a user asks of a new container: of which image, and the options.</summary>
public sealed record ContainerRequest : ContainerOptions
{
    /// <summary>The image's name or id.</summary>
    public required string Image { get; init; }

    /// <summary>A name; null to have one made.</summary>
    public string? Name { get; init; }

    /// <summary>When to ask the registry for the image.</summary>
    public PullPolicy PullPolicy { get; init; } = PullPolicy.Missing;

    /// <summary>Publish every exposed port at a random host port: of the image's ports they become <see cref="ContainerOptions.Publish"/>.</summary>
    public bool PublishAll { get; init; }
}
