using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Layers;

/// <summary>A tree in overlayfs's form whose tar has been computed.</summary>
internal sealed record DigestedTree
{
    public required Digest DiffId { get; init; }

    public required long TarSize { get; init; }

    public required long ContentBytes { get; init; }

    /// <summary>Entries, the root's own left aside: 0 when nothing was changed.</summary>
    public required long Entries { get; init; }

    public required bool HasRoot { get; init; }

    /// <summary>Whether the tree has something that the tar does not say, so that it cannot be the layer itself.</summary>
    public required bool IsAltered { get; init; }

    /// <summary>Sockets that were left out.</summary>
    public required IReadOnlyList<string> Sockets { get; init; }

    /// <summary>Fails unless the tree still is the layer that it was when its record was written.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.LayerCorrupt"/>.</exception>
    public void Require(Digest recorded)
    {
        if (DiffId != recorded)
        {
            throw new LayerImageException(EngineError.LayerCorrupt, $"The layer {recorded} was changed on disk: its content now has the digest {DiffId}.")
            { Target = recorded.ToString(), Advice = "Commit the container again, or import the image again." };
        }
    }
}
