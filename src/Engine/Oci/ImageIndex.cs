namespace LayerImage.Engine.Oci;

/// <summary>Manifests by platform (image-spec, image-index.md; Docker's manifest list has the same members).</summary>
public sealed record ImageIndex
{
    /// <summary>Always 2, where the writer said so.</summary>
    public int? SchemaVersion { get; init; }

    /// <summary>What the document is.</summary>
    public string? MediaType { get; init; }

    /// <summary>The manifests.</summary>
    public IReadOnlyList<Descriptor> Manifests { get => field ?? []; init; }

    /// <summary>Free text by key.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}
