namespace LayerImage.Engine.Images;

/// <summary>How an archive, a layout or a root file system is imported.</summary>
public sealed record ImportOptions
{
    /// <summary>The name to give; of an archive of several images it also says which one is meant.</summary>
    public string? Reference { get; init; }

    /// <summary>The message in the history of an image that is made of a root file system.</summary>
    public string? Message { get; init; }

    /// <summary>Dockerfile instructions for the configuration of an image that is made of a root file system: "CMD [\"sh\"]".</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];
}
