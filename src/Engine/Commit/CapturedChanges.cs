using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Commit;

/// <summary>A container's changes, read.</summary>
internal sealed record CapturedChanges
{
    /// <summary>The layer they make; null when nothing was changed.</summary>
    public required DigestedTree? Layer { get; init; }

    /// <summary>The layer's content, in overlayfs's form.</summary>
    public required string Directory { get; init; }

    /// <summary>Whether that is the container's upper directory itself and not a copy.</summary>
    public required bool IsUpper { get; init; }

    /// <summary>The layers of the container that the new one stands on, the base first.</summary>
    public required IReadOnlyList<string> Below { get; init; }

    /// <summary>What history says of those of <see cref="Below"/> that are not the image's.</summary>
    public required IReadOnlyList<HistoryEntry> History { get; init; }

    /// <summary>Sockets that were left out.</summary>
    public required IReadOnlyList<string> Sockets { get; init; }
}
