using System.Text.Json.Serialization;

namespace LayerImage.Engine.Images.Archives;

/// <summary>An image in the manifest.json of a docker archive (moby, image/tarexport/tarexport.go "manifestItem").</summary>
internal sealed record DockerArchiveEntry
{
    /// <summary>The configuration's name in the archive.</summary>
    [JsonPropertyName("Config")]
    public string? Config { get; init; }

    /// <summary>The image's tags, as docker writes them.</summary>
    [JsonPropertyName("RepoTags")]
    public IReadOnlyList<string>? RepoTags { get; init; }

    /// <summary>The layers' names in the archive, the base first.</summary>
    [JsonPropertyName("Layers")]
    public IReadOnlyList<string>? Layers { get; init; }

    /// <summary>The images whose layers the archive leaves out. Other readers pass over it.</summary>
    [JsonPropertyName("Excluding")]
    public IReadOnlyList<string>? Excluding { get; init; }
}
