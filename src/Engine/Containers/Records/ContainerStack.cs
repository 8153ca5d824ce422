using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Containers;

/// <summary>The layers beneath a container's upper directory.</summary>
/// <param name="Image">Keys of its image's layers, the base first.</param>
/// <param name="Own">Its own former upper directories, which commits made layers of; the last is the top one.</param>
internal sealed record ContainerStack(IReadOnlyList<string> Image, IReadOnlyList<OwnLayer> Own)
{
    /// <summary>All keys, the base first.</summary>
    public IReadOnlyList<string> All { get; } = [.. Image, .. Own.Select(layer => layer.Key)];
}

/// <summary>A layer that was the container's upper directory.</summary>
/// <param name="Key">The layer.</param>
/// <param name="History">The entry that its commit gave it.</param>
internal sealed record OwnLayer(string Key, HistoryEntry History);
