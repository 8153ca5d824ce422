using System.Text.Json.Serialization;

namespace LayerImage.Engine.Containers;

/// <summary>
/// All that was decided about a container when it was made: image defaults and the user's options, merged. Kept as
/// JSON in its record; a start, a command inside and a commit work from it alone. Nothing that an image could say is null.
/// </summary>
public sealed record ContainerSpec : ContainerOptions
{
    /// <summary>Makes one of a record, or member by member.</summary>
    [JsonConstructor]
    public ContainerSpec()
    {
    }

    /// <summary>Makes one of options that were asked for; the image's part is to be added.</summary>
    internal ContainerSpec(ContainerOptions asked)
        : base(asked)
    {
    }

    /// <summary>The image as the user named it.</summary>
    public required string Image { get; init; }

    /// <summary>The image's id.</summary>
    public required string ImageId { get; init; }

    /// <summary>The image's platform ("linux/amd64"); null of a container that an earlier version made.</summary>
    public string? Platform { get; init; }

    /// <summary>Ports that the image says the program listens on: "8080/tcp".</summary>
    public IReadOnlyList<string> ExposedPorts { get; init; } = [];

    /// <summary>The whole command line: entry point and command.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Arguments => [.. Entrypoint ?? [], .. Command ?? []];

    /// <summary>The image and what runs of it.</summary>
    public override string ToString() => $"{Image}: {string.Join(' ', Arguments)}";
}
