namespace LayerImage.Engine.Oci;

/// <summary>The manifest of one image (image-spec, manifest.md; Docker's schema 2 has the same members).</summary>
public sealed record Manifest
{
    /// <summary>Always 2, where the writer said so.</summary>
    public int? SchemaVersion { get; init; }

    /// <summary>The media type that the document gives itself.</summary>
    public string? MediaType { get; init; }

    /// <summary>What kind of artifact it is.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>The descriptor of the image's configuration.</summary>
    public Descriptor? Config { get; init; }

    /// <summary>The layers, the base first.</summary>
    public IReadOnlyList<Descriptor> Layers { get => field ?? []; init; }

    /// <summary>Annotations: free text by key.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}
