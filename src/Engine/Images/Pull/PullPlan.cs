using LayerImage.Engine.Text;

namespace LayerImage.Engine.Images;

/// <summary>What receiving an image would do, layer by layer. Made from the registry's documents alone; no layer is read.</summary>
public sealed record PullPlan
{
    /// <summary>The image, as people write it.</summary>
    public required string Reference { get; init; }

    /// <summary>The digest of the platform's manifest.</summary>
    public required string Digest { get; init; }

    /// <summary>The digest of the configuration: the image's id once it is here.</summary>
    public required string ImageId { get; init; }

    /// <summary>The platform that the image is for: "linux/amd64".</summary>
    public required string Platform { get; init; }

    /// <summary>Whether the image is here under this name already.</summary>
    public bool IsUpToDate { get; init; }

    /// <summary>The layers, the base first.</summary>
    public required IReadOnlyList<PullPlanLayer> Layers { get; init => field = ReadableList.Of(value); }

    /// <summary>
    /// Bytes that would be received: those of the layers that are not here, less what an earlier try received. Layers that the
    /// image has twice count once.
    /// </summary>
    public long BytesToReceive => Once.Sum(layer => layer.BytesToReceive);

    /// <summary>
    /// Bytes that the store would grow by; null when a layer does not tell its size. An estimate: see <see
    /// cref="PullPlanLayer.BytesOnDisk"/>.
    /// </summary>
    public long? BytesAdded => Once.Where(layer => !layer.Present).Aggregate((long?)0, (sum, layer) => sum + layer.BytesOnDisk);

    /// <summary>How many of the layers are here.</summary>
    public int LayersHere => Layers.Count(layer => layer.Present);

    private IEnumerable<PullPlanLayer> Once => Layers.DistinctBy(layer => layer.Digest);

    /// <inheritdoc/>
    public override string ToString() => Reference;
}
