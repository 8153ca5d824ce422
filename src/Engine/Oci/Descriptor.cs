namespace LayerImage.Engine.Oci;

/// <summary>A typed reference to bytes (image-spec, descriptor.md).</summary>
public sealed record Descriptor
{
    /// <summary>What the bytes are; empty where the writer did not say.</summary>
    public string MediaType { get => field ?? ""; init; }

    /// <summary>The digest of the bytes.</summary>
    public required Digest Digest { get; init; }

    /// <summary>How many bytes the content has.</summary>
    public required long Size { get; init; }

    /// <summary>Where else the content can be had.</summary>
    public IReadOnlyList<string>? Urls { get; init; }

    /// <summary>Annotations: free text by key.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>For which machine the image is.</summary>
    public Platform? Platform { get; init; }

    /// <summary>What kind of artifact it is.</summary>
    public string? ArtifactType { get; init; }
}
