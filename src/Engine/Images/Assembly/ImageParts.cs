using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Registry;

namespace LayerImage.Engine.Images;

/// <summary>The documents of an image that is to come into the store, parsed and checked; its layers are still to be had.</summary>
internal sealed record ImageParts
{
    /// <summary>What messages call it: a reference, a path.</summary>
    public required string Name { get; init; }

    /// <summary>The configuration, exactly as it came.</summary>
    public required ReceivedDocument Configuration { get; init; }

    /// <summary>The configuration, parsed; it has as many DiffIDs as there are layers.</summary>
    public required ImageConfig Config { get; init; }

    /// <summary>The layers' blobs, the base first.</summary>
    public required IReadOnlyList<Descriptor> Layers { get; init; }

    /// <summary>The manifest and, after it, the index that named it; empty where the source has none.</summary>
    public IReadOnlyList<ReceivedDocument> Manifests { get; init; } = [];

    /// <summary>The tags that the image gets.</summary>
    public IReadOnlyList<ImageReference> Tags { get; init; } = [];

    /// <summary>How much may come out of a layer's blob.</summary>
    public UnpackLimits Limits { get; init; } = new();

    /// <summary>References by digest that the image gets.</summary>
    public IReadOnlyList<ImageReference> RepoDigests { get; init; } = [];
}
