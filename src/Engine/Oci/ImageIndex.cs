namespace LayerImage.Engine.Oci;

/// <summary>Manifests by platform (image-spec, image-index.md; Docker's manifest list has the same members).</summary>
public sealed record ImageIndex
{
    /// <summary>Always 2, where the writer said so.</summary>
    public int? SchemaVersion { get; init; }

    /// <summary>The media type that the document gives itself.</summary>
    public string? MediaType { get; init; }

    /// <summary>The manifests that the index lists, one for each platform.</summary>
    public IReadOnlyList<Descriptor> Manifests { get => field ?? []; init; }

    /// <summary>Annotations: free text by key.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}
